package sshd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
)

// firstFD is the number of the first file that a service manager hands over.
const firstFD = 3

// Activated gives the socket that a service manager listens on for us, as
// sd_listen_fds(3) has it; nil if there is none.
func Activated(env func(string) (string, bool), pid int) (net.Listener, error) {
	count, given := env("LISTEN_FDS")
	whose, _ := env("LISTEN_PID")
	if !given || whose != strconv.Itoa(pid) {
		return nil, nil
	}
	if count != "1" {
		return nil, errors.New("one socket is expected")
	}
	f := os.NewFile(firstFD, "socket")
	l, err := net.FileListener(f)
	// The listener has a descriptor of its own.
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("listen on the socket: %w", err)
	}
	return l, nil
}
