package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"slices"
)

// data is the part file and what is known of its bytes: [0, frontier) is there
// and hashed, and whole pieces past it may be. Bytes beside these are nobody's
// word, whatever the file's length is.
type data struct {
	f        *os.File
	frontier int64
	sum      hash.Hash // SHA-256 of [0, frontier)
	crcs     []uint32  // of the whole pieces below the frontier
	tail     uint32    // CRC of the begun piece at the frontier
	beyond   map[int64]uint32
}

func newData(f *os.File) *data { return &data{f: f, sum: sha256.New()} }

// write puts b at the frontier and moves it.
func (d *data) write(b []byte) error {
	n, err := d.f.WriteAt(b, d.frontier)
	d.count(b[:n])
	if err != nil {
		return fmt.Errorf("write the part: %w", err)
	}
	return nil
}

// count takes bytes that are on the disk at the frontier into account.
func (d *data) count(b []byte) {
	_, _ = d.sum.Write(b) // a hash never fails
	for len(b) > 0 {
		n := min(int64(len(b)), pieceSize-d.frontier%pieceSize)
		d.tail = crc32.Update(d.tail, castagnoli, b[:n])
		d.frontier += n
		b = b[n:]
		if d.frontier%pieceSize == 0 {
			d.crcs = append(d.crcs, d.tail)
			d.tail = 0
		}
	}
}

// reset forgets everything: the bytes belong to an object that is no more.
func (d *data) reset() error {
	*d = *newData(d.f)
	if err := d.f.Truncate(0); err != nil {
		return fmt.Errorf("empty the part: %w", err)
	}
	return nil
}

// hole is the first range of missing bytes; to is size where nothing follows.
func (d *data) hole(size int64) (from, to int64) {
	to = size
	for i := range d.beyond {
		if at := i * pieceSize; at >= d.frontier && (to < 0 || at < to) {
			to = at
		}
	}
	return d.frontier, to
}

// absorb moves the frontier over one whole piece that is there already, and
// reports whether there was one. It is read for the hash; if it reads wrong it
// is dropped, to be fetched.
func (d *data) absorb(size int64) (bool, error) {
	i := d.frontier / pieceSize
	want, ok := d.beyond[i]
	if !ok || d.frontier%pieceSize != 0 {
		return false, nil
	}
	delete(d.beyond, i)
	buf := make([]byte, min(pieceSize, size-d.frontier))
	good, err := d.matches(buf, d.frontier, want)
	if good {
		d.count(buf)
	}
	return good, err
}

// fill writes the data's promises into a checkpoint.
func (d *data) fill(c *checkpoint) {
	c.Frontier, c.Tail, c.Hash = d.frontier, d.tail, marshalHash(d.sum)
	c.CRCs = d.crcs[:len(d.crcs):len(d.crcs)] // append elsewhere makes a copy
	c.Beyond = maps.Clone(d.beyond)
}

// restore believes a checkpoint: it was written at an orderly end in this boot.
// False means that the hash has to be made anew, by recheck.
func (d *data) restore(c checkpoint) bool {
	sum, ok := unmarshalHash(c.Hash)
	info, err := d.f.Stat()
	if !ok || err != nil || info.Size() < c.Frontier {
		return false
	}
	d.frontier, d.sum, d.crcs, d.tail, d.beyond = c.Frontier, sum, c.CRCs, c.Tail, c.Beyond
	return true
}

// recheck reads what a checkpoint promises and keeps what has the right CRC:
// the frontier stops before the first bad piece, good whole pieces after it
// are kept beyond. seen gets the bytes read so far.
func (d *data) recheck(ctx context.Context, c checkpoint, seen func(int64)) error {
	*d = *newData(d.f)
	d.beyond = map[int64]uint32{}
	buf := make([]byte, pieceSize)
	last := (c.Frontier + pieceSize - 1) / pieceSize
	for i := range last {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := i * pieceSize
		want := c.Tail
		if i < int64(len(c.CRCs)) {
			want = c.CRCs[i]
		}
		b := buf[:min(pieceSize, c.Frontier-at)]
		good, err := d.matches(b, at, want)
		if err != nil {
			return err
		}
		switch whole := len(b) == pieceSize || at+int64(len(b)) == c.Size; {
		case good && d.frontier == at:
			d.count(b)
		case good && whole:
			d.beyond[i] = want
		}
		seen(at + int64(len(b)))
	}
	for i, want := range c.Beyond {
		at := i * pieceSize
		good, err := d.matches(buf[:min(pieceSize, c.Size-at)], at, want)
		if err != nil {
			return err
		}
		if good {
			d.beyond[i] = want
		}
	}
	return nil
}

// matches reads b at an offset and compares. A short file is a bad piece, not
// an error.
func (d *data) matches(b []byte, at int64, want uint32) (bool, error) {
	n, err := d.f.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the part: %w", err)
	}
	return n == len(b) && crc32.Checksum(b, castagnoli) == want, nil
}

// trusted is the number of bytes that are there.
func (d *data) trusted(size int64) int64 {
	n := d.frontier
	for i := range d.beyond {
		if i*pieceSize >= d.frontier {
			n += min(pieceSize, size-i*pieceSize)
		}
	}
	return n
}

// parts tells the extents in order: each run of missing bytes ends where a
// piece that is there begins.
func (d *data) parts(size int64) []PartState {
	if size < 0 {
		return []PartState{{To: d.frontier, Done: d.frontier}}
	}
	out := []PartState{{To: size, Done: d.frontier}}
	for _, i := range slices.Sorted(maps.Keys(d.beyond)) {
		at := i * pieceSize
		if at < d.frontier {
			continue
		}
		n := min(pieceSize, size-at)
		out[len(out)-1].To = at
		out = append(out, PartState{From: at, To: at + n, Done: n}, PartState{From: at + n, To: size})
	}
	return out
}
