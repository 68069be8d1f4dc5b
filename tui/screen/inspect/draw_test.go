package inspect_test

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// bodies are what terminals of several sizes leave to a screen.
var bodies = []struct {
	name string
	w, h int
}{{"80x24", 80, 20}, {"120x36", 120, 32}, {"60x16", 60, 13}}

// views are ways to look at a file.
func views() map[string][]string {
	return map[string][]string{
		"summary":     nil,
		"metrics":     {"tab"},
		"by-name":     {"tab", "s"},
		"chart":       {"tab", "enter", "pgup", "pgup", "left"},
		"chart-gap":   {"tab", "down", "enter"},
		"chart-empty": {"tab", "end", "enter"},
		"connections": {"right", "right"},
		"dashboards":  {"right", "right", "right"},
		"widgets":     {"right", "right", "right", "enter", "down"},
		"audit":       {"left"},
		"filter":      {"left", "/", "invited"},
		"no-fit":      {"left", "/", "nobody", "enter"},
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, keys := range views() {
		for _, size := range bodies {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				t.Parallel()
				m := shown(t, export(), false, keys...)
				m.SetSize(size.w, size.h)
				needInside(t, m.View(), size.w, size.h)
				tuitest.Golden(t, name+"-"+size.name, ansi.Strip(m.View()))
			})
		}
	}
}

func TestGoldenASCII(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"metrics", "chart", "widgets"} {
		m := shown(t, strings.ReplaceAll(export(), "漢字", "x"), true, views()[name]...)
		m.SetSize(80, 20)
		tuitest.Golden(t, name+"-ascii", ansi.Strip(m.View()))
		for _, r := range m.View() {
			if r > 0x7e {
				t.Errorf("%s: %q is drawn", name, r)
				break
			}
		}
	}
}

// others are files that are not as they should be.
func others() map[string]string {
	whole := export()
	return map[string]string{
		"cut":   whole[:len(whole)/3],
		"empty": "", "html": "<html>", "nothing": "{}",
		"csv": "Type,ID,Name,Value,Unit,Timestamp,Service,Status,Created At\n" +
			"Metric,m_1,=Revenue,15000,USD,2024-03-15T10:30:00Z,stripe,,2024-03-15T10:30:00Z\n" +
			"Connection,conn_1,Stripe,,,,,active,2023-12-01T00:00:00Z\n" +
			"Dashboard,dash_1,Revenue Dashboard,5,widgets,,,custom,2023-12-01T00:00:00Z\n",
	}
}

func TestOtherFiles(t *testing.T) {
	t.Parallel()
	for name, content := range others() {
		m := shown(t, content, false)
		tuitest.Golden(t, "file-"+name, ansi.Strip(m.View()))
	}
}

func TestInsideAnySize(t *testing.T) {
	t.Parallel()
	files := others()
	files["whole"] = export()
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, keys := range views() {
				m := shown(t, content, false, keys...)
				for _, w := range []int{1, 2, 9, 30, 59, 60, 61, 79, 100, 119, 200} {
					for _, h := range []int{0, 1, 2, 3, 5, 12, 13, 14, 20, 58} {
						m.SetSize(w, h)
						if view := m.View(); h > 0 {
							needInside(t, view, w, h)
						}
					}
				}
			}
		})
	}
}

func needInside(t *testing.T, view string, w, h int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) > h {
		t.Errorf("%d×%d: %d lines", w, h, len(lines))
	}
	for _, l := range lines {
		if got := ansi.StringWidth(l); got > w {
			t.Errorf("%d×%d: a line of %d cells: %q", w, h, got, ansi.Strip(l))
		}
	}
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	const evil = `a\u001b]52;c;aGk=\u0007\u001b[2J\u009b31m\u202eRTL \r\nnext`
	content := export()
	for _, s := range []string{"stripe", "Revenue", "oauth", "active", "user_123", "dashboards", "metric-card", "USD", "synced"} {
		content = strings.ReplaceAll(content, `"`+s+`"`, `"`+evil+`"`)
	}
	content = strings.ReplaceAll(content, "Monthly", evil)
	for name, keys := range views() {
		m := shown(t, content, false, keys...)
		m.SetSize(200, 58)
		for _, bad := range []string{"\x1b]52", "\x1b[2J", "\x1b\x1b", "\u009b", "\u202e", "\a", "\r"} {
			if strings.Contains(m.View(), bad) {
				t.Errorf("%s: %q reaches the screen", name, bad)
			}
		}
		needInside(t, m.View(), 200, 58)
	}
}

func TestViewIsPure(t *testing.T) {
	t.Parallel()
	for name, keys := range views() {
		m := shown(t, export(), false, keys...)
		if a, b := m.View(), m.View(); a != b {
			t.Errorf("%s: two views differ", name)
		}
	}
}
