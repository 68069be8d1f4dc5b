package apikey

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// lineOf is where a text is drawn.
func lineOf(t *testing.T, m *Model, part string) int {
	t.Helper()
	for y, l := range strings.Split(ansi.Strip(m.View()), "\n") {
		if strings.Contains(l, part) {
			return y
		}
	}
	t.Fatalf("no %q in\n%s", part, m.View())
	return 0
}

func TestMouseChoosesALine(t *testing.T) {
	t.Parallel()
	m := screen(t)
	now := time.Now()
	m.d.Now = func() time.Time { return now }
	click := func(part string) tea.Cmd {
		return m.Update(tea.MouseClickMsg{X: 4, Y: lineOf(t, m, part), Button: tea.MouseLeft})
	}
	if click("Look around"); m.Typing() {
		t.Error("a click on the demo leaves the cursor in the field")
	}
	if click("Key: "); !m.Typing() {
		t.Error("a click on the field does not bring the cursor there")
	}
	m.Update(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	if m.Typing() {
		t.Error("the wheel does not move the cursor")
	}
	now = now.Add(time.Second)
	if click("Look around") != nil {
		t.Error("one click is enough")
	}
	now = now.Add(100 * time.Millisecond)
	if click("Look around") == nil || m.stage != entering {
		t.Error("a double click does not open the demo")
	}
	if m.Update(tea.MouseClickMsg{X: 4, Y: 99, Button: tea.MouseLeft}) != nil {
		t.Error("a click beside the screen does something")
	}
}
