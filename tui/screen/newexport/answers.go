package newexport

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
)

// Answers are what a person chose last.
type Answers struct {
	Format   string   // json, csv
	Range    string   // a word of the form, or "custom"
	From, To string   // days, with custom: 2026-01-31
	Include  []string // metrics, connections, dashboards, audit_logs
	Folder   string   // "" is the default one
}

// Memory keeps the answers from one form to the next. Load is called while the
// form opens and must not block; Save may.
type Memory interface {
	Load() Answers
	Save(Answers)
}

// InMemory is a Memory that forgets when the program ends. The zero value is
// ready, and remembers the answers that suit most.
type InMemory struct {
	mu   sync.Mutex
	last *Answers
}

// Load gives the last answers.
func (m *InMemory) Load() Answers {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.last == nil {
		return Answers{}
	}
	return *m.last
}

// Save keeps answers.
func (m *InMemory) Save(a Answers) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = &a
}

// custom is the choice of days instead of a word.
const custom = "custom"

// rangeWords are the ranges of the form, in its order.
func rangeWords() []component.Choice {
	return []component.Choice{
		{Label: "Last 7 days", Value: "last_7_days"},
		{Label: "Last 30 days", Value: "last_30_days"},
		{Label: "Last 90 days", Value: "last_90_days"},
		{Label: "Last year", Value: "last_year"},
		{Label: "All time", Value: "all_time"},
		{Label: "Last month", Value: "last_month"},
		{Label: "Last quarter", Value: "last_quarter"},
		{Label: "Other days", Value: custom},
	}
}

func formats() []component.Choice {
	return []component.Choice{
		{Label: "JSON: all metadata; for scripts and databases", Value: string(client.JSON)},
		{Label: "CSV: one flat table; for Excel and Google Sheets", Value: string(client.CSV)},
	}
}

func dataTypes() []component.Choice {
	return []component.Choice{
		{Label: "Metrics", Value: "metrics"},
		{Label: "Connections", Value: "connections"},
		{Label: "Dashboards and widgets", Value: "dashboards"},
		{Label: "Audit logs", Value: auditLogs},
	}
}

const auditLogs = "audit_logs"

func isOneOf(choices []component.Choice, value string) bool {
	return slices.ContainsFunc(choices, func(c component.Choice) bool { return c.Value == value })
}

// normal replaces what is no answer of the form by what suits most.
func (a Answers) normal() Answers {
	if !isOneOf(formats(), a.Format) {
		a.Format = string(client.JSON)
	}
	if !isOneOf(rangeWords(), a.Range) {
		a.Range = "last_30_days"
	}
	var include []string
	for _, c := range dataTypes() {
		if slices.Contains(a.Include, c.Value) || len(a.Include) == 0 {
			include = append(include, c.Value)
		}
	}
	a.Include = include
	return a
}

// fromSpec are the answers that lead to this job.
func fromSpec(s job.Spec, loc *time.Location) Answers {
	r := s.Request.Range
	a := Answers{Format: string(s.Request.Format), Range: r.Name, Folder: s.Output}
	for value, on := range map[string]bool{
		"metrics": s.Request.Include.Metrics, "connections": s.Request.Include.Connections,
		"dashboards": s.Request.Include.Dashboards, auditLogs: s.Request.Include.AuditLogs,
	} {
		if on {
			a.Include = append(a.Include, value)
		}
	}
	if !isOneOf(rangeWords(), a.Range) {
		if from, to, ok := strings.Cut(r.Name, ".."); ok {
			a.Range, a.From, a.To = custom, from, to
		} else if !r.From.IsZero() && !r.To.IsZero() {
			a.Range, a.From, a.To = custom, r.From.In(loc).Format(time.DateOnly), r.To.In(loc).Format(time.DateOnly)
		}
	}
	return a.normal()
}

// rangeName is the range as --range takes it.
func (a Answers) rangeName() string {
	if a.Range == custom {
		return strings.TrimSpace(a.From) + ".." + strings.TrimSpace(a.To)
	}
	return a.Range
}

// request is the export that the answers ask for.
func (a Answers) request(now time.Time, loc *time.Location) (client.ExportRequest, error) {
	r, err := client.ParseRange(a.rangeName(), now, loc)
	if err != nil {
		return client.ExportRequest{}, err
	}
	has := func(name string) bool { return slices.Contains(a.Include, name) }
	return client.ExportRequest{
		Format: client.Format(a.Format), Range: r,
		Include: client.Include{
			Metrics: has("metrics"), Connections: has("connections"),
			Dashboards: has("dashboards"), AuditLogs: has(auditLogs),
		},
	}, nil
}

// output is the folder as a job takes it: closed by a separator, so that one
// that does not exist yet is not taken for a file; "~" is the home folder.
func (a Answers) output(home string) string {
	f := strings.TrimSpace(a.Folder)
	if f == "" {
		return ""
	}
	sep := string(filepath.Separator)
	if rest, ok := strings.CutPrefix(f, "~"); ok && home != "" && (rest == "" || rest[0] == '/' || rest[0] == filepath.Separator) {
		f = home + rest
	}
	if !strings.HasSuffix(f, sep) && !strings.HasSuffix(f, "/") {
		f += sep
	}
	return f
}

// checkDay judges a first day, and with it a last one unless that is empty.
func checkDay(from, to string, now time.Time, loc *time.Location) error {
	from, to = strings.TrimSpace(from), strings.TrimSpace(to)
	if to == "" {
		to = from
	}
	_, err := client.ParseRange(from+".."+to, now, loc)
	return err
}

// problem is what is wrong with a range or a day, as a sentence.
func problem(err error) string {
	s := text.Untrusted(err.Error()).Safe()
	var r *client.RangeError
	if errors.As(err, &r) {
		s = text.Untrusted(r.Problem).Safe()
	}
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}
