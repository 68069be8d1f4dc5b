package bench

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"golang.org/x/crypto/ssh"
)

// How many people watch, for how long each part is measured, and how many
// logins fail.
const (
	watchers = 50
	part     = 10 * time.Second
	failures = 10_000
)

// TestServe: the served console as a program of its own, with 50 sessions that
// watch a transfer at 2 MiB/s; then with somebody who connects as fast as this
// machine can, and 10,000 logins that fail. Everything is on loopback; who
// floods comes from many of its addresses, those who watch from one.
func TestServe(t *testing.T) {
	onDemand(t)
	s := newServed(t)
	starter := s.watch(t)
	starter.keys(t, "n", "\r", "\r", "\r", "\r", "\r")
	starter.sees(t, "MiB/s")
	idle := s.rss(t)
	people := []*watcher{starter}
	for len(people) < watchers {
		w := s.watch(t)
		w.keys(t, "t", "\r")
		people = append(people, w)
	}
	for _, w := range people {
		w.sees(t, "MiB/s")
	}
	wait(t, 2*time.Second)
	fmt.Printf("\n%d sessions that watch a transfer: %.2f MiB resident for each\n", watchers, mib(s.rss(t)-idle)/(watchers-1))

	s.measure(t, people, "nobody else", func() { wait(t, part) })
	var knocks, tries atomic.Int64
	s.measure(t, people, "a flood of connections", func() {
		end := time.Now().Add(part)
		s.together(4, func() bool {
			if nc, err := s.dial(strangeAddress()); err == nil {
				_ = nc.Close()
				knocks.Add(1)
			}
			return time.Now().Before(end)
		})
	})
	stranger, asked := newSigner(t), atomic.Int64{}
	s.measure(t, people, "10,000 failed logins", func() {
		s.together(16, func() bool {
			if s.login(strangeAddress(), stranger, &asked) {
				t.Error("a stranger is in")
			}
			return tries.Add(1) < failures
		})
	})
	wait(t, 5*time.Second)
	s.measure(t, people, "nobody else again", func() { wait(t, part) })
	fmt.Printf("  %d connections; of the logins %d got as far as a key, the others were hung up on before\n", knocks.Load(), asked.Load())
	for _, w := range people {
		w.sees(t, "MiB/s")
		_ = w.conn.Close()
	}
	wait(t, 5*time.Second)
	fmt.Printf("  with nobody: %.1f MiB resident, before the sessions %.1f\n", mib(s.rss(t)), mib(idle))
}

// served is the program that serves, and the sandbox behind it.
type served struct {
	cmd  *exec.Cmd
	addr string
	host string // fingerprint
	key  ssh.Signer
}

func newServed(t *testing.T) *served {
	t.Helper()
	dir := t.TempDir()
	program := build(t, dir, "./cmd/dashtray-tui")
	var api struct {
		URL  string
		Keys struct{ Owner string }
	}
	start(t, dir, &api, nil, program, "sandbox", "--speed", "100000", "--records", "10000000")
	s := &served{key: newSigner(t)}
	conf := filepath.Join(dir, "config", "dashtray-tui")
	if err := os.MkdirAll(conf, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"authorized_keys": "role=operator,name=\"Ada\" " + string(ssh.MarshalAuthorizedKey(s.key.PublicKey())),
		"config.toml":     "[transfer]\nlimit_rate = \"2M\"\n",
	} {
		if err := os.WriteFile(filepath.Join(conf, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var first struct{ Address, Fingerprint string }
	s.cmd = start(t, dir, &first, []string{"DASHTRAY_API_KEY=" + api.Keys.Owner},
		program, "serve", "--json", "--api-url", api.URL, "--listen", "127.0.0.1:0")
	s.addr, s.host = first.Address, first.Fingerprint
	return s
}

// start runs a server of ours in dir until the test ends, and reads the first
// line that it prints.
func start(t *testing.T, dir string, first any, env []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(env, "HOME="+dir, "XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_STATE_HOME="+filepath.Join(dir, "state"), "TMPDIR="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Signal(syscall.SIGTERM); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, first)
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, args[0], err, said.String())
	}
	return cmd
}

func newSigner(t *testing.T) ssh.Signer {
	t.Helper()
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// strangeAddress is one of loopback's 65,536 that begin with 127.1.
func strangeAddress() net.IP { return net.IPv4(127, 1, byte(mrand.IntN(256)), byte(mrand.IntN(256))) }

func (s *served) dial(from net.IP) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from}, Timeout: 10 * time.Second}
	return d.Dial("tcp", s.addr) //nolint:noctx // it has a time-out
}

// together does something from many sides until it says no.
func (s *served) together(sides int, do func() bool) {
	var all sync.WaitGroup
	for range sides {
		all.Go(func() {
			for do() { //nolint:revive // the condition is the work
			}
		})
	}
	all.Wait()
}

// login tries a key, counts those that the server looked at, and reports
// whether one is in.
func (s *served) login(from net.IP, key ssh.Signer, asked *atomic.Int64) bool {
	nc, err := s.dial(from)
	if err != nil {
		return false
	}
	defer func() { _ = nc.Close() }()
	c, _, _, err := ssh.NewClientConn(nc, s.addr, s.config(key))
	if err == nil {
		_ = c.Close()
		return true
	}
	if strings.Contains(err.Error(), "unable to authenticate") {
		asked.Add(1)
	}
	return false
}

func (s *served) config(key ssh.Signer) *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User: "bench", Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: func(_ string, _ net.Addr, k ssh.PublicKey) error {
			if ssh.FingerprintSHA256(k) != s.host {
				return fmt.Errorf("another host key")
			}
			return nil
		},
	}
}

// watcher is one session, as its person sees it.
type watcher struct {
	conn *counted
	in   io.Writer

	mu     sync.Mutex
	screen *vt.Emulator
	frames []time.Time
}

// counted counts what comes over the wire, SSH's own bytes too.
type counted struct {
	net.Conn
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frames = append(w.frames, time.Now())
	return w.screen.Write(p)
}

// watch opens a console of 80×24.
func (s *served) watch(t *testing.T) *watcher {
	t.Helper()
	nc, err := s.dial(net.IPv4(127, 0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{conn: &counted{Conn: nc}, screen: vt.NewEmulator(80, 24)}
	t.Cleanup(func() { _ = nc.Close() })
	go func() { _, _ = io.Copy(io.Discard, w.screen) }() // what a terminal answers is not sent
	c, chans, reqs, err := ssh.NewClientConn(w.conn, s.addr, s.config(s.key))
	if err != nil {
		t.Fatal(err)
	}
	session, err := ssh.NewClient(c, chans, reqs).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	session.Stdout = w
	if w.in, err = session.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := session.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		t.Fatal(err)
	}
	if err := session.Shell(); err != nil {
		t.Fatal(err)
	}
	w.sees(t, "Exports")
	return w
}

// keys types them as fast as the screen follows.
func (w *watcher) keys(t *testing.T, keys ...string) {
	t.Helper()
	for _, k := range keys {
		before := w.seen()
		if _, err := io.WriteString(w.in, k); err != nil {
			t.Fatal(err)
		}
		for range 50 {
			if wait(t, 20*time.Millisecond); w.seen() != before {
				break
			}
		}
	}
}

func (w *watcher) seen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.screen.String()
}

func (w *watcher) sees(t *testing.T, words string) {
	t.Helper()
	for range 500 {
		if strings.Contains(w.seen(), words) {
			return
		}
		wait(t, 20*time.Millisecond)
	}
	t.Fatalf("no %q on the screen:\n%s", words, w.seen())
}

// measure tells what the server and its sessions do while do runs.
func (s *served) measure(t *testing.T, people []*watcher, name string, do func()) {
	t.Helper()
	var before, sent int64
	for _, w := range people {
		before += w.conn.n.Load()
		w.mu.Lock()
		w.frames = w.frames[:0]
		w.mu.Unlock()
	}
	cpu, begun := s.cpu(t), time.Now()
	do()
	took := time.Since(begun).Seconds()
	cpu = s.cpu(t) - cpu
	var gaps []time.Duration
	for _, w := range people {
		sent += w.conn.n.Load()
		w.mu.Lock()
		for i := 1; i < len(w.frames); i++ {
			gaps = append(gaps, w.frames[i].Sub(w.frames[i-1]))
		}
		w.mu.Unlock()
	}
	if len(gaps) == 0 {
		t.Fatal("nothing was drawn")
	}
	slices.Sort(gaps)
	each := took * float64(len(people))
	fmt.Printf("  %-24s %5.1f s: %4.0f B/s and %.1f frames/s each, from frame to frame %d ms (99 %%: %d, all: %d); %.2f of a core, %.1f MiB resident\n",
		name+",", took, float64(sent-before)/each, float64(len(gaps))/each,
		gaps[len(gaps)/2].Milliseconds(), gaps[len(gaps)*99/100].Milliseconds(), gaps[len(gaps)-1].Milliseconds(),
		cpu/took, mib(s.rss(t)))
}

// cpu is the seconds of processor that the server has used (proc(5): fields 14
// and 15 of stat, in hundredths).
func (s *served) cpu(t *testing.T) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	var user, system float64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		t.Fatal(err)
	}
	return (user + system) / 100
}

// rss is what the server holds of the memory, in bytes.
func (s *served) rss(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(b), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}
