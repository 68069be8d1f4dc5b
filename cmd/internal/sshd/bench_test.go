package sshd_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/serve"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// counting throws away what a client is sent, and counts it.
type counting struct{ n *atomic.Int64 }

func (c counting) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// watching starts n sessions on the screen of a transfer that moves ten times a
// second, until the benchmark ends.
func watching(b *testing.B, n int) (w *world, sent *atomic.Int64) {
	b.Helper()
	jobs := tuitest.NewJobs(time.Now)
	desk := serve.NewDesk(nil)
	b.Cleanup(desk.Close)
	w = newWorld(b, func(_ *world, o *sshd.Options) {
		o.Console = func(ctx context.Context, v *sshd.Visit, t serve.Terminal) error {
			return serve.Run(ctx, t, tui.Deps{Jobs: jobs, Location: time.UTC}, serve.Options{Rights: serve.Rights{Who: v.Who}, Desk: desk, Doing: v.Does})
		}
	})
	ref := jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: client.Range{Name: "all_time"}}})
	const size = int64(10 << 30)
	begun := time.Now()
	move := func() {
		jobs.Change(ref, func(s *job.Snapshot) {
			done := int64(time.Since(begun).Seconds()*20e6) % size
			s.Step, s.Transfer = job.StepTransferring, transfer.Snapshot{Phase: transfer.PhaseReceiving, Size: size, Done: done, Rate: 20e6}
		})
	}
	move()
	stop := make(chan struct{})
	go func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				move()
			}
		}
	}()
	b.Cleanup(func() { close(stop) })
	sent = &atomic.Int64{}
	var keys []io.Writer
	for range n {
		s, err := w.dial(b, w.viewer).NewSession()
		if err != nil {
			b.Fatal(err)
		}
		s.Stdout = counting{sent}
		in, err := s.StdinPipe()
		if err != nil {
			b.Fatal(err)
		}
		if err := s.RequestPty("xterm-256color", 24, 80, ssh.TerminalModes{}); err != nil {
			b.Fatal(err)
		}
		before := sent.Load()
		if err := s.Shell(); err != nil {
			b.Fatal(err)
		}
		keys = append(keys, in)
		// Keys count from the first whole screen on.
		w.until(b, "the first screen", func() bool { return sent.Load()-before > 600 })
	}
	for _, step := range []struct{ key, leads string }{{"t", "Transfers"}, {"\r", "Transfer"}} {
		for _, in := range keys {
			if _, err := io.WriteString(in, step.key); err != nil {
				b.Fatal(err)
			}
		}
		w.until(b, "all of them on "+step.leads, func() bool {
			there := 0
			for _, s := range w.Sessions() {
				if s.Doing == step.leads {
					there++
				}
			}
			return there == n
		})
	}
	return w, sent
}

// inUse is what the process has in use, after a collection.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// BenchmarkSessionsThatWatch tells what a session costs that watches a
// transfer; its client, in the same process, is counted in. One round is one second.
func BenchmarkSessionsThatWatch(b *testing.B) {
	for _, n := range []int{1, 50} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			before := inUse()
			_, sent := watching(b, n)
			second := time.NewTicker(time.Second)
			defer second.Stop()
			<-second.C
			first, cpu := sent.Load(), cpuTime()
			b.ResetTimer()
			for b.Loop() {
				<-second.C
			}
			b.StopTimer()
			took := b.Elapsed()
			b.ReportMetric(float64(sent.Load()-first)/took.Seconds()/float64(n), "B/s/session")
			b.ReportMetric(float64(cpuTime()-cpu)/float64(took)*100, "%cpu")
			b.ReportMetric(float64(inUse()-before)/float64(n)/(1<<20), "MiB/session")
		})
	}
}

// BenchmarkFloodBesideSessions tells what is left of the frames of 50 sessions
// while somebody knocks as fast as he can; the one who knocks is counted in.
func BenchmarkFloodBesideSessions(b *testing.B) {
	w, sent := watching(b, 50)
	ctx, stop := context.WithCancel(b.Context())
	var knocks atomic.Int64
	var knocking sync.WaitGroup
	for range 4 {
		knocking.Go(func() {
			for ctx.Err() == nil {
				if nc, err := w.connect(b); err == nil {
					_ = nc.Close()
					knocks.Add(1)
				}
			}
		})
	}
	second := time.NewTicker(time.Second)
	defer second.Stop()
	first, before, cpu := sent.Load(), knocks.Load(), cpuTime()
	for b.Loop() {
		<-second.C
	}
	took := b.Elapsed()
	b.ReportMetric(float64(sent.Load()-first)/took.Seconds()/50, "B/s/session")
	b.ReportMetric(float64(knocks.Load()-before)/took.Seconds(), "knocks/s")
	b.ReportMetric(float64(cpuTime()-cpu)/float64(took)*100, "%cpu")
	stop()
	knocking.Wait()
}

// BenchmarkFailedLogins is what one costs that is refused.
func BenchmarkFailedLogins(b *testing.B) {
	w := newWorld(b, func(_ *world, o *sshd.Options) {
		o.Limits.Attempts, o.Limits.AttemptsEach = 1e9, 1e9
		o.Limits.Penalties = sshd.Penalties{Least: time.Hour}
		o.Log = nil
	})
	conf := w.config(w.stranger)
	before := inUse()
	for b.Loop() {
		if c, err := ssh.Dial("tcp", w.addr, conf); err == nil {
			_ = c.Close()
			b.Fatal("in")
		}
	}
	b.ReportMetric(float64(inUse()-before)/(1<<20), "MiB-left")
}
