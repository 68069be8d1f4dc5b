// Package archive reads an export file as a stream: is it whole, is it what
// was asked for, does it hold a credential, what is in it.
package archive

import (
	"context"
	"io"
	"time"
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
	From, To time.Time // inclusive
	// Include: nil if not known. Types that were asked for, by their names
	// metrics, connections, dashboards, audit_logs.
	Include []string
	Records *int64 // as the server told
	Bytes   *int64
	SHA256  string
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Code    string `json:"code"`
	Message string `json:"message"` // safe to show, values masked
	At      string `json:"at"`      // JSON pointer, "line 12", or "byte 4711"
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
	Format   string // "json", "csv"; "" if it is neither
	Bytes    int64
	SHA256   string
	OK       bool
	Records  Counts
	From, To time.Time // of the data's timestamps; zero if there are none
	Problems []Finding
	Warnings []Finding
}

// Check reads r to its end. The error is of reading or ctx; what is wrong with
// the file stands in the report. progress may be nil; it gets the bytes read
// so far, from Check's goroutine, at most once a MiB.
func Check(ctx context.Context, r io.Reader, e Expect, progress func(bytes int64)) (Report, error) {
	panic("unbuilt")
}
