package tuitest

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/nav"
)

// Host is the least root: it draws one screen and keeps what the screen asks for.
type Host struct {
	Screen nav.Screen
	Got    []tea.Msg
}

// Init is the tea.Model's.
func (h *Host) Init() tea.Cmd { return h.Screen.Init() }

// Update is the tea.Model's.
func (h *Host) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		h.Screen.SetSize(msg.Width, msg.Height)
		return h, nil
	case nav.Open, nav.Copy, nav.Back, nav.Toast:
		h.Got = append(h.Got, msg)
		return h, nil
	}
	return h, h.Screen.Update(msg)
}

// View is the tea.Model's.
func (h *Host) View() tea.View {
	v := tea.NewView(h.Screen.View())
	v.AltScreen = true
	return v
}

// Messages runs a Cmd and gives what it and those inside of it answer.
func Messages(cmd tea.Cmd) (out []tea.Msg) {
	if cmd == nil {
		return nil
	}
	msg := cmd()
	if batch, ok := msg.(tea.BatchMsg); ok {
		for _, c := range batch {
			out = append(out, Messages(c)...)
		}
		return out
	}
	if msg != nil {
		out = append(out, msg)
	}
	return out
}

// Need gives the first message of a type, and fails the test if there is none.
func Need[T any](tb testing.TB, msgs []tea.Msg) (found T) {
	tb.Helper()
	for _, m := range msgs {
		if got, ok := m.(T); ok {
			return got
		}
	}
	tb.Fatalf("no %T among %#v", found, msgs)
	return found
}

// Inside fails the test unless a view fits on w×h cells.
func Inside(tb testing.TB, view string, w, h int) {
	tb.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) > h {
		tb.Errorf("%d×%d: %d lines", w, h, len(lines))
	}
	for _, l := range lines {
		if got := ansi.StringWidth(l); got > w {
			tb.Errorf("%d×%d: a line of %d cells: %q", w, h, got, ansi.Strip(l))
		}
	}
}

// ASCII fails the test if there is anything else in a view.
func ASCII(tb testing.TB, name, view string) {
	tb.Helper()
	for _, r := range view {
		if r > 0x7e {
			tb.Errorf("%s: %q in\n%s", name, r, ansi.Strip(view))
			return
		}
	}
}
