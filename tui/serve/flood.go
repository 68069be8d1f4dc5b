package serve

import (
	"errors"
	"time"

	"golang.org/x/time/rate"
)

// ErrFlood ends a session whose client sends more than a person at a terminal
// can: what reads the input keeps an unfinished sequence in memory, and looks
// at all of it again with every byte.
var ErrFlood = errors.New("more input than a terminal sends")

// What a terminal may send: a key that is held down is 100 bytes a second, a
// mouse that is moved 1 KiB, and a pasted text comes at once.
const (
	inputRate  = 2 << 10 // bytes a second, in the long run
	inputBurst = 96 << 10
	// longest is the most that one sequence (a paste, a reply of the terminal)
	// may have.
	longest = 64 << 10
)

// What a console is given of it. Each key costs an update and a frame, so that
// this bounds the work that one session can make; the others' keys wait.
const (
	eventRate  = 100 // a second: the fastest keyboards repeat 60 times
	eventBurst = 400
)

// flood judges the input of a session. It knows as much of the grammar of
// ECMA-48 (sections 5.3 and 5.6) as tells where a sequence ends.
type flood struct {
	bucket *rate.Limiter
	length int // of the sequence so far
	grammar
}

// pace says how much of an input may be read by now.
type pace struct {
	bucket *rate.Limiter
	grammar
}

func newPace() pace { return pace{bucket: rate.NewLimiter(eventRate, eventBurst)} }

// allow gives how much of b may be read now; if nothing, how long to wait.
func (c *pace) allow(b []byte, now time.Time) (n int, wait time.Duration) {
	for _, x := range b {
		after := c.grammar
		after.next(x)
		// An ESC in the middle ends what was begun.
		event := after.between() || x == esc && c.state != plain && !c.paste
		if event && !c.bucket.AllowN(now, 1) {
			return n, time.Second / eventRate
		}
		c.grammar = after
		n++
	}
	return n, 0
}

const esc = 0x1b

// grammar knows where an input is.
type grammar struct {
	state  inputState
	params [4]byte // the first of a control sequence
	n      int     // how many bytes it has after the "["
	paste  bool
}

// between reports whether a key or a sequence has just ended.
func (f *grammar) between() bool { return f.state == plain && !f.paste }

type inputState int

const (
	plain inputState = iota
	escaped
	control // ESC [ … final byte
	text7   // ESC ] (OSC), P (DCS), _ (APC), ^ (PM), X (SOS) … until BEL or another ESC
)

func newFlood() *flood { return &flood{bucket: rate.NewLimiter(inputRate, inputBurst)} }

// check gives ErrFlood if these bytes are too many.
func (f *flood) check(p []byte, now time.Time) error {
	if !f.bucket.AllowN(now, len(p)) {
		return ErrFlood
	}
	for _, b := range p {
		f.next(b)
		if f.between() {
			f.length = 0
			continue
		}
		if f.length++; f.length > longest {
			return ErrFlood
		}
	}
	return nil
}

func (f *grammar) next(b byte) {
	const bel, can, sub = 0x07, 0x18, 0x1a
	switch {
	case b == esc:
		f.state = escaped
	case f.state == escaped:
		f.state = plain
		switch b {
		case '[':
			f.state, f.n = control, 0
		case ']', 'P', '_', '^', 'X':
			f.state = text7
		}
	case f.state == control:
		f.controlByte(b)
	case f.state == text7 && (b == bel || b == can || b == sub):
		f.state = plain
	}
}

// controlByte follows a control sequence: 200~ begins a paste, 201~ ends it.
func (f *grammar) controlByte(b byte) {
	if b < 0x40 || b > 0x7e {
		if f.n < len(f.params) {
			f.params[f.n] = b
		}
		f.n++
		return
	}
	f.state = plain
	if b != '~' || f.n != 3 {
		return
	}
	switch string(f.params[:3]) {
	case "200":
		f.paste = true
	case "201":
		f.paste = false
	}
}
