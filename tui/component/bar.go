package component

import (
	"math"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Bar draws a fraction in exactly width cells, to an eighth of a cell where
// the theme can. Less than 0, or no number, means that nobody knows: a mark
// then wanders with frame, and claims nothing. Only a fraction of 1 fills the
// bar, and only 0 leaves it empty if there is more than one step to draw.
//
// What belongs to a bar in words stands on another line: of each line the
// renderer sends the cells from the first that changed to the last, and with a
// number beside the bar that would be the whole bar whenever the number changes.
func Bar(th *theme.Theme, width int, fraction float64, frame int) string {
	if width <= 0 {
		return ""
	}
	g := th.Glyphs
	if math.IsNaN(fraction) || fraction < 0 {
		at, mark := wandering(width, frame)
		return run(th.BarEmpty, g.BarEmpty, at) + run(th.BarFull, g.BarFull, mark) +
			run(th.BarEmpty, g.BarEmpty, width-at-mark)
	}
	perCell := len(g.BarPart) + 1
	steps := barSteps(width*perCell, fraction)
	full, rest := steps/perCell, steps%perCell
	done, empty := strings.Repeat(g.BarFull, full), width-full
	if rest > 0 {
		done += g.BarPart[rest-1]
		empty--
	}
	return run(th.BarFull, done, 1) + run(th.BarEmpty, g.BarEmpty, empty)
}

// barSteps is how many of all steps are done.
func barSteps(all int, fraction float64) int {
	fraction = clamp01(fraction)
	steps := int(math.Floor(fraction * float64(all)))
	switch {
	case fraction < 1 && steps == all:
		return all - 1
	case fraction > 0 && steps == 0 && all > 1:
		return 1
	}
	return steps
}

// wandering is where the mark of an unknown fraction stands and how wide it
// is: from left to right and back again.
func wandering(width, frame int) (at, mark int) {
	mark = min(3, width)
	path := width - mark
	if path == 0 {
		return 0, mark
	}
	round := 2 * path
	at = ((frame % round) + round) % round
	return min(at, round-at), mark
}

// run is a styled repetition; nothing at all for none, not even a style.
func run(style lipgloss.Style, cell string, times int) string {
	if cell == "" || times <= 0 {
		return ""
	}
	return style.Render(strings.Repeat(cell, times))
}
