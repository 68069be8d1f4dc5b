package archive

// idSet finds ids that were there before, by their 64-bit hashes. As long as
// there are no more than limit ids it knows all of them. After that it goes on
// with two smaller memories, neither of which ever takes a new id for an old:
//   - a sample: the ids whose hashes end in so many zeros that limit of them
//     are enough (Wegman's adaptive sampling). Of 2^k ids one is compared with
//     all that were before it;
//   - the latest: a table where each id takes the place of an earlier one, so
//     that a copy a few thousand records behind is found nearly always.
//
// A file with one id twice may pass; one that repeats a thousand does not.
type idSet struct {
	limit   int
	n       int
	blocks  []*idBlock // a power of two of them; a hash's first bits tell which
	shift   uint       // of a hash to the number of its block
	skip    uint64     // hashes with one of these bits are not in the sample
	latest  []uint64
	sampled bool
	loads   uint64 // what was touched, so that it is
}

// idBlock is a hash table with linear probing, at most about half full; 0 is a
// free slot. When the set grows, each block is split into itself and a new one:
// no memory is left behind.
type idBlock [blockSlots]uint64

const (
	blockSlots  = 1 << 10
	latestSlots = 1 << 16
)

// groupSize is how many hashes are added together. Ids lie far from each other
// in memory: touching all of a group before the first is added makes the waits
// overlap.
const groupSize = 64

// group is how many hashes addGroup takes next: no group begins without a
// sample and goes on with one.
func (s *idSet) group() int {
	if s.sampled {
		return groupSize
	}
	return min(groupSize, max(1, s.limit-s.n))
}

// addGroup adds up to group() hashes in turn; none is 0, which marks a free
// slot. A bit for each tells whether it was there already, as far as that is
// known.
func (s *idSet) addGroup(hashes []uint64) (repeated uint64) {
	var kept [groupSize]uint8 // which of them may be in the sample
	n := 0
	for i, h := range hashes {
		if s.sampled {
			near := &s.latest[h>>32%latestSlots]
			if *near == h {
				repeated |= 1 << i
				continue
			}
			*near = h
		}
		kept[n%groupSize] = uint8(i)
		next := n + 1
		if h&s.skip != 0 { // as good as random, and so no jump: the compiler selects
			next = n
		}
		n = next
	}
	if len(s.blocks) > 0 {
		for _, i := range kept[:n] {
			s.loads += s.block(hashes[i])[home(hashes[i])]
		}
	}
	for _, i := range kept[:n] {
		if s.keep(hashes[i]) {
			repeated |= 1 << i
		}
	}
	return repeated
}

// keep adds a hash to the sample, if it belongs there, and reports whether it
// was there already.
func (s *idSet) keep(h uint64) bool {
	if h&s.skip != 0 {
		return false
	}
	if s.n < s.limit && 2*s.n >= len(s.blocks)*blockSlots { // at the limit it is thinned instead
		s.grow()
	}
	slot := s.block(h).find(h)
	if *slot == h {
		return true
	}
	for s.n == s.limit {
		if s.thin(); h&s.skip != 0 {
			return false
		}
		slot = s.block(h).find(h)
	}
	*slot = h
	s.n++
	return false
}

func (s *idSet) block(h uint64) *idBlock { return s.blocks[h>>s.shift] }

// home is where in its block a hash belongs: neither the first bits, which
// are the block's number, nor the last, which are zero in a sample.
func home(h uint64) uint64 { return h >> 24 % blockSlots }

// find gives the slot of h, or the free one where it belongs.
func (b *idBlock) find(h uint64) *uint64 {
	i := home(h)
	for b[i] != 0 && b[i] != h {
		i = (i + 1) % blockSlots
	}
	return &b[i]
}

// thin halves the sample, which is all at first.
func (s *idSet) thin() {
	if !s.sampled {
		s.latest, s.sampled = make([]uint64, latestSlots), true
	}
	s.skip = s.skip<<1 | 1
	s.n = 0
	for _, b := range s.blocks {
		old := *b
		*b = idBlock{}
		for _, h := range old {
			if h != 0 && h&s.skip == 0 {
				*b.find(h) = h
				s.n++
			}
		}
	}
}

// grow makes two blocks of each.
func (s *idSet) grow() {
	if len(s.blocks) == 0 {
		s.blocks, s.shift = []*idBlock{new(idBlock)}, 64
		return
	}
	s.shift--
	blocks := make([]*idBlock, 2*len(s.blocks))
	for i, b := range s.blocks {
		blocks[2*i], blocks[2*i+1] = b, new(idBlock)
		old := *b
		*b = idBlock{}
		for _, h := range old {
			if h != 0 {
				*blocks[h>>s.shift].find(h) = h
			}
		}
	}
	s.blocks = blocks
}
