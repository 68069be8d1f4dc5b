package tui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// notices is the toast line and the log of everything that was on it.
type notices struct {
	gen   int
	shown bool
	log   []notice // oldest first, at most maxNotices
}

type notice struct {
	at    time.Time
	level nav.Level
	text  string
}

const maxNotices = 300

// How long a toast stays; it stays in the log.
const (
	toastTime   = 5 * time.Second
	troubleTime = 12 * time.Second
)

// hideMsg takes the toast of that generation off the screen.
type hideMsg int

// add puts a notice into the log without showing it.
func (n *notices) add(at time.Time, level nav.Level, text string) {
	text = safe(text)
	n.log = append(n.log, notice{at, level, text})
	if len(n.log) > maxNotices {
		n.log = append([]notice(nil), n.log[len(n.log)-maxNotices:]...)
	}
}

// hide takes a toast off the screen, if no newer one took its place.
func (n *notices) hide(gen int) {
	if gen == n.gen {
		n.shown = false
	}
}

// line draws the toast, or nothing.
func (n *notices) line(th *theme.Theme, w int) string {
	if !n.shown || len(n.log) == 0 {
		return ""
	}
	last := n.log[len(n.log)-1]
	tone := toneOf(last.level)
	return component.Cut(th, th.Style(tone).Render(th.Mark(tone)+" "+last.text), w)
}

func toneOf(level nav.Level) theme.Tone {
	switch level {
	case nav.Success:
		return theme.Good
	case nav.Warning:
		return theme.Caution
	case nav.Failure:
		return theme.Bad
	default:
		return theme.Accent
	}
}

// toast shows a notice for a while and keeps it in the log.
func (m *Model) toast(level nav.Level, text string) tea.Cmd {
	n := &m.notices
	n.add(m.d.Now(), level, text)
	n.shown = true
	n.gen++
	gen, d := n.gen, toastTime
	if level == nav.Warning || level == nav.Failure {
		d = troubleTime
	}
	return after(m.ctx, d, func() tea.Msg { return hideMsg(gen) })
}

// copy puts text on the terminal's clipboard. No terminal says whether it took
// it, so the notice claims no more than that it was sent, and shows it.
func (m *Model) copy(c nav.Copy) tea.Cmd {
	if c.Text == "" {
		return m.toast(nav.Warning, "There is no "+c.What+" to copy here.")
	}
	return tea.Batch(tea.SetClipboard(c.Text),
		m.toast(nav.Info, "Sent the "+c.What+" to the terminal's clipboard, which may be off: "+c.Text))
}

// ended tells of the jobs that are over in now and were not before. Those of
// another profile than the one on the screen are told with its name.
func (m *Model) ended(of *session, now nav.Jobs) tea.Cmd {
	var cmds []tea.Cmd
	for _, s := range now.List {
		old, known := of.jobs.Find(s.Ref)
		if !s.Step.Over() || !known || old.Step.Over() {
			continue
		}
		level, text := m.verdict(s)
		if of != m.cur {
			text = of.name() + ": " + text
		}
		if p := m.top(); of == m.cur && p.open.Ref == s.Ref && m.over == nil {
			m.notices.add(m.d.Now(), level, text) // that screen shows it already
		} else {
			cmds = append(cmds, m.toast(level, text))
		}
		if m.blurred {
			cmds = append(cmds, m.ring(text))
		}
	}
	return tea.Batch(cmds...)
}

// verdict is the end of a job in one line.
func (m *Model) verdict(s job.Snapshot) (nav.Level, string) {
	switch {
	case s.Step == job.StepFailed:
		what, do := "The export ended in an unknown way.", ""
		if s.Err != nil {
			what, do = m.d.Message(s.Err)
		}
		return nav.Failure, what + " " + do
	case s.Step == job.StepStopped:
		return nav.Info, m.stopped(s)
	case s.Result != nil && s.Result.File != "":
		return nav.Success, "Saved and verified: " + s.Result.File
	default:
		return nav.Success, "The export is done."
	}
}

// stopped is what is left of a job that was stopped, and how to go on with it.
func (m *Model) stopped(s job.Snapshot) string {
	again := m.keys.Download.Help().Key
	switch {
	case s.Export.ID == "":
		return "Stopped before an export was made."
	case s.Transfer.Done > 0:
		return "Stopped; " + component.Size(s.Transfer.Done) + " are kept, and " + again + " on the export goes on with them."
	}
	return "Stopped here; the export goes on at the server, and " + again + " picks it up again."
}
