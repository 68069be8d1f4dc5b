package job_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// A served console makes exports for months: what is over must not pile up.
func TestJobsThatAreOverAreForgotten(t *testing.T) {
	inWorld(t, sandbox.Config{Speed: 100}, func(w *world) {
		long := w.spec()
		long.LimitRate = 1
		running := w.svc.Start(long)
		w.until(running, "some bytes", transferring(1))
		var last job.Ref
		for range 130 {
			// An export that nobody knows is over at once.
			last = w.svc.Start(job.Spec{ID: "nobody-knows-it"})
			if _, err := w.svc.Result(context.Background(), last); err == nil {
				t.Fatal("an unknown export was got")
			}
		}
		if n := len(w.svc.List()); n < 100 || n > 102 {
			t.Errorf("%d jobs are listed, want about a hundred", n)
		}
		if snap, ok := w.svc.Snapshot(running); !ok || snap.Step.Over() {
			t.Errorf("the running job: %v, %v", snap.Step, ok)
		}
		if snap, ok := w.svc.Snapshot(last); !ok || snap.Ref != last {
			t.Errorf("the newest job: %v, %v", snap.Ref, ok)
		}
		if _, ok := w.svc.Snapshot(running + 1); ok {
			t.Error("the oldest that is over is still there")
		}
	})
}

// The console shows what is remembered before the server has answered.
func TestWhatIsRememberedNeedsNoServer(t *testing.T) {
	remembering(t, func(w *world) {
		res := w.must(w.spec())
		w.listed() // which tells the history whose exports these are
		w.via = func(http.RoundTripper) http.RoundTripper {
			return roundTrip(func(*http.Request) (*http.Response, error) {
				t.Error("the server was asked")
				return nil, errors.New("there is none")
			})
		}
		w.boot()
		l := w.svc.Remembered(context.Background())
		if len(l.Entries) != 1 || l.Entries[0].Export.ID != res.ExportID || l.Entries[0].LocalState != history.LocalVerified {
			t.Errorf("%+v", l.Entries)
		}
		if l.Project.ID != res.Project.ID {
			t.Errorf("project %q, want %q", l.Project.ID.Safe(), res.Project.ID.Safe())
		}
	})
}

// The profile of a file holds thousands of rows: only who looks at it reads it.
func TestAJobKeepsNoProfile(t *testing.T) {
	inWorld(t, sandbox.Config{Speed: 100}, func(w *world) {
		spec := w.spec()
		for _, reused := range []bool{false, true} {
			res, _, err := w.do(spec)
			if err != nil || res.Reused != reused {
				t.Fatalf("reused: %v, want %v; %v", res.Reused, reused, err)
			}
			if res.Report.Profile != nil {
				t.Errorf("reused %v: the job keeps what is in the file", reused)
			}
			spec = job.Spec{ID: res.ExportID}
		}
	})
}
