package cli

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

func receiving(done, size int64) job.Snapshot {
	return job.Snapshot{
		Step:     job.StepTransferring,
		Transfer: transfer.Snapshot{Phase: transfer.PhaseReceiving, Done: done, Size: size, Rate: 4 << 20, Left: 9 * time.Second},
	}
}

func TestLiveLine(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 15, 12, 0, 30, 0, time.UTC)
	at := func(step job.Step) job.Snapshot {
		return job.Snapshot{Step: step, Steps: []job.StepTime{{Step: step, At: now.Add(-12 * time.Second)}}}
	}
	generating := at(job.StepGenerating)
	generating.Export.ID = "exp_1"
	silent := generating
	silent.LookErr = context.DeadlineExceeded
	spent := at(job.StepCreating)
	spent.LookErr, spent.NextLook = &client.Error{Kind: client.ErrRateLimited}, now.Add(20*time.Minute)
	strange := at(job.StepProcessing)
	strange.Export = client.Export{ID: "exp_1", Status: "warming up\x1b[2J"}
	waiting := receiving(10<<20, 40<<20)
	waiting.Transfer.Phase, waiting.Transfer.RetryAt, waiting.Transfer.LastError = transfer.PhaseWaiting, now.Add(3*time.Second), "connection\nreset\x1b[2J"
	unknown := receiving(10<<20, -1)
	unknown.Transfer.Left = -1
	rechecking := receiving(10<<20, 40<<20)
	rechecking.Transfer.Phase = transfer.PhaseRechecking
	verifying := job.Snapshot{Step: job.StepVerifying, Verified: 20 << 20}
	verifying.Transfer.Size = 40 << 20
	for _, tc := range []struct {
		name string
		snap job.Snapshot
		want string
	}{
		{"on the server", generating, "Export exp_1: generating the file (12 s)"},
		{"no answer", silent, "Export exp_1: generating the file (12 s); the server gives no answer, trying again"},
		{"budget used up", spent, "Asking for the export (12 s); the hourly budget of requests is used up, next try in 20 m 00 s"},
		{"a word that nobody knows", strange, `Export exp_1 is being made: "warming up␛[2J" (12 s)`},
		{"receiving", receiving(10<<20, 40<<20), "Downloading: 10.0 MiB of 40.0 MiB  25%  4.0 MiB/s  9 s left"},
		{"size unknown", unknown, "Downloading: 10.0 MiB  4.0 MiB/s"},
		{"next try", waiting, "Downloading: 10.0 MiB of 40.0 MiB  25%  next try in 3 s (connection␊reset␛[2J)"},
		{"rechecking", rechecking, "Checking what is here already: 10.0 MiB of 40.0 MiB"},
		{"verifying", verifying, "Verifying: 20.0 MiB of 40.0 MiB"},
		{"over", at(job.StepDone), ""},
	} {
		if got := liveLine(tc.snap, now); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

// Without a terminal a wait of twenty minutes looked like a program that hangs.
func TestALongWaitForTheBudgetHasALine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)
	p := &progress{w: &out, now: func() time.Time { return now }}
	s := job.Snapshot{Step: job.StepCreating, Steps: []job.StepTime{{Step: job.StepCreating, At: now}}}
	s.LookErr, s.NextLook = &client.Error{Kind: client.ErrRateLimited}, now.Add(20*time.Minute)
	p.show(s)
	p.show(s)
	if got, want := out.String(), "Asking for the export.\nThe project's hourly budget of requests is used up; the next try is in 20 m 00 s.\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)
	p := &progress{w: &out, redraws: true, width: func() int { return 30 }, now: func() time.Time { return now }}

	p.show(receiving(1<<20, 40<<20))
	first := out.String()
	if !strings.HasPrefix(first, "\r") || !strings.HasSuffix(first, "\x1b[K") {
		t.Errorf("the line is not drawn over itself: %q", first)
	}
	if w := ansi.StringWidth(first); w > 29 {
		t.Errorf("the line is %d cells wide on 30", w)
	}
	now = now.Add(drawEvery - 1)
	p.show(receiving(2<<20, 40<<20))
	if out.String() != first {
		t.Error("it was drawn again too soon")
	}
	now = now.Add(1)
	p.show(receiving(3<<20, 40<<20))
	if !strings.Contains(out.String(), "3.0 MiB") {
		t.Errorf("it was not drawn again: %q", out.String())
	}
	verifying := job.Snapshot{Step: job.StepVerifying}
	p.show(verifying)
	if !strings.Contains(out.String(), "Verifying") {
		t.Error("another step has to wait")
	}
	out.Reset()
	p.clear()
	if out.String() != "\r\x1b[K" {
		t.Errorf("clear wrote %q", out.String())
	}
	out.Reset()
	p.clear()
	if out.Len() > 0 {
		t.Errorf("a line that is not there was cleared: %q", out.String())
	}
}

func TestProgressElsewhereHasNoControlCharacters(t *testing.T) {
	t.Parallel()
	a, w := testApp(t)
	snaps := steps("exp\x1b[31m", job.StepPreparing, job.StepBusy, job.StepCreating, job.StepQueued,
		job.StepCollecting, job.StepGenerating, job.StepProcessing, job.StepTransferring, job.StepVerifying, job.StepDone)
	p := a.newProgress()
	for _, s := range snaps {
		s.File = "/exports/\x1b]0;evil\a.json"
		p.show(s)
		p.show(s)
	}
	p.clear()
	if n := strings.Count(w.err.String(), "\n"); n != len(snaps)-1 {
		t.Errorf("%d lines for %d steps:\n%s", n, len(snaps)-1, w.err.String())
	}
	for _, r := range w.err.String() {
		if unicode.IsControl(r) && r != '\n' {
			t.Fatalf("it has %U: %q", r, w.err.String())
		}
	}
}

// On a terminal the line is drawn each second, though nothing is new, because
// it shows the time.
func TestTheClockGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, w := testApp(t)
		a.Now = time.Now
		a.ErrTerminal = true
		snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepGenerating)
		snaps[2].Steps[2].At = time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 3500*time.Millisecond)
		defer cancel()
		a.watch(ctx, &fakeJobs{snaps: snaps}, 1)
		for _, want := range []string{"file (0 s)", "file (1 s)", "file (2 s)", "file (3 s)"} {
			if strings.Count(w.err.String(), want) != 1 {
				t.Errorf("%q is not once in %q", want, w.err.String())
			}
		}
	})
}

// askedMeanwhile is a job whose news come together with the question how it stands.
type askedMeanwhile struct {
	*fakeJobs
	asks chan os.Signal
}

func (f askedMeanwhile) Wait(ctx context.Context, version uint64) (uint64, error) {
	f.asks <- os.Interrupt // what it is does not matter; it is taken at once
	return f.fakeJobs.Wait(ctx, version)
}

// A busy job has news all the time: somebody who asks is answered, though the
// waiting was over anyway.
func TestWhoAsksWhileThereAreNewsIsAnswered(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, w := testApp(t)
			a.ErrTerminal = terminal
			asks := make(chan os.Signal)
			a.asked = asks
			snaps := []job.Snapshot{receiving(1<<20, 40<<20), receiving(2<<20, 40<<20), {Step: job.StepVerifying}, {Step: job.StepDone}}
			a.watch(t.Context(), askedMeanwhile{&fakeJobs{snaps: snaps}, asks}, 1)
			for _, want := range []string{"Downloading: 2.0 MiB of 40.0 MiB", "Verifying: "} {
				if !strings.Contains(w.err.String(), want) {
					t.Errorf("terminal %v: no answer with %q: %q", terminal, want, w.err.String())
				}
			}
		})
	}
}
