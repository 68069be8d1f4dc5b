package job_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

const testOrigin = "https://api.dashtray.test"

// remembering is a world whose machine has a history. Its database is a real
// one: what is tested is that both keep to the same.
func remembering(t *testing.T, f func(w *world)) {
	t.Helper()
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.openHistory()
		w.boot()
		f(w)
	})
}

func (w *world) openHistory() {
	w.t.Helper()
	store, err := history.Open(context.Background(), filepath.Join(w.st, "history.db"), history.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.mem = store
}

// journal are the records of runs.
func (w *world) journal() []string {
	w.t.Helper()
	records, err := filepath.Glob(filepath.Join(w.st, "runs", "*.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}

// remembered is what the history has of an export.
func (w *world) remembered(id client.ID) history.Record {
	w.t.Helper()
	rec, ok, err := w.mem.Find(context.Background(), testOrigin, id)
	if err != nil || !ok {
		w.t.Fatalf("the history has no %s: %v", id, err)
	}
	return rec
}

// listed is the only entry of the list.
func (w *world) listed() history.Entry {
	w.t.Helper()
	l, err := w.svc.Exports(context.Background())
	if err != nil || len(l.Entries) != 1 {
		w.t.Fatalf("%d entries, %v", len(l.Entries), err)
	}
	return l.Entries[0]
}

// must runs a job that has to end well.
func (w *world) must(spec job.Spec) job.Result {
	w.t.Helper()
	res, _, err := w.do(spec)
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

func TestARunThatIsOverGoesToTheHistory(t *testing.T) {
	remembering(t, func(w *world) {
		res := w.must(w.spec())
		if left := w.journal(); len(left) > 0 {
			w.t.Errorf("the journal still has %q", left)
		}
		rec := w.remembered(res.ExportID)
		if rec.State != history.StateDone || rec.Path != res.File || rec.SHA256 != res.SHA256 || rec.Bytes != res.Bytes {
			w.t.Errorf("the history has %s, %q, %d bytes", rec.State, rec.Path, rec.Bytes)
		}
		if rec.Export.Range.Name != "all_time" || rec.Export.CreatedAt.IsZero() {
			w.t.Errorf("the history has %+v", rec.Export)
		}
		if e := w.listed(); e.LocalState != history.LocalVerified || e.LocalFile != res.File {
			w.t.Errorf("listed as %s, %q", e.LocalState, e.LocalFile)
		}
	})
}

func TestWithoutAHistoryTheJournalRemembers(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		res := w.must(w.spec())
		if n := len(w.journal()); n != 1 {
			w.t.Errorf("the journal has %d records", n)
		}
		w.boot()
		if e := w.listed(); e.LocalState != history.LocalVerified || e.LocalFile != res.File {
			w.t.Errorf("listed as %s, %q", e.LocalState, e.LocalFile)
		}
	})
}

func TestTheJournalIsAdopted(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		res := w.must(w.spec())
		detached := w.ranged("last_7_days")
		detached.Detach = true
		left := w.must(detached)
		w.openHistory()
		w.boot()
		if records := w.journal(); len(records) > 0 {
			w.t.Errorf("the journal still has %q", records)
		}
		if rec := w.remembered(res.ExportID); rec.State != history.StateDone || rec.Path != res.File {
			w.t.Errorf("the history has %s, %q", rec.State, rec.Path)
		}
		if rec := w.remembered(left.ExportID); rec.State != history.StateDetached {
			w.t.Errorf("the history has %s of the one that was left to the server", rec.State)
		}
	})
}

func TestAFileIsFoundAgainAfterAnotherStart(t *testing.T) {
	remembering(t, func(w *world) {
		made := w.must(w.spec())
		elsewhere := job.Spec{ID: made.ExportID, Output: filepath.Join(w.dir, "other") + string(filepath.Separator)}
		second := w.must(elsewhere)
		if second.File == made.File || second.Reused {
			w.t.Fatalf("the second folder has %q", second.File)
		}
		w.boot()
		w.inject("file-status=500") // nobody may fetch anything
		for _, spec := range []job.Spec{{ID: made.ExportID}, elsewhere, {ID: made.ExportID}} {
			want := made.File
			if spec.Output != "" {
				want = second.File
			}
			if res := w.must(spec); res.File != want || !res.Reused || res.Attempts != 0 {
				w.t.Errorf("%q, reused %v, %d attempts; want %q", res.File, res.Reused, res.Attempts, want)
			}
		}
		if left := w.journal(); len(left) > 0 {
			w.t.Errorf("the journal still has %q", left)
		}
	})
}

func TestAFileThatWasChangedIsFetchedAnew(t *testing.T) {
	remembering(t, func(w *world) {
		made := w.must(w.spec())
		b, err := os.ReadFile(made.File)
		if err != nil {
			w.t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(made.File, b, 0o600); err != nil {
			w.t.Fatal(err)
		}
		w.boot()
		res := w.must(job.Spec{ID: made.ExportID})
		if res.Reused || res.File == made.File || len(res.Warnings) != 1 {
			w.t.Errorf("%q, reused %v, warnings %q", res.File, res.Reused, res.Warnings)
		}
	})
}

// cut is a run whose process was killed in the transfer: its service is
// stopped, and no end is noted.
func (w *world) cut() client.ID {
	w.t.Helper()
	w.inject("stall=20K")
	ref := w.svc.Start(w.spec())
	snap := w.until(ref, "a part", transferring(1))
	w.svc.Close()
	w.svc = nil
	return snap.Export.ID
}

func TestAPartIsFoundAgain(t *testing.T) {
	remembering(t, func(w *world) {
		id := w.cut()
		if err := w.sb.ClearFaults(); err != nil {
			w.t.Fatal(err)
		}
		w.boot()
		if e := w.listed(); e.LocalState != history.LocalPartial || e.LocalDone == 0 || e.LocalSize <= e.LocalDone {
			w.t.Errorf("listed as %s, %d of %d bytes", e.LocalState, e.LocalDone, e.LocalSize)
		}
		res := w.must(w.spec())
		if res.ExportID != id || res.ResumedFrom == 0 {
			w.t.Errorf("export %s, want %s; resumed from %d", res.ExportID, id, res.ResumedFrom)
		}
		w.whole(res)
		if e := w.listed(); e.LocalState != history.LocalVerified {
			w.t.Errorf("listed as %s", e.LocalState)
		}
	})
}

// The part of a run that the history could not take in is not hidden by the
// server's list, which the history has.
func TestAPartOfTheJournalIsListedBesideTheHistory(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.cut()
		w.openHistory()
		w.boot()
		for range 2 { // the first list is what the history learns of the export
			if e := w.listed(); e.LocalState != history.LocalPartial {
				w.t.Errorf("listed as %s", e.LocalState)
			}
		}
		if err := w.sb.ClearFaults(); err != nil {
			w.t.Fatal(err)
		}
		res := w.must(w.spec())
		w.whole(res)
		if left := w.journal(); len(left) > 0 {
			w.t.Errorf("the journal still has %q", left)
		}
	})
}

// A newer run of the journal counts, and the file of the older one is not lost.
func TestANewerRunOfTheJournalCounts(t *testing.T) {
	remembering(t, func(w *world) {
		made := w.must(w.spec())
		store := w.mem
		w.mem = nil
		w.boot()
		w.inject("stall=20K")
		ref := w.svc.Start(job.Spec{ID: made.ExportID, Output: filepath.Join(w.dir, "other") + string(filepath.Separator)})
		w.until(ref, "a part", transferring(1))
		w.svc.Close()
		w.svc, w.mem = nil, store
		w.boot()
		if e := w.listed(); e.LocalState != history.LocalPartial || filepath.Base(filepath.Dir(e.LocalFile)) != "other" {
			w.t.Errorf("listed as %s, %q", e.LocalState, e.LocalFile)
		}
	})
}

func TestListWithoutAServerOrAKey(t *testing.T) {
	remembering(t, func(w *world) {
		made := w.must(w.spec())
		for _, fault := range []string{"no-list", "api-status=405", "html-api", "api-status=500"} {
			w.inject(fault)
			w.boot()
			l, err := w.svc.Exports(context.Background())
			if err != nil || l.Offline == nil || l.Memory != nil {
				w.t.Errorf("%s: error %v, offline %v, memory %v", fault, err, l.Offline, l.Memory)
			}
			if len(l.Entries) != 1 || l.Entries[0].Export.ID != made.ExportID || l.Entries[0].LocalState != history.LocalVerified {
				w.t.Errorf("%s: entries %+v", fault, l.Entries)
			}
			if err := w.sb.ClearFaults(); err != nil {
				w.t.Fatal(err)
			}
		}
		for fault, want := range map[string]error{"api-status=401": client.ErrUnauthorized, "api-status=403": client.ErrForbiddenRole, "api-status=402": client.ErrForbiddenPlan} {
			w.inject(fault)
			w.boot()
			if _, err := w.svc.Exports(context.Background()); !errors.Is(err, want) {
				w.t.Errorf("%s: %v, want %v", fault, err, want)
			}
			if err := w.sb.ClearFaults(); err != nil {
				w.t.Fatal(err)
			}
		}
		l := job.Remembered(context.Background(), w.mem, w.st, testOrigin, "default")
		if len(l.Entries) != 1 || l.Project.Slug == "" {
			w.t.Errorf("without a key: %d entries of project %q", len(l.Entries), l.Project.Slug)
		}
		if l := job.Remembered(context.Background(), w.mem, w.st, "https://elsewhere.test", "default"); len(l.Entries) != 0 {
			w.t.Errorf("another origin has %d entries", len(l.Entries))
		}
	})
}

// A history that breaks in the middle costs the memory and not the work.
func TestAHistoryThatCannotBeWritten(t *testing.T) {
	remembering(t, func(w *world) {
		if err := w.mem.Close(); err != nil {
			w.t.Fatal(err)
		}
		res := w.must(w.spec())
		w.whole(res)
		if len(res.Warnings) != 1 {
			w.t.Errorf("warnings %q", res.Warnings)
		}
		if n := len(w.journal()); n != 1 {
			w.t.Errorf("the journal has %d records", n)
		}
		l, err := w.svc.Exports(context.Background())
		if err != nil || l.Memory == nil || len(l.Entries) != 1 || l.Entries[0].LocalState != history.LocalVerified {
			w.t.Errorf("error %v, memory %v, entries %+v", err, l.Memory, l.Entries)
		}
	})
}

// The folder of runs cannot be made: one warning, however many tries.
func TestAJournalThatCannotBeWritten(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		if err := os.MkdirAll(w.st, 0o700); err != nil {
			w.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.st, "runs"), nil, 0o600); err != nil {
			w.t.Fatal(err)
		}
		res := w.must(w.spec())
		w.whole(res)
		if len(res.Warnings) != 1 {
			w.t.Errorf("warnings %q", res.Warnings)
		}
	})
}
