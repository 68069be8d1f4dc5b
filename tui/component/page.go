package component

import (
	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Ranks of the lines of a page, from what stays longest to what goes first.
const (
	RankAlways = iota
	RankMain
	RankUseful
	RankDetail
	RankBlank
)

// Page collects the lines of a screen; Fit draws them. Texts are wrapped to Width.
type Page struct {
	Theme *theme.Theme
	Width int
	Label int // cells of the labels of facts
	Lines []Line
}

// Add adds lines as they are.
func (p *Page) Add(rank int, lines ...string) { p.Lines = append(p.Lines, Lines(rank, lines...)...) }

// Blank adds an empty line.
func (p *Page) Blank() { p.Add(RankBlank, "") }

// Fact adds a label and what is to be said of it.
func (p *Page) Fact(rank int, label, value string) { p.Styled(rank, label, value, p.Theme.Text) }

// Styled is Fact with the value in a style of its own.
func (p *Page) Styled(rank int, label, value string, style lipgloss.Style) {
	p.Add(rank, Labelled(p.Theme, label, value, style, p.Label, p.Width)...)
}

// Notice adds a text beside the mark of its tone.
func (p *Page) Notice(rank int, tone theme.Tone, words string) {
	p.Add(rank, Notice(p.Theme, tone, words, p.Width)...)
}

// Say adds running text, that many cells from the left; "" adds nothing.
func (p *Page) Say(rank int, words string, indent int) {
	if words != "" {
		p.Add(rank, Labelled(p.Theme, "", words, p.Theme.Text, indent, p.Width)...)
	}
}

// Offer adds a key and what it does.
func (p *Page) Offer(rank int, key, does string) {
	p.Add(rank, "  "+p.Theme.Key.Render(Pad(key, p.Label-2))+p.Theme.KeyText.Render(does))
}

// Drawn adds a label and a drawing as wide as there is room, at most most cells.
func (p *Page) Drawn(rank int, label string, most int, draw func(width int) string) {
	if width := min(most, p.Width-p.Label); width >= 1 {
		p.Add(rank, p.Theme.Muted.Render(Pad(label, p.Label))+draw(width))
	}
}
