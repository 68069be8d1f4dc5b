package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// openPlain opens a regular file of ours, mode 0600, and never follows a link
// that somebody put in its place.
func openPlain(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|noFollow, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, err)
	}
	opened, err := f.Stat()
	if err == nil {
		var named fs.FileInfo
		if named, err = os.Lstat(path); err == nil {
			switch {
			case !opened.Mode().IsRegular(), !os.SameFile(opened, named):
				err = errNotPlain
			case !ownedByUs(opened):
				err = errNotOurs
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, errors.Join(err, f.Close()))
	}
	return f, nil
}

var (
	errNotPlain = errors.New("not a regular file")
	errNotOurs  = errors.New("belongs to another user")
)

// syncFile makes a file's data durable. A file system that cannot say so
// (some network mounts) is used all the same: nothing else would help.
func syncFile(f *os.File) error {
	if err := dataSync(f); err != nil && !cannotSync(err) {
		return fmt.Errorf("sync %q: %w", filepath.Base(f.Name()), err)
	}
	return nil
}

// syncDir makes a rename durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	err = dirSync(d)
	if cannotSync(err) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

func cannotSync(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL)
}

// renameNew renames and fails with ErrExists when the name is taken.
func renameNew(from, to string) error {
	err := renameExclusive(from, to)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("rename to %q: %w", to, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("rename to %q: %w", to, err)
	}
	return nil
}

// linkRename is the way without a system call for it: a hard link fails when
// the name exists. Where there are no hard links a look must do.
func linkRename(from, to string) error {
	err := os.Link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}
