package component

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Pager shows lines that may be more than fit. The zero value is empty.
type Pager struct {
	lines []string
	top   int
	w, h  int
}

// SetSize gives it w×h cells.
func (p *Pager) SetSize(w, h int) {
	p.w, p.h = max(0, w), max(0, h)
	p.to(p.top)
}

// SetLines replaces the text and stays where it was, if that is still there.
func (p *Pager) SetLines(lines []string) {
	p.lines = lines
	p.to(p.top)
}

// Overflows reports whether some of the text is hidden.
func (p *Pager) Overflows() bool { return len(p.lines) > p.h }

// By scrolls n lines, up if it is less than 0.
func (p *Pager) By(n int) { p.to(p.top + n) }

func (p *Pager) to(top int) { p.top = max(0, min(top, len(p.lines)-p.h)) }

// Update scrolls, and reports whether the key was one of its.
func (p *Pager) Update(keys *keymap.Map, msg tea.KeyPressMsg) bool {
	page := max(1, p.h-1)
	switch {
	case key.Matches(msg, keys.Up):
		p.By(-1)
	case key.Matches(msg, keys.Down):
		p.By(1)
	case key.Matches(msg, keys.PageUp):
		p.By(-page)
	case key.Matches(msg, keys.PageDown):
		p.By(page)
	case key.Matches(msg, keys.Top):
		p.to(0)
	case key.Matches(msg, keys.Bottom):
		p.to(len(p.lines))
	default:
		return false
	}
	return true
}

// View draws the lines in sight. Where more is above or below, the last cells
// of the first or last line say so.
func (p *Pager) View(th *theme.Theme) string {
	end := min(len(p.lines), p.top+p.h)
	if p.w == 0 || end <= p.top {
		return ""
	}
	out := make([]string, 0, end-p.top)
	for _, l := range p.lines[p.top:end] {
		out = append(out, Cut(th, l, p.w))
	}
	mark := func(i int, glyph string) {
		if p.w >= 8 {
			out[i] = Pad(Cut(th, out[i], p.w-2), p.w-1) + th.Muted.Render(glyph)
		}
	}
	if p.top > 0 {
		mark(0, th.Glyphs.Up)
	}
	if end < len(p.lines) {
		mark(len(out)-1, th.Glyphs.Down)
	}
	return strings.Join(out, "\n")
}
