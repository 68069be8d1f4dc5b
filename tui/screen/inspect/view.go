package inspect

import (
	"fmt"
	"strings"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

const (
	filterHead = "/ "
	labelWidth = 13
	// airy is the height from which on an empty line stands under the tabs, and
	// the facts on a metric under the list.
	airy = 14
)

// headHeight is how many lines the tabs take.
func (m *Model) headHeight() int {
	if m.h >= airy {
		return 2
	}
	return 1
}

// SetSize gives the screen w×h cells.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = w, h
	m.filter.SetWidth(max(1, w-len(filterHead)-1))
	for t := range m.lists {
		m.lists[t].table.Columns = columns(tab(t), w)
		m.lists[t].table.SetSize(w, m.listHeight(tab(t)))
	}
	m.pager.SetSize(w, m.bodyHeight())
	m.fill()
}

// bodyHeight is what is left between the tabs and the last line.
func (m *Model) bodyHeight() int { return max(0, m.h-m.headHeight()-1) }

const (
	factHeight = 3  // of the name and what is known of a metric
	picturesAt = 26 // the height from which on its chart is there, too
)

// detailHeight is how many lines under the list of metrics tell of the one
// under the cursor.
func (m *Model) detailHeight() int {
	switch {
	case m.h < airy:
		return 0
	case m.h < picturesAt:
		return factHeight
	}
	return m.bodyHeight() / 2
}

func (m *Model) listHeight(t tab) int {
	if t == metrics {
		return m.bodyHeight() - m.detailHeight()
	}
	return m.bodyHeight()
}

// fill gives the summary to the pager.
func (m *Model) fill() {
	if m.ready() {
		m.pager.SetLines(m.summaryLines())
	}
}

// View draws the tabs, what is in the one that is shown, and a line on that.
func (m *Model) View() string {
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	if !m.ready() {
		return component.Fit(m.d.Theme, component.Lines(0, m.waiting()...), m.w, m.h)
	}
	lines := make([]string, 0, m.h)
	lines = append(lines, m.tabBar())
	if m.headHeight() == 2 {
		lines = append(lines, "")
	}
	for _, l := range m.body() {
		lines = append(lines, component.Cut(m.d.Theme, l, m.w))
	}
	for len(lines) < m.h-1 {
		lines = append(lines, "")
	}
	return strings.Join(append(lines[:m.h-1], m.foot()), "\n")
}

// waiting is the screen while the file is read, or when it could not be.
func (m *Model) waiting() []string {
	th := m.d.Theme
	if m.err != nil {
		what, do := m.d.Message(m.err)
		lines := component.Notice(th, theme.Bad, oneLine(what), m.w)
		again := m.d.Keys.Refresh.Help().Key + " tries again."
		return append(lines, component.Labelled(th, "", strings.TrimSpace(oneLine(do)+" "+again), th.Text, 2, m.w)...)
	}
	share, told := -1.0, component.Size(m.read)
	if m.size > 0 {
		share = float64(m.read) / float64(m.size)
		told += " of " + component.Size(m.size) + "  " + component.Percent(share)
	}
	return []string{
		th.Strong.Render("Reading " + component.Cut(th, m.name(), max(1, m.w-len("Reading ")))),
		"",
		component.Bar(th, min(m.w, 60), share, m.frame),
		th.Text.Render(told),
		"",
		th.Muted.Render("What is in it appears when all of it is read."),
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// body is what the tab shows.
func (m *Model) body() []string {
	th, h := m.d.Theme, m.bodyHeight()
	switch {
	case h <= 0:
		return nil
	case m.tab == summary:
		// The lines are drawn anew: the theme may have changed since.
		p := m.pager
		p.SetLines(m.summaryLines())
		return strings.Split(p.View(th), "\n")
	case m.charting():
		return m.chartLines(h)
	}
	l := m.current()
	if len(l.rows) == 0 {
		return []string{th.Muted.Render(m.empty())}
	}
	lines := strings.Split(l.table.View(th), "\n")
	detail := m.detailHeight()
	if m.tab != metrics || detail == 0 {
		return lines
	}
	for len(lines) < h-detail {
		lines = append(lines, "")
	}
	x := m.metric()
	lines = append(lines, m.metricTitle(x))
	if room := detail - factHeight; room > 0 {
		chart := component.Chart{Points: verdict.Course(x), Cursor: -1, Location: m.d.Location}.View(th, m.w, room)
		lines = append(lines, strings.Split(chart, "\n")...)
	}
	return append(lines, m.factLines(x, factHeight-1)...)
}

// empty is why a list has no lines.
func (m *Model) empty() string {
	if m.current().query != "" {
		return "Nothing fits the filter: " + m.d.Keys.Back.Help().Key + " clears it."
	}
	if !m.report.OK {
		return "None, as far as the file could be read."
	}
	return "The file has none."
}

// foot is the last line: the filter, or what is shown of how many.
func (m *Model) foot() string {
	th := m.d.Theme
	if m.filter.Focused() {
		return component.Cut(th, th.Accent.Render(filterHead)+m.filter.View(), m.w)
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	l := m.current()
	switch {
	case l == nil:
	case m.charting():
		if at := m.chartCursor(); at >= 0 {
			add("%s of %s", component.Count(int64(at+1)), component.Count(int64(len(m.metric().Sketch))))
		}
	case len(l.rows) > 0:
		add("%s of %s", component.Count(int64(l.table.Cursor()+1)), component.Count(int64(len(l.rows))))
	}
	if l != nil {
		if l.query != "" {
			add("that fit %q", l.query)
		}
		if m.tab == metrics && len(l.rows) > 1 && !m.charting() {
			add("%s", m.sort)
		}
		if known, all := m.known(m.tab); int64(known) < all {
			add("%s of %s are kept", component.Count(int64(known)), component.Count(all))
		}
		if n := m.profile.MetricsBeyond; m.tab == metrics && n > 0 {
			add("%s of other metrics", component.Plural(n, "point"))
		}
		parts = append(parts, m.rowFacts()...)
	}
	return component.Cut(th, th.Muted.Render(strings.Join(parts, " "+th.Glyphs.Sep+" ")), m.w)
}
