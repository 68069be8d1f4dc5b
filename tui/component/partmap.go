package component

import (
	"math/bits"
	"strings"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Extent is a piece [From, To) of a file, of which Done bytes are there, from
// From on.
type Extent struct{ From, To, Done int64 }

// PartMap draws which bytes of a file are here, in exactly width cells: each
// cell stands for the same share of the size, and is whole, begun (in three
// shades) or missing; a cell is whole only if each of its bytes is there.
// Extents that lie outside the file or run backwards are cut to what makes
// sense; without a size everything is missing.
func PartMap(th *theme.Theme, size int64, extents []Extent, width int) string {
	if width <= 0 {
		return ""
	}
	g := th.Glyphs
	shades := [...]string{"·", "░", "▒", "▓", g.BarFull}
	if g.ASCII {
		shades = [...]string{".", "-", "=", "+", g.BarFull}
	}
	var b strings.Builder
	cells := shadesOf(size, extents, width)
	for from := 0; from < width; {
		to := from + 1
		for to < width && cells[to] == cells[from] {
			to++
		}
		style := th.BarFull
		if cells[from] == 0 {
			style = th.BarEmpty
		}
		b.WriteString(run(style, shades[cells[from]], to-from))
		from = to
	}
	return b.String()
}

// shadesOf gives each cell 0 for nothing, 4 for all, and between them how far it is.
func shadesOf(size int64, extents []Extent, width int) []int {
	shades := make([]int, width)
	if size <= 0 {
		return shades
	}
	for i := range shades {
		from := cellStart(size, i, width)
		// A file may have fewer bytes than the map has cells.
		to := max(from+1, cellStart(size, i+1, width))
		shades[i] = shade(covered(extents, from, to), to-from)
	}
	return shades
}

// cellStart is size×i/width, which may need more than 64 bits on the way. None
// of the three is negative, and i is at most width.
func cellStart(size int64, i, width int) int64 {
	hi, lo := bits.Mul64(uint64(size), uint64(i))
	q, _ := bits.Div64(hi, lo, uint64(width))
	return int64(q)
}

// covered is how many bytes of [from, to) are there.
func covered(extents []Extent, from, to int64) int64 {
	var n int64
	for _, e := range extents {
		done := min(max(0, e.Done), max(0, e.To-max(0, e.From)))
		lo := max(from, e.From)
		hi := min(to, max(0, e.From)+done)
		n += max(0, hi-lo)
	}
	return n
}

func shade(done, all int64) int {
	switch {
	case done <= 0:
		return 0
	case done >= all:
		return 4
	}
	return min(3, 1+int(float64(done)/float64(all)*3))
}
