package sshd_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/serve"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// Visits of every kind, ended well and badly, leave neither goroutines nor
// memory behind: 250 make the server warm, as many again may add nothing.
func TestNothingIsLeftOfVisits(t *testing.T) {
	jobs, desk := tuitest.NewJobs(time.Now), serve.NewDesk(nil)
	defer desk.Close()
	jobs.Start(job.Spec{})
	jobs.Step(1, job.StepTransferring)
	w := newWorld(t, func(w *world, o *sshd.Options) {
		lenient(w, o)
		o.Limits.Attempts, o.Limits.AttemptsEach = 1e6, 1e6
		o.Limits.Unauthenticated, o.Limits.UnauthenticatedEach = 1000, 1000
		o.Files.Finished = func(context.Context, serve.Who) ([]string, error) { return []string{export}, nil }
		o.Console = func(ctx context.Context, v *sshd.Visit, t serve.Terminal) error {
			if v.Who.Role == serve.Operator {
				return echo(ctx, v, t) // which can be told to panic
			}
			return serve.Run(ctx, t, tui.Deps{Jobs: jobs, Location: time.UTC}, serve.Options{Rights: serve.Rights{Who: v.Who}, Desk: desk, Doing: v.Does})
		}
	})
	if err := os.WriteFile(filepath.Join(w.folder, export), make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	kinds := visits()
	var goroutines int
	var heap uint64
	for round := range 2 {
		var all sync.WaitGroup
		next := make(chan int)
		for range 10 {
			all.Go(func() {
				for i := range next {
					w.visit(t, kinds[i%len(kinds)])
				}
			})
		}
		for i := range 250 {
			next <- i
		}
		close(next)
		all.Wait()
		w.until(t, "nobody", func() bool { return len(w.Sessions()) == 0 })
		if round == 0 {
			// What is on its way out is given time: it is gone when nothing changes.
			w.until(t, "rest", func() bool {
				before := runtime.NumGoroutine()
				<-time.After(20 * time.Millisecond)
				return runtime.NumGoroutine() >= before
			})
			goroutines, heap = runtime.NumGoroutine(), heapAlloc()
			continue
		}
		w.until(t, fmt.Sprintf("%d goroutines", goroutines), func() bool { return runtime.NumGoroutine() <= goroutines+2 })
		// A console that stays takes half a MiB at least.
		for tries := 0; heapAlloc() > heap+8<<20; tries++ {
			if tries == 50 {
				t.Fatalf("%d MiB are left of 250 visits", (heapAlloc()-heap)>>20)
			}
			<-time.After(20 * time.Millisecond)
		}
	}
}

// The runtime keeps what it was given for minutes; the server does not.
func TestMemoryIsGivenBack(t *testing.T) {
	w := newWorld(t, func(_ *world, o *sshd.Options) { o.Limits.Reread = 5 * time.Millisecond })
	forced := func() uint32 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.NumForcedGC
	}
	stays := w.dial(t, w.viewer)
	before := forced()
	for range 15 { // it may not have looked while they were there
		var leave [3]*ssh.Client
		for i := range leave {
			leave[i] = w.dial(t, w.viewer)
		}
		<-time.After(20 * time.Millisecond)
		for _, c := range leave {
			_ = c.Close()
		}
		<-time.After(20 * time.Millisecond)
		if forced() > before {
			w.see(t, w.open(t, stays, nil), "viewer")
			return
		}
	}
	t.Error("nothing was given back")
}

func heapAlloc() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// visit is one way to come and go; nc is the connection under it.
type visit struct {
	name string
	key  func(*world) ssh.Signer // nil: no login
	do   func(t *testing.T, w *world, nc net.Conn, c *ssh.Client) error
}

// visit comes and goes.
func (w *world) visit(t *testing.T, v visit) {
	nc, err := w.connect(t)
	if err != nil {
		t.Errorf("%s: %v", v.name, err)
		return
	}
	defer func() { _ = nc.Close() }()
	var client *ssh.Client
	if v.key != nil {
		conn, chans, reqs, err := ssh.NewClientConn(nc, w.addr, w.config(v.key(w)))
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			return
		}
		client = ssh.NewClient(conn, chans, reqs)
		defer func() { _ = client.Close() }()
	}
	if err := v.do(t, w, nc, client); err != nil {
		t.Errorf("%s: %v", v.name, err)
	}
}

func visits() []visit {
	viewer := func(w *world) ssh.Signer { return w.viewer }
	operator := func(w *world) ssh.Signer { return w.operator }
	// console opens one, waits for its first screen, and goes on.
	console := func(first string, then func(s *screen, nc net.Conn) error) func(*testing.T, *world, net.Conn, *ssh.Client) error {
		return func(t *testing.T, w *world, nc net.Conn, c *ssh.Client) error {
			s := w.open(t, c, nil)
			w.see(t, s, first)
			return then(s, nc)
		}
	}
	types := func(keys string) func(*screen, net.Conn) error {
		return func(s *screen, _ net.Conn) error {
			_, err := io.WriteString(s.in, keys)
			_ = s.Wait() // how it ended is not what this is about
			return err
		}
	}
	says := func(words string) func(*testing.T, *world, net.Conn, *ssh.Client) error {
		return func(_ *testing.T, _ *world, nc net.Conn, _ *ssh.Client) error {
			_, err := io.WriteString(nc, words)
			return err
		}
	}
	return []visit{
		{"console, quit", viewer, console("Exports", types("tq"))},
		{"console, cut off", viewer, console("Exports", func(_ *screen, nc net.Conn) error { return nc.Close() })},
		{"console, closed", viewer, console("Exports", func(s *screen, _ net.Conn) error { return s.Close() })},
		{"console, cut off in a paste", viewer, console("Exports", func(s *screen, nc net.Conn) error {
			_, err := io.WriteString(s.in, "n\x1b[200~never ended")
			_ = nc.Close()
			return err
		})},
		{"console, resized and quit", viewer, console("Exports", func(s *screen, _ net.Conn) error {
			for i := range 50 {
				if err := s.WindowChange(20+i, 70+i); err != nil {
					return err
				}
			}
			return types("q")(s, nil)
		})},
		{"console, flooded", viewer, console("Exports", func(s *screen, _ net.Conn) error {
			for range 200 { // until it is ended
				if _, err := s.in.Write(make([]byte, 1<<10)); err != nil {
					break
				}
			}
			_ = s.Wait()
			return nil
		})},
		{"console, panic", operator, console("operator", types("panic"))},
		{"four consoles, cut off", viewer, func(t *testing.T, w *world, nc net.Conn, c *ssh.Client) error {
			for range 4 {
				w.see(t, w.open(t, c, nil), "Exports")
			}
			return nc.Close()
		}},
		{"sftp", operator, func(_ *testing.T, _ *world, _ net.Conn, c *ssh.Client) error {
			files, err := sftp.NewClient(c)
			if err != nil {
				return err
			}
			defer func() { _ = files.Close() }()
			f, err := files.Open(export)
			if err == nil {
				_, err = io.Copy(io.Discard, f)
			}
			return err
		}},
		{"sftp, cut off", operator, func(_ *testing.T, _ *world, nc net.Conn, c *ssh.Client) error {
			files, err := sftp.NewClient(c)
			if err != nil {
				return err
			}
			f, err := files.Open(export)
			if err == nil {
				_, err = io.ReadFull(f, make([]byte, 1000))
			}
			_ = nc.Close()
			return err
		}},
		{"history", viewer, func(_ *testing.T, _ *world, _ net.Conn, c *ssh.Client) error {
			s, err := c.NewSession()
			if err != nil {
				return err
			}
			return s.Run("history --json")
		}},
		{"a command, and a forwarded port", viewer, func(_ *testing.T, _ *world, _ net.Conn, c *ssh.Client) error {
			if _, err := c.Dial("tcp", "127.0.0.1:1"); err == nil {
				return fmt.Errorf("forwarded")
			}
			s, err := c.NewSession()
			if err == nil {
				_ = s.Run("id")
			}
			return err
		}},
		{"a session without a request", viewer, func(_ *testing.T, _ *world, _ net.Conn, c *ssh.Client) error {
			_, err := c.NewSession()
			return err
		}},
		{"login, refused", nil, func(_ *testing.T, w *world, nc net.Conn, _ *ssh.Client) error {
			if _, _, _, err := ssh.NewClientConn(nc, w.addr, w.config(w.stranger)); err == nil {
				return fmt.Errorf("in")
			}
			return nil
		}},
		{"connection, closed", nil, says("")},
		{"version, closed", nil, says("SSH-2.0-x\r\n")},
		{"garbage, closed", nil, says("SSH-2.0-x\r\n\x00\x00\x10\x00\x04garbage")},
		{"key exchange, left in the middle", nil, func(_ *testing.T, _ *world, nc net.Conn, _ *ssh.Client) error {
			_, err := io.WriteString(nc, "SSH-2.0-x\r\n")
			if err == nil {
				_, err = io.ReadFull(nc, make([]byte, 100)) // the server's half
			}
			return err
		}},
	}
}
