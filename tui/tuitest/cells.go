package tuitest

import (
	"image/color"
	"slices"
	"strings"
)

// Cell is one cell of the screen as it is drawn.
type Cell struct {
	Text          string // "" right of a wide character
	Fg, Bg        color.Color
	Bold, Reverse bool
}

// Cells are the screen's, line by line. A nil colour is the terminal's own.
func (t *Term) Cells() [][]Cell {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := make([][]Cell, t.em.Height())
	for y := range lines {
		lines[y] = make([]Cell, t.em.Width())
		for x := range lines[y] {
			c := t.em.CellAt(x, y)
			if c == nil {
				lines[y][x] = Cell{Text: " "}
				continue
			}
			cell := Cell{Text: c.Content, Fg: c.Style.Fg, Bg: c.Style.Bg}
			cell.Bold, cell.Reverse = attributes(c.Style.String())
			lines[y][x] = cell
		}
	}
	return lines
}

// attributes reads an SGR sequence (ECMA-48, 8.3.117) without its colours.
func attributes(sgr string) (bold, reverse bool) {
	params := strings.Split(strings.TrimSuffix(strings.TrimPrefix(sgr, "\x1b["), "m"), ";")
	if i := slices.IndexFunc(params, func(p string) bool { return p == "38" || p == "48" || p == "58" }); i >= 0 {
		params = params[:i] // what follows are numbers of colours
	}
	return slices.Contains(params, "1"), slices.Contains(params, "7")
}
