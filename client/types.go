package client

import (
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// ID names an export job. It is kept byte for byte, 512 at most, and escaped in URLs.
type ID = text.Untrusted

// Format is an export's file format.
type Format string

// The formats that Dashtray exports.
const (
	JSON Format = "json"
	CSV  Format = "csv"
)

// Include says which of the four data types an export holds.
type Include struct {
	Metrics, Connections, Dashboards, AuditLogs bool
}

// Stage is where an export stands, in the order of the product's page.
type Stage int

// Stages. Processing is the server's word when it tells no more than that.
// Unknown is a word that nobody here knows: the job still runs, and the word is
// shown as it came.
const (
	StageUnknown Stage = iota
	StageQueued
	StageProcessing
	StageCollecting
	StageGenerating
	StageCompleted
	StageFailed
	StageExpired
)

// Running reports whether the server still works on the export. An unknown
// word means that it does.
func (s Stage) Running() bool {
	return s != StageCompleted && s != StageFailed && s != StageExpired
}

// Export is a job as the server tells it. Everything but ID and Status may be
// absent: a nil pointer, a zero time or an empty string means "not told".
type Export struct {
	ID     ID
	Status text.Untrusted // the server's word
	Stage  Stage          // what we make of it

	Format  Format
	Range   WireRange
	Include *Include

	Progress *Progress
	Records  *int64
	Bytes    *int64 // size of the file

	CreatedAt, StartedAt, CompletedAt, ExpiresAt time.Time

	Link   Link   // signed download link; set when completed
	SHA256 string // lower-case hex, from "checksum": "sha256:…"
	Error  text.Untrusted
}

// linkLife is how long a download link works (Dashtray's page on data export:
// links expire after 24 hours).
const linkLife = 24 * time.Hour

// LinkEnd is when the export's link stops working: as the server told, else a
// day after its completion. It is not known of an export that has none.
func (e *Export) LinkEnd() (end time.Time, known bool) {
	switch {
	case e.Stage != StageCompleted:
		return time.Time{}, false
	case !e.ExpiresAt.IsZero():
		return e.ExpiresAt, true
	case !e.CompletedAt.IsZero():
		return e.CompletedAt.Add(linkLife), true
	}
	return time.Time{}, false
}

// WireRange is a date range as the server echoes it: a word, or two times.
type WireRange struct {
	Name     text.Untrusted
	From, To time.Time
}

// Progress of a running export. Fraction is 0–1; Total is 0 when unknown.
type Progress struct {
	Fraction         float64
	Processed, Total int64
}

// Project is the one project that a key belongs to.
type Project struct {
	ID, Name, Slug text.Untrusted
	CreatedAt      time.Time
}

// ExportRequest asks for an export.
type ExportRequest struct {
	Format  Format
	Range   Range
	Include Include
}

// Created is the answer to Create.
type Created struct {
	ID ID
	// At is when the POST was sent, by the server's clock where that is known.
	At time.Time
	// Adopted is set when the POST's answer was lost and the export was found
	// in the list instead.
	Adopted bool
}

// Budget is the key's rate budget as the last answer told it.
type Budget struct {
	Limit, Remaining int
	Reset            time.Time
	Known            bool
}
