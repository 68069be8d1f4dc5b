package cli

import (
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
)

// The documents of --json. Every field is always there; what is not known is
// null. Times are RFC 3339 in UTC.

type exportDocument struct {
	ExportJobID string            `json:"exportJobId"`
	Status      string            `json:"status"`
	Format      *string           `json:"format"`
	Range       rangeDocument     `json:"range"`
	Include     []string          `json:"include"`
	File        *string           `json:"file"`
	Bytes       int64             `json:"bytes"`
	SHA256      *string           `json:"sha256"`
	Encrypted   bool              `json:"encrypted"`
	Records     archive.Counts    `json:"records"`
	ResumedFrom int64             `json:"resumedFrom"`
	Attempts    int               `json:"attempts"`
	Warnings    []archive.Finding `json:"warnings"`
	Problems    []archive.Finding `json:"problems"`
	CreatedAt   *string           `json:"createdAt"`
	CompletedAt *string           `json:"completedAt"`
}

type rangeDocument struct {
	Name *string `json:"name"`
	From *string `json:"from"`
	To   *string `json:"to"`
}

type detachedDocument struct {
	ExportJobID string `json:"exportJobId"`
	Status      string `json:"status"`
}

type verifyDocument struct {
	File     string            `json:"file"`
	Format   *string           `json:"format"`
	Bytes    int64             `json:"bytes"`
	SHA256   *string           `json:"sha256"`
	OK       bool              `json:"ok"`
	Records  archive.Counts    `json:"records"`
	Range    spanDocument      `json:"range"`
	Problems []archive.Finding `json:"problems"`
	Warnings []archive.Finding `json:"warnings"`
}

type spanDocument struct {
	From *string `json:"from"`
	To   *string `json:"to"`
}

// noteCode marks a warning that is about the run and not about the file.
const noteCode = "note"

// exportResult is the document of export and download. The notes are the
// warnings of the run.
func exportResult(r job.Result, notes []string) exportDocument {
	warnings := make([]archive.Finding, 0, len(notes)+len(r.Report.Warnings))
	for _, n := range notes {
		warnings = append(warnings, archive.Finding{Code: noteCode, Message: n})
	}
	return exportDocument{
		ExportJobID: r.ExportID.Raw(),
		Status:      r.Status,
		Format:      known(string(r.Format)),
		Range:       rangeDocument{known(r.Range.Name), moment(r.Range.From), moment(r.Range.To)},
		Include:     included(r.Include),
		File:        known(r.File),
		Bytes:       r.Bytes,
		SHA256:      known(r.SHA256),
		Encrypted:   r.Encrypted,
		Records:     r.Report.Records,
		ResumedFrom: r.ResumedFrom,
		Attempts:    r.Attempts,
		Warnings:    append(warnings, r.Report.Warnings...),
		Problems:    findings(r.Report.Problems),
		CreatedAt:   moment(r.CreatedAt),
		CompletedAt: moment(r.CompletedAt),
	}
}

func verifyResult(path string, r archive.Report) verifyDocument {
	return verifyDocument{
		File: path, Format: known(r.Format), Bytes: r.Bytes, SHA256: known(r.SHA256), OK: r.OK,
		Records: r.Records, Range: spanDocument{moment(r.From), moment(r.To)},
		Problems: findings(r.Problems), Warnings: findings(r.Warnings),
	}
}

// included is null when nobody told what is in the file.
func included(in client.Include) []string {
	if in == (client.Include{}) {
		return nil
	}
	return in.Names()
}

// findings is never null: no problem is an empty list.
func findings(f []archive.Finding) []archive.Finding {
	if f == nil {
		return []archive.Finding{}
	}
	return f
}

// moment is a time to the millisecond, which is what the API knows.
func moment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return known(t.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano))
}
