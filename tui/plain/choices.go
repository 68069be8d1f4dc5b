package plain

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

// option is one answer of the form: the word that it is remembered by, and the
// words it is offered with.
type option struct{ value, label string }

// custom is the choice of days instead of a word.
const custom = "custom"

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
		{custom, "Other days, that you type"},
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

// normal replaces what is no answer of the form by what suits most.
func normal(a newexport.Answers) newexport.Answers {
	if indexOf(formats(), a.Format) < 0 {
		a.Format = string(client.JSON)
	}
	if indexOf(ranges(), a.Range) < 0 {
		a.Range = "last_30_days"
	}
	var include []string
	for _, o := range dataTypes() {
		if slices.Contains(a.Include, o.value) {
			include = append(include, o.value)
		}
	}
	if len(include) == 0 {
		for _, o := range dataTypes() {
			include = append(include, o.value)
		}
	}
	a.Include = include
	return a
}

// answersOf are the answers that lead to this job.
func answersOf(s job.Spec, loc *time.Location) newexport.Answers {
	r := s.Request.Range
	a := newexport.Answers{Format: string(s.Request.Format), Range: r.Name, Folder: s.Output}
	for _, o := range dataTypes() {
		if has(s.Request.Include, o.value) {
			a.Include = append(a.Include, o.value)
		}
	}
	if indexOf(ranges(), a.Range) >= 0 {
		return normal(a)
	}
	if from, to, ok := strings.Cut(r.Name, ".."); ok {
		a.Range, a.From, a.To = custom, from, to
	} else if !r.From.IsZero() && !r.To.IsZero() {
		a.Range, a.From, a.To = custom, r.From.In(loc).Format(time.DateOnly), r.To.In(loc).Format(time.DateOnly)
	}
	return normal(a)
}

// request is the export that the answers ask for.
func request(a newexport.Answers, now time.Time, loc *time.Location) (client.ExportRequest, error) {
	name := a.Range
	if name == custom {
		name = a.From + ".." + a.To
	}
	r, err := client.ParseRange(name, now, loc)
	if err != nil {
		return client.ExportRequest{}, err
	}
	in := func(value string) bool { return slices.Contains(a.Include, value) }
	return client.ExportRequest{
		Format: client.Format(a.Format), Range: r,
		Include: client.Include{
			Metrics: in("metrics"), Connections: in("connections"),
			Dashboards: in("dashboards"), AuditLogs: in(auditLogs),
		},
	}, nil
}

// output is the folder as a job takes it: closed by a separator, so that one
// that does not exist yet is not taken for a file.
func output(folder, home string) string {
	f := expand(folder, home)
	if f == "" {
		return ""
	}
	sep := string(filepath.Separator)
	switch {
	case strings.HasSuffix(f, sep), strings.HasSuffix(f, "/"):
		return f
	case strings.Contains(f, "/"): // which Windows takes, too
		return f + "/"
	}
	return f + sep
}

// expand puts the home folder in the place of "~" at the start of a path.
func expand(path, home string) string {
	p := strings.TrimSpace(path)
	if rest, ok := strings.CutPrefix(p, "~"); ok && home != "" && (rest == "" || rest[0] == '/' || rest[0] == filepath.Separator) {
		return home + rest
	}
	return p
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
