// Package verdict says in lines what a check found out about an export's file.
package verdict

import (
	"fmt"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Words are the means of drawing. A nil Location is UTC.
type Words struct {
	Theme      *theme.Theme
	Location   *time.Location
	LabelWidth int
	Width      int
}

// Report is what a file is: its path, size, records, days, and digest. asked
// are the data types that it should hold.
func (w Words) Report(file string, r archive.Report, asked client.Include) []string {
	var lines []string
	fact := func(label, value string) {
		lines = append(lines, component.Labelled(w.Theme, label, value, w.Theme.Text, w.LabelWidth, w.Width)...)
	}
	lines = append(lines, w.File(file)...)
	fact("Size", component.Size(r.Bytes)+" ("+component.Count(r.Bytes)+" bytes)")
	fact("Records", records(r, asked, w.Theme.Glyphs.Sep))
	fact("Data", coverage(r.From, r.To, w.Location))
	fact("SHA-256", digest(r.SHA256, w.Width-w.LabelWidth))
	return lines
}

// File is a path, and a link to it where the terminal has links.
func (w Words) File(path string) []string {
	return component.Labelled(w.Theme, "File", safe(path), w.Theme.FileLink(w.Theme.Text, path), w.LabelWidth, w.Width)
}

// Finding is one thing that is not as it should be.
func (w Words) Finding(tone theme.Tone, f archive.Finding) []string {
	said := safe(f.Code) + ": " + safe(f.Message)
	if f.At != "" {
		said += " (" + safe(f.At) + ")"
	}
	return component.Notice(w.Theme, tone, said, w.Width)
}

// records tells the counts of all types that were asked for or are there.
func records(r archive.Report, asked client.Include, sep string) string {
	var parts []string
	c := r.Records
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
	add(r.OtherRecords, false, component.Count(r.OtherRecords)+" of other types")
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

// safe is foreign text as it may be shown; paths count as that too.
func safe(s string) string { return text.Untrusted(s).Safe() }
