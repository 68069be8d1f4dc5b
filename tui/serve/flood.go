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
// mouse that is moved 1 KiB, and a pasted text comes at once. Each key costs an
// update and a frame, so that this bounds the work, too.
const (
	inputRate  = 2 << 10 // bytes a second, in the long run
	inputBurst = 96 << 10
	// longest is the most that one sequence (a paste, a reply of the terminal)
	// may have.
	longest = 64 << 10
)

// flood judges the input of a session. It knows as much of the grammar of
// ECMA-48 (sections 5.3 and 5.6) as tells where a sequence ends.
type flood struct {
	bucket *rate.Limiter
	state  inputState
	length int     // of the sequence so far
	params [4]byte // the first of a control sequence
	n      int     // how many bytes it has after the "["
	paste  bool
}

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
		if f.state == plain && !f.paste {
			f.length = 0
			continue
		}
		if f.length++; f.length > longest {
			return ErrFlood
		}
	}
	return nil
}

func (f *flood) next(b byte) {
	const esc, bel, can, sub = 0x1b, 0x07, 0x18, 0x1a
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
func (f *flood) controlByte(b byte) {
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
