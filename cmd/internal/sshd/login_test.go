package sshd_test

import (
	"encoding/binary"
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
	for _, want := range []string{"msg=\"logged in\"", "name=Ada", "role=admin", "key=" + ssh.FingerprintSHA256(w.admin.PublicKey()), "name=op@bastion"} {
		if !strings.Contains(w.log(), want) {
			t.Errorf("no %s in the log: %s", want, w.log())
		}
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

// What was tried in vain is told and penalised alike: a key, a signature. Who
// only asked what there is, is not.
func TestFailuresArePenalised(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key   func(*world) ssh.Signer
		first string // of the audit line
		more  bool   // is let in again at once
	}{
		"a strange key":     {func(w *world) ssh.Signer { return w.stranger }, "nothing that it tried was accepted", false},
		"a bad signature":   {func(w *world) ssh.Signer { return forged{w.viewer, w.admin.PublicKey()} }, "nothing that it tried was accepted", false},
		"nothing at all":    {func(*world) ssh.Signer { return nil }, "left without a key", true},
		"a panic of record": {func(w *world) ssh.Signer { return w.operator }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world, o *sshd.Options) {
				o.Limits.Penalties = sshd.Penalties{Failed: time.Hour, Crash: time.Hour, Nothing: time.Nanosecond, Least: time.Minute, Most: time.Hour}
				o.Record = func(who serve.Who, e serve.Event) error {
					if who.Role == serve.Operator {
						panic("a fault of the server")
					}
					return w.record(who, e)
				}
			})
			conf := w.config()
			if key := c.key(w); key != nil {
				conf = w.config(key)
			} else {
				conf.Auth = nil
			}
			if client, err := ssh.Dial("tcp", w.addr, conf); err == nil {
				_ = client.Wait() // until we are hung up on
			}
			if c.first == "" {
				w.until(t, "the panic", func() bool { return strings.Contains(w.log(), "a fault of the server") })
			} else if e := w.audit(t, "login", serve.Refused); e.Detail != c.first {
				t.Errorf("written down: %+v", e)
			}
			// The penalty counts before the line is written.
			client, err := ssh.Dial("tcp", w.addr, w.config(w.viewer))
			if (err == nil) != c.more {
				t.Errorf("then: %v", err)
			}
			if err == nil {
				_ = client.Close()
			}
		})
	}
}
