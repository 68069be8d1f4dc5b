package newexport

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

func (m *Model) wheel(msg tea.MouseWheelMsg) {
	by, arrow := 3, tea.KeyDown
	switch msg.Button {
	case tea.MouseWheelUp:
		by, arrow = -3, tea.KeyUp
	case tea.MouseWheelDown:
	default:
		return
	}
	switch {
	case m.step == summary:
		m.pager.By(by)
	case !m.Typing():
		m.form.Update(tea.KeyPressMsg{Code: arrow})
	}
}

// doubleClick is the longest time between the two clicks of one.
const doubleClick = 400 * time.Millisecond

// click puts the cursor on a choice; a double click takes it.
func (m *Model) click(msg tea.MouseClickMsg) tea.Cmd {
	if msg.Button != tea.MouseLeft || m.form == nil || m.Typing() {
		return nil
	}
	before := m.form.At()
	if !m.form.Click(msg.Y - len(m.head())) {
		return nil
	}
	now := m.d.Now()
	double := before == m.form.At() && now.Sub(m.clickAt) <= doubleClick
	m.clickAt = now
	switch {
	case !double:
		return nil
	case m.step == askData:
		return m.edit(tea.KeyPressMsg{Code: tea.KeySpace, Text: " "})
	}
	m.clickAt = time.Time{}
	return m.next()
}
