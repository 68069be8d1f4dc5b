package component

import (
	"math"
	"strings"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Trend draws points over time as columns of different heights, in exactly
// width cells and without a style: the first at the left, the last at the
// right, from the least of the means to the most. Values that are all the same
// are of middle height. Where points are missing (see [Chart.Points]) there is
// nothing.
func Trend(th *theme.Theme, points []ChartPoint, width int) string {
	if width <= 0 {
		return ""
	}
	points, _ = finite(points, -1)
	columns := trendColumns(points, width)
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range columns {
		if isFinite(v) {
			lo, hi = math.Min(lo, v), math.Max(hi, v)
		}
	}
	heights := th.Glyphs.Spark
	var b strings.Builder
	for _, v := range columns {
		if !isFinite(v) {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(heights[int(shareOf(v, lo, hi)*(float64(len(heights))-0.01))])
	}
	return b.String()
}

// trendColumns are the means of the points in each column, with those between
// them where there is no gap; NaN where there is nothing.
func trendColumns(points []ChartPoint, width int) []float64 {
	columns, counts := make([]float64, width), make([]int, width)
	for i := range columns {
		columns[i] = math.NaN()
	}
	if len(points) == 0 {
		return columns
	}
	times, limit := timesOf(points), gapLimit(points)
	at := func(i int) int {
		return min(width-1, int(times.share(points[i].At)*float64(width)))
	}
	for i, p := range points {
		x := at(i)
		counts[x]++
		if counts[x] == 1 {
			columns[x] = p.Mean
		} else {
			columns[x] += (p.Mean/2 - columns[x]/2) / float64(counts[x]) * 2
		}
	}
	for i := 1; i < len(points); i++ {
		x0, x1 := at(i-1), at(i)
		if apart(points[i-1], points[i]) > limit {
			continue
		}
		for x := x0 + 1; x < x1; x++ {
			share := float64(x-x0) / float64(x1-x0)
			columns[x] = columns[x0]*(1-share) + columns[x1]*share
		}
	}
	return columns
}
