// Package inspect shows what is in an export's file: the verdict on it, its
// metrics as charts, connections, dashboards, and the audit log. The file is
// read once, from end to end, while the screen shows how far that is.
package inspect

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"time"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Reader reads files of this machine.
type Reader interface {
	// Inspect checks the file, also against what is expected of it, and tells
	// what is in it. It may block; progress is called from its goroutine with
	// the bytes that were read and all that the file has. A file that does not
	// verify is no error: the report says so.
	Inspect(ctx context.Context, path string, expect archive.Expect, progress func(done, total int64)) (archive.Report, error)
}

// Deps of the screen. All are required but Expect, ShellCommand, and Location,
// which is UTC when nil.
type Deps struct {
	Ctx      context.Context // of the reading; ends with the screen
	Reader   Reader
	Expect   archive.Expect // what is known of the file beforehand; zero if nothing is
	Theme    *theme.Theme
	Keys     *keymap.Map
	Now      func() time.Time
	Location *time.Location
	// ShellCommand is the command that tells what is in a file; nil is none.
	ShellCommand func(file string) string
	// Message is what a person reads of an error: what happened, what to do.
	Message func(error) (what, do string)
}

// Model is the screen. It implements [nav.TextScreen], [nav.Leaver] and
// [nav.Waiter].
type Model struct {
	d    Deps
	path string
	w, h int

	gen     int    // of the reading that was begun last
	meter   *meter // of the one that goes on; nil when none does
	read    int64  // bytes, as of the last tick
	size    int64
	frame   int
	report  archive.Report
	profile *archive.Profile // never nil; empty until the file is read
	err     error
	gone    bool // the file was deleted after it was read

	tab    tab
	lists  [tabCount]list
	filter textinput.Model // of the tab that is shown
	sort   order
	wide   map[int]bool // the dashboards whose widgets are shown
	pager  component.Pager

	charted bool      // the metric under the cursor is shown as a chart
	moment  time.Time // where the chart's cursor is; zero is the end

	clickRow int
	clickAt  time.Time
}

// meter is what the reading tells while it goes on.
type meter struct{ read, size atomic.Int64 }

// readMsg is the end of a reading.
type readMsg struct {
	to     *Model
	gen    int
	report archive.Report
	err    error
}

// New makes the screen of a file; Init begins to read it.
func New(d Deps, path string) *Model {
	m := &Model{d: d, path: path, profile: &archive.Profile{}, filter: textinput.New(), clickRow: -1}
	if m.d.Location == nil {
		m.d.Location = time.UTC
	}
	m.filter.Prompt = ""
	m.filter.SetVirtualCursor(false)
	for t := range m.lists {
		m.lists[t].table.Row = m.rowOf(tab(t))
	}
	return m
}

// Init begins to read the file.
func (m *Model) Init() tea.Cmd { return m.start() }

// Title is the screen's name and that of the file.
func (m *Model) Title() string { return "Inspect " + m.name() }

// name is the file's, without its folder.
func (m *Model) name() string { return text.Untrusted(filepath.Base(m.path)).Safe() }

// start reads the file, from its beginning. Its end is told to the screen that
// asked, and only if that has not asked again.
func (m *Model) start() tea.Cmd {
	m.gen++
	m.meter, m.read, m.size, m.err, m.gone = &meter{}, 0, 0, nil, false
	ctx, reader, path, expect, gen, told := m.d.Ctx, m.d.Reader, m.path, m.d.Expect, m.gen, m.meter
	return func() tea.Msg {
		r, err := reader.Inspect(ctx, path, expect, func(done, total int64) {
			told.read.Store(done)
			told.size.Store(total)
		})
		return readMsg{m, gen, r, err}
	}
}

// Waiting reports whether the file is being read.
func (m *Model) Waiting() bool { return m.meter != nil }

// Typing reports whether the filter is being typed.
func (m *Model) Typing() bool { return m.filter.Focused() }

// HoldsEsc reports whether esc has something to leave on this screen.
func (m *Model) HoldsEsc() bool {
	filtered := m.current() != nil && m.current().query != ""
	return m.filter.Focused() || m.ready() && (m.charting() || filtered)
}

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

// Update takes the end of the reading, the time, keys and the mouse.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case readMsg:
		if msg.to == m && msg.gen == m.gen {
			m.show(msg)
		}
	case nav.Tick:
		m.frame = msg.Frame
		if m.meter != nil {
			m.read, m.size = m.meter.read.Load(), m.meter.size.Load()
		}
	case nav.Changed:
		m.gone = m.gone || msg.Gone && msg.File == m.path
		m.fill()
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		if m.filter.Focused() {
			m.filter, _ = m.filter.Update(component.Pasted(msg))
			m.search()
		}
	case tea.MouseWheelMsg:
		m.wheel(msg)
	case tea.MouseClickMsg:
		m.click(msg)
	}
	return nil
}

// show takes what was read.
func (m *Model) show(msg readMsg) {
	m.meter, m.report, m.err = nil, msg.report, msg.err
	m.profile, m.wide = &archive.Profile{}, map[int]bool{}
	if msg.report.Profile != nil {
		m.profile = msg.report.Profile
	}
	for t := range m.lists {
		m.arrange(tab(t))
	}
	m.fill()
}

// ready reports whether there is something to show.
func (m *Model) ready() bool { return m.meter == nil && m.err == nil }

var (
	_ nav.TextScreen = (*Model)(nil)
	_ nav.Leaver     = (*Model)(nil)
	_ nav.Waiter     = (*Model)(nil)
)
