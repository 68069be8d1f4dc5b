package exports

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// row is one export: as listed, as a job of ours has it, or both.
type row struct {
	entry *history.Entry // nil: no listing has it
	live  *job.Snapshot  // nil: no job of ours works on it
}

// order is what the list is sorted by.
type order int

const (
	byCreated order = iota
	bySize
	byRecords
	byState
	orders
)

func (o order) String() string {
	return [...]string{"newest first", "largest first", "most records first", "by state"}[o]
}

// item is an entry of the listing, and what the filter looks at.
type item struct {
	entry history.Entry
	words string
}

// take makes the items of a listing.
func (m *Model) take(entries []history.Entry) {
	all := make([]item, len(entries))
	m.items = make([]*item, len(entries))
	m.at = make(map[client.ID]*item, len(entries))
	for i := range entries {
		it := &all[i]
		it.entry = entries[i]
		it.words = m.searchable(row{entry: &it.entry})
		m.items[i] = it
		if id := it.entry.Export.ID; id != "" {
			m.at[id] = it
		}
	}
	m.arrange()
}

// arrange sorts the items; those that are equal in it stand the newest first.
func (m *Model) arrange() {
	slices.SortStableFunc(m.items, func(a, b *item) int {
		x, y := &a.entry, &b.entry
		c := 0
		switch m.sort {
		case bySize:
			c = cmp.Compare(sizeOf(y), sizeOf(x))
		case byRecords:
			c = cmp.Compare(recordsOf(y), recordsOf(x))
		case byState:
			c = cmp.Compare(x.Export.Stage, y.Export.Stage)
		}
		return cmp.Or(c, y.Export.CreatedAt.Compare(x.Export.CreatedAt))
	})
}

// rebuild makes the rows anew: our running jobs, our jobs that no listing has,
// then the listing. The cursor stays on its export.
func (m *Model) rebuild() {
	before, had := m.current()
	query := strings.ToLower(strings.TrimSpace(m.filter.Value()))
	m.total = len(m.items)
	var running, over []row
	covered := map[*item]bool{}
	for i := range m.jobs {
		s := &m.jobs[i]
		it := m.at[s.Export.ID]
		if it != nil && s.Step.Over() {
			continue // the listing knows better
		}
		r := row{live: s}
		if it != nil {
			r.entry = &it.entry
			covered[it] = true
		} else {
			m.total++
		}
		if query != "" && !strings.Contains(m.searchable(r), query) {
			continue
		}
		if s.Step.Over() {
			over = append(over, r)
		} else {
			running = append(running, r)
		}
	}
	m.rows = append(append(m.rows[:0], running...), over...)
	for _, it := range m.items {
		if !covered[it] && (query == "" || strings.Contains(it.words, query)) {
			m.rows = append(m.rows, row{entry: &it.entry})
		}
	}
	m.lastLink = time.Time{}
	for i := range m.rows {
		if end, ok := m.rows[i].export().LinkEnd(); ok && end.After(m.lastLink) {
			m.lastLink = end
		}
	}
	m.table.SetLen(len(m.rows))
	if had {
		if i := slices.IndexFunc(m.rows, before.same); i >= 0 {
			m.table.Select(i)
		}
	}
}

// current is the row under the cursor, copied.
func (m *Model) current() (row, bool) {
	i := m.table.Cursor()
	if i < 0 || i >= len(m.rows) {
		return row{}, false
	}
	return m.rows[i], true
}

// id of the export, "" while none is made.
func (r row) id() client.ID {
	switch {
	case r.entry != nil && r.entry.Export.ID != "":
		return r.entry.Export.ID
	case r.live != nil:
		return r.live.Export.ID
	}
	return ""
}

// same reports whether two rows are of the same export, or job.
func (r row) same(o row) bool {
	if r.live != nil && o.live != nil {
		return r.live.Ref == o.live.Ref
	}
	return r.id() != "" && r.id() == o.id()
}

// running reports whether a job of ours works on it now.
func (r row) running() bool { return r.live != nil && !r.live.Step.Over() }

// export is what is known of the export: the job's last answer if one runs.
func (r row) export() *client.Export {
	switch {
	case r.live != nil && r.live.Export.ID != "":
		return &r.live.Export
	case r.entry != nil:
		return &r.entry.Export
	}
	return &client.Export{}
}

// created is when the export, or else its job, began.
func (r row) created() time.Time {
	if t := r.export().CreatedAt; !t.IsZero() || r.live == nil {
		return t
	}
	return r.live.Started
}

// file is where the file is or will be, "" if that is not known.
func (r row) file() string {
	switch {
	case r.live != nil && r.live.Result != nil:
		return r.live.Result.File
	case r.running() && r.live.File != "":
		return r.live.File
	case r.entry != nil:
		return r.entry.LocalFile
	}
	return ""
}

// local is the state of the file on this machine.
func (r row) local() history.LocalState {
	switch {
	case r.live != nil && r.live.Step == job.StepDone && r.file() != "":
		return history.LocalVerified
	case r.entry != nil && r.entry.LocalState != "":
		return r.entry.LocalState
	}
	return history.LocalNone
}

// fetchable reports whether the file can be had, or waited for.
func (r row) fetchable() bool {
	e := r.export()
	return r.id() != "" && !r.running() && r.local() != history.LocalVerified &&
		e.Stage != client.StageFailed && e.Stage != client.StageExpired
}

// spec is the job that fetches this export.
func (r row) spec() job.Spec { return job.Spec{ID: r.id()} }

// again is the same request once more.
func (r row) again(loc *time.Location) job.Spec {
	if r.live != nil && r.live.Spec.ID == "" {
		return job.Spec{Request: r.live.Spec.Request, Output: r.live.Spec.Output}
	}
	e := r.export()
	req := client.ExportRequest{
		Format: e.Format, Range: wireRange(e.Range, loc),
		Include: client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true},
	}
	if req.Format == "" {
		req.Format = client.JSON
	}
	if e.Include != nil {
		req.Include = *e.Include
	}
	return job.Spec{Request: req}
}

// wireRange is a range that the server told, as a person would write it.
func wireRange(w client.WireRange, loc *time.Location) client.Range {
	r := client.Range{Name: w.Name.Raw(), From: w.From, To: w.To}
	if !w.From.IsZero() && !w.To.IsZero() {
		r.Name = w.From.In(loc).Format(time.DateOnly) + ".." + w.To.In(loc).Format(time.DateOnly)
	}
	return r
}

func sizeOf(e *history.Entry) int64 {
	switch {
	case e.Export.Bytes != nil:
		return *e.Export.Bytes
	case e.LocalSize > 0:
		return e.LocalSize
	}
	return -1
}

func recordsOf(e *history.Entry) int64 {
	if e.Export.Records != nil {
		return *e.Export.Records
	}
	return -1
}

var _ nav.TextScreen = (*Model)(nil)
