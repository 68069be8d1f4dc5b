package inspect

import (
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// Groups of the help.
const (
	theFile  = "File"
	theTabs  = "Tabs"
	theList  = "List"
	theChart = "Chart"
)

// actions are what can be done now; keys, footer and help are made from them.
func (m *Model) actions() nav.Actions {
	k := m.d.Keys
	var a nav.Actions
	add := func(group string, b key.Binding, do func()) {
		a.Add(group, b, func() tea.Cmd { do(); return nil })
	}
	if m.ready() {
		if m.charting() {
			m.chartActions(add)
		} else {
			m.listActions(add)
			add(theTabs, keymap.Named(k.Right, "next tab"), func() { m.turn(1) })
			add(theTabs, keymap.Named(k.Left, "tab before"), func() { m.turn(-1) })
		}
		add(keymap.Move, keymap.Named(k.NextField, "next tab"), func() { m.turn(1) })
		add(keymap.Move, keymap.Named(k.PrevField, "tab before"), func() { m.turn(-1) })
	}
	if !m.Waiting() {
		a.Add(theFile, keymap.Named(k.Refresh, "read again"), m.start)
	}
	a.Add(theFile, k.CopyPath, func() tea.Cmd { return nav.Send(nav.Copy{What: "path", Text: m.path}) })
	if m.d.ShellCommand != nil {
		a.Add(theFile, k.CopyShell, func() tea.Cmd {
			return nav.Send(nav.Copy{What: "shell command", Text: m.d.ShellCommand(m.path)})
		})
	}
	if id := m.id(); id != "" && m.ready() {
		a.Add(theFile, k.CopyID, func() tea.Cmd { return nav.Send(nav.Copy{What: "id", Text: id.Safe()}) })
	}
	return a
}

func (m *Model) listActions(add func(string, key.Binding, func())) {
	k, l := m.d.Keys, m.current()
	if l == nil {
		return
	}
	if r, ok := m.selected(); ok {
		switch {
		case m.tab == metrics:
			add(theList, keymap.Named(k.Open, "chart"), m.open)
		case m.tab == dashboards && m.wide[r.item]:
			add(theList, keymap.Named(k.Open, "hide widgets"), m.open)
		case m.tab == dashboards && len(m.profile.Dashboards[r.item].Widgets) > 0:
			add(theList, keymap.Named(k.Open, "show widgets"), m.open)
		}
	}
	if known, _ := m.known(m.tab); known > 0 {
		add(theList, k.Filter, m.startFilter)
	}
	if m.tab == metrics && len(l.rows) > 1 {
		add(theList, k.Sort, m.nextOrder)
	}
}

func (m *Model) chartActions(add func(string, key.Binding, func())) {
	k := m.d.Keys
	if m.chartCursor() >= 0 {
		tenth := max(1, len(m.metric().Sketch)/10)
		add(theChart, keymap.Named(k.Left, "earlier"), func() { m.moveCursor(-1) })
		add(theChart, keymap.Named(k.Right, "later"), func() { m.moveCursor(1) })
		add(theChart, keymap.Named(k.PageUp, "much earlier"), func() { m.moveCursor(-tenth) })
		add(theChart, keymap.Named(k.PageDown, "much later"), func() { m.moveCursor(tenth) })
		add(theChart, keymap.Named(k.Top, "begin"), func() { m.moveCursor(-len(m.metric().Sketch)) })
		add(theChart, keymap.Named(k.Bottom, "end"), func() { m.moveCursor(len(m.metric().Sketch)) })
	}
	if len(m.lists[metrics].rows) > 1 {
		table := &m.lists[metrics].table
		add(theChart, keymap.Named(k.Up, "metric above"), func() { table.Select(table.Cursor() - 1) })
		add(theChart, keymap.Named(k.Down, "metric below"), func() { table.Select(table.Cursor() + 1) })
	}
}

// open shows more of the row under the cursor: a metric's chart, a dashboard's
// widgets or no longer these.
func (m *Model) open() {
	r, ok := m.selected()
	if !ok {
		return
	}
	switch m.tab {
	case metrics:
		m.charted = true
	case dashboards:
		m.wide[r.item] = !m.wide[r.item]
		m.arrange(dashboards)
		l := m.current()
		for i, other := range l.rows {
			if other == (row{r.item, -1}) {
				l.table.Select(i)
			}
		}
	}
}

func (m *Model) startFilter() {
	// Its command would be a blinking cursor's.
	_ = m.filter.Focus()
}

// nextOrder sorts the metrics otherwise; the cursor stays on its metric.
func (m *Model) nextOrder() {
	r, _ := m.selected()
	m.sort = (m.sort + 1) % orders
	m.arrange(metrics)
	l := m.current()
	for i, other := range l.rows {
		if other == r {
			l.table.Select(i)
		}
	}
}

func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	k := m.d.Keys
	switch {
	case m.filter.Focused():
		m.filterKey(msg)
		return nil
	case key.Matches(msg, k.Back):
		m.leave()
		return nil
	case m.ready() && m.tab == summary && m.pager.Update(k, msg):
		return nil
	case m.ready() && m.tab != summary && !m.charting() && m.current().table.Update(k, msg):
		return nil
	}
	cmd, _ := m.actions().Press(msg)
	return cmd
}

// leave is esc: out of the chart, then out of the filter.
func (m *Model) leave() {
	if m.charting() {
		m.charted = false
		return
	}
	if m.current() != nil {
		m.filter.SetValue("")
		m.search()
	}
}

func (m *Model) filterKey(msg tea.KeyPressMsg) {
	k := m.d.Keys
	switch {
	case key.Matches(msg, k.Back):
		m.filter.SetValue("")
		m.filter.Blur()
	case key.Matches(msg, k.Open):
		m.filter.Blur()
		return
	case msg.Text == "" && key.Matches(msg, k.Up, k.Down, k.PageUp, k.PageDown):
		m.current().table.Update(k, msg)
		return
	default:
		// The command would be a blinking cursor's, or the system clipboard's.
		m.filter, _ = m.filter.Update(msg)
	}
	m.search()
}

// Keys are the bindings that work now.
func (m *Model) Keys() []keymap.Group {
	k := m.d.Keys
	if m.filter.Focused() {
		return []keymap.Group{{Name: "Filter", Bindings: []key.Binding{
			keymap.Named(k.Open, "keep"), keymap.Named(k.Back, "clear"),
		}}}
	}
	var groups []keymap.Group
	if m.HoldsEsc() {
		does := "clear the filter"
		if m.charting() {
			does = "back to the metrics"
		}
		groups = append(groups, keymap.Group{Name: "Way back", Bindings: []key.Binding{keymap.Named(k.Back, does)}})
	}
	groups = append(groups, m.actions().Groups()...)
	if m.scrolls() {
		move := k.Moving()
		if i := slices.IndexFunc(groups, func(g keymap.Group) bool { return g.Name == move.Name }); i >= 0 {
			groups[i].Bindings = append(groups[i].Bindings, move.Bindings...)
		} else {
			groups = append(groups, move)
		}
	}
	return groups
}

// scrolls reports whether there is a text or a list to move in.
func (m *Model) scrolls() bool {
	switch {
	case !m.ready() || m.charting():
		return false
	case m.tab == summary:
		return m.pager.Overflows()
	}
	return len(m.current().rows) > 0
}

// wheel scrolls, or moves along the chart.
func (m *Model) wheel(msg tea.MouseWheelMsg) {
	by := 0
	switch msg.Button {
	case tea.MouseWheelUp:
		by = -3
	case tea.MouseWheelDown:
		by = 3
	}
	switch {
	case !m.ready():
	case m.tab == summary:
		m.pager.By(by)
	case m.charting():
		m.moveCursor(by)
	default:
		m.current().table.Select(m.current().table.Cursor() + by)
	}
}

// doubleClick is the longest time between the two clicks of one.
const doubleClick = 400 * time.Millisecond

// click selects a tab or a row, and a second one opens the row; on a chart it
// moves the cursor.
func (m *Model) click(msg tea.MouseClickMsg) {
	if msg.Button != tea.MouseLeft || !m.ready() {
		return
	}
	if msg.Y == 0 {
		if t, ok := m.tabAt(msg.X); ok {
			m.turn(int(t - m.tab))
		}
		return
	}
	l := m.current()
	if l == nil {
		return
	}
	if m.charting() {
		m.pointAt(msg.X)
		return
	}
	i, ok := l.table.At(msg.Y - m.headHeight())
	if !ok {
		return
	}
	now := m.d.Now()
	double := i == m.clickRow && i == l.table.Cursor() && now.Sub(m.clickAt) <= doubleClick
	m.clickRow, m.clickAt = i, now
	l.table.Select(i)
	if double {
		m.open()
	}
}
