package tuitest

import (
	"fmt"
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

// Drawn is the screen with its styles, for a golden file: the text, then for
// each cell a letter, and what the letters mean. A cell in the terminal's own
// colours has a blank.
func (t *Term) Drawn() string {
	var text, styles, legend strings.Builder
	known := map[string]byte{"": ' '}
	for _, line := range t.Cells() {
		var letters, words strings.Builder
		for _, c := range line {
			words.WriteString(c.Text)
			look := c.look()
			letter, ok := known[look]
			if !ok {
				letter = byte('a' + len(known) - 1)
				known[look] = letter
				legend.WriteString(string(letter) + " " + look + "\n")
			}
			letters.WriteByte(letter)
		}
		text.WriteString(strings.TrimRight(words.String(), " ") + "\n")
		styles.WriteString(strings.TrimRight(letters.String(), " ") + "\n")
	}
	return text.String() + "----\n" + styles.String() + "----\n" + strings.TrimRight(legend.String(), "\n")
}

// look names how a cell is drawn; a blank shows no colour of text.
func (c Cell) look() string {
	var parts []string
	if c.Fg != nil && strings.TrimSpace(c.Text) != "" {
		parts = append(parts, "fg "+hex(c.Fg))
	}
	if c.Bg != nil {
		parts = append(parts, "bg "+hex(c.Bg))
	}
	if c.Bold {
		parts = append(parts, "bold")
	}
	if c.Reverse {
		parts = append(parts, "reverse")
	}
	return strings.Join(parts, ", ")
}

func hex(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
