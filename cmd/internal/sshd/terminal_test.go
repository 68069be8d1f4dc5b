package sshd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
)

func TestGiantTerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.open(t, w.dial(t, w.viewer), func(s *ssh.Session) {
		if err := s.RequestPty("xterm", 1<<31, 1<<31, nil); err != nil {
			t.Fatal(err)
		}
	})
	w.see(t, s, "500x200")
	for range 1000 {
		if err := s.WindowChange(100_000, 100_000); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.WindowChange(30, 100); err != nil {
		t.Fatal(err)
	}
	w.see(t, s, "size 100x30")
	for _, l := range strings.Split(s.text(), "\r\n") {
		if strings.HasPrefix(l, "size ") && l != "size 500x200" && l != "size 100x30" {
			t.Errorf("drawn: %q", l)
		}
	}
}

func TestEnvironmentIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.open(t, w.dial(t, w.viewer), func(s *ssh.Session) {
		accepted := 0
		for i := range 60 {
			if s.Setenv(fmt.Sprintf("LC_%d", i), "C") == nil {
				accepted++
			}
		}
		if accepted != 32 {
			t.Errorf("%d variables were taken", accepted)
		}
		for name, value := range map[string]string{
			"LANG": "a\x1b]0;evil\a", "LC_ALL": strings.Repeat("x", 257), "LC_" + strings.Repeat("X", 40): "C",
			"PATH": "/tmp", "LD_PRELOAD": "/tmp/x.so", "TMUX": "x", "TERM": "dumb", "DASHTRAY_ROLE": "admin", "SSH_TTY": "x",
			"LC_A\nB": "C",
		} {
			if s.Setenv(name, value) == nil {
				t.Errorf("%s=%q was taken", name, value)
			}
		}
	})
	w.see(t, s, "needs a terminal") // TERM comes with the terminal alone
}

func TestEnvironmentFloodEndsTheConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	c := w.dial(t, w.viewer)
	ch, reqs, err := c.OpenChannel("session", nil)
	if err != nil {
		t.Fatal(err)
	}
	go ssh.DiscardRequests(reqs)
	payload := ssh.Marshal(struct{ Name, Value string }{"LC_ALL", strings.Repeat("C", 200)})
	sent := 0
	for ; sent < 10_000; sent++ {
		if _, err := ch.SendRequest("env", true, payload); err != nil {
			break
		}
	}
	if sent > 200 {
		t.Errorf("%d requests were answered", sent)
	}
	_ = c.Wait()
}

func TestTerminalNameIsSanitised(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, term := range []string{"xterm\x1b]52;c;ZXZpbA==\a", strings.Repeat("x", 4000), "a\nb", "xterm\u009b2J"} {
		s := w.open(t, w.dial(t, w.viewer), func(s *ssh.Session) {
			if err := s.RequestPty(term, 24, 80, nil); err != nil {
				t.Fatal(err)
			}
		})
		w.see(t, s, `["TERM=xterm"]`)
	}
}

// A client that reads nothing is cut off, and nobody waits for it.
func TestClientThatReadsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *sshd.Options) {
		o.Limits.Stall = 100 * time.Millisecond
		o.Console = endless
	})
	c := w.dial(t, w.viewer)
	ch, reqs, err := c.OpenChannel("session", nil)
	if err != nil {
		t.Fatal(err)
	}
	go ssh.DiscardRequests(reqs)
	pty := ssh.Marshal(struct {
		Term       string
		C, R, W, H uint32
		Modes      string
	}{"xterm", 80, 24, 0, 0, ""})
	for kind, payload := range map[string][]byte{"pty-req": pty} {
		if ok, err := ch.SendRequest(kind, true, payload); !ok || err != nil {
			t.Fatal(kind, ok, err)
		}
	}
	if ok, err := ch.SendRequest("shell", true, nil); !ok || err != nil {
		t.Fatal(ok, err)
	}
	_ = c.Wait() // until we are hung up on
	w.until(t, "nobody", func() bool { return len(w.Sessions()) == 0 })
}
