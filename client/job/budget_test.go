package job_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// spent uses the hour's requests up, as another program with the same key may.
func (w *world) spent(leave int) {
	w.t.Helper()
	w.inject("budget=60")
	for range 60 - leave {
		if _, err := w.api.Project(context.Background()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// A refusal for the budget ended a job at its first request, whatever time it had.
func TestAJobWaitsForTheBudgetOfTheNextHour(t *testing.T) {
	for name, leave := range map[string]int{"before the project is known": 0, "before the export is made": 1} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{Speed: 100}, func(w *world) {
				w.spent(leave)
				spec := w.spec()
				spec.Timeout = 90 * time.Minute
				began := time.Now()
				ref := w.svc.Start(spec)
				snap := w.until(ref, "a refusal", func(s job.Snapshot) bool { return s.LookErr != nil })
				if !errors.Is(snap.LookErr, client.ErrRateLimited) || !snap.NextLook.IsZero() && snap.NextLook.Sub(began) > 61*time.Minute {
					t.Errorf("%v, next look %v after the start", snap.LookErr, snap.NextLook.Sub(began))
				}
				res, err := w.svc.Result(context.Background(), ref)
				if err != nil {
					t.Fatal(err)
				}
				w.whole(res)
				if n := w.made(); n != 1 {
					t.Errorf("%d exports were made", n)
				}
				if snap, _ = w.svc.Snapshot(ref); snap.LookErr != nil {
					t.Errorf("it still tells of %v", snap.LookErr)
				}
			})
		})
	}
}

func TestAJobWithoutTheTimeForTheNextHourEndsAtOnce(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.spent(0)
		spec := w.spec()
		spec.Timeout = time.Minute
		began := time.Now()
		_, _, err := w.do(spec)
		if took := time.Since(began); !errors.Is(err, client.ErrRateLimited) || took > 30*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}
