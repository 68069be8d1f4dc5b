// Package theme holds every style and every drawing character of the console.
//
// Screens name what a piece of text means (muted, good, selected), never a
// colour. One *Theme is shared by all screens of a console; the root restyles
// it in place when the terminal tells whether it is dark or light, so a style
// must be read when it is used and not be kept.
//
// A state is never told by colour alone: it has a mark (see [Theme.Mark]) and
// a word as well. No token sets the background of ordinary text, so that the
// terminal's own stays.
package theme

import (
	"image/color"

	"charm.land/lipgloss/v2"
)

// Tone is what a piece of text or a state means.
type Tone int

// Tones.
const (
	Plain   Tone = iota // ordinary text
	Faint               // beside the point: hints, units, what is over
	Active              // something moves
	Good                // done, whole, verified
	Caution             // look at this
	Bad                 // failed, lost, refused
	Accent              // names, headings, what is current
)

// Theme is the console's styles. Make one with [New].
type Theme struct {
	// Glyphs are the characters to draw with.
	Glyphs Glyphs

	Text   lipgloss.Style // ordinary text
	Muted  lipgloss.Style // hints, units, what is beside the point
	Strong lipgloss.Style // ordinary text that matters
	Title  lipgloss.Style // the name of a screen, a pane, a dialog
	Accent lipgloss.Style // what is current: a step, a tab

	Good    lipgloss.Style
	Caution lipgloss.Style
	Bad     lipgloss.Style
	Active  lipgloss.Style

	Header   lipgloss.Style // the column heads of a table
	Selected lipgloss.Style // the line under the cursor; marked by Glyphs.Cursor too
	Border   lipgloss.Style // rules and frames
	Key      lipgloss.Style // the name of a key in the footer and the help
	KeyText  lipgloss.Style // what the key does

	BarFull  lipgloss.Style // the done part of a bar
	BarEmpty lipgloss.Style // the open part of a bar
	Spark    lipgloss.Style // a sparkline

	dark bool
}

// New makes a theme for a dark terminal: many never say what they are. With
// ascii it draws with ASCII characters only.
func New(ascii bool) *Theme {
	t := &Theme{Glyphs: unicodeGlyphs()}
	if ascii {
		t.Glyphs = asciiGlyphs()
	}
	t.Set(true)
	return t
}

// Set restyles the theme in place for a dark or a light terminal.
func (t *Theme) Set(dark bool) {
	t.dark = dark
	if dark {
		t.style(darkPalette())
	} else {
		t.style(lightPalette())
	}
}

// Dark reports whether the styles are those for a dark terminal.
func (t *Theme) Dark() bool { return t.dark }

// Style is the style of a tone.
func (t *Theme) Style(tone Tone) lipgloss.Style {
	switch tone {
	case Faint:
		return t.Muted
	case Active:
		return t.Active
	case Good:
		return t.Good
	case Caution:
		return t.Caution
	case Bad:
		return t.Bad
	case Accent:
		return t.Accent
	default:
		return t.Text
	}
}

// Mark is the character that stands before a word of this tone, so that the
// tone can be told without colour.
func (t *Theme) Mark(tone Tone) string {
	switch tone {
	case Good:
		return t.Glyphs.Check
	case Caution:
		return t.Glyphs.Warn
	case Bad:
		return t.Glyphs.Cross
	case Active, Accent:
		return t.Glyphs.Dot
	default:
		return t.Glyphs.Ring
	}
}

// Spinner is the frame of the spinner that a [nav.Tick]'s Frame counts on.
// It is one cell wide.
func (t *Theme) Spinner(frame int) string {
	f := t.Glyphs.Spinner
	return f[((frame%len(f))+len(f))%len(f)]
}

// palette is the colours that the tokens are made of.
type palette struct {
	text, muted, accent, active, good, caution, bad, border, track, onSelected, selected color.Color
}

// darkPalette is for light text on a dark background. Every text colour has a
// contrast of at least 4.5:1 on black and on the usual dark greys.
func darkPalette() palette {
	return palette{
		text: lipgloss.Color("#e4e4e7"), muted: lipgloss.Color("#a1a1aa"), accent: lipgloss.Color("#a5b4fc"),
		active: lipgloss.Color("#67e8f9"), good: lipgloss.Color("#86efac"), caution: lipgloss.Color("#fcd34d"),
		bad: lipgloss.Color("#fca5a5"), border: lipgloss.Color("#71717a"), track: lipgloss.Color("#52525b"),
		onSelected: lipgloss.Color("#ffffff"), selected: lipgloss.Color("#3f3f76"),
	}
}

// lightPalette is for dark text on a light background, with the same contrast
// on white and on the usual light greys.
func lightPalette() palette {
	return palette{
		text: lipgloss.Color("#18181b"), muted: lipgloss.Color("#52525b"), accent: lipgloss.Color("#4338ca"),
		active: lipgloss.Color("#0e6478"), good: lipgloss.Color("#166534"), caution: lipgloss.Color("#854d0e"),
		bad: lipgloss.Color("#b91c1c"), border: lipgloss.Color("#a1a1aa"), track: lipgloss.Color("#d4d4d8"),
		onSelected: lipgloss.Color("#1e1b4b"), selected: lipgloss.Color("#e0e7ff"),
	}
}

// style makes every token from a palette.
func (t *Theme) style(p palette) {
	s := lipgloss.NewStyle()
	t.Text = s.Foreground(p.text)
	t.Muted = s.Foreground(p.muted)
	t.Strong = s.Foreground(p.text).Bold(true)
	t.Title = s.Foreground(p.accent).Bold(true)
	t.Accent = s.Foreground(p.accent)
	t.Good = s.Foreground(p.good)
	t.Caution = s.Foreground(p.caution)
	t.Bad = s.Foreground(p.bad)
	t.Active = s.Foreground(p.active)
	t.Header = s.Foreground(p.muted).Bold(true)
	t.Selected = s.Foreground(p.onSelected).Background(p.selected).Bold(true)
	t.Border = s.Foreground(p.border)
	t.Key = s.Foreground(p.accent).Bold(true)
	t.KeyText = s.Foreground(p.muted)
	t.BarFull = s.Foreground(p.active)
	t.BarEmpty = s.Foreground(p.track)
	t.Spark = s.Foreground(p.active)
}
