package transfer_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client/job"
	engine "github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/tuitest"

	"github.com/dashtray/dashtray-tui/tui/screen/transfer"
)

// TestOnATerminal runs the screen on a virtual terminal: real keys, real
// bytes, the clock of the bubble.
func TestOnATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := tuitest.NewJobs(time.Now)
		s := receiving()
		s.Transfer.Done, s.Transfer.ResumedFrom = 0, 0
		ref := jobs.Set(s)
		root := &tuitest.Host{Screen: transfer.New(deps(jobs, time.Now), ref)}
		term := tuitest.Start(t, root, 80, 24)
		news := func() { term.Send(nav.Jobs{List: jobs.List(), Now: time.Now()}) }
		term.Need(t, "Receiving, 0%", "0 B of 112.0 MiB")

		jobs.Change(ref, func(s *job.Snapshot) { s.Transfer.Done = 56 * mib })
		news()
		term.Need(t, "Receiving, 50%", "56.0 MiB of 112.0 MiB")
		term.Type(tuitest.Space)
		news()
		term.Need(t, "Paused, 50%; space goes on")
		term.Type(tuitest.Space)
		news()
		term.Need(t, "Receiving")

		jobs.Change(ref, func(s *job.Snapshot) {
			s.Transfer.Phase, s.Transfer.RetryAt = engine.PhaseWaiting, time.Now().Add(10*time.Second)
		})
		news()
		term.Need(t, "Interrupted, try 1 in 10 s")
		term.Settle(3 * time.Second)
		term.Send(nav.Tick{Now: time.Now(), Frame: 1})
		term.Need(t, "Interrupted, try 1 in 7 s")

		jobs.Step(ref, job.StepVerifying)
		news()
		term.Need(t, "Checking the file")
		term.Resize(60, 16)
		done := verified()
		done.Ref = ref
		jobs.Set(done)
		news()
		term.Need(t, "The file is whole and verified", sha256[:32])
		term.Type("y")
		if c := tuitest.Need[nav.Copy](t, root.Got); c.Text != path {
			t.Errorf("y copies %+v", c)
		}
		term.Type(tuitest.Enter)
		tuitest.Need[nav.Back](t, root.Got)
	})
}

// TestByteBudget holds a running transfer to what a thin link can carry: ten
// snapshots and four ticks a second, everything in motion, at 80×24.
func TestByteBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const seconds, budget = 30, 1500
		jobs := tuitest.NewJobs(time.Now)
		s := receiving()
		s.Transfer.Size, s.Transfer.Done, s.Transfer.Rates = 400*mib, 0, nil
		s.Transfer.Parts = []engine.PartState{{From: 0, To: 200 * mib}, {From: 200 * mib, To: 400 * mib}}
		ref := jobs.Set(s)
		root := &tuitest.Host{Screen: transfer.New(deps(jobs, time.Now), ref)}
		term := tuitest.Start(t, root, 80, 20)
		random := rand.New(rand.NewPCG(1, 2))
		before := term.Written()
		for i := range seconds * 20 {
			term.Settle(50 * time.Millisecond)
			if i%5 == 0 {
				term.P.Send(nav.Tick{Now: time.Now(), Frame: i / 5})
			}
			if i%2 != 0 {
				continue
			}
			jobs.Change(ref, func(s *job.Snapshot) { advance(&s.Transfer, random, i%20 == 0) })
			term.P.Send(nav.Jobs{List: jobs.List(), Now: time.Now()})
		}
		perSecond := (term.Written() - before) / seconds
		t.Logf("%d bytes a second", perSecond)
		if perSecond >= budget {
			t.Errorf("%d bytes a second, the budget is %d", perSecond, budget)
		}
		if perSecond < 100 {
			t.Errorf("%d bytes a second: nothing was drawn", perSecond)
		}
		term.Need(t, "Receiving", " of 400.0 MiB")
	})
}

// advance brings a tenth of a second's bytes at a speed that varies.
func advance(t *engine.Snapshot, random *rand.Rand, second bool) {
	rate := (8 + 8*random.Float64()) * mib
	got := int64(rate / 10)
	t.Done += got
	t.Rate = 0.8*t.Rate + 0.2*rate
	t.Average = 0.99*t.Average + 0.01*rate
	t.Left = time.Duration(float64(t.Size-t.Done) / t.Rate * float64(time.Second))
	// A fresh slice: snapshots that were handed out do not change.
	t.Parts = []engine.PartState{
		{From: 0, To: t.Size / 2, Done: t.Done / 2}, {From: t.Size / 2, To: t.Size, Done: t.Done / 2},
	}
	if second {
		t.Rates = append(t.Rates[max(0, len(t.Rates)-59):len(t.Rates):len(t.Rates)], rate)
	}
}
