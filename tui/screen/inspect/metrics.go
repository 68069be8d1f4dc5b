package inspect

import (
	"cmp"
	"math"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
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
		{Text: component.Trend(m.d.Theme, verdict.Course(x), trendWidth(m.w)), Tone: theme.Active},
		number(x.Last.Value, x.Last.HasValue), number(x.Least, has), number(x.Most, has),
		{Text: component.Count(x.Points), Tone: theme.Faint},
		number(x.First.Value, x.First.HasValue),
		{Text: x.Service.Safe(), Tone: theme.Faint},
	}
}

// metricFacts are lines on a metric, the most important first.
func (m *Model) metricFacts(x *archive.Metric) []string {
	told := []string{component.Together(component.Plural(x.Points, "point"))}
	if !x.First.At.IsZero() {
		told = append(told, component.Together(m.days(x.First.At, x.Last.At)))
	}
	told = append(told, verdict.Tallies(x.Quality)...)
	lines := []string{strings.Join(verdict.Values(x), ", "), strings.Join(told, ", ")}
	if component.HasGap(verdict.Course(x)) {
		lines = append(lines, "no points from "+m.span(x.GapFrom, x.GapTo))
	}
	return lines
}

// metricTitle is a metric's name, unit and service.
func (m *Model) metricTitle(x *archive.Metric) string {
	th := m.d.Theme
	title := th.Strong.Render(nameOf(x))
	for _, t := range verdict.Filled(x.Unit, x.Service) {
		title += th.Muted.Render(" " + th.Glyphs.Sep + " " + t)
	}
	return title
}

// days is from which day to which; within one day it is span.
func (m *Model) days(from, to time.Time) string {
	first, last := m.date(from), m.date(to)
	if first == last {
		return m.span(from, to)
	}
	return first + " " + m.d.Theme.Glyphs.Dash + " " + last
}

// span is from when to when, as short as it can be told.
func (m *Model) span(from, to time.Time) string {
	from, to = from.In(m.d.Location), to.In(m.d.Location)
	sep := " " + m.d.Theme.Glyphs.Dash + " "
	day, clock := time.DateOnly, "15:04"
	if (from.Second() != 0 || to.Second() != 0) && to.Sub(from) < time.Hour {
		clock = time.TimeOnly
	}
	switch {
	case from.Format(day+clock) == to.Format(day+clock):
		return from.Format(day + " " + clock)
	case from.Format(day) == to.Format(day):
		return from.Format(day+" "+clock) + sep + to.Format(clock)
	}
	return from.Format(day+" "+clock) + sep + to.Format(day+" "+clock)
}

// chartLines is a metric over time, in so many lines.
func (m *Model) chartLines(h int) []string {
	th, x := m.d.Theme, m.metric()
	points := verdict.Course(x)
	at := m.chartCursor()
	if at < 0 {
		lines := []string{m.metricTitle(x), "", th.Muted.Render("It has no point with a time and a value.")}
		return append(lines, m.factLines(x, max(0, h-len(lines)))...)
	}
	facts := m.chartFacts(x, h)
	lines := []string{m.metricTitle(x), m.cursorLine(x, at)}
	chart := component.Chart{Points: points, Cursor: at, Location: m.d.Location}.View(th, m.w, h-chartHead-len(facts))
	return append(append(lines, strings.Split(chart, "\n")...), facts...)
}

// chartHead is how many lines stand above a chart.
const chartHead = 2

// chartFacts are the lines under a chart.
func (m *Model) chartFacts(x *archive.Metric, h int) []string { return m.factLines(x, max(1, h/5)) }

// pointAt puts the chart's cursor to the point nearest to a column.
func (m *Model) pointAt(column int) {
	x, h := m.metric(), m.bodyHeight()
	chart := component.Chart{Points: verdict.Course(x)}
	if i := chart.PointAt(m.w, h-chartHead-len(m.chartFacts(x, h)), column); i >= 0 {
		m.moment = x.Sketch[i].At
	}
}

// cursorLine is what stands under the chart's cursor.
func (m *Model) cursorLine(x *archive.Metric, at int) string {
	th, b := m.d.Theme, x.Sketch[at]
	from, to := b.At, b.At.Add(x.Width)
	if from.Before(x.First.At) {
		from = x.First.At
	}
	if to.After(x.Last.At) {
		to = x.Last.At
	}
	switch { // of the ends the moment is known
	case b.Points == 1 && at == 0 && x.First.HasValue:
		to = from
	case b.Points == 1 && at == len(x.Sketch)-1 && x.Last.HasValue:
		from = to
	}
	when := th.Accent.Render(m.span(from, to))
	if b.Points == 1 {
		return when + "  " + th.Text.Render(component.Number(b.Mean))
	}
	return when + "  " + th.Text.Render("mean "+component.Number(b.Mean)) + th.Muted.Render(
		", least "+component.Number(b.Least)+", most "+component.Number(b.Most)+", "+component.Plural(b.Points, "point"))
}

// factLines are the facts on a metric in at most so many lines of the screen's
// width. Each has one where there is no room for all of them.
func (m *Model) factLines(x *archive.Metric, room int) []string {
	th := m.d.Theme
	var wrapped, cut []string
	for _, s := range m.metricFacts(x) {
		if s != "" {
			wrapped = append(wrapped, component.Labelled(th, "", s, th.Muted, 0, m.w)...)
			oneLine := component.Labelled(th, "", s, th.Muted, 0, math.MaxInt32)[0]
			cut = append(cut, component.Cut(th, oneLine, m.w))
		}
	}
	if len(wrapped) <= room {
		return wrapped
	}
	return cut[:min(len(cut), room)]
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

// either is the first of the texts that there is, safe to show.
func either(texts ...text.Untrusted) string {
	return cmp.Or(verdict.First(texts...), component.Unknown)
}
