//go:build unix

package secret

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// noFollow makes an open fail at a symbolic link.
const noFollow = unix.O_NOFOLLOW

// openKey never waits: a pipe without a writer would hold a blocking open.
func openKey(path string, flags int) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|flags, 0)
}

// setBlocking undoes what openKey asked for.
func setBlocking(f *os.File) {
	raw, err := f.SyscallConn()
	if err != nil {
		return // it is closed, and reading will say so
	}
	_ = raw.Control(func(fd uintptr) { _ = unix.SetNonblock(int(fd), false) })
}

// ours reports whether the file belongs to the user that this process acts as.
func ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}
