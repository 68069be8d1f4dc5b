//go:build unix

package backup

import "golang.org/x/sys/unix"

const noFollow = unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_NONBLOCK
