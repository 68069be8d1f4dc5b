//go:build unix

package sshd

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// ownAs gives a file the owner of another one, if that is there: who replaces
// a key may be root, and the server has to read it.
func ownAs(f *os.File, like string) error {
	info, err := os.Stat(like)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	return f.Chown(int(owner.Uid), int(owner.Gid))
}
