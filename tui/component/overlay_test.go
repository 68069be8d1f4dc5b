package component_test

import (
	"strings"
	"testing"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

func groups() []keymap.Group {
	k := keymap.Default(false)
	off := k.Stop
	off.SetEnabled(false)
	return []keymap.Group{
		{Name: "First", Bindings: []key.Binding{k.New, k.Download, off}},
		{Name: "Rest", Bindings: []key.Binding{k.Up, k.Quit, k.Help}},
	}
}

func TestFooter(t *testing.T) {
	t.Parallel()
	th, k := theme.New(false), keymap.Default(false)
	does := groups()[0]
	all := []keymap.Group{does, {Bindings: []key.Binding{k.Up, k.Down}}, {Bindings: []key.Binding{k.Back, k.Help}}}
	for _, tt := range []struct {
		w    int
		want string
	}{
		{80, "n new export  d download  ↑ up  ↓ down  esc back  ? help"},
		{56, "n new export  d download  ↑ up  ↓ down  esc back  ? help"},
		{55, "n new export  d download  ↑ up  …  esc back  ? help"},
		{33, "n new export  …  esc back  ? help"},
		{32, "…  esc back  ? help"},
		{12, "…  ? help"},
		{4, "…  …"},
	} {
		if got := ansi.Strip(component.Footer(th, all, tt.w)); got != tt.want {
			t.Errorf("%d: %q, want %q", tt.w, got, tt.want)
		}
	}
	if got := component.Footer(th, nil, 80); got != "" {
		t.Errorf("nothing: %q", got)
	}
}

func TestHelpFindsBindings(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	for query, want := range map[string]string{
		"":         "First|  n    new export|  d    download||Rest|  ↑ k  up|  q    quit|  ?    help",
		"DOWN":     "First|  d    download",
		" rest ":   "Rest|  ↑ k  up|  q    quit|  ?    help",
		"stop":     "No key for that.", // it is off
		"no such":  "No key for that.",
		"k  ":      "Rest|  ↑ k  up",
		"new expo": "First|  n    new export",
	} {
		got := ansi.Strip(strings.Join(component.Help(th, groups(), query, 40), "|"))
		if got != want {
			t.Errorf("%q: %q", query, got)
		}
	}
	for _, l := range component.Help(th, groups(), "", 9) {
		if ansi.StringWidth(l) > 9 {
			t.Errorf("%q is too wide", l)
		}
	}
}

func TestDialog(t *testing.T) {
	t.Parallel()
	k := keymap.Default(false)
	for _, tt := range []struct {
		keys   []string
		answer int
	}{
		{[]string{"enter"}, 0},
		{[]string{"esc"}, 0},
		{[]string{"tab", "enter"}, 1},
		{[]string{"tab", "esc"}, 0},
		{[]string{"shift+tab", "enter"}, 2},
		{[]string{"tab", "tab", "tab", "enter"}, 0},
		{[]string{"y", "q", "space", "enter"}, 0},
	} {
		d := component.Dialog{Title: "T", Text: []string{"text"}, Answers: []string{"no", "yes", "maybe"}}
		for i, name := range tt.keys {
			answer, done := d.Update(k, press(name))
			if last := i == len(tt.keys)-1; done != last || (last && answer != tt.answer) {
				t.Errorf("%v: after %s %d, %v", tt.keys, name, answer, done)
			}
		}
	}
	d := component.Dialog{Title: "Title", Text: []string{strings.Repeat("words ", 60)}, Answers: []string{"no", "yes"}}
	for w := 6; w < 90; w += 7 {
		for h := 4; h < 20; h += 3 {
			v := d.View(theme.New(false), w, h)
			if lipgloss.Width(v) > w || lipgloss.Height(v) > h {
				t.Errorf("%dx%d: the box is %dx%d", w, h, lipgloss.Width(v), lipgloss.Height(v))
			}
			if w > 30 && !strings.Contains(ansi.Strip(v), "▸ no") {
				t.Errorf("%dx%d: no answers:\n%s", w, h, ansi.Strip(v))
			}
		}
	}
}

func TestOverKeepsTheScreenItsSize(t *testing.T) {
	t.Parallel()
	screen := strings.TrimSuffix(strings.Repeat("漢字漢字漢字漢字漢字\n", 8), "\n")
	box := component.Box(theme.New(false), "T", []string{"a", "b"}, 5, 8)
	got := component.Over(screen, box, 20, 8)
	if lipgloss.Width(got) > 20 || lipgloss.Height(got) > 8 || !strings.Contains(ansi.Strip(got), "│ a     │") {
		t.Errorf("%dx%d:\n%s", lipgloss.Width(got), lipgloss.Height(got), ansi.Strip(got))
	}
	if component.Over(screen, box, 0, 0) != "" {
		t.Error("a screen of no cells has something on it")
	}
}

func TestPager(t *testing.T) {
	t.Parallel()
	k, th := keymap.Default(false), theme.New(false)
	var p component.Pager
	if p.View(th) != "" || p.Overflows() {
		t.Error("the zero value shows something")
	}
	p.SetSize(12, 3)
	p.SetLines(strings.Split("one two three four five six", " "))
	for _, tt := range []struct{ key, want string }{
		{"up", "one|two|three      ↓"},
		{"down", "two        ↑|three|four       ↓"},
		{"end", "four       ↑|five|six"},
		{"down", "four       ↑|five|six"},
		{"home", "one|two|three      ↓"},
		{"pgdown", "three      ↑|four|five       ↓"},
	} {
		msg := press(tt.key)
		if tt.key == "pgdown" {
			msg = tea.KeyPressMsg{Code: tea.KeyPgDown}
		}
		if !p.Update(k, msg) {
			t.Errorf("%s was not taken", tt.key)
		}
		if got := strings.ReplaceAll(ansi.Strip(p.View(th)), "\n", "|"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.key, got, tt.want)
		}
	}
	p.SetLines([]string{"a line that is too long", "b"})
	if got := ansi.Strip(p.View(th)); got != "a line that…\nb" {
		t.Errorf("%q", got)
	}
	if p.Update(k, press("z")) {
		t.Error("z was taken")
	}
}
