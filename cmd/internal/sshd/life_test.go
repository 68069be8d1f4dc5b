package sshd_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

func TestStoppingTellsTheSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.open(t, w.dial(t, w.viewer), nil)
	w.see(t, s, "viewer")
	waiting, err := w.connect(t) // somebody who has not logged in
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = waiting.Close() }()
	w.stop()
	w.see(t, s, "ended: the server stops")
	if err := s.Wait(); err == nil {
		t.Error("ended well")
	}
	if _, err := w.connect(t); err == nil {
		t.Error("it still listens")
	}
}

func TestRevokedKeysAreOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *sshd.Options) { o.Limits.Reread = 10 * time.Millisecond })
	gone, changed, stays := w.open(t, w.dial(t, w.operator), nil), w.open(t, w.dial(t, w.viewer), nil), w.open(t, w.dial(t, w.admin), nil)
	for _, s := range []*screen{gone, changed, stays} {
		w.see(t, s, "SHA256:")
	}
	w.write(t, line("role=admin", w.admin), line("role=operator", w.viewer), "# and no operator")
	w.see(t, gone, "ended: the key is no longer allowed")
	w.see(t, changed, "ended: the key is no longer allowed")
	stays.typed(t, "still here")
	w.see(t, stays, "still here")
	w.see(t, w.open(t, w.dial(t, w.viewer), nil), "operator")
	w.audit(t, "keys.changed", serve.Done)

	w.write(t, "role=god "+line("", w.admin)) // an error keeps what there was
	w.until(t, "the warning", func() bool { return strings.Contains(w.log(), "the keys stay as they were") })
	if e := w.audit(t, "keys.changed", serve.Failed); !strings.Contains(e.Detail, "line 1: role") {
		t.Errorf("written down: %+v", e)
	}
	w.see(t, w.open(t, w.dial(t, w.admin), nil), "admin")
}

func TestWhoIsConnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	s := w.open(t, w.dial(t, w.admin), nil)
	w.see(t, s, "Ada")
	list := w.Sessions()
	if len(list) != 1 || list[0].Who.Name != "Ada" || list[0].Doing != "Exports" || list[0].Since.IsZero() {
		t.Errorf("connected: %+v", list)
	}
	s.typed(t, "q")
	_ = s.Wait()
	w.until(t, "nobody", func() bool { return len(w.Sessions()) == 0 })
}

func TestSilentConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sshd.Limits){
		"idle":    func(l *sshd.Limits) { l.Idle = time.Millisecond },
		"longest": func(l *sshd.Limits) { l.Longest = time.Millisecond },
	} {
		w := newWorld(t, func(_ *world, o *sshd.Options) {
			o.Limits.Grace = 100 * time.Millisecond
			change(&o.Limits)
		})
		begun := time.Now()
		_ = w.dial(t, w.viewer).Wait() // until we are hung up on
		if time.Since(begun) < 50*time.Millisecond {
			t.Errorf("%s: closed after %s, before its sessions could have said why", name, time.Since(begun))
		}
	}
}

// lenient forgives whoever is refused.
func lenient(_ *world, o *sshd.Options) { o.Limits.Penalties.Least = time.Hour }

func TestCertificates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lenient)
	ca, other := newKey(t), newKey(t)
	w.write(t, line(`cert-authority,role=operator,principals="dashtray,ops"`, ca), line("role=admin", w.admin))
	hour := uint64(time.Now().Add(time.Hour).Unix())
	for _, c := range []struct {
		name   string
		by     ssh.Signer
		change func(*ssh.Certificate)
		in     bool
	}{
		{"good", ca, func(*ssh.Certificate) {}, true},
		{"another authority", other, func(*ssh.Certificate) {}, false},
		{"signed by a key that is no authority", w.admin, func(*ssh.Certificate) {}, false},
		{"other principals", ca, func(c *ssh.Certificate) { c.ValidPrincipals = []string{"root"} }, false},
		{"no principals", ca, func(c *ssh.Certificate) { c.ValidPrincipals = nil }, false},
		{"expired", ca, func(c *ssh.Certificate) { c.ValidBefore = 1 }, false},
		{"not yet", ca, func(c *ssh.Certificate) { c.ValidAfter = hour; c.ValidBefore = hour + 1 }, false},
		{"a host's", ca, func(c *ssh.Certificate) { c.CertType = ssh.HostCert }, false},
		{"an option that is not kept", ca, func(c *ssh.Certificate) { c.CriticalOptions = map[string]string{"force-command": "x"} }, false},
		{"here", ca, func(c *ssh.Certificate) {
			c.CriticalOptions = map[string]string{"source-address": "10.0.0.0/8,127.0.0.1"}
		}, true},
		{"elsewhere", ca, func(c *ssh.Certificate) { c.CriticalOptions = map[string]string{"source-address": "10.0.0.0/8"} }, false},
	} {
		cert := &ssh.Certificate{
			Key: w.stranger.PublicKey(), CertType: ssh.UserCert, KeyId: "Grace\x1b[2J", ValidPrincipals: []string{"ops"}, ValidBefore: hour,
		}
		c.change(cert)
		if err := cert.SignCert(bytes.NewReader(make([]byte, 1024)), c.by); err != nil {
			t.Fatal(err)
		}
		signer, err := ssh.NewCertSigner(cert, w.stranger)
		if err != nil {
			t.Fatal(err)
		}
		client, err := ssh.Dial("tcp", w.addr, w.config(signer))
		if (err == nil) != c.in {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			w.see(t, w.open(t, client, nil), "operator Grace␛[2J "+ssh.FingerprintSHA256(w.stranger.PublicKey()))
			_ = client.Close()
		}
	}
	if _, err := ssh.Dial("tcp", w.addr, w.config(ca)); err == nil {
		t.Error("the authority's own key is in")
	}
}

func TestFromAndExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lenient)
	w.write(t, line(`from="10.0.0.0/8"`, w.admin), line(`from="127.0.0.0/8,::1"`, w.operator), line(`expiry-time="20200101"`, w.viewer))
	for name, key := range map[string]ssh.Signer{"elsewhere": w.admin, "expired": w.viewer} {
		if _, err := ssh.Dial("tcp", w.addr, w.config(key)); err == nil {
			t.Errorf("%s: in", name)
		}
	}
	w.see(t, w.open(t, w.dial(t, w.operator), nil), "viewer")
}
