package tui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
)

// overlay lies over the screens and takes all keys.
type overlay interface {
	// update takes a key; done closes the overlay.
	update(m *Model, msg tea.KeyPressMsg) (cmd tea.Cmd, done bool)
	wheel(msg tea.MouseWheelMsg)
	// view draws it in at most w×h cells.
	view(m *Model, w, h int) string
	keys(k *keymap.Map) []keymap.Group
}

// paster is an overlay that takes pasted text.
type paster interface{ paste(tea.PasteMsg) }

func (m *Model) overKey(msg tea.KeyPressMsg) tea.Cmd {
	over := m.over
	cmd, done := over.update(m, msg)
	if done && m.over == over {
		m.over = nil
	}
	return cmd
}

// wheelLines is how far one notch of the wheel scrolls.
const wheelLines = 3

func wheelBy(p *component.Pager, msg tea.MouseWheelMsg) {
	switch msg.Button {
	case tea.MouseWheelUp:
		p.By(-wheelLines)
	case tea.MouseWheelDown:
		p.By(wheelLines)
	}
}

// helpView lists every binding, and finds them by what is typed after "/".
type helpView struct {
	groups    []keymap.Group
	pager     component.Pager
	query     string
	searching bool
}

func newHelp(groups []keymap.Group) *helpView { return &helpView{groups: groups} }

func (v *helpView) update(m *Model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if v.searching {
		v.search(m.keys, msg)
		return nil, false
	}
	switch {
	case v.pager.Update(m.keys, msg):
	case key.Matches(msg, m.keys.Filter):
		v.searching = true
	case key.Matches(msg, m.keys.Back) && v.query != "":
		v.query = ""
	case key.Matches(msg, m.keys.Back, m.keys.Help, m.keys.Quit):
		return nil, true
	}
	return nil, false
}

// search edits the query.
func (v *helpView) search(k *keymap.Map, msg tea.KeyPressMsg) {
	switch {
	case key.Matches(msg, k.Back):
		v.searching, v.query = false, ""
	case key.Matches(msg, k.Open):
		v.searching = false
	case msg.String() == "backspace":
		if r := []rune(v.query); len(r) > 0 {
			v.query = string(r[:len(r)-1])
		}
	case msg.Text != "" && len(v.query) < 40:
		v.query += msg.Text
	}
}

func (v *helpView) wheel(msg tea.MouseWheelMsg) { wheelBy(&v.pager, msg) }

func (v *helpView) view(m *Model, w, h int) string {
	inner := min(w-6, 56)
	title := "Help"
	if m.d.Version != "" {
		title += " " + m.th.Glyphs.Sep + " dashtray-tui " + m.d.Version
	}
	var head []string
	if v.searching || v.query != "" {
		cursor := ""
		if v.searching {
			cursor = "_"
		}
		head = []string{m.th.Accent.Render("/" + v.query + cursor), ""}
	}
	lines := component.Help(m.th, v.groups, v.query, inner-2)
	v.pager.SetSize(inner, min(len(lines), h-4-len(head)))
	v.pager.SetLines(lines)
	return component.Box(m.th, title, append(head, strings.Split(v.pager.View(m.th), "\n")...), inner, h)
}

func (v *helpView) keys(k *keymap.Map) []keymap.Group {
	if v.searching {
		return []keymap.Group{{Bindings: []key.Binding{keymap.Named(k.Open, "keep"), keymap.Named(k.Back, "clear")}}}
	}
	return []keymap.Group{{Bindings: []key.Binding{k.Up, k.Down, keymap.Named(k.Filter, "find a key"), keymap.Named(k.Back, "close")}}}
}

// logView shows the notices of this session, the newest first.
type logView struct{ pager component.Pager }

func (v *logView) update(m *Model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	if v.pager.Update(m.keys, msg) {
		return nil, false
	}
	return nil, key.Matches(msg, m.keys.Back, m.keys.Log, m.keys.Quit)
}

func (v *logView) wheel(msg tea.MouseWheelMsg) { wheelBy(&v.pager, msg) }

func (v *logView) view(m *Model, w, h int) string {
	inner := w - 6
	var lines []string
	for i := len(m.notices.log) - 1; i >= 0; i-- {
		n := m.notices.log[i]
		tone := toneOf(n.level)
		at := n.at.In(m.d.Location).Format("15:04:05") + " "
		wrapped := strings.Split(lipgloss.Wrap(n.text, max(1, inner-13), ""), "\n")
		for j, l := range wrapped {
			left := m.th.Muted.Render(at) + m.th.Style(tone).Render(m.th.Mark(tone)) + " "
			if j > 0 {
				left = strings.Repeat(" ", len(at)+2)
			}
			lines = append(lines, left+m.th.Text.Render(strings.TrimRight(l, " ")))
		}
	}
	if len(lines) == 0 {
		lines = []string{m.th.Muted.Render("No messages so far.")}
	}
	v.pager.SetSize(inner, min(len(lines), h-4))
	v.pager.SetLines(lines)
	return component.Box(m.th, "Messages", strings.Split(v.pager.View(m.th), "\n"), inner, h)
}

func (v *logView) keys(k *keymap.Map) []keymap.Group {
	return []keymap.Group{{Bindings: []key.Binding{k.Up, k.Down, keymap.Named(k.Back, "close")}}}
}

// quitView asks before quitting while something runs.
type quitView struct{ dialog component.Dialog }

func newQuit(jobs []job.Snapshot) *quitView {
	running, moving := 0, false
	for _, s := range jobs {
		if !s.Step.Over() {
			running++
			moving = moving || s.Step == job.StepTransferring || s.Step == job.StepVerifying
		}
	}
	what := "An export is running."
	if running > 1 {
		what = fmt.Sprintf("%d exports are running.", running)
	}
	then := "Quitting stops nothing at the server: an export goes on there, and the same export started again picks it up."
	if moving {
		then += " What has arrived of a file is kept, and the transfer goes on from there."
	}
	return &quitView{component.Dialog{Title: "Quit?", Text: []string{what, then}, Answers: []string{"Stay", "Quit"}}}
}

func (v *quitView) update(m *Model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	answer, done := v.dialog.Update(m.keys, msg)
	if done && answer == 1 {
		return m.quit(), true
	}
	return nil, done
}

func (v *quitView) wheel(tea.MouseWheelMsg) {}

func (v *quitView) view(m *Model, w, h int) string { return v.dialog.View(m.th, w, h) }

func (v *quitView) keys(k *keymap.Map) []keymap.Group {
	return []keymap.Group{{Name: "Quit?", Bindings: []key.Binding{
		k.Left, k.Right, keymap.Named(k.Open, "choose"), keymap.Named(k.Back, "stay"),
	}}}
}
