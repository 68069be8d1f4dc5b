package component_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

func press(s string) tea.KeyPressMsg {
	switch s {
	case "up":
		return tea.KeyPressMsg{Code: tea.KeyUp}
	case "down":
		return tea.KeyPressMsg{Code: tea.KeyDown}
	case "home":
		return tea.KeyPressMsg{Code: tea.KeyHome}
	case "end":
		return tea.KeyPressMsg{Code: tea.KeyEnd}
	case "enter":
		return tea.KeyPressMsg{Code: tea.KeyEnter}
	case "esc":
		return tea.KeyPressMsg{Code: tea.KeyEscape}
	case "tab":
		return tea.KeyPressMsg{Code: tea.KeyTab}
	case "shift+tab":
		return tea.KeyPressMsg{Code: tea.KeyTab, Mod: tea.ModShift}
	case "backspace":
		return tea.KeyPressMsg{Code: tea.KeyBackspace}
	case "space":
		return tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	case "ctrl+a", "ctrl+c", "ctrl+u", "ctrl+v":
		return tea.KeyPressMsg{Code: rune(s[5]), Mod: tea.ModCtrl}
	default:
		return tea.KeyPressMsg{Code: []rune(s)[0], Text: s}
	}
}

func presses(f *component.Form, keys ...string) {
	for _, k := range keys {
		f.Update(press(k))
	}
}

func letters(n int) []component.Choice {
	c := make([]component.Choice, n)
	for i := range c {
		c[i] = component.Choice{Label: fmt.Sprintf("choice %c", 'A'+i), Value: string(rune('a' + i))}
	}
	return c
}

func anything([]string) error { return nil }

func TestSelectFollowsEveryKey(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		keys []string
		want string
	}{
		{nil, "b"},
		{[]string{"down"}, "c"},
		{[]string{"end"}, "h"},
		{[]string{"G"}, "h"}, // huh moves its cursor and not its value
		{[]string{"home"}, "a"},
		{[]string{"up", "up"}, "h"},
		{[]string{"/", "z", "enter", "esc"}, "b"}, // no filter
		{[]string{"enter", "tab", "shift+tab", "ctrl+c"}, "b"},
	} {
		f := component.NewSelect(theme.New(false), component.Question{Title: "Q"}, letters(8), "b")
		f.SetSize(40, 12)
		presses(f, tt.keys...)
		if f.Text() != tt.want || f.Submit() != nil {
			t.Errorf("%v gives %q, %v; want %q", tt.keys, f.Text(), f.Submit(), tt.want)
		}
		if v := f.View(); !strings.Contains(v, "choice A") {
			t.Errorf("%v draws %q", tt.keys, v)
		}
	}
}

func TestSelectOfAnUnknownValueIsTheFirst(t *testing.T) {
	t.Parallel()
	f := component.NewSelect(theme.New(false), component.Question{Title: "Q"}, letters(3), "zzz")
	f.SetSize(40, 12)
	if f.Text() != "a" {
		t.Errorf("value is %q", f.Text())
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	few := errors.New("too few")
	f := component.NewChecks(theme.New(false), component.Question{Title: "Q"}, letters(4), []string{"b"}, func(v []string) error {
		if len(v) == 0 {
			return few
		}
		return nil
	})
	f.SetSize(40, 12)
	presses(f, "down", "space") // b goes
	if !errors.Is(f.Err(), few) || !errors.Is(f.Submit(), few) {
		t.Errorf("nothing chosen: %v", f.Err())
	}
	presses(f, "ctrl+a")
	if !slices.Equal(f.Values(), []string{"a", "b", "c", "d"}) || f.Submit() != nil {
		t.Errorf("all: %v, %v", f.Values(), f.Submit())
	}
	presses(f, "end", "x")
	if !slices.Equal(f.Values(), []string{"a", "b", "c"}) {
		t.Errorf("without the last: %v", f.Values())
	}
}

// With a filter that matches nothing huh's multi-select panics at the next toggle.
func TestChecksHaveNoFilterThatPanics(t *testing.T) {
	t.Parallel()
	f := component.NewChecks(theme.New(false), component.Question{Title: "Q"}, letters(4), nil, anything)
	f.SetSize(40, 12)
	presses(f, "/", "z", "down", "backspace", "enter", "x")
	if !slices.Equal(f.Values(), []string{"b"}) {
		t.Errorf("values are %v", f.Values())
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	f := component.NewInput(theme.New(false), component.Question{Title: "Q", Hint: "H"}, "hold", "", func(s string) error {
		if strings.Contains(s, "!") {
			return errors.New("no noise")
		}
		return nil
	})
	f.SetSize(40, 8)
	if v := ansi.Strip(f.View()); !strings.Contains(v, "hold") || !strings.Contains(v, "H") {
		t.Errorf("draws %q", v)
	}
	presses(f, "a", "?", "q", "!")
	if f.Text() != "a?q!" || f.Err() == nil {
		t.Errorf("text %q, error %v", f.Text(), f.Err())
	}
	presses(f, "backspace", "ctrl+v", "tab", "enter", "esc")
	f.Update(tea.PasteMsg{Content: "漢字"})
	if f.Text() != "a?q漢字" || f.Submit() != nil {
		t.Errorf("text %q, error %v", f.Text(), f.Submit())
	}
	f.SetText("/tmp/")
	presses(f, "x")
	if f.Text() != "/tmp/x" {
		t.Errorf("after SetText the text is %q", f.Text())
	}
}

func TestFormTakesOnlyKeysAndPaste(t *testing.T) {
	t.Parallel()
	f := component.NewSelect(theme.New(false), component.Question{Title: "Q"}, letters(3), "b")
	f.SetSize(40, 12)
	before := f.View()
	for _, m := range []tea.Msg{tea.WindowSizeMsg{Width: 3, Height: 3}, tea.BackgroundColorMsg{}, tea.FocusMsg{}, nil} {
		f.Update(m)
	}
	if f.View() != before {
		t.Error("the form changed")
	}
}

func TestFormSizes(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	q := component.Question{Title: "A question that is long enough to wrap", Hint: "And a hint that is even longer than the question above it."}
	for name, f := range map[string]*component.Form{
		"select": component.NewSelect(th, q, letters(8), "c"),
		"checks": component.NewChecks(th, q, letters(8), []string{"c"}, anything),
		"input":  component.NewInput(th, q, "placeholder", strings.Repeat("漢字 text ", 30), func(string) error { return nil }),
	} {
		t.Run(name, func(t *testing.T) {
			f.SetSize(60, 14)
			presses(f, "down", "down")
			before := f.View()
			for _, w := range []int{0, 1, 2, 5, 21, 59, 120} {
				for _, h := range []int{0, 1, 2, 5, 40} {
					f.SetSize(w, h)
					lines := strings.Split(f.View(), "\n")
					if len(lines) > max(1, h) {
						t.Fatalf("%dx%d: %d lines", w, h, len(lines))
					}
					for _, l := range lines {
						if ansi.StringWidth(l) > w {
							t.Fatalf("%dx%d: %q", w, h, ansi.Strip(l))
						}
					}
				}
			}
			f.SetSize(60, 14)
			if after := f.View(); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

func TestFormFollowsTheTheme(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	f := component.NewSelect(th, component.Question{Title: "Q"}, letters(3), "b")
	f.SetSize(40, 12)
	presses(f, "down")
	dark := f.View()
	th.Set(false)
	light := f.View()
	if dark == light || ansi.Strip(dark) != ansi.Strip(light) || f.Text() != "c" {
		t.Errorf("dark:\n%q\nlight:\n%q", dark, light)
	}
}
