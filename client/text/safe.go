package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxRunes is the most that Safe gives, the closing "…" included.
	MaxRunes = 500
	// MaxMarks is how many combining marks one base character may carry. No
	// script needs more; a tower of them paints over the lines above.
	MaxMarks = 4
)

const (
	ellipsis     = "…"
	dottedCircle = '◌' // what Unicode shows a mark on that has no base
)

// Safe is the string for display: one line, no more than [MaxRunes] runes,
// valid UTF-8, and nothing in it that a terminal, a log reader or a bidi
// algorithm acts upon.
//
// It works rune by rune and knows no escape sequences, so there is none that
// it could misread: the ESC of a sequence becomes "␛" and its remainder is
// plain text. Only what Unicode calls graphic passes, everything else becomes
// visible:
//   - C0 controls and DEL are their control pictures ("␛", "␊", "␡"), a tab is a space;
//   - C1 controls, bidi and other format characters, zero-width characters,
//     line separators, noncharacters, private and unassigned code points, and
//     letters that have no shape are written as \u{9b};
//   - bytes that are no UTF-8 are written as \x9b.
//
// The zero-width joiner is no exception: terminals disagree about the width
// of joined emoji, and columns would not stay straight. A combining mark
// beyond the fourth is left out and the place marked with "…". A text that is
// too long ends in "…". Safe(Safe(s)) is Safe(s).
func (u Untrusted) Safe() string { return u.SafeN(MaxRunes) }

// SafeN is Safe with at most n runes instead of [MaxRunes]; n under 1 is 1.
func (u Untrusted) SafeN(n int) string {
	s := string(u)
	if len(s) <= n && plainASCII(s) {
		return s
	}
	w := writer{max: max(n, 1)}
	for i := 0; i < len(s) && !w.full; {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			w.escape(fmt.Sprintf(`\x%02x`, s[i]))
		} else {
			w.rune(r)
		}
		i += size
	}
	return w.String()
}

// plainASCII reports whether s needs no work, as nearly every wire string does not.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// writer builds a safe line and knows where it may be cut.
type writer struct {
	b     strings.Builder
	max   int
	runes int  // in b
	cut   int  // bytes of b that leave room for the ellipsis
	marks int  // on the last base
	based bool // there is a base to put a mark on
	full  bool
}

// rune adds one decoded rune.
func (w *writer) rune(r rune) {
	switch {
	case isMark(r):
		w.mark(r)
	case r == '\t':
		w.base(" ", 1)
	case r < 0x20:
		w.base(string(0x2400+r), 1)
	case r == 0x7f:
		w.base("␡", 1)
	case hidden(r):
		w.escape(fmt.Sprintf(`\u{%x}`, r))
	default:
		w.base(string(r), 1)
	}
}

// mark adds a combining mark, or says once that there were too many.
func (w *writer) mark(r rune) {
	if !w.based && !isModifier(r) {
		w.base(string(dottedCircle), 1)
	}
	w.marks++
	switch {
	case w.marks <= MaxMarks:
		w.add(string(r), 1)
		w.based = true
	case w.marks == MaxMarks+1:
		w.add(ellipsis, 1)
	}
}

// base adds text that ends the marks of what stood before.
func (w *writer) base(s string, runes int) {
	w.marks, w.based = 0, true
	w.add(s, runes)
}

// escape adds the spelling of what must not be shown; it is ASCII.
func (w *writer) escape(s string) { w.base(s, len(s)) }

// add appends a piece whole or not at all.
func (w *writer) add(s string, runes int) {
	if w.full {
		return
	}
	if w.runes+runes > w.max {
		w.full = true
		return
	}
	w.b.WriteString(s)
	w.runes += runes
	if w.runes < w.max {
		w.cut = w.b.Len()
	}
}

func (w *writer) String() string {
	if w.full {
		return w.b.String()[:w.cut] + ellipsis
	}
	return w.b.String()
}

// hidden reports whether r shows nothing of its own, or not the same
// everywhere: all that is not graphic (controls, format characters, line
// separators, surrogates, private and unassigned code points), and those
// graphic characters that Unicode says are to be ignored in display.
// The two selectors of text and emoji style stay.
func hidden(r rune) bool {
	if r == 0xfe0e || r == 0xfe0f {
		return false
	}
	return !unicode.IsGraphic(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// isMark reports whether r joins the character before it.
func isMark(r rune) bool {
	return r >= 0x300 && !hidden(r) &&
		(unicode.In(r, unicode.M, unicode.Other_Grapheme_Extend) || isModifier(r))
}

// isModifier: the skin tones. Alone they are a coloured square.
func isModifier(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }
