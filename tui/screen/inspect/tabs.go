package inspect

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
)

// tab is one of the views on a file.
type tab int

const (
	summary tab = iota
	metrics
	connections
	dashboards
	auditLog
	tabCount
)

// String is what the tab is called.
func (t tab) String() string {
	return [...]string{"Summary", "Metrics", "Connections", "Dashboards", "Audit log"}[t]
}

// list is what a tab but the summary shows: those of the file's records that
// fit the filter, in some order.
type list struct {
	table component.Table
	rows  []row
	query string // what the filter asks for, in lower case
}

// row is a line of a list: a record, or a part of one.
type row struct {
	item   int // in the profile
	widget int // of the dashboard; -1 is the record itself
}

// current is the list of the tab that is shown, nil for the summary.
func (m *Model) current() *list {
	if m.tab == summary {
		return nil
	}
	return &m.lists[m.tab]
}

// selected is the row under the cursor.
func (m *Model) selected() (row, bool) {
	l := m.current()
	if l == nil || l.table.Cursor() < 0 {
		return row{}, false
	}
	return l.rows[l.table.Cursor()], true
}

// known is how many records of a tab's kind the profile has, and all is how
// many the file has.
func (m *Model) known(t tab) (known int, all int64) {
	p, n := m.profile, m.report.Records
	switch t {
	case metrics:
		return len(p.Metrics), int64(len(p.Metrics))
	case connections:
		return len(p.Connections), n.Connections
	case dashboards:
		return len(p.Dashboards), n.Dashboards
	case auditLog:
		return len(p.Audit), n.AuditLogs
	}
	return 0, 0
}

// arrange makes the rows of a tab anew, by its filter and the order.
func (m *Model) arrange(t tab) {
	if t == summary {
		return
	}
	l := &m.lists[t]
	known, _ := m.known(t)
	items := make([]int, known)
	for i := range items {
		items[i] = i
	}
	if t == metrics {
		slices.SortStableFunc(items, m.compareMetrics)
	}
	l.rows = l.rows[:0]
	for _, i := range items {
		if l.query != "" && !strings.Contains(m.searchable(t, i), l.query) {
			continue
		}
		l.rows = append(l.rows, row{i, -1})
		if t == dashboards && m.wide[i] {
			for w := range m.profile.Dashboards[i].Widgets {
				l.rows = append(l.rows, row{i, w})
			}
		}
	}
	l.table.SetLen(len(l.rows))
}

// search takes over what the filter says.
func (m *Model) search() {
	l := m.current()
	l.query = strings.ToLower(m.filter.Value())
	m.arrange(m.tab)
	l.table.Select(0)
}

// turn goes to another tab; the chart that was open on it is open again.
func (m *Model) turn(by int) {
	m.tab = (m.tab + tab(by) + tabCount) % tabCount
	m.filter.Blur()
	m.filter.SetValue("")
	if l := m.current(); l != nil {
		m.filter.SetValue(l.query)
	}
}

// tabNames are the words of the tabs, with what is in them where there is room.
func (m *Model) tabNames() []string {
	names := make([]string, tabCount)
	counted := make([]string, tabCount)
	width := -1
	for t := range tabCount {
		names[t], counted[t] = t.String(), t.String()
		if _, all := m.known(t); t != summary {
			counted[t] += " " + component.Count(all)
		}
		width += ansi.StringWidth(counted[t]) + len("[] ")
	}
	if width <= m.w {
		return counted
	}
	return names
}

// tabBar draws the tabs; the one that is shown stands in brackets.
func (m *Model) tabBar() string {
	th := m.d.Theme
	parts := m.tabNames()
	for i, name := range parts {
		if tab(i) == m.tab {
			parts[i] = th.Selected.Render("[" + name + "]")
		} else {
			parts[i] = th.Muted.Render(" " + name + " ")
		}
	}
	return component.Cut(th, strings.Join(parts, " "), m.w)
}

// tabAt is the tab that is drawn at a cell of the bar.
func (m *Model) tabAt(x int) (tab, bool) {
	for i, name := range m.tabNames() {
		w := ansi.StringWidth(name) + len("[]")
		if x >= 0 && x < w {
			return tab(i), true
		}
		x -= w + 1
	}
	return 0, false
}
