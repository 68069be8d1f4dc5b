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

// arrange sorts the entries and notes what the filter looks at.
func (m *Model) arrange() {
	slices.SortStableFunc(m.listing.Entries, func(a, b history.Entry) int {
		switch m.sort {
		case bySize:
			return cmp.Compare(sizeOf(b), sizeOf(a))
		case byRecords:
			return cmp.Compare(recordsOf(b), recordsOf(a))
		case byState:
			return cmp.Compare(a.Export.Stage, b.Export.Stage)
		default:
			return b.Export.CreatedAt.Compare(a.Export.CreatedAt)
		}
	})
	m.words = make([]string, len(m.listing.Entries))
	m.at = make(map[client.ID]int, len(m.listing.Entries))
	for i := range m.listing.Entries {
		m.words[i] = m.searchable(row{entry: &m.listing.Entries[i]})
		if id := m.listing.Entries[i].Export.ID; id != "" {
			m.at[id] = i
		}
	}
}

// rebuild makes the rows anew: our running jobs, our jobs that no listing has,
// then the listing. The cursor stays on its export.
func (m *Model) rebuild() {
	before, had := m.current()
	m.rows = m.rows[:0]
	query := strings.ToLower(strings.TrimSpace(m.filter.Value()))
	m.total = len(m.listing.Entries)
	var running, over []row
	covered := map[int]bool{}
	for i := range m.jobs {
		s := &m.jobs[i]
		at, listed := m.at[s.Export.ID]
		if listed && s.Step.Over() {
			continue // the listing knows better
		}
		r := row{live: s}
		if listed {
			r.entry = &m.listing.Entries[at]
			covered[at] = true
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
	m.rows = append(append(m.rows, running...), over...)
	for i := range m.listing.Entries {
		if !covered[i] && (query == "" || strings.Contains(m.words[i], query)) {
			m.rows = append(m.rows, row{entry: &m.listing.Entries[i]})
		}
	}
	m.lastLink = time.Time{}
	for _, r := range m.rows {
		if end, ok := r.linkEnd(); ok && end.After(m.lastLink) {
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

// linkLife is how long a download link lives, by the product's page.
const linkLife = 24 * time.Hour

// linkEnd is when the link stops working, and whether that is known.
func (r row) linkEnd() (time.Time, bool) {
	e := r.export()
	switch {
	case e.Stage != client.StageCompleted:
		return time.Time{}, false
	case !e.ExpiresAt.IsZero():
		return e.ExpiresAt, true
	case !e.CompletedAt.IsZero():
		return e.CompletedAt.Add(linkLife), true
	}
	return time.Time{}, false
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

func sizeOf(e history.Entry) int64 {
	switch {
	case e.Export.Bytes != nil:
		return *e.Export.Bytes
	case e.LocalSize > 0:
		return e.LocalSize
	}
	return -1
}

func recordsOf(e history.Entry) int64 {
	if e.Export.Records != nil {
		return *e.Export.Records
	}
	return -1
}

var _ nav.TextScreen = (*Model)(nil)
