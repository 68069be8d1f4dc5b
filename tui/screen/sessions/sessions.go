// Package sessions is the screen of a served console that tells an admin who is
// connected, since when, and doing what.
package sessions

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Session is somebody who is connected. All strings are safe.
type Session struct {
	ID    string
	Name  string
	Role  string
	From  string
	Key   string // the fingerprint
	Since time.Time
	Doing string
	Own   bool // the one that looks
}

// Deps of the screen. All are required.
type Deps struct {
	Ctx   context.Context // ends with the screen
	List  func() ([]Session, error)
	Theme *theme.Theme
	Keys  *keymap.Map
	Now   func() time.Time
	// Message is what a person reads of an error: what happened, what to do.
	Message func(error) (what, do string)
}

// every is how often it is asked who is there.
const every = 2 * time.Second

// Model is the screen. It implements [nav.Screen].
type Model struct {
	d     Deps
	list  []Session
	err   error
	asked bool
	now   time.Time
	at    string // the session under the cursor; it stays there when others come
	table component.Table
	w, h  int
}

// New makes the screen.
func New(d Deps) *Model {
	m := &Model{d: d, now: d.Now()}
	m.table.Columns = []component.Column{
		{Title: "Who", Width: 16, Grow: 20},
		{Title: "Role", Width: 8},
		{Title: "Doing", Width: 18, Grow: 30},
		{Title: "Since", Width: 14},
		{Title: "From", Width: 21, Drop: 1},
		{Title: "Key", Width: 20, Grow: 31, Drop: 2},
	}
	m.table.Row = m.row
	return m
}

// answer is who was there.
type answer struct {
	by   *Model
	list []Session
	err  error
	at   time.Time
}

// Init asks who is there.
func (m *Model) Init() tea.Cmd { return m.ask(0) }

// ask asks who is there, once d has passed.
func (m *Model) ask(d time.Duration) tea.Cmd {
	ctx, list, now := m.d.Ctx, m.d.List, m.d.Now
	return func() tea.Msg {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		l, err := list()
		return answer{m, l, err, now()}
	}
}

// SetSize tells the screen its cells.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = w, h
	m.table.SetSize(w, h)
}

// Title is the breadcrumb.
func (m *Model) Title() string { return "Sessions" }

// Update takes who is there, and keys.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer:
		if msg.by != m {
			return nil
		}
		m.show(msg)
		if msg.err != nil {
			return nil // it is refused, and will be
		}
		return m.ask(every)
	case tea.KeyPressMsg:
		if m.table.Update(m.d.Keys, msg) {
			m.follow()
		}
		if key.Matches(msg, m.d.Keys.CopyID) {
			return m.copyKey()
		}
	}
	return nil
}

// show takes a list and leaves the cursor on its session.
func (m *Model) show(a answer) {
	m.list, m.err, m.now, m.asked = a.list, a.err, a.at, true
	m.table.SetLen(len(m.list))
	for i, s := range m.list {
		if s.ID == m.at {
			m.table.Select(i)
		}
	}
	m.follow()
}

func (m *Model) follow() {
	m.at = ""
	if i := m.table.Cursor(); i >= 0 {
		m.at = m.list[i].ID
	}
}

func (m *Model) copyKey() tea.Cmd {
	i := m.table.Cursor()
	if i < 0 || m.list[i].Key == "" {
		return nil
	}
	fingerprint := m.list[i].Key
	return func() tea.Msg { return nav.Copy{What: "fingerprint", Text: fingerprint} }
}

// Keys are the bindings that work now.
func (m *Model) Keys() []keymap.Group {
	if m.table.Cursor() < 0 {
		return nil
	}
	k := m.d.Keys
	return []keymap.Group{
		{Name: "Sessions", Bindings: []key.Binding{keymap.Named(k.CopyID, "copy fingerprint")}}, k.Moving(),
	}
}

// View draws the screen.
func (m *Model) View() string {
	th := m.d.Theme
	switch {
	case m.err != nil:
		what, do := m.d.Message(m.err)
		return component.Fit(th, component.Lines(0, component.Notice(th, theme.Bad, what+" "+do, m.w)...), m.w, m.h)
	case !m.asked:
		return ""
	}
	return m.table.View(th)
}

func (m *Model) row(i int) []component.Cell {
	if i >= len(m.list) {
		return nil
	}
	s := m.list[i]
	name, tone := s.Name, theme.Plain
	if name == "" {
		name = s.Key
	}
	if s.Own {
		name, tone = name+" (you)", theme.Active
	}
	return []component.Cell{
		{Text: name, Tone: tone},
		{Text: s.Role},
		{Text: s.Doing},
		{Text: component.Relative(s.Since, m.now)},
		{Text: s.From},
		{Text: s.Key, Tone: theme.Faint},
	}
}
