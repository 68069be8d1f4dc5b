package cli

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/tui/serve"
)

// far is who reaches the served console of a script, with good and bad intent.
type far struct {
	keys    map[string]ssh.Signer
	addr    string // of the server
	servers int    // that were started
	screens map[string]*farScreen
}

func newFar() *far { return &far{keys: map[string]ssh.Signer{}, screens: map[string]*farScreen{}} }

// fault names a file: while it is there, the program of [faulty] panics wherever
// it makes a console.
const fault = "DASHTRAY_TEST_FAULT"

// faulty are the surroundings of a program with a fault.
func faulty() Streams {
	s := System()
	environ, file := s.Environ, os.Getenv(fault)
	s.Environ = func() []string {
		if _, err := os.Stat(file); err == nil {
			panic("a fault\x1b[2J of this program")
		}
		return environ()
	}
	return s
}

// people makes a key for each name, and a file of keys in which those have a
// line whose name is a role: people admin viewer stranger.
func people(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: people NAME…")
	}
	f := worldOf(ts).far
	var lines []byte
	for _, name := range args {
		_, priv, err := ed25519.GenerateKey(rand.Reader)
		ts.Check(err)
		f.keys[name], err = ssh.NewSignerFromKey(priv)
		ts.Check(err)
		if _, err := serve.ParseRole(name); err == nil {
			lines = fmt.Appendf(lines, "role=%s,name=\"the %s\" %s", name, name, ssh.MarshalAuthorizedKey(f.keys[name].PublicKey()))
		}
	}
	ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), "authorized_keys"), lines, 0o600))
}

// listening waits for the server that the script has started last, and knows
// from what it printed where that is.
func listening(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: listening")
	}
	f := worldOf(ts).far
	waitFor(ts, "the first line of the server", func() bool {
		files, err := filepath.Glob(filepath.Join(ts.Getenv(printed), "printed-*"))
		ts.Check(err)
		var found []string
		for _, file := range files {
			b, err := os.ReadFile(file)
			ts.Check(err)
			line, _, whole := bytes.Cut(b, []byte("\n"))
			var doc serveDocument
			if whole && json.Unmarshal(line, &doc) == nil && doc.Address != "" && doc.Address != f.addr {
				ts.Check(conforms(line, "serve"))
				found = append(found, doc.Address)
			}
		}
		if len(found) == 0 || len(found) < f.servers {
			return false
		}
		f.servers, f.addr = len(found)+1, found[len(found)-1]
		return true
	})
}

// waitFor waits for something that another process does.
func waitFor(ts *testscript.TestScript, what string, ok func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 4000 {
		if ok() {
			return
		}
		<-tick.C
	}
	ts.Fatalf("waited in vain for %s", what)
}

// farClient is a connection that knows when it has ended: x/crypto's client
// waits for ever for an answer to what it asks on one that is just closing.
type farClient struct {
	*ssh.Client
	gone chan struct{}
}

var errGone = errors.New("the connection has ended")

// try does something unless the connection ends before.
func (c *farClient) try(do func() error) error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		return err
	case <-c.gone:
		return errGone
	}
}

// options are NAME=VALUE words of a script, whose values may have escapes of Go.
func options(args []string) (map[string]string, error) {
	o := map[string]string{}
	for _, arg := range args {
		name, val, ok := strings.Cut(arg, "=")
		val, err := strconv.Unquote(`"` + val + `"`)
		if !ok || err != nil {
			return nil, fmt.Errorf("%q is not NAME=VALUE", arg)
		}
		o[name] = val
	}
	return o, nil
}

// dial logs in. Of the options, user and version are what the client says of
// itself, from is the address that it comes from, knows the file of the host key
// that it accepts; offering and claiming name somebody whose key is shown, and
// method is one that needs no key.
func (f *far) dial(who string, o map[string]string) (*farClient, error) {
	key := f.keys[who]
	if name := o["offering"]; name != "" {
		key = twoFaced{key, f.keys[name].PublicKey(), new(int)}
	} else if name := o["claiming"]; name != "" {
		key = forged{key, f.keys[name].PublicKey()}
	}
	conf := &ssh.ClientConfig{
		User: o["user"], Auth: []ssh.AuthMethod{ssh.PublicKeys(key)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	}
	if v := o["version"]; v != "" {
		conf.ClientVersion = v
	}
	if file := o["knows"]; file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		host, _, _, _, err := ssh.ParseAuthorizedKey(b)
		if err != nil {
			return nil, err
		}
		conf.HostKeyCallback = ssh.FixedHostKey(host)
	}
	switch o["method"] {
	case "":
	case "none":
		conf.Auth = nil
	case "password":
		conf.Auth = []ssh.AuthMethod{ssh.Password("")}
	case "keyboard-interactive":
		conf.Auth = []ssh.AuthMethod{ssh.KeyboardInteractive(func(_, _ string, q []string, _ []bool) ([]string, error) {
			return make([]string, len(q)), nil
		})}
	default:
		return nil, fmt.Errorf("there is no method %q", o["method"])
	}
	var d net.Dialer
	if from := o["from"]; from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	nc, err := d.Dial("tcp", f.addr)
	if err != nil {
		return nil, err
	}
	conn, chans, reqs, err := ssh.NewClientConn(nc, f.addr, conf)
	if err != nil {
		return nil, err
	}
	c := &farClient{ssh.NewClient(conn, chans, reqs), make(chan struct{})}
	go func() {
		_ = c.Wait()
		close(c.gone)
	}()
	return c, nil
}

// twoFaced shows somebody else's key while it only asks, and its own when it signs.
type twoFaced struct {
	ssh.Signer
	shown ssh.PublicKey
	asked *int
}

func (k twoFaced) PublicKey() ssh.PublicKey { return turning{k.Signer.PublicKey(), k.shown, k.asked} }

type turning struct {
	ssh.PublicKey
	shown ssh.PublicKey
	asked *int
}

// Marshal is called twice for the question and its answer, then for the login.
func (k turning) Marshal() []byte {
	if *k.asked++; *k.asked <= 2 {
		return k.shown.Marshal()
	}
	return k.PublicKey.Marshal()
}

// forged claims a public key and signs with another one.
type forged struct {
	ssh.Signer
	claimed ssh.PublicKey
}

func (k forged) PublicKey() ssh.PublicKey { return k.claimed }

// farScreen is a console that somebody has open far away.
type farScreen struct {
	session *ssh.Session
	in      io.WriteCloser

	mu   sync.Mutex
	em   *vt.Emulator
	sent bytes.Buffer // all that came
}

func (s *farScreen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent.Write(p)
	return s.em.Write(p)
}

func (s *farScreen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.em.String()
}

func (s *farScreen) raw() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent.Bytes())
}

// console opens one; term and size say what its terminal is.
func (f *far) console(who string, o map[string]string) (*farScreen, error) {
	c, err := f.dial(who, o)
	if err != nil {
		return nil, err
	}
	s := &farScreen{}
	err = c.try(func() error {
		sess, err := c.NewSession()
		if err != nil {
			return err
		}
		s.session, sess.Stdout, sess.Stderr = sess, s, s
		if s.in, err = sess.StdinPipe(); err != nil {
			return err
		}
		term, w, h := "xterm-256color", 100, 30
		if t := o["term"]; t != "" {
			term = t
		}
		if size := o["size"]; size != "" {
			if _, err := fmt.Sscanf(size, "%dx%d", &w, &h); err != nil {
				return fmt.Errorf("size %q: %w", size, err)
			}
		}
		s.em = vt.NewEmulator(min(w, serve.MaxWidth), min(h, serve.MaxHeight))
		go func() { _, _ = io.Copy(io.Discard, s.em) }() // what the terminal answers
		if err := sess.RequestPty(term, h, w, nil); err != nil {
			return err
		}
		return sess.Shell()
	})
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return s, nil
}

func (f *far) screen(ts *testscript.TestScript, name string) *farScreen {
	s, ok := f.screens[name]
	if !ok {
		ts.Fatalf("there is no console %s", name)
	}
	return s
}

// seesOn waits until a text is on a console: sees CONSOLE TEXT.
func seesOn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sees CONSOLE TEXT")
	}
	s := worldOf(ts).far.screen(ts, args[0])
	defer func() {
		if !strings.Contains(s.text(), args[1]) {
			ts.Logf("%s shows\n%s", args[0], s.text())
		}
	}()
	waitFor(ts, fmt.Sprintf("%q on %s", args[1], args[0]), func() bool { return strings.Contains(s.text(), args[1]) })
}

// typesOn types on a console: types CONSOLE KEYS, which may have escapes of Go.
func typesOn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: types CONSOLE KEYS")
	}
	keys, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	_, err = io.WriteString(worldOf(ts).far.screen(ts, args[0]).in, keys)
	ts.Check(err)
}
