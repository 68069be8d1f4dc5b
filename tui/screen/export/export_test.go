package export_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/export"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestMain(m *testing.M) {
	tuitest.DefineUpdate()
	os.Exit(m.Run())
}

// The screen must be all that nav asks for.
var (
	_ nav.Screen  = (*export.Model)(nil)
	_ nav.Leaver  = (*export.Model)(nil)
	_ nav.Counter = (*export.Model)(nil)
)

var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// bodies are what terminals of three sizes leave to a screen.
var bodies = []struct {
	name string
	w, h int
}{{"80x24", 80, 20}, {"120x36", 120, 32}, {"60x16", 60, 13}}

func clock(d time.Duration) func() time.Time {
	return func() time.Time { return start.Add(d) }
}

func deps(jobs export.Jobs, now func() time.Time) export.Deps {
	return export.Deps{
		Jobs: jobs, Theme: theme.New(false), Keys: keymap.Default(false), Now: now, Location: time.UTC,
		ShellCommand: func(s job.Spec) string {
			if s.ID != "" {
				return "dashtray-tui download " + s.ID.Safe()
			}
			return "dashtray-tui export --range " + s.Request.Range.Name
		},
		Message: func(err error) (string, string) {
			return "It went wrong: " + err.Error() + ".", "Do something about it."
		},
	}
}

// show makes the screen of a job at a moment after the start.
func show(t *testing.T, s job.Snapshot, after time.Duration) (*export.Model, *tuitest.Jobs) {
	t.Helper()
	jobs := tuitest.NewJobs(clock(after))
	ref := jobs.Set(s)
	return export.New(deps(jobs, clock(after)), ref, nil), jobs
}

func monthOfAll() client.ExportRequest {
	return client.ExportRequest{
		Format:  client.JSON,
		Range:   client.Range{Name: "last_30_days", From: start.AddDate(0, 0, -30), To: start},
		Include: client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true},
	}
}

// at is a step that was first seen some seconds after the start.
func at(seconds int, step job.Step) job.StepTime {
	return job.StepTime{Step: step, At: start.Add(time.Duration(seconds) * time.Second)}
}

func steps(list ...job.StepTime) []job.StepTime { return list }

// after is a list with one step more.
func after(list []job.StepTime, more ...job.StepTime) []job.StepTime {
	// Clipped, so that a job that goes on from here gets a list of its own.
	return slices.Clip(append(slices.Clone(list), more...))
}

func running(times []job.StepTime, e client.Export) job.Snapshot {
	s := job.Snapshot{Spec: job.Spec{Request: monthOfAll()}, Started: start, Export: e}
	s.Steps = times
	s.Step = times[len(times)-1].Step
	return s
}

func number(n int64) *int64 { return &n }

var (
	queuedSteps = steps(at(0, job.StepPreparing), at(1, job.StepCreating), at(2, job.StepQueued))
	collecting  = after(queuedSteps, at(6, job.StepCollecting))
)

// states are the jobs of the golden files, by name.
func states() map[string]struct {
	after time.Duration
	snap  job.Snapshot
} {
	type state = struct {
		after time.Duration
		snap  job.Snapshot
	}
	exp := client.Export{ID: "exp_7f3a91c2", Status: "queued", Stage: client.StageQueued}
	with := func(stage client.Stage, word text.Untrusted) client.Export {
		e := exp
		e.Stage, e.Status = stage, word
		return e
	}
	all := map[string]state{}

	all["preparing"] = state{time.Second, running(steps(at(0, job.StepPreparing)), client.Export{})}
	busy := running(steps(at(0, job.StepPreparing), at(1, job.StepCreating), at(2, job.StepBusy)), client.Export{})
	busy.NextLook = start.Add(95 * time.Second)
	all["busy"] = state{90 * time.Second, busy}

	queued := running(queuedSteps, exp)
	queued.NextLook = start.Add(8 * time.Second)
	all["queued"] = state{5 * time.Second, queued}

	told := with(client.StageCollecting, "collecting")
	told.Progress = &client.Progress{Fraction: 0.42, Processed: 4200, Total: 10000}
	progress := running(collecting, told)
	progress.NextLook = start.Add(50 * time.Second)
	all["collecting"] = state{44 * time.Second, progress}

	vague := after(queuedSteps, at(6, job.StepProcessing))
	all["processing"] = state{80 * time.Second, running(vague, with(client.StageProcessing, "processing"))}
	odd := with(client.StageProcessing, "re\x1b]0;pwned\asampling 集計中")
	odd.Records = number(2_500_000)
	all["unknown-word"] = state{20 * time.Minute, running(vague, odd)}

	lost := running(collecting, with(client.StageCollecting, "collecting"))
	lost.LookErr = fmt.Errorf("look at the export: %w", client.ErrNetwork)
	lost.NextLook = start.Add(60 * time.Second)
	all["look-failed"] = state{52 * time.Second, lost}

	spent := running(steps(at(0, job.StepPreparing), at(1, job.StepCreating)), client.Export{})
	spent.LookErr = &client.Error{Kind: client.ErrRateLimited, RetryAfter: 20 * time.Minute}
	spent.NextLook = start.Add(20 * time.Minute)
	all["budget-spent"] = state{2 * time.Minute, spent}

	all["31-minutes"] = state{31 * time.Minute, running(vague, with(client.StageProcessing, "processing"))}

	failedSteps := after(collecting, at(66, job.StepFailed))
	failed := running(failedSteps, with(client.StageFailed, "failed"))
	failed.Err = &job.ExportFailedError{ID: exp.ID, Reason: "Upstream timeout while reading stripe_mrr"}
	all["failed"] = state{5 * time.Minute, failed}

	refused := running(steps(at(0, job.StepPreparing), at(1, job.StepCreating), at(2, job.StepFailed)), client.Export{})
	refused.Err = fmt.Errorf("create the export: %w", client.ErrForbiddenRole)
	all["refused"] = state{5 * time.Second, refused}

	late := running(after(vague, at(1802, job.StepFailed)), with(client.StageProcessing, "processing"))
	late.Err = &job.TimeoutError{ID: exp.ID, Step: job.StepProcessing, Over: 30 * time.Minute}
	all["timeout"] = state{31 * time.Minute, late}

	stopped := running(after(collecting, at(30, job.StepStopped)), with(client.StageCollecting, "collecting"))
	stopped.Err = job.ErrStopped
	all["stopped"] = state{5 * time.Minute, stopped}
	return all
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, state := range states() {
		for _, size := range bodies {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				t.Parallel()
				m, _ := show(t, state.snap, state.after)
				m.SetSize(size.w, size.h)
				tuitest.Inside(t, m.View(), size.w, size.h)
				tuitest.Golden(t, name+"-"+size.name, ansi.Strip(m.View()))
			})
		}
	}
}

func TestInsideAnySize(t *testing.T) {
	t.Parallel()
	for name, state := range states() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := show(t, state.snap, state.after)
			for w := 1; w <= 130; w += 8 {
				for _, h := range []int{0, 1, 2, 5, 11, 13, 20, 40} {
					m.SetSize(w, h)
					if view := m.View(); h > 0 {
						tuitest.Inside(t, view, w, h)
					}
				}
			}
		})
	}
}

// TestASCII: where only ASCII can be drawn, nothing else is.
func TestASCII(t *testing.T) {
	t.Parallel()
	for name, state := range states() {
		state.snap.Export.Status = "analysing"
		jobs := tuitest.NewJobs(clock(state.after))
		d := deps(jobs, clock(state.after))
		d.Theme, d.Keys = theme.New(true), keymap.Default(true)
		m := export.New(d, jobs.Set(state.snap), nil)
		for _, size := range bodies {
			m.SetSize(size.w, size.h)
			tuitest.ASCII(t, name, m.View())
		}
	}
}

// TestAlwaysTold holds the least terminal to what a person must be told.
func TestAlwaysTold(t *testing.T) {
	t.Parallel()
	for name, wants := range map[string][]string{
		"queued":       {"Queued", "Collecting", "Generating", "Link ready", "in 3 s"},
		"processing":   {"Processing", "1 m 14 s", "Usually"},
		"busy":         {"Another export", "one at a time", "by itself"},
		"collecting":   {"42%", "4,200 of 10,000"},
		"look-failed":  {"no answer", "Next try in 8 s"},
		"budget-spent": {"rate limited", "Next try in 18 m 00 s", "by itself"},
		"31-minutes":   {"Contact Dashtray's support", "over 30 minutes"},
		"failed":       {"Upstream timeout", "the same again", "shorter range", "fewer data types", "copies the id"},
		"timeout":      {"30m0s", "picks the export up again", "shorter range"},
		"refused":      {"role does not allow", "the same again"},
		"stopped":      {"goes on at the server", "picks the export up again"},
		"unknown-word": {"集計中"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := states()[name]
			m, _ := show(t, state.snap, state.after)
			m.SetSize(60, 13)
			view := ansi.Strip(m.View())
			for _, want := range wants {
				if !strings.Contains(view, want) {
					t.Errorf("no %q in\n%s", want, view)
				}
			}
		})
	}
}

// TestNoInventedTimes: with "processing" alone nobody knows how long
// collecting took, and a stage that was never seen has no time.
func TestNoInventedTimes(t *testing.T) {
	t.Parallel()
	s := running(steps(at(0, job.StepPreparing), at(3, job.StepProcessing)), client.Export{ID: "e", Stage: client.StageProcessing, Status: "processing"})
	m, _ := show(t, s, 13*time.Second)
	m.SetSize(80, 20)
	view := ansi.Strip(m.View())
	for _, not := range []string{"Collecting", "Generating", "Server says"} {
		if strings.Contains(view, not) {
			t.Errorf("%q in\n%s", not, view)
		}
	}
	for _, line := range strings.Split(view, "\n") {
		if strings.Contains(line, "Queued") && strings.ContainsAny(line, "0123456789") {
			t.Errorf("a time nobody measured: %q", line)
		}
		if strings.Contains(line, "Processing") && !strings.Contains(line, "10 s") {
			t.Errorf("no time: %q", line)
		}
	}
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	evil := "a\x1b]52;c;aGk=\a\x1b[2Jb\u009b31m\u202eRTL 输出 👩‍👧 עברית\r\nnext"
	s := running(collecting, client.Export{
		ID: text.Untrusted(evil), Status: text.Untrusted(evil), Stage: client.StageProcessing,
		Error: text.Untrusted(evil),
	})
	s.Spec.Request.Range.Name = evil
	s.Project.Name = text.Untrusted(evil)
	s.LookErr = errors.New(evil)
	s.Warnings = []string{evil}
	s.Adopted = true
	failed := s
	failed.Step, failed.Err = job.StepFailed, &job.ExportFailedError{ID: text.Untrusted(evil), Reason: text.Untrusted(evil)}
	failed.File = "/tmp/" + evil

	entry := &history.Entry{Export: s.Export, LocalFile: "/tmp/" + evil, LocalState: history.LocalPartial}
	entry.Export.Range.Name = text.Untrusted(evil)
	entry.Export.Format = client.Format(evil)

	jobs := tuitest.NewJobs(clock(time.Minute))
	d := deps(jobs, clock(time.Minute))
	for name, m := range map[string]*export.Model{
		"running": export.New(d, jobs.Set(s), nil),
		"failed":  export.New(d, jobs.Set(failed), nil),
		"entry":   export.New(d, 0, entry),
	} {
		m.SetSize(80, 60)
		view := m.View()
		for _, bad := range []string{"\x1b]", "\x1b[2J", "\u009b", "\u202e", "\a", "\r"} {
			if strings.Contains(view, bad) {
				t.Errorf("%s: %q reaches the screen", name, bad)
			}
		}
		tuitest.Inside(t, view, 80, 60)
	}
}

func stripped(m *export.Model) string { return ansi.Strip(m.View()) }
