package secret

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// ownPeer refuses a socket whose other end is neither of this user nor of root.
// The kernel keeps who that was when it began to listen (SO_PEERCRED, unix(7)).
func ownPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("look at the socket of the bus: %w", err)
	}
	var peer *unix.Ucred
	var failed error
	err = raw.Control(func(fd uintptr) {
		peer, failed = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("ask who is at the other end of the bus: %w", err)
	}
	if !trusted(peer.Uid, uint32(os.Geteuid())) {
		return errStranger
	}
	return nil
}

// trusted: root could read the keys of every user anyway.
func trusted(peer, own uint32) bool { return peer == own || peer == 0 }
