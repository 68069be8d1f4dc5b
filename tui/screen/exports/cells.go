package exports

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// columns are those of 78 cells together without Records; on 60 Data and Size
// go too.
func columns() []component.Column {
	return []component.Column{
		{Title: "STATE", Width: 12},
		{Title: "CREATED", Width: 9},
		{Title: "RANGE", Width: 16, Grow: 7},
		{Title: "DATA", Width: 7, Drop: 1},
		{Title: "RECORDS", Width: 9, Grow: 3, Drop: 3, Right: true},
		{Title: "SIZE", Width: 8, Grow: 2, Drop: 2, Right: true},
		{Title: "LINK", Width: 9, Grow: 2},
		{Title: "FILE", Width: 8, Grow: 2},
	}
}

// cells are one row of the table.
func (m *Model) cells(r row) []component.Cell {
	e := r.export()
	created := component.Cell{Text: ago(r.created(), m.now), Tone: theme.Faint}
	if r.running() {
		created = component.Cell{Text: running(m.now.Sub(r.live.Started)), Tone: theme.Active}
	}
	return []component.Cell{
		m.state(r), created,
		{Text: m.rangeOf(r)},
		{Text: letters(m.include(r))},
		{Text: records(e), Tone: theme.Faint},
		{Text: component.CoarseSize(size(r)), Tone: theme.Faint},
		m.link(r), m.local(r),
	}
}

// state is an icon and a word: of our job while one runs, else of the export.
func (m *Model) state(r row) component.Cell {
	th := m.d.Theme
	if r.live != nil {
		s := r.live
		switch {
		case s.Paused && !s.Step.Over():
			return component.Cell{Text: th.Glyphs.Pause + " paused", Tone: theme.Caution}
		case !s.Step.Over():
			return component.Cell{Text: th.Spinner(m.frame) + " " + stepWord(s.Step), Tone: theme.Active}
		case s.Step == job.StepFailed:
			return component.Cell{Text: th.Mark(theme.Bad) + " failed", Tone: theme.Bad}
		case s.Step == job.StepStopped:
			return component.Cell{Text: th.Glyphs.Pause + " stopped", Tone: theme.Caution}
		default:
			return component.Cell{Text: th.Mark(theme.Good) + " done", Tone: theme.Good}
		}
	}
	e := r.export()
	tone, word := stageLook(e)
	return component.Cell{Text: th.Mark(tone) + " " + word, Tone: tone}
}

// stepWord is a step in a word that fits the column.
func stepWord(s job.Step) string {
	switch s {
	case job.StepBusy:
		return "waiting"
	case job.StepTransferring:
		return "receiving"
	default:
		return string(s)
	}
}

// stageLook is how an export stands at the server. A word that the server
// alone knows is shown as it came.
func stageLook(e *client.Export) (theme.Tone, string) {
	switch e.Stage {
	case client.StageCompleted:
		return theme.Good, "ready"
	case client.StageFailed:
		return theme.Bad, "failed"
	case client.StageExpired:
		return theme.Faint, "expired"
	}
	if w := e.Status.Safe(); w != "" {
		return theme.Active, w
	}
	return theme.Faint, component.Unknown
}

// include is what an export holds, nil if nobody told.
func (m *Model) include(r row) *client.Include {
	if e := r.export(); e.Include != nil {
		return e.Include
	}
	if r.live != nil && r.live.Spec.ID == "" {
		return &r.live.Spec.Request.Include
	}
	return nil
}

// letters are the data types: M C D A, with a dot for each that is absent.
func letters(in *client.Include) string {
	if in == nil {
		return component.Unknown
	}
	l := []string{"M", "C", "D", "A"}
	for i, has := range []bool{in.Metrics, in.Connections, in.Dashboards, in.AuditLogs} {
		if !has {
			l[i] = "."
		}
	}
	return strings.Join(l, " ")
}

// rangeOf is the date range as short as it can be told.
func (m *Model) rangeOf(r row) string {
	name, dash := m.rangeName(r), m.d.Theme.Glyphs.Dash
	from, to, days := strings.Cut(name, "..")
	switch {
	case name == "":
		return component.Unknown
	case days && from != to && sameYear(from, to):
		return from + dash + to[len("2026-"):]
	case days && from != to:
		return from + dash + to
	}
	return component.RangeWords(name, dash)
}

func sameYear(from, to string) bool {
	const day = len(time.DateOnly)
	return len(from) == day && len(to) == day && from[:5] == to[:5]
}

// rangeName is the range as it was asked for, else its days as FROM..TO; "" if
// nobody told. A server that tells the days of a job of ours does not take its
// word from it: the row keeps the name it has before and after.
func (m *Model) rangeName(r row) string {
	w := r.export().Range
	switch {
	case w.Name != "":
		return w.Name.Safe()
	case r.live != nil && r.live.Spec.ID == "" && r.live.Spec.Request.Range.Name != "":
		return r.live.Spec.Request.Range.Name
	case w.From.IsZero() || w.To.IsZero():
		return ""
	}
	return w.From.In(m.d.Location).Format(time.DateOnly) + ".." + w.To.In(m.d.Location).Format(time.DateOnly)
}

func records(e *client.Export) string {
	if e.Records == nil {
		return component.Unknown
	}
	return component.Count(*e.Records)
}

// size is that of the file in bytes, -1 if it is not known.
func size(r row) int64 {
	if e := r.export(); e.Bytes != nil {
		return *e.Bytes
	}
	if r.live != nil && r.live.Transfer.Size > 0 {
		return r.live.Transfer.Size
	}
	if r.entry != nil {
		return sizeOf(r.entry)
	}
	return -1
}

// link is how long the link lives.
func (m *Model) link(r row) component.Cell {
	e := r.export()
	if e.Stage == client.StageExpired {
		return component.Cell{Text: "expired", Tone: theme.Faint}
	}
	end, ok := e.LinkEnd()
	left := end.Sub(m.now)
	switch {
	case !ok:
		return component.Cell{Text: m.d.Theme.Glyphs.Dash, Tone: theme.Faint}
	case left <= 0:
		return component.Cell{Text: "expired", Tone: theme.Faint}
	case left < time.Minute:
		return component.Cell{Text: "<1 m left", Tone: theme.Caution}
	case left < time.Hour:
		return component.Cell{Text: component.Coarse(left) + " left", Tone: theme.Caution}
	default:
		return component.Cell{Text: component.Coarse(left) + " left"}
	}
}

// local is the state of the file here.
func (m *Model) local(r row) component.Cell {
	if r.running() {
		switch r.live.Step {
		case job.StepTransferring:
			return component.Cell{Text: part(r.live.Transfer.Done, r.live.Transfer.Size), Tone: theme.Active}
		case job.StepVerifying:
			return component.Cell{Text: "checking", Tone: theme.Active}
		}
	}
	switch state := r.local(); state {
	case history.LocalNone:
		return component.Cell{Text: "none", Tone: theme.Faint}
	case history.LocalPartial:
		return component.Cell{Text: part(r.entry.LocalDone, r.entry.LocalSize), Tone: theme.Caution}
	case history.LocalVerified:
		return component.Cell{Text: "verified", Tone: theme.Good}
	case history.LocalInvalid:
		return component.Cell{Text: "invalid", Tone: theme.Bad}
	default:
		return component.Cell{Text: string(state), Tone: theme.Caution}
	}
}

// part is how much of a file is here.
func part(done, size int64) string {
	if size <= 0 {
		return "part"
	}
	return "part " + strconv.FormatInt(min(max(done, 0), size)*100/size, 10) + "%"
}

// ago is a moment in the past in at most nine cells.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return component.Unknown
	case d < time.Minute:
		return "just now"
	default:
		return component.Coarse(d) + " ago"
	}
}

// running is how long a job has run, in at most nine cells for four days.
func running(d time.Duration) string {
	if d < time.Hour {
		return "for " + clock(d)
	}
	return clock(d)
}

// clock is a span as a running clock: 1:05, 12:05, 1:02:03.
func clock(d time.Duration) string {
	s := max(0, int64(d/time.Second))
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}

// searchable is what the filter looks at: what the table and the details show
// of an export, in lower case.
func (m *Model) searchable(r row) string {
	e := r.export()
	_, state := stageLook(e)
	if r.live != nil {
		state += " " + string(r.live.Step)
	}
	return strings.ToLower(strings.Join([]string{
		state, m.rangeOf(r), m.longRange(r), string(e.Format), e.ID.Safe(), e.Error.Safe(), string(r.local()), r.file(),
		r.created().In(m.d.Location).Format(time.DateTime),
	}, " "))
}
