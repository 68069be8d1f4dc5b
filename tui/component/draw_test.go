package component_test

import (
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// both runs a test for the drawing characters of either kind.
func both(t *testing.T, f func(t *testing.T, th *theme.Theme)) {
	t.Helper()
	for name, ascii := range map[string]bool{"unicode": false, "ascii": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, theme.New(ascii))
		})
	}
}

func TestBar(t *testing.T) {
	t.Parallel()
	uni, asc := theme.New(false), theme.New(true)
	for _, c := range []struct {
		th       *theme.Theme
		width    int
		fraction float64
		frame    int
		want     string
	}{
		{uni, 4, 0, 0, "░░░░"},
		{uni, 4, 1e-9, 0, "▏░░░"},
		{uni, 4, 0.5, 0, "██░░"},
		{uni, 4, 0.53125, 0, "██▏░"},
		{uni, 4, 0.9999, 0, "███▉"},
		{uni, 4, 1, 0, "████"},
		{uni, 4, 12, 0, "████"},
		{uni, 4, math.Inf(1), 0, "████"},
		{uni, 1, 0.5, 0, "▌"},
		{uni, 0, 0.5, 0, ""},
		{uni, -3, 0.5, 0, ""},
		{asc, 4, 0, 0, "----"},
		{asc, 4, 1e-9, 0, "#---"},
		{asc, 4, 0.5, 0, "##--"},
		{asc, 4, 0.9999, 0, "###-"},
		{asc, 4, 1, 0, "####"},
		{asc, 1, 0.5, 0, "-"},
		{uni, 5, -1, 0, "███░░"},
		{uni, 5, math.NaN(), 1, "░███░"},
		{uni, 5, -1, 2, "░░███"},
		{uni, 5, -1, 3, "░███░"},
		{uni, 5, -1, 4, "███░░"},
		{uni, 5, -1, -1, "░███░"},
		{uni, 2, -1, 7, "██"},
	} {
		if got := ansi.Strip(component.Bar(c.th, c.width, c.fraction, c.frame)); got != c.want {
			t.Errorf("Bar(%d, %v, %d) = %q, want %q", c.width, c.fraction, c.frame, got, c.want)
		}
	}
}

func TestBarNeverShrinks(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, th *theme.Theme) {
		for _, width := range []int{1, 2, 3, 7, 40, 73, 113} {
			last := -1
			for i := 0; i <= 500; i++ {
				bar := ansi.Strip(component.Bar(th, width, float64(i)/500, i))
				if got := ansi.StringWidth(bar); got != width {
					t.Fatalf("a bar of width %d has %d cells: %q", width, got, bar)
				}
				done := filled(th, bar)
				if done < last {
					t.Fatalf("width %d: %d/500 is less than before: %q", width, i, bar)
				}
				last = done
			}
			if all := filled(th, strings.Repeat(th.Glyphs.BarFull, width)); last != all {
				t.Fatalf("width %d: a fraction of 1 fills %d of %d", width, last, all)
			}
		}
	})
}

// filled is how many steps of a bar are done.
func filled(th *theme.Theme, bar string) int {
	steps := len(th.Glyphs.BarPart) + 1
	n := steps * strings.Count(bar, th.Glyphs.BarFull)
	for i, part := range th.Glyphs.BarPart {
		n += (i + 1) * strings.Count(bar, part)
	}
	return n
}

func TestSparkline(t *testing.T) {
	t.Parallel()
	uni, asc := theme.New(false), theme.New(true)
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		th     *theme.Theme
		values []float64
		width  int
		want   string
	}{
		{uni, nil, 3, "   "},
		{uni, []float64{0, 0}, 3, " ▁▁"},
		{uni, []float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, "▁▂▃▄▅▆▇█"},
		{uni, []float64{9, 9, 1, 2}, 2, "▅█"},
		{uni, []float64{1e-30, 1e9}, 2, "▂█"},
		{uni, []float64{-5, nan, 1}, 3, "▁▁█"},
		{uni, []float64{inf, 2, 1}, 3, "██▅"},
		{uni, []float64{inf}, 1, "█"},
		{uni, []float64{math.MaxFloat64, math.MaxFloat64 / 2}, 2, "█▅"},
		{uni, []float64{1}, 0, ""},
		{asc, []float64{0, 1, 2, 3, 4, 5, 6, 7}, 8, "_.:-=+*#"},
	} {
		if got := ansi.Strip(component.Sparkline(c.th, c.values, c.width)); got != c.want {
			t.Errorf("Sparkline(%v, %d) = %q, want %q", c.values, c.width, got, c.want)
		}
	}
}

func TestPartMap(t *testing.T) {
	t.Parallel()
	uni, asc := theme.New(false), theme.New(true)
	type extents = []component.Extent
	for _, c := range []struct {
		name  string
		th    *theme.Theme
		size  int64
		parts extents
		width int
		want  string
	}{
		{"nothing", uni, 100, nil, 5, "·····"},
		{"all", uni, 100, extents{{0, 100, 100}}, 5, "█████"},
		{"two parts", uni, 100, extents{{0, 50, 25}, {50, 100, 20}}, 10, "██▒··██···"},
		{"shades", uni, 100, extents{{0, 25, 5}, {25, 50, 10}, {50, 75, 20}, {75, 100, 25}}, 4, "░▒▓█"},
		{"one byte short", uni, 1 << 40, extents{{0, 1 << 40, 1<<40 - 1}}, 3, "██▓"},
		{"adjoining parts fill a cell", uni, 9, extents{{0, 1, 1}, {1, 2, 1}, {2, 3, 1}}, 3, "█··"},
		{"less bytes than cells", uni, 2, extents{{0, 1, 1}}, 4, "██··"},
		{"size unknown", uni, -1, extents{{0, 10, 10}}, 3, "···"},
		{"outside", uni, 10, extents{{-5, -1, 4}, {8, 99, 99}, {200, 300, 1}}, 5, "····█"},
		{"backwards", uni, 10, extents{{9, 2, 3}}, 5, "·····"},
		{"more done than there is", uni, 10, extents{{0, 4, 99}}, 5, "██···"},
		{"largest numbers", uni, math.MaxInt64, extents{{0, math.MaxInt64, math.MaxInt64}}, 3, "███"},
		{"ascii", asc, 100, extents{{0, 25, 5}, {25, 50, 10}, {50, 75, 20}, {75, 100, 25}}, 4, "-=+#"},
		{"no room", uni, 10, nil, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := ansi.Strip(component.PartMap(c.th, c.size, c.parts, c.width)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestChecklist(t *testing.T) {
	t.Parallel()
	stages := []component.Stage{
		{Name: "Queued", State: component.StageDone, Time: "4 s"},
		{Name: "集める", State: component.StageCurrent, Time: "1 m 20 s"},
		{Name: "Generating", State: component.StageFailed},
		{Name: "Paused", State: component.StageHalted, Time: "1 s"},
		{Name: "Link ready"},
	}
	want := strings.Join([]string{
		"✓ Queued      done     4 s",
		"⠙ 集める      running  1 m 20 s",
		"✗ Generating  failed",
		"‖ Paused      halted   1 s",
		"○ Link ready  to come",
	}, "\n")
	th := theme.New(false)
	got := ansi.Strip(strings.Join(component.Checklist(th, stages, 80, th.Spinner(1)), "\n"))
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	both(t, func(t *testing.T, th *theme.Theme) {
		for width := 1; width < 40; width++ {
			for _, l := range component.Checklist(th, stages, width, th.Spinner(0)) {
				if w := ansi.StringWidth(l); w > width {
					t.Errorf("width %d: a line of %d cells: %q", width, w, l)
				}
			}
		}
	})
}

// TestExactWidth holds what draws to its cells, whatever the width.
func TestExactWidth(t *testing.T) {
	t.Parallel()
	rates := make([]float64, 60)
	for i := range rates {
		rates[i] = float64(i * i % 17)
	}
	parts := []component.Extent{{0, 333, 200}, {333, 777, 444}, {777, 1000, 1}}
	both(t, func(t *testing.T, th *theme.Theme) {
		for width := 1; width <= 200; width++ {
			for name, line := range map[string]string{
				"bar":       component.Bar(th, width, 0.377, 0),
				"unknown":   component.Bar(th, width, -1, width),
				"sparkline": component.Sparkline(th, rates, width),
				"part map":  component.PartMap(th, 1000, parts, width),
			} {
				if got := ansi.StringWidth(line); got != width {
					t.Errorf("%s of width %d has %d cells", name, width, got)
				}
				if th.Glyphs.ASCII {
					needASCII(t, line)
				}
			}
		}
	})
}

func needASCII(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r > 0x7e {
			t.Errorf("%q is not ASCII in %q", r, s)
			return
		}
	}
}
