package component

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Column of a Table.
type Column struct {
	Title string
	// Width in cells; the column is never narrower.
	Width int
	// Grow is how many cells more it takes when there is room, the first
	// columns first.
	Grow int
	// Drop says when the column is left out: where room is short those with
	// the highest Drop go first. 0 is never.
	Drop int
	// Right aligns its cells on the right.
	Right bool
	// Ends cuts its cells in the middle, so that both ends stay: files' names
	// begin alike.
	Ends bool
}

// Cell of a Table's row.
type Cell struct {
	Text string // one line, safe to show
	Tone theme.Tone
}

// Table is a list with columns and a cursor. It asks for the rows that are on
// the screen and no others, so their number does not matter. The zero value is
// an empty table; set Columns and Row, then SetSize and SetLen.
type Table struct {
	Columns []Column
	// Row gives row i, one cell a column: missing ones are empty, those too
	// many are ignored.
	Row func(i int) []Cell

	n, cursor, top int
	w, h           int
}

const (
	columnGap   = 1
	cursorWidth = 2
)

// SetSize gives the table w×h cells, the line with the column heads included.
func (t *Table) SetSize(w, h int) {
	t.w, t.h = max(0, w), max(0, h)
	t.follow()
}

// SetLen sets the number of rows and keeps the cursor on one of them.
func (t *Table) SetLen(n int) {
	t.n = max(0, n)
	t.Select(t.cursor)
}

// Len is the number of rows.
func (t *Table) Len() int { return t.n }

// Cursor is the row under the cursor, -1 when there is none.
func (t *Table) Cursor() int {
	if t.n == 0 {
		return -1
	}
	return t.cursor
}

// Select puts the cursor on row i, or on the nearest there is.
func (t *Table) Select(i int) {
	t.cursor = max(0, min(i, t.n-1))
	t.follow()
}

// At is the row drawn on line y of the view, and whether there is one.
func (t *Table) At(y int) (int, bool) {
	i := t.top + y - 1
	return i, y >= 1 && y < t.h && i < t.n
}

// Update moves the cursor and reports whether the key was one of the table's.
func (t *Table) Update(keys *keymap.Map, msg tea.KeyPressMsg) bool {
	page := max(1, t.lines()-1)
	switch {
	case key.Matches(msg, keys.Up):
		t.Select(t.cursor - 1)
	case key.Matches(msg, keys.Down):
		t.Select(t.cursor + 1)
	case key.Matches(msg, keys.PageUp):
		t.Select(t.cursor - page)
	case key.Matches(msg, keys.PageDown):
		t.Select(t.cursor + page)
	case key.Matches(msg, keys.Top):
		t.Select(0)
	case key.Matches(msg, keys.Bottom):
		t.Select(t.n - 1)
	default:
		return false
	}
	return true
}

// lines is how many rows fit.
func (t *Table) lines() int { return max(0, t.h-1) }

// follow scrolls just so far that the cursor is on the screen, and leaves no
// empty lines at the end while rows are hidden above.
func (t *Table) follow() {
	rows := max(1, t.lines())
	t.top = max(0, min(t.top, t.n-rows))
	t.top = max(min(t.top, t.cursor), t.cursor-rows+1)
}

// View draws the table: its heads and the rows that fit.
func (t *Table) View(th *theme.Theme) string {
	if t.w == 0 || t.h == 0 {
		return ""
	}
	widths := t.widths()
	heads := make([]Cell, len(t.Columns))
	for i, c := range t.Columns {
		heads[i] = Cell{Text: c.Title}
	}
	lines := []string{th.Header.Render(strings.TrimRight(Cut(th, "  "+t.join(th, widths, heads, false), t.w), " "))}
	for i := t.top; i < min(t.n, t.top+t.lines()); i++ {
		cells := t.Row(i)
		if i == t.cursor {
			line := th.Glyphs.Cursor + " " + t.join(th, widths, cells, false)
			lines = append(lines, th.Selected.Render(Pad(Cut(th, line, t.w), t.w)))
			continue
		}
		lines = append(lines, Cut(th, "  "+t.join(th, widths, cells, true), t.w))
	}
	return strings.Join(lines, "\n")
}

// join puts the cells of one line beside one another.
func (t *Table) join(th *theme.Theme, widths []int, cells []Cell, styled bool) string {
	var b strings.Builder
	last := -1
	for i, w := range widths {
		if w == 0 {
			continue
		}
		var c Cell
		if i < len(cells) {
			c = cells[i]
		}
		b.WriteString(strings.Repeat(" ", t.gap(last, i)))
		last = i
		text := Cut(th, c.Text, w)
		if t.Columns[i].Ends {
			text = CutMiddle(th, c.Text, w)
		}
		blanks := strings.Repeat(" ", max(0, w-ansi.StringWidth(text)))
		if styled {
			text = th.Style(c.Tone).Render(text)
		}
		if t.Columns[i].Right {
			b.WriteString(blanks + text)
		} else {
			b.WriteString(text + blanks)
		}
	}
	return b.String()
}

// widths gives every column its cells; 0 leaves it out.
func (t *Table) widths() []int {
	widths := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		widths[i] = c.Width
	}
	for t.used(widths) > t.w {
		last := -1
		for i, c := range t.Columns {
			if widths[i] > 0 && c.Drop > 0 && (last < 0 || c.Drop >= t.Columns[last].Drop) {
				last = i
			}
		}
		if last < 0 {
			return widths
		}
		widths[last] = 0
	}
	for i, c := range t.Columns {
		if widths[i] > 0 {
			widths[i] += max(0, min(c.Grow, t.w-t.used(widths)))
		}
	}
	return widths
}

// used is the cells that columns of these widths take.
func (t *Table) used(widths []int) int {
	sum, last := cursorWidth, -1
	for i, w := range widths {
		if w > 0 {
			sum += t.gap(last, i) + w
			last = i
		}
	}
	return sum
}

// gap is the blanks between two columns that stand beside one another: one
// more where a cell that ends at the gap meets one that begins there.
func (t *Table) gap(left, right int) int {
	switch {
	case left < 0:
		return 0
	case t.Columns[left].Right && !t.Columns[right].Right:
		return columnGap + 1
	}
	return columnGap
}
