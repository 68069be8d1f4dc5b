package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync/atomic"
)

const (
	firstChunk   = 16 << 10 // most files that are no exports are short
	chunkSize    = 512 << 10
	headroom     = 64 << 10
	chunkCount   = 4
	progressStep = 1 << 20
	// maxEmptyReads is how often a reader may answer with neither bytes nor an
	// error before it counts as broken.
	maxEmptyReads = 100
)

// chunk is a piece of the file. Before the piece there is room for what the
// parser has left of the one before, so that a record that crosses the border
// lies in one slice without a copy of the whole.
type chunk struct {
	buf   []byte
	head  int // the piece is buf[head : head+n]
	n     int
	users atomic.Int32 // the parser and the hash; the last gives the chunk back
}

func (c *chunk) bytes() []byte { return c.buf[c.head : c.head+c.n] }

// feed reads the file and hashes it in a goroutine of its own, while the
// parser, in the goroutine of Check, works on the chunks as they come.
type feed struct {
	ctx      context.Context
	src      io.Reader
	progress func(int64)
	hash     hash.Hash // nil: the caller knows the checksum

	free, work chan *chunk
	end        error   // why work was closed; io.EOF at the end of the file
	damage     *damage // of what packs the file: its bytes end here

	// The rest is the parser's.
	err            error // of reading, or of ctx; sticks
	read, reported int64
}

func newFeed(ctx context.Context, src io.Reader, hashed bool, progress func(int64)) *feed {
	f := &feed{
		ctx: ctx, src: src, progress: progress,
		free: make(chan *chunk, chunkCount),
		work: make(chan *chunk, chunkCount),
	}
	if hashed {
		f.hash = sha256.New()
	}
	for range chunkCount {
		f.free <- new(chunk) // its buffer is made when it is needed first
	}
	go f.run()
	return f
}

// run reads to the end of the file, or to the end of the context.
func (f *feed) run() {
	defer close(f.work)
	for size := firstChunk; ; {
		c := <-f.free // never waits long: the parser goes on to the end of the file
		c.room(size)
		if f.end = f.ctx.Err(); f.end != nil {
			return
		}
		f.end = f.fill(c)
		size = min(max(size, 4*c.n), chunkSize) // c is the parser's from here on
		if c.n > 0 {
			f.hand(c)
		}
		if f.end != nil {
			return
		}
	}
}

// room makes the chunk's buffer at least size bytes long, and headroom.
func (c *chunk) room(size int) {
	if len(c.buf) < size {
		c.head = min(headroom, size/4)
		c.buf = make([]byte, c.head+size)
	}
}

// fill reads at least one byte, or returns why there is none. An error may
// come with bytes.
func (f *feed) fill(c *chunk) error {
	for range maxEmptyReads {
		n, err := f.src.Read(c.buf[c.head:])
		c.n = n
		switch {
		case err == io.EOF: // itself: wrapped, it is a fault of some layer below
			return io.EOF
		case err != nil && f.ctx.Err() != nil:
			return f.ctx.Err()
		case errors.As(err, &f.damage):
			return io.EOF
		case err != nil:
			return fmt.Errorf("read the export: %w", err)
		case n > 0:
			return nil
		}
	}
	return fmt.Errorf("read the export: %w", io.ErrNoProgress)
}

// hand gives the chunk to the parser, and hashes it while that works.
func (f *feed) hand(c *chunk) {
	if f.hash == nil {
		c.users.Store(1)
		f.work <- c
		return
	}
	c.users.Store(2)
	f.work <- c
	_, _ = f.hash.Write(c.bytes()) // a hash never fails
	f.release(c)
}

// release says that one user of the chunk is done with it.
func (f *feed) release(c *chunk) {
	if c.users.Add(-1) == 0 {
		f.free <- c
	}
}

// next gives the parser the next chunk, which it releases later. At the end of
// the file the error is io.EOF itself.
func (f *feed) next() (*chunk, error) {
	if f.err != nil {
		return nil, f.err
	}
	c, ok := <-f.work
	if !ok {
		if f.end != io.EOF { //nolint:errorlint // itself is the end of the file
			f.err = f.end
		}
		return nil, f.end
	}
	f.read += int64(c.n)
	if f.read-f.reported >= progressStep {
		f.tell()
	}
	return c, nil
}

func (f *feed) tell() {
	f.reported = f.read
	if f.progress != nil {
		f.progress(f.read)
	}
}

// drain reads what the parser left, for the size and the checksum, and returns
// the error of reading, if there was one. After it nothing is read any more.
func (f *feed) drain() error {
	for {
		c, err := f.next()
		if err != nil {
			break
		}
		f.release(c)
	}
	if f.err == nil && f.reported != f.read {
		f.tell()
	}
	return f.err
}

// sum is the SHA-256 of the file after drain, in hexadecimal; "" if it was not
// computed.
func (f *feed) sum() string {
	if f.hash == nil {
		return ""
	}
	return hex.EncodeToString(f.hash.Sum(nil))
}
