package inspect_test

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/nav"
)

func TestTabs(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false)
	for _, step := range []struct{ key, tab string }{
		{"right", "[Metrics 4]"},
		{"tab", "[Connections 3]"},
		{"right", "[Dashboards 2]"},
		{"right", "[Audit log 40]"},
		{"right", "[Summary]"},
		{"shift+tab", "[Audit log 40]"},
		{"left", "[Dashboards 2]"},
	} {
		press(m, step.key)
		need(t, m, step.tab)
	}
}

func TestSort(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false, "tab")
	first := func() string {
		lines := strings.Split(ansi.Strip(m.View()), "\n")
		return strings.TrimSpace(strings.TrimLeft(lines[3], "▸ "))
	}
	need(t, m, "▸ Monthly")
	for _, want := range []string{"Monthly", "Uptime", "Monthly", "Monthly", "Monthly"} {
		press(m, "s")
		if !strings.HasPrefix(first(), want) {
			t.Errorf("first is %q, want %s", first(), want)
		}
		need(t, m, "▸ Monthly") // the cursor stays on its metric
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false, "left", "/")
	if !m.Typing() || m.Cursor() == nil || m.Cursor().Y != 19 {
		t.Error("it takes no text")
	}
	press(m, "q INVITED") // letters are text
	need(t, m, "/ q INVITED", "Nothing fits")
	press(m, "esc")
	if m.Typing() || m.HoldsEsc() {
		t.Error("esc does not leave the filter")
	}
	press(m, "/", "INVITED", "down", "enter")
	need(t, m, "2 of 10", `that fit "invited"`)
	needNot(t, m, "dashboard_created")
	if m.Typing() || !m.HoldsEsc() {
		t.Error("esc does not clear the filter")
	}
	press(m, "left") // the filter is that of a tab
	need(t, m, "[Dashboards 2]", "Revenue")
	press(m, "/")
	m.Update(tea.PasteMsg{Content: "churn"}) // one of its widgets
	need(t, m, "Revenue Dashboard", "/ churn")
	press(m, "esc", "/")
	m.Update(tea.PasteMsg{Content: "\x1b[31mchu\u202ern\r\n"}) // what acts on a terminal stays out
	need(t, m, "Nothing fits", "/ [31mchurn")
	press(m, "esc", "/")
	m.Update(tea.PasteMsg{Content: "chu\u202ern\a"})
	needNot(t, m, "Empty one")
	press(m, "enter", "right")
	need(t, m, `that fit "invited"`)
	press(m, "esc")
	need(t, m, "1 of 40", "dashboard_created")
}

func TestCopies(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false)
	for _, c := range []struct {
		keys []string
		want nav.Copy
	}{
		{[]string{"y"}, nav.Copy{What: "path", Text: path}},
		{[]string{"Y"}, nav.Copy{What: "shell command", Text: "dashtray-tui inspect " + path}},
		{[]string{"tab", "c"}, nav.Copy{What: "id", Text: "stripe_mrr"}},
		{[]string{"tab", "c"}, nav.Copy{What: "id", Text: "conn_1"}},
		{[]string{"tab", "enter", "down", "down", "c"}, nav.Copy{What: "id", Text: "widget_dash_1_1"}},
		{[]string{"tab", "c"}, nav.Copy{What: "id", Text: "dash_39"}},
	} {
		if got := press(m, c.keys...); len(got) != 1 || got[0] != c.want {
			t.Errorf("%v: %v, want %v", c.keys, got, c.want)
		}
	}
}

func TestMouse(t *testing.T) {
	t.Parallel()
	m := shown(t, export(), false, "tab")
	click := tea.MouseClickMsg{X: 5, Y: 4, Button: tea.MouseLeft}
	m.Update(click)
	need(t, m, "▸ Pageviews")
	m.Update(click)
	need(t, m, "of 74", "└")
	m.Update(tea.MouseWheelMsg{Button: tea.MouseWheelUp})
	need(t, m, "71 of 74")
	m.Update(tea.MouseClickMsg{X: 79, Y: 9, Button: tea.MouseLeft})
	need(t, m, "74 of 74")
	m.Update(tea.MouseClickMsg{X: 5, Y: 9, Button: tea.MouseLeft})
	need(t, m, "1 of 74")
	press(m, "esc")
	m.Update(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	need(t, m, "▸ Nothing yet")
}

func TestTabsTakeClicks(t *testing.T) {
	t.Parallel()
	for _, w := range []int{80, 60, 40} { // with their numbers, without, and cut
		m := shown(t, export(), false)
		m.SetSize(w, 20)
		for _, name := range []string{"Metrics", "Summary", "Connections"} {
			bar, _, _ := strings.Cut(ansi.Strip(m.View()), "\n")
			m.Update(tea.MouseClickMsg{X: strings.Index(bar, name), Y: 0, Button: tea.MouseLeft})
			need(t, m, "["+name)
		}
		before := m.View()
		m.Update(tea.MouseClickMsg{X: 79, Y: 0, Button: tea.MouseLeft})
		if m.View() != before {
			t.Errorf("%d wide: a click beside the tabs turns to another", w)
		}
	}
}

// TestKeysDoSomething: what the help tells can be done, and is told once.
func TestKeysDoSomething(t *testing.T) {
	t.Parallel()
	for name, keys := range views() {
		m := shown(t, export(), false, keys...)
		seen := map[string]bool{}
		for _, g := range m.Keys() {
			for _, b := range g.Bindings {
				for _, k := range b.Keys() {
					if seen[k] {
						t.Errorf("%s: %q has two meanings", name, k)
					}
					seen[k] = true
				}
			}
		}
	}
}
