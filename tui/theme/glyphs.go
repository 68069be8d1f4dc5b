package theme

import (
	"strings"

	"charm.land/lipgloss/v2"
)

// Glyphs are the characters to draw with. Each is one cell wide, the ASCII
// Ellipsis and Arrow excepted.
type Glyphs struct {
	ASCII bool // nothing but ASCII may be drawn

	Check  string // done, verified
	Cross  string // failed
	Warn   string // look at this
	Dot    string // now
	Ring   string // not yet
	Pause  string // halted by the person
	Cursor string // before the line under the cursor

	Ellipsis string // where text was cut
	Arrow    string // from one thing to the next
	Dash     string // between two ends of a range, and for "nothing"
	Sep      string // between facts on one line
	Rule     string // a horizontal rule
	VRule    string // a vertical rule
	Up, Down string // more above, more below

	BarFull  string
	BarEmpty string
	// BarPart are the eighths of a bar's last cell, least first; nil if a cell
	// cannot be drawn in part.
	BarPart []string
	// Spark are the heights of a sparkline, least first.
	Spark []string
	// Spinner are the frames of the spinner.
	Spinner []string

	Frame lipgloss.Border // of dialogs and overlays
}

func unicodeGlyphs() Glyphs {
	return Glyphs{
		Check: "✓", Cross: "✗", Warn: "!", Dot: "●", Ring: "○", Pause: "‖", Cursor: "▸",
		Ellipsis: "…", Arrow: "→", Dash: "–", Sep: "·", Rule: "─", VRule: "│", Up: "↑", Down: "↓",
		BarFull: "█", BarEmpty: "░",
		BarPart: []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉"},
		Spark:   []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		Spinner: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧"},
		Frame:   lipgloss.RoundedBorder(),
	}
}

func asciiGlyphs() Glyphs {
	return Glyphs{
		ASCII: true,
		Check: "+", Cross: "x", Warn: "!", Dot: "*", Ring: "o", Pause: "=", Cursor: ">",
		Ellipsis: "...", Arrow: "->", Dash: "-", Sep: "-", Rule: "-", VRule: "|", Up: "^", Down: "v",
		BarFull: "#", BarEmpty: "-",
		Spark:   []string{"_", ".", ":", "-", "=", "+", "*", "#"},
		Spinner: []string{"|", "/", "-", "\\"},
		Frame:   lipgloss.ASCIIBorder(),
	}
}

// ASCIILocale reports whether an environment ("NAME=value") asks for ASCII:
// the first of LC_ALL, LC_CTYPE and LANG that is set names a character set
// that is not UTF-8, or the terminal is the Linux console. With none of them
// set the terminal is taken for a modern one.
func ASCIILocale(env []string) bool {
	if lookup(env, "TERM") == "linux" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(lookup(env, name)); v != "" {
			return !strings.Contains(v, "UTF-8") && !strings.Contains(v, "UTF8")
		}
	}
	return false
}

// lookup finds a variable; the last of a name counts, as for a process.
func lookup(env []string, name string) string {
	v := ""
	for _, e := range env {
		if k, val, ok := strings.Cut(e, "="); ok && k == name {
			v = val
		}
	}
	return v
}
