package inspect_test

import (
	"context"
	"errors"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/inspect"
)

func TestReading(t *testing.T) {
	t.Parallel()
	for _, size := range bodies {
		m, done := reading(t, &file{}, false)
		m.SetSize(size.w, size.h)
		if !m.Waiting() {
			t.Error("it does not ask for ticks while it reads")
		}
		m.Update(nav.Tick{Now: clock(), Frame: 3})
		need(t, m, "Reading dashtray-my-saas-app-last_90_days", "0 B")
		done()
		if m.Waiting() {
			t.Error("it asks for ticks when nothing moves")
		}
		need(t, m, "The file does not verify")
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	r := &slow{at: make(chan struct{}), goOn: make(chan struct{})}
	m, _ := reading(t, r, false)
	m.SetSize(80, 20)
	cmd := m.Init() // the answer to the question before this one is late
	end := make(chan tea.Msg, 1)
	go func() { end <- cmd() }()
	<-r.at
	need(t, m, "0 B") // drawn is what a tick has told, and nothing else
	m.Update(nav.Tick{Now: clock()})
	need(t, m, "12.0 MiB of 48.0 MiB  25%", "██████")
	close(r.goOn)
	m.Update(<-end)
	need(t, m, "Summary", "does not verify")
}

// slow halts after a quarter of its 48 MiB.
type slow struct{ at, goOn chan struct{} }

func (s *slow) Inspect(_ context.Context, _ string, _ archive.Expect, progress func(done, total int64)) (archive.Report, error) {
	progress(12<<20, 48<<20)
	close(s.at)
	<-s.goOn
	return archive.Report{}, nil
}

func TestTitle(t *testing.T) {
	t.Parallel()
	m := inspect.New(deps(t, &file{}, false), "/tmp/a\x1b[2J.json")
	if got := m.Title(); got != "Inspect a␛[2J.json" {
		t.Errorf("%q", got)
	}
}

// What the server told of an export is what its file is held against.
func TestHeldAgainstTheExport(t *testing.T) {
	t.Parallel()
	told := int64(7)
	f := &file{content: export()}
	d := deps(t, f, false)
	d.Expect = archive.Expect{Format: "json", Records: &told, Include: []string{"metrics"}}
	m := inspect.New(d, path)
	m.SetSize(80, 40)
	m.Update(m.Init()())
	need(t, m, "The file is whole and consistent, with 4 warnings", "Compared     with the format, types and records of its export",
		"count_mismatch: ", "unrequested_data: connections were not asked for")
	m = shown(t, export(), false)
	need(t, m, "Compared     with nothing: which")
}

func TestReadsAgain(t *testing.T) {
	t.Parallel()
	f := &file{err: errors.New("permission\ndenied")}
	m, done := reading(t, f, false)
	m.SetSize(80, 20)
	done()
	need(t, m, "The file cannot be read: permission denied.", "Check who may read it. R tries again.")
	f.err, f.content = nil, export()
	late := m.Init()
	out := press(m, "R")
	if len(out) > 0 {
		t.Error("it began to read twice at the same time")
	}
	m.Update(late())
	need(t, m, "The file is whole")
	again := press(m, "R")
	need(t, m, "Reading")
	m.Update(late()) // of the question before
	need(t, m, "Reading")
	m.Update(again[0])
	need(t, m, "The file is whole")
	m.Update(nav.Changed{File: path, Gone: true})
	need(t, m, "was deleted since")
}
