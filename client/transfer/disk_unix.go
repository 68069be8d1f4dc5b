//go:build unix

package transfer

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const noFollow = unix.O_NOFOLLOW | unix.O_CLOEXEC

func dirSync(d *os.File) error { return d.Sync() }

func ownedByUs(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return !ok || int(st.Uid) == os.Geteuid()
}

func isDiskFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

func infoOf(info fs.FileInfo) fileInfo {
	out := fileInfo{size: info.Size(), allocated: info.Size()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		out.inode = uint64(st.Ino)
		out.allocated = min(int64(st.Blocks)*512, info.Size())
	}
	return out
}
