package archive

// window is the part of the file that a parser sees: a slice that moves
// forward. It lies in a chunk, or, for a token that is longer than a chunk's
// headroom, in a buffer of its own.
type window struct {
	feed *feed
	buf  []byte
	pos  int   // the next byte to look at
	off  int64 // where in the file buf begins
	cur  *chunk
	own  []byte
}

// at is where in the file buf[i] stands.
func (w *window) at(i int) int64 { return w.off + int64(i) }

// more drops buf[:keep] and adds bytes at the end of buf; pos moves along. Its
// error is that of feed.next, and then nothing has changed.
func (w *window) more(keep int) error {
	c, err := w.feed.next()
	if err != nil {
		return err
	}
	tail := w.buf[keep:]
	if len(tail) <= c.head {
		start := c.head - len(tail)
		copy(c.buf[start:], tail)
		w.letGo()
		w.cur, w.buf = c, c.buf[start:c.head+c.n]
	} else {
		w.collect(tail, c.bytes())
		w.letGo()
		w.feed.release(c)
	}
	w.off += int64(keep)
	w.pos -= keep
	return nil
}

// collect makes own hold tail, which may be a part of it, and then fresh.
func (w *window) collect(tail, fresh []byte) {
	need := len(tail) + len(fresh)
	if cap(w.own) < need {
		size := max(need, min(2*need, MaxToken+2*chunkSize))
		w.own = append(make([]byte, 0, size), tail...)
	} else {
		w.own = w.own[:copy(w.own[:len(tail)], tail)]
	}
	w.own = append(w.own, fresh...)
	w.buf = w.own
}

func (w *window) letGo() {
	if w.cur != nil {
		w.feed.release(w.cur)
		w.cur = nil
	}
}

// head is the first n bytes of the file, or all of a shorter one. It is called
// before anything else.
func (w *window) head(n int) ([]byte, error) {
	for len(w.buf) < n {
		if err := w.more(0); err != nil {
			return w.buf, w.feed.err
		}
	}
	return w.buf[:n], nil
}
