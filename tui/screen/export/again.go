package export

import (
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
)

// preset is what the form starts with for the same export again, or nil if
// nobody knows what it was.
func (m *Model) preset() *job.Spec {
	spec := m.spec()
	spec.ID, spec.Detach = "", false
	if spec.Request.Format != "" {
		return &spec
	}
	e := m.export()
	if e.Format == "" {
		return nil
	}
	spec.Request = client.ExportRequest{Format: e.Format, Range: m.toldRange(e.Range), Include: allTypes()}
	if e.Include != nil {
		spec.Request.Include = *e.Include
	}
	return &spec
}

// toldRange is a range as the server told it. Its word counts only if it is one
// of ours.
func (m *Model) toldRange(w client.WireRange) client.Range {
	if r, err := client.ParseRange(w.Name.Raw(), m.now, location(m.d.Location)); err == nil {
		return r
	}
	if w.From.IsZero() || w.To.IsZero() {
		return client.Range{}
	}
	loc := location(m.d.Location)
	name := w.From.In(loc).Format(time.DateOnly) + ".." + w.To.In(loc).Format(time.DateOnly)
	return client.Range{Name: name, From: w.From, To: w.To}
}

// shorter is a preset with the next shorter of the form's ranges; one that is
// none of these stays as it is.
func shorter(p *job.Spec, now time.Time, loc *time.Location) *job.Spec {
	if p == nil {
		return nil
	}
	next := map[string]string{
		"all_time": "last_year", "last_year": "last_90_days",
		"last_90_days": "last_30_days", "last_30_days": "last_7_days",
	}
	if r, err := client.ParseRange(next[p.Request.Range.Name], now, location(loc)); err == nil {
		p.Request.Range = r
	}
	return p
}

func location(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}

func allTypes() client.Include {
	return client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}
}

// asked says in one line what an export is of; what is not known is left out.
func (m *Model) asked() string {
	r, known := m.request()
	glyphs := m.d.Theme.Glyphs
	var parts []string
	if r.Format != "" {
		parts = append(parts, strings.ToUpper(safe(string(r.Format))))
	}
	if r.Range.Name != "" {
		parts = append(parts, component.RangeWords(safe(r.Range.Name), glyphs.Dash))
	}
	if known {
		parts = append(parts, types(r.Include))
	}
	return strings.Join(parts, " "+glyphs.Sep+" ")
}

func types(i client.Include) string {
	if i == allTypes() {
		return "all data types"
	}
	var names []string
	for _, t := range []struct {
		on   bool
		name string
	}{
		{i.Metrics, "metrics"},
		{i.Connections, "connections"},
		{i.Dashboards, "dashboards"},
		{i.AuditLogs, "audit logs"},
	} {
		if t.on {
			names = append(names, t.name)
		}
	}
	if len(names) == 0 {
		return "no data types"
	}
	return strings.Join(names, ", ")
}

// request is what a job was asked for, and whether its data types are known.
func (m *Model) request() (r client.ExportRequest, known bool) {
	if m.entry == nil && m.snap.Spec.Request.Format != "" {
		return m.snap.Spec.Request, true
	}
	e := m.export()
	r.Format = e.Format
	r.Range.Name = e.Range.Name.Raw()
	if r.Range.Name == "" {
		r.Range = m.toldRange(e.Range)
	}
	if e.Include != nil {
		r.Include, known = *e.Include, true
	}
	return r, known
}
