package tui

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// roomy is the height from which on the header has a rule under it.
const roomy = 20

// headerHeight is how many lines stand above the body.
func (m *Model) headerHeight() int {
	if m.h >= roomy {
		return 2
	}
	return 1
}

// bodyHeight is what is left between the header and the two lines for a notice
// and the keys.
func (m *Model) bodyHeight() int { return max(0, m.h-m.headerHeight()-2) }

// View is the tea.Model's. It draws what stands in the model; only a screen
// that panics while it draws is marked as broken.
func (m *Model) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen = true
	v.ReportFocus = true
	v.WindowTitle = m.title()
	v.ProgressBar = m.progressBar()
	if m.mouse {
		v.MouseMode = tea.MouseModeCellMotion
	}
	if m.over == nil && !m.tooSmall() {
		v.Cursor = m.cursor()
	}
	return v
}

func (m *Model) draw() string {
	switch {
	case m.unsized():
		return ""
	case m.tooSmall():
		return m.drawTooSmall()
	}
	lines := make([]string, 0, m.h)
	lines = append(lines, m.header())
	if m.headerHeight() == 2 {
		lines = append(lines, m.th.Border.Render(strings.Repeat(m.th.Glyphs.Rule, m.w)))
	}
	body := strings.Split(m.body(), "\n")
	for i := range m.bodyHeight() {
		line := ""
		if i < len(body) {
			line = component.Cut(m.th, body[i], m.w)
		}
		lines = append(lines, line)
	}
	lines = append(lines, m.notices.line(m.th, m.w), component.Footer(m.th, m.footerKeys(), m.w))
	screen := strings.Join(lines, "\n")
	if m.over == nil {
		return screen
	}
	// The last line stays visible: it tells the keys of the overlay.
	return component.Over(strings.Join(lines[:m.h-1], "\n"), m.over.view(m, m.w, m.h-1), m.w, m.h-1) +
		"\n" + lines[m.h-1]
}

// drawTooSmall is one line, the longest that fits.
func (m *Model) drawTooSmall() string {
	need := fmt.Sprintf("%dx%d", MinWidth, MinHeight)
	have := fmt.Sprintf("%dx%d", m.w, m.h)
	quits := m.keys.Interrupt.Help().Key + " quits."
	for _, s := range []string{
		"This terminal is " + have + ", the console needs " + need + ": make it larger. " + quits,
		"Terminal is " + have + ", needs " + need + ". " + quits,
		have + ", needs " + need,
		"needs " + need,
		need,
	} {
		if len(s) <= m.w {
			return m.th.Caution.Render(s)
		}
	}
	return m.th.Caution.Render(component.Cut(m.th, need, m.w))
}

// header is where the person is: program, project, label, role, screen; and on
// the right the rate budget when it runs low.
func (m *Model) header() string {
	th := m.th
	parts := []string{th.Title.Render("dashtray")}
	if name := m.cur.project.Name.Safe(); name != "" {
		parts = append(parts, th.Strong.Render(component.Cut(th, name, max(12, m.w/3))))
	}
	for _, s := range []string{m.cur.Profile, m.cur.Label, m.d.Role} {
		if s = text.Untrusted(s).Safe(); s != "" {
			parts = append(parts, th.Muted.Render(component.Cut(th, s, 16)))
		}
	}
	left := strings.Join(parts, th.Muted.Render(" "+th.Glyphs.Sep+" "))
	if t := m.crumb(); t != "" {
		left += th.Muted.Render(" "+th.Glyphs.Arrow+" ") + th.Accent.Render(t)
	}
	right := m.budgetLine()
	room := m.w - ansi.StringWidth(right)
	if right != "" {
		room -= 2
	}
	return component.Pad(component.Cut(th, left, room), m.w-ansi.StringWidth(right)) + th.Caution.Render(right)
}

// crumb is the title of the top screen.
func (m *Model) crumb() (title string) {
	p := m.top()
	if p.broken != "" {
		return "Fault"
	}
	m.try(p, func() { title = p.screen.Title() })
	return title
}

// lowBudget is the share of the hourly requests below which the header tells
// how many are left.
const lowBudget = 0.1

func (m *Model) budgetLine() string {
	b := m.cur.budget
	if !b.Known || b.Limit <= 0 || float64(b.Remaining) > lowBudget*float64(b.Limit) {
		return ""
	}
	s := fmt.Sprintf("%s %s of %s requests left", m.th.Glyphs.Warn,
		component.Count(int64(b.Remaining)), component.Count(int64(b.Limit)))
	if !b.Reset.IsZero() {
		s += " until " + b.Reset.In(m.d.Location).Format("15:04")
	}
	return s
}

// body is the top screen, or what happened to it.
func (m *Model) body() string {
	p := m.top()
	view := ""
	if p.broken == "" {
		m.try(p, func() { view = p.screen.View() })
	}
	if p.broken == "" {
		return view
	}
	way := "Press " + m.keys.Refresh.Help().Key + " to open it again"
	if len(m.stack) > 1 {
		way += ", or " + m.keys.Back.Help().Key + " to go back"
	}
	look := m.keys.Log.Help().Key + " shows what happened"
	if m.d.LogFile != "" {
		look += ", and the log " + safe(m.d.LogFile) + " tells more"
	}
	lines := component.Notice(m.th, toneOf(nav.Failure), "This screen had a fault: "+p.broken, m.w)
	lines = append(lines, "")
	lines = append(lines, strings.Split(lipgloss.Wrap(
		"Nothing is lost: exports and transfers run apart from the screens. "+way+". "+look+"; please report it.", m.w, ""), "\n")...)
	return strings.Join(lines, "\n")
}

// cursor is the real cursor, if the top screen has one.
func (m *Model) cursor() *tea.Cursor {
	t, ok := m.top().screen.(nav.TextScreen)
	if !ok || m.top().broken != "" {
		return nil
	}
	c := t.Cursor()
	if c == nil || c.X < 0 || c.X >= m.w || c.Y < 0 || c.Y >= m.bodyHeight() {
		return nil
	}
	moved := *c
	moved.Y += m.headerHeight()
	return &moved
}
