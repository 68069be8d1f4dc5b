package component

import (
	"math"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// valueScale is the axis of values, from one round number to another.
type valueScale struct {
	lo, hi float64
	ticks  []float64
	labels []string
}

// rowsPerTick is how many lines a label of the value axis has for itself.
const rowsPerTick = 3

// scaleOf makes the axis for points, in so many lines.
func scaleOf(points []ChartPoint, rows int) valueScale {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, p := range points {
		lo, hi = math.Min(lo, p.Least), math.Max(hi, p.Most)
	}
	return newValueScale(lo, hi, max(2, rows/rowsPerTick+1))
}

// newValueScale makes an axis with about n ticks, two at least, that reaches
// from lo to hi or beyond. Values that are as good as the same get room around them.
func newValueScale(lo, hi float64, n int) valueScale {
	const (
		same   = 1e-9   // of the larger of the two
		little = 1e-300 // too little to count with
	)
	size := math.Max(math.Abs(lo), math.Abs(hi))
	if hi/2-lo/2 <= math.Max(size*same/2, little) {
		pad := size / 10
		if pad <= little {
			pad = 1
		}
		lo, hi = math.Max(lo-pad, -math.MaxFloat64), math.Min(hi+pad, math.MaxFloat64)
	}
	steps := n - 1
	if n == 2 {
		// Numbers that are round to the whole distance would leave most of a low
		// plot empty: the two are less round.
		steps = 4
	}
	// Half of the distance is always a number, the whole may be beyond float64.
	step := niceStep((hi/2 - lo/2) / float64(steps) * 2)
	first, last := math.Floor(lo/step), math.Ceil(hi/step)
	every := 1.0
	if n == 2 {
		every = last - first
	}
	s := valueScale{lo: first * step, hi: last * step}
	if !isFinite(s.lo) || !isFinite(s.hi) {
		s.lo, s.hi = lo, hi
	}
	for k := first; k <= last; k += every {
		if v := k * step; v >= s.lo && v <= s.hi {
			s.ticks = append(s.ticks, v)
		}
	}
	s.label(step)
	return s
}

// niceStep is the least of 1, 2 and 5 times a power of ten that is not less
// than v.
func niceStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range [...]float64{1, 2, 5, 10} {
		if step := f * power; step >= v*(1-1e-9) && !math.IsInf(step, 1) {
			return step
		}
	}
	return v
}

// share is where a value lies between the ends, 0 to 1.
func (s valueScale) share(v float64) float64 { return shareOf(v, s.lo, s.hi) }

// shareOf is where a value lies between two others, 0 to 1; in the middle if
// they are as good as one.
func shareOf(v, lo, hi float64) float64 {
	span := hi/2 - lo/2 // the whole may be beyond float64
	if span <= 0 {
		return 0.5
	}
	return clamp01((v/2 - lo/2) / span)
}

// label writes the ticks, all in the same unit and to the same place.
func (s *valueScale) label(step float64) {
	size := math.Max(math.Abs(s.lo), math.Abs(s.hi))
	unit, suffix := 1.0, ""
	switch {
	case size < 1e-4, size >= 1e16:
		digits := int(math.Floor(math.Log10(size)) - math.Floor(math.Log10(step)))
		for _, v := range s.ticks {
			text := "0"
			if v != 0 {
				text = strconv.FormatFloat(v, 'e', max(0, min(digits, 9)), 64)
			}
			s.labels = append(s.labels, text)
		}
		return
	case size >= 1e12:
		unit, suffix = 1e12, "T"
	case size >= 1e9:
		unit, suffix = 1e9, "B"
	case size >= 1e6:
		unit, suffix = 1e6, "M"
	case size >= 1e5:
		unit, suffix = 1e3, "k"
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step/unit)-1e-9)))
	for _, v := range s.ticks {
		text := strconv.FormatFloat(v/unit+0, 'f', decimals, 64) // + 0: there is no -0
		if v != 0 {
			text += suffix
		}
		s.labels = append(s.labels, text)
	}
}

func (s valueScale) labelWidth() int {
	w := 0
	for _, l := range s.labels {
		w = max(w, ansi.StringWidth(l))
	}
	return w
}

// Number is a value for people: "15,000", "15,234.57", "0.034567", "1.2e+18".
// What is no finite number is Unknown.
func Number(v float64) string {
	size := math.Abs(v)
	decimals := 2
	switch {
	case !isFinite(v):
		return Unknown
	case v == 0:
		return "0"
	case size >= 1e15, size < 1e-4:
		return strconv.FormatFloat(v, 'g', 6, 64)
	case size < 1:
		decimals = 6
	case size < 1000:
		decimals = 4
	}
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	digits, negative := strings.CutPrefix(whole, "-")
	n, _ := strconv.ParseInt(digits, 10, 64) // below 1e15
	out := Count(n)
	if negative {
		out = "-" + out
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		out += "." + fraction
	}
	return out
}
