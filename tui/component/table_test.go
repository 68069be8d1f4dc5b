package component_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

func table(n int) *component.Table {
	t := &component.Table{
		Columns: []component.Column{
			{Title: "NAME", Width: 8, Grow: 6},
			{Title: "COUNT", Width: 5, Right: true, Drop: 1},
			{Title: "LONG", Width: 10, Drop: 2},
			{Title: "END", Width: 4},
		},
		Row: func(i int) []component.Cell {
			return []component.Cell{
				{Text: fmt.Sprintf("row %d", i), Tone: theme.Good},
				{Text: fmt.Sprint(i)},
				{Text: "漢字👩‍👩‍👧‍👦 wide and long"},
				{Text: "x"},
				{Text: "too many"},
			}
		},
	}
	t.SetSize(40, 6)
	t.SetLen(n)
	return t
}

func TestTableColumns(t *testing.T) {
	t.Parallel()
	tb := table(2)
	for _, tt := range []struct {
		w          int
		head, last string
	}{
		{60, "  NAME           COUNT  LONG       END", "  row 1              1  漢字👩‍👩‍👧‍👦 wi… x"},
		{33, "  NAME     COUNT  LONG       END", "  row 1        1  漢字👩‍👩‍👧‍👦 wi… x"},
		{32, "  NAME           COUNT  END", "  row 1              1  x"},
		{22, "  NAME     COUNT  END", "  row 1        1  x"},
		{21, "  NAME           END", "  row 1          x"},
		{16, "  NAME      END", "  row 1     x"},
		{9, "  NAME  …", "  row 1 …"},
		{1, "…", "…"},
	} {
		tb.SetSize(tt.w, 5)
		lines := strings.Split(ansi.Strip(tb.View(theme.New(false))), "\n")
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if len(lines) != 3 || lines[0] != tt.head || lines[2] != tt.last {
			t.Errorf("%d wide:\n%s", tt.w, strings.Join(lines, "\n"))
		}
	}
}

func TestTableNeverGrowsBeyondItsCells(t *testing.T) {
	t.Parallel()
	tb := table(50)
	for w := range 90 {
		for h := range 12 {
			tb.SetSize(w, h)
			v := tb.View(theme.New(w%2 == 0))
			lines := strings.Split(v, "\n")
			if v != "" && len(lines) > h {
				t.Fatalf("%dx%d: %d lines", w, h, len(lines))
			}
			for _, l := range lines {
				if ansi.StringWidth(l) > w {
					t.Fatalf("%dx%d: %q", w, h, ansi.Strip(l))
				}
			}
		}
	}
}

func TestTableCursor(t *testing.T) {
	t.Parallel()
	keys := keymap.Default(false)
	tb := table(0)
	tb.Update(keys, press("down")) // on an empty table
	if tb.Cursor() != -1 {
		t.Errorf("empty: cursor %d", tb.Cursor())
	}
	tb.SetLen(12)
	for _, tt := range []struct {
		key  string
		want int
	}{{"up", 0}, {"down", 1}, {"j", 2}, {"k", 1}, {"G", 11}, {"down", 11}, {"g", 0}, {"end", 11}, {"home", 0}} {
		if !tb.Update(keys, press(tt.key)) || tb.Cursor() != tt.want {
			t.Errorf("%s: cursor %d, want %d", tt.key, tb.Cursor(), tt.want)
		}
		if v := ansi.Strip(tb.View(theme.New(false))); !strings.Contains(v, fmt.Sprintf("▸ row %d ", tt.want)) {
			t.Errorf("%s: the cursor is off the screen:\n%s", tt.key, v)
		}
	}
	if tb.Update(keys, press("z")) {
		t.Error("z was taken")
	}
	tb.Select(11)
	tb.SetLen(3)
	if tb.Cursor() != 2 {
		t.Errorf("after rows went: cursor %d", tb.Cursor())
	}
	if v := ansi.Strip(tb.View(theme.New(false))); !strings.Contains(v, "row 0") {
		t.Errorf("rows are hidden though there is room:\n%s", v)
	}
}

func TestTableRowUnderTheMouse(t *testing.T) {
	t.Parallel()
	tb := table(12)
	tb.Select(11) // rows 7 to 11 are on lines 1 to 5
	for y, want := range map[int]int{1: 7, 5: 11} {
		if i, ok := tb.At(y); !ok || i != want {
			t.Errorf("line %d is row %d, %v", y, i, ok)
		}
	}
	for _, y := range []int{-1, 0, 6} {
		if i, ok := tb.At(y); ok {
			t.Errorf("line %d is row %d", y, i)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	tb := table(10_000)
	tb.SetSize(120, 40)
	th := theme.New(false)
	for b.Loop() {
		tb.Select(9_000)
		_ = tb.View(th)
	}
}
