package sshd_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// world is a server under test and the people who may reach it.
type world struct {
	*sshd.Server
	addr    string
	keys    string // path
	hostKey string // path
	folder  string
	host    ssh.PublicKey

	admin, operator, viewer, stranger ssh.Signer

	stop func()
	done chan error

	mu     sync.Mutex
	events []event
	logged bytes.Buffer
}

type event struct {
	who serve.Who
	serve.Event
}

// newWorld starts a server whose console tells the size and the variables that
// it was given, then echoes what is typed until "q". change may change what the
// server is made of.
func newWorld(tb testing.TB, change func(*world, *sshd.Options)) *world {
	tb.Helper()
	w := &world{folder: tb.TempDir(), done: make(chan error, 1)}
	w.keys = filepath.Join(tb.TempDir(), "authorized_keys")
	w.admin, w.operator, w.viewer, w.stranger = newKey(tb), newKey(tb), newKey(tb), newKey(tb)
	w.write(tb, line("role=admin,name=\"Ada\"", w.admin), line("role=operator", w.operator)+" op@bastion", line("", w.viewer))
	keys, err := sshd.ReadKeys(w.keys)
	if err != nil {
		tb.Fatal(err)
	}
	w.hostKey = filepath.Join(tb.TempDir(), "serve", "host")
	host, fresh, err := sshd.OpenHostKeys(w.hostKey)
	if err != nil || !fresh {
		tb.Fatal(fresh, err)
	}
	w.host = host.Keys()[0].PublicKey()
	o := sshd.Options{
		HostKeys: host, Keys: keys, Console: echo, Record: w.record,
		Log: slog.New(slog.NewTextHandler(lockedWriter{w}, nil)),
		History: func(_ context.Context, _ *sshd.Visit, out, _ io.Writer) int {
			_, _ = io.WriteString(out, "{}\n")
			return 0
		},
		Files: sshd.Files{Folder: w.folder, Finished: func(context.Context, serve.Who) ([]string, error) { return nil, nil }},
	}
	if change != nil {
		change(w, &o)
	}
	w.Server = sshd.New(o)
	var lc net.ListenConfig
	l, err := lc.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	w.addr = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	go func() { w.done <- w.Serve(ctx, l) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-w.done; !errors.Is(err, context.Canceled) {
			tb.Errorf("serve: %v", err)
		}
	})
	tb.Cleanup(w.stop)
	return w
}

// echo is a console that says what it knows.
func echo(ctx context.Context, v *sshd.Visit, t serve.Terminal) error {
	_, _ = fmt.Fprintf(t.Out, "%s %s %s %dx%d %q\r\n", v.Who.Role, v.Who.Name, v.Who.Key, t.Size.Width, t.Size.Height, t.Env.List())
	typed := make(chan string)
	go func() {
		defer close(typed)
		var b [64]byte
		for {
			n, err := t.In.Read(b[:])
			if n > 0 {
				select {
				case typed <- string(b[:n]):
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			_, _ = fmt.Fprintf(t.Out, "ended: %v\r\n", context.Cause(ctx))
			return context.Cause(ctx)
		case s := <-t.Sizes:
			_, _ = fmt.Fprintf(t.Out, "size %dx%d\r\n", s.Width, s.Height)
		case s, ok := <-typed:
			switch {
			case !ok, s == "q":
				return nil
			case s == "panic":
				panic("a fault of this session")
			}
			_, _ = io.WriteString(t.Out, s)
		}
	}
}

type lockedWriter struct{ w *world }

func (l lockedWriter) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.logged.Write(p)
}

func (w *world) log() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logged.String()
}

func (w *world) record(who serve.Who, e serve.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event{who, e})
	return nil
}

// audit waits until something has been written down that looks like this.
func (w *world) audit(tb testing.TB, action, result string) event {
	tb.Helper()
	var found event
	w.until(tb, action+" "+result+" in the audit log", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		i := slices.IndexFunc(w.events, func(e event) bool { return e.Action == action && e.Result == result })
		if i >= 0 {
			found = w.events[i]
		}
		return i >= 0
	})
	return found
}

// until waits for something that another goroutine does.
func (w *world) until(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		if ok() {
			return
		}
		<-tick.C
	}
	tb.Fatalf("waited in vain for: %s\n%s", what, w.log())
}

// write writes the file of keys, all of it at once.
func (w *world) write(tb testing.TB, lines ...string) {
	tb.Helper()
	fresh := w.keys + ".new"
	if err := errors.Join(os.WriteFile(fresh, []byte(strings.Join(lines, "\n")+"\n"), 0o600), os.Rename(fresh, w.keys)); err != nil {
		tb.Fatal(err)
	}
}

func newKey(tb testing.TB) ssh.Signer {
	tb.Helper()
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(priv)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// line is a line of a file of keys.
func line(options string, key ssh.Signer) string {
	l := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
	if options != "" {
		l = options + " " + l
	}
	return l
}

func (w *world) config(keys ...ssh.Signer) *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User: "somebody", Auth: []ssh.AuthMethod{ssh.PublicKeys(keys...)},
		HostKeyCallback: ssh.FixedHostKey(w.host),
	}
}

// connect opens a connection and says nothing.
func (w *world) connect(tb testing.TB) (net.Conn, error) {
	tb.Helper()
	var d net.Dialer
	return d.DialContext(tb.Context(), "tcp", w.addr)
}

// dial logs in.
func (w *world) dial(tb testing.TB, keys ...ssh.Signer) *ssh.Client {
	tb.Helper()
	c, err := ssh.Dial("tcp", w.addr, w.config(keys...))
	if err != nil {
		tb.Fatalf("dial: %v\n%s", err, w.log())
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// screen is a console that a client has open.
type screen struct {
	*ssh.Session
	in io.WriteCloser

	mu   sync.Mutex
	seen bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.Write(p)
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// open opens a console of 80×24; before may send other requests first.
func (w *world) open(tb testing.TB, c *ssh.Client, before func(*ssh.Session)) *screen {
	tb.Helper()
	var sess *ssh.Session
	if err := untilGone(c)(func() (err error) {
		sess, err = c.NewSession()
		return err
	}); err != nil {
		tb.Fatal(err)
	}
	s := &screen{Session: sess}
	sess.Stdout, sess.Stderr = s, s
	var err error
	if s.in, err = sess.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	if before != nil {
		before(sess)
	} else if err := sess.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		tb.Fatal(err)
	}
	if err := sess.Shell(); err != nil {
		tb.Fatal(err)
	}
	return s
}

func (w *world) see(tb testing.TB, s *screen, words string) {
	tb.Helper()
	w.until(tb, fmt.Sprintf("%q on the screen", words), func() bool { return strings.Contains(s.text(), words) })
}

func (s *screen) typed(tb testing.TB, keys string) {
	tb.Helper()
	if _, err := io.WriteString(s.in, keys); err != nil {
		tb.Fatal(err)
	}
}

// endless writes until it cannot.
func endless(_ context.Context, _ *sshd.Visit, t serve.Terminal) error {
	b := bytes.Repeat([]byte("x"), 32<<10)
	for {
		if _, err := t.Out.Write(b); err != nil {
			return err
		}
	}
}
