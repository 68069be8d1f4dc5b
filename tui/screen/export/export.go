// Package export shows one export: a job while the server works on it, with
// its stages, and what is known of an export that is no job of this session.
//
// As soon as the file is on its way the screen asks to be replaced by that of
// the transfer.
package export

import (
	"errors"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Jobs is what the screen needs of the service that owns the jobs.
type Jobs interface {
	Snapshot(ref job.Ref) (job.Snapshot, bool)
	Start(spec job.Spec) job.Ref
	Stop(ref job.Ref)
}

// Deps are what the screen is made of. All fields are needed but Location,
// which is UTC when nil.
type Deps struct {
	Jobs     Jobs
	Theme    *theme.Theme
	Keys     *keymap.Map
	Now      func() time.Time
	Location *time.Location
	// ShellCommand is the command line that does the same as a job.
	ShellCommand func(job.Spec) string
	// Message is what a person reads of an error: what happened, what to do.
	Message func(error) (what, do string)
}

// Model is the screen of one export.
type Model struct {
	d     Deps
	ref   job.Ref
	snap  job.Snapshot
	found bool           // the service knows the job
	entry *history.Entry // what is shown when there is no job
	same  job.Ref        // a running job that works on the entry's export, or 0
	now   time.Time
	frame int
	w, h  int
	// leaving is set once the screen asked to be replaced: it does so once.
	leaving bool
}

// New makes the screen of a job, or, with an entry, that of an export that is
// no job of this session; ref is then ignored.
func New(d Deps, ref job.Ref, entry *history.Entry) *Model {
	m := &Model{d: d, ref: ref, entry: entry, now: d.Now()}
	if entry == nil {
		m.snap, m.found = d.Jobs.Snapshot(ref)
	}
	return m
}

// Init goes on to the transfer if the job is that far already.
func (m *Model) Init() tea.Cmd { return m.handOn() }

// SetSize tells the screen its cells.
func (m *Model) SetSize(w, h int) { m.w, m.h = w, h }

// Title is the breadcrumb.
func (m *Model) Title() string { return "Export" }

// HoldsEsc is set while the job runs: leaving then says that it goes on.
func (m *Model) HoldsEsc() bool { return m.found && !m.snap.Step.Over() }

// Counting is set while the time left on a link is shown.
func (m *Model) Counting() bool {
	return m.entry != nil && m.now.Before(m.entry.Export.ExpiresAt)
}

// Update takes news of the job, the time, and keys.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case nav.Jobs:
		return m.hear(msg)
	case nav.Tick:
		m.now, m.frame = msg.Now, msg.Frame
	case nav.Changed:
		m.changed(msg)
	case tea.KeyPressMsg:
		switch {
		case m.entry != nil:
			return m.keyOfEntry(msg)
		case !m.found:
			return nil
		case m.snap.Step.Over():
			return m.keyWhenOver(msg)
		}
		return m.keyWhileRunning(msg)
	}
	return nil
}

// changed takes it that a file was deleted or checked by hand. What became of
// it the list of exports knows; here it is no longer claimed.
func (m *Model) changed(c nav.Changed) {
	if c.Gone && m.entry != nil && m.entry.LocalFile == c.File {
		e := *m.entry
		e.LocalState, e.LocalDone = history.LocalMissing, 0
		m.entry = &e
	}
}

func (m *Model) hear(jobs nav.Jobs) tea.Cmd {
	m.now = jobs.Now
	if m.entry != nil {
		m.same = 0
		if s, ok := nav.SameID(jobs.List, m.entry.Export.ID); ok && !s.Step.Over() {
			m.same = s.Ref
		}
		return nil
	}
	if s, ok := jobs.Find(m.ref); ok {
		m.snap, m.found = s, true
	}
	return m.handOn()
}

// handOn asks once for the transfer's screen when the server's part is over.
func (m *Model) handOn() tea.Cmd {
	if m.leaving || !m.found || !fileComes(m.snap) {
		return nil
	}
	m.leaving = true
	return m.toTransfer()
}

func fileComes(s job.Snapshot) bool {
	switch s.Step {
	case job.StepTransferring, job.StepVerifying:
		return true
	case job.StepDone:
		return !s.Spec.Detach
	}
	return false
}

// toTransfer is the way on by hand, for who came back to this screen after it
// had asked to be replaced.
func (m *Model) toTransfer() tea.Cmd {
	return nav.Send(nav.Open{Kind: nav.Transfer, Ref: m.ref, Replace: true})
}

func (m *Model) keyWhileRunning(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case fileComes(m.snap) && key.Matches(msg, k.Open):
		return m.toTransfer()
	case key.Matches(msg, k.Back):
		said := "The job goes on. " + k.Transfers.Help().Key + " lists what runs."
		return tea.Batch(toast(said), nav.Send(nav.Back{}))
	case key.Matches(msg, k.Stop):
		return m.stop()
	}
	return m.keyToCopy(msg)
}

// stop ends the watching; at the server nothing can be cancelled. The notice
// of the job's end says how to go on.
func (m *Model) stop() tea.Cmd {
	jobs, ref := m.d.Jobs, m.ref
	return func() tea.Msg {
		jobs.Stop(ref)
		return nil
	}
}

func (m *Model) keyWhenOver(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case fileComes(m.snap) && key.Matches(msg, k.Open):
		return m.toTransfer()
	case key.Matches(msg, k.Again):
		return nav.Send(nav.Open{Kind: nav.NewExport, Preset: m.preset()})
	case m.tooLarge() && key.Matches(msg, k.Fewer):
		return nav.Send(nav.Open{Kind: nav.NewExport, Preset: m.preset(), At: nav.AskData})
	case m.tooLarge() && key.Matches(msg, k.Shorter):
		return nav.Send(nav.Open{Kind: nav.NewExport, Preset: shorter(m.preset(), m.now, m.d.Location), At: nav.AskRange})
	case key.Matches(msg, k.Download) && m.canPickUp() && !m.leaving:
		m.leaving = true
		spec := m.snap.Spec
		spec.ID, spec.New, spec.Detach = m.snap.Export.ID, false, false
		return m.start(spec, nav.Export)
	}
	return m.keyToCopy(msg)
}

func (m *Model) keyOfEntry(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case key.Matches(msg, k.Again):
		return nav.Send(nav.Open{Kind: nav.NewExport, Preset: m.preset()})
	case key.Matches(msg, k.Download) && m.canPickUp() && !m.leaving:
		m.leaving = true
		kind := nav.Transfer
		if m.entry.Export.Stage != client.StageCompleted {
			kind = nav.Export
		}
		if m.same != 0 {
			return nav.Send(nav.Open{Kind: kind, Ref: m.same, Replace: true})
		}
		return m.start(job.Spec{ID: m.entry.Export.ID}, kind)
	}
	return m.keyToCopy(msg)
}

// start begins a job and puts its screen in the place of this one.
func (m *Model) start(spec job.Spec, kind nav.Kind) tea.Cmd {
	jobs := m.d.Jobs
	return func() tea.Msg {
		return nav.Open{Kind: kind, Ref: jobs.Start(spec), Replace: true}
	}
}

func (m *Model) keyToCopy(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	if cmd, ok := m.local().Actions("", k).Press(msg); ok {
		return cmd
	}
	switch {
	case key.Matches(msg, k.CopyPath) && m.file() != "":
		return clip("path", m.file())
	case key.Matches(msg, k.CopyShell):
		return clip("shell command", m.d.ShellCommand(m.spec()))
	case key.Matches(msg, k.CopyID) && m.export().ID != "":
		return clip("export id", m.export().ID.Safe())
	}
	return nil
}

// local is what this machine has of the file of an export that is no job of ours.
func (m *Model) local() nav.LocalFile {
	if m.entry == nil || m.entry.LocalFile == "" {
		return nav.LocalFile{}
	}
	f := nav.LocalFile{Path: m.entry.LocalFile, Of: m.entry.Export}
	switch m.entry.LocalState {
	case history.LocalVerified, history.LocalInvalid:
		f.Whole = true
		return f
	case history.LocalPartial:
		return f
	}
	return nav.LocalFile{}
}

// canPickUp reports whether the export may still give a file.
func (m *Model) canPickUp() bool {
	e := m.export()
	if e.ID == "" || e.Stage == client.StageFailed || e.Stage == client.StageExpired {
		return false
	}
	if m.entry != nil {
		return m.entry.LocalState != history.LocalVerified
	}
	return m.snap.Step.Over() && !fileComes(m.snap)
}

// tooLarge reports whether the server may have had too much to do, so that a
// smaller export could help.
func (m *Model) tooLarge() bool {
	var failed *job.ExportFailedError
	var late *job.TimeoutError
	return errors.As(m.snap.Err, &failed) || (errors.As(m.snap.Err, &late) && late.ID != "")
}

func (m *Model) export() client.Export {
	if m.entry != nil {
		return m.entry.Export
	}
	return m.snap.Export
}

func (m *Model) spec() job.Spec {
	if m.entry != nil {
		return job.Spec{ID: m.entry.Export.ID}
	}
	return m.snap.Spec
}

func (m *Model) file() string {
	if m.entry != nil {
		return m.entry.LocalFile
	}
	return m.snap.File
}

// Keys are the bindings that work now.
func (m *Model) Keys() []keymap.Group {
	k := m.d.Keys
	group := keymap.Group{Name: "Export"}
	add := func(b key.Binding, does string) {
		group.Bindings = append(group.Bindings, keymap.Named(b, does))
	}
	if m.found && fileComes(m.snap) {
		add(k.Open, "show the file")
	}
	switch {
	case m.entry != nil:
		if m.canPickUp() {
			add(k.Download, "download")
		}
		add(k.Again, "the same again")
	case !m.found:
		return nil
	case m.snap.Step.Over():
		if m.canPickUp() {
			add(k.Download, "pick it up again")
		}
		add(k.Again, "the same again")
		if m.tooLarge() {
			add(k.Shorter, "shorter range")
			add(k.Fewer, "fewer types")
		}
	default:
		add(k.Stop, "stop waiting")
		add(k.Back, "leave it running")
	}
	for _, a := range m.local().Actions("", k) {
		group.Bindings = append(group.Bindings, a.Bind)
	}
	if m.export().ID != "" {
		add(k.CopyID, "copy id")
	}
	add(k.CopyShell, "copy shell command")
	if m.file() != "" {
		add(k.CopyPath, "copy path")
	}
	return []keymap.Group{group}
}

// View draws the screen.
func (m *Model) View() string {
	p := newPage(m)
	switch {
	case m.entry != nil:
		p.details()
	case !m.found:
		p.Add(0, "This job is not known here any more.")
	default:
		p.job()
	}
	return component.Fit(m.d.Theme, p.Lines, m.w, m.h)
}

func toast(said string) tea.Cmd { return nav.Send(nav.Toast{Level: nav.Info, Text: said}) }

func clip(what, s string) tea.Cmd { return nav.Send(nav.Copy{What: what, Text: s}) }

// safe is foreign text as it may be shown; paths count as that too.
func safe(s string) string { return text.Untrusted(s).Safe() }
