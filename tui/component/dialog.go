package component

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Dialog asks a question with a few answers. The first answer is the one that
// changes nothing: it is chosen at the start, and what esc gives.
type Dialog struct {
	Title   string
	Text    []string // paragraphs, safe to show
	Answers []string

	at int
}

// Update takes a key. An answer, by its number, is there when done is set.
func (d *Dialog) Update(keys *keymap.Map, msg tea.KeyPressMsg) (answer int, done bool) {
	switch {
	case key.Matches(msg, keys.Back):
		return 0, true
	case key.Matches(msg, keys.Open):
		return d.at, true
	case key.Matches(msg, keys.Left, keys.PrevField, keys.Up):
		d.at = (d.at + len(d.Answers) - 1) % len(d.Answers)
	case key.Matches(msg, keys.Right, keys.NextField, keys.Down):
		d.at = (d.at + 1) % len(d.Answers)
	}
	return 0, false
}

// Click chooses the answer that is drawn at a cell of the dialog's box, as View
// drew it in w×h cells, and reports whether there is one.
func (d *Dialog) Click(th *theme.Theme, w, h, x, y int) bool {
	if y != lipgloss.Height(d.View(th, w, h))-2 {
		return false
	}
	at := 2 // behind the frame and a blank
	for i, a := range d.Answers {
		width := lipgloss.Width(a) + 3
		if x >= at && x < at+width {
			d.at = i
			return true
		}
		at += width + 2
	}
	return false
}

// View draws the dialog in its frame, at most w×h cells.
func (d *Dialog) View(th *theme.Theme, w, h int) string {
	inner := max(1, min(w-4, 60))
	var lines []string
	for i, p := range d.Text {
		if i > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, strings.Split(lipgloss.Wrap(p, inner, ""), "\n")...)
	}
	var buttons []string
	for i, a := range d.Answers {
		if i == d.at {
			buttons = append(buttons, th.Selected.Render(th.Glyphs.Cursor+" "+a+" "))
		} else {
			buttons = append(buttons, th.Text.Render("  "+a+" "))
		}
	}
	answers := strings.Join(buttons, "  ")
	// The answers stay, whatever has to be left out above them.
	lines = lines[:max(0, min(len(lines), h-4))]
	lines = append(lines, "", Cut(th, answers, inner))
	return Box(th, d.Title, lines, inner, h)
}

// Box puts lines into a frame with a title; inner is the width between the
// frame's blanks, h the height of the whole at most.
func Box(th *theme.Theme, title string, lines []string, inner, h int) string {
	lines = lines[:max(0, min(len(lines), h-2))]
	b := th.Glyphs.Frame
	side := th.Border.Render(b.Left)
	head := Cut(th, " "+title+" ", inner)
	out := []string{th.Border.Render(b.TopLeft+b.Top) + th.Title.Render(head) +
		th.Border.Render(strings.Repeat(b.Top, max(0, inner+1-lipgloss.Width(head)))+b.TopRight)}
	for _, l := range lines {
		out = append(out, side+" "+Pad(Cut(th, l, inner), inner)+" "+th.Border.Render(b.Right))
	}
	out = append(out, th.Border.Render(b.BottomLeft+strings.Repeat(b.Bottom, inner+2)+b.BottomRight))
	return strings.Join(out, "\n")
}

// OverAt is the cell of a screen of w×h cells at which [Over] draws a box.
func OverAt(box string, w, h int) (x, y int) {
	return max(0, (w-lipgloss.Width(box))/2), max(0, (h-lipgloss.Height(box))/2)
}

// Over draws a box in the middle of a screen of w×h cells.
func Over(screen, box string, w, h int) string {
	if w <= 0 || h <= 0 {
		return ""
	}
	x, y := OverAt(box, w, h)
	layers := lipgloss.NewCompositor(lipgloss.NewLayer(screen), lipgloss.NewLayer(box).X(x).Y(y).Z(1))
	return lipgloss.NewCanvas(w, h).Compose(layers).Render()
}
