package component

import (
	"math"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// ChartPoint sums up the values of a moment, or of a stretch of time that
// begins at At. One whose Mean is no finite number is left out.
type ChartPoint struct {
	At                time.Time
	Least, Most, Mean float64
}

// Chart is values over time: a line through the means, the band from the least
// to the most behind it, and axes with round numbers. The line is broken where
// points are missing: see [Chart.Points].
type Chart struct {
	// Points in the order of time. Two that lie more than three times as far
	// from each other as is usual among them have a gap between them.
	Points []ChartPoint
	// Cursor is the point that is marked; less than 0 is none.
	Cursor int
	// Location is the zone of the time labels; nil is UTC.
	Location *time.Location
}

const (
	footHeight = 2 // the axis of time and its labels
	leastPlot  = 8 // cells; where the plot would be narrower it has no value axis
)

// View draws the chart in no more than w×h cells. Where there is little room
// the axes go first. Without a point to draw it is empty.
func (c Chart) View(th *theme.Theme, w, h int) string {
	points, cursor := finite(c.Points, c.Cursor)
	if w <= 0 || h <= 0 || len(points) == 0 {
		return ""
	}
	values, left, foot := frame(points, w, h)
	plotH := h - foot
	p := newPlot(th, points, values, w-left, plotH)
	p.band()
	p.line()
	rows := p.rows(cursor)
	marks := chartGlyphsOf(th.Glyphs.ASCII)
	if left > 0 {
		for y, row := range rows {
			rows[y] = values.margin(th, marks, y, plotH) + row
		}
	}
	if foot > 0 {
		rows = append(rows, timeAxis(th, marks, points, c.Location, left, w-left)...)
	}
	return strings.Join(rows, "\n")
}

// PointAt is the point that lies nearest to column x of what View draws, -1 if
// there is none.
func (c Chart) PointAt(w, h, x int) int {
	points, _ := finite(c.Points, -1)
	if w <= 0 || h <= 0 || len(points) == 0 {
		return -1
	}
	_, left, _ := frame(points, w, h)
	times, share := timesOf(points), float64(x-left)/float64(max(1, w-left-1))
	nearest, least := -1, math.Inf(1)
	for i, p := range c.Points {
		if d := math.Abs(times.share(p.At) - share); isFinite(p.Mean) && d < least {
			nearest, least = i, d
		}
	}
	return nearest
}

// frame is the axis of values, and how many cells the axes take at the left and
// at the foot.
func frame(points []ChartPoint, w, h int) (values valueScale, left, foot int) {
	foot = footHeight
	if h < foot+2 {
		foot = 0
	}
	values = scaleOf(points, h-foot)
	if left = values.labelWidth() + 1; w-left < leastPlot {
		left = 0
	}
	return values, left, foot
}

// finite leaves out what cannot be drawn, and gives the cursor's new place.
func finite(all []ChartPoint, cursor int) ([]ChartPoint, int) {
	points, at := make([]ChartPoint, 0, len(all)), -1
	for i, p := range all {
		if !isFinite(p.Mean) {
			continue
		}
		if i == cursor {
			at = len(points)
		}
		// What lies on the wrong side of the mean is none of its bounds.
		if !isFinite(p.Least) || p.Least > p.Mean {
			p.Least = p.Mean
		}
		if !isFinite(p.Most) || p.Most < p.Mean {
			p.Most = p.Mean
		}
		points = append(points, p)
	}
	return points, at
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// chartGlyphs are what the axes are drawn with.
type chartGlyphs struct {
	side, tick, corner, below, belowTick string
	band, line                           string // line only where there are no dots
}

func chartGlyphsOf(ascii bool) chartGlyphs {
	if ascii {
		return chartGlyphs{side: "|", tick: "+", corner: "+", below: "-", belowTick: "+", band: ":", line: "*"}
	}
	return chartGlyphs{side: "│", tick: "┤", corner: "└", below: "─", belowTick: "┬", band: "░"}
}

// plot is the field between the axes. The line is drawn in dots, several a
// cell where the terminal has Braille patterns; the band in whole cells.
type plot struct {
	th     *theme.Theme
	points []ChartPoint
	values valueScale
	times  timeScale
	w, h   int
	dx, dy int     // dots a cell
	dots   []uint8 // of each cell, as the Braille patterns count them
	banded []bool
}

func newPlot(th *theme.Theme, points []ChartPoint, values valueScale, w, h int) *plot {
	p := &plot{
		th: th, points: points, values: values, times: timesOf(points), w: w, h: h, dx: 2, dy: 4,
		dots: make([]uint8, w*h), banded: make([]bool, w*h),
	}
	if th.Glyphs.ASCII {
		p.dx, p.dy = 1, 1
	}
	return p
}

// x is the column of dots of a point.
func (p *plot) x(i int) int {
	return int(math.Round(p.times.share(p.points[i].At) * float64(p.w*p.dx-1)))
}

// y is the row of dots of a value, counted from the top.
func (p *plot) y(v float64) int {
	return int(math.Round((1 - p.values.share(v)) * float64(p.h*p.dy-1)))
}

// brailleDot is the bit of a dot by its column and row: Unicode, Braille
// Patterns, U+2800.
func brailleDot(x, y int) uint8 {
	return [2][4]uint8{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}[x][y]
}

// lone is the pattern of a point without neighbours: four dots in the middle.
const lone = 0x02 | 0x04 | 0x10 | 0x20

func (p *plot) dot(x, y int) {
	p.dots[y/p.dy*p.w+x/p.dx] |= brailleDot(x%p.dx, y%p.dy)
}

// line joins the means, but not over a gap.
func (p *plot) line() {
	limit := gapLimit(p.points)
	for i := range p.points {
		x, y := p.x(i), p.y(p.points[i].Mean)
		joins := func(i int) bool {
			return i > 0 && i < len(p.points) && apart(p.points[i-1], p.points[i]) <= limit
		}
		switch {
		case joins(i):
			p.stroke(p.x(i-1), p.y(p.points[i-1].Mean), x, y)
		case joins(i + 1):
		default: // by itself it would be too small to be seen
			p.dots[y/p.dy*p.w+x/p.dx] |= lone
		}
	}
}

// stroke is Bresenham's line.
func (p *plot) stroke(x0, y0, x1, y1 int) {
	dx, dy := abs(x1-x0), -abs(y1-y0)
	sx, sy := sign(x1-x0), sign(y1-y0)
	rest := dx + dy
	for {
		p.dot(x0, y0)
		if x0 == x1 && y0 == y1 {
			return
		}
		twice := 2 * rest
		if twice >= dy {
			rest += dy
			x0 += sx
		}
		if twice <= dx {
			rest += dx
			y0 += sy
		}
	}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

// band fills the cells between the least and the most, and between those of
// neighbours where there is no gap.
func (p *plot) band() {
	limit := gapLimit(p.points)
	for i, at := range p.points {
		x, top, bottom := p.x(i), p.y(at.Most), p.y(at.Least)
		if i == 0 || apart(p.points[i-1], at) > limit {
			p.fill(x, top, bottom)
			continue
		}
		before := p.points[i-1]
		x0, top0, bottom0 := p.x(i-1), p.y(before.Most), p.y(before.Least)
		for at := x0; at <= x; at++ {
			p.fill(at, between(x0, x, at, top0, top), between(x0, x, at, bottom0, bottom))
		}
	}
}

// between is the value at x on the way from y0 at x0 to y1 at x1.
func between(x0, x1, x, y0, y1 int) int {
	if x1 == x0 {
		return y1
	}
	return y0 + (y1-y0)*(x-x0)/(x1-x0)
}

func (p *plot) fill(x, top, bottom int) {
	if top >= bottom {
		return
	}
	for y := top / p.dy; y <= bottom/p.dy; y++ {
		p.banded[y*p.w+x/p.dx] = true
	}
}

// rows are the lines of the field, styled; cursor is the point that is marked.
func (p *plot) rows(cursor int) []string {
	cursorX, cursorY := -1, -1
	if cursor >= 0 {
		cursorX, cursorY = p.x(cursor)/p.dx, p.y(p.points[cursor].Mean)/p.dy
	}
	marks := chartGlyphsOf(p.th.Glyphs.ASCII)
	rows := make([]string, p.h)
	for y := range rows {
		var line strokes
		for x := range p.w {
			i := y*p.w + x
			switch {
			case x == cursorX && y == cursorY:
				line.add(inkCursor, p.th.Glyphs.Dot)
			case p.dots[i] != 0 && marks.line != "":
				line.add(inkLine, marks.line)
			case p.dots[i] != 0:
				line.add(inkLine, string(rune(0x2800+int(p.dots[i]))))
			case x == cursorX:
				line.add(inkCursor, p.th.Glyphs.VRule)
			case p.banded[i]:
				line.add(inkBand, marks.band)
			default:
				line.add(inkNone, " ")
			}
		}
		rows[y] = line.render(p.th)
	}
	return rows
}

// ink is what a cell of the field is drawn with.
type ink int

const (
	inkNone ink = iota
	inkLine
	inkBand
	inkCursor
)

// strokes join neighbours of one ink, so that each run is styled once.
type strokes struct {
	inks  []ink
	texts []string
}

func (s *strokes) add(k ink, cell string) {
	if n := len(s.inks); n > 0 && s.inks[n-1] == k {
		s.texts[n-1] += cell
		return
	}
	s.inks, s.texts = append(s.inks, k), append(s.texts, cell)
}

func (s *strokes) render(th *theme.Theme) string {
	var b strings.Builder
	for i, k := range s.inks {
		var style lipgloss.Style
		switch k {
		case inkLine:
			style = th.Spark
		case inkBand:
			style = th.BarEmpty
		case inkCursor:
			style = th.Accent
		case inkNone:
			if i < len(s.inks)-1 { // blanks at the end of a line are not sent
				b.WriteString(s.texts[i])
			}
			continue
		}
		b.WriteString(style.Render(s.texts[i]))
	}
	return b.String()
}

// margin is what stands left of row y: the label of a tick and the axis.
func (s valueScale) margin(th *theme.Theme, g chartGlyphs, y, height int) string {
	width := s.labelWidth()
	for i, v := range s.ticks {
		if int(math.Round((1-s.share(v))*float64(height-1))) == y {
			blank := strings.Repeat(" ", width-ansi.StringWidth(s.labels[i]))
			return th.Muted.Render(blank+s.labels[i]) + th.Border.Render(g.tick)
		}
	}
	return strings.Repeat(" ", width) + th.Border.Render(g.side)
}
