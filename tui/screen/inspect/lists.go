package inspect

import (
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

// columns are those of a tab's list.
func columns(t tab, w int) []component.Column {
	switch t {
	case metrics:
		return metricColumns(w)
	case connections:
		return []component.Column{
			{Title: "NAME", Width: 16, Grow: 22},
			{Title: "STATUS", Width: 14, Grow: 2},
			{Title: "TYPE", Width: 8, Grow: 4},
			{Title: "LAST SYNC", Width: 16},
			{Title: "SERVICE", Width: 16, Grow: 8, Drop: 1},
			{Title: "CATEGORY", Width: 12, Grow: 4, Drop: 2},
			{Title: "CREATED", Width: 10, Drop: 3},
		}
	case dashboards:
		return []component.Column{
			{Title: "NAME", Width: 28, Grow: 30},
			{Title: "TYPE", Width: 12, Grow: 8},
			{Title: "WIDGETS", Width: 9, Right: true},
			{Title: "CATEGORY", Width: 12, Grow: 4, Drop: 1},
			{Title: "UPDATED", Width: 16, Drop: 2},
			{Title: "CREATED", Width: 10, Drop: 3},
		}
	case auditLog:
		return []component.Column{
			{Title: "TIME", Width: 19},
			{Title: "ACTION", Width: 20, Grow: 8},
			{Title: "USER", Width: 13, Grow: 8},
			{Title: "RESOURCE", Width: 11, Grow: 6, Drop: 1},
			{Title: "ID", Width: 12, Grow: 24, Drop: 2},
		}
	}
	return nil
}

// rowOf gives the cells of a tab's rows.
func (m *Model) rowOf(t tab) func(i int) []component.Cell {
	return func(i int) []component.Cell {
		r := m.lists[t].rows[i]
		switch t {
		case metrics:
			return m.metricCells(r.item)
		case connections:
			return m.connectionCells(r.item)
		case dashboards:
			return m.dashboardCells(r)
		case auditLog:
			return m.auditCells(r.item)
		}
		return nil
	}
}

func (m *Model) connectionCells(i int) []component.Cell {
	c := &m.profile.Connections[i]
	return []component.Cell{
		{Text: either(c.Name, c.Service, c.ID)},
		m.status(c.Status),
		m.faint(c.AuthType.Safe()),
		m.faint(m.minute(c.LastSync)),
		m.faint(c.Service.Safe()),
		m.faint(c.Category.Safe()),
		m.faint(m.date(c.Created)),
	}
}

// status is a connection's: a mark and the word that the file has. The page
// tells of "active" alone, so that others are guessed at by how they sound.
func (m *Model) status(s text.Untrusted) component.Cell {
	tone := theme.Faint
	switch strings.ToLower(s.Raw()) {
	case "active", "connected", "ok":
		tone = theme.Good
	case "syncing", "pending":
		tone = theme.Active
	case "error", "failed", "expired", "revoked":
		tone = theme.Bad
	case "disconnected", "paused", "inactive":
		tone = theme.Caution
	}
	return component.Cell{Text: m.d.Theme.Mark(tone) + " " + either(s), Tone: tone}
}

func (m *Model) dashboardCells(r row) []component.Cell {
	d := &m.profile.Dashboards[r.item]
	if r.widget >= 0 {
		w := d.Widgets[r.widget]
		return []component.Cell{
			{Text: "    " + either(w.Title, w.ID)}, m.faint(w.Type.Safe()),
		}
	}
	fold := " "
	if len(d.Widgets) > 0 {
		fold = "+"
		if m.wide[r.item] {
			fold = m.d.Theme.Glyphs.Dash
		}
	}
	return []component.Cell{
		{Text: fold + " " + either(d.Name, d.ID)},
		m.faint(d.Type.Safe()),
		{Text: component.Count(d.WidgetCount)},
		m.faint(d.Category.Safe()),
		m.faint(m.minute(d.Updated)),
		m.faint(m.date(d.Created)),
	}
}

func (m *Model) auditCells(i int) []component.Cell {
	l := &m.profile.Audit[i]
	return []component.Cell{
		m.faint(component.Moment(l.At, m.d.Location)),
		{Text: either(l.Action)},
		m.faint(l.User.Safe()),
		m.faint(l.Resource.Safe()),
		m.faint(l.Target.Safe()),
	}
}

// faint is a cell beside the point; where nothing is told it says so.
func (m *Model) faint(s string) component.Cell {
	if s == "" {
		s = m.d.Theme.Glyphs.Dash
	}
	return component.Cell{Text: s, Tone: theme.Faint}
}

// minute is a moment to the minute, "" if it is not known; date is its day.
func (m *Model) minute(t time.Time) string { return m.format(t, "2006-01-02 15:04") }

func (m *Model) date(t time.Time) string { return m.format(t, time.DateOnly) }

func (m *Model) format(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(m.d.Location).Format(layout)
}

// searchable is what the filter looks at of a record: what can be seen of it,
// in lower case.
func (m *Model) searchable(t tab, i int) string {
	var texts []string
	switch p := m.profile; t {
	case metrics:
		x := &p.Metrics[i]
		texts = verdict.Filled(x.Name, x.Key, x.Unit, x.Service)
	case connections:
		c := &p.Connections[i]
		texts = append(verdict.Filled(c.Name, c.Service, c.Category, c.AuthType, c.Status, c.ID), m.minute(c.LastSync))
	case dashboards:
		d := &p.Dashboards[i]
		texts = verdict.Filled(d.Name, d.Type, d.Category, d.ID)
		for _, w := range d.Widgets {
			texts = append(texts, verdict.Filled(w.Title, w.Type, w.ID)...)
		}
	case auditLog:
		l := &p.Audit[i]
		texts = append(verdict.Filled(l.Action, l.User, l.Resource, l.Target), component.Moment(l.At, m.d.Location))
	}
	return strings.ToLower(strings.Join(texts, "\n"))
}

// rowFacts are what a narrow list leaves out of the row under the cursor.
func (m *Model) rowFacts() []string {
	r, ok := m.selected()
	if !ok {
		return nil
	}
	since := func(word string, t time.Time) []string {
		if t.IsZero() {
			return nil
		}
		return []string{word + " " + m.date(t)}
	}
	switch p := m.profile; m.tab {
	case connections:
		c := &p.Connections[r.item]
		return slices.Concat(verdict.Filled(c.Service, c.Category), since("created", c.Created), verdict.Filled(c.ID))
	case dashboards:
		d := &p.Dashboards[r.item]
		if r.widget >= 0 {
			return verdict.Filled(d.Widgets[r.widget].ID)
		}
		return slices.Concat(verdict.Filled(d.Category), since("updated", d.Updated), since("created", d.Created), verdict.Filled(d.ID))
	case auditLog:
		return verdict.Filled(p.Audit[r.item].Resource, p.Audit[r.item].Target)
	}
	return nil
}

// id is that of the row under the cursor, "" if it has none.
func (m *Model) id() text.Untrusted {
	r, ok := m.selected()
	if !ok {
		return ""
	}
	switch p := m.profile; m.tab {
	case metrics:
		return p.Metrics[r.item].Key
	case connections:
		return p.Connections[r.item].ID
	case dashboards:
		if r.widget >= 0 {
			return p.Dashboards[r.item].Widgets[r.widget].ID
		}
		return p.Dashboards[r.item].ID
	case auditLog:
		return p.Audit[r.item].Target
	}
	return ""
}
