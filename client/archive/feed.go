package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
)

const (
	firstChunk   = 16 << 10 // most files that are no exports are short
	chunkSize    = 256 << 10
	chunkCount   = 4
	progressStep = 1 << 20
	// maxEmptyReads is how often a reader may answer with neither bytes nor an
	// error before it counts as broken.
	maxEmptyReads = 100
)

// feed hands the file to a parser and hashes it on the way. The hash runs in a
// goroutine of its own: both sides read the same chunk, and a chunk is filled
// anew only when both are done with it.
type feed struct {
	ctx      context.Context
	src      io.Reader
	progress func(int64)

	head []byte // bytes that were looked at and given back
	cur  []byte // what is left of the current chunk
	eof  bool   // src has no more
	err  error  // of reading, or of ctx; sticks

	read, reported int64

	free, work chan []byte
	sum        chan string
}

func newFeed(ctx context.Context, src io.Reader, progress func(int64)) *feed {
	f := &feed{
		ctx: ctx, src: src, progress: progress,
		free: make(chan []byte, chunkCount),
		work: make(chan []byte, chunkCount),
		sum:  make(chan string, 1),
	}
	for range chunkCount {
		f.free <- nil // made when it is needed first
	}
	go f.hash()
	return f
}

func (f *feed) hash() {
	h := sha256.New()
	for b := range f.work {
		h.Write(b)
		f.free <- b
	}
	f.sum <- hex.EncodeToString(h.Sum(nil))
}

// fill reads the next chunk into f.cur. It is called when f.cur is used up.
func (f *feed) fill() error {
	if f.err == nil {
		f.err = f.ctx.Err()
	}
	if f.err != nil {
		return f.err
	}
	if f.eof {
		return io.EOF
	}
	buf := <-f.free // never waits long: the hash gives back what it gets
	switch {
	case f.read == 0:
		buf = make([]byte, firstChunk)
	case cap(buf) < chunkSize:
		buf = make([]byte, chunkSize)
	}
	n := f.readSome(buf[:cap(buf)])
	if n == 0 {
		f.free <- buf
		return f.fill() // eof or err is set
	}
	f.read += int64(n)
	f.cur = buf[:n]
	f.work <- f.cur
	if f.read-f.reported >= progressStep {
		f.tell()
	}
	return nil
}

// readSome reads at least one byte, or sets eof or err.
func (f *feed) readSome(p []byte) int {
	for range maxEmptyReads {
		n, err := f.src.Read(p)
		switch {
		case err == io.EOF: // itself: wrapped, it is a fault of some layer below
			f.eof = true
		case err != nil && f.ctx.Err() != nil:
			f.err = f.ctx.Err()
		case err != nil:
			f.err = fmt.Errorf("read the export: %w", err)
		case n == 0:
			continue
		}
		return n
	}
	f.err = fmt.Errorf("read the export: %w", io.ErrNoProgress)
	return 0
}

func (f *feed) tell() {
	f.reported = f.read
	if f.progress != nil {
		f.progress(f.read)
	}
}

// Read gives the file's bytes to a parser.
func (f *feed) Read(p []byte) (int, error) {
	if len(f.head) > 0 {
		n := copy(p, f.head)
		f.head = f.head[n:]
		return n, nil
	}
	if len(f.cur) == 0 {
		if err := f.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.cur)
	f.cur = f.cur[n:]
	return n, nil
}

// peek returns the first bytes of the file, up to n, and leaves them unread.
// It is called once, before the first Read.
func (f *feed) peek(n int) ([]byte, error) {
	head := make([]byte, 0, n)
	for len(head) < n {
		got, err := f.Read(head[len(head):n])
		head = head[:len(head)+got]
		if f.err != nil {
			return nil, f.err
		}
		if err != nil {
			break // the end of a short file
		}
	}
	f.head = head
	return head, nil
}

// drain reads what the parser left, for the size and the checksum.
func (f *feed) drain() error {
	for f.fill() == nil {
	}
	if f.err == nil && f.reported != f.read {
		f.tell()
	}
	return f.err
}

// close ends the hash and returns what was read.
func (f *feed) close() (size int64, sum string) {
	close(f.work)
	return f.read, <-f.sum
}
