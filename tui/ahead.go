package tui

import (
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/nav"
)

// ahead holds the keys that are typed ahead: before the size is known, and
// while a key may still lead to another screen. Keys come in one piece over a
// slow line or from a script, faster than the answer to the first of them, and
// the second must not go to the screen that the first one leaves.
type ahead struct {
	keys  []tea.KeyPressMsg
	gen   int
	until time.Time // a key is at work, but not longer than that; zero: none is
}

const (
	aheadKeys = 64
	aheadTime = 50 * time.Millisecond
)

// keyDone says that the Cmd of a key has given its answer, or that it takes
// too long to be waited for.
type keyDone struct {
	gen  int
	wish tea.Msg // to be done first; nil is nothing
}

// press does what a key does, now or as soon as those before it have done it.
// ctrl+c waits for nothing.
func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	a, now := &m.ahead, m.d.Now()
	held := m.unsized() || now.Before(a.until)
	if key.Matches(msg, m.keys.Interrupt) || (!held && len(a.keys) == 0) {
		return m.work(msg, now)
	}
	if len(a.keys) < aheadKeys {
		a.keys = append(a.keys, msg)
	}
	switch {
	case !held: // those before it waited long enough, too
		return m.release()
	case m.unsized() || len(a.keys) > 1:
		return nil
	}
	gen := a.gen
	return after(m.ctx, aheadTime, func() tea.Msg { return keyDone{gen: gen} })
}

// work does what a key does and notes that it is at work until it answers.
// What is typed as text leads nowhere else, so that nothing waits for it.
func (m *Model) work(msg tea.KeyPressMsg, now time.Time) tea.Cmd {
	text := msg.Text != "" && m.typing()
	cmd := m.key(msg)
	if cmd == nil || text {
		return cmd
	}
	a := &m.ahead
	a.gen++
	a.until = now.Add(aheadTime)
	gen := a.gen
	return func() tea.Msg {
		switch msg := cmd().(type) {
		case signed, nav.Toast, nav.Copy, nav.Check, nav.Folder, nav.Delete:
			return keyDone{gen, msg}
		case nil:
			return keyDone{gen: gen}
		default: // Bubble Tea's own, or an answer that may come at any time
			return tea.BatchMsg{func() tea.Msg { return msg }, func() tea.Msg { return keyDone{gen: gen} }}
		}
	}
}

// keyDone does what a key wished for, and then the keys behind it.
func (m *Model) keyDone(msg keyDone) tea.Cmd {
	var cmd tea.Cmd
	if msg.wish != nil {
		cmd = m.update(msg.wish)
	}
	if msg.gen != m.ahead.gen {
		return cmd
	}
	m.ahead.until = time.Time{}
	return tea.Batch(cmd, m.release())
}

// release does what the keys do that were typed ahead.
func (m *Model) release() tea.Cmd {
	var cmds []tea.Cmd
	keys := m.ahead.keys
	m.ahead.keys = nil
	for _, k := range keys {
		cmds = append(cmds, m.press(k))
	}
	return tea.Batch(cmds...)
}
