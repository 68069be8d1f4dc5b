package component

import (
	"math"
	"strings"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Sparkline draws values as columns of different heights in exactly width
// cells, the newest at the right, scaled to the largest one shown. Where there
// are more values than cells the oldest are left out; where there are fewer,
// the left stays blank. Nothing is the lowest column, and anything at all is
// higher. What is negative or no number counts as nothing, infinity as the top.
func Sparkline(th *theme.Theme, values []float64, width int) string {
	if width <= 0 {
		return ""
	}
	if len(values) > width {
		values = values[len(values)-width:]
	}
	top := 0.0
	for _, v := range values {
		if !math.IsInf(v, 1) {
			top = math.Max(top, positive(v))
		}
	}
	heights := th.Glyphs.Spark
	var columns strings.Builder
	for _, v := range values {
		columns.WriteString(heights[height(positive(v), top, len(heights)-1)])
	}
	return strings.Repeat(" ", width-len(values)) + run(th.Spark, columns.String(), 1)
}

func height(v, top float64, highest int) int {
	if v <= 0 {
		return 0
	}
	// top is 0 if all there is, is infinite.
	share := 1.0
	if v < top {
		share = v / top
	}
	return max(1, int(math.Ceil(share*float64(highest))))
}

// positive is v, or 0 for what is less than nothing or no number.
func positive(v float64) float64 {
	if v > 0 {
		return v
	}
	return 0
}
