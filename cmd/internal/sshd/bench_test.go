package sshd_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// A round of these benchmarks is some seconds, or many logins: what counts is in
// the metrics. Server, clients and whoever floods are one process here, so that
// all of them are in the figures; assets/bench measures the server alone.

// transfer runs a download at 2 MiB/s from a sandbox until the benchmark ends.
func transfer(b *testing.B) *job.Service {
	b.Helper()
	box, err := sandbox.New(sandbox.Config{Dir: b.TempDir(), Records: 500_000, Speed: 1e6})
	if err != nil {
		b.Fatal(err)
	}
	web := httptest.NewServer(box)
	api, err := client.New(client.Options{BaseURL: web.URL, Key: client.NewKey(box.Keys().Owner)})
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	jobs := job.New(job.Deps{
		API: api, Transport: web.Client().Transport, Folder: dir, StateDir: filepath.Join(dir, "state"),
		Connections: 4, LimitRate: 2 << 20,
	})
	b.Cleanup(func() {
		jobs.Close()
		web.Close()
		if err := box.Close(); err != nil {
			b.Error(err)
		}
	})
	year, err := client.ParseRange("all_time", time.Now(), time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	ref := jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: year, Include: client.Include{Metrics: true}}})
	for version := uint64(0); ; {
		if version, err = jobs.Wait(b.Context(), version); err != nil {
			b.Fatal(err)
		}
		switch s, _ := jobs.Snapshot(ref); {
		case s.Step == job.StepTransferring:
			return jobs
		case s.Step.Over():
			b.Fatal(s.Err)
		}
	}
}

// crowd is sessions on the screen of one transfer.
type crowd struct {
	*world
	n    int
	wire atomic.Int64 // bytes to the clients, SSH's own too

	mu     sync.Mutex
	frames [][]time.Time // of each client
}

// watching starts n sessions that watch until the benchmark ends; change may
// change the server.
func watching(b *testing.B, n int, change func(*sshd.Options)) *crowd {
	b.Helper()
	jobs, desk := transfer(b), serve.NewDesk(nil)
	b.Cleanup(desk.Close)
	c := &crowd{n: n, frames: make([][]time.Time, n)}
	c.world = newWorld(b, func(_ *world, o *sshd.Options) {
		o.Log = nil
		o.Console = func(ctx context.Context, v *sshd.Visit, t serve.Terminal) error {
			return serve.Run(ctx, t, tui.Deps{Jobs: jobs, Location: time.UTC}, serve.Options{Rights: serve.Rights{Who: v.Who}, Desk: desk, Doing: v.Does})
		}
		if change != nil {
			change(o)
		}
	})
	keys := make([]io.Writer, n)
	for i := range n {
		keys[i] = c.open(b, i)
	}
	for _, step := range []struct{ key, leads string }{{"t", "Transfers"}, {"\r", "Transfer"}} {
		for _, in := range keys {
			if _, err := io.WriteString(in, step.key); err != nil {
				b.Fatal(err)
			}
		}
		c.until(b, "all of them on "+step.leads, func() bool {
			return !slices.ContainsFunc(c.Sessions(), func(s serve.Session) bool { return s.Doing != step.leads })
		})
	}
	return c
}

// open opens the console of client i and waits for its first screen: keys count
// from then on.
func (c *crowd) open(b *testing.B, i int) io.Writer {
	b.Helper()
	nc, err := c.connect(b)
	if err != nil {
		b.Fatal(err)
	}
	conn, chans, reqs, err := ssh.NewClientConn(countedConn{nc, &c.wire}, c.addr, c.config(c.viewer))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	s, err := ssh.NewClient(conn, chans, reqs).NewSession()
	if err != nil {
		b.Fatal(err)
	}
	before := c.wire.Load()
	s.Stdout = frames{c, i}
	in, err := s.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := s.RequestPty("xterm-256color", 24, 80, nil); err != nil {
		b.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		b.Fatal(err)
	}
	c.until(b, "the first screen", func() bool { return c.wire.Load()-before > 1200 })
	return in
}

// countedConn counts what comes over the wire.
type countedConn struct {
	net.Conn
	n *atomic.Int64
}

func (c countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// frames notes when client i is sent something, and throws it away.
type frames struct {
	c *crowd
	i int
}

func (f frames) Write(p []byte) (int, error) {
	f.c.mu.Lock()
	defer f.c.mu.Unlock()
	f.c.frames[f.i] = append(f.c.frames[f.i], time.Now())
	return len(p), nil
}

// measure reports what the sessions get and cost while do runs.
func (c *crowd) measure(b *testing.B, do func()) {
	b.Helper()
	<-time.After(time.Second) // until the first, whole screens are drawn
	c.mu.Lock()
	for i := range c.frames {
		c.frames[i] = nil
	}
	c.mu.Unlock()
	wire, cpu, begun := c.wire.Load(), cpuTime(), time.Now()
	do()
	took := time.Since(begun)
	b.ReportMetric(float64(c.wire.Load()-wire)/took.Seconds()/float64(c.n), "wire-B/s/session")
	b.ReportMetric(float64(cpuTime()-cpu)/float64(took), "cores")
	c.mu.Lock()
	defer c.mu.Unlock()
	var gaps []time.Duration
	for _, at := range c.frames {
		for i := 1; i < len(at); i++ {
			gaps = append(gaps, at[i].Sub(at[i-1]))
		}
	}
	if len(gaps) == 0 {
		b.Fatal("nothing was drawn")
	}
	slices.Sort(gaps)
	b.ReportMetric(gaps[len(gaps)/2].Seconds()*1e3, "p50-frame-ms")
	b.ReportMetric(gaps[len(gaps)*99/100].Seconds()*1e3, "p99-frame-ms")
}

// rounds of five seconds.
func rounds(b *testing.B) func() {
	b.Helper()
	return func() {
		for b.Loop() {
			<-time.After(5 * time.Second)
		}
	}
}

// inUse is the MiB that the process has in use, after a collection.
func inUse() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse+m.StackInuse) / (1 << 20)
}

// BenchmarkSessionsThatWatch tells what a session costs that watches a transfer.
func BenchmarkSessionsThatWatch(b *testing.B) {
	for _, n := range []int{1, 50} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			before := inUse()
			c := watching(b, n, nil)
			c.measure(b, rounds(b))
			b.ReportMetric((inUse()-before)/float64(n), "MiB/session")
		})
	}
}

// BenchmarkFloodBesideSessions tells what is left of the frames of 50 sessions
// while somebody connects as fast as he can.
func BenchmarkFloodBesideSessions(b *testing.B) {
	c := watching(b, 50, nil)
	before := inUse()
	ctx, stop := context.WithCancel(b.Context())
	begun := time.Now()
	var knocks atomic.Int64
	var knocking sync.WaitGroup
	for range 4 {
		knocking.Go(func() {
			for ctx.Err() == nil {
				if nc, err := c.connect(b); err == nil {
					_ = nc.Close()
					knocks.Add(1)
				}
			}
		})
	}
	c.measure(b, rounds(b))
	stop()
	knocking.Wait()
	b.ReportMetric(float64(knocks.Load())/time.Since(begun).Seconds(), "knocks/s")
	b.ReportMetric(before, "MiB-before")
	b.ReportMetric(inUse(), "MiB-after")
}

// BenchmarkFailedLogins tells what 10,000 logins cost that fail, beside 50
// sessions. The limits that would hang up on nearly all of them are lifted: each
// exchanges keys, offers one, and is refused.
func BenchmarkFailedLogins(b *testing.B) {
	const logins = 10_000
	c := watching(b, 50, func(o *sshd.Options) {
		o.Limits.Attempts, o.Limits.AttemptsEach = 1e9, 1e9
		o.Limits.AttemptsBurst, o.Limits.AttemptsEachBurst = 1e6, 1e6
		o.Limits.Penalties = sshd.Penalties{Least: time.Hour}
	})
	conf := c.config(c.stranger)
	before := inUse()
	c.measure(b, func() {
		for b.Loop() {
			var left atomic.Int64
			left.Store(logins)
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						if err := c.refused(conf); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
		}
	})
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/logins, "µs/login")
	b.ReportMetric(before, "MiB-before")
	b.ReportMetric(inUse(), "MiB-after")
}

// refused logs in and is refused; anything else is the error.
func (c *crowd) refused(conf *ssh.ClientConfig) error {
	conn, err := ssh.Dial("tcp", c.addr, conf)
	switch {
	case err == nil:
		_ = conn.Close()
		return fmt.Errorf("a stranger is in")
	case !strings.Contains(err.Error(), "unable to authenticate"):
		return err
	}
	return nil
}
