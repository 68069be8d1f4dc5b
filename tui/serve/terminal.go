package serve

import (
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Size of a terminal in cells.
type Size struct{ Width, Height int }

// The smallest and the largest terminal that is drawn. A screen costs memory by
// its cells: one of 5000×5000 takes five gigabytes.
const (
	MinWidth  = 20
	MinHeight = 5
	MaxWidth  = 500
	MaxHeight = 200
)

// Clamp brings a size between [MinWidth]×[MinHeight] and [MaxWidth]×[MaxHeight].
// What a client leaves at 0 (RFC 4254 section 6.2: then it does not say) is 80×24.
func Clamp(width, height uint32) Size {
	if width == 0 || height == 0 {
		return Size{80, 24}
	}
	return Size{int(max(MinWidth, min(width, MaxWidth))), int(max(MinHeight, min(height, MaxHeight)))}
}

// Terminal is the far end of a session.
type Terminal struct {
	In  io.Reader // ends when the client is gone
	Out io.Writer // of a terminal in raw mode
	Env Env
	// Size at the start, and later ones; both clamped. Sizes may be nil.
	Size  Size
	Sizes <-chan Size
}

// Bounds of an Env.
const (
	maxVariables = 32
	maxName      = 32
	maxValue     = 256
)

// Env is the variables that a client may set: those that say what its terminal
// is and in what language its person reads. The zero value has none.
type Env struct{ vars []string }

// value has no character that a path, a terminal or a log could trip over, but
// those of locales, zones and terminals' names.
var value = regexp.MustCompile(`^[A-Za-z0-9@%:,._+/-]*$`)

// Set takes one variable and reports whether it was taken; all others are the
// server's own business.
func (e *Env) Set(name, val string) bool {
	switch {
	case len(name) > maxName || len(val) > maxValue || !value.MatchString(val):
		return false
	case name != "LANG" && name != "COLORTERM" && name != "TERM" && name != "TZ" && name != "NO_COLOR" && !strings.HasPrefix(name, "LC_"):
		return false
	case !value.MatchString(name):
		return false
	}
	e.vars = slices.DeleteFunc(e.vars, func(v string) bool { return strings.HasPrefix(v, name+"=") })
	if len(e.vars) >= maxVariables {
		return false
	}
	e.vars = append(e.vars, name+"="+val)
	return true
}

// Get gives a variable, "" if it is not set.
func (e Env) Get(name string) string {
	for _, v := range e.vars {
		if val, ok := strings.CutPrefix(v, name+"="); ok {
			return val
		}
	}
	return ""
}

// List is all of them as "NAME=value".
func (e Env) List() []string { return slices.Clone(e.vars) }

// cooked writes line feeds the way a terminal's driver does: the client's
// terminal is in raw mode, and Bubble Tea counts on somebody between who makes
// "\r\n" of "\n" wherever it does not write to a terminal itself.
type cooked struct {
	w    io.Writer
	buf  []byte
	last byte
}

func newCooked(w io.Writer) io.Writer {
	if runtime.GOOS == "windows" { // where it counts on nobody
		return w
	}
	return &cooked{w: w}
}

func (c *cooked) Write(p []byte) (int, error) {
	c.buf = c.buf[:0]
	for _, b := range p {
		if b == '\n' && c.last != '\r' {
			c.buf = append(c.buf, '\r')
		}
		c.buf = append(c.buf, b)
		c.last = b
	}
	if _, err := c.w.Write(c.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}
