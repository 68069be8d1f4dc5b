// Package archive reads an export file as a stream: is it whole, is it what
// was asked for, does it hold a credential, what is in it.
//
// A check is one pass over the bytes, in memory that does not grow with the
// file. The two formats are those of Dashtray's page on data export: one JSON
// document (RFC 8259) or CSV (RFC 4180) under one header. The checker knows no
// more of a file than its bytes and what [Expect] tells.
//
// What a stranger may put into a file is bounded: tokens and rows of
// [MaxToken] bytes, [MaxDepth] levels of nesting, [MaxFindings] findings of a
// code in a report. Everything that a report quotes from the file is safe to
// show, and no credential that was recognised stands in it.
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
	// Records may or may not count widgets, and a difference is a warning.
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
	Format  string // "json", "csv"; "" if it is neither
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
}

// Check reads r to its end, also past a problem that leaves the rest without a
// meaning, so that size and checksum are those of the whole file. The error is
// of reading, or ctx.Err(); what is wrong with the file stands in the report.
// A Read that blocks is the caller's to end. progress may be nil; it gets the
// bytes read so far, from Check's goroutine, at most once a MiB, and once at
// the end.
//
// Ids are compared within their type by 64-bit hashes, for the first 1,048,576
// metrics, 524,288 audit logs, and 131,072 connections, dashboards and widgets
// each; ids beyond that are not compared. Names in JSON objects are compared
// likewise, as long as the objects that are open at one time hold no more than
// 65,536 names.
func Check(ctx context.Context, r io.Reader, e Expect, progress func(bytes int64)) (Report, error) {
	f := newFeed(ctx, r, progress)
	c := newChecker(e)
	err := c.read(f)
	if err == nil {
		err = f.drain()
	}
	size, sum := f.close()
	if err != nil {
		return Report{}, err
	}
	return c.report(size, sum), nil
}
