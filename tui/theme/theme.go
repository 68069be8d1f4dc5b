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
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

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

	name  Name
	dark  bool // the terminal's background is
	depth Depth
	links bool
}

// New makes a theme for a dark terminal of all colours: many never say what
// they are. With ascii it draws with ASCII characters only.
func New(ascii bool) *Theme {
	t := &Theme{Glyphs: unicodeGlyphs(), name: Auto, dark: true}
	if ascii {
		t.Glyphs = asciiGlyphs()
	}
	t.restyle()
	return t
}

// Choose takes the colours that a person wants; what is no [Name] is Auto.
func (t *Theme) Choose(n Name) {
	if !slices.Contains(Names(), n) {
		n = Auto
	}
	t.name = n
	t.restyle()
}

// Set restyles the theme in place for a dark or a light terminal.
func (t *Theme) Set(dark bool) {
	t.dark = dark
	t.restyle()
}

// SetDepth restyles the theme in place for what the terminal can draw.
func (t *Theme) SetDepth(d Depth) {
	t.depth = d
	t.restyle()
}

// SetLinks says whether the terminal shows links (OSC 8) and can open the files
// of this machine.
func (t *Theme) SetLinks(on bool) { t.links = on }

// Dark reports whether the styles are those for a dark terminal.
func (t *Theme) Dark() bool { return t.name == Dark || (t.name != Light && t.dark) }

// Look tells the styles apart: two moments with the same look have the same.
func (t *Theme) Look() string { return fmt.Sprint(t.name, t.Dark(), t.depth) }

// restyle makes every token from the palette that fits.
func (t *Theme) restyle() { t.style(t.palette()) }

// FileLink is a style whose text is a link to a file of this machine, where
// the terminal shows links. The path becomes part of an address and is escaped
// as one, so that nothing in it acts on the terminal.
func (t *Theme) FileLink(s lipgloss.Style, path string) lipgloss.Style {
	if !t.links || !filepath.IsAbs(path) {
		return s
	}
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // C:/…
		slashed = "/" + slashed
	}
	return s.Hyperlink((&url.URL{Scheme: "file", Path: slashed}).String())
}

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
