//go:build darwin || freebsd

package history

import "golang.org/x/sys/unix"

// remote reports whether a folder is on another machine's disk: a write-ahead
// log needs memory that all its users share.
func remote(dir string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return true // the safer of the two
	}
	return uint64(st.Flags)&unix.MNT_LOCAL == 0
}
