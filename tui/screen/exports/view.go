package exports

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

const (
	paneFrom   = 110 // the width from which on a pane shows the details
	labelWidth = 10
	filterHead = "/ "
)

// paned reports whether the details have a pane of their own.
func (m *Model) paned() bool { return m.w >= paneFrom }

// tableWidth is the width of the list, paneWidth that of the details.
func (m *Model) tableWidth() int {
	if m.paned() {
		return m.w - m.paneWidth() - 3
	}
	return m.w
}

func (m *Model) paneWidth() int { return max(39, m.w/3-1) }

// SetSize gives the screen w×h cells.
func (m *Model) SetSize(w, h int) {
	m.w, m.h = w, h
	if m.paned() {
		m.detail = false
	} else {
		m.inPane = false
	}
	m.filter.SetWidth(max(1, w-len(filterHead)-1))
}

// View draws the banner, the list, the details, and a line on what is shown.
func (m *Model) View() string {
	if m.w <= 0 || m.h <= 0 {
		return ""
	}
	lines := m.banner()
	room := m.h - len(lines) - 1
	lines = append(lines, m.main(room)...)
	for len(lines) < m.h-1 {
		lines = append(lines, "")
	}
	return strings.Join(append(lines[:m.h-1], m.status()), "\n")
}

// main is the list, the details, or what stands there instead.
func (m *Model) main(h int) []string {
	th := m.d.Theme
	switch {
	case h <= 0:
		return nil
	case len(m.rows) == 0:
		return m.empty()
	case m.detail:
		m.pager.SetSize(m.w, h)
		m.pager.SetLines(m.details(m.w))
		return strings.Split(m.pager.View(th), "\n")
	}
	m.table.SetSize(m.tableWidth(), h)
	list := strings.Split(m.table.View(th), "\n")
	if !m.paned() {
		return list
	}
	m.pager.SetSize(m.paneWidth(), h)
	m.pager.SetLines(m.details(m.paneWidth() - 2))
	pane := strings.Split(m.pager.View(th), "\n")
	edge := th.Border
	if m.inPane {
		edge = th.Accent
	}
	rule := " " + edge.Render(th.Glyphs.VRule) + " "
	out := make([]string, h)
	for i := range out {
		var left, right string
		if i < len(list) {
			left = list[i]
		}
		if i < len(pane) {
			right = component.Cut(th, pane[i], m.paneWidth())
		}
		out[i] = component.Pad(left, m.tableWidth()) + rule + right
	}
	return out
}

// empty is what stands where no row does.
func (m *Model) empty() []string {
	th := m.d.Theme
	k := m.d.Keys
	said := "No exports yet: press " + k.New.Help().Key + " to make one."
	switch {
	case m.filter.Value() != "" && len(m.items)+len(m.jobs) > 0:
		said = "No export fits the filter: " + k.Back.Help().Key + " clears it."
	case m.loading:
		said = "Asking for the exports" + th.Glyphs.Ellipsis
	case m.err != nil:
		said = "There is nothing to show: " + k.Refresh.Help().Key + " asks again."
	case m.listing.Offline != nil:
		said = "This machine remembers no exports of this project."
	}
	return []string{"", component.Cut(th, "  "+th.Muted.Render(said), m.w)}
}

// bannerLines is the most that the banner takes.
const bannerLines = 3

// banner says why the list is absent, or not the server's, and what to do.
func (m *Model) banner() []string {
	tone, said := m.trouble()
	if said == "" {
		return nil
	}
	lines := component.Notice(m.d.Theme, tone, said, m.w)
	if len(lines) > bannerLines {
		lines = lines[:bannerLines]
		lines[bannerLines-1] = component.Cut(m.d.Theme, lines[bannerLines-1]+m.d.Theme.Glyphs.Ellipsis, m.w)
	}
	return lines
}

// trouble is what the banner says, "" if there is nothing to say. What may be
// cut off at the end is what matters least.
func (m *Model) trouble() (theme.Tone, string) {
	again := m.d.Keys.Refresh.Help().Key
	switch {
	case m.err != nil:
		what, do := m.words(m.err)
		return theme.Bad, strings.TrimSpace(what+" "+do) + " " + again + " tries again." + m.remembered()
	case errors.Is(m.listing.Offline, client.ErrNotFound):
		return theme.Caution, "This server has no list of exports." + m.remembered()
	case m.listing.Offline != nil:
		what, do := m.words(m.listing.Offline)
		return theme.Caution, strings.TrimSpace(what+" "+m.nextTry(again)+" "+do) + m.remembered()
	}
	return theme.Plain, ""
}

// words are an error as a person reads it, each on one line.
func (m *Model) words(err error) (what, do string) {
	what, do = m.d.Message(err)
	return strings.Join(strings.Fields(what), " "), strings.Join(strings.Fields(do), " ")
}

// nextTry is when the server is asked again; again is the key that does it now.
func (m *Model) nextTry(again string) string {
	switch {
	case m.loading:
		return "Trying again" + m.d.Theme.Glyphs.Ellipsis
	case m.retry.at.IsZero():
		return again + " tries again."
	}
	return component.Together("Next try at "+m.retry.at.In(m.d.Location).Format(time.TimeOnly)) + ", " +
		component.Together(again+" tries now.")
}

// remembered says where the rows come from when the server gave none.
func (m *Model) remembered() string {
	if len(m.items) == 0 || !m.localOnly {
		return ""
	}
	return " Shown is what this machine remembers."
}

// status is the last line: the filter, or how many there are in which order.
func (m *Model) status() string {
	th := m.d.Theme
	if m.filter.Focused() {
		return th.Accent.Render(filterHead) + m.filter.View()
	}
	var parts []string
	if q := m.filter.Value(); q != "" {
		parts = append(parts, fmt.Sprintf("%s of %s fit %q", component.Count(int64(len(m.rows))), component.Count(int64(m.total)), q))
	} else if m.total > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s", component.Count(int64(m.table.Cursor()+1)), component.Count(int64(m.total))))
	}
	if m.total > 1 {
		parts = append(parts, m.sort.String())
	}
	if m.loading {
		parts = append(parts, "asking"+th.Glyphs.Ellipsis)
	} else if !m.listing.At.IsZero() {
		parts = append(parts, "as of "+m.listing.At.In(m.d.Location).Format("15:04"))
	}
	return component.Cut(th, th.Muted.Render(strings.Join(parts, " "+th.Glyphs.Sep+" ")), m.w)
}

// details tells all that is known of the row under the cursor.
func (m *Model) details(w int) []string {
	r, ok := m.current()
	if !ok {
		return nil
	}
	th, e := m.d.Theme, r.export()
	var lines []string
	add := func(label, value string, style lipgloss.Style) {
		if value != "" {
			lines = append(lines, component.Labelled(th, label, value, style, labelWidth, w)...)
		}
	}
	state := m.state(r)
	add("State", state.Text, th.Style(state.Tone))
	if r.running() {
		add("Running", "for "+component.Duration(m.now.Sub(r.live.Started)), th.Text)
	}
	add("Range", m.longRange(r), th.Text)
	add("Data", dataNames(m.include(r)), th.Text)
	add("Format", strings.ToUpper(text.Untrusted(m.format(r)).Safe()), th.Text)
	add("Records", records(e), th.Text)
	add("Size", component.Size(size(r)), th.Text)
	link := m.link(r)
	add("Link", link.Text, th.Style(link.Tone))
	local := m.local(r)
	add("File", local.Text, th.Style(local.Tone))
	add("", text.Untrusted(r.file()).Safe(), th.FileLink(th.Muted, r.file()))
	add("SHA-256", e.SHA256, th.Muted)
	add("Created", m.moment(r.created()), th.Text)
	add("Completed", m.moment(e.CompletedAt), th.Text)
	add("Export", r.id().Safe(), th.Muted)
	return append(lines, m.reason(r, w)...)
}

// reason is why an export or its job failed.
func (m *Model) reason(r row, w int) []string {
	th := m.d.Theme
	var out []string
	if r.live != nil && r.live.Err != nil {
		what, do := m.words(r.live.Err)
		out = append(out, "")
		out = append(out, component.Notice(th, theme.Bad, strings.TrimSpace(what+" "+do), w)...)
	} else if reason := r.export().Error.Safe(); reason != "" {
		out = append(out, "")
		out = append(out, component.Notice(th, theme.Bad, "The server says: "+reason, w)...)
	}
	return out
}

func (m *Model) format(r row) client.Format {
	if f := r.export().Format; f != "" || r.live == nil {
		return f
	}
	return r.live.Spec.Request.Format
}

// longRange is the range in its words and, where they are known, its days.
func (m *Model) longRange(r row) string {
	name, dash := m.rangeName(r), m.d.Theme.Glyphs.Dash
	w := r.export().Range
	switch {
	case name == "":
		return component.Unknown
	case strings.Contains(name, "..") || w.From.IsZero() || w.To.IsZero():
		return component.RangeWords(name, dash)
	}
	return component.RangeWords(name, dash) + " (" + w.From.In(m.d.Location).Format(time.DateOnly) + " " + dash + " " +
		w.To.In(m.d.Location).Format(time.DateOnly) + ")"
}

func (m *Model) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(m.d.Location).Format("2006-01-02 15:04:05 MST")
}

// dataNames spells the data types out.
func dataNames(in *client.Include) string {
	if in == nil {
		return ""
	}
	var names []string
	for _, t := range []struct {
		has  bool
		name string
	}{{in.Metrics, "metrics"}, {in.Connections, "connections"}, {in.Dashboards, "dashboards"}, {in.AuditLogs, "audit logs"}} {
		if t.has {
			names = append(names, t.name)
		}
	}
	return strings.Join(names, ", ")
}
