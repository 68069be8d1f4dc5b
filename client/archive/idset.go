package archive

// idSet is a set of 64-bit hashes with linear probing and without deletion. It
// never holds more than limit hashes; past that it answers that a hash is new.
type idSet struct {
	limit int
	n     int
	slots []uint64 // a power of two, at most half full; 0 is free
}

const firstSlots = 1 << 10

// add reports whether h was there already.
func (s *idSet) add(h uint64) bool {
	if h == 0 {
		h = 1 // 0 marks a free slot
	}
	if 2*s.n >= len(s.slots) && s.n < s.limit {
		s.grow()
	}
	i := s.find(h)
	if s.slots[i] == h {
		return true
	}
	if s.n < s.limit {
		s.slots[i] = h
		s.n++
	}
	return false
}

// find gives the slot of h, or the free one where it belongs.
func (s *idSet) find(h uint64) uint64 {
	last := uint64(len(s.slots) - 1)
	i := h & last
	for s.slots[i] != 0 && s.slots[i] != h {
		i = (i + 1) & last
	}
	return i
}

func (s *idSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(2*len(old), firstSlots))
	for _, h := range old {
		if h != 0 {
			s.slots[s.find(h)] = h
		}
	}
}
