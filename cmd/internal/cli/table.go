package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// column of a table on standard output.
type column struct {
	title string
	right bool // numbers
	// drop says in which order columns go where there is no room: the highest
	// first, those with 0 never.
	drop int
	// least is the width down to which a column that stays is cut; 0 is never:
	// an id that is cut is no id.
	least int
}

// tableGap is between two columns; widestCell bounds what a stranger's word
// can do to a column that may be cut.
const (
	tableGap   = 2
	widestCell = 40
)

// printTable writes rows of text that is safe to show. Widths are cells of a
// terminal, so that wide letters keep the columns straight. A width above 0 is
// that of a terminal, which the table is fitted to.
func printTable(w io.Writer, columns []column, rows [][]string, width int) error {
	widths := columnWidths(columns, rows, width)
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.title
	}
	for _, row := range append([][]string{titles}, rows...) {
		if _, err := fmt.Fprintln(w, tableLine(columns, widths, row)); err != nil {
			return err
		}
	}
	return nil
}

func tableLine(columns []column, widths []int, row []string) string {
	var b strings.Builder
	gap := ""
	for i, c := range columns {
		if widths[i] == 0 {
			continue
		}
		cell := row[i]
		if c.least > 0 {
			cell = ansi.Truncate(cell, widths[i], "…")
		}
		blanks := strings.Repeat(" ", max(0, widths[i]-ansi.StringWidth(cell)))
		if c.right {
			cell = blanks + cell
		} else {
			cell += blanks
		}
		b.WriteString(gap + cell)
		gap = strings.Repeat(" ", tableGap)
	}
	return strings.TrimRight(b.String(), " ")
}

// columnWidths gives each column its width, 0 if it has to go.
func columnWidths(columns []column, rows [][]string, width int) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = ansi.StringWidth(c.title)
		for _, row := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(row[i]))
		}
		if c.least > 0 {
			widths[i] = min(widths[i], widestCell)
		}
	}
	if width <= 0 {
		return widths
	}
	for tooWide(widths, width) > 0 {
		last := -1
		for i, c := range columns {
			if widths[i] > 0 && c.drop > 0 && (last < 0 || c.drop > columns[last].drop) {
				last = i
			}
		}
		if last < 0 {
			break
		}
		widths[last] = 0
	}
	for i, c := range columns {
		if much := tooWide(widths, width); much > 0 && c.least > 0 && widths[i] > c.least {
			widths[i] = max(c.least, widths[i]-much)
		}
	}
	return widths
}

// tooWide is by how many cells the columns are too wide.
func tooWide(widths []int, width int) int {
	sum := -tableGap
	for _, w := range widths {
		if w > 0 {
			sum += w + tableGap
		}
	}
	return sum - width
}

// tableWidth is how wide a table may be: as wide as it is, unless a terminal shows it.
func (a *app) tableWidth() int {
	if !a.OutTerminal || a.Width == nil {
		return 0
	}
	return a.Width()
}
