package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// ErrFileBusy says that another program is changing the settings and does not
// come to an end. Try again, or look for that program.
var ErrFileBusy = errors.New("another program is changing the settings")

// A change takes milliseconds, so whoever waits this long waits for nothing.
const (
	lockPatience = 10 * time.Second
	lockRetry    = 10 * time.Millisecond
)

// followLinks gives the file that a link leads to, even if that is not there
// yet: the link of somebody's dotfiles is kept, and what it names is changed.
func followLinks(path string) (string, error) {
	const most = 40
	for range most {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0:
			return path, nil
		case err != nil:
			return "", fmt.Errorf("change settings %q: %w", path, bare(err))
		}
		to, err := os.Readlink(path)
		if err != nil {
			return "", fmt.Errorf("change settings %q: %w", path, bare(err))
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return "", fmt.Errorf("change settings %q: more than %d links lead on from it", path, most)
}

// lockFile makes the file's folder and keeps other programs from changing the
// file. The lock is a file of its own, since the settings file is replaced; it
// is removed afterwards, and whoever got the lock of a removed one tries again.
func lockFile(ctx context.Context, target string) (release func(), err error) {
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder %q of the settings: %w", dir, bare(err))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, lockPatience, ErrFileBusy)
	defer cancel()
	path := filepath.Join(dir, "."+filepath.Base(target)+".lock")
	for {
		l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
		_, err := l.TryLockContext(ctx, lockRetry)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("lock settings %q: %w", target, errors.Join(context.Cause(ctx), l.Close()))
		}
		if err != nil {
			return nil, fmt.Errorf("lock settings %q: %w", target, errors.Join(bare(err), l.Close()))
		}
		held, err := l.Stat()
		if err != nil {
			return nil, fmt.Errorf("lock settings %q: %w", target, errors.Join(err, l.Close()))
		}
		if named, err := os.Lstat(path); err == nil && os.SameFile(held, named) {
			return func() {
				_ = os.Remove(path) // Windows keeps it while it is open; it does no harm
				_ = l.Close()
			}, nil
		}
		_ = l.Close()
	}
}

// loadOrNothing gives the file's bytes, none if it is not there.
func loadOrNothing(path string) ([]byte, error) {
	data, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// replace puts data into the place of a file, so that a power cut leaves the
// old or the new one: temporary file, fsync, rename, fsync of the folder. The
// mode and the owner stay; a new file is the owner's alone.
func replace(path string, data []byte) error {
	mode := fs.FileMode(0o600)
	was, statErr := os.Stat(path)
	if statErr == nil {
		mode = was.Mode().Perm()
	}
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write settings %q: %w", path, bare(err))
	}
	if statErr == nil {
		keepOwner(tmp, was)
	}
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close(), os.Chmod(tmp.Name(), mode))
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write settings %q: %w", path, errors.Join(err, os.Remove(tmp.Name())))
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // some file systems cannot; the rename is in place all the same
		_ = d.Close()
	}
	return nil
}
