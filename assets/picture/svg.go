// Package picture draws the pictures of the README: the console as it is, run
// against the sandbox on a terminal in memory, each cell brought into an SVG.
// `make screenshots` runs it.
package picture

import (
	"fmt"
	"html"
	"image/color"
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// paper is the terminal that a picture shows: its own two colours.
type paper struct{ text, behind string }

// A cell's size, and the margin around the screen, in pixels.
const (
	cellWidth  = 8.4
	cellHeight = 18
	margin     = 14
)

// screen is what stands on a terminal.
type screen [][]tuitest.Cell

// frame is a screen, and since when it stands.
type frame struct {
	at     time.Duration
	screen screen
}

// still is a picture of one screen.
func still(s screen, p paper) string {
	var b strings.Builder
	open(&b, s, p)
	for y, line := range s {
		b.WriteString(row(line, y, p))
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// moving is a picture of several screens, over and over. Of each line only what
// changes is drawn anew.
func moving(frames []frame, length time.Duration, p paper) string {
	var b strings.Builder
	open(&b, frames[0].screen, p)
	for y := range frames[0].screen {
		from := 0
		for i := 1; i <= len(frames); i++ {
			if i < len(frames) && slices.Equal(frames[i].screen[y], frames[from].screen[y]) {
				continue
			}
			drawn := row(frames[from].screen[y], y, p)
			end := length
			if i < len(frames) {
				end = frames[i].at
			}
			if drawn != "" {
				b.WriteString("<g visibility=\"hidden\">" + shown(frames[from].at, end, length) + drawn + "</g>\n")
			}
			from = i
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// shown makes a group visible from one time to another.
func shown(from, to, length time.Duration) string {
	at := func(d time.Duration) float64 { return float64(d) / float64(length) }
	times, values := fmt.Sprintf("0;%.4f;%.4f", at(from), at(to)), "hidden;visible;hidden"
	switch {
	case from == 0 && to >= length:
		times, values = "0", "visible"
	case from == 0:
		times, values = fmt.Sprintf("0;%.4f", at(to)), "visible;hidden"
	case to >= length:
		times, values = fmt.Sprintf("0;%.4f", at(from)), "hidden;visible"
	}
	return fmt.Sprintf(`<animate attributeName="visibility" calcMode="discrete" dur="%.1fs" repeatCount="indefinite" keyTimes="%s" values="%s"/>`,
		length.Seconds(), times, values)
}

// open begins a picture of a screen's size.
func open(b *strings.Builder, s screen, p paper) {
	w, h := float64(len(s[0]))*cellWidth+2*margin, float64(len(s)*cellHeight+2*margin)
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" `+
		`font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" fill="%s">`+"\n", w, h, w, h, p.text)
	fmt.Fprintf(b, `<rect width="%.0f" height="%.0f" rx="8" fill="%s"/>`+"\n", w, h, p.behind)
}

// row is one line: the cells that look alike are one piece of text, stretched
// to their columns, so that no font can shift what stands beside it.
func row(line []tuitest.Cell, y int, p paper) string {
	var b strings.Builder
	top := margin + y*cellHeight
	for from := 0; from < len(line); {
		to := from + 1
		for to < len(line) && alike(line[to], line[from]) {
			to++
		}
		piece := line[from:to]
		x, w := margin+float64(from)*cellWidth, float64(to-from)*cellWidth
		fg, bg := hex(piece[0].Fg, p.text), hex(piece[0].Bg, "")
		if piece[0].Reverse {
			fg, bg = hex(piece[0].Bg, p.behind), hex(piece[0].Fg, p.text)
		}
		if bg != "" {
			fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, x, top, w, cellHeight, bg)
		}
		var text strings.Builder
		for _, c := range piece {
			text.WriteString(c.Text)
		}
		if strings.TrimSpace(text.String()) != "" {
			style := ""
			if fg != p.text {
				style += ` fill="` + fg + `"`
			}
			if piece[0].Bold {
				style += ` font-weight="bold"`
			}
			fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" lengthAdjust="spacingAndGlyphs" xml:space="preserve"%s>%s</text>`,
				x, top+13, w, style, html.EscapeString(text.String()))
		}
		from = to
	}
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

func alike(a, b tuitest.Cell) bool {
	return a.Fg == b.Fg && a.Bg == b.Bg && a.Bold == b.Bold && a.Reverse == b.Reverse
}

// hex is a colour as SVG writes it, or own for the terminal's.
func hex(c color.Color, own string) string {
	if c == nil {
		return own
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}
