// Package newexport is the form for a new export: format, date range, data
// types, folder, and a summary that starts it.
package newexport

import (
	"context"
	"errors"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Jobs is what the screen needs of the job service.
type Jobs interface {
	Start(spec job.Spec) job.Ref
	Project(ctx context.Context) (client.Project, error)
	Folder(output string) (dir string, free int64, err error)
}

// Deps of the screen. All are required but Running, Home and Folders.
type Deps struct {
	Ctx          context.Context // of its Cmds; ends with the console
	Jobs         Jobs
	Theme        *theme.Theme
	Keys         *keymap.Map
	Now          func() time.Time
	Location     *time.Location
	ShellCommand func(job.Spec) string
	Message      func(error) (what, do string)
	Memory       Memory
	// Running are the project's exports that were running when the server was
	// last asked, whoever made them.
	Running []client.Export
	// Home is what "~" stands for in a folder; "" leaves it as it is.
	Home string
	// Folders gives the folders whose paths begin with a prefix, for the tab
	// key; nil completes nothing. It may block: it runs in a Cmd.
	Folders func(prefix string) []string
}

// step is one question of the form.
type step int

const (
	askFormat step = iota
	askRange
	askFrom
	askTo
	askData
	askFolder
	summary
)

// Model is the screen. It implements [nav.TextScreen] and [nav.Leaver].
type Model struct {
	d    Deps
	w, h int
	now  time.Time

	answers Answers
	step    step
	been    []step // the way back
	form    *component.Form
	failed  string // why the answer was not taken, until it changes
	// revising is set when one answer of an earlier export is changed: from
	// there it goes to the summary, since the others stand.
	revising bool

	folder   folder
	project  client.Project
	jobs     []job.Snapshot
	pager    component.Pager // of the summary
	clickAt  time.Time       // when a choice was clicked last
	starting bool
}

// folder is what is known of the folder that was typed.
type folder struct {
	gen     int    // of the question asked last
	pending bool   // no answer to it yet
	goOn    bool   // enter was pressed meanwhile
	usual   string // where files go when no folder is named
	dir     string // the answer
	free    int64
	err     error
	offers  []string // what tab could complete to
}

// New makes the form. With a preset it shows the summary of the same export
// again, or, with at, the question that is to be answered otherwise; without
// one it begins with the first question and the last answers.
func New(d Deps, preset *job.Spec, at nav.Question) *Model {
	m := &Model{d: d, now: d.Now()}
	if preset == nil {
		m.answers = d.Memory.Load().Normal()
		m.to(askFormat)
		return m
	}
	m.answers = AnswersOf(*preset, d.Location)
	m.revising = at != nav.First
	switch at {
	case nav.AskRange:
		m.to(askRange)
		return m
	case nav.AskData:
		m.to(askData)
		return m
	}
	if _, err := m.answers.Request(m.now, d.Location); err != nil {
		m.to(askRange)
		return m
	}
	m.to(summary)
	return m
}

// Title is the screen's name.
func (m *Model) Title() string { return "New export" }

// projectMsg is the project of the key, for the file's name.
type projectMsg struct {
	to *Model
	p  client.Project
}

// Init asks for the project, and for the room in the folder.
func (m *Model) Init() tea.Cmd {
	jobs, ctx := m.d.Jobs, m.d.Ctx
	ask := func() tea.Msg {
		p, err := jobs.Project(ctx)
		if err != nil {
			return nil // the summary then names the file without it
		}
		return projectMsg{m, p}
	}
	return tea.Batch(ask, m.checkFolder())
}

// Update takes keys, pasted text, and the words of package nav.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case nav.Jobs:
		m.jobs, m.now = msg.List, msg.Now
	case nav.Tick:
		m.now = msg.Now
	case projectMsg:
		if msg.to == m {
			m.project = msg.p
		}
	case folderMsg:
		return m.folderChecked(msg)
	case offersMsg:
		return m.offered(msg)
	case tea.PasteMsg:
		return m.edit(component.Pasted(msg))
	case tea.MouseWheelMsg:
		m.wheel(msg)
	case tea.MouseClickMsg:
		return m.click(msg)
	case tea.KeyPressMsg:
		m.now = m.d.Now()
		return m.key(msg)
	}
	return nil
}

func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case key.Matches(msg, k.Back):
		return m.goBack()
	case key.Matches(msg, k.PrevField):
		m.previous()
		return nil
	case !m.Typing() && key.Matches(msg, k.Watch):
		return m.watch()
	case m.step == summary:
		return m.summaryKey(msg)
	case m.step == askFolder && key.Matches(msg, k.NextField):
		return m.completeFolder()
	case key.Matches(msg, k.Next), key.Matches(msg, k.NextField):
		return m.next()
	}
	return m.edit(msg)
}

// edit gives a key or pasted text to the field.
func (m *Model) edit(msg tea.Msg) tea.Cmd {
	if m.form == nil {
		return nil
	}
	before := m.form.Text()
	m.form.Update(msg)
	m.failed = ""
	if m.step == askFolder && m.form.Text() != before {
		m.answers.Folder = m.form.Text()
		m.folder.goOn, m.folder.offers = false, nil
		return m.checkFolder()
	}
	return nil
}

// next takes the answer, if it is one, and asks the next question.
func (m *Model) next() tea.Cmd {
	if err := m.form.Submit(); err != nil {
		m.failed = problem(err)
		return nil
	}
	m.keep()
	switch {
	case m.step == askRange && m.answers.Range == Custom:
		m.advance(askFrom)
	case m.step == askFrom:
		m.advance(askTo)
	case m.step == askFolder:
		return m.takeFolder()
	case m.revising && m.complete():
		m.advance(summary)
	case m.step == askRange:
		m.advance(askData)
	default:
		m.advance(m.step + 1)
	}
	return nil
}

// complete reports whether the answers make an export.
func (m *Model) complete() bool {
	_, err := m.answers.Request(m.now, m.d.Location)
	return err == nil
}

// keep notes the answer of the field.
func (m *Model) keep() {
	switch m.step {
	case askFormat:
		m.answers.Format = m.form.Text()
	case askRange:
		m.answers.Range = m.form.Text()
	case askFrom:
		m.answers.From = strings.TrimSpace(m.form.Text())
	case askTo:
		m.answers.To = strings.TrimSpace(m.form.Text())
	case askData:
		m.answers.Include = append([]string(nil), m.form.Values()...)
	case askFolder:
		m.answers.Folder = strings.TrimSpace(m.form.Text())
	}
}

func (m *Model) advance(s step) {
	m.been = append(m.been, m.step)
	m.to(s)
}

// to shows a step.
func (m *Model) to(s step) {
	m.step, m.failed, m.form = s, "", nil
	th, q := m.d.Theme, m.question(s)
	switch s {
	case askFormat:
		m.form = component.NewSelect(th, q, formats(), m.answers.Format)
	case askRange:
		m.form = component.NewSelect(th, q, m.rangeChoices(), m.answers.Range)
	case askFrom:
		m.form = component.NewInput(th, q, "YYYY-MM-DD", m.answers.From, func(day string) error {
			return checkDay(day, "", m.now, m.d.Location)
		})
	case askTo:
		m.form = component.NewInput(th, q, "YYYY-MM-DD", m.answers.To, func(day string) error {
			if strings.TrimSpace(day) == "" {
				return errors.New("the last day is missing")
			}
			return checkDay(m.answers.From, day, m.now, m.d.Location)
		})
	case askData:
		m.form = component.NewChecks(th, q, dataTypes(), m.answers.Include, func(chosen []string) error {
			if len(chosen) == 0 {
				return errors.New("choose at least one data type")
			}
			return nil
		})
	case askFolder:
		m.form = component.NewInput(th, q, m.folder.usual, m.answers.Folder, func(string) error { return nil })
	case summary:
		m.pager.By(-1 << 20)
	}
	m.resizeForm()
}

// previous goes to the question before, whatever way led here.
func (m *Model) previous() {
	if n := len(m.been); n > 0 {
		_ = m.goBack()
		return
	}
	switch m.step {
	case askFormat:
	case askData:
		m.to(askRange)
	default:
		m.to(m.step - 1)
	}
}

// goBack is esc: one step back, or off this screen.
func (m *Model) goBack() tea.Cmd {
	n := len(m.been)
	if n == 0 {
		return nav.Send(nav.Back{})
	}
	s := m.been[n-1]
	m.been = m.been[:n-1]
	m.to(s)
	return nil
}

// HoldsEsc reports whether esc leads one step back and not off the screen.
func (m *Model) HoldsEsc() bool { return len(m.been) > 0 }

// Typing reports whether the field takes text.
func (m *Model) Typing() bool { return m.form != nil && m.form.Typing() }

// Cursor is nil: the field draws its own.
func (m *Model) Cursor() *tea.Cursor { return nil }

func (m *Model) summaryKey(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case m.pager.Update(k, msg):
	case key.Matches(msg, k.Start):
		return m.start()
	case key.Matches(msg, k.CopyShell):
		if spec, err := m.spec(); err == nil {
			return nav.Send(nav.Copy{What: "shell command", Text: m.d.ShellCommand(spec)})
		}
	}
	return nil
}

// spec is the job that the answers ask for.
func (m *Model) spec() (job.Spec, error) {
	req, err := m.answers.Request(m.now, m.d.Location)
	if err != nil {
		return job.Spec{}, err
	}
	return job.Spec{Request: req, Output: m.answers.Output(m.d.Home), IfBusy: job.BusyWait}, nil
}

// start begins the export, once, and goes to where it is watched.
func (m *Model) start() tea.Cmd {
	if m.starting {
		return nil
	}
	spec, err := m.spec()
	if err != nil {
		m.failed = problem(err)
		return nil
	}
	m.starting = true
	jobs, memory, answers := m.d.Jobs, m.d.Memory, m.answers
	return func() tea.Msg {
		memory.Save(answers)
		return nav.Open{Kind: nav.Export, Ref: jobs.Start(spec), Replace: true}
	}
}

// Keys are the bindings that work now.
func (m *Model) Keys() []keymap.Group {
	k := m.d.Keys
	var b []key.Binding
	switch m.step {
	case summary:
		start := k.Start
		if _, ok := m.busy(); ok {
			start = keymap.Named(start, "start when that one ends")
		}
		b = append(b, start, keymap.Named(k.PrevField, "change"))
	case askFolder:
		b = append(b, k.Next)
		if m.d.Folders != nil {
			b = append(b, keymap.Named(k.NextField, "complete"))
		}
	case askData:
		b = append(b, k.Next, k.Toggle, k.All)
	default:
		b = append(b, k.Next)
	}
	if t, ok := m.busy(); ok && !m.Typing() {
		b = append(b, m.watchKey(t))
	}
	if m.HoldsEsc() {
		b = append(b, keymap.Named(k.Back, "step back"))
	}
	if m.step == summary {
		b = append(b, k.CopyShell)
	}
	groups := []keymap.Group{{Name: "Form", Bindings: b}}
	switch {
	case m.step == summary && m.pager.Overflows():
		groups = append(groups, k.Moving())
	case m.step != summary && !m.Typing():
		groups = append(groups, keymap.Group{Name: keymap.Move, Bindings: []key.Binding{k.Up, k.Down, k.Top, k.Bottom}})
	}
	return groups
}

var _ nav.TextScreen = (*Model)(nil)
