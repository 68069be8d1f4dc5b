package apikey

import (
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// doubleClick is the longest time between the two clicks of one.
const doubleClick = 400 * time.Millisecond

// click puts the cursor on the line that was clicked; a double click does what
// enter does there.
func (m *Model) click(msg tea.MouseClickMsg) tea.Cmd {
	i := m.lineAt(msg.Y)
	if msg.Button != tea.MouseLeft || i < 0 {
		return nil
	}
	at := &m.way
	if m.stage == choosing {
		at = &m.place
	}
	now := m.d.Now()
	double := *at == i && now.Sub(m.clickAt) <= doubleClick
	*at, m.clickAt = i, now
	switch {
	case !double:
	case m.stage == choosing:
		return m.keep()
	case i > 0:
		return m.ways()[i-1].do()
	}
	return nil
}

// lineAt is which of the lines that can be chosen is drawn at y, -1 if none is.
func (m *Model) lineAt(y int) int {
	lines := strings.Split(ansi.Strip(m.View()), "\n")
	if y < 0 || y >= len(lines) {
		return -1
	}
	for i, label := range m.labels() {
		if strings.HasPrefix(strings.TrimPrefix(lines[y], m.d.Theme.Glyphs.Cursor), " "+label) ||
			strings.HasPrefix(lines[y], "  "+label) {
			return i
		}
	}
	return -1
}

// labels are what the lines that can be chosen begin with.
func (m *Model) labels() []string {
	var labels []string
	switch m.stage {
	case asking:
		labels = append(labels, fieldLabel)
		for _, w := range m.ways() {
			labels = append(labels, w.label)
		}
	case choosing:
		for _, p := range m.places[:m.usable()] {
			labels = append(labels, safe(p.Name))
		}
	}
	return labels
}

// wheel moves the cursor.
func (m *Model) wheel(msg tea.MouseWheelMsg) {
	at := &m.way
	if m.stage == choosing {
		at = &m.place
	}
	last := len(m.labels()) - 1
	switch msg.Button {
	case tea.MouseWheelUp:
		*at = max(0, min(*at-1, last))
	case tea.MouseWheelDown:
		*at = max(0, min(*at+1, last))
	}
}
