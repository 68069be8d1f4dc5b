package component_test

import (
	"encoding/binary"
	"math"
	"os"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zone is there wherever the test runs

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestMain(m *testing.M) {
	tuitest.DefineUpdate()
	os.Exit(m.Run())
}

var newYear = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// daily are points a day apart, without those of the days in the gap.
func daily(days, gapFrom, gapTo int) []component.ChartPoint {
	var points []component.ChartPoint
	for i := range days {
		if i >= gapFrom && i < gapTo {
			continue
		}
		v := 15_000 + float64(i)*30 + 800*math.Sin(float64(i)/6)
		d := float64(i%9) * 60
		points = append(points, component.ChartPoint{At: newYear.AddDate(0, 0, i), Least: v - d, Most: v + d, Mean: v})
	}
	return points
}

// values are points an hour apart, each of one value.
func values(of ...float64) []component.ChartPoint {
	points := make([]component.ChartPoint, 0, len(of))
	for i, v := range of {
		points = append(points, component.ChartPoint{At: newYear.Add(time.Duration(i) * time.Hour), Least: v, Most: v, Mean: v})
	}
	return points
}

func TestChartGolden(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		chart component.Chart
		w, h  int
	}{
		"gap":      {component.Chart{Points: daily(90, 40, 55), Cursor: 30}, 80, 18},
		"small":    {component.Chart{Points: daily(90, 40, 55), Cursor: -1}, 40, 6},
		"one":      {component.Chart{Points: values(15_000), Cursor: 0}, 60, 8},
		"constant": {component.Chart{Points: values(7, 7, 7, 7), Cursor: -1}, 60, 9},
		"negative": {component.Chart{Points: values(-3, -1.5, 0, 1.25, -0.5), Cursor: 4}, 60, 12},
		"no-axes":  {component.Chart{Points: values(1, 2, 3), Cursor: -1}, 10, 3},
		"summer-time": {component.Chart{
			Points: func() []component.ChartPoint {
				p := values(1, 4, 2, 3, 9, 8, 7, 6, 5, 4)
				for i := range p {
					p[i].At = time.Date(2026, 3, 28, 22, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Hour)
				}
				return p
			}(),
			Cursor: -1, Location: berlin,
		}, 80, 10},
	} {
		both(t, func(t *testing.T, th *theme.Theme) {
			kind := "unicode"
			if th.Glyphs.ASCII {
				kind = "ascii"
			}
			tuitest.Golden(t, "chart-"+name+"-"+kind, ansi.Strip(c.chart.View(th, c.w, c.h)))
		})
	}
}

// hard are values that a careless chart stumbles over.
func hard() map[string][]component.ChartPoint {
	inf, nan := math.Inf(1), math.NaN()
	wild := []component.ChartPoint{
		{At: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), Mean: 1, Least: nan, Most: -inf},
		{At: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), Mean: 2, Least: 5, Most: inf},
	}
	return map[string][]component.ChartPoint{
		"nothing":          nil,
		"no number":        values(nan, inf, -inf),
		"some no number":   values(1, nan, 3, inf),
		"the largest":      values(math.MaxFloat64, -math.MaxFloat64, 0),
		"all the largest":  values(math.MaxFloat64, math.MaxFloat64),
		"the least":        values(0, math.SmallestNonzeroFloat64),
		"very little":      values(0, 1e-320, -1e-310),
		"almost the same":  values(1e15, 1e15+0.125),
		"a penny of a lot": values(1e9, 1e9+0.01),
		"zero":             values(0, 0, 0),
		"-0":               values(math.Copysign(0, -1), 0),
		"all years":        wild,
		"one moment":       {{At: newYear, Mean: 1}, {At: newYear, Mean: 2}},
		"no time":          {{Mean: 1}, {Mean: 2}},
	}
}

func TestChartOfHardValues(t *testing.T) {
	t.Parallel()
	for name, points := range hard() {
		both(t, func(t *testing.T, th *theme.Theme) {
			for _, w := range []int{0, 1, 2, 9, 10, 17, 60, 133} {
				for _, h := range []int{0, 1, 2, 3, 4, 5, 16, 50} {
					for _, cursor := range []int{-1, 0, 1, 99} {
						view := component.Chart{Points: points, Cursor: cursor}.View(th, w, h)
						if w == 0 || h == 0 {
							if view != "" {
								t.Errorf("%s: %d×%d: %q", name, w, h, view)
							}
							continue
						}
						tuitest.Inside(t, view, w, h)
						if strings.Contains(view, "NaN") || strings.Contains(view, "Inf") {
							t.Errorf("%s: %d×%d:\n%s", name, w, h, ansi.Strip(view))
						}
					}
				}
				if trend := component.Trend(th, points, w); ansi.StringWidth(trend) != w {
					t.Errorf("%s: a trend of %d cells in %d", name, ansi.StringWidth(trend), w)
				}
			}
		})
	}
}

func TestZeroOnAScaleOfTinyValuesIsZero(t *testing.T) {
	t.Parallel()
	view := ansi.Strip(component.Chart{Points: values(0, 2e-8), Cursor: -1}.View(theme.New(false), 60, 12))
	if !strings.Contains(view, "2e-08┤") || !strings.Contains(view, "    0┤") {
		t.Errorf("\n%s", view)
	}
}

func TestChartMarksTheCursor(t *testing.T) {
	t.Parallel()
	points := values(1, 2, math.NaN(), 4)
	both(t, func(t *testing.T, th *theme.Theme) {
		for cursor, want := range []int{1, 1, 0, 1} { // of the third there is nothing to mark
			view := ansi.Strip(component.Chart{Points: points, Cursor: cursor}.View(th, 60, 12))
			without := ansi.Strip(component.Chart{Points: points, Cursor: -1}.View(th, 60, 12))
			if got := strings.Count(view, th.Glyphs.Dot) - strings.Count(without, th.Glyphs.Dot); !th.Glyphs.ASCII && got != want {
				t.Errorf("point %d is marked %d times:\n%s", cursor, got, view)
			}
			if want == 1 && view == without {
				t.Errorf("point %d is not marked:\n%s", cursor, view)
			}
		}
	})
}

// Wherever a point is drawn, that column leads back to it.
func TestChartPointAt(t *testing.T) {
	t.Parallel()
	th := theme.New(false)
	points := values(1, 2, math.NaN(), 40_000, 5)
	for _, size := range [][2]int{{10, 3}, {10, 12}, {60, 3}, {60, 12}, {133, 12}} {
		for _, i := range []int{0, 1, 3, 4} {
			c, w, h := component.Chart{Points: points, Cursor: i}, size[0], size[1]
			view := ansi.Strip(c.View(th, w, h))
			x := -1
			for l := range strings.SplitSeq(view, "\n") {
				if before, _, ok := strings.Cut(l, th.Glyphs.Dot); ok {
					x = ansi.StringWidth(before)
				}
			}
			if got := c.PointAt(w, h, x); x < 0 || got != i {
				t.Errorf("%d×%d: point %d is in column %d, where %d is:\n%s", w, h, i, x, got, view)
			}
		}
	}
	for _, c := range []struct{ w, h, x, want int }{{0, 9, 3, -1}, {60, 0, 3, -1}, {60, 9, -7, 0}, {60, 9, 400, 4}} {
		if got := (component.Chart{Points: points}).PointAt(c.w, c.h, c.x); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
	if got := (component.Chart{Points: values(math.NaN())}).PointAt(60, 9, 5); got != -1 {
		t.Errorf("without a number: %d", got)
	}
}

func TestTrend(t *testing.T) {
	t.Parallel()
	uni, asc := theme.New(false), theme.New(true)
	for _, c := range []struct {
		th     *theme.Theme
		points []component.ChartPoint
		width  int
		want   string
	}{
		{uni, values(1, 2, 3, 4, 5, 6, 7, 8), 8, "▁▂▃▄▅▆▇█"},
		{uni, values(-8, -1), 4, "▁▃▆█"},
		{uni, values(5, 5, 5), 3, "▄▄▄"},
		{uni, values(1), 3, " ▄ "},
		{uni, values(1, 1, 1, 1, 9, 9, 9, 9), 2, "▁█"},
		{uni, nil, 3, "   "},
		{uni, values(1), 0, ""},
		{asc, values(1, 8), 8, "_.:-=+*#"},
		{uni, daily(12, 4, 9), 12, "▁▂▃▄     ███"},
	} {
		if got := component.Trend(c.th, c.points, c.width); got != c.want {
			t.Errorf("Trend(%d points, %d) = %q, want %q", len(c.points), c.width, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    float64
		want string
	}{
		{0, "0"},
		{math.Copysign(0, -1), "0"},
		{15000, "15,000"},
		{-15000.5, "-15,000.5"},
		{15234.567, "15,234.57"},
		{999.99999, "1,000"},
		{12.3456789, "12.3457"},
		{0.25, "0.25"},
		{-0.5, "-0.5"},
		{0.0345678, "0.034568"},
		{1e-7, "1e-07"},
		{123456789012345, "123,456,789,012,345"},
		{1e18, "1e+18"},
		{math.MaxFloat64, "1.79769e+308"},
		{math.NaN(), "?"},
		{math.Inf(-1), "?"},
	} {
		if got := component.Number(c.v); got != c.want {
			t.Errorf("Number(%v) = %q, want %q", c.v, got, c.want)
		}
	}
}

func FuzzChart(f *testing.F) {
	f.Add([]byte{}, 60, 16, 0, false)
	for _, points := range hard() {
		var b []byte
		for _, p := range points {
			b = binary.BigEndian.AppendUint64(b, uint64(p.At.UnixMilli()))
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(p.Mean))
			b = binary.BigEndian.AppendUint64(b, math.Float64bits(p.Most))
		}
		f.Add(b, 80, 20, 1, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, w, h, cursor int, ascii bool) {
		if w > 300 || h > 100 || len(b) > 24*300 {
			return
		}
		var points []component.ChartPoint
		for ; len(b) >= 24; b = b[24:] {
			points = append(points, component.ChartPoint{
				At:    time.UnixMilli(int64(binary.BigEndian.Uint64(b))),
				Mean:  math.Float64frombits(binary.BigEndian.Uint64(b[8:])),
				Most:  math.Float64frombits(binary.BigEndian.Uint64(b[16:])),
				Least: -math.Float64frombits(binary.BigEndian.Uint64(b[16:])),
			})
		}
		th := theme.New(ascii)
		if view := (component.Chart{Points: points, Cursor: cursor}).View(th, w, h); view != "" {
			tuitest.Inside(t, view, w, h)
		}
		if got := ansi.StringWidth(component.Trend(th, points, w)); got != max(0, w) {
			t.Errorf("a trend of %d cells in %d", got, w)
		}
	})
}

func BenchmarkChart(b *testing.B) {
	th, points := theme.New(false), daily(256, 0, 0)
	for b.Loop() {
		_ = component.Chart{Points: points, Cursor: 100}.View(th, 120, 32)
	}
}
