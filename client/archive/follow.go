package archive

import (
	"context"
	"fmt"
	"io"
)

// Front tells how far a file is there while it is still being written.
type Front interface {
	// Front waits until the first n bytes of the file are there, and n is more
	// than after, or until the file is complete (done), and returns n. Bytes
	// before n never change again. An error, ctx.Err() among them, says that
	// this will not be: the caller checks the whole file later, or not at all.
	Front(ctx context.Context, after int64) (n int64, done bool, err error)
}

// Follow reads a file that is still being written, from its beginning, as fast
// as it grows, and ends where the file is complete. With it a check runs
// behind a transfer and ends moments after the last byte:
//
//	report, err := archive.CheckWith(ctx, archive.Follow(ctx, part, front), expect, options)
//
// An error of front is the error of Read, as it came.
func Follow(ctx context.Context, file io.ReaderAt, front Front) io.Reader {
	return &follower{ctx: ctx, file: file, front: front}
}

type follower struct {
	ctx    context.Context
	file   io.ReaderAt
	front  Front
	pos, n int64
	done   bool
}

func (f *follower) Read(p []byte) (int, error) {
	for f.pos == f.n {
		if f.done {
			return 0, io.EOF
		}
		if err := f.ctx.Err(); err != nil {
			return 0, err
		}
		n, done, err := f.front.Front(f.ctx, f.pos)
		if err != nil {
			return 0, err
		}
		if n < f.pos || n == f.pos && !done {
			return 0, fmt.Errorf("follow the transfer: its front is %d after %d", n, f.pos)
		}
		f.n, f.done = n, done
	}
	n, err := f.file.ReadAt(p[:min(int64(len(p)), f.n-f.pos)], f.pos)
	f.pos += int64(n)
	switch {
	case n > 0:
		return n, nil
	case err == io.EOF: //nolint:errorlint // itself is the end of the file
		return 0, fmt.Errorf("follow the transfer: the file ends at %d, its front is %d: %w", f.pos, f.n, io.ErrUnexpectedEOF)
	}
	return 0, err
}
