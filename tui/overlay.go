package tui

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
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

// waiter is an overlay that shows something moving while it waits.
type waiter interface {
	waiting() bool
	ticked(t nav.Tick)
}

// clicker is an overlay that takes clicks, at cells of its own box.
type clicker interface {
	click(m *Model, x, y int, double bool) (cmd tea.Cmd, done bool)
}

// click is where and when something was clicked.
type click struct {
	x, y int
	at   time.Time
}

// doubleClick is the longest time between the two clicks of one.
const doubleClick = 400 * time.Millisecond

// overClick gives a click to the overlay, if it lies on its box.
func (m *Model) overClick(msg tea.MouseClickMsg) tea.Cmd {
	over, ok := m.over.(clicker)
	if !ok || msg.Button != tea.MouseLeft {
		return nil
	}
	box := m.over.view(m, m.w, m.h-1)
	x, y := component.OverAt(box, m.w, m.h-1)
	at := click{msg.X - x, msg.Y - y, m.d.Now()}
	double := at.x == m.clicked.x && at.y == m.clicked.y && at.at.Sub(m.clicked.at) <= doubleClick
	m.clicked = at
	if double {
		m.clicked.at = time.Time{} // a third click is none of a second pair
	}
	before := m.over
	cmd, done := over.click(m, at.x, at.y, double)
	if done && m.over == before {
		m.over = nil
	}
	return cmd
}

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
	inner := min(w-6, 76)
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

// said is one line of the messages: a notice, or a line of the log.
type said struct {
	at    time.Time
	tone  theme.Tone
	mark  string
	text  string
	style lipgloss.Style
}

// messages are the notices and the log's lines, the newest first.
func (m *Model) messages() []said {
	var all []said
	for _, n := range m.notices.log {
		tone := toneOf(n.level)
		all = append(all, said{n.at, tone, m.th.Mark(tone), n.text, m.th.Text})
	}
	for _, l := range m.d.Tail.last() {
		s := said{l.at, theme.Faint, m.th.Glyphs.Sep, l.text, m.th.Muted}
		switch {
		case l.level >= slog.LevelError:
			s.tone, s.mark = theme.Bad, m.th.Mark(theme.Bad)
		case l.level >= slog.LevelWarn:
			s.tone, s.mark = theme.Caution, m.th.Mark(theme.Caution)
		}
		all = append(all, s)
	}
	slices.SortStableFunc(all, func(a, b said) int { return a.at.Compare(b.at) })
	slices.Reverse(all)
	return all
}

// logView shows the notices of this session and the last lines of the log.
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
	for _, n := range m.messages() {
		at := n.at.In(m.d.Location).Format("15:04:05") + " "
		wrapped := strings.Split(lipgloss.Wrap(n.text, max(1, inner-13), ""), "\n")
		for j, l := range wrapped {
			left := m.th.Muted.Render(at) + m.th.Style(n.tone).Render(n.mark) + " "
			if j > 0 {
				left = strings.Repeat(" ", len(at)+2)
			}
			lines = append(lines, left+n.style.Render(strings.TrimRight(l, " ")))
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
	switch {
	case running > 1:
		what = fmt.Sprintf("%d exports are running.", running)
	case moving:
		what = "A transfer is running."
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

func (v *quitView) click(m *Model, x, y int, double bool) (tea.Cmd, bool) {
	if !v.dialog.Click(m.th, m.w, m.h-1, x, y) || !double {
		return nil, false
	}
	return v.update(m, keymap.Press(m.keys.Open.Keys()[0]))
}

func (v *quitView) keys(k *keymap.Map) []keymap.Group { return dialogKeys(k, "Quit?", "stay") }
