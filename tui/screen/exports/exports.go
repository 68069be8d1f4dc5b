// Package exports is the home screen: the project's exports, the newest first,
// joined with the jobs that run here.
package exports

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
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
	Stop(ref job.Ref)
	Exports(ctx context.Context) (job.Listing, error)
	Remembered(ctx context.Context) job.Listing
}

// Deps of the screen; all are required but ChangeKey.
type Deps struct {
	Ctx          context.Context // of its Cmds; ends with the console
	Jobs         Jobs
	Theme        *theme.Theme
	Keys         *keymap.Map
	Now          func() time.Time
	Location     *time.Location
	ShellCommand func(job.Spec) string
	Message      func(error) (what, do string)
	// ChangeKey says that another key can be given when one is refused.
	ChangeKey bool
}

// Model is the screen. It implements [nav.TextScreen], [nav.Leaver] and
// [nav.Counter].
type Model struct {
	d     Deps
	w, h  int
	now   time.Time
	frame int

	gen       int // of the listing that was asked for last
	loading   bool
	listing   job.Listing
	items     []*item             // the listing's entries as they are sorted
	at        map[client.ID]*item // and by their ids
	localOnly bool                // the listing is what this machine remembers
	err       error
	jobs      []job.Snapshot
	retry     retry

	rows     []row
	total    int       // of rows, without the filter
	lastLink time.Time // when the last of the links in the rows expires

	table  component.Table
	sort   order
	filter textinput.Model
	detail bool // the details of the row under the cursor fill the screen
	inPane bool // the keys that move go to the details beside the list
	pager  component.Pager

	clickRow int
	clickAt  time.Time
}

// maxFilter is the longest filter, in characters.
const maxFilter = 200

// New makes the screen; Init asks for the listing.
func New(d Deps) *Model {
	m := &Model{d: d, now: d.Now(), filter: textinput.New()}
	m.filter.CharLimit = maxFilter
	m.filter.Prompt = ""
	m.filter.SetVirtualCursor(false)
	m.table.Columns = columns()
	m.table.Row = func(i int) []component.Cell { return m.cells(m.rows[i]) }
	return m
}

// Init asks for the exports, and shows those that are remembered meanwhile: a
// server that does not answer takes seconds.
func (m *Model) Init() tea.Cmd { return tea.Batch(m.remember(), m.ask()) }

// Title is the screen's name.
func (m *Model) Title() string { return "Exports" }

// refresh asks for the listing anew because the person wants it.
func (m *Model) refresh() tea.Cmd {
	m.retry.failed = 0
	return m.ask()
}

// ask asks for the listing; an answer to an older question is dropped.
func (m *Model) ask() tea.Cmd {
	m.retry.halt()
	m.gen++
	m.loading = true
	gen, jobs, ctx := m.gen, m.d.Jobs, m.d.Ctx
	return func() tea.Msg {
		l, err := jobs.Exports(ctx)
		return nav.Listed{Gen: gen, Listing: l, Err: err}
	}
}

// rememberedMsg is what this machine remembers, for the screen that asked.
type rememberedMsg struct {
	to      *Model
	listing job.Listing
}

func (m *Model) remember() tea.Cmd {
	jobs, ctx := m.d.Jobs, m.d.Ctx
	return func() tea.Msg { return rememberedMsg{m, jobs.Remembered(ctx)} }
}

// recall shows what is remembered until there is an answer.
func (m *Model) recall(msg rememberedMsg) {
	if msg.to != m || m.gen != 1 || !m.loading {
		return
	}
	m.localOnly = true
	m.take(msg.listing.Entries)
	m.rebuild()
}

// Update takes keys, the mouse, and the words of package nav.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case nav.Listed:
		return m.listed(msg)
	case rememberedMsg:
		m.recall(msg)
	case retryMsg:
		if msg.to == m && msg.gen == m.gen {
			return m.ask()
		}
	case nav.Jobs:
		return m.jobsChanged(msg)
	case nav.Changed:
		return m.ask()
	case nav.Tick:
		m.now, m.frame = msg.Now, msg.Frame
	case tea.KeyPressMsg:
		m.now = m.d.Now()
		return m.key(msg)
	case tea.PasteMsg:
		if m.filter.Focused() {
			m.filter, _ = m.filter.Update(component.Pasted(msg))
			m.rebuild()
		}
	case tea.MouseWheelMsg:
		m.wheel(msg)
	case tea.MouseClickMsg:
		return m.click(msg)
	}
	return nil
}

// listed takes a listing. One that came with an error may have what this
// machine remembers; without even that, what was there stays.
func (m *Model) listed(msg nav.Listed) tea.Cmd {
	if msg.Gen != m.gen {
		return nil
	}
	wasOffline := m.listing.Offline != nil
	m.loading = false
	m.now = m.d.Now()
	m.err = msg.Err
	if msg.Err == nil || len(msg.Listing.Entries) > 0 {
		m.listing = msg.Listing
		m.take(msg.Listing.Entries)
		m.localOnly = msg.Err != nil || m.listing.Offline != nil
	}
	m.rebuild()
	if msg.Err != nil {
		m.listing.Offline = nil
		return nil
	}
	if m.listing.Offline != nil {
		return m.tryLater()
	}
	m.retry.failed = 0
	if wasOffline {
		return nav.Send(nav.Toast{Level: nav.Success, Text: "Back online."})
	}
	return nil
}

// jobsChanged takes over how the jobs stand. When one has ended, the listing
// is asked for anew: the export, its file and its size are known then.
func (m *Model) jobsChanged(msg nav.Jobs) tea.Cmd {
	ended := false
	for _, s := range msg.List {
		if old, ok := (nav.Jobs{List: m.jobs}).Find(s.Ref); ok && s.Step.Over() && !old.Step.Over() {
			ended = true
		}
	}
	m.jobs, m.now = msg.List, msg.Now
	m.rebuild()
	if ended {
		return m.ask()
	}
	return nil
}

func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case m.filter.Focused():
		m.filterKey(msg)
		return nil
	case key.Matches(msg, k.Back):
		m.leave()
		return nil
	case m.inDetails() && m.pager.Update(k, msg):
		return nil
	case !m.inDetails() && m.table.Update(k, msg):
		m.pager.By(-1 << 20) // the details of another row begin at their top
		return nil
	}
	cmd, _ := m.actions().Press(msg)
	return cmd
}

// inDetails reports whether the keys that move go to the details.
func (m *Model) inDetails() bool { return m.detail || m.inPane }

// leave is esc: out of the details, then out of the filter.
func (m *Model) leave() {
	if m.inDetails() {
		m.detail, m.inPane = false, false
		return
	}
	m.filter.SetValue("")
	m.rebuild()
}

// HoldsEsc reports whether esc has something to leave on this screen.
func (m *Model) HoldsEsc() bool {
	return m.filter.Focused() || m.inDetails() || m.filter.Value() != ""
}

// Typing reports whether the filter is being typed.
func (m *Model) Typing() bool { return m.filter.Focused() }

// Cursor is where the filter's cursor belongs.
func (m *Model) Cursor() *tea.Cursor {
	if !m.filter.Focused() {
		return nil
	}
	c := m.filter.Cursor()
	if c != nil {
		c.X += len(filterHead)
		c.Y = m.h - 1
	}
	return c
}

// Counting reports whether the time left on a link is on the screen.
func (m *Model) Counting() bool {
	return m.lastLink.After(m.now)
}

func (m *Model) filterKey(msg tea.KeyPressMsg) {
	switch {
	case key.Matches(msg, m.d.Keys.Back):
		m.filter.SetValue("")
		m.filter.Blur()
	case key.Matches(msg, m.d.Keys.Open):
		m.filter.Blur()
	case key.Matches(msg, m.d.Keys.Up), key.Matches(msg, m.d.Keys.Down):
		if msg.Text == "" { // the arrows; j and k are text here
			m.table.Update(m.d.Keys, msg)
			return
		}
		fallthrough
	default:
		// The command would be a blinking cursor's, or the system clipboard's.
		m.filter, _ = m.filter.Update(msg)
	}
	m.rebuild()
}

func (m *Model) wheel(msg tea.MouseWheelMsg) {
	by := 0
	switch msg.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
		by = 3
	}
	if m.detail || (m.paned() && msg.X > m.tableWidth()) {
		m.pager.By(by)
		return
	}
	m.table.Select(m.table.Cursor() + by)
	m.pager.By(-1 << 20)
}

// doubleClick is the longest time between the two clicks of one.
const doubleClick = 400 * time.Millisecond

func (m *Model) click(msg tea.MouseClickMsg) tea.Cmd {
	if msg.Button != tea.MouseLeft || m.detail || msg.X >= m.tableWidth() {
		return nil
	}
	i, ok := m.table.At(msg.Y - len(m.banner()))
	if !ok {
		return nil
	}
	now := m.d.Now()
	double := i == m.clickRow && i == m.table.Cursor() && now.Sub(m.clickAt) <= doubleClick
	m.clickRow, m.clickAt, m.now = i, now, now
	m.table.Select(i)
	m.pager.By(-1 << 20)
	m.inPane = false
	if double {
		return m.openRow()
	}
	return nil
}
