package plain

import (
	"errors"
	"slices"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

// option is one answer of the form: the word that it is remembered by, and the
// words it is offered with.
type option struct{ value, label string }

func formats() []option {
	return []option{
		{string(client.JSON), "JSON: all metadata, for scripts and databases"},
		{string(client.CSV), "CSV: one flat table, for Excel and Google Sheets"},
	}
}

func ranges() []option {
	return []option{
		{"last_7_days", "Last 7 days"},
		{"last_30_days", "Last 30 days"},
		{"last_90_days", "Last 90 days"},
		{"last_year", "Last year"},
		{"all_time", "All time"},
		{"last_month", "Last month"},
		{"last_quarter", "Last quarter"},
		{newexport.Custom, "Other days, that you type"},
	}
}

const auditLogs = "audit_logs"

func dataTypes() []option {
	return []option{
		{"metrics", "Metrics"},
		{"connections", "Connections"},
		{"dashboards", "Dashboards and widgets"},
		{auditLogs, "Audit logs"},
	}
}

func indexOf(options []option, value string) int {
	return slices.IndexFunc(options, func(o option) bool { return o.value == value })
}

// has reports whether a data type is among those of an export.
func has(in client.Include, value string) bool {
	switch value {
	case "metrics":
		return in.Metrics
	case "connections":
		return in.Connections
	case "dashboards":
		return in.Dashboards
	case auditLogs:
		return in.AuditLogs
	}
	return false
}

// rangeWrong is what is wrong with a range or a day, as a sentence.
func rangeWrong(err error) string {
	var r *client.RangeError
	if errors.As(err, &r) {
		return capital(safeLong(r.Problem)) + "."
	}
	return capital(safeLong(err.Error())) + "."
}

// fromWire is a range that a server told, as a person would write it.
func fromWire(w client.WireRange, now time.Time, loc *time.Location) client.Range {
	if r, err := client.ParseRange(w.Name.Raw(), now, loc); err == nil {
		return r
	}
	if w.From.IsZero() || w.To.IsZero() {
		return client.Range{}
	}
	name := w.From.In(loc).Format(time.DateOnly) + ".." + w.To.In(loc).Format(time.DateOnly)
	return client.Range{Name: name, From: w.From, To: w.To}
}

// again is what the form starts with for the same export as this one.
func again(e *client.Export, now time.Time, loc *time.Location) job.Spec {
	req := client.ExportRequest{
		Format: e.Format, Range: fromWire(e.Range, now, loc),
		Include: client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true},
	}
	if e.Include != nil {
		req.Include = *e.Include
	}
	return job.Spec{Request: req}
}
