package apikey

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// way is a line that can be chosen while a key is asked for.
type way struct {
	label string
	do    func() tea.Cmd
}

// ways are the lines under the field; the field itself is line 0.
func (m *Model) ways() []way {
	var w []way
	switch {
	case !m.key.IsZero():
		w = append(w, way{"Check the same key again", m.again})
	case m.unfound:
		w = append(w, way{"Look for the stored key again", m.again})
	}
	return append(w, way{"Look around without a key: the demo", m.demo})
}

// again repeats what went wrong.
func (m *Model) again() tea.Cmd {
	m.wipe()
	switch {
	case !m.key.IsZero():
		return m.check(m.key)
	case m.unfound:
		m.note = note{}
		return m.find()
	}
	return nil
}

// canAgain reports whether there is something to repeat.
func (m *Model) canAgain() bool { return !m.key.IsZero() || m.unfound }

func (m *Model) press(msg tea.KeyPressMsg) tea.Cmd {
	if key.Matches(msg, m.d.Keys.Back) {
		m.leave()
		return nil
	}
	switch m.stage {
	case asking:
		return m.pressAsking(msg)
	case choosing:
		return m.pressChoosing(msg)
	}
	return nil
}

// leave is esc: it ends what is under way, or empties the field.
func (m *Model) leave() {
	was := m.stage
	m.halt()
	switch was {
	case finding:
		m.ask(note{theme.Accent, "The search for a stored key was ended."})
		m.unfound = true
	case keeping:
		m.stage = choosing
	case asking:
		m.wipe()
	default:
		m.ask(note{})
	}
}

func (m *Model) pressAsking(msg tea.KeyPressMsg) tea.Cmd {
	k, ways := m.d.Keys, m.ways()
	arrow := msg.Text == "" // j and k are text in the field
	switch {
	case key.Matches(msg, k.NextField), arrow && key.Matches(msg, k.Down):
		m.way = (m.way + 1) % (len(ways) + 1)
		return nil
	case key.Matches(msg, k.PrevField), arrow && key.Matches(msg, k.Up):
		m.way = (m.way + len(ways)) % (len(ways) + 1)
		return nil
	case m.way == 0:
		return m.pressField(msg)
	case key.Matches(msg, k.Open):
		return ways[m.way-1].do()
	case key.Matches(msg, k.Refresh) && m.canAgain():
		return m.again()
	case key.Matches(msg, k.Down):
		m.way = min(m.way+1, len(ways))
	case key.Matches(msg, k.Up):
		m.way--
	}
	return nil
}

func (m *Model) pressField(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case key.Matches(msg, k.Next):
		typed, wrong := m.take()
		if wrong != "" {
			m.note = note{theme.Bad, wrong}
			return nil
		}
		return m.check(typed)
	case key.Matches(msg, k.ClearField):
		m.wipe()
	case msg.String() == "backspace":
		if n := len(m.typed); n > 0 {
			m.typed[n-1] = 0
			m.typed = m.typed[:n-1]
		}
	case msg.Text != "":
		m.add(msg.Text)
	}
	return nil
}

func (m *Model) pressChoosing(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case key.Matches(msg, k.Open):
		return m.keep()
	case key.Matches(msg, k.Up, k.PrevField):
		m.place = max(0, m.place-1)
	case key.Matches(msg, k.Down, k.NextField):
		m.place = min(m.usable()-1, m.place+1)
	case key.Matches(msg, k.Top):
		m.place = 0
	case key.Matches(msg, k.Bottom):
		m.place = m.usable() - 1
	}
	return nil
}

// Keys are the bindings that work now.
func (m *Model) Keys() []keymap.Group {
	k := m.d.Keys
	var b []key.Binding
	switch m.stage {
	case finding:
		b = append(b, keymap.Named(k.Back, "another way"))
	case asking:
		b = m.askingKeys()
	case choosing:
		b = append(b, keymap.Named(k.Open, "keep it there"), keymap.Named(k.Back, "another key"), k.Up, k.Down)
	default:
		b = append(b, keymap.Named(k.Back, "cancel"))
	}
	return []keymap.Group{{Name: "Key", Bindings: b}}
}

func (m *Model) askingKeys() []key.Binding {
	k := m.d.Keys
	var b []key.Binding
	if m.way == 0 {
		b = append(b, keymap.Named(k.Next, "check the key"), keymap.Named(k.NextField, "other ways"))
	} else {
		b = append(b, keymap.Named(k.Open, "do it"))
		if m.canAgain() {
			b = append(b, keymap.Named(k.Refresh, "try again"))
		}
		b = append(b, k.NextField)
	}
	if len(m.typed) > 0 {
		b = append(b, keymap.Named(k.Back, "clear"))
		if m.way == 0 {
			b = append(b, k.ClearField)
		}
	}
	return b
}
