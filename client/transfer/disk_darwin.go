package transfer

import (
	"errors"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// dataSync uses Go's Sync, which is F_FULLFSYNC here: fsync alone leaves data
// in the drive's cache.
func dataSync(f *os.File) error { return f.Sync() }

func renameExclusive(from, to string) error {
	err := unix.RenamexNp(from, to, unix.RENAME_EXCL)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) {
		return linkRename(from, to)
	}
	return err
}

func bootID() string {
	t, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return ""
	}
	return strconv.FormatInt(t.Sec, 10)
}
