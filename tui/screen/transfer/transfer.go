// Package transfer shows files on their way to this machine: one transfer with
// everything that is known of it up to the verdict on the file, and the list
// of all of them.
package transfer

import (
	"math"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Jobs is what these screens need of the service that owns the jobs.
type Jobs interface {
	Snapshot(ref job.Ref) (job.Snapshot, bool)
	List() []job.Snapshot
	Start(spec job.Spec) job.Ref
	Pause(ref job.Ref)
	Resume(ref job.Ref)
	Stop(ref job.Ref)
}

// Deps are what the screens are made of. All fields are needed but Location,
// which is UTC when nil.
type Deps struct {
	Jobs     Jobs
	Theme    *theme.Theme
	Keys     *keymap.Map
	Now      func() time.Time
	Location *time.Location
	// ShellCommand is the command line that does the same as a job.
	ShellCommand func(job.Spec) string
	// Fetch is the command that brings the finished file to where the person
	// sits; nil where that is here.
	Fetch func(file string) string
	// Message is what a person reads of an error: what happened, what to do.
	Message func(error) (what, do string)
}

// Model is the screen of one transfer.
type Model struct {
	d     Deps
	ref   job.Ref
	snap  job.Snapshot
	found bool // the service knows the job
	now   time.Time
	frame int
	left  steady
	w, h  int
	// pager holds the place in a verdict that is higher than the screen.
	pager component.Pager
	// leaving is set once the screen asked to be replaced, so that a second
	// key press does not start a second job.
	leaving bool
	gone    bool // the file was deleted
}

// New makes the screen of a job.
func New(d Deps, ref job.Ref) *Model {
	m := &Model{d: d, ref: ref, now: d.Now()}
	snap, ok := d.Jobs.Snapshot(ref)
	m.show(snap, ok)
	return m
}

// Init has nothing to do: how the job stands comes by nav.Jobs.
func (m *Model) Init() tea.Cmd { return nil }

// SetSize tells the screen its cells.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = w, h
	m.pager.SetSize(w, h)
	m.fill()
}

// Title is the breadcrumb.
func (m *Model) Title() string { return "Transfer" }

// HoldsEsc is set while the job runs: leaving then says that it goes on.
func (m *Model) HoldsEsc() bool { return m.found && !m.snap.Step.Over() }

// Update takes news of the job, the time, and keys.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case nav.Jobs:
		m.now = msg.Now
		if s, ok := msg.Find(m.ref); ok {
			m.show(s, true)
		}
	case nav.Tick:
		m.now, m.frame = msg.Now, msg.Frame
	case nav.Changed:
		m.gone = m.gone || (msg.Gone && msg.File == m.file())
		m.fill()
	case tea.KeyPressMsg:
		if m.snap.Step.Over() {
			return m.keyWhenOver(msg)
		}
		return m.keyWhileRunning(msg)
	case tea.MouseWheelMsg:
		m.pager.By(wheel(msg))
	}
	return nil
}

func (m *Model) show(s job.Snapshot, ok bool) {
	if s.Step != m.snap.Step {
		m.pager.By(-math.MaxInt)
	}
	m.snap, m.found = s, ok
	m.left.update(s.Transfer.Left, m.now)
	m.fill()
}

// fill gives the verdict to the pager, once there is one.
func (m *Model) fill() {
	if m.found && m.snap.Step.Over() {
		m.pager.SetLines(m.verdict())
	}
}

func (m *Model) keyWhileRunning(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case !m.found:
		return nil
	case key.Matches(msg, k.Back):
		return tea.Batch(
			toast(nav.Info, "The transfer goes on. "+k.Transfers.Help().Key+" lists all of them."),
			nav.Send(nav.Back{}))
	case key.Matches(msg, k.Pause) && m.snap.Step == job.StepTransferring:
		return pauseOrResume(m.d.Jobs, m.snap)
	case key.Matches(msg, k.Stop):
		return stop(m.d.Jobs, m.snap)
	}
	return m.keyToCopy(msg)
}

func (m *Model) keyWhenOver(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case key.Matches(msg, k.Open):
		return nav.Send(nav.Back{})
	case key.Matches(msg, k.Download) && m.resumable() && !m.leaving:
		m.leaving = true
		return download(m.d.Jobs, m.snap)
	case key.Matches(msg, k.Again) && m.snap.Spec.Request.Format != "":
		preset := m.snap.Spec
		return nav.Send(nav.Open{Kind: nav.NewExport, Preset: &preset})
	case m.pager.Update(k, msg):
	default:
		if cmd, ok := m.local().Actions("", k).Press(msg); ok {
			return cmd
		}
		return m.keyToCopy(msg)
	}
	return nil
}

// local is what is here of the file of a job that is over.
func (m *Model) local() nav.LocalFile {
	whole := m.snap.Step == job.StepDone || invalid(m.snap.Err) != nil
	if !m.found || !m.snap.Step.Over() || m.gone || !whole && m.snap.Transfer.Done == 0 {
		return nav.LocalFile{}
	}
	return nav.LocalFile{Path: m.file(), Of: m.snap.Export, Whole: whole}
}

func (m *Model) keyToCopy(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case key.Matches(msg, k.CopyPath) && m.fetch() != "":
		return clip("command", m.fetch())
	case key.Matches(msg, k.CopyPath) && m.file() != "":
		return clip("path", m.file())
	case key.Matches(msg, k.CopyShell):
		return clip("shell command", m.d.ShellCommand(m.snap.Spec))
	case key.Matches(msg, k.CopyID) && m.snap.Export.ID != "":
		return clip("export id", m.snap.Export.ID.Safe())
	}
	return nil
}

// fetch is the command that brings the finished file to where the person sits,
// "" where that is here.
func (m *Model) fetch() string {
	if m.d.Fetch == nil || m.gone || m.snap.Step != job.StepDone || m.file() == "" {
		return ""
	}
	return m.d.Fetch(m.file())
}

// resumable reports whether there is a file that could still be brought here.
func (m *Model) resumable() bool {
	return m.snap.Export.ID != "" && m.snap.Step.Over() && (m.snap.Step != job.StepDone || m.file() == "")
}

// file is the path that the person may want: where the file is or will be.
func (m *Model) file() string {
	if i := invalid(m.snap.Err); i != nil && i.File != "" {
		return i.File
	}
	if r := m.snap.Result; r != nil && r.File != "" {
		return r.File
	}
	return m.snap.File
}

// Keys are the bindings that work now.
func (m *Model) Keys() []keymap.Group {
	k := m.d.Keys
	group := keymap.Group{Name: "Transfer"}
	add := func(b key.Binding, does string) {
		group.Bindings = append(group.Bindings, keymap.Named(b, does))
	}
	over := m.snap.Step.Over()
	switch {
	case !m.found:
		return nil
	case over:
		add(k.Open, "close")
		if m.resumable() {
			add(k.Download, "resume")
		}
		if m.snap.Spec.Request.Format != "" {
			add(k.Again, "export again")
		}
	default:
		if m.snap.Step == job.StepTransferring {
			add(k.Pause, pauseWord(m.snap))
		}
		add(k.Stop, "stop, keep the part")
		add(k.Back, "leave it running")
	}
	for _, a := range m.local().Actions("", k) {
		group.Bindings = append(group.Bindings, a.Bind)
	}
	switch {
	case m.fetch() != "":
		add(k.CopyPath, "copy the command")
	case m.file() != "":
		add(k.CopyPath, "copy path")
	}
	add(k.CopyShell, "copy shell command")
	if m.snap.Export.ID != "" {
		add(k.CopyID, "copy id")
	}
	groups := []keymap.Group{group}
	if over && m.pager.Overflows() {
		groups = append(groups, k.Moving())
	}
	return groups
}

// View draws the screen.
func (m *Model) View() string {
	switch {
	case !m.found:
		return component.Fit(m.d.Theme, component.Lines(0, "This job is not known here any more."), m.w, m.h)
	case m.snap.Step.Over():
		// The lines are drawn anew: the theme may have changed since.
		p := m.pager
		p.SetLines(m.verdict())
		return p.View(m.d.Theme)
	}
	return component.Fit(m.d.Theme, m.running(), m.w, m.h)
}

// safe is foreign text as it may be shown; paths count as that too.
func safe(s string) string { return text.Untrusted(s).Safe() }
