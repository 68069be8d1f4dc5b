package job_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

func TestRoles(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		keys := w.sb.Keys()
		for key, want := range map[string]error{
			"dk_wrong": client.ErrUnauthorized, keys.Viewer: client.ErrForbiddenRole, keys.Free: client.ErrForbiddenPlan,
		} {
			w.key = key
			w.boot()
			if _, _, err := w.do(w.spec()); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
	})
}

// The looks at an export are 2 s apart at first, a tenth more or less.
func TestTheTimeToTheNextLookIsSpread(t *testing.T) {
	for name, c := range map[string]struct {
		jitter func(most time.Duration) time.Duration
		want   time.Duration
	}{
		"soonest": {func(time.Duration) time.Duration { return 0 }, 1800 * time.Millisecond},
		"even":    {func(most time.Duration) time.Duration { return most / 2 }, 2 * time.Second},
		"latest":  {func(most time.Duration) time.Duration { return most }, 2200 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{Speed: 0.1}, func(w *world) {
				svc := job.New(job.Deps{API: w.api, Transport: w.sb.Transport(), Jitter: c.jitter})
				defer svc.Close()
				began := time.Now()
				ref := svc.Start(w.spec())
				synctest.Wait()
				if s, _ := svc.Snapshot(ref); s.NextLook.Sub(began) != c.want {
					t.Errorf("the next look is in %v, want %v", s.NextLook.Sub(began), c.want)
				}
			})
		})
	}
}

func TestUnknownExportIsSaidAtOnce(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		began := time.Now()
		_, _, err := w.do(job.Spec{ID: "nosuch"})
		if !errors.Is(err, client.ErrNotFound) || time.Since(began) > 5*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestFileThatDoesNotVerifyIsKeptAside(t *testing.T) {
	for fault, code := range map[string]string{
		"credential":   archive.Credential,
		"truncate":     archive.Truncated,
		"bad-checksum": archive.ChecksumMismatch,
	} {
		t.Run(fault, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				w.inject(fault)
				res, snap, err := w.do(w.spec())
				var invalid *job.InvalidError
				if !errors.As(err, &invalid) || snap.Step != job.StepFailed {
					t.Fatalf("%v at %s", err, snap.Step)
				}
				if !strings.HasSuffix(res.File, ".json.invalid") || res.File != invalid.File {
					t.Errorf("kept as %q", res.File)
				}
				w.whole(res)
				if !slices.ContainsFunc(res.Report.Problems, func(f archive.Finding) bool { return f.Code == code }) {
					t.Errorf("problems %+v, want %s", res.Report.Problems, code)
				}
			})
		})
	}
}

func TestPause(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 20_000}, func(w *world) {
		spec := w.spec()
		spec.LimitRate = 256 << 10
		ref := w.svc.Start(spec)
		w.until(ref, "some bytes", transferring(512<<10))
		for range 3 {
			w.svc.Pause(ref)
			time.Sleep(time.Second)
			before, _ := w.svc.Snapshot(ref)
			time.Sleep(time.Hour)
			after, _ := w.svc.Snapshot(ref)
			if !after.Paused || before.Transfer.Done != after.Transfer.Done {
				t.Fatalf("paused %v, %d then %d bytes", after.Paused, before.Transfer.Done, after.Transfer.Done)
			}
			w.svc.Resume(ref)
			w.until(ref, "more bytes", transferring(after.Transfer.Done+128<<10))
		}
		res, err := w.svc.Result(context.Background(), ref)
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
	})
}

func TestLinkIsRenewedAcrossAPause(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 20_000, LinkTTL: time.Hour}, func(w *world) {
		spec := w.spec()
		spec.LimitRate = 256 << 10
		ref := w.svc.Start(spec)
		w.until(ref, "some bytes", transferring(512<<10))
		w.svc.Pause(ref)
		time.Sleep(2 * time.Hour)
		w.svc.Resume(ref)
		res, err := w.svc.Result(context.Background(), ref)
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
	})
}

func TestLostAnswerIsAdopted(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("lose-post*1")
		res, snap, err := w.do(w.spec())
		if err != nil || !snap.Adopted {
			t.Fatalf("adopted %v, %v", snap.Adopted, err)
		}
		w.whole(res)
		if n := w.made(); n != 1 {
			t.Errorf("%d exports were made, want 1", n)
		}
	})
}

// roundTrip is a transport of one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// unheard lets a POST arrive, and keeps its answer until whoever asked is gone.
func unheard(way http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		res, err := way.RoundTrip(r)
		if r.Method == http.MethodPost && err == nil {
			_ = res.Body.Close()
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		return res, err
	})
}

// terse is a server that tells of an export what the page documents, while silent says so.
func terse(silent func(status string) bool) func(http.RoundTripper) http.RoundTripper {
	return func(way http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			res, err := way.RoundTrip(r)
			if err != nil || r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/exports/") {
				return res, err
			}
			defer func() { _ = res.Body.Close() }()
			var all map[string]any
			if err := json.NewDecoder(res.Body).Decode(&all); err != nil {
				return nil, err
			}
			if status, _ := all["status"].(string); silent(status) {
				all = map[string]any{"status": status, "downloadUrl": all["downloadUrl"]}
			}
			b, err := json.Marshal(all)
			res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
			return res, err
		})
	}
}

func TestAttachClaimsNothingThatTheServerDidNotTell(t *testing.T) {
	for name, c := range map[string]struct {
		silent   func(status string) bool
		rng      string
		warnings int
	}{
		"never":      {func(string) bool { return true }, "", 0},
		"at its end": {func(status string) bool { return status != "completed" }, "all_time", 1},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				first := w.svc.Start(w.spec())
				running := w.until(first, "its turn", func(s job.Snapshot) bool { return s.Step.OnServer() }).Export.ID
				w.via = terse(c.silent)
				w.boot()
				other := w.ranged("last_7_days")
				other.Request.Include.Metrics = false
				other.IfBusy = job.BusyAttach
				res, _, err := w.do(other)
				if err != nil || res.ExportID != running {
					t.Fatalf("%+v, %v", res, err)
				}
				if res.Range.Name != c.rng || !res.Range.From.IsZero() || len(res.Warnings) != c.warnings || len(res.Report.Warnings) != 0 {
					t.Errorf("range %+v, warnings %q and %v", res.Range, res.Warnings, res.Report.Warnings)
				}
				if c.rng == "" && (res.Include != client.Include{} || !strings.Contains(res.File, "-export-")) {
					t.Errorf("types %v of %s, which nobody told", res.Include.Names(), res.File)
				}
			})
		})
	}
}

func TestARunCutOffBeforeTheAnswerCameMakesNoSecondExport(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.via = unheard
		w.boot()
		spec := w.ranged("last_30_days")
		spec.Timeout = 10 * time.Second
		_, _, err := w.do(spec)
		var late *job.TimeoutError
		if !errors.As(err, &late) || !late.Unheard || late.ID != "" {
			t.Fatalf("%v, want a TimeoutError with the answer out", err)
		}
		w.via = nil
		w.boot()
		time.Sleep(time.Hour)
		spec = w.ranged("last_30_days") // which are other 30 days by now
		began := time.Now()
		res, snap, err := w.do(spec)
		if err != nil || !snap.Adopted {
			t.Fatalf("adopted %v, %v", snap.Adopted, err)
		}
		w.whole(res)
		if n := w.made(); n != 1 {
			t.Errorf("%d exports were made, want 1", n)
		}
		if res.Range.To.After(began.Add(-30*time.Minute)) || len(res.Report.Warnings) != 0 {
			t.Errorf("range %+v, warnings %v: not what was asked for then", res.Range, res.Report.Warnings)
		}
		// It is over: the same command makes a new export now.
		if _, _, err := w.do(spec); err != nil || w.made() != 2 {
			t.Errorf("%d exports were made, want 2; %v", w.made(), err)
		}
	})
}

func TestARunCutOffWhileBusyHasNothingToLookFor(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("busy*1")
		spec := w.spec()
		ref := w.svc.Start(spec)
		w.until(ref, "another export", func(s job.Snapshot) bool { return s.Step == job.StepBusy })
		w.boot()
		if _, err := w.api.Create(context.Background(), spec.Request); err != nil { // somebody else's turn
			t.Fatal(err)
		}
		if _, snap, err := w.do(spec); err != nil || snap.Adopted {
			t.Errorf("adopted %v, %v", snap.Adopted, err)
		}
	})
}

func TestAContinuedRunKeepsItsDays(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		asked := time.Now()
		ref := w.svc.Start(w.ranged("last_30_days"))
		w.until(ref, "the export", func(s job.Snapshot) bool { return s.Step.OnServer() })
		w.boot()
		time.Sleep(20 * time.Hour)
		res, snap, err := w.do(w.ranged("last_30_days"))
		if err != nil || !snap.Continued {
			t.Fatalf("continued %v, %v", snap.Continued, err)
		}
		if !res.Range.To.Equal(asked) || len(res.Report.Warnings) != 0 {
			t.Errorf("range ends %v, want %v; warnings %v", res.Range.To, asked, res.Report.Warnings)
		}
	})
}

func TestBareServer(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("bare", "processing-only", "no-list")
		res, snap, err := w.do(w.spec())
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
		for _, s := range snap.Steps {
			if s.Step == job.StepCollecting || s.Step == job.StepGenerating {
				t.Errorf("invented step %s", s.Step)
			}
		}
		// Another machine, which only knows the id, and is cut off.
		w.st += "2"
		w.dir += "2"
		w.boot()
		ref := w.svc.Start(job.Spec{ID: res.ExportID, LimitRate: 8 << 10})
		w.until(ref, "some bytes", transferring(32<<10))
		time.Sleep(time.Second)
		w.boot()
		time.Sleep(time.Hour)
		res, _, err = w.do(job.Spec{ID: res.ExportID})
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
		if res.ResumedFrom == 0 || !res.CreatedAt.IsZero() || len(res.Report.Warnings) != 0 {
			t.Errorf("resumed from %d, created at %v, warnings %v", res.ResumedFrom, res.CreatedAt, res.Report.Warnings)
		}
	})
}

func TestVersionsOnlyGrowWithNews(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 20_000}, func(w *world) {
		spec := w.spec()
		spec.LimitRate = 256 << 10
		ref := w.svc.Start(spec)
		count := func(d time.Duration) (n int) {
			ctx, cancel := context.WithTimeout(context.Background(), d)
			defer cancel()
			v, _ := w.svc.Wait(ctx, 0)
			for {
				next, err := w.svc.Wait(ctx, v)
				if err != nil {
					return n
				}
				n, v = n+1, next
			}
		}
		w.until(ref, "some bytes", transferring(1))
		if n := count(5 * time.Second); n < 10 || n > 50 {
			t.Errorf("%d versions in 5 s of transfer", n)
		}
		w.svc.Pause(ref)
		time.Sleep(5 * time.Second)
		if n := count(10 * time.Minute); n != 0 {
			t.Errorf("%d versions in 10 idle minutes", n)
		}
	})
}

func TestListing(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 20_000}, func(w *world) {
		done, _, err := w.do(w.spec())
		if err != nil {
			t.Fatal(err)
		}
		spec := w.ranged("last_year")
		spec.LimitRate = 256 << 10
		ref := w.svc.Start(spec)
		part := w.until(ref, "some bytes", transferring(600<<10))
		w.svc.Stop(ref)
		_, _ = w.svc.Result(context.Background(), ref)
		detached := w.ranged("last_90_days")
		detached.Detach = true
		left, _, err := w.do(detached)
		if err != nil {
			t.Fatal(err)
		}
		want := map[client.ID]history.LocalState{
			done.ExportID: history.LocalVerified, part.Export.ID: history.LocalPartial, left.ExportID: history.LocalNone,
		}
		check := func(what string) job.Listing {
			t.Helper()
			l, err := w.svc.Exports(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			got := map[client.ID]history.LocalState{}
			for i, e := range l.Entries {
				got[e.Export.ID] = e.LocalState
				if i > 0 && e.Export.CreatedAt.After(l.Entries[i-1].Export.CreatedAt) {
					t.Errorf("%s: not newest first", what)
				}
			}
			for id, state := range want {
				if got[id] != state {
					t.Errorf("%s: %s is %q, want %q", what, id, got[id], state)
				}
			}
			return l
		}
		check("online")
		w.inject("no-list")
		if l := check("no list"); !errors.Is(l.Offline, client.ErrNotFound) {
			t.Errorf("offline is %v", l.Offline)
		}
		if err := os.Remove(done.File); err != nil {
			t.Fatal(err)
		}
		want[done.ExportID] = history.LocalMissing
		check("file removed")
	})
}
