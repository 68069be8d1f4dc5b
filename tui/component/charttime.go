package component

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// timeScale is the axis of time. It counts in milliseconds: a time.Duration
// ends after 292 years.
type timeScale struct{ from, to int64 }

func timesOf(points []ChartPoint) timeScale {
	t := timeScale{points[0].At.UnixMilli(), points[0].At.UnixMilli()}
	for _, p := range points {
		t.from, t.to = min(t.from, p.At.UnixMilli()), max(t.to, p.At.UnixMilli())
	}
	return t
}

// share is where a moment lies between the ends, 0 to 1; in the middle if they
// are one.
func (t timeScale) share(at time.Time) float64 {
	return shareOf(float64(at.UnixMilli()), float64(t.from), float64(t.to))
}

// apart is the time between two points in milliseconds.
func apart(a, b ChartPoint) float64 {
	return float64(b.At.UnixMilli()) - float64(a.At.UnixMilli())
}

// gapLimit is the longest time between two points, in milliseconds, that a
// line is drawn over: three times the usual one.
func gapLimit(points []ChartPoint) float64 {
	if len(points) < 2 {
		return 0
	}
	steps := make([]float64, 0, len(points)-1)
	for i := 1; i < len(points); i++ {
		steps = append(steps, apart(points[i-1], points[i]))
	}
	slices.Sort(steps)
	const some = 1.02 // buckets do not begin where their points are
	return 3 * some * steps[len(steps)/2]
}

// The units that ticks of time stand at.
type timeUnit int

const (
	seconds timeUnit = iota
	days
	months
	years
)

// timeStep is a distance between ticks, and how wide its labels are.
type timeStep struct {
	unit  timeUnit
	n     int
	width int
}

// around is the step's length in milliseconds, roughly.
func (s timeStep) around() float64 {
	const day = 86_400_000
	return float64(s.n) * [...]float64{1000, day, 30.4 * day, 365.25 * day}[s.unit]
}

// timeSteps are the steps of a round length, the least first.
func timeSteps() []timeStep {
	const date, month, year = 6, 7, 4 // a midnight is written as its date
	steps := []timeStep{{seconds, 1, 8}, {seconds, 5, 8}, {seconds, 15, 8}, {seconds, 30, 8}}
	for _, minutes := range [...]int{1, 5, 15, 30, 60, 180, 360, 720} {
		steps = append(steps, timeStep{seconds, minutes * 60, date})
	}
	for _, n := range [...]int{1, 2, 7, 14} {
		steps = append(steps, timeStep{days, n, date})
	}
	for _, n := range [...]int{1, 3, 6} {
		steps = append(steps, timeStep{months, n, month})
	}
	for n := 1; n <= 1000; n *= 10 {
		steps = append(steps, timeStep{years, n, year}, timeStep{years, 2 * n, year}, timeStep{years, 5 * n, year})
	}
	return steps
}

// stepFor is the least step whose labels have room in so many cells.
func (t timeScale) stepFor(width int) timeStep {
	const between = 3
	span := float64(t.to) - float64(t.from)
	steps := timeSteps()
	for _, s := range steps {
		if span/s.around()*float64(s.width+between) <= float64(width) {
			return s
		}
	}
	return steps[len(steps)-1]
}

// tick is the k-th tick at or after the one before from.
func (s timeStep) tick(from time.Time, k int) time.Time {
	y, m, d := from.Date()
	switch s.unit {
	case seconds:
		begin := (from.Hour()*3600 + from.Minute()*60 + from.Second()) / s.n * s.n
		return time.Date(y, m, d, 0, 0, begin+k*s.n, 0, from.Location())
	case days:
		const monday = 4 // the first one after 1970-01-01 is four days later
		day := int(math.Floor(float64(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()) / 86_400))
		over := ((day-monday)%s.n + s.n) % s.n
		return time.Date(y, m, d-over+k*s.n, 0, 0, 0, 0, from.Location())
	case months:
		return time.Date(y, time.Month((int(m)-1)/s.n*s.n+1+k*s.n), 1, 0, 0, 0, 0, from.Location())
	default:
		return time.Date(y/s.n*s.n+k*s.n, 1, 1, 0, 0, 0, 0, from.Location())
	}
}

// label is how a tick is written: a midnight has its date, a new year its year.
func (s timeStep) label(at time.Time) string {
	h, m, sec := at.Clock()
	switch {
	case s.unit == years:
		return strconv.Itoa(at.Year())
	case s.unit == months:
		return at.Format("2006-01")
	case s.unit == days, h == 0 && m == 0 && sec == 0:
		return at.Format("Jan 2")
	case s.n < 60:
		return at.Format(time.TimeOnly)
	}
	return at.Format("15:04")
}

// timeTick is a label and the column that it stands under.
type timeTick struct {
	column int
	label  string
}

// ticks are those between the ends, in so many cells.
func (t timeScale) ticks(loc *time.Location, width int) []timeTick {
	from := time.UnixMilli(t.from).In(loc)
	step := t.stepFor(width)
	var ticks []timeTick
	for k := range width + 2 {
		at := step.tick(from, k)
		if at.UnixMilli() > t.to {
			break
		}
		if at.UnixMilli() >= t.from && t.to > t.from {
			ticks = append(ticks, timeTick{int(math.Round(t.share(at) * float64(width-1))), step.label(at)})
		}
	}
	if len(ticks) == 0 { // a stretch too short for one, or a moment
		ticks = append(ticks, timeTick{int(math.Round(t.share(from) * float64(width-1))), from.Format(time.DateTime)})
	}
	return ticks
}

// timeAxis is the two lines under a plot: the axis and its labels.
func timeAxis(th *theme.Theme, g chartGlyphs, points []ChartPoint, loc *time.Location, left, width int) []string {
	axis := slices.Repeat([]string{g.below}, width)
	labels, end := "", 0
	for _, t := range timesOf(points).ticks(cmp.Or(loc, time.UTC), width) {
		axis[t.column] = g.belowTick
		size := ansi.StringWidth(t.label)
		at := max(0, min(t.column-size/2, width-size))
		if at+size > width || end > 0 && at < end+2 {
			continue
		}
		labels += strings.Repeat(" ", at-end) + t.label
		end = at + size
	}
	margin, corner := "", ""
	if left > 0 {
		margin, corner = strings.Repeat(" ", left-1), g.corner
	}
	return []string{
		margin + th.Border.Render(corner+strings.Join(axis, "")),
		strings.Repeat(" ", left) + th.Muted.Render(labels),
	}
}

// HasGap reports whether points are missing: see [Chart.Points].
func HasGap(points []ChartPoint) bool {
	limit := gapLimit(points)
	for i := 1; i < len(points); i++ {
		if apart(points[i-1], points[i]) > limit {
			return true
		}
	}
	return false
}
