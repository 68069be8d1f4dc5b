package transfer

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// disk is what a transfer does to its folder. The operating system is one;
// tests have others, that fill up, or forget what was not made durable.
type disk interface {
	// open opens a regular file of ours, mode 0600, and never follows a link.
	open(path string, flag int) (file, error)
	stat(path string) (fileInfo, error) // of the name, not of what a link points to
	rename(from, to string) error       // over what is there
	renameNew(from, to string) error    // fs.ErrExist when the name is taken
	remove(path string) error
	syncDir(dir string) error // makes names durable
	free(dir string) (int64, error)
	lock(path string) (io.Closer, error) // ErrLocked
	locked(path string) bool             // by anyone, this process included
}

type file interface {
	io.ReadWriteCloser
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	stat() (fileInfo, error)
	// sync makes data durable. It is not sure of that where the file system
	// cannot tell.
	sync() (sure bool, err error)
}

// fileInfo tells files apart. An inode of 0 is one that the system does not tell.
type fileInfo struct {
	inode     uint64
	size      int64
	allocated int64 // bytes of the disk that it takes
}

type systemDisk struct{}

type systemFile struct{ *os.File }

func (systemDisk) open(path string, flag int) (file, error) {
	f, err := os.OpenFile(path, flag|noFollow, 0o600)
	if err != nil {
		return nil, err // which says what was done, and to what
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
	return systemFile{f}, nil
}

var (
	errNotPlain = errors.New("not a regular file")
	errNotOurs  = errors.New("belongs to another user")
)

func (systemDisk) stat(path string) (fileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return fileInfo{}, err
	}
	return infoOf(info), nil
}

func (systemDisk) rename(from, to string) error    { return os.Rename(from, to) }
func (systemDisk) renameNew(from, to string) error { return renameExclusive(from, to) }
func (systemDisk) remove(path string) error        { return os.Remove(path) }
func (systemDisk) free(dir string) (int64, error)  { return freeBytes(dir) }
func (systemDisk) locked(path string) bool         { return lockTaken(path) }

func (systemDisk) lock(path string) (io.Closer, error) {
	l, err := lockPart(path)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// syncDir makes a rename durable.
func (systemDisk) syncDir(dir string) error {
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

func (f systemFile) stat() (fileInfo, error) {
	info, err := f.Stat()
	if err != nil {
		return fileInfo{}, err
	}
	return infoOf(info), nil
}

// sync takes a file system that cannot sync (some network mounts) as it is:
// nothing else would help.
func (f systemFile) sync() (sure bool, err error) {
	switch err := dataSync(f.File); {
	case err == nil:
		return true, nil
	case cannotSync(err):
		return false, nil
	default:
		return false, fmt.Errorf("sync %q: %w", filepath.Base(f.Name()), err)
	}
}

func cannotSync(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL)
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

// renameNew renames and fails with ErrExists when the name is taken.
func renameNew(d disk, from, to string) error {
	err := d.renameNew(from, to)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("rename to %q: %w", to, ErrExists)
	}
	if err != nil {
		return fmt.Errorf("rename to %q: %w", to, err)
	}
	return nil
}
