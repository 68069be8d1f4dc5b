package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/text"
)

// Two things remember. The journal's records are runs that are not over: they
// carry the locks by which processes leave each other's runs alone, and they
// work where no database does. The history is every export, for good. A record
// goes when its run is over and the history has it.

// runsFolder is where the journal lies in the state folder.
func runsFolder(stateDir string) string {
	if stateDir == "" {
		return ""
	}
	return filepath.Join(stateDir, "runs")
}

// remembered is the record as the history keeps it.
func (rec *record) remembered() history.Record {
	exp := client.Export{ID: client.ID(rec.ExportID), Format: client.Format(rec.Format), CreatedAt: rec.CreatedAt}
	exp.Range.Name, exp.Range.From, exp.Range.To = text.Untrusted(rec.Range.Name), rec.Range.From, rec.Range.To
	if inc, err := client.ParseInclude(strings.Join(rec.Include, ",")); err == nil && len(rec.Include) > 0 {
		exp.Include = &inc
	}
	if rec.State == history.StateDone || rec.State == history.StateInvalid {
		exp.Status, exp.Stage = "completed", client.StageCompleted
	}
	return history.Record{
		Origin: rec.Origin, ProjectID: client.ID(rec.ProjectID), Export: exp,
		Path: rec.Path, State: rec.State, Bytes: rec.Bytes, SHA256: rec.SHA256, Verified: rec.Verified,
		Run: history.Run{Match: rec.Match, Started: rec.Started},
	}
}

// fromHistory is what a new run of an export begins with.
func fromHistory(h history.Record) record {
	e := h.Export
	rec := record{
		Origin: h.Origin, ProjectID: h.ProjectID.Raw(), ExportID: e.ID.Raw(), Match: h.Run.Match,
		Format: string(e.Format), Range: told(e.Range), CreatedAt: e.CreatedAt,
		Path: h.Path, Bytes: h.Bytes, SHA256: h.SHA256,
	}
	rec.Range.Name = cmp.Or(rec.Range.Name, spelled(e.Range))
	if e.Include != nil {
		rec.Include = e.Include.Names()
	}
	if h.State == history.StateDone {
		rec.files = append(rec.files, history.File{Path: h.Path, State: h.State, Bytes: h.Bytes, SHA256: h.SHA256})
	}
	for _, f := range h.Files {
		if f.State == history.StateDone {
			rec.files = append(rec.files, f)
		}
	}
	return rec
}

// spelled is a range of days as it was written, if it could have been.
func spelled(w client.WireRange) string {
	name := w.Name.Raw()
	from, to, ok := strings.Cut(name, "..")
	if ok && len(from) == len("2006-01-02") && len(to) == len(from) && strings.Trim(from+to, "0123456789-") == "" {
		return name
	}
	return ""
}

// remember saves the record; a memory that cannot be written is a warning.
func (r *run) remember() {
	rec := r.record
	if rec == nil {
		return
	}
	if err := r.s.journal.save(rec); err != nil {
		r.unremembered(err)
	}
	r.tellHistory(r.snapshot().Export)
}

// unremembered warns once, though each try of the journal fails at a file of
// another name: those are in the log.
func (r *run) unremembered(err error) {
	r.s.d.Log.Warn("run is not remembered", "error", err)
	var file *fs.PathError
	if errors.As(err, &file) {
		err = file.Err
	}
	r.warnOnce("this run cannot be remembered, so it could not be continued: " + text.Untrusted(err.Error()).Safe())
}

// tellHistory keeps what the run and the server say of the export; rec.kept
// notes whether that worked.
func (r *run) tellHistory(exp client.Export) {
	rec := r.record
	if rec.ExportID == "" {
		return
	}
	h := rec.remembered()
	if exp.ID == h.Export.ID {
		h.Export = joined(exp, h.Export)
	}
	// The end of a run is remembered even if that is what ended it.
	err := r.s.d.History.Remember(context.WithoutCancel(r.s.ctx), h)
	rec.kept = err == nil && r.s.d.History != nil
	if err != nil {
		r.s.d.Log.Warn("export is not in the history", "error", err)
		r.warnOnce("the history cannot be written: " + text.Untrusted(err.Error()).Safe())
	}
}

// joined is the server's word, and ours where it said nothing.
func joined(exp, ours client.Export) client.Export {
	exp.Format = cmp.Or(exp.Format, ours.Format)
	if ours.Range.Name != "" || exp.Range == (client.WireRange{}) {
		exp.Range = ours.Range // as it was written, which the server does not echo
	}
	exp.Include = cmp.Or(exp.Include, ours.Include)
	exp.CreatedAt = cmp.Or(exp.CreatedAt, ours.CreatedAt)
	if exp.Status == "" && exp.Stage == client.StageUnknown {
		exp.Status, exp.Stage = ours.Status, ours.Stage
	}
	return exp
}

// letGoOf ends the record of a run that is over.
func (s *Service) letGoOf(rec *record) {
	over := rec.State != history.StateRunning
	if over && (rec.kept || rec.ExportID == "") && s.journal.dir != "" {
		s.journal.drop(rec)
	}
	s.journal.release(rec)
}

// adopt gives the history the runs that ended while there was none.
func (s *Service) adopt() {
	if s.d.History == nil {
		return
	}
	for _, rec := range s.journal.all() {
		if rec.State == history.StateRunning {
			continue
		}
		if ok, err := s.journal.tryLock(rec); err != nil || !ok {
			continue
		}
		if rec.ExportID != "" {
			err := s.d.History.Remember(s.ctx, rec.remembered())
			if rec.kept = err == nil; !rec.kept {
				s.d.Log.Warn("an earlier run is not in the history", "error", err)
			}
		}
		s.letGoOf(rec)
	}
}

// known is what this machine remembers of an export, nil if nothing.
func (s *Service) known(id client.ID) *record {
	origin := s.d.API.Origin()
	rec := s.journal.of(origin, id)
	h, ok, err := s.d.History.Find(s.ctx, origin, id)
	if err != nil {
		s.d.Log.Warn("the history cannot be read", "error", err)
	}
	var files []history.File
	for _, r := range s.journal.all() { // where there is no history, the only ones
		if r.Origin == origin && r.ExportID == id.Raw() && r.State == history.StateDone {
			files = append(files, history.File{Path: r.Path, State: r.State, Bytes: r.Bytes, SHA256: r.SHA256})
		}
	}
	if ok {
		old := fromHistory(h)
		files = append(files, old.files...)
		if rec == nil {
			rec = &old
		}
	}
	if rec != nil {
		rec.files = files
	}
	return rec
}

// memories are the records of a project, or of every project where none is
// known: the history's, and of the journal's runs those that it has not, or has
// only an earlier run of.
func memories(ctx context.Context, store *history.Store, j journal, origin string, project client.ID) ([]history.Record, error) {
	out, err := store.List(ctx, origin, project, maxListed)
	if err != nil {
		err = fmt.Errorf("read the history: %w", err)
	}
	at := make(map[client.ID]int, len(out))
	for i := range out {
		at[out[i].Export.ID] = i
	}
	for _, rec := range j.all() { // newest first: the first record of an export counts
		id := client.ID(rec.ExportID)
		if rec.Origin != origin || id == "" || project != "" && rec.ProjectID != "" && rec.ProjectID != project.Raw() {
			continue
		}
		i, known := at[id]
		switch {
		case !known:
			at[id] = len(out)
			out = append(out, rec.remembered())
		case rec.Started.Truncate(time.Millisecond).After(out[i].Run.Started):
			out[i] = withRun(out[i], rec)
		}
	}
	slices.SortStableFunc(out, func(a, b history.Record) int { return b.Export.CreatedAt.Compare(a.Export.CreatedAt) })
	return out, err
}

// withRun is a record with the journal's run in place of an earlier one.
func withRun(h history.Record, rec *record) history.Record {
	if f := (history.File{Path: h.Path, State: h.State, Bytes: h.Bytes, SHA256: h.SHA256, Verified: h.Verified}); h.State == history.StateDone {
		h.Files = append([]history.File{f}, h.Files...)
	}
	run := rec.remembered()
	h.Path, h.State, h.Bytes, h.SHA256, h.Verified, h.Run = run.Path, run.State, run.Bytes, run.SHA256, run.Verified, run.Run
	return h
}
