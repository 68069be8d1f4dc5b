package transfer

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// verdict is the screen of a job that is over, line by line; it may be higher
// than the screen.
func (m *Model) verdict() []string {
	p := page{m: m}
	switch m.snap.Step {
	case job.StepDone:
		p.done()
	case job.StepStopped:
		p.state(theme.Caution, m.d.Theme.Glyphs.Pause, "Stopped here")
		p.blank()
		p.kept()
	default:
		p.failed()
	}
	p.warnings()
	lines := make([]string, len(p.lines))
	for i, l := range p.lines {
		lines[i] = l.Text
	}
	return lines
}

func (p *page) done() {
	s := p.m.snap
	if p.m.file() == "" || s.Result == nil {
		p.state(theme.Good, p.m.d.Theme.Mark(theme.Good), "The export is made; its file was not fetched")
		p.blank()
		p.kept()
		return
	}
	words := "The file is whole and verified"
	if s.Result.Reused {
		words = "The verified file was here already"
	}
	if n := p.m.warned(); n > 0 {
		words += ", with " + component.Plural(int64(n), "warning")
	}
	p.state(theme.Good, p.m.d.Theme.Mark(theme.Good), words)
	p.blank()
	p.report(s.Result.Report, s.Result.Include)
	if s.Transfer.Attempts > 0 {
		p.fact(0, "Received", received(s))
	}
}

func (p *page) failed() {
	s := p.m.snap
	what, do := p.m.d.Message(s.Err)
	p.add(0, component.Notice(p.m.d.Theme, theme.Bad, safe(what), p.m.w)...)
	if do != "" {
		p.add(0, component.Labelled(p.m.d.Theme, "", safe(do), p.m.d.Theme.Text, 2, p.m.w)...)
	}
	p.blank()
	i := invalid(s.Err)
	if i == nil {
		p.kept()
		return
	}
	for _, f := range i.Report.Problems {
		p.finding(theme.Bad, f)
	}
	p.blank()
	var asked client.Include
	if s.Result != nil {
		asked = s.Result.Include
	}
	p.report(i.Report, asked)
}

// kept says what of a transfer that did not end well is on the disk.
func (p *page) kept() {
	s := p.m.snap
	t := s.Transfer
	if t.Done > 0 {
		kept := component.Size(t.Done)
		if t.Size > 0 {
			kept += " of " + component.Size(t.Size)
		}
		p.fact(0, "Kept", kept)
		p.fact(0, "File", safe(p.m.file()))
	}
	if id := s.Export.ID; id != "" {
		p.fact(0, "Export", id.Safe())
	}
	p.blank()
	k := p.m.d.Keys
	if p.m.resumable() {
		does := "fetches the file"
		if t.Done > 0 {
			does = "goes on where it ended"
		}
		p.offer(k.Download.Help().Key, does)
	}
	if s.Spec.Request.Format != "" {
		p.offer(k.Again.Help().Key, "makes the export anew")
	}
}

// offer is a key and what it does.
func (p *page) offer(key, does string) {
	th := p.m.d.Theme
	p.add(0, th.Key.Render(component.Pad(key, labelWidth))+th.KeyText.Render(does))
}

// report is what the check found out about the file.
func (p *page) report(r archive.Report, asked client.Include) {
	p.fact(0, "File", safe(p.m.file()))
	p.fact(0, "Size", component.Size(r.Bytes)+" ("+component.Count(r.Bytes)+" bytes)")
	p.fact(0, "Records", records(r.Records, asked, p.m.d.Theme.Glyphs.Sep))
	p.fact(0, "Data", coverage(r.From, r.To, p.m.d.Location))
	p.fact(0, "SHA-256", digest(r.SHA256, p.m.w-labelWidth))
}

// records tells the counts of all types that were asked for or are there.
func records(c archive.Counts, asked client.Include, sep string) string {
	var parts []string
	add := func(n int64, wanted bool, words string) {
		if n > 0 || wanted {
			parts = append(parts, component.Together(words))
		}
	}
	add(c.Metrics, asked.Metrics, component.Plural(c.Metrics, "metric"))
	add(c.Connections, asked.Connections, component.Plural(c.Connections, "connection"))
	dashboards := component.Plural(c.Dashboards, "dashboard")
	if c.Widgets > 0 {
		dashboards += " with " + component.Plural(c.Widgets, "widget")
	}
	add(c.Dashboards, asked.Dashboards, dashboards)
	logs := component.Count(c.AuditLogs) + " audit log entries"
	if c.AuditLogs == 1 {
		logs = "1 audit log entry"
	}
	add(c.AuditLogs, asked.AuditLogs, logs)
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, component.Together(" "+sep)+" ")
}

// coverage is the first and the last day that the file holds data of.
func coverage(from, to time.Time, loc *time.Location) string {
	if from.IsZero() || to.IsZero() {
		return "nothing in it has a date"
	}
	if loc == nil {
		loc = time.UTC
	}
	from, to = from.In(loc), to.In(loc)
	days := int64(day(to).Sub(day(from))/(24*time.Hour)) + 1
	return fmt.Sprintf("%s to %s (%s), %s", from.Format(time.DateOnly), to.Format(time.DateOnly),
		to.Format("MST"), component.Plural(days, "day"))
}

// day is a calendar day as a moment in UTC, where every day has 24 hours.
func day(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// digest breaks in the middle where it does not fit.
func digest(hex string, width int) string {
	if len(hex) > width && len(hex) == 64 {
		return hex[:32] + " " + hex[32:]
	}
	return safe(hex)
}

// warned is how many warnings there are, of the job and of the check.
func (m *Model) warned() int { return len(m.snap.Warnings) + len(m.report().Warnings) }

func (m *Model) report() archive.Report {
	if i := invalid(m.snap.Err); i != nil {
		return i.Report
	}
	if r := m.snap.Result; r != nil {
		return r.Report
	}
	return archive.Report{}
}

func (p *page) warnings() {
	if p.m.warned() == 0 {
		return
	}
	p.blank()
	for _, w := range p.m.snap.Warnings {
		p.add(0, component.Notice(p.m.d.Theme, theme.Caution, safe(w), p.m.w)...)
	}
	for _, f := range p.m.report().Warnings {
		p.finding(theme.Caution, f)
	}
}

func (p *page) finding(tone theme.Tone, f archive.Finding) {
	said := safe(f.Code) + ": " + safe(f.Message)
	if f.At != "" {
		said += " (" + safe(f.At) + ")"
	}
	p.add(0, component.Notice(p.m.d.Theme, tone, said, p.m.w)...)
}

// invalid is the error of a file that arrived and does not verify, or nil.
func invalid(err error) *job.InvalidError {
	var i *job.InvalidError
	if errors.As(err, &i) {
		return i
	}
	return nil
}
