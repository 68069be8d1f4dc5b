package transfer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"sync"
)

// data is the part file and what is known of its bytes. [0, front) is there
// and hashed; spans tell of the rest. Bytes that neither vouches for are
// nobody's word, whatever the file's length is. Part.mu guards all of it, but
// for the hash.
type data struct {
	f     file
	front int64
	crcs  []uint32 // of the whole pieces before front
	tail  uint32   // CRC of the begun piece at front
	spans spans

	// hashing is held while the hash is ahead of front, and locked before Part.mu.
	hashing sync.Mutex
	sum     hash.Hash // SHA-256 of [0, front)
	second  hash.Hash // what else the digest that was told needs, or nil
}

// newData knows of no byte yet. A size of -1 is unknown; a is the algorithm of
// the digest that was told.
func newData(f file, size int64, a algorithm) *data {
	d := &data{f: f, sum: sha256.New(), second: a.hash()}
	d.spans.missing(0, ending(size))
	return d
}

func ending(size int64) int64 {
	if size < 0 {
		return endless
	}
	return size
}

// advance moves the front over bytes that are on the disk and hashed.
func (d *data) advance(b []byte) {
	for len(b) > 0 {
		n := min(int64(len(b)), pieceSize-d.front%pieceSize)
		d.tail = crc32.Update(d.tail, castagnoli, b[:n])
		d.front += n
		b = b[n:]
		if d.front%pieceSize == 0 {
			d.crcs = append(d.crcs, d.tail)
			d.tail = 0
		}
	}
	d.spans.forget(d.front)
}

// done is the number of bytes that are there.
func (d *data) done() int64 { return d.spans.done(d.front) }

// fill writes the data's promises into a checkpoint. The caller holds hashing.
func (d *data) fill(c *checkpoint) {
	c.Frontier, c.Tail, c.Hash = d.front, d.tail, marshalHash(d.sum)
	if d.second != nil {
		c.Second = marshalHash(d.second)
	}
	c.CRCs = d.crcs[:len(d.crcs):len(d.crcs)] // append elsewhere makes a copy
	c.Extents = d.spans.extents(d.front)
}

// restore believes a checkpoint: it was written at an orderly end in this boot,
// and the part is still the same file. False means that it has to be read. Under
// Part.mu.
func (d *data) restore(c checkpoint, size int64) bool {
	sum, second, ok := c.hashes()
	info, err := d.f.stat()
	if !ok || err != nil || info.inode != c.Inode || info.size < c.end() {
		return false
	}
	d.front, d.sum, d.second, d.crcs, d.tail = c.Frontier, sum, second, c.CRCs, c.Tail
	d.lay(c.Extents, size)
	return true
}

// lay makes the spans of extents that are there, and of the gaps between them.
func (d *data) lay(extents []extent, size int64) {
	d.spans = spans{}
	at := d.front
	for _, e := range extents {
		d.spans.missing(at, e.From)
		d.spans.list = append(d.spans.list, &span{from: e.From, at: e.To, to: e.To, crc: e.CRC})
		at = e.To
	}
	d.spans.missing(at, ending(size))
}

// recheck reads what a checkpoint promises and keeps what has the right CRC. A
// bad piece is lost alone. If none is, the hash goes on where it was; else it
// is made anew, behind the transfer. seen gets the bytes read so far.
func (d *data) recheck(c checkpoint, size int64, seen func(int64) error) error {
	buf := make([]byte, bufferSize)
	var good []extent
	var read int64
	intact := true
	check := func(e extent, from int64) error {
		crc, fresh, err := d.checksums(buf, e, from)
		if err != nil {
			return err
		}
		if crc == e.CRC {
			good = append(good, extent{From: from, To: e.To, CRC: fresh})
		} else if e.From < c.Frontier && from == e.From {
			intact = false
		}
		read += e.To - from
		return seen(read)
	}
	for at := int64(0); at < c.Frontier; at += pieceSize {
		e := extent{From: at, To: min(at+pieceSize, c.Frontier), CRC: c.Tail}
		if i := at / pieceSize; i < int64(len(c.CRCs)) {
			e.CRC = c.CRCs[i]
		}
		if err := check(e, e.From); err != nil {
			return err
		}
	}
	if sum, second, ok := c.hashes(); intact && ok {
		d.front, d.sum, d.second, d.crcs, d.tail = c.Frontier, sum, second, c.CRCs, c.Tail
		good = nil
	}
	for _, e := range c.Extents {
		if err := check(e, max(e.From, c.Frontier)); err != nil {
			return err
		}
	}
	d.lay(good, size)
	return nil
}

// checksums reads an extent and gives its CRC, and that of what begins at from.
// A short file has no right CRC; that is no error.
func (d *data) checksums(buf []byte, e extent, from int64) (crc, fresh uint32, err error) {
	for at := e.From; at < e.To; {
		n, err := d.f.ReadAt(buf[:min(int64(len(buf)), e.To-at)], at)
		crc = crc32.Update(crc, castagnoli, buf[:n])
		if skip := min(max(from-at, 0), int64(n)); skip < int64(n) {
			fresh = crc32.Update(fresh, castagnoli, buf[skip:n])
		}
		at += int64(n)
		if errors.Is(err, io.EOF) && at < e.To {
			return ^e.CRC, 0, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, fmt.Errorf("read the part: %w", err)
		}
	}
	return crc, fresh, nil
}
