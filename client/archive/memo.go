package archive

import "encoding/binary"

// memo remembers texts that hold no secret: exports say the same few hundred
// words millions of times. A text that is not in it is looked at anew, and
// takes the place of another.
type memo struct {
	slots [memoSize]memoSlot
}

const (
	memoSize = 1 << 9 // a power of two
	memoText = 127
)

type memoSlot struct {
	n    uint8
	text [memoText]byte
}

// clean reports whether b was looked at before, or has nothing to look at.
func (m *memo) clean(b []byte) bool {
	if len(b) < minSecret {
		return true
	}
	if len(b) > memoText {
		return false
	}
	s := m.slot(b)
	return int(s.n) == len(b) && string(s.text[:len(b)]) == string(b)
}

// add remembers that b holds no secret.
func (m *memo) add(b []byte) {
	if len(b) < minSecret || len(b) > memoText {
		return
	}
	s := m.slot(b)
	s.n = uint8(copy(s.text[:], b))
}

// slot mixes the ends and the length of b, which has eight bytes at least.
func (m *memo) slot(b []byte) *memoSlot {
	first, last := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])
	h := (first ^ last*31 + uint64(len(b))) * 0x9e3779b97f4a7c15
	return &m.slots[h>>55&(memoSize-1)]
}
