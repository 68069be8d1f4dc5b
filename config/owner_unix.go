//go:build unix

package config

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file to the owner of the one that it is going to replace:
// root may be changing the settings of somebody else. Whoever may not do that
// becomes the owner.
func keepOwner(file *os.File, was fs.FileInfo) {
	if st, ok := was.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
		_ = file.Chown(int(st.Uid), int(st.Gid))
	}
}
