package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// Folder is a backup folder whose lock this process holds. It is not safe for
// concurrent use.
type Folder struct {
	dir  string
	root *os.Root
	lock *flock.Flock
	now  func() time.Time
	disk disk
}

// Options of a Folder.
type Options struct {
	// Now is the clock for the lines of the manifest; nil is time.Now.
	Now func() time.Time
}

// Open locks a folder, and makes it if it is not there (0700). ErrLocked means
// that another run has it; every other error is of the system and names the
// step. Close gives the lock back. Its file stays: who waits for a lock file
// that somebody removes waits for nothing.
func Open(dir string, o Options) (*Folder, error) {
	return open(dir, o, systemDisk{})
}

func open(dir string, o Options, d disk) (*Folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the backup folder %q: %w", dir, err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("make the backup folder %q: %w", dir, err)
	}
	root, err := openFolder(abs)
	if err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(abs, lockName), flock.SetFlag(os.O_CREATE|os.O_RDWR|noFollow), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err == nil && !held {
		err = ErrLocked
	}
	if err != nil {
		return nil, fmt.Errorf("lock the backup folder %q: %w", dir, errors.Join(err, lock.Close(), root.Close()))
	}
	f := &Folder{dir: abs, root: root, lock: lock, now: o.Now, disk: d}
	if f.now == nil {
		f.now = time.Now
	}
	_ = d.remove(root, freshName) // of a run that was killed
	return f, nil
}

// openFolder looks before it opens: an open waits for somebody at the other end
// where the name is a pipe's.
func openFolder(dir string) (*os.Root, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
	}
	if err == nil {
		var root *os.Root
		if root, err = os.OpenRoot(dir); err == nil {
			return root, nil
		}
	}
	return nil, fmt.Errorf("open the backup folder %q: %w", dir, err)
}

// Dir is the folder, absolute.
func (f *Folder) Dir() string { return f.dir }

// Close gives the lock back.
func (f *Folder) Close() error {
	if err := errors.Join(f.root.Close(), f.lock.Close()); err != nil {
		return fmt.Errorf("close the backup folder: %w", err)
	}
	return nil
}

// Inventory is what a manifest says.
type Inventory struct {
	Entries []Entry   // in the order in which they were put there, with their states
	Bad     []BadLine // lines that nobody can use
}

// Read reads the manifest of a folder and looks for its files, without a lock
// and without changing anything. A folder without a manifest has no entries;
// one that is not there is fs.ErrNotExist.
func Read(ctx context.Context, dir string) (Inventory, error) {
	root, err := openFolder(dir)
	if err != nil {
		return Inventory{}, err
	}
	defer func() { _ = root.Close() }()
	m, err := readManifest(root)
	if err != nil {
		return Inventory{}, err
	}
	inv, _, err := takeInventory(ctx, root, &m)
	return inv, err
}

// takeInventory looks for the files of a manifest, and puts into m what it
// learns: a file that was to go and is still there, because the run was killed,
// stays after all until a policy says so again; a file that was copied has a
// new time. changed says that the manifest then differs from the file.
func takeInventory(ctx context.Context, root *os.Root, m *manifest) (inv Inventory, changed bool, err error) {
	inv.Bad = m.bad()
	changed = m.marked()
	for i := range m.rows {
		r := &m.rows[i]
		if r.entry.File == "" {
			continue
		}
		state, modified, err := look(ctx, root, r.entry)
		if err != nil {
			return Inventory{}, false, fmt.Errorf("look for the backups: %w", err)
		}
		if r.removed && state != Present {
			continue
		}
		r.removed = false
		if state == Present && !modified.Equal(r.entry.ModifiedAt) {
			r.entry.ModifiedAt = modified
			if raw, err := encodeAdd(r.entry); err == nil {
				r.raw, changed = bytes.TrimSuffix(raw, []byte("\n")), true
			}
		}
		r.entry.State = state
		inv.Entries = append(inv.Entries, r.entry)
	}
	return inv, changed, nil
}

// Inventory reads the manifest and looks for its files, as [Read] does. What a
// run that was killed left half done is put right first. Files that were
// copied, and so have a new time, are read once: the manifest then notes it.
func (f *Folder) Inventory(ctx context.Context) (Inventory, error) {
	m, err := readManifest(f.root)
	if err != nil {
		return Inventory{}, err
	}
	inv, changed, err := takeInventory(ctx, f.root, &m)
	if err == nil && changed {
		// The disk may be full. The old lines say the same, only longer.
		_ = f.rewrite(&m)
	}
	return inv, err
}

// Add puts a file that is in the folder and was verified into the manifest. It
// returns when that is durable. The file must be regular and have e.Bytes;
// its content is believed. e.VerifiedAt is now if it is
// zero; e.ModifiedAt is read. A name that the manifest has is replaced.
// ErrEntry, ErrName, ErrChanged.
func (f *Folder) Add(e Entry) error {
	if !validName(e.File) {
		return fmt.Errorf("add %q to the manifest: %w", filepath.Base(e.File), ErrName)
	}
	info, err := f.root.Lstat(e.File)
	if err != nil {
		return fmt.Errorf("add %q to the manifest: %w", e.File, err)
	}
	if !info.Mode().IsRegular() || info.Size() != e.Bytes {
		return fmt.Errorf("add %q to the manifest: %w", e.File, ErrChanged)
	}
	e.ModifiedAt = info.ModTime()
	if e.VerifiedAt.IsZero() {
		e.VerifiedAt = f.now()
	}
	text, err := encodeAdd(e)
	if err == nil {
		err = f.append(text)
	}
	if err != nil {
		return fmt.Errorf("add %q to the manifest: %w", e.File, err)
	}
	return nil
}
