package inspect

import (
	"cmp"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// order is how the metrics are sorted.
type order int

const (
	asInFile order = iota
	byName
	byService
	byPoints
	byTime
	orders
)

// String says how the metrics are sorted.
func (o order) String() string {
	return [...]string{"as in the file", "by name", "by service", "most points first", "latest first"}[o]
}

// compareMetrics is the order of two metrics of the profile.
func (m *Model) compareMetrics(i, j int) int {
	a, b := &m.profile.Metrics[i], &m.profile.Metrics[j]
	byWord := func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }
	switch m.sort {
	case byName:
		return byWord(nameOf(a), nameOf(b))
	case byService:
		return cmp.Or(byWord(a.Service.Safe(), b.Service.Safe()), byWord(nameOf(a), nameOf(b)))
	case byPoints:
		return cmp.Compare(b.Points, a.Points)
	case byTime:
		return b.Last.At.Compare(a.Last.At)
	}
	return cmp.Compare(i, j)
}

// nameOf is what a metric is called.
func nameOf(m *archive.Metric) string { return either(m.Name, m.Key) }

// metricColumns show most at 120 cells. On 60 they are the name, the trend, the
// last value and the points.
func metricColumns(w int) []component.Column {
	return []component.Column{
		{Title: "NAME", Width: 20, Grow: 22},
		{Title: "TREND", Width: trendWidth(w)},
		{Title: "LAST", Width: 10, Grow: 4, Right: true},
		{Title: "LEAST", Width: 10, Grow: 4, Drop: 2, Right: true},
		{Title: "MOST", Width: 10, Grow: 4, Drop: 2, Right: true},
		{Title: "POINTS", Width: 9, Drop: 1, Right: true},
		{Title: "FIRST", Width: 10, Grow: 4, Drop: 4, Right: true},
		{Title: "SERVICE", Width: 12, Grow: 8, Drop: 3},
	}
}

func trendWidth(w int) int { return max(10, min(w/6, 32)) }

func (m *Model) metricCells(i int) []component.Cell {
	x := &m.profile.Metrics[i]
	number := func(v float64, known bool) component.Cell {
		if !known {
			return component.Cell{Text: m.d.Theme.Glyphs.Dash, Tone: theme.Faint}
		}
		return component.Cell{Text: component.Number(v)}
	}
	has := x.Values > 0
	return []component.Cell{
		{Text: nameOf(x)},
		{Text: component.Trend(m.d.Theme, course(x), trendWidth(m.w)), Tone: theme.Active},
		number(x.Last.Value, x.Last.HasValue), number(x.Least, has), number(x.Most, has),
		{Text: component.Count(x.Points), Tone: theme.Faint},
		number(x.First.Value, x.First.HasValue),
		{Text: x.Service.Safe(), Tone: theme.Faint},
	}
}

// course is what the chart and the trend of a metric are drawn from.
func course(x *archive.Metric) []component.ChartPoint {
	points := make([]component.ChartPoint, len(x.Sketch))
	for i, b := range x.Sketch {
		points[i] = component.ChartPoint{At: b.At, Least: b.Least, Most: b.Most, Mean: b.Mean}
	}
	return points
}

// metricFacts are lines on a metric, the most important first.
func (m *Model) metricFacts(x *archive.Metric) []string {
	var values []string
	value := func(name string, v float64) {
		values = append(values, component.Together(name+" "+component.Number(v)))
	}
	if x.First.HasValue {
		value("first", x.First.Value)
	}
	if x.Last.HasValue {
		value("last", x.Last.Value)
	}
	if x.Values > 0 {
		value("least", x.Least)
		value("most", x.Most)
		value("mean", x.Mean)
	}
	told := []string{component.Together(component.Plural(x.Points, "point"))}
	for _, q := range x.Quality {
		told = append(told, tallyWords(q))
	}
	lines := []string{strings.Join(values, ", "), strings.Join(told, ", ")}
	if !x.First.At.IsZero() {
		lines[1] += ", " + component.Together(m.span(x.First.At, x.Last.At))
	}
	if component.HasGap(course(x)) {
		lines = append(lines, "no points from "+m.span(x.GapFrom, x.GapTo))
	}
	return lines
}

// metricTitle is a metric's name, unit and service.
func (m *Model) metricTitle(x *archive.Metric) string {
	th := m.d.Theme
	title := th.Strong.Render(nameOf(x))
	for _, t := range filled(x.Unit, x.Service) {
		title += th.Muted.Render(" " + th.Glyphs.Sep + " " + t)
	}
	return title
}

// span is from when to when, as short as it can be told.
func (m *Model) span(from, to time.Time) string {
	from, to = from.In(m.d.Location), to.In(m.d.Location)
	sep := " " + m.d.Theme.Glyphs.Dash + " "
	day, clock := time.DateOnly, "15:04"
	if from.Second() != 0 && to.Sub(from) < time.Hour {
		clock = time.TimeOnly
	}
	switch {
	case from.Equal(to):
		return from.Format(day + " " + clock)
	case from.Format(day) == to.Format(day):
		return from.Format(day+" "+clock) + sep + to.Format(clock)
	}
	return from.Format(day+" "+clock) + sep + to.Format(day+" "+clock)
}

// chartLines is a metric over time, in so many lines.
func (m *Model) chartLines(h int) []string {
	th, x := m.d.Theme, m.metric()
	points := course(x)
	at := m.chartCursor()
	if at < 0 {
		lines := []string{m.metricTitle(x), "", th.Muted.Render("It has no point with a time and a value.")}
		return append(lines, m.wrapped(th.Muted, m.metricFacts(x))...)
	}
	facts := m.wrapped(th.Muted, m.metricFacts(x))
	if room := max(1, h/5); len(facts) > room {
		facts = facts[:room]
	}
	lines := []string{m.metricTitle(x), m.cursorLine(x, at)}
	chart := component.Chart{Points: points, Cursor: at, Location: m.d.Location}.View(th, m.w, h-len(lines)-len(facts))
	return append(append(lines, strings.Split(chart, "\n")...), facts...)
}

// cursorLine is what stands under the chart's cursor.
func (m *Model) cursorLine(x *archive.Metric, at int) string {
	th, b := m.d.Theme, x.Sketch[at]
	from, to := b.At, b.At.Add(x.Width)
	switch { // of the ends the moment is known
	case b.Points == 1 && at == 0 && x.First.HasValue:
		from, to = x.First.At, x.First.At
	case b.Points == 1 && at == len(x.Sketch)-1 && x.Last.HasValue:
		from, to = x.Last.At, x.Last.At
	}
	when := th.Accent.Render(m.span(from, to))
	if b.Points == 1 {
		return when + "  " + th.Text.Render(component.Number(b.Mean))
	}
	return when + "  " + th.Text.Render("mean "+component.Number(b.Mean)) + th.Muted.Render(
		", least "+component.Number(b.Least)+", most "+component.Number(b.Most)+", "+component.Plural(b.Points, "point"))
}

// wrapped are texts on lines of the screen's width.
func (m *Model) wrapped(style lipgloss.Style, texts []string) []string {
	var lines []string
	for _, s := range texts {
		if s != "" {
			lines = append(lines, component.Labelled(m.d.Theme, "", s, style, 0, m.w)...)
		}
	}
	return lines
}

// charting reports whether a metric fills the screen.
func (m *Model) charting() bool {
	_, ok := m.selected()
	return m.charted && m.tab == metrics && ok
}

// metric is the one under the cursor.
func (m *Model) metric() *archive.Metric {
	r, _ := m.selected()
	return &m.profile.Metrics[r.item]
}

// chartCursor is the point under the chart's cursor: the one nearest to the
// moment, -1 if there is none. So the cursor stays when another metric is shown.
func (m *Model) chartCursor() int {
	sketch := m.metric().Sketch
	at := len(sketch) - 1
	if m.moment.IsZero() {
		return at
	}
	for i, b := range sketch {
		if !b.At.Before(m.moment) {
			at = i
			break
		}
	}
	if at > 0 && m.moment.Sub(sketch[at-1].At).Abs() < sketch[at].At.Sub(m.moment).Abs() {
		at--
	}
	return at
}

// moveCursor moves the chart's cursor by so many points.
func (m *Model) moveCursor(by int) {
	sketch := m.metric().Sketch
	if len(sketch) == 0 {
		return
	}
	m.moment = sketch[max(0, min(m.chartCursor()+by, len(sketch)-1))].At
}

// tallyWords are a tally in words.
func tallyWords(t archive.Tally) string {
	value := either(t.Value)
	if t.Rest {
		value = "others"
	}
	return component.Together(component.Count(t.Count) + " " + value)
}

// filled are those of the texts that there are, safe.
func filled(texts ...text.Untrusted) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t.Safe())
		}
	}
	return out
}

// either is the first of the texts that there is, safe.
func either(texts ...text.Untrusted) string {
	if all := filled(texts...); len(all) > 0 {
		return all[0]
	}
	return component.Unknown
}
