package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gofrs/flock"
)

// lockPart takes the lock of a part. Peek holds it for an instant, so a lock
// that is taken is tried a few times. The lock file is removed when the part
// is done: whoever locked a file that is no longer there has locked nothing.
func lockPart(path string) (*flock.Flock, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	for {
		l := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
		ok, err := l.TryLockContext(ctx, 20*time.Millisecond)
		switch {
		case errors.Is(err, context.DeadlineExceeded) || (err == nil && !ok):
			return nil, errors.Join(ErrLocked, l.Close())
		case err != nil:
			return nil, fmt.Errorf("lock %q: %w", path, errors.Join(err, l.Close()))
		}
		held, err := l.Stat()
		if err != nil {
			return nil, fmt.Errorf("lock %q: %w", path, errors.Join(err, l.Close()))
		}
		if named, err := os.Lstat(path); err == nil && os.SameFile(held, named) {
			return l, nil
		}
		_ = l.Close()
	}
}

// lockTaken reports whether a live process holds the lock, this one included.
func lockTaken(path string) bool {
	if _, err := os.Lstat(path); err != nil {
		return false
	}
	l := flock.New(path, flock.SetFlag(os.O_RDWR|noFollow))
	ok, err := l.TryRLock()
	_ = l.Close()
	return err == nil && !ok
}
