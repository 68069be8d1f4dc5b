package secret_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"

	"github.com/dashtray/dashtray-tui/config/secret"
)

func TestWhoMayBeTheBus(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		peer, own uint32
		want      bool
	}{{1000, 1000, true}, {0, 1000, true}, {0, 0, true}, {1001, 1000, false}, {1000, 0, false}, {65534, 1000, false}} {
		if got := secret.Trusted(tc.peer, tc.own); got != tc.want {
			t.Errorf("a bus of user %d for user %d: %v, want %v", tc.peer, tc.own, got, tc.want)
		}
	}
}

// TestABusOfAnotherUserGetsNoKey: somebody has taken the name of a socket whose
// bus is gone.
func TestABusOfAnotherUserGetsNoKey(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be another user")
	}
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s")
	listener, err := listenAs(65534, path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	address := "unix:path=" + path
	if _, err := secret.DialBus(t.Context(), address); !errors.Is(err, secret.ErrStranger) {
		t.Errorf("got %v, want that it is another user's", err)
	}
	// The library would go by the order too, and take this one first.
	own := newBus(t)
	if _, err := secret.DialBus(t.Context(), address+";"+own.address); !errors.Is(err, secret.ErrStranger) {
		t.Errorf("with another behind it: got %v", err)
	}
	err = secret.Look(t.Context(), func(ctx context.Context) (*dbus.Conn, error) { return secret.DialBus(ctx, address) }, true)
	if secret.ReasonOf(err) != secret.NoBus {
		t.Errorf("got %v, want no_bus", err)
	}
}

// listenAs makes a socket as another user: of one thread, which ends with it.
func listenAs(uid int, path string) (listener net.Listener, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked, so that the thread goes with the goroutine
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
			err = errno
			return
		}
		listener, err = (&net.ListenConfig{}).Listen(context.Background(), "unix", path)
	}()
	<-done
	return listener, err
}
