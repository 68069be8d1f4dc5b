package job_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

func TestExport(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		res, snap, err := w.do(w.spec())
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
		if !res.Report.OK || res.Report.Records.Metrics != 500 {
			t.Errorf("report: %+v", res.Report)
		}
		if len(res.Report.Warnings) != 0 || len(res.Warnings) != 0 {
			t.Errorf("warnings: %+v %v", res.Report.Warnings, res.Warnings)
		}
		var steps []job.Step
		for _, s := range snap.Steps {
			steps = append(steps, s.Step)
		}
		want := []job.Step{
			job.StepPreparing, job.StepCreating, job.StepQueued, job.StepCollecting,
			job.StepGenerating, job.StepTransferring, job.StepVerifying, job.StepDone,
		}
		if !slices.Equal(steps, want) {
			t.Errorf("steps %v, want %v", steps, want)
		}
	})
}

func TestExportHonoursRangeTypesAndFormat(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		for _, format := range []client.Format{client.JSON, client.CSV} {
			spec := w.ranged("last_30_days")
			spec.Request.Format = format
			spec.Request.Include = client.Include{Metrics: true, Connections: true}
			res, _, err := w.do(spec)
			if err != nil {
				t.Fatal(err)
			}
			w.whole(res)
			c := res.Report.Records
			if c.Metrics == 0 || c.Metrics >= 500 || c.Connections == 0 || c.Dashboards != 0 || c.AuditLogs != 0 {
				t.Errorf("%s: records %+v", format, c)
			}
			if filepath.Ext(res.File) != "."+string(format) || !strings.Contains(res.File, "-last_30_days-") {
				t.Errorf("name %q", filepath.Base(res.File))
			}
			if len(res.Report.Warnings) != 0 {
				t.Errorf("%s: warnings %+v", format, res.Report.Warnings)
			}
		}
	})
}

func TestNothingIsMadeWhenTheFileCouldNotBeKept(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		if err := os.MkdirAll(w.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		taken := filepath.Join(w.dir, "taken.json")
		if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		for output, want := range map[string]error{
			taken:                        job.ErrExists,
			filepath.Join(taken, "sub/"): job.ErrFolder,
			taken + "/":                  job.ErrFolder,
			os.DevNull:                   job.ErrNoFile,
		} {
			spec := w.spec()
			spec.Output = output
			if _, _, err := w.do(spec); !errors.Is(err, want) {
				t.Errorf("-o %s: %v, want %v", output, err, want)
			}
		}
		if n := w.made(); n != 0 {
			t.Errorf("%d exports were made", n)
		}
		if b, _ := os.ReadFile(taken); string(b) != "mine" {
			t.Error("the file in the way was touched")
		}
	})
}

func TestOutput(t *testing.T) {
	inWorld(t, sandbox.Config{Speed: 100}, func(w *world) {
		own := filepath.Join(w.dir, "deep", "own.json")
		for range 2 { // the second one replaces
			spec := w.spec()
			spec.Output, spec.Force = own, true
			res, _, err := w.do(spec)
			if err != nil {
				t.Fatal(err)
			}
			if res.File != own {
				t.Errorf("file %q, want %q", res.File, own)
			}
		}
		spec := w.spec()
		spec.Output = filepath.Join(w.dir, "folder") + "/"
		res, _, err := w.do(spec)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Dir(res.File) != filepath.Join(w.dir, "folder") {
			t.Errorf("file %q is not in the folder", res.File)
		}
		info, err := os.Stat(filepath.Dir(res.File))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder: %v, %v", info, err)
		}

		spec.Output = "-"
		ref := w.svc.Start(spec)
		res, err = w.svc.Result(context.Background(), ref)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := res.CopyTo(&b); err != nil || int64(b.Len()) != res.Bytes {
			t.Errorf("copied %d of %d bytes: %v", b.Len(), res.Bytes, err)
		}
		if err := w.svc.Release(ref); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(res.File); !os.IsNotExist(err) {
			t.Errorf("copy for standard output stays: %v", err)
		}
	})
}

func TestSameSecondGetsAnotherName(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		res, _, err := w.do(w.spec())
		if err != nil {
			t.Fatal(err)
		}
		// The name is taken by a file that is not ours: another machine's state.
		w.st += "2"
		w.boot()
		again, _, err := w.do(job.Spec{ID: res.ExportID})
		if err != nil {
			t.Fatal(err)
		}
		if want := strings.TrimSuffix(res.File, ".json") + "-1.json"; again.File != want {
			t.Errorf("file %q, want %q", again.File, want)
		}
		w.whole(again)
	})
}

func TestDownloadOfAFileThatIsHere(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		res, _, err := w.do(w.spec())
		if err != nil {
			t.Fatal(err)
		}
		w.boot()
		for _, output := range []string{"", res.File} {
			again, _, err := w.do(job.Spec{ID: res.ExportID, Output: output})
			if err != nil {
				t.Fatal(err)
			}
			if !again.Reused || again.File != res.File || again.SHA256 != res.SHA256 || again.Attempts != 0 {
				t.Errorf("-o %q: %+v", output, again)
			}
			if again.Range.Name != "all_time" || again.Format != client.JSON || !again.Include.All() {
				t.Errorf("-o %q: forgot what it is: %+v", output, again)
			}
		}
		// A file that changed is no longer trusted, and never overwritten.
		b, _ := os.ReadFile(res.File)
		b[len(b)/2] ^= 1
		if err := os.WriteFile(res.File, b, 0o600); err != nil {
			t.Fatal(err)
		}
		again, _, err := w.do(job.Spec{ID: res.ExportID})
		if err != nil {
			t.Fatal(err)
		}
		if again.Reused || again.File == res.File || len(again.Warnings) == 0 {
			t.Errorf("changed file: %+v", again)
		}
		w.whole(again)
	})
}

// TestStopRightAfterStart: a job that has not got to its first step yet ends too.
func TestStopRightAfterStart(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		ref := w.svc.Start(w.spec())
		w.svc.Stop(ref)
		if _, err := w.svc.Result(context.Background(), ref); !errors.Is(err, job.ErrStopped) {
			t.Errorf("stopped job ended with %v", err)
		}
		if n := w.made(); n != 0 {
			t.Errorf("%d exports were made, want none", n)
		}
	})
}

func TestStopAndContinue(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 20_000}, func(w *world) {
		spec := w.spec()
		spec.LimitRate = 256 << 10
		ref := w.svc.Start(spec)
		w.until(ref, "half the file", transferring(1<<20))
		w.svc.Stop(ref)
		if _, err := w.svc.Result(context.Background(), ref); !errors.Is(err, job.ErrStopped) {
			t.Fatalf("stopped job ended with %v", err)
		}
		w.boot()
		spec.LimitRate = 0
		res, snap, err := w.do(spec)
		if err != nil {
			t.Fatal(err)
		}
		if !snap.Continued || res.ResumedFrom < 1<<20 {
			t.Errorf("continued %v, from byte %d", snap.Continued, res.ResumedFrom)
		}
		w.whole(res)
		if n := w.made(); n != 1 {
			t.Errorf("%d exports were made, want 1", n)
		}
		// Finished: the same command makes a new export now.
		if _, _, err := w.do(spec); err != nil {
			t.Fatal(err)
		}
		if n := w.made(); n != 2 {
			t.Errorf("%d exports were made, want 2", n)
		}
	})
}

func TestOtherCommandsDoNotContinue(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		ref := w.svc.Start(w.spec())
		w.until(ref, "its turn", func(s job.Snapshot) bool { return s.Step.OnServer() })
		w.boot()
		for name, change := range map[string]func(*job.Spec){
			"new":    func(s *job.Spec) { s.New = true },
			"format": func(s *job.Spec) { s.Request.Format = client.CSV },
			"range":  func(s *job.Spec) { *s = w.ranged("last_90_days") },
			"types":  func(s *job.Spec) { s.Request.Include.Metrics = false },
			"output": func(s *job.Spec) { s.Output = w.dir + "/x/" },
		} {
			spec := w.spec()
			change(&spec)
			spec.IfBusy = job.BusyFail
			if _, _, err := w.do(spec); !errors.Is(err, client.ErrBusy) {
				t.Errorf("%s: %v, want busy", name, err)
			}
		}
		if _, snap, err := w.do(w.spec()); err != nil || !snap.Continued {
			t.Errorf("the same command: continued %v, %v", snap.Continued, err)
		}
	})
}

func TestContinueWhenTheExportIsGone(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("fail*1")
		ref := w.svc.Start(w.spec())
		w.until(ref, "its turn", func(s job.Snapshot) bool { return s.Step.OnServer() })
		w.boot() // the export fails while nobody looks
		time.Sleep(time.Hour)
		res, snap, err := w.do(w.spec())
		if err != nil {
			t.Fatal(err)
		}
		if snap.Continued || len(res.Warnings) != 1 {
			t.Errorf("continued %v, warnings %q", snap.Continued, res.Warnings)
		}
		w.whole(res)
	})
}

func TestDetach(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		spec := w.spec()
		spec.Detach = true
		res, _, err := w.do(spec)
		if err != nil || res.ExportID == "" || res.File != "" {
			t.Fatalf("%+v, %v", res, err)
		}
		spec.Detach, spec.IfBusy = false, job.BusyFail
		if _, _, err := w.do(spec); !errors.Is(err, client.ErrBusy) {
			t.Errorf("while it runs: %v, want busy", err)
		}
		got, _, err := w.do(job.Spec{ID: res.ExportID})
		if err != nil {
			t.Fatal(err)
		}
		w.whole(got)
	})
}

func TestBusy(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		first := w.svc.Start(w.spec())
		running := w.until(first, "its turn", func(s job.Snapshot) bool { return s.Step.OnServer() }).Export.ID

		other := w.ranged("last_7_days")
		other.IfBusy = job.BusyAttach
		other.Output = filepath.Join(w.dir, "attached") + string(filepath.Separator) // the first job holds the part of its own
		res, snap, err := w.do(other)
		if err != nil || res.ExportID != running || !snap.Adopted {
			t.Errorf("attach: %+v, %v", res, err)
		}
		if len(res.Warnings) == 0 || res.Range.Name != "all_time" {
			t.Errorf("attach hides the difference: %+v", res)
		}
	})
}

func TestBusyWaitsItsTurn(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		first := w.svc.Start(w.spec())
		w.until(first, "its turn", func(s job.Snapshot) bool { return s.Step.OnServer() })
		res, snap, err := w.do(w.ranged("last_7_days"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(snap.Steps, func(s job.StepTime) bool { return s.Step == job.StepBusy }) {
			t.Errorf("steps %v", snap.Steps)
		}
		w.whole(res)
	})
}

func TestBusyWithoutAnID(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("busy*2", "no-list*2")
		spec := w.spec()
		spec.IfBusy = job.BusyAttach
		if _, _, err := w.do(spec); !errors.Is(err, client.ErrBusy) {
			t.Errorf("attach to nobody knows what: %v", err)
		}
		spec.IfBusy = job.BusyWait
		if _, _, err := w.do(spec); err != nil {
			t.Errorf("wait: %v", err)
		}
	})
}

func TestTimeout(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("stuck")
		spec := w.spec()
		spec.Timeout = 5 * time.Minute
		began := time.Now()
		_, _, err := w.do(spec)
		var late *job.TimeoutError
		if !errors.As(err, &late) || late.ID == "" {
			t.Fatalf("%v, want a TimeoutError with the id", err)
		}
		if d := time.Since(began); d != spec.Timeout {
			t.Errorf("gave up after %v, want %v", d, spec.Timeout)
		}
		other := w.ranged("last_7_days")
		other.Timeout = time.Minute
		if _, _, err := w.do(other); !errors.As(err, &late) || late.ID != "" {
			t.Errorf("busy: %v, want a TimeoutError without id", err)
		}
	})
}

func TestTransferHasNoTimeout(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 5000}, func(w *world) {
		spec := w.spec()
		spec.Timeout, spec.LimitRate = 3*time.Minute, 2<<10
		res, _, err := w.do(spec)
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
	})
}

func TestFailedOnTheServer(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.inject("fail*1")
		_, snap, err := w.do(w.spec())
		var failed *job.ExportFailedError
		if !errors.As(err, &failed) || failed.Reason == "" || snap.Step != job.StepFailed {
			t.Fatalf("%v at %s", err, snap.Step)
		}
		// The end was told; the same command begins anew.
		if _, snap, err := w.do(w.spec()); err != nil || snap.Continued {
			t.Errorf("again: continued %v, %v", snap.Continued, err)
		}
	})
}
