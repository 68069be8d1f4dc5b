package sshd

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/tui/serve"
)

// HostKeys are the keys of a server: the one that it shows, and, while that is
// about to be replaced, the next one. Clients of OpenSSH that log in meanwhile
// note the next one down, and do not ask when it is shown one day.
type HostKeys struct {
	path string

	mu     sync.Mutex
	keys   []HostKey   // the current one first
	at     [2]fileMark // of what Reload has read
	failed [2]fileMark // of what it could not use
}

// OpenHostKeys reads the server's keys, and makes the first one (ed25519) if
// there is none: with mode 0600, its public half beside it with ".pub" added.
// A next key that cannot be read does not keep the server from its work:
// [HostKeys.Reload] tells of it.
func OpenHostKeys(path string) (keys *HostKeys, fresh bool, err error) {
	key, err := readHostKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		err = alone(path, func() error { // another server may be faster
			key, fresh, err = ensureHostKey(path, path)
			return err
		})
		if err != nil {
			return nil, false, err
		}
	}
	if err != nil {
		return nil, false, &HostKeyError{path, bare(err)}
	}
	if !hasPublic(path, key) { // who replaced the key was killed
		// The folder may be one that is only read.
		_ = alone(path, func() error { return writePublic(path, key, path) })
	}
	h := &HostKeys{path: path, keys: []HostKey{key}}
	if next, err := readHostKey(nextPath(path)); err == nil && !next.same(key) {
		h.keys = append(h.keys, next)
	}
	return h, fresh, nil
}

// Keys are the current key and, if there is one, the next.
func (h *HostKeys) Keys() []HostKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.keys)
}

// Reload reads the keys anew if they have changed. After an error they are what
// they were; the same error is given once.
func (h *HostKeys) Reload() (changed bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	marks := h.marks()
	if marks == h.at || marks == h.failed {
		return false, nil
	}
	keys, err := ReadHostKeys(h.path)
	if err != nil {
		h.failed = marks
		return false, err
	}
	changed = !slices.EqualFunc(keys, h.keys, HostKey.same)
	h.keys, h.at, h.failed = keys, marks, [2]fileMark{}
	return changed, nil
}

// marks tell whether the two files are still the same.
func (h *HostKeys) marks() (marks [2]fileMark) {
	for i, path := range []string{nextPath(h.path), h.path} {
		marks[i].size = -1 // not there
		if info, err := os.Stat(path); err == nil {
			marks[i] = fileMark{info.ModTime(), info.Size()}
		}
	}
	return marks
}

// ReadHostKeys are the current key of a server and, if there is one, the next.
// It reads the next key before the current one: the other way round
// it could miss a next key that becomes the current one in between, and clients
// forget a key that they are not told of.
func ReadHostKeys(path string) ([]HostKey, error) {
	next, err := readHostKey(nextPath(path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &HostKeyError{nextPath(path), bare(err)}
	}
	current, failed := readHostKey(path)
	switch {
	case failed != nil:
		return nil, &HostKeyError{path, bare(failed)}
	case err != nil || next.same(current):
		return []HostKey{current}, nil
	}
	return []HostKey{current, next}, nil
}

// Requests by which a server tells its keys, and proves to have them (OpenSSH's
// PROTOCOL, section 2.5).
const (
	announceKeys = "hostkeys-00@openssh.com"
	proveKeys    = "hostkeys-prove-00@openssh.com"
)

// stringOf is a string as RFC 4251 section 5 has it.
func stringOf(b []byte) []byte { return ssh.Marshal(struct{ S []byte }{b}) }

// announce tells a client that has logged in the keys of the server. It may be
// told once in a connection.
func (c *conn) announce() {
	var all []byte
	for _, k := range c.hostKeys {
		all = append(all, stringOf(k.PublicKey().Marshal())...)
	}
	_, _, _ = c.ssh.SendRequest(announceKeys, false, all) // a connection that broke is noticed elsewhere
}

// readStrings reads strings as stringOf makes them, one behind the other; more
// than most of them are too many.
func readStrings(b []byte, most int) (list [][]byte, ok bool) {
	for len(b) > 0 {
		var next struct {
			S    []byte
			Rest []byte `ssh:"rest"`
		}
		if len(list) == most || ssh.Unmarshal(b, &next) != nil {
			return nil, false
		}
		list, b = append(list, next.S), next.Rest
	}
	return list, true
}

// prove signs the session with the keys that a client has not known. It does
// that once in a connection, and for keys that were announced in it.
func (c *conn) prove(payload []byte) (answer []byte, ok bool) {
	asked, ok := readStrings(payload, len(c.hostKeys))
	if !ok || c.proved {
		return nil, false
	}
	c.proved = true
	for _, wire := range asked {
		i := slices.IndexFunc(c.hostKeys, func(k HostKey) bool { return bytes.Equal(k.PublicKey().Marshal(), wire) })
		if i < 0 {
			return nil, false
		}
		signed, err := c.hostKeys[i].Sign(rand.Reader, slices.Concat(stringOf([]byte(proveKeys)), stringOf(c.ssh.SessionID()), stringOf(wire)))
		if err == nil {
			// Who has learned the next key is who will not be asked.
			err = c.s.o.Record(c.who, serve.Event{Action: "host-key.proved", Object: c.hostKeys[i].Fingerprint(), Result: serve.Done})
		}
		if err != nil {
			c.s.o.Log.Error("prove a host key", "error", err)
			return nil, false
		}
		answer = append(answer, stringOf(ssh.Marshal(signed))...)
	}
	return answer, len(answer) > 0
}

// rekey notices that the keys have been changed.
func (s *Server) rekey() {
	changed, err := s.o.HostKeys.Reload()
	if err != nil {
		s.o.Log.Warn("the host keys stay as they were", "error", err)
	}
	if !changed {
		return
	}
	keys := s.o.HostKeys.Keys()
	e := serve.Event{Action: "host-key.changed", Object: keys[0].Fingerprint(), Result: serve.Done, Detail: "no next key"}
	if len(keys) > 1 {
		e.Detail = fmt.Sprintf("the next key is %s", keys[1].Fingerprint())
	}
	s.o.Log.Info("host keys read anew", "current", e.Object, "detail", e.Detail)
	s.note(e)
}
