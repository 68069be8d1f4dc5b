// Package archive reads an export file as a stream: is it whole, is it what
// was asked for, does it hold a credential, what is in it.
//
// A check is one pass over the bytes, in memory that does not grow with the
// file: [Check]. The two formats are those of Dashtray's page on data export:
// one JSON document (RFC 8259) or CSV (RFC 4180) under one header. The checker
// knows no more of a file than its bytes and what [Expect] tells. [Open] takes
// off what packs or encrypts a file, and [Follow] reads one that a transfer is
// still writing. What is in the file stands in [Profile].
//
// One goroutine reads and hashes, the other parses. Most records of an export
// are built alike: a record whose constant bytes are those of one that was
// checked in full is checked by comparing them, and only its values are looked
// at one by one. The verdict is the same either way.
//
// What a stranger may put into a file is bounded: tokens and rows of
// [MaxToken] bytes, [MaxDepth] levels of nesting, [MaxFindings] findings of a
// code in a report, and what a profile keeps. Everything that a finding quotes
// from the file is safe to show, and no credential that was recognised stands
// in it. The texts of a profile are the file's own.
package archive

import (
	"context"
	"io"
	"time"
)

// The bounds of a check.
const (
	// MaxToken is the longest JSON token, run of JSON white space, or CSV row,
	// in bytes. A longer one is a Schema problem and ends the check.
	MaxToken = 8 << 20
	// MaxDepth is the deepest nesting of JSON objects and arrays. More is a
	// Schema problem and ends the check.
	MaxDepth = 128
	// MaxFindings is how many findings of one code a report names. If there are
	// more, one last finding of the code says how many.
	MaxFindings = 20
)

// Counts of records by type.
type Counts struct {
	Metrics     int64 `json:"metrics"`
	Connections int64 `json:"connections"`
	Dashboards  int64 `json:"dashboards"`
	Widgets     int64 `json:"widgets"`
	AuditLogs   int64 `json:"auditLogs"`
}

// Expect is what is known of the file beforehand; the zero value of each field is "not known".
type Expect struct {
	Format   string    // "json" or "csv"; "" is found out from the first bytes
	From, To time.Time // inclusive, compared by the millisecond
	// Include: nil if not known. Types that were asked for, by their names
	// metrics, connections, dashboards, audit_logs.
	Include []string
	// Records and Bytes as the server told. How it counts is not documented:
	// Records may or may not count widgets, and a difference is a warning. A
	// CSV that ends with a row, but has fewer bytes or records, is Truncated:
	// nothing in the file itself tells.
	Records *int64
	Bytes   *int64
	SHA256  string // hexadecimal, in either case
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Code    string `json:"code"`
	Message string `json:"message"` // safe to show, values masked
	// At is a JSON pointer (RFC 6901), "line 12", or "byte 4711"; "" is the
	// file as a whole, or the findings that are not named one by one. Names in
	// a pointer are made safe to show, and long ones are cut.
	At string `json:"at"`
}

// Problem codes: the file fails. Warning codes: it does not.
const (
	Truncated        = "truncated"
	Syntax           = "syntax"
	Schema           = "schema"
	Credential       = "credential"
	ChecksumMismatch = "checksum_mismatch"

	OutOfRange      = "out_of_range"
	DuplicateID     = "duplicate_id"
	CountMismatch   = "count_mismatch"
	SizeMismatch    = "size_mismatch"
	MissingData     = "missing_data"
	UnrequestedData = "unrequested_data"
	FormulaCell     = "formula_cell"
)

// Report is the verdict on a file.
type Report struct {
	Format string // "json", "csv"; "" if it is neither
	// Layers are what [CheckFile] took off, by their names in this package, the
	// outermost first; nil if the export lay in nothing.
	Layers  []string
	Bytes   int64
	SHA256  string // lower-case hexadecimal, over every byte
	OK      bool   // there are no problems
	Records Counts
	// OtherRecords counts CSV rows of types that this package does not know.
	// They are no fault: the page does not say that its list is complete.
	OtherRecords int64
	// From and To are the first and last moment, in UTC, of the data that a
	// date range governs: metrics by timestamp, audit logs by createdAt. Both
	// are zero if there are none.
	From, To time.Time
	Problems []Finding // never nil
	Warnings []Finding // never nil
	Profile  *Profile  // what is in the file, as far as it could be read; never nil
}

// Check reads r to its end, also past a problem that leaves the rest without a
// meaning, so that size and checksum are those of the whole file. The error is
// of reading, or ctx.Err(); what is wrong with the file stands in the report.
// A Read that blocks is the caller's to end. progress may be nil; it gets the
// bytes read so far, from Check's goroutine, at most once a MiB, and once at
// the end.
//
// Ids are compared within their type by 64-bit hashes. All of the first
// 1,048,576 metrics, 524,288 audit logs, and 131,072 connections, dashboards
// and widgets each are compared with one another. In larger files an id is
// compared with those that were shortly before it, and one id in 2^k, chosen
// by its hash, with all of its kind, where 2^k doubles whenever the file does:
// no id is ever taken for another one, one single copy may be missed, a
// thousand copies are not. Names in JSON objects are compared likewise, as
// long as the objects that are open at one time hold no more than 65,536
// names.
func Check(ctx context.Context, r io.Reader, e Expect, progress func(bytes int64)) (Report, error) {
	return CheckWith(ctx, r, e, Options{Progress: progress})
}

// Options change how a check goes; the zero value is a check of a whole file.
type Options struct {
	// Progress is as in Check.
	Progress func(bytes int64)
	// Sum, if it is not nil, spares the check to hash: it is called once, after
	// the last byte was read and if there was no error, and gives the size and
	// the SHA-256 in hexadecimal that stand in the report and are compared with
	// what is expected. They are those of the file on disk where r is what was
	// packed or encrypted in it, or those that a transfer knows already. Its
	// error is that of the check.
	Sum func() (size int64, sha256 string, err error)
}

// CheckWith is Check with options.
func CheckWith(ctx context.Context, r io.Reader, e Expect, o Options) (Report, error) {
	f := newFeed(ctx, r, o.Sum == nil, o.Progress)
	c := newChecker(e)
	err := c.read(f)
	if end := f.drain(); err == nil {
		err = end
	}
	if err != nil {
		return Report{}, err
	}
	c.damage = f.damage
	size, sum := f.read, f.sum()
	if o.Sum != nil {
		if size, sum, err = o.Sum(); err != nil {
			return Report{}, err
		}
	}
	return c.report(size, sum), nil
}
