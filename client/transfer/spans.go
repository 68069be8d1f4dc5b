package transfer

import (
	"hash/crc32"
	"math"
	"slices"
	"time"
)

const (
	endless = math.MaxInt64 // the end of an object whose size nobody told

	// Parts are what one of several connections asks for at once: long enough
	// that a round trip does not count, short enough that none is waited for.
	minPart = 4 << 20
	// window is how far writing may be ahead of hashing, so that what is read
	// back for the hash is still in memory.
	window = 128 << 20
	// A part is split in two for an idle connection only if that is worth a
	// request, and taken over whole when nothing came for silentPart.
	minSplit   = 512 << 10
	slowPart   = 500 * time.Millisecond
	silentPart = 3 * time.Second
)

// span is one run of bytes [from, to): [from, at) is on the disk, the rest is
// missing, or on its way if a worker has it.
type span struct {
	from, at, to int64
	crc          uint32 // CRC-32C of [from, at)
	by           *worker
	taken        bool // from one that was silent; once is enough
}

func (s *span) left() int64 { return s.to - s.at }

// spans are the whole object but what is hashed already, in order and without
// gaps. Their number is bounded: what lies on the disk is cut at the ends of
// pieces and forgotten once it is hashed, and what is missing is in one run
// until it becomes a part.
type spans struct{ list []*span }

// setEnd tells where the object ends.
func (m *spans) setEnd(size int64) {
	for len(m.list) > 0 && m.list[len(m.list)-1].from >= size && size > 0 {
		m.list = m.list[:len(m.list)-1]
	}
	if len(m.list) > 0 {
		s := m.list[len(m.list)-1]
		s.to = max(size, s.at)
	}
}

// missing adds the run up to a byte to the end of the list.
func (m *spans) missing(from, to int64) {
	if from < to {
		m.list = append(m.list, &span{from: from, at: from, to: to})
	}
}

// contiguous is the end of what is on the disk without a gap, from front on.
func (m *spans) contiguous(front int64) int64 {
	for _, s := range m.list {
		if s.from > front {
			break
		}
		front = max(front, s.at)
		if s.at < s.to {
			break
		}
	}
	return front
}

// forget drops what is hashed.
func (m *spans) forget(front int64) {
	n := 0
	for n < len(m.list) && m.list[n].at == m.list[n].to && m.list[n].to <= front {
		n++
	}
	m.list = slices.Delete(m.list, 0, n)
}

// whole reports whether no byte is missing.
func (m *spans) whole() bool {
	return !slices.ContainsFunc(m.list, func(s *span) bool { return s.at < s.to })
}

// done is the number of bytes on the disk, those before front included.
func (m *spans) done(front int64) int64 {
	n := front
	for _, s := range m.list {
		n += max(s.at-max(s.from, front), 0)
	}
	return n
}

// reach is the end of the last byte on the disk.
func (m *spans) reach(front int64) int64 {
	for _, s := range slices.Backward(m.list) {
		if s.at > s.from {
			return max(s.at, front)
		}
	}
	return front
}

// end is where the object ends, as far as is known.
func (m *spans) end() int64 {
	if n := len(m.list); n > 0 {
		return m.list[n-1].to
	}
	return endless
}

// before is the number of bytes on the disk without a gap before what is
// missing of a span.
func (m *spans) before(s *span) int64 {
	from := s.from
	for i := slices.Index(m.list, s) - 1; ; i-- {
		if i < 0 {
			return s.at // all that is not listed is hashed
		}
		if m.list[i].at < m.list[i].to {
			return s.at - from
		}
		from = m.list[i].from
	}
}

// open leaves the head start of what one connection asked for to it; others
// may have the rest.
func (m *spans) open() {
	if m.free() != nil {
		return
	}
	for _, s := range slices.Clone(m.list) {
		at := (s.at + min(headStart, s.left()/2) + pieceSize - 1) / pieceSize * pieceSize
		if s.by != nil && s.to != endless && s.left() >= parallelLeft && at < s.to {
			m.split(s, at)
		}
	}
}

// free is the first run of missing bytes that nobody has.
func (m *spans) free() *span {
	for _, s := range m.list {
		if s.by == nil && s.at < s.to {
			return s
		}
	}
	return nil
}

// split cuts a span in two; the right one is nobody's.
func (m *spans) split(s *span, at int64) *span {
	right := &span{from: at, at: at, to: s.to}
	s.to = at
	m.list = slices.Insert(m.list, slices.Index(m.list, s)+1, right)
	return right
}

// partEnd is where a part that begins at a byte ends: at the end of a piece,
// 4 to 8 MiB away.
func partEnd(at int64) int64 {
	end := (at/pieceSize + 1) * pieceSize
	if end-at < minPart {
		end += minPart
	}
	return end
}

// claim gives a worker the first run that nobody has: all of it, or a part of
// it. Nil if there is none before limit.
func (m *spans) claim(w *worker, whole bool, limit int64) *span {
	s := m.free()
	if s == nil || s.at >= limit {
		return nil
	}
	if end := partEnd(s.at); !whole && end < s.to {
		m.split(s, end)
	}
	s.by = w
	return s
}

// claimAt gives a worker the run that nobody has and whose missing bytes begin
// at a certain one.
func (m *spans) claimAt(w *worker, at int64) *span {
	for _, s := range m.list {
		if s.by == nil && s.at == at && s.at < s.to {
			s.by = w
			return s
		}
	}
	return nil
}

// follow gives a worker whose body goes on past its span a part of the next one,
// if nobody has begun it.
func (m *spans) follow(s *span, limit int64) *span {
	i := slices.Index(m.list, s) + 1
	if i >= len(m.list) {
		return nil
	}
	n := m.list[i]
	if n.by != nil || n.at > n.from || n.at == n.to || n.at >= limit {
		return nil
	}
	if end := partEnd(n.at); end < n.to {
		m.split(n, end)
	}
	s.by, n.by = nil, s.by
	return n
}

// takeOver gives an idle worker what another one has: all of a span on which
// nothing has come for a while, else the second half of the longest one. It is
// for when nothing else is left, or when the rest has to wait for the others.
func (m *spans) takeOver(w *worker, now time.Time) *span {
	var longest *span
	for _, s := range m.list {
		if s.by == nil || s.by == w || s.at == s.to || s.to == endless {
			continue
		}
		if !s.taken && s.by.cancel != nil && now.Sub(s.by.heard) >= silentPart {
			s.by.end(errTakenOver)
			s.by, s.taken = w, true
			return s
		}
		if s.by.answered && (longest == nil || s.left() > longest.left()) {
			longest = s
		}
	}
	if longest == nil || longest.left() < minSplit || longest.by.needs(longest.left(), now) < slowPart {
		return nil
	}
	s := m.split(longest, longest.at+longest.left()/2/bufferSize*bufferSize)
	s.by = w
	return s
}

// add takes bytes that were written at the span's point into account. A span
// is cut where a piece ends.
func (m *spans) add(s *span, b []byte) {
	b = b[:min(int64(len(b)), s.left())]
	for len(b) > 0 {
		n := min(int64(len(b)), pieceSize-s.at%pieceSize)
		s.crc = crc32.Update(s.crc, castagnoli, b[:n])
		s.at += n
		b = b[n:]
		if s.at%pieceSize == 0 && s.at < s.to {
			left := &span{from: s.from, at: s.at, to: s.at, crc: s.crc}
			m.list = slices.Insert(m.list, slices.Index(m.list, s), left)
			s.from, s.crc = s.at, 0
		}
	}
}

// release takes from a worker what it has, and joins runs of missing bytes.
func (m *spans) release(w *worker) {
	for _, s := range m.list {
		if s.by == w {
			s.by, s.taken = nil, false
		}
	}
	for i := 0; i+1 < len(m.list); {
		s, n := m.list[i], m.list[i+1]
		if s.by == nil && n.by == nil && s.at < s.to && n.from == n.at && n.at < n.to {
			s.to = n.to
			m.list = slices.Delete(m.list, i+1, i+2)
			continue
		}
		i++
	}
}

// extents are what is on the disk past the front.
func (m *spans) extents(front int64) []extent {
	var out []extent
	for _, s := range m.list {
		if s.at > max(s.from, front) {
			out = append(out, extent{From: s.from, To: s.at, CRC: s.crc})
		}
	}
	return out
}

// parts draws the map: each entry begins with what is on the disk and ends
// where the next one begins.
func (m *spans) parts(front, size int64) []PartState {
	out := []PartState{{To: front, Done: front}}
	for _, s := range m.list {
		from, to := max(s.from, front), max(s.to, front)
		if s.to == endless {
			to = s.at
		}
		last := &out[len(out)-1]
		filled := last.From+last.Done == last.To
		switch {
		case from == to:
			continue
		case filled: // what is on the disk goes on
			last.Done, last.To = max(s.at, from)-last.From, to
		default:
			out = append(out, PartState{From: from, To: to, Done: s.at - from})
		}
	}
	if last := &out[len(out)-1]; size >= 0 && last.To < size {
		last.To = size
	}
	return out
}
