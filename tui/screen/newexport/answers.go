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
	From, To string   // days, with Custom: 2026-01-31
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

// Custom is the Range of Answers with days of their own instead of a word.
const Custom = "custom"

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
		{Label: "Other days", Value: Custom},
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

// Normal replaces what is no answer of the form by what suits most.
func (a Answers) Normal() Answers {
	if !isOneOf(formats(), a.Format) {
		a.Format = string(client.JSON)
	}
	if !isOneOf(rangeWords(), a.Range) {
		a.Range = "last_30_days"
	}
	var include, all []string
	for _, c := range dataTypes() {
		all = append(all, c.Value)
		if slices.Contains(a.Include, c.Value) {
			include = append(include, c.Value)
		}
	}
	if len(include) == 0 {
		include = all
	}
	a.Include = include
	return a
}

// AnswersOf are the answers that lead to this job.
func AnswersOf(s job.Spec, loc *time.Location) Answers {
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
			a.Range, a.From, a.To = Custom, from, to
		} else if !r.From.IsZero() && !r.To.IsZero() {
			a.Range, a.From, a.To = Custom, r.From.In(loc).Format(time.DateOnly), r.To.In(loc).Format(time.DateOnly)
		}
	}
	return a.Normal()
}

// rangeName is the range as --range takes it.
func (a Answers) rangeName() string {
	if a.Range == Custom {
		return strings.TrimSpace(a.From) + ".." + strings.TrimSpace(a.To)
	}
	return a.Range
}

// Request is the export that the answers ask for.
func (a Answers) Request(now time.Time, loc *time.Location) (client.ExportRequest, error) {
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

// Output is the folder as a job takes it: closed by a separator, so that one
// that does not exist yet is not taken for a file; "~" is the home folder.
func (a Answers) Output(home string) string {
	f := Expand(a.Folder, home)
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

// Expand puts the home folder in the place of "~" at the start of a path.
func Expand(path, home string) string {
	p := strings.TrimSpace(path)
	if rest, ok := strings.CutPrefix(p, "~"); ok && home != "" && (rest == "" || rest[0] == '/' || rest[0] == filepath.Separator) {
		return home + rest
	}
	return p
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
