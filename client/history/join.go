package history

import (
	"cmp"
	"math"
	"os"
	"slices"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// Join puts the server's list and this machine's records together, newest
// first, and looks at the files. The server's word counts; the records fill
// what it leaves out, and add the exports that it no longer lists. Both lists
// are newest first as they come: an export without a time keeps its place
// behind the one before it.
func Join(served []client.Export, remembered []Record) []Entry {
	most := len(served) + len(remembered)
	j := joined{entries: make([]Entry, 0, most), at: make(map[client.ID]int, most)}
	for _, exp := range served {
		j.add(exp)
	}
	listed := len(j.entries)
	looked := make([]bool, listed)
	for i := range remembered {
		rec := &remembered[i]
		at, ok := j.at[rec.Export.ID]
		switch {
		case !ok:
			at = j.add(rec.alone())
		case at >= listed || looked[at]:
			continue // of two records the newer one counts
		default:
			looked[at] = true
			j.entries[at].Export = mergeExport(rec.Export, j.entries[at].Export)
		}
		rec.look(&j.entries[at])
	}
	return j.sorted(listed)
}

// joined collects entries, each once.
type joined struct {
	entries []Entry
	at      map[client.ID]int
}

func (j *joined) add(exp client.Export) int {
	if at, ok := j.at[exp.ID]; ok {
		return at
	}
	at := len(j.entries)
	j.at[exp.ID] = at
	j.entries = append(j.entries, Entry{Export: exp, LocalState: LocalNone, LocalSize: told(exp.Bytes)})
	return at
}

// sorted moves the entries once, since they are large. The first ones are the
// server's list.
func (j *joined) sorted(listed int) []Entry {
	type place struct {
		created int64
		at      int
	}
	order := make([]place, len(j.entries))
	created := int64(math.MaxInt64) // a list that tells no times stays on top
	for i := range j.entries {
		if i == listed {
			created = math.MinInt64
		}
		if t := j.entries[i].Export.CreatedAt; !t.IsZero() {
			created = t.UnixMilli()
		}
		order[i] = place{created, i}
	}
	slices.SortFunc(order, func(a, b place) int {
		return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(a.at, b.at))
	})
	out := make([]Entry, len(order))
	for i, p := range order {
		out[i] = j.entries[p.at]
	}
	return out
}

// alone is the record told as the server would.
func (r *Record) alone() client.Export {
	exp := r.Export
	if exp.CreatedAt.IsZero() {
		exp.CreatedAt = r.Run.Started
	}
	if r.State.finished() && exp.Stage.Running() {
		exp.Status, exp.Stage = "completed", client.StageCompleted
	}
	return exp
}

// look finds the part or the file: of the newest run, else of earlier ones.
func (r *Record) look(e *Entry) {
	e.LocalSize = cmp.Or(told(e.Export.Bytes), r.Bytes)
	if r.Path == "" {
		r.lookEarlier(e)
		return
	}
	if part, err := transfer.Peek(r.Path); err == nil && part.State != transfer.StateNone {
		e.LocalFile, e.LocalState, e.LocalDone = r.Path, LocalPartial, part.Done
		if part.Size > 0 {
			e.LocalSize = part.Size
		}
		return
	}
	if f, ok := r.file(); ok {
		e.LocalFile, e.LocalState = f.Path, f.look()
	}
	if e.LocalState != LocalVerified {
		r.lookEarlier(e)
	}
}

// lookEarlier takes an earlier file if it is better than what was found.
func (r *Record) lookEarlier(e *Entry) {
	for i := range r.Files {
		f := &r.Files[i]
		if state := f.look(); rank(state) > rank(e.LocalState) {
			e.LocalFile, e.LocalState = f.Path, state
			e.LocalSize = cmp.Or(told(e.Export.Bytes), f.Bytes)
		}
	}
}

func rank(s LocalState) int {
	return slices.Index([]LocalState{LocalNone, LocalMissing, LocalInvalid, LocalVerified}, s)
}

// look compares the file's size with what it was. Its content is read again
// before it is used, not for a list.
func (f *File) look() LocalState {
	info, err := os.Lstat(f.Path)
	switch {
	case err != nil:
		return LocalMissing
	case f.State == StateInvalid || info.Size() != f.Bytes:
		return LocalInvalid
	}
	return LocalVerified
}

func told(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// mergeExport takes every field that fresh tells. Status, stage and error are
// one word of the server's and change together.
func mergeExport(old, fresh client.Export) client.Export {
	out := fresh
	if fresh.Status == "" && fresh.Stage == client.StageUnknown {
		out.Status, out.Stage, out.Error = old.Status, old.Stage, cmp.Or(fresh.Error, old.Error)
	}
	out.Format = cmp.Or(fresh.Format, old.Format)
	out.Range = mergeRange(old.Range, fresh.Range)
	out.Include = cmp.Or(fresh.Include, old.Include)
	out.Records, out.Bytes = cmp.Or(fresh.Records, old.Records), cmp.Or(fresh.Bytes, old.Bytes)
	for _, t := range []struct{ to, old *time.Time }{
		{&out.CreatedAt, &old.CreatedAt},
		{&out.StartedAt, &old.StartedAt},
		{&out.CompletedAt, &old.CompletedAt},
		{&out.ExpiresAt, &old.ExpiresAt},
	} {
		if t.to.IsZero() {
			*t.to = *t.old
		}
	}
	out.SHA256 = cmp.Or(fresh.SHA256, old.SHA256)
	return out
}

// mergeRange keeps the name of a range whose moments alone come back, and the
// moments of one whose name alone does.
func mergeRange(old, fresh client.WireRange) client.WireRange {
	moments := !fresh.From.IsZero() || !fresh.To.IsZero()
	switch {
	case fresh.Name == "" && !moments,
		fresh.Name == "" && fresh.From.Equal(old.From) && fresh.To.Equal(old.To),
		fresh.Name == old.Name && !moments:
		return old
	}
	return fresh
}
