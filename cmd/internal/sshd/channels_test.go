package sshd_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

func TestForwardingIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.dial(t, w.admin)
	if _, err := c.Dial("tcp", w.addr); err == nil {
		t.Error("a connection was forwarded")
	}
	if l, err := c.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close()
		t.Error("a port is listened on")
	}
	for _, kind := range []string{"direct-streamlocal@openssh.com", "tun@openssh.com", "x11", "auth-agent@openssh.com", "\x1b]0;x\a"} {
		if _, _, err := c.OpenChannel(kind, nil); err == nil {
			t.Errorf("a channel %q is open", kind)
		}
	}
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"auth-agent-req@openssh.com", "x11-req", "break", "signal", "nonsense"} {
		if ok, err := s.SendRequest(kind, true, nil); ok || err != nil {
			t.Errorf("%s: %v, %v", kind, ok, err)
		}
	}
	if err := s.RequestSubsystem("netconf"); err == nil {
		t.Error("another subsystem runs")
	}
	w.audit(t, "channel", serve.Refused)
	w.audit(t, "subsystem", serve.Refused)
	for _, kind := range []string{"tcpip-forward", "auth-agent-req@openssh.com", "x11-req"} {
		w.until(t, kind+" in the audit log", func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return slices.ContainsFunc(w.events, func(e event) bool {
				return e.Action == "forward" && e.Object == kind && e.Result == serve.Refused && e.who.Name == "Ada"
			})
		})
	}
}

// Each request is answered, and costs the server more than the client: what is
// cheap to ask is asked without end.
func TestRequestFloods(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*ssh.Client, *screen) error{
		"of the connection": func(c *ssh.Client, _ *screen) error {
			_, _, err := c.SendRequest("keepalive@openssh.com", true, nil)
			return err
		},
		"of a session": func(_ *ssh.Client, s *screen) error {
			_, err := s.SendRequest("window-change", true, ssh.Marshal(struct{ W, H, X, Y uint32 }{100, 30, 0, 0}))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			c := w.dial(t, w.viewer)
			s := w.open(t, c, nil)
			try := untilGone(c)
			n := 0
			for n < 100_000 && try(func() error { return ask(c, s) }) == nil {
				n++
			}
			if n < 1000 || n == 100_000 {
				t.Errorf("%d were answered", n)
			}
			other := w.open(t, w.dial(t, w.admin), nil)
			w.see(t, other, "admin")
		})
	}
}

func TestOneCommandAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.dial(t, w.viewer)
	run := func(command string) (string, int) {
		s, err := c.NewSession()
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.CombinedOutput(command)
		var exit *ssh.ExitError
		if errors.As(err, &exit) {
			return string(out), exit.ExitStatus()
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(out), 0
	}
	if out, code := run("history  --json"); code != 0 || out != "{}\n" {
		t.Errorf("history: %q, %d", out, code)
	}
	for _, bad := range []string{
		"", "sh", "history", "history --json; id", "history --json --api-url http://x", "scp -f /etc/passwd", "$(id)", strings.Repeat("A", 200_000),
	} {
		if out, code := run(bad); code != 4 || !strings.HasPrefix(out, "Refused: ") {
			t.Errorf("%.40q: %q, %d", bad, out, code)
		}
	}
	if e := w.audit(t, "exec", serve.Refused); e.who.Role != serve.Viewer {
		t.Errorf("written down: %+v", e)
	}
}

func TestChannelFloods(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		c := w.dial(t, w.viewer)
		for i := range 6 {
			_, err := c.NewSession()
			if (err == nil) != (i < 4) {
				t.Errorf("session %d: %v", i, err)
			}
		}
	})
	t.Run("refused ones", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		c := w.dial(t, w.viewer)
		try := untilGone(c)
		n := 0
		for ; n < 1000; n++ {
			var no *ssh.OpenChannelError
			if err := try(func() error {
				_, _, err := c.OpenChannel("direct-tcpip", nil)
				return err
			}); !errors.As(err, &no) {
				break
			}
		}
		if n > 40 {
			t.Errorf("%d were answered", n)
		}
	})
	t.Run("one after the other", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, nil)
		c := w.dial(t, w.viewer)
		try := untilGone(c)
		n := 0
		for ; n < 200; n++ {
			if try(func() error {
				s, err := c.NewSession()
				if err == nil {
					_ = s.Close()
				}
				return err
			}) != nil {
				break
			}
		}
		if n > 40 {
			t.Errorf("%d sessions in no time", n)
		}
	})
}

// untilGone tries things on a connection until the server has ended it. The
// client's own call can wait for ever when the connection ends under it.
func untilGone(c *ssh.Client) func(func() error) error {
	gone := make(chan struct{})
	go func() {
		_ = c.Wait()
		close(gone)
	}()
	return func(f func() error) error {
		done := make(chan error, 1)
		go func() { done <- f() }()
		select {
		case err := <-done:
			return err
		case <-gone:
			return errors.New("the connection has ended")
		}
	}
}

func TestPanicEndsItsSessionAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.dial(t, w.viewer)
	other := w.open(t, w.dial(t, w.admin), nil)
	bad, same := w.open(t, c, nil), w.open(t, c, nil)
	w.see(t, bad, "viewer")
	bad.typed(t, "panic")
	var exit *ssh.ExitError
	if err := bad.Wait(); !errors.As(err, &exit) || exit.ExitStatus() != 1 {
		t.Errorf("ended with %v", err)
	}
	w.see(t, bad, "had a fault")
	for _, s := range []*screen{same, other} {
		s.typed(t, "still here")
		w.see(t, s, "still here")
	}
	w.audit(t, "console", serve.Failed)
	if !strings.Contains(w.log(), "a fault of this session") {
		t.Errorf("logged: %s", w.log())
	}
}

// What answers the requests of a connection had no guard.
func TestPanicInARequestEndsItsConnectionAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, o *sshd.Options) {
		o.Record = func(who serve.Who, e serve.Event) error {
			if e.Action == "forward" {
				panic("a fault of the server")
			}
			return w.record(who, e)
		}
	})
	other := w.open(t, w.dial(t, w.admin), nil)
	w.see(t, other, "admin")
	c := w.dial(t, w.viewer)
	if err := untilGone(c)(func() error {
		_, err := c.Listen("tcp", "127.0.0.1:0")
		return err
	}); err == nil {
		t.Error("a port is listened on")
	}
	_ = c.Wait() // until we are hung up on
	if !strings.Contains(w.log(), "a fault of the server") {
		t.Errorf("logged: %s", w.log())
	}
	other.typed(t, "still here")
	w.see(t, other, "still here")
}
