package transfer_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/transfer"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func press(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Text: string(r)} }

var (
	esc   = tea.KeyPressMsg{Code: tea.KeyEscape}
	enter = tea.KeyPressMsg{Code: tea.KeyEnter}
	space = tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}
	down  = tea.KeyPressMsg{Code: tea.KeyDown}
)

func TestPauseAndGoOn(t *testing.T) {
	t.Parallel()
	m, jobs := show(t, receiving())
	cmd := m.Update(space)
	if len(jobs.Calls()) != 0 {
		t.Error("Update itself called the service")
	}
	tuitest.Messages(cmd)
	m.Update(nav.Jobs{List: jobs.List(), Now: clock()})
	tuitest.Messages(m.Update(space))
	if calls := jobs.Calls(); !reflect.DeepEqual(calls, []string{"pause", "resume"}) {
		t.Errorf("calls %v", calls)
	}
	checking, jobs := show(t, states()["verifying"])
	tuitest.Messages(checking.Update(space))
	if calls := jobs.Calls(); len(calls) != 0 {
		t.Errorf("a check is paused: %v", calls)
	}
}

func TestStopKeepsThePart(t *testing.T) {
	t.Parallel()
	m, jobs := show(t, receiving())
	tuitest.Messages(m.Update(press('x')))
	if calls := jobs.Calls(); !reflect.DeepEqual(calls, []string{"stop"}) {
		t.Errorf("calls %v", calls)
	}
}

func TestEscLeavesItRunning(t *testing.T) {
	t.Parallel()
	m, jobs := show(t, receiving())
	if !m.HoldsEsc() {
		t.Fatal("esc goes elsewhere while the transfer runs")
	}
	msgs := tuitest.Messages(m.Update(esc))
	tuitest.Need[nav.Back](t, msgs)
	if got := tuitest.Need[nav.Toast](t, msgs).Text; got != "The transfer goes on. t lists all of them." {
		t.Errorf("toast %q", got)
	}
	if calls := jobs.Calls(); len(calls) != 0 {
		t.Errorf("leaving did %v", calls)
	}
	over, _ := show(t, verified())
	if over.HoldsEsc() {
		t.Error("esc is held when nothing runs")
	}
	tuitest.Need[nav.Back](t, tuitest.Messages(over.Update(enter)))
}

func TestCopying(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"receiving": path, "done": path, "invalid": path + ".invalid"} {
		m, _ := show(t, states()[name])
		if c := tuitest.Need[nav.Copy](t, tuitest.Messages(m.Update(press('y')))); c.Text != want || c.What != "path" {
			t.Errorf("%s: y copies %+v", name, c)
		}
	}
	m, _ := show(t, verified())
	if c := tuitest.Need[nav.Copy](t, tuitest.Messages(m.Update(press('Y')))); c.Text != "dashtray-tui export --range last_30_days" {
		t.Errorf("Y copies %+v", c)
	}
	if c := tuitest.Need[nav.Copy](t, tuitest.Messages(m.Update(press('c')))); c.Text != "exp_7f3a91c2" {
		t.Errorf("c copies %+v", c)
	}
}

func TestResumeAndRunAgain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"failed", "stopped"} {
		s := states()[name]
		s.Spec.New, s.Spec.Output, s.Spec.Connections = true, "/home/u/exports/", 4
		m, jobs := show(t, s)
		first, second := m.Update(press('d')), m.Update(press('d'))
		if second != nil {
			t.Errorf("%s: a second d starts another job", name)
		}
		open := tuitest.Need[nav.Open](t, tuitest.Messages(first))
		if open.Kind != nav.Transfer || !open.Replace || open.Ref == 1 {
			t.Errorf("%s: d opens %+v", name, open)
		}
		spec := jobs.Started()[0]
		if spec.ID != "exp_7f3a91c2" || spec.New || spec.Output != "/home/u/exports/" || spec.Connections != 4 {
			t.Errorf("%s: started %+v", name, spec)
		}
		again := tuitest.Need[nav.Open](t, tuitest.Messages(m.Update(press('r'))))
		if again.Kind != nav.NewExport || again.Preset.Request.Range.Name != "last_30_days" {
			t.Errorf("%s: r opens %+v", name, again)
		}
	}
	m, jobs := show(t, verified())
	if m.Update(press('d')) != nil || len(jobs.Started()) != 0 {
		t.Error("a verified file is downloaded again")
	}
}

// TestVerdictScrolls: many findings on a small screen can all be read.
func TestVerdictScrolls(t *testing.T) {
	t.Parallel()
	s := verified()
	for i := range 40 {
		s.Result.Report.Warnings = append(s.Result.Report.Warnings, archive.Finding{
			Code: archive.DuplicateID, Message: fmt.Sprintf("finding number %02d", i),
		})
	}
	m, _ := show(t, s)
	m.SetSize(60, 13)
	if n := len(m.Keys()); n != 2 {
		t.Errorf("%d groups of keys; moving belongs to them", n)
	}
	seen := ""
	for range 80 {
		seen += ansi.Strip(m.View())
		m.Update(down)
	}
	for i := range 40 {
		if want := fmt.Sprintf("finding number %02d", i); !strings.Contains(seen, want) {
			t.Errorf("%q is never shown", want)
		}
	}
	end := m.View()
	m.Update(press('G'))
	if m.View() != end {
		t.Error("G is not the end")
	}
	m.Update(press('g'))
	if first := strings.SplitN(ansi.Strip(m.View()), "\n", 2)[0]; !strings.Contains(first, "verified, with 40 warnings") {
		t.Errorf("g shows %q first", first)
	}
	m.SetSize(60, 200)
	if strings.Contains(ansi.Strip(m.View()), "more below") || len(m.Keys()) != 1 {
		t.Error("there is room for all and it still scrolls")
	}
}

func TestUnknownJob(t *testing.T) {
	t.Parallel()
	m := transfer.New(deps(tuitest.NewJobs(clock), clock), 9)
	m.SetSize(80, 20)
	if m.Keys() != nil || m.Update(press('x')) != nil || m.HoldsEsc() {
		t.Error("a job that is not there can be worked on")
	}
}

func list(t *testing.T, snaps ...job.Snapshot) (*transfer.List, *tuitest.Jobs) {
	t.Helper()
	jobs := tuitest.NewJobs(clock)
	for _, s := range snaps {
		jobs.Set(s)
	}
	return transfer.NewList(deps(jobs, clock)), jobs
}

func TestListGolden(t *testing.T) {
	t.Parallel()
	st := states()
	snaps := []job.Snapshot{
		st["waiting-for-server"], st["stopped"], st["invalid"], st["failed"], st["done"],
		st["verifying"], st["retry"], st["paused"], st["stalled"], st["unknown-size"], st["receiving"],
	}
	for i := range snaps {
		if snaps[i].File != "" {
			snaps[i].File = fmt.Sprintf("/home/u/exports/dashtray-輸出-%d-last_30_days.json", i)
		}
	}
	for _, size := range bodies {
		t.Run(size.name, func(t *testing.T) {
			t.Parallel()
			l, _ := list(t, snaps...)
			l.SetSize(size.w, size.h)
			tuitest.Inside(t, l.View(), size.w, size.h)
			tuitest.Golden(t, "list-"+size.name, ansi.Strip(l.View()))
		})
	}
	l, _ := list(t)
	l.SetSize(60, 13)
	tuitest.Golden(t, "list-empty", ansi.Strip(l.View()))
}

func TestListKeys(t *testing.T) {
	t.Parallel()
	st := states()
	l, jobs := list(t, st["waiting-for-server"], st["receiving"]) // refs 1 and 2, newest first
	l.SetSize(80, 20)
	if o := tuitest.Need[nav.Open](t, tuitest.Messages(l.Update(enter))); o.Kind != nav.Transfer || o.Ref != 2 {
		t.Errorf("enter opens %+v", o)
	}
	tuitest.Messages(l.Update(space))
	tuitest.Messages(l.Update(press('x')))
	l.Update(nav.Jobs{List: jobs.List(), Now: clock()})
	if l.Update(press('x')) != nil {
		t.Error("what is over can be stopped")
	}
	l.Update(down)
	if o := tuitest.Need[nav.Open](t, tuitest.Messages(l.Update(enter))); o.Kind != nav.Export || o.Ref != 1 {
		t.Errorf("enter opens %+v", o)
	}
	if calls := jobs.Calls(); !reflect.DeepEqual(calls, []string{"pause", "stop"}) {
		t.Errorf("calls %v", calls)
	}
	if o := tuitest.Need[nav.Open](t, tuitest.Messages(l.Update(press('n')))); o.Kind != nav.NewExport {
		t.Errorf("n opens %+v", o)
	}
}

// TestListCursorStaysOnItsJob: a new job comes on top and moves nothing.
func TestListCursorStaysOnItsJob(t *testing.T) {
	t.Parallel()
	l, jobs := list(t, receiving(), receiving(), receiving())
	l.SetSize(80, 3)
	l.Update(down)
	jobs.Set(receiving())
	l.Update(nav.Jobs{List: jobs.List(), Now: clock()})
	if o := tuitest.Need[nav.Open](t, tuitest.Messages(l.Update(enter))); o.Ref != 2 {
		t.Errorf("the cursor went to job %d", o.Ref)
	}
	for _, key := range []tea.KeyPressMsg{press('G'), press('g'), press('G')} {
		l.Update(key)
		if !strings.Contains(ansi.Strip(l.View()), "▸") {
			t.Errorf("after %q the cursor is off the screen:\n%s", key.String(), ansi.Strip(l.View()))
		}
	}
	empty, _ := list(t)
	for _, key := range []tea.KeyPressMsg{down, enter, space, press('G'), press('x')} {
		if empty.Update(key) != nil {
			t.Errorf("%q does something in an empty list", key.String())
		}
	}
}

func TestListMouse(t *testing.T) {
	t.Parallel()
	now := start
	jobs := tuitest.NewJobs(clock)
	for range 30 {
		jobs.Set(receiving())
	}
	l := transfer.NewList(deps(jobs, func() time.Time { return now }))
	l.SetSize(80, 10)
	click := tea.MouseClickMsg{Button: tea.MouseLeft, X: 5, Y: 3} // the third row under the heads
	if l.Update(click) != nil {
		t.Error("one click opens")
	}
	now = now.Add(time.Second)
	if l.Update(click) != nil {
		t.Error("two slow clicks open")
	}
	now = now.Add(100 * time.Millisecond)
	if o := tuitest.Need[nav.Open](t, tuitest.Messages(l.Update(click))); o.Ref != 28 {
		t.Errorf("a double click opens %+v", o)
	}
	l.Update(tea.MouseWheelMsg{Button: tea.MouseWheelDown})
	if o := tuitest.Need[nav.Open](t, tuitest.Messages(l.Update(enter))); o.Ref != 25 {
		t.Errorf("the wheel went to %+v", o)
	}
	if l.Update(tea.MouseClickMsg{Button: tea.MouseLeft, Y: 0}) != nil {
		t.Error("the heads can be opened")
	}
}
