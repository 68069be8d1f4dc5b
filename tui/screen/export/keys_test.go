package export_test

import (
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/export"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func press(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Text: string(r)} }

var esc = tea.KeyPressMsg{Code: tea.KeyEscape}

func TestEscDetachesAndSaysSo(t *testing.T) {
	t.Parallel()
	state := states()["collecting"]
	m, jobs := show(t, state.snap, state.after)
	if !m.HoldsEsc() {
		t.Fatal("esc goes elsewhere while the job runs")
	}
	msgs := tuitest.Messages(m.Update(esc))
	tuitest.Need[nav.Back](t, msgs)
	if got := tuitest.Need[nav.Toast](t, msgs).Text; got != "The job goes on. t lists what runs." {
		t.Errorf("toast %q", got)
	}
	if calls := jobs.Calls(); len(calls) != 0 {
		t.Errorf("leaving did %v", calls)
	}
	over, _ := show(t, states()["failed"].snap, time.Hour)
	if over.HoldsEsc() {
		t.Error("esc is held when nothing runs")
	}
}

func TestStop(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"collecting", "busy"} {
		state := states()[name]
		m, jobs := show(t, state.snap, state.after)
		cmd := m.Update(press('x'))
		if len(jobs.Calls()) != 0 {
			t.Error("Update itself called the service")
		}
		tuitest.Messages(cmd)
		if calls := jobs.Calls(); !reflect.DeepEqual(calls, []string{"stop"}) {
			t.Errorf("%s: calls %v", name, calls)
		}
	}
}

func TestKeysOfAFailedExport(t *testing.T) {
	t.Parallel()
	m, _ := show(t, states()["failed"].snap, time.Hour)
	again := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(press('r'))))
	if again.Kind != nav.NewExport || again.Preset == nil || again.Preset.Request != monthOfAll() {
		t.Errorf("r opens %+v", again)
	}
	if f := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(press('f')))); f.Preset == nil || f.Kind != nav.NewExport {
		t.Errorf("f opens %+v", f)
	}
	if c := tuitest.Need[nav.Copy](t, tuitest.Messages(m.Update(press('c')))); c.Text != "exp_7f3a91c2" || c.What != "export id" {
		t.Errorf("c copies %+v", c)
	}
	if c := tuitest.Need[nav.Copy](t, tuitest.Messages(m.Update(press('Y')))); c.Text != "dashtray-tui export --range last_30_days" {
		t.Errorf("Y copies %+v", c)
	}
	if msgs := tuitest.Messages(m.Update(press('y'))); len(msgs) != 0 {
		t.Errorf("y without a path gives %v", msgs)
	}
	if msgs := tuitest.Messages(m.Update(press('d'))); len(msgs) != 0 {
		t.Errorf("d on a failed export gives %v", msgs)
	}
}

// TestSmallerOnlyWhereItHelps: what was refused is not cured by a shorter range.
func TestSmallerOnlyWhereItHelps(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"failed": true, "timeout": true, "refused": false, "stopped": false} {
		m, _ := show(t, states()[name].snap, time.Hour)
		m.SetSize(80, 20)
		for _, r := range "sf" {
			if got := m.Update(press(r)) != nil; got != want {
				t.Errorf("%s: %c works: %v", name, r, got)
			}
		}
		offered := false
		for _, b := range m.Keys()[0].Bindings {
			offered = offered || b.Help().Desc == "shorter range"
		}
		if offered != want || strings.Contains(stripped(m), "shorter range") != want {
			t.Errorf("%s: a shorter range is offered: %v", name, offered)
		}
	}
}

func TestShorterRange(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"all_time": "last_year", "last_year": "last_90_days", "last_90_days": "last_30_days",
		"last_30_days": "last_7_days", "last_7_days": "last_7_days", "2026-Q1": "2026-Q1",
	} {
		s := states()["failed"].snap
		s.Spec.Request.Range = client.Range{Name: name}
		m, _ := show(t, s, time.Hour)
		open := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(press('s'))))
		if got := open.Preset.Request.Range.Name; got != want {
			t.Errorf("shorter than %s is %s, want %s", name, got, want)
		}
	}
}

func TestPickUpStartsOnce(t *testing.T) {
	t.Parallel()
	m, jobs := show(t, states()["stopped"].snap, time.Hour)
	first, second := m.Update(press('d')), m.Update(press('d'))
	open := tuitest.Need[nav.Open](t, tuitest.Messages(first))
	if second != nil {
		t.Error("a second d starts another job")
	}
	if open.Kind != nav.Export || !open.Replace {
		t.Errorf("d opens %+v", open)
	}
	if got := jobs.Started(); len(got) != 1 || got[0].ID != "exp_7f3a91c2" {
		t.Errorf("started %+v", got)
	}
}

// TestGoesOnToTheTransferOnce: whichever step of the file is seen first, the
// screen asks to be replaced, and only once.
func TestGoesOnToTheTransferOnce(t *testing.T) {
	t.Parallel()
	for _, step := range []job.Step{job.StepTransferring, job.StepVerifying, job.StepDone} {
		t.Run(string(step), func(t *testing.T) {
			t.Parallel()
			m, jobs := show(t, states()["collecting"].snap, time.Minute)
			if cmd := m.Init(); cmd != nil {
				t.Fatal("goes on while collecting")
			}
			jobs.Step(1, step)
			news := nav.Jobs{List: jobs.List(), Now: start.Add(time.Minute)}
			open := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(news)))
			if open.Kind != nav.Transfer || open.Ref != 1 || !open.Replace {
				t.Errorf("opens %+v", open)
			}
			if cmd := m.Update(news); cmd != nil {
				t.Error("asks twice")
			}
			// Who comes back here can go on by hand.
			by := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})))
			if by != open {
				t.Errorf("enter opens %+v", by)
			}
			m.SetSize(60, 13)
			if view := stripped(m); !strings.Contains(view, "shows the file") {
				t.Errorf("no way on in\n%s", view)
			}
			late := export.New(deps(jobs, clock(0)), 1, nil)
			tuitest.Need[nav.Open](t, tuitest.Messages(late.Init()))
		})
	}
	detached := states()["collecting"].snap
	detached.Spec.Detach = true
	m, jobs := show(t, detached, time.Minute)
	jobs.Step(1, job.StepDone)
	if cmd := m.Update(nav.Jobs{List: jobs.List(), Now: start}); cmd != nil {
		t.Error("a job without a file goes on to a transfer")
	}
}

func TestUnknownJob(t *testing.T) {
	t.Parallel()
	m := export.New(deps(tuitest.NewJobs(clock(0)), clock(0)), 7, nil)
	m.SetSize(80, 20)
	if m.Keys() != nil || m.Update(press('x')) != nil || m.HoldsEsc() {
		t.Error("a job that is not there can be worked on")
	}
}

func TestEntry(t *testing.T) {
	t.Parallel()
	entry := &history.Entry{
		Export: client.Export{
			ID: "exp_1", Status: "completed", Stage: client.StageCompleted, Format: client.CSV,
			Range: client.WireRange{Name: "last_7_days"}, Records: number(12345), Bytes: number(4 << 20),
			CreatedAt: start.Add(-2 * time.Hour), CompletedAt: start.Add(-119 * time.Minute), ExpiresAt: start.Add(22 * time.Hour),
		},
		LocalFile: "/home/u/x.csv", LocalState: history.LocalPartial, LocalDone: 1 << 20, LocalSize: 4 << 20,
	}
	jobs := tuitest.NewJobs(clock(0))
	m := export.New(deps(jobs, clock(0)), 0, entry)
	m.SetSize(80, 20)
	tuitest.Golden(t, "entry", stripped(m))
	if !m.Counting() || m.HoldsEsc() {
		t.Error("the time left on the link is a countdown, and esc goes back")
	}
	again := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(press('r'))))
	if p := again.Preset; p == nil || p.ID != "" || p.Request.Format != client.CSV || p.Request.Range.Name != "last_7_days" {
		t.Errorf("r opens %+v", again)
	}
	if c := tuitest.Need[nav.Copy](t, tuitest.Messages(m.Update(press('y')))); c.Text != "/home/u/x.csv" {
		t.Errorf("y copies %+v", c)
	}
	open := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(press('d'))))
	if open.Kind != nav.Transfer || jobs.Started()[0].ID != "exp_1" {
		t.Errorf("d opens %+v", open)
	}

	gone := *entry
	gone.Export.Stage, gone.Export.Status = client.StageExpired, "expired"
	gone.LocalState, gone.LocalFile = history.LocalNone, ""
	m = export.New(deps(jobs, clock(48*time.Hour)), 0, &gone)
	m.SetSize(80, 20)
	tuitest.Golden(t, "entry-expired", stripped(m))
	if m.Counting() || m.Update(press('d')) != nil {
		t.Error("an expired export can be downloaded")
	}
}

// TestEntryWithAJob: an export that some job works on already gets no second one.
func TestEntryWithAJob(t *testing.T) {
	t.Parallel()
	jobs := tuitest.NewJobs(clock(0))
	ref := jobs.Set(running(collecting, client.Export{ID: "exp_1", Stage: client.StageCollecting}))
	m := export.New(deps(jobs, clock(0)), 0, &history.Entry{Export: client.Export{ID: "exp_1", Stage: client.StageCollecting}})
	m.Update(nav.Jobs{List: jobs.List(), Now: start})
	open := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(press('d'))))
	if open.Ref != ref || open.Kind != nav.Export || len(jobs.Started()) != 0 {
		t.Errorf("d opens %+v and starts %v", open, jobs.Started())
	}
}

// TestOnATerminal runs the screen on a virtual terminal: real keys, real
// bytes, the clock of the bubble.
func TestOnATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := tuitest.NewJobs(time.Now)
		ref := jobs.Start(job.Spec{Request: monthOfAll()})
		m := export.New(deps(jobs, time.Now), ref, nil)
		root := &tuitest.Host{Screen: m}
		term := tuitest.Start(t, root, 80, 24)
		news := func() { term.Send(nav.Jobs{List: jobs.List(), Now: time.Now()}) }
		term.Need(t, "Getting ready", "Queued")

		jobs.Change(ref, func(s *job.Snapshot) {
			s.Export = client.Export{ID: "exp_1", Status: "queued", Stage: client.StageQueued}
		})
		jobs.Step(ref, job.StepQueued)
		news()
		term.Need(t, "Queued      running")
		jobs.Step(ref, job.StepGenerating)
		news()
		term.Need(t, "Collecting  done", "Generating  running")
		term.Resize(60, 16)
		term.Need(t, "Generating  running")
		term.Type("c")
		if got := tuitest.Need[nav.Copy](t, root.Got); got.Text != "exp_1" {
			t.Errorf("c copies %+v", got)
		}
		jobs.Step(ref, job.StepTransferring)
		news()
		if got := tuitest.Need[nav.Open](t, root.Got); got.Kind != nav.Transfer {
			t.Errorf("went on to %+v", got)
		}
	})
}
