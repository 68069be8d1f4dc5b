package backup

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// disk is what changes a folder. The operating system is one; tests have
// others, that fill up, or end the process.
type disk interface {
	write(f *os.File, b []byte) error
	truncate(f *os.File, size int64) error
	sync(f *os.File) error // makes data durable
	rename(root *os.Root, from, to string) error
	remove(root *os.Root, name string) error
	syncDir(root *os.Root) error // makes names durable
}

type systemDisk struct{}

func (systemDisk) write(f *os.File, b []byte) error {
	_, err := f.Write(b)
	return err
}

func (systemDisk) truncate(f *os.File, size int64) error       { return f.Truncate(size) }
func (systemDisk) rename(root *os.Root, from, to string) error { return root.Rename(from, to) }
func (systemDisk) remove(root *os.Root, name string) error     { return root.Remove(name) }

// sync takes a file system that cannot say that data are durable (some network
// mounts) as it is: nothing else would help.
func (systemDisk) sync(f *os.File) error {
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

func (d systemDisk) syncDir(root *os.Root) error {
	if runtime.GOOS == "windows" {
		return nil // NTFS journals names, and a folder cannot be flushed
	}
	f, err := root.Open(".")
	if err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	if err := errors.Join(d.sync(f), f.Close()); err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	return nil
}
