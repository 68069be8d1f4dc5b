package transfer

import (
	"path/filepath"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// List is the screen of all jobs of this session, newest first.
type List struct {
	d     Deps
	jobs  []job.Snapshot
	frame int
	// at is the job under the cursor; it stays there when others come.
	at    job.Ref
	table component.Table
	w, h  int

	clicked   job.Ref
	clickedAt time.Time
}

// doubleClick is the longest time between the two clicks of one.
const doubleClick = 400 * time.Millisecond

// NewList makes the screen of all jobs.
func NewList(d Deps) *List {
	l := &List{d: d}
	l.table.Columns = []component.Column{
		{Title: "FILE", Width: 24, Grow: 60, Ends: true},
		{Title: "STATE", Width: 13},
		{Title: "DONE", Width: 6, Right: true},
		{Title: "SPEED", Width: 11, Right: true},
		{Title: "", Width: barWidth, Drop: 1},
	}
	l.table.Row = l.row
	l.show(d.Jobs.List())
	return l
}

// Init has nothing to do: how the jobs stand comes by nav.Jobs.
func (l *List) Init() tea.Cmd { return nil }

// SetSize tells the screen its cells.
func (l *List) SetSize(w, h int) {
	l.w, l.h = w, h
	l.table.SetSize(w, h)
}

// Title is the breadcrumb.
func (l *List) Title() string { return "Transfers" }

// Update takes news of the jobs, the time, keys and the mouse.
func (l *List) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case nav.Jobs:
		l.show(msg.List)
	case nav.Tick:
		l.frame = msg.Frame
	case tea.KeyPressMsg:
		return l.key(msg)
	case tea.MouseWheelMsg:
		l.table.Select(l.table.Cursor() + wheel(msg))
		l.follow()
	case tea.MouseClickMsg:
		return l.click(msg)
	}
	return nil
}

// show takes new jobs and leaves the cursor on its job.
func (l *List) show(jobs []job.Snapshot) {
	l.jobs = jobs
	l.table.SetLen(len(jobs))
	for i, s := range jobs {
		if s.Ref == l.at {
			l.table.Select(i)
		}
	}
	l.follow()
}

// follow remembers the job under the table's cursor.
func (l *List) follow() {
	l.at = 0
	if s, ok := l.current(); ok {
		l.at = s.Ref
	}
}

func (l *List) current() (job.Snapshot, bool) {
	i := l.table.Cursor()
	if i < 0 || i >= len(l.jobs) {
		return job.Snapshot{}, false
	}
	return l.jobs[i], true
}

func (l *List) key(msg tea.KeyPressMsg) tea.Cmd {
	k := l.d.Keys
	s, ok := l.current()
	switch {
	case key.Matches(msg, k.New):
		return func() tea.Msg { return nav.Open{Kind: nav.NewExport} }
	case !ok:
		return nil
	case l.table.Update(k, msg):
		l.follow()
	case key.Matches(msg, k.Open):
		return open(s)
	case key.Matches(msg, k.Pause) && s.Step == job.StepTransferring:
		return pauseOrResume(l.d.Jobs, s)
	case key.Matches(msg, k.Stop) && !s.Step.Over():
		return stop(l.d.Jobs, s)
	}
	return nil
}

func (l *List) click(msg tea.MouseClickMsg) tea.Cmd {
	i, ok := l.table.At(msg.Y)
	if !ok || msg.Button != tea.MouseLeft {
		return nil
	}
	l.table.Select(i)
	l.follow()
	now := l.d.Now()
	double := l.clicked == l.at && now.Sub(l.clickedAt) <= doubleClick
	l.clicked, l.clickedAt = l.at, now
	if !double {
		return nil
	}
	return open(l.jobs[i])
}

// open shows a job where most is to be seen of it.
func open(s job.Snapshot) tea.Cmd {
	return nav.Send(nav.Open{Kind: nav.KindOf(s), Ref: s.Ref})
}

// Keys are the bindings that work now.
func (l *List) Keys() []keymap.Group {
	k := l.d.Keys
	s, ok := l.current()
	if !ok {
		return []keymap.Group{{Name: "Transfers", Bindings: []key.Binding{k.New}}}
	}
	group := keymap.Group{Name: "Transfers", Bindings: []key.Binding{k.Open}}
	if s.Step == job.StepTransferring {
		group.Bindings = append(group.Bindings, keymap.Named(k.Pause, pauseWord(s)))
	}
	if !s.Step.Over() {
		group.Bindings = append(group.Bindings, keymap.Named(k.Stop, "stop, keep the part"))
	}
	group.Bindings = append(group.Bindings, k.New)
	return []keymap.Group{group, k.Moving()}
}

// View draws the screen.
func (l *List) View() string {
	th := l.d.Theme
	if len(l.jobs) == 0 {
		lines := component.Labelled(th, "", "Nothing has been exported or downloaded since the start. "+
			l.d.Keys.New.Help().Key+" makes a new export.", th.Text, 0, l.w)
		return component.Fit(th, component.Lines(0, lines...), l.w, l.h)
	}
	return l.table.View(th)
}

const barWidth = 10

// row is one job. What moves stands side by side, so that little is sent when
// it does, and without a spinner: only one job needs to be seen at work.
func (l *List) row(i int) []component.Cell {
	if i >= len(l.jobs) {
		return nil
	}
	s := l.jobs[i]
	tone, icon, word := l.state(s)
	t := s.Transfer
	told := ""
	if t.Size > 0 && t.Done > 0 {
		told = component.Percent(fraction(t.Done, t.Size))
	}
	cells := []component.Cell{{Text: l.title(s), Tone: theme.Plain}, {Text: icon + " " + word, Tone: tone}, {Text: told}}
	if s.Step != job.StepTransferring {
		return cells
	}
	speed := l.d.Theme.Glyphs.Dash
	if t.Phase == transfer.PhaseReceiving && !s.Paused {
		speed = component.Rate(t.Rate)
	}
	bar := ansi.Strip(component.Bar(l.d.Theme, barWidth, fraction(t.Done, t.Size), l.frame))
	return append(cells, component.Cell{Text: speed}, component.Cell{Text: bar, Tone: theme.Active})
}

// title is the file's name, else what is known of the export.
func (l *List) title(s job.Snapshot) string {
	switch {
	case s.File != "":
		return safe(filepath.Base(s.File))
	case s.Export.ID != "":
		return "export " + s.Export.ID.Safe()
	case s.Spec.Request.Format != "":
		return strings.ToUpper(safe(string(s.Spec.Request.Format))) + " " + l.d.Theme.Glyphs.Sep + " " +
			component.RangeWords(safe(s.Spec.Request.Range.Name), l.d.Theme.Glyphs.Dash)
	}
	return "new export"
}

func (l *List) state(s job.Snapshot) (tone theme.Tone, icon, word string) {
	th := l.d.Theme
	switch {
	case s.Step == job.StepDone:
		return theme.Good, th.Mark(theme.Good), "verified"
	case invalid(s.Err) != nil:
		return theme.Bad, th.Mark(theme.Bad), "not valid"
	case s.Step == job.StepFailed:
		return theme.Bad, th.Mark(theme.Bad), "failed"
	case s.Step == job.StepStopped:
		return theme.Caution, th.Glyphs.Pause, "stopped"
	case s.Paused:
		return theme.Caution, th.Glyphs.Pause, "paused"
	case s.Step == job.StepVerifying:
		return theme.Active, th.Mark(theme.Active), "checking"
	case s.Step != job.StepTransferring:
		return theme.Active, th.Mark(theme.Active), safe(string(s.Step))
	case s.Transfer.Phase == transfer.PhaseWaiting:
		return theme.Caution, th.Mark(theme.Caution), "interrupted"
	case stalled(s):
		return theme.Caution, th.Mark(theme.Caution), "stalled"
	}
	return theme.Active, th.Mark(theme.Active), "receiving"
}
