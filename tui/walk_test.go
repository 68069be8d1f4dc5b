package tui

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// breaking is a screen that breaks when it is told to.
type breaking struct {
	nav.Screen
	broken *bool
}

func (f breaking) Update(msg tea.Msg) tea.Cmd {
	if *f.broken {
		panic("a fault on purpose: \x1b[2J")
	}
	return f.Screen.Update(msg)
}

// walker wanders through a console.
type walker struct {
	*tuitest.Driver
	m     *Model
	r     *rand.Rand
	jobs  *tuitest.Jobs
	files *tuitest.Files
	path  []string // what it did, for the report
	w, h  int
}

// hostileText is what a server may say.
func hostileText(r *rand.Rand) string {
	all := []string{
		"", "fine", "\x1b]0;owned\a\x1b[2J", "漢字かな交じり文 한국어", "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301\u0301\u0301", "\u202eevil\u202c مرحبا שלום",
		strings.Repeat("long ", 80), "a\r\nb\tc\x00\u009b31m", strings.Repeat("\u0300", 50), "\xff\xfe", "{{.}} %s %d",
	}
	return all[r.IntN(len(all))]
}

func (w *walker) export(i int) client.Export {
	r := w.r
	stages := []client.Stage{
		client.StageQueued, client.StageCollecting, client.StageGenerating, client.StageProcessing,
		client.StageCompleted, client.StageFailed, client.StageExpired, client.StageUnknown,
	}
	e := client.Export{
		ID: client.ID(fmt.Sprintf("exp_%d%s", i, hostileText(r))), Status: client.ID(hostileText(r)), Error: client.ID(hostileText(r)),
		Stage: stages[r.IntN(len(stages))], Format: client.Format(hostileText(r)), Range: client.WireRange{Name: client.ID(hostileText(r))},
	}
	if r.IntN(2) == 0 {
		n := r.Int64() - r.Int64()
		e.Records, e.Bytes = &n, &n
		e.CreatedAt = time.Now().Add(time.Duration(r.Int64N(int64(100*time.Hour))) - 50*time.Hour)
		e.ExpiresAt = e.CreatedAt.Add(24 * time.Hour)
		e.Progress = &client.Progress{Fraction: r.Float64()*3 - 1, Processed: n, Total: n}
		e.Include = &client.Include{Metrics: true}
	}
	return e
}

// listing changes what the server lists.
func (w *walker) listing() {
	l := job.Listing{Project: client.Project{ID: "p", Name: client.ID(hostileText(w.r))}}
	states := []history.LocalState{history.LocalNone, history.LocalPartial, history.LocalVerified, history.LocalMissing, history.LocalInvalid}
	for i := range w.r.IntN(40) {
		l.Entries = append(l.Entries, history.Entry{
			Export: w.export(i), LocalFile: "/home/u/" + hostileText(w.r), LocalState: states[w.r.IntN(len(states))], LocalDone: w.r.Int64() - w.r.Int64(), LocalSize: w.r.Int64N(100),
		})
	}
	var err error
	switch w.r.IntN(4) {
	case 0:
		l.Offline = fmt.Errorf("look: %w", client.ErrNetwork)
	case 1:
		err = errors.New(hostileText(w.r))
	}
	w.jobs.SetListing(l, err, time.Duration(w.r.IntN(3))*time.Second)
}

// change moves a job on, to any state at all.
func (w *walker) change() {
	steps := []job.Step{
		job.StepPreparing, job.StepBusy, job.StepCreating, job.StepQueued, job.StepCollecting, job.StepGenerating, job.StepProcessing,
		job.StepTransferring, job.StepTransferring, job.StepVerifying, job.StepDone, job.StepFailed, job.StepStopped,
	}
	list := w.jobs.List()
	if len(list) == 0 {
		w.jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.CSV, Range: client.Range{Name: "all_time"}}})
		return
	}
	ref := list[w.r.IntN(len(list))].Ref
	w.jobs.Change(ref, func(s *job.Snapshot) {
		s.Export, s.File, s.Paused = w.export(900+int(ref)), "/home/u/"+hostileText(w.r), w.r.IntN(4) == 0
		s.Warnings = []string{hostileText(w.r)}
		n := w.r.Int64() - w.r.Int64()
		s.Transfer = transfer.Snapshot{
			Phase: transfer.PhaseReceiving, Size: n, Done: w.r.Int64() - w.r.Int64(), Rate: w.r.Float64() * 1e12, Average: -1, Left: time.Duration(w.r.Int64()),
			Parts: []transfer.PartState{{From: n, To: w.r.Int64(), Done: n}}, Rates: []float64{1, -1, w.r.ExpFloat64() * 1e300},
			RetryAt: time.Now().Add(time.Duration(w.r.IntN(100)) * time.Second), LastError: hostileText(w.r), Retry: w.r.IntN(9),
		}
		s.NextLook, s.LookErr, s.Err = time.Now().Add(time.Second), nil, nil
		switch w.r.IntN(4) {
		case 0:
			s.LookErr = errors.New(hostileText(w.r))
		case 1:
			s.Err = &job.ExportFailedError{ID: s.Export.ID, Reason: client.ID(hostileText(w.r))}
		case 2:
			s.Err = &job.InvalidError{File: s.File, Report: archive.Report{Problems: []archive.Finding{{Code: "x", Message: hostileText(w.r)}}}}
		case 3:
			s.Result = &job.Result{File: s.File, Bytes: n}
		}
	})
	w.jobs.Step(ref, steps[w.r.IntN(len(steps))])
}

// key is one that does something, or any at all.
func (w *walker) key() string {
	var all []string
	for _, a := range w.m.keys.Actions() {
		if a.Name != "interrupt" && a.Name != "suspend" && a.Name != "quit" {
			all = append(all, a.Binding.Keys()...)
		}
	}
	if w.r.IntN(3) > 0 { // those that work now lead further
		var now []string
		for _, g := range w.m.footerKeys() {
			for _, b := range g.Bindings {
				if name := w.m.keys.NameOf(b); b.Enabled() && name != "interrupt" && name != "suspend" && name != "quit" {
					now = append(now, b.Keys()...)
				}
			}
		}
		if len(now) > 0 {
			return now[w.r.IntN(len(now))]
		}
	}
	if w.r.IntN(5) == 0 {
		return []string{"z", "2", "漢", "backspace", "delete", "ctrl+w", "f5", "alt+x", "-"}[w.r.IntN(9)]
	}
	return all[w.r.IntN(len(all))]
}

// step does one thing.
func (w *walker) step() {
	did := ""
	switch n := w.r.IntN(100); {
	case n < 45:
		did = w.key()
		w.Send(keymap.Press(did))
	case n < 70:
		if k := w.Waiting(); k > 0 {
			i := w.r.IntN(k)
			did = fmt.Sprintf("answer %d of %d", i, k)
			w.Deliver(i)
		}
	case n < 76:
		sizes := [][2]int{{1, 1}, {59, 15}, {60, 16}, {80, 24}, {109, 30}, {120, 36}, {200, 50}, {500, 200}, {1 + w.r.IntN(200), 1 + w.r.IntN(60)}}
		s := sizes[w.r.IntN(len(sizes))]
		w.w, w.h = s[0], s[1]
		did = fmt.Sprintf("resize %dx%d", w.w, w.h)
		w.Send(tea.WindowSizeMsg{Width: w.w, Height: w.h})
	case n < 82:
		did = "job changes"
		w.change()
		synctest.Wait()
	case n < 85:
		did = "listing changes"
		w.listing()
	case n < 89:
		did = "time"
		w.Pass(time.Duration(w.r.IntN(20000)) * time.Millisecond)
	case n < 92:
		did = "paste"
		w.Send(tea.PasteMsg{Content: hostileText(w.r)})
	case n < 97:
		did = "mouse"
		w.mouseStep()
	case n < 98:
		did = "fault"
		w.fault()
	default:
		did = "background"
		w.Send(tea.BackgroundColorMsg{Color: lipgloss.Color([]string{"#000000", "#ffffff"}[w.r.IntN(2)])})
		w.Send([]tea.Msg{tea.FocusMsg{}, tea.BlurMsg{}}[w.r.IntN(2)])
	}
	w.path = append(w.path, did)
}

func (w *walker) mouseStep() {
	w.m.mouse = true
	x, y := w.r.IntN(w.w+2)-1, w.r.IntN(w.h+2)-1
	if w.r.IntN(3) == 0 {
		w.Send(tea.MouseWheelMsg{X: x, Y: y, Button: []tea.MouseButton{tea.MouseWheelUp, tea.MouseWheelDown}[w.r.IntN(2)]})
		return
	}
	for range 1 + w.r.IntN(2) {
		w.Send(tea.MouseClickMsg{X: x, Y: y, Button: tea.MouseLeft})
	}
}

// fault breaks the top screen, once.
func (w *walker) fault() {
	p := w.m.top()
	if p.broken != "" {
		return
	}
	broken, whole := true, p.screen
	p.screen = breaking{whole, &broken}
	w.Send(nav.Tick{Now: time.Now()})
	p.screen = whole
}

// check fails the test if something does not hold that always has to.
func (w *walker) check(t *testing.T) {
	t.Helper()
	view := w.m.View()
	lines := strings.Split(view.Content, "\n")
	if len(lines) > max(1, w.h) {
		w.fail(t, fmt.Sprintf("%d lines on %d", len(lines), w.h))
	}
	for _, l := range lines {
		if n := ansi.StringWidth(l); n > w.w {
			w.fail(t, fmt.Sprintf("a line of %d cells on %d: %q", n, w.w, ansi.Strip(l)))
		}
		for _, r := range ansi.Strip(l) {
			if unicode.IsControl(r) || r == '\u202e' {
				w.fail(t, fmt.Sprintf("%U in %q", r, l))
			}
		}
	}
	for _, text := range []string{view.WindowTitle} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			w.fail(t, fmt.Sprintf("the title is %q", text))
		}
	}
	typing := w.m.over == nil && w.m.typing()
	for _, g := range w.m.footerKeys() {
		for _, b := range g.Bindings {
			switch name := w.m.keys.NameOf(b); {
			case !b.Enabled():
			case name == "":
				w.fail(t, fmt.Sprintf("the footer offers %q, which is no action", b.Help()))
			case typing && keymap.Press(b.Keys()[0]).Text != "":
				w.fail(t, fmt.Sprintf("the footer offers %q while text is typed", b.Help()))
			}
		}
	}
}

func (w *walker) fail(t *testing.T, what string) {
	t.Helper()
	t.Fatalf("%s\nafter %s\non:\n%s", what, strings.Join(w.path[max(0, len(w.path)-25):], " · "), ansi.Strip(w.m.View().Content))
}

// home presses esc until nothing is left to leave.
func (w *walker) home(t *testing.T) {
	t.Helper()
	w.w, w.h = 80, 24
	w.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
	for range 25 {
		if len(w.m.stack) == 1 && w.m.over == nil && !w.m.holdsEsc() {
			return
		}
		w.Send(keymap.Press("esc"))
		w.Pass(escTime) // it may be held until it is sure to be a key
		w.Drain()
	}
	w.fail(t, "esc does not lead home")
}

// A person who does anything at all, while answers come late and in any order,
// finds a console that holds together.
func TestRandomWalk(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { walk(t, seed, 350) })
		})
	}
}

func walk(t *testing.T, seed uint64, steps int) {
	jobs, files := tuitest.NewJobs(time.Now), &tuitest.Files{}
	m := New(Deps{
		Jobs: jobs, Files: files, Location: time.UTC, Home: "/home/u", Version: "v1",
		ShellCommand: func(job.Spec) string { return "dashtray-tui export" },
	})
	w := &walker{m: m, r: rand.New(rand.NewPCG(seed, 1)), jobs: jobs, files: files, w: 80, h: 24}
	w.listing()
	w.Driver = tuitest.Drive(t, m)
	w.Send(tea.WindowSizeMsg{Width: w.w, Height: w.h})
	for i := range steps {
		w.step()
		w.check(t)
		if i%60 == 59 {
			w.home(t)
		}
	}
	w.home(t)
	if i := slices.IndexFunc(m.stack, func(p *page) bool { return p.open.Kind != nav.Exports }); i >= 0 {
		w.fail(t, "home is another screen")
	}
	w.Send(keymap.Press("ctrl+c"))
	if !w.Quit() {
		w.fail(t, "ctrl+c does not quit")
	}
}
