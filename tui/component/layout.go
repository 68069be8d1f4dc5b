package component

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Cut is one line cut to width cells, with the theme's ellipsis where
// something is missing. Styles are closed behind the cut.
func Cut(th *theme.Theme, s string, width int) string {
	if width <= 0 {
		return ""
	}
	if ansi.StringWidth(s) <= width {
		return s
	}
	// A tail wider than the line would leave nothing at all.
	return ansi.Truncate(s, width, ansi.Truncate(th.Glyphs.Ellipsis, width, ""))
}

// CutMiddle is one line cut to width cells in its middle: most of what stays is
// its end.
func CutMiddle(th *theme.Theme, s string, width int) string {
	all, room := ansi.StringWidth(s), width-ansi.StringWidth(th.Glyphs.Ellipsis)
	if all <= width || room < 4 {
		return Cut(th, s, width)
	}
	head := room / 4
	return ansi.Truncate(s, head, "") + th.Glyphs.Ellipsis + ansi.TruncateLeft(s, all-room+head, "")
}

// Pad fills a line with blanks on the right up to width cells; a longer one
// stays as it is.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

const (
	noBreak       = "\u00a0"
	noBreakHyphen = "\u2011"
)

// Together is a text that Labelled and Notice do not wrap between its words,
// as long as it fits on a line.
func Together(s string) string { return strings.ReplaceAll(s, " ", noBreak) }

// Labelled is a label in labelWidth cells and a value beside it, wrapped to
// width, its later lines under its first. The value is plain text.
func Labelled(th *theme.Theme, label, value string, style lipgloss.Style, labelWidth, width int) []string {
	labelWidth = min(labelWidth, max(0, width-1))
	head := th.Muted.Render(Pad(Cut(th, label, labelWidth), labelWidth))
	return hanging(head, labelWidth, value, style, width)
}

// Notice is a mark that tells the tone and a text beside it, wrapped to width.
// The text is plain.
func Notice(th *theme.Theme, tone theme.Tone, text string, width int) []string {
	const mark = 2
	if width <= mark {
		return []string{Cut(th, th.Mark(tone), width)}
	}
	return hanging(th.Style(tone).Render(th.Mark(tone))+" ", mark, text, th.Style(tone), width)
}

// hanging puts wrapped text right of a head of that many cells. A no-break
// space (see Together) is drawn as a blank.
func hanging(head string, cells int, s string, style lipgloss.Style, width int) []string {
	drawn := strings.NewReplacer(noBreak, " ", noBreakHyphen, "-")
	lines := strings.Split(ansi.Wrap(wholeDates(s), max(1, width-cells), ""), "\n")
	for i, l := range lines {
		l = drawn.Replace(strings.TrimRight(l, " "))
		lines[i] = head + style.Render(l)
		head = strings.Repeat(" ", cells)
	}
	return lines
}

// wholeDates keeps lines from ending at a hyphen between digits, as in
// 2026-01-31.
func wholeDates(s string) string {
	digit := func(i int) bool { return i >= 0 && i < len(s) && '0' <= s[i] && s[i] <= '9' }
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '-' && digit(i-1) && digit(i+1) {
			b.WriteString(noBreakHyphen)
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// Line is one line of a screen and its rank. Where there is no room for all
// lines, those of the highest rank go first, of equals the last one first;
// those of rank 0 stay as long as anything does.
type Line struct {
	Text string
	Rank int
}

// Lines gives lines the same rank.
func Lines(rank int, texts ...string) []Line {
	lines := make([]Line, len(texts))
	for i, s := range texts {
		lines[i] = Line{Text: s, Rank: rank}
	}
	return lines
}

// Fit brings lines into width×height cells: the least important are left out,
// and each is cut to the width. If what is left is still too much, the last
// line says how much more there is.
func Fit(th *theme.Theme, lines []Line, width, height int) string {
	if width <= 0 || height <= 0 {
		return ""
	}
	kept := append([]Line(nil), lines...)
	for len(kept) > height {
		least := 0
		for i, l := range kept {
			if l.Rank > 0 && l.Rank >= kept[least].Rank {
				least = i
			}
		}
		if kept[least].Rank == 0 {
			break
		}
		kept = append(kept[:least], kept[least+1:]...)
	}
	over := len(kept) - height
	if over > 0 {
		kept = kept[:height]
		more := fmt.Sprintf("%s %d more below", th.Glyphs.Down, over+1)
		kept[height-1].Text = th.Muted.Render(more)
	}
	texts := make([]string, len(kept))
	for i, l := range kept {
		texts[i] = Cut(th, l.Text, width)
	}
	return strings.Join(texts, "\n")
}
