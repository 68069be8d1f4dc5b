package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// look finds out whether a file is still what its entry says: at once if size
// and time are the same, else by reading it. The time is that of the file.
func look(ctx context.Context, root *os.Root, e Entry) (State, time.Time, error) {
	info, err := root.Lstat(e.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Missing, time.Time{}, nil
	case err != nil:
		return Unreadable, time.Time{}, nil
	case !info.Mode().IsRegular(), info.Size() != e.Bytes:
		return Changed, info.ModTime(), nil
	case info.ModTime().Equal(e.ModifiedAt):
		return Present, info.ModTime(), nil
	}
	sum, err := sumOf(ctx, root, e.File, nil)
	switch {
	case ctx.Err() != nil:
		return Unreadable, info.ModTime(), ctx.Err()
	case err != nil:
		return Unreadable, info.ModTime(), nil
	case sum.hex != e.SHA256:
		return Changed, info.ModTime(), nil
	}
	return Present, info.ModTime(), nil
}

type sum struct {
	hex   string
	bytes int64
}

// sumOf reads a file to its end. It never follows a link, nor opens what
// blocks. progress may be nil; it gets the bytes of each read.
func sumOf(ctx context.Context, root *os.Root, name string, progress func(int)) (sum, error) {
	named, err := root.Lstat(name)
	if err != nil {
		return sum{}, fmt.Errorf("read the backup: %w", err)
	}
	if !named.Mode().IsRegular() {
		return sum{}, fmt.Errorf("read the backup: %w", errNotPlain)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|noFollow, 0)
	if err != nil {
		return sum{}, fmt.Errorf("read the backup: %w", err)
	}
	defer func() { _ = f.Close() }()
	if opened, err := f.Stat(); err != nil || !os.SameFile(named, opened) {
		return sum{}, fmt.Errorf("read the backup: %w", errNotPlain)
	}
	h := sha256.New()
	n, err := io.CopyBuffer(h, &steps{ctx, f, progress}, make([]byte, 1<<20))
	if err != nil {
		return sum{}, fmt.Errorf("read the backup: %w", err)
	}
	return sum{hex.EncodeToString(h.Sum(nil)), n}, nil
}

var errNotPlain = fmt.Errorf("%w: it is not a regular file", ErrChanged)

// steps is a file that can be stopped between two reads.
type steps struct {
	ctx      context.Context
	f        io.Reader
	progress func(int)
}

func (s *steps) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := s.f.Read(p)
	if s.progress != nil && n > 0 {
		s.progress(n)
	}
	return n, err
}
