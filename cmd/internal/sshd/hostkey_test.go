package sshd_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

func hostKeys(t *testing.T, path string) []sshd.HostKey {
	t.Helper()
	h, _, err := sshd.OpenHostKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	return h.Keys()
}

func wireOf(k ssh.Signer) string { return string(k.PublicKey().Marshal()) }

func TestHostKeyStaysAndIsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "host")
	h, fresh, err := sshd.OpenHostKeys(path)
	if err != nil || !fresh || len(h.Keys()) != 1 {
		t.Fatal(fresh, err)
	}
	first := h.Keys()[0]
	again, fresh, err := sshd.OpenHostKeys(path)
	if err != nil || fresh || wireOf(first) != wireOf(again.Keys()[0]) {
		t.Fatal(fresh, err)
	}
	pub, err := os.ReadFile(path + ".pub")
	if err != nil || !bytes.Equal(pub, ssh.MarshalAuthorizedKey(first.PublicKey())) {
		t.Errorf("%q, %v", pub, err)
	}
	if runtime.GOOS != "windows" {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
		if _, _, err := sshd.OpenHostKeys(path); err == nil || !strings.Contains(err.Error(), "0640") {
			t.Errorf("a key that others can read: %v", err)
		}
	}
	var bad *sshd.HostKeyError
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("no key"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sshd.OpenHostKeys(path); !errors.As(err, &bad) || strings.Contains(err.Error(), "no key") {
		t.Errorf("a broken key: %v", err)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "no key" {
		t.Errorf("it was replaced: %q, %v", b, err)
	}
}

// Two servers that start at once have one key.
func TestHostKeyOfTwoAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "host")
	keys := make([]string, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			h, _, err := sshd.OpenHostKeys(path)
			if err != nil {
				t.Error(err)
				return
			}
			keys[i] = wireOf(h.Keys()[0])
		})
	}
	all.Wait()
	if len(slices.Compact(keys)) != 1 {
		t.Error("they have several keys")
	}
}

// The record of a key as ssh-keygen -r gives it.
func TestSSHFP(t *testing.T) {
	t.Parallel()
	pub, _, _, _, err := ssh.ParseAuthorizedKey([]byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRLlqLOSRbi4gRZANTkx21cNbG5Hx7+/3v8ov7CVidO"))
	if err != nil {
		t.Fatal(err)
	}
	key := sshd.HostKey{Signer: forged{newKey(t), pub}}
	if got := key.SSHFP(); got != "4 2 a7a1f0982402ab1a2f7f3bf6944c01c41c0d224917fe2f2d46e1b1f8c388ca44" {
		t.Error(got)
	}
}

func TestNextHostKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "host")
	if _, _, err := sshd.MakeNextHostKey(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before there is a first one: %v", err)
	}
	first := hostKeys(t, path)[0]
	if _, err := sshd.UseNextHostKey(path); !errors.Is(err, sshd.ErrNoNext) {
		t.Errorf("before there is a next one: %v", err)
	}
	if err := os.WriteFile(path+".next.new", []byte("half a k"), 0o600); err != nil { // of one that was killed
		t.Fatal(err)
	}
	next, made, err := sshd.MakeNextHostKey(path)
	if err != nil || !made || wireOf(next) == wireOf(first) {
		t.Fatal(made, err)
	}
	again, made, err := sshd.MakeNextHostKey(path)
	if err != nil || made || wireOf(again) != wireOf(next) {
		t.Error("made twice", made, err)
	}
	if keys := hostKeys(t, path); len(keys) != 2 || wireOf(keys[0]) != wireOf(first) || wireOf(keys[1]) != wireOf(next) {
		t.Errorf("%d keys", len(keys))
	}
	if info, err := os.Stat(path + ".next"); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	used, err := sshd.UseNextHostKey(path)
	if err != nil || wireOf(used) != wireOf(next) {
		t.Fatal(err)
	}
	if keys := hostKeys(t, path); len(keys) != 1 || wireOf(keys[0]) != wireOf(next) {
		t.Errorf("%d keys", len(keys))
	}
	if pub, err := os.ReadFile(path + ".pub"); err != nil || !bytes.Equal(pub, ssh.MarshalAuthorizedKey(next.PublicKey())) {
		t.Errorf("%q, %v", pub, err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 3 { // the key, its public half, the lock
		t.Errorf("%v, %v", left, err)
	}
}

// One who is killed between the two names leaves the public half of the old key.
func TestPublicHalfIsMended(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "host")
	hostKeys(t, path)
	next, _, err := sshd.MakeNextHostKey(path)
	if err == nil {
		err = os.Rename(path+".next", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	hostKeys(t, path)
	if pub, err := os.ReadFile(path + ".pub"); err != nil || !bytes.Equal(pub, ssh.MarshalAuthorizedKey(next.PublicKey())) {
		t.Errorf("%q, %v", pub, err)
	}
}

// told is a client that says what it hears of host keys, as OpenSSH's does.
type told struct {
	ssh.Conn
	keys chan []string // wire forms, as they were announced
}

func (w *world) dialTold(t *testing.T, host ssh.PublicKey) *told {
	t.Helper()
	nc, err := w.connect(t)
	if err != nil {
		t.Fatal(err)
	}
	conf := w.config(w.viewer)
	conf.HostKeyCallback = ssh.FixedHostKey(host)
	c, chans, reqs, err := ssh.NewClientConn(nc, w.addr, conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		for n := range chans {
			_ = n.Reject(ssh.Prohibited, "")
		}
	}()
	d := &told{Conn: c, keys: make(chan []string, 10)}
	go func() {
		for r := range reqs {
			if r.Type == "hostkeys-00@openssh.com" && !r.WantReply {
				d.keys <- stringsOf(t, r.Payload)
			}
		}
		close(d.keys)
	}()
	return d
}

// stringsOf reads strings as RFC 4251 section 5 has them.
func stringsOf(t *testing.T, b []byte) []string {
	var list []string
	for len(b) > 0 {
		var s struct {
			S    string
			Rest []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(b, &s); err != nil {
			t.Error(err)
			return nil
		}
		list, b = append(list, s.S), s.Rest
	}
	return list
}

func stringList(list ...string) []byte {
	var b []byte
	for _, s := range list {
		b = append(b, ssh.Marshal(struct{ S string }{s})...)
	}
	return b
}

// proves asks for the proof of keys, and checks it.
func (d *told) proves(t *testing.T, keys ...string) bool {
	t.Helper()
	ok, answer, err := d.SendRequest("hostkeys-prove-00@openssh.com", true, stringList(keys...))
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return false
	}
	signatures := stringsOf(t, answer)
	if len(signatures) != len(keys) {
		t.Fatalf("%d signatures of %d keys", len(signatures), len(keys))
	}
	for i, k := range keys {
		pub, err := ssh.ParsePublicKey([]byte(k))
		if err != nil {
			t.Fatal(err)
		}
		var sig ssh.Signature
		if err := ssh.Unmarshal([]byte(signatures[i]), &sig); err != nil {
			t.Fatal(err)
		}
		if err := pub.Verify(stringList("hostkeys-prove-00@openssh.com", string(d.SessionID()), k), &sig); err != nil {
			t.Errorf("key %d: %v", i, err)
		}
	}
	return true
}

func TestClientsLearnTheNextHostKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *sshd.Options) { o.Limits.Reread = time.Hour })
	first := string(w.host.Marshal())
	before := w.dialTold(t, w.host)
	if keys := <-before.keys; !slices.Equal(keys, []string{first}) {
		t.Errorf("announced: %d keys", len(keys))
	}
	nextKey, _, err := sshd.MakeNextHostKey(w.hostKey)
	if err != nil {
		t.Fatal(err)
	}
	next := wireOf(nextKey)
	during := w.dialTold(t, w.host)
	if keys := <-during.keys; !slices.Equal(keys, []string{first, next}) {
		t.Errorf("announced: %d keys", len(keys))
	}
	if !during.proves(t, next) {
		t.Error("the next key is not proved")
	}
	if e := w.audit(t, "host-key.proved", serve.Done); e.Object != nextKey.Fingerprint() || e.who.Key != ssh.FingerprintSHA256(w.viewer.PublicKey()) {
		t.Errorf("written down: %+v", e)
	}
	if during.proves(t, next) {
		t.Error("proved twice")
	}
	if _, err := sshd.UseNextHostKey(w.hostKey); err != nil {
		t.Fatal(err)
	}
	after := w.dialTold(t, nextKey.PublicKey())
	if keys := <-after.keys; !slices.Equal(keys, []string{next}) {
		t.Errorf("announced: %d keys", len(keys))
	}
	if e := w.audit(t, "host-key.changed", serve.Done); e.who.Session != "" || !strings.Contains(e.Detail, nextKey.Fingerprint()) {
		t.Errorf("written down: %+v", e)
	}
	for _, c := range []*told{before, during} { // those who were in stay in, and are told nothing more
		_ = c.Close()
		if keys, more := <-c.keys; more {
			t.Errorf("announced again: %d keys", len(keys))
		}
	}
}

// Nothing is signed but the session of this connection with a key of it.
func TestNoOtherProofs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	next, _, err := sshd.MakeNextHostKey(w.hostKey)
	if err != nil {
		t.Fatal(err)
	}
	first, other := string(w.host.Marshal()), wireOf(w.stranger)
	for name, payload := range map[string][]byte{
		"nothing":         nil,
		"another key":     stringList(other),
		"one of others":   stringList(first, other),
		"more than there": stringList(first, wireOf(next), first),
		"half a key":      stringList(first)[:20],
		"no length":       {0, 0},
		"a giant length":  {0xff, 0xff, 0xff, 0xff, 1},
	} {
		d := w.dialTold(t, w.host)
		if ok, answer, err := d.SendRequest("hostkeys-prove-00@openssh.com", true, payload); ok || len(answer) > 0 || err != nil {
			t.Errorf("%s: %v, %d bytes, %v", name, ok, len(answer), err)
		}
	}
	if d := w.dialTold(t, w.host); !d.proves(t, wireOf(next), first) {
		t.Error("both, in another order")
	}
}

// A next key that cannot be read changes nothing, and is told of.
func TestNextHostKeyThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *world, o *sshd.Options) { o.Limits.Reread = 5 * time.Millisecond })
	fresh := filepath.Join(t.TempDir(), "next") // there at once, not byte by byte
	if err := errors.Join(os.WriteFile(fresh, []byte("no key"), 0o600), os.Rename(fresh, w.hostKey+".next")); err != nil {
		t.Fatal(err)
	}
	w.until(t, "the warning", func() bool { return strings.Contains(w.log(), "the host keys stay as they were") })
	if keys := <-w.dialTold(t, w.host).keys; len(keys) != 1 {
		t.Errorf("announced: %d keys", len(keys))
	}
	if n := strings.Count(w.log(), "the host keys stay as they were"); n != 1 {
		t.Errorf("told %d times", n)
	}
	if h, _, err := sshd.OpenHostKeys(w.hostKey); err != nil || len(h.Keys()) != 1 {
		t.Errorf("a server does not start: %v", err)
	}
	if _, err := sshd.UseNextHostKey(w.hostKey); err == nil {
		t.Error("it is used")
	}
}
