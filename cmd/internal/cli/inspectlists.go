package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

func (n *inspection) connections(r archive.Report) {
	p := r.Profile
	if r.Records.Connections == 0 {
		return
	}
	n.section("Connections", r.Records.Connections, strings.Join(slices.Concat(verdict.Tallies(p.ByStatus), verdict.Tallies(p.ByType)), ", "))
	rows := [][]string{{"NAME", "SERVICE", "CATEGORY", "TYPE", "STATUS", "LAST SYNC"}}
	for _, c := range p.Connections {
		rows = append(rows, []string{
			orNothing(verdict.First(c.Name, c.Service, c.ID)), c.Service.Safe(), c.Category.Safe(), c.AuthType.Safe(),
			orNothing(c.Status.Safe()), n.moment(c.LastSync),
		})
	}
	n.columns(rows, 2)
	n.more(r.Records.Connections, len(p.Connections))
}

func (n *inspection) dashboards(r archive.Report) {
	p := r.Profile
	if r.Records.Dashboards == 0 {
		return
	}
	n.section("Dashboards", r.Records.Dashboards, component.Plural(r.Records.Widgets, "widget"))
	for _, d := range p.Dashboards {
		about := append(verdict.Filled(d.Type, d.Category), component.Plural(d.WidgetCount, "widget"))
		if at := d.Updated; !at.IsZero() {
			about = append(about, "updated "+n.moment(at))
		} else if at := d.Created; !at.IsZero() {
			about = append(about, "created "+n.moment(at))
		}
		n.hang("  ", n.paint(bold, orNothing(verdict.First(d.Name, d.ID)))+"  "+strings.Join(about, ", "))
		widgets := make([]string, 0, len(d.Widgets))
		for _, w := range d.Widgets {
			name := orNothing(verdict.First(w.Title, w.ID))
			if w.Type != "" {
				name += " (" + w.Type.Safe() + ")"
			}
			widgets = append(widgets, component.Together(name))
		}
		if len(widgets) > 0 {
			n.hang("    ", strings.Join(widgets, ", "))
		}
	}
	n.more(r.Records.Dashboards, len(p.Dashboards))
}

func (n *inspection) audit(r archive.Report) {
	p := r.Profile
	if r.Records.AuditLogs == 0 {
		return
	}
	n.section("Audit log", r.Records.AuditLogs, "")
	for _, t := range []struct {
		name string
		list []archive.Tally
	}{{"  Actions  ", p.Actions}, {"  Users    ", p.Users}} {
		words := verdict.Tallies(t.list)
		if len(words) > topTallies {
			words = append(words[:topTallies], component.Together("and "+component.Count(int64(len(words)-topTallies))+" others"))
		}
		if len(words) > 0 {
			n.hang(t.name, strings.Join(words, ", "))
		}
	}
	shown := p.Audit[:min(newestRows, len(p.Audit))]
	rows := [][]string{{"TIME", "USER", "ACTION", "RESOURCE"}}
	for _, l := range shown {
		target := strings.Join(verdict.Filled(l.Resource, l.Target), " ")
		rows = append(rows, []string{n.moment(l.At), l.User.Safe(), orNothing(l.Action.Safe()), target})
	}
	n.columns(rows, -1)
	n.more(r.Records.AuditLogs, len(shown))
}

// more says how many there are beyond those that were told.
func (n *inspection) more(all int64, told int) {
	if rest := all - int64(told); rest > 0 {
		n.hang("  ", "and "+component.Count(rest)+" more")
	}
}

// columns adds rows, the first of them the heads, with their cells under each
// other. Columns without a text are left out. Where there is no room the
// optional one is, too (-1 is none), and then the widest are cut.
func (n *inspection) columns(rows [][]string, optional int) {
	widths := make([]int, len(rows[0]))
	for i := range widths {
		for _, row := range rows[1:] {
			widths[i] = max(widths[i], ansi.StringWidth(row[i]))
		}
		if widths[i] > 0 {
			widths[i] = max(widths[i], len(rows[0][i]))
		}
	}
	if optional >= 0 && over(widths, n.width) > 0 {
		widths[optional] = 0
	}
	for range over(widths, n.width) {
		widths[slices.Index(widths, slices.Max(widths))]--
	}
	for i, row := range rows {
		line := ""
		for k, cell := range row {
			if widths[k] > 0 {
				line += strings.Repeat(" ", columnGap) + component.Pad(component.Cut(n.th, cell, widths[k]), widths[k])
			}
		}
		if line = strings.TrimRight(line, " "); i == 0 {
			line = n.paint(bold, line)
		}
		n.add(line)
	}
}

const columnGap = 2

// over is how many cells columns of these widths take too much.
func over(widths []int, room int) int {
	for _, w := range widths {
		if w > 0 {
			room -= w + columnGap
		}
	}
	return max(0, -room)
}

// moment is a time to the minute in the person's zone.
func (n *inspection) moment(t time.Time) string {
	if t.IsZero() {
		return nothing
	}
	return component.Together(t.In(n.loc).Format("2006-01-02 15:04"))
}
