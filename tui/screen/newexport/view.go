package newexport

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

const labelWidth = 9

// question is what a step asks.
func (m *Model) question(s step) component.Question {
	switch s {
	case askFormat:
		return component.Question{Title: "Which format?"}
	case askRange:
		return component.Question{Title: "Which date range?", Hint: "Days begin at midnight in " + m.zone() + "."}
	case askFrom:
		return component.Question{Title: "From which day?", Hint: "The first day, 00:00 in " + m.zone() + "."}
	case askTo:
		return component.Question{
			Title: "To which day?",
			Hint:  "The last day, from " + m.answers.From + " on; it counts to its end in " + m.zone() + ".",
		}
	case askData:
		return component.Question{Title: "Which data?"}
	case askFolder:
		return component.Question{Title: "Save it in which folder?", Hint: "Leave it empty for the usual one. A missing folder is made."}
	default:
		return component.Question{}
	}
}

// zone is the time zone's name and its offset now.
func (m *Model) zone() string {
	now := m.now.In(m.d.Location)
	name := m.d.Location.String()
	if name == "Local" {
		name, _ = now.Zone()
	}
	if name == "UTC" {
		return name
	}
	return fmt.Sprintf("%s (UTC%s)", text.Untrusted(name).Safe(), now.Format("-07:00"))
}

// rangeChoices are the ranges with the days that they mean today.
func (m *Model) rangeChoices() []component.Choice {
	choices := rangeWords()
	for i, c := range choices {
		if r, err := client.ParseRange(c.Value, m.now, m.d.Location); err == nil && !r.From.IsZero() {
			choices[i].Label = component.Pad(c.Label, 14) + m.days(r)
		}
	}
	choices[len(choices)-1].Label += m.d.Theme.Glyphs.Ellipsis
	return choices
}

// days are the first and the last day of a range.
func (m *Model) days(r client.Range) string {
	return r.From.In(m.d.Location).Format(time.DateOnly) + " " + m.d.Theme.Glyphs.Dash + " " +
		r.To.In(m.d.Location).Format(time.DateOnly)
}

// SetSize gives the screen w×h cells.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = w, h
	m.resizeForm()
}

// formWidth is the width that a question takes at most.
const formWidth = 90

// noteLines is how many lines are kept under the field for what is to be said
// of the answer. Of a format or a word for a range there is nothing to say.
func (m *Model) noteLines() int {
	if m.step == askFormat || m.step == askRange {
		return 0
	}
	return 3
}

func (m *Model) resizeForm() {
	if m.form != nil {
		m.form.SetSize(min(m.w, formWidth), max(1, m.h-len(m.head())-m.noteLines()))
	}
}

// View draws the steps, the question or the summary, and a note on the answer.
func (m *Model) View() string {
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	lines := m.head()
	if m.step == summary {
		notes := m.notes()
		m.pager.SetSize(m.w, max(1, m.h-len(lines)-len(notes)))
		m.pager.SetLines(m.summary())
		lines = append(lines, strings.Split(m.pager.View(m.d.Theme), "\n")...)
		return strings.Join(append(lines, notes...), "\n")
	}
	m.resizeForm()
	lines = append(lines, strings.Split(m.form.View(), "\n")...)
	return strings.Join(append(lines, m.notes()...), "\n")
}

// head is where in the form the person is, and who else is at work.
func (m *Model) head() []string {
	th := m.d.Theme
	marks := []struct {
		name        string
		first, last step
	}{
		{"Format", askFormat, askFormat},
		{"Range", askRange, askTo},
		{"Data", askData, askData},
		{"Folder", askFolder, askFolder},
		{"Summary", summary, summary},
	}
	parts := make([]string, len(marks))
	for i, p := range marks {
		switch {
		case m.step > p.last:
			parts[i] = th.Good.Render(th.Glyphs.Check) + " " + th.Muted.Render(p.name)
		case m.step >= p.first:
			parts[i] = th.Accent.Render(th.Glyphs.Dot) + " " + th.Title.Render(p.name)
		default:
			parts[i] = th.Muted.Render(th.Glyphs.Ring + " " + p.name)
		}
	}
	lines := []string{component.Cut(th, strings.Join(parts, th.Muted.Render("  ")), m.w)}
	if t, ok := m.busy(); ok {
		note := m.whoseTurn(t)
		if !m.Typing() {
			b := m.watchKey(t)
			note += " " + component.Together(b.Help().Key+": "+b.Help().Desc+".")
		}
		lines = append(lines, component.Notice(th, theme.Caution, note, m.w)...)
	}
	return append(lines, "")
}

// whoseTurn says which export runs, and what that means for this one.
func (m *Model) whoseTurn(t turn) string {
	const then = "There can be one at a time: yours starts when it ends."
	if t.ours != nil {
		return "Your export is running (" + string(t.ours.Step) + ", " + component.Duration(m.now.Sub(t.ours.Started)) + "). " + then
	}
	since := ""
	if at := t.other.CreatedAt; !at.IsZero() {
		since = ", begun " + component.Relative(at, m.now)
	}
	return "Another export of the project is running (" + t.other.ID.Safe() + since + "). " + then
}

// notes is what is to be said of the answer so far.
func (m *Model) notes() []string {
	th := m.d.Theme
	note := func(tone theme.Tone, s string) []string {
		lines := component.Notice(th, tone, s, m.w)
		return append([]string{""}, lines[:min(len(lines), max(1, m.noteLines()-1))]...)
	}
	switch {
	case m.failed != "":
		return note(theme.Bad, m.failed)
	case m.step == askFrom || m.step == askTo:
		return m.dayNote(note)
	case m.step == askData && m.form.Err() != nil:
		return note(theme.Bad, problem(m.form.Err()))
	case m.step == askData && slices.Contains(m.form.Values(), auditLogs):
		return note(theme.Caution, auditNote)
	case m.step == askFolder:
		return m.folderNote(note)
	}
	return nil
}

const auditNote = "Audit logs hold people's IP addresses."

// dayLength is that of a whole day as it is typed.
const dayLength = len(time.DateOnly)

// dayNote tells what the days mean, or what is wrong with them.
func (m *Model) dayNote(note func(theme.Tone, string) []string) []string {
	typed := strings.TrimSpace(m.form.Text())
	switch {
	case typed == "":
		return nil
	case m.form.Err() != nil && len(typed) < dayLength:
		return note(theme.Faint, "A day is written as 2026-01-31.")
	case m.form.Err() != nil:
		return note(theme.Bad, problem(m.form.Err()))
	}
	from, to := typed, typed
	if m.step == askTo {
		from = m.answers.From
	}
	r, err := client.ParseRange(from+".."+to, m.now, m.d.Location)
	if err != nil {
		return nil
	}
	at := r.From
	if m.step == askTo {
		at = r.To
	}
	s := at.In(m.d.Location).Format("Monday 2006-01-02 15:04:05 MST")
	if m.step == askTo {
		s += ", " + component.Plural(m.dayCount(r), "day")
	}
	return note(theme.Good, s)
}

// dayCount is how many days of the calendar a range touches, however long
// each of them is.
func (m *Model) dayCount(r client.Range) int64 {
	date := func(t time.Time) time.Time {
		y, mo, d := t.In(m.d.Location).Date()
		return time.Date(y, mo, d, 0, 0, 0, 0, time.UTC)
	}
	return int64(date(r.To).Sub(date(r.From))/(24*time.Hour)) + 1
}

// folderNote tells where the file goes and what room is there, or the folders
// that tab found.
func (m *Model) folderNote(note func(theme.Tone, string) []string) []string {
	f := m.folder
	switch {
	case len(f.offers) > 1:
		return note(theme.Faint, text.Untrusted(strings.Join(f.offers, "  ")).Safe())
	case f.pending:
		return nil
	case f.err != nil:
		what, do := m.d.Message(f.err)
		return note(theme.Bad, strings.TrimSpace(what+" "+do))
	default:
		return note(theme.Good, m.room())
	}
}

// room is the folder and the bytes free in it.
func (m *Model) room() string {
	s := text.Untrusted(m.folder.dir).Safe()
	if m.folder.free >= 0 {
		return component.Size(m.folder.free) + " free in " + s
	}
	return s
}

// summary is everything that was chosen, and what will come of it.
func (m *Model) summary() []string {
	th, w := m.d.Theme, min(m.w, 100)
	spec, err := m.spec()
	if err != nil {
		return component.Notice(th, theme.Bad, problem(err), w)
	}
	var lines []string
	add := func(label, value string) {
		lines = append(lines, component.Labelled(th, label, value, th.Text, labelWidth, w)...)
	}
	add("Format", strings.ToUpper(m.answers.Format))
	add("Range", m.rangeLine(spec.Request.Range))
	add("Data", m.dataLine())
	if slices.Contains(m.answers.Include, auditLogs) {
		lines = append(lines, component.Notice(th, theme.Caution, auditNote, w)...)
	}
	add("File", job.FileName(m.project.Slug.Raw(), spec.Request, m.now))
	switch {
	case m.folder.err != nil:
		what, do := m.d.Message(m.folder.err)
		lines = append(lines, component.Labelled(th, "Folder", strings.TrimSpace(what+" "+do), th.Bad, labelWidth, w)...)
	case m.folder.dir != "":
		folder := text.Untrusted(m.folder.dir).Safe()
		if m.folder.free >= 0 {
			folder += ", " + component.Size(m.folder.free) + " free"
		}
		add("Folder", folder)
	}
	usual, _ := component.Typical(-1, th.Glyphs.Dash)
	add("Usually", usual)
	lines = append(lines, th.Muted.Render("The same as a shell command:"))
	return append(lines, component.Labelled(th, "", m.d.ShellCommand(spec), th.Accent, 2, w)...)
}

// rangeLine is the range in words and days, with the time zone.
func (m *Model) rangeLine(r client.Range) string {
	if r.From.IsZero() {
		return strings.ReplaceAll(r.Name, "_", " ")
	}
	days := m.days(r) + ", " + m.zone()
	if m.answers.Range == Custom {
		return days
	}
	return strings.ReplaceAll(r.Name, "_", " ") + ": " + days
}

func (m *Model) dataLine() string {
	var names []string
	for _, c := range dataTypes() {
		if slices.Contains(m.answers.Include, c.Value) {
			names = append(names, c.Label)
		}
	}
	return strings.Join(names, ", ")
}
