package sshd_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

func TestRolesComeFromTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, c := range []struct {
		key  ssh.Signer
		want string
	}{
		{w.admin, "admin Ada SHA256:"}, {w.operator, "operator op@bastion SHA256:"}, {w.viewer, "viewer  SHA256:"},
	} {
		s := w.open(t, w.dial(t, c.key), nil)
		w.see(t, s, c.want)
		w.see(t, s, ssh.FingerprintSHA256(c.key.PublicKey())+" 80x24")
		s.typed(t, "q")
		if err := s.Wait(); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
	}
	e := w.audit(t, "login", serve.Done)
	if e.who.Name != "Ada" || e.who.Session == "" || !strings.HasPrefix(e.who.From, "127.0.0.1:") || !strings.Contains(e.Detail, "user somebody, client SSH-2.0-Go") {
		t.Errorf("written down: %+v", e)
	}
	if _, err := ssh.Dial("tcp", w.addr, w.config(w.stranger)); err == nil {
		t.Error("a stranger is in")
	}
	if e := w.audit(t, "login", serve.Refused); e.who.Key != ssh.FingerprintSHA256(w.stranger.PublicKey()) || e.Object != "somebody" {
		t.Errorf("written down: %+v", e)
	}
}

// twoFaced shows somebody else's key while it only asks, and its own when it signs.
type twoFaced struct {
	ssh.Signer
	shown ssh.PublicKey
	calls *int
}

func (f twoFaced) PublicKey() ssh.PublicKey { return turning{f.Signer.PublicKey(), f.shown, f.calls} }

type turning struct {
	ssh.PublicKey
	shown ssh.PublicKey
	calls *int
}

// Marshal is called twice for the question and its answer, then for the login.
func (k turning) Marshal() []byte {
	if *k.calls++; *k.calls <= 2 {
		return k.shown.Marshal()
	}
	return k.PublicKey.Marshal()
}

// The identity is that of the key that signed, whatever was offered before
// (CVE-2026-24058, CVE-2024-45337).
func TestOfferAnAdminsKeyAndSignWithAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	calls := 0
	s := w.open(t, w.dial(t, twoFaced{w.viewer, w.admin.PublicKey(), &calls}), nil)
	w.see(t, s, "viewer  "+ssh.FingerprintSHA256(w.viewer.PublicKey()))
	if calls < 3 {
		t.Fatalf("the key was looked at %d times: the admin's was not offered", calls)
	}
	if _, err := ssh.Dial("tcp", w.addr, w.config(twoFaced{w.stranger, w.admin.PublicKey(), new(int)})); err == nil {
		t.Error("a stranger is in with an admin's key that was only offered")
	}
	if _, err := ssh.Dial("tcp", w.addr, w.config(forged{w.viewer, w.admin.PublicKey()})); err == nil {
		t.Error("a signature of another key is taken")
	}
	w.audit(t, "login", serve.Refused)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.who.Role == serve.Admin {
			t.Errorf("somebody was taken for the admin: %+v", e)
		}
	}
}

// forged claims a public key and signs with another one.
type forged struct {
	ssh.Signer
	claimed ssh.PublicKey
}

func (f forged) PublicKey() ssh.PublicKey { return f.claimed }

func TestNothingButPublicKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, method := range map[string]ssh.AuthMethod{
		"password": ssh.Password(""),
		"keyboard": ssh.KeyboardInteractive(func(_, _ string, q []string, _ []bool) ([]string, error) {
			return make([]string, len(q)), nil
		}),
		"none": nil,
	} {
		conf := w.config()
		conf.Auth = nil
		if method != nil {
			conf.Auth = []ssh.AuthMethod{method}
		}
		_, err := ssh.Dial("tcp", w.addr, conf)
		if err == nil {
			t.Errorf("%s: in", name)
		} else if strings.Contains(err.Error(), "attempted methods [none "+name) {
			t.Errorf("%s was offered: %v", name, err)
		}
	}
}

func TestAlgorithmsWithoutSHA1(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	weak := ssh.InsecureAlgorithms()
	for name, change := range map[string]func(*ssh.ClientConfig){
		"key exchange": func(c *ssh.ClientConfig) { c.KeyExchanges = weak.KeyExchanges },
		"cipher":       func(c *ssh.ClientConfig) { c.Ciphers = weak.Ciphers },
		"MAC": func(c *ssh.ClientConfig) {
			c.Ciphers, c.MACs = []string{ssh.CipherAES128CTR}, []string{ssh.HMACSHA1, ssh.InsecureHMACSHA196}
		},
		"host key": func(c *ssh.ClientConfig) { c.HostKeyAlgorithms = weak.HostKeys },
	} {
		conf := w.config(w.viewer)
		change(conf)
		if _, err := ssh.Dial("tcp", w.addr, conf); err == nil || !strings.Contains(err.Error(), "no common algorithm") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := ssh.Dial("tcp", w.addr, w.config(w.viewer))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	kex, ok := c.Conn.(ssh.AlgorithmsConnMetadata)
	if !ok || kex.Algorithms().KeyExchange != ssh.KeyExchangeMLKEM768X25519 {
		t.Errorf("key exchange %+v", kex)
	}
}

// The server's first words have strict key exchange in them (CVE-2023-48795)
// and no algorithm that uses SHA-1.
func TestOffersStrictKeyExchange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	nc, err := w.connect(t)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	if _, err := io.WriteString(nc, "SSH-2.0-test\r\n"); err != nil {
		t.Fatal(err)
	}
	const banner = "SSH-2.0-dashtray\r\n"
	said := make([]byte, len(banner)+4)
	if _, err := io.ReadFull(nc, said); err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, binary.BigEndian.Uint32(said[len(banner):]))
	if _, err := io.ReadFull(nc, packet); err != nil {
		t.Fatal(err)
	}
	said = append(said, packet...)
	for _, want := range []string{banner, "kex-strict-s-v00@openssh.com", "ssh-ed25519"} {
		if !strings.Contains(string(said), want) {
			t.Errorf("no %q in %q", want, said)
		}
	}
	for _, bad := range []string{"sha1", "ssh-rsa", "ssh-dss", "cbc"} {
		if strings.Contains(string(said), bad) {
			t.Errorf("%q in %q", bad, said)
		}
	}
}

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

// What a client says of itself reaches logs and other people's screens.
func TestEscapeSequencesInUserAndVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	conf := w.config(w.viewer)
	conf.User = "eve\x1b]0;pwned\a\u202e\n" + strings.Repeat("x", 1000)
	conf.ClientVersion = "SSH-2.0-\x1b[2Jevil"
	c, err := ssh.Dial("tcp", w.addr, conf)
	if err != nil {
		// The library may refuse such a version itself.
		conf.ClientVersion = "SSH-2.0-evil"
		if c, err = ssh.Dial("tcp", w.addr, conf); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = c.Close() })
	w.see(t, w.open(t, c, nil), "viewer")
	conf = w.config(w.stranger)
	conf.User = "eve\x1b[2J"
	if _, err := ssh.Dial("tcp", w.addr, conf); err == nil {
		t.Fatal("in")
	}
	w.audit(t, "login", serve.Refused)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		for _, s := range []string{e.Detail, e.Object, e.who.Name, e.who.From, e.who.Key} {
			if strings.ContainsAny(s, "\x1b\a\n\u202e\u009b") || len(s) > 400 {
				t.Errorf("%s: %q", e.Action, s)
			}
		}
	}
	if strings.ContainsAny(w.logged.String(), "\x1b\a\u202e") {
		t.Errorf("logged: %q", w.logged.String())
	}
}

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

func TestSlowHandshakeIsCut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *sshd.Options) { o.Limits.Handshake = 50 * time.Millisecond })
	nc, err := w.connect(t)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	if _, err := io.Copy(io.Discard, nc); err != nil { // until we are hung up on
		t.Logf("hung up: %v", err)
	}
	if e := w.audit(t, "login", serve.Refused); e.Detail != "took too long" {
		t.Errorf("written down: %+v", e)
	}
}

func TestGiantVersionAndGarbage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *sshd.Options) {
		o.Limits.Handshake, o.Limits.Penalties = 300*time.Millisecond, sshd.Penalties{Least: time.Hour}
	})
	for _, said := range []string{strings.Repeat("A", 1<<20), "GET / HTTP/1.1\r\n\r\n", "SSH-2.0-x\r\n" + strings.Repeat("\xff", 1<<16), "SSH-1.5-old\r\n"} {
		nc, err := w.connect(t)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(nc, said)
		_, _ = io.Copy(io.Discard, nc)
		_ = nc.Close()
	}
	w.see(t, w.open(t, w.dial(t, w.viewer), nil), "viewer")
}

func TestTooManyKeysAreOffered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	keys := []ssh.Signer{newKey(t), newKey(t), newKey(t), newKey(t), w.admin}
	if _, err := ssh.Dial("tcp", w.addr, w.config(keys...)); err == nil {
		t.Error("in with the fifth key")
	}
	w.see(t, w.open(t, w.dial(t, keys[3], w.admin), nil), "admin")
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
