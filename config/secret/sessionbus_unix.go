//go:build linux || netbsd || openbsd || (freebsd && cgo) || (dragonfly && cgo)

package secret

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"

	"github.com/godbus/dbus/v5"
)

// envBus is where a desktop says which bus is its session's.
const envBus = "DBUS_SESSION_BUS_ADDRESS"

// What keeps a session bus from being used.
var (
	errNotLocal = errors.New("its address is not a socket of this machine")
	errNoSocket = errors.New("its address names no socket")
	errStranger = errors.New("its socket belongs to another user")
)

// sessionBus opens a private connection to the session bus and starts none.
//
// A key goes over this bus as it is, so that the bus has to be on this machine
// and the user's own: an address may outlive its bus, and whoever takes the
// name of a socket that is gone is handed the keys. So nothing but a unix
// socket is taken (D-Bus specification, "Server Addresses": tcp goes over a
// network, unixexec starts a program), and the program at its other end has to
// run as this user, or as root.
//
// When it finds a bus, the variable is set in this process, by the caller or by
// the dialling: so the keyring library, which connects after it, has the same
// address and does not run dbus-launch.
func sessionBus(ctx context.Context) (*dbus.Conn, error) {
	address := os.Getenv(envBus)
	if address == "" || address == "autolaunch:" {
		conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		_ = conn.Close() // it was opened for the address alone
		address = os.Getenv(envBus)
	}
	return dialBus(ctx, address)
}

// dialBus takes the first of the addresses that answers, as the library does.
func dialBus(ctx context.Context, address string) (*dbus.Conn, error) {
	all := strings.Split(address, ";")
	for _, one := range all {
		if !strings.HasPrefix(one, "unix:") {
			return nil, errNotLocal
		}
	}
	var failed error
	for _, one := range all {
		conn, err := dialSocket(ctx, one)
		if errors.Is(err, errStranger) {
			return nil, err // the library would not go on to the next one
		}
		if err == nil {
			return dbus.DialUnix(conn, dbus.WithContext(ctx), dbus.WithIncomingInterceptor(answersAlone))
		}
		failed = err
	}
	return nil, failed
}

// answersAlone has the library pass over what is not an answer to a question. It
// takes some signals for what they should be, in a goroutine of its own, where
// its panic would be the end of the program.
func answersAlone(m *dbus.Message) {
	if m.Type != dbus.TypeMethodReply && m.Type != dbus.TypeError {
		m.Type = 0
	}
}

func dialSocket(ctx context.Context, address string) (*net.UnixConn, error) {
	name, err := socketName(strings.TrimPrefix(address, "unix:"))
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", name)
	if err != nil {
		return nil, err
	}
	socket, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errNotLocal, conn.Close())
	}
	if err := ownPeer(socket); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return socket, nil
}

// socketName reads path=… or abstract=…, the two that the library knows.
func socketName(pairs string) (string, error) {
	for pair := range strings.SplitSeq(pairs, ",") {
		key, value, _ := strings.Cut(pair, "=")
		if key != "path" && key != "abstract" {
			continue
		}
		name, err := dbus.UnescapeBusAddressValue(value)
		if err != nil {
			return "", err
		}
		if key == "abstract" {
			name = "@" + name
		}
		return name, nil
	}
	return "", errNoSocket
}
