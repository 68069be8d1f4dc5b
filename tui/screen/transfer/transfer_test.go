package transfer_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	engine "github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/transfer"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestMain(m *testing.M) {
	tuitest.DefineUpdate()
	os.Exit(m.Run())
}

// The screens must be all that nav asks for.
var (
	_ nav.Screen = (*transfer.Model)(nil)
	_ nav.Leaver = (*transfer.Model)(nil)
	_ nav.Screen = (*transfer.List)(nil)
)

var start = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// bodies are what terminals of three sizes leave to a screen.
var bodies = []struct {
	name string
	w, h int
}{{"80x24", 80, 20}, {"120x36", 120, 32}, {"60x16", 60, 13}}

func clock() time.Time { return start.Add(2 * time.Minute) }

func deps(jobs transfer.Jobs, now func() time.Time) transfer.Deps {
	return transfer.Deps{
		Jobs: jobs, Theme: theme.New(false), Keys: keymap.Default(false), Now: now, Location: time.UTC,
		ShellCommand: func(s job.Spec) string { return "dashtray-tui export --range " + s.Request.Range.Name },
		Message: func(err error) (string, string) {
			return "It went wrong: " + err.Error() + ".", "Do something about it."
		},
	}
}

func show(t *testing.T, s job.Snapshot) (*transfer.Model, *tuitest.Jobs) {
	t.Helper()
	jobs := tuitest.NewJobs(clock)
	return transfer.New(deps(jobs, clock), jobs.Set(s)), jobs
}

const (
	path   = "/home/u/exports/dashtray-my-saas-app-last_30_days-20260131T120000Z.json"
	sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	mib    = 1 << 20
)

func all() client.Include {
	return client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}
}

// receiving is a transfer in the middle.
func receiving() job.Snapshot {
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	rates := make([]float64, 47)
	for i := range rates {
		rates[i] = float64((i*i)%13) * mib
	}
	return job.Snapshot{
		Spec: job.Spec{Request: client.ExportRequest{
			Format: client.JSON, Include: all(),
			Range: client.Range{Name: "last_30_days", From: start.AddDate(0, 0, -30), To: start},
		}},
		Step: job.StepTransferring, Started: start,
		Steps:  []job.StepTime{{Step: job.StepPreparing, At: at(0)}, {Step: job.StepQueued, At: at(1)}, {Step: job.StepTransferring, At: at(70)}},
		Export: client.Export{ID: "exp_7f3a91c2", Status: "completed", Stage: client.StageCompleted, ExpiresAt: start.Add(24 * time.Hour)},
		File:   path,
		Transfer: engine.Snapshot{
			Phase: engine.PhaseReceiving, Size: 112 * mib, Done: 48*mib + 300<<10, ThisRun: 36 * mib, ResumedFrom: 12 * mib,
			Rate: 12.34 * mib, Average: 11.9 * mib, Left: 83 * time.Second, Rates: rates,
			Parts:       []engine.PartState{{From: 0, To: 56 * mib, Done: 30 * mib}, {From: 56 * mib, To: 112 * mib, Done: 18*mib + 300<<10}},
			Connections: 2, Attempts: 3,
		},
	}
}

func verified() job.Snapshot {
	s := receiving()
	s.Step = job.StepDone
	s.Ended = clock()
	s.Transfer.Phase, s.Transfer.Done, s.Transfer.SHA256 = engine.PhaseDone, s.Transfer.Size, sha256
	s.Transfer.Digest = "CRC-32C"
	s.Result = &job.Result{
		ExportID: s.Export.ID, File: path, Bytes: 112 * mib, SHA256: sha256, Include: all(), Format: client.JSON,
		Report: archive.Report{
			Format: "json", Bytes: 112 * mib, SHA256: sha256, OK: true,
			Records: archive.Counts{Metrics: 120345, Connections: 8, Dashboards: 3, Widgets: 14, AuditLogs: 1},
			From:    start.AddDate(0, 0, -30), To: start,
		},
	}
	return s
}

func states() map[string]job.Snapshot {
	out := map[string]job.Snapshot{"receiving": receiving(), "done": verified()}
	edit := func(name string, base job.Snapshot, f func(*job.Snapshot)) {
		f(&base)
		out[name] = base
	}
	edit("waiting-for-server", receiving(), func(s *job.Snapshot) {
		s.Step, s.File = job.StepProcessing, ""
		s.LookErr = fmt.Errorf("look at the export: %w", client.ErrNetwork)
	})
	edit("retry", receiving(), func(s *job.Snapshot) {
		s.Transfer.Phase, s.Transfer.Retry, s.Transfer.Connections = engine.PhaseWaiting, 2, 0
		s.Transfer.RetryAt = clock().Add(4200 * time.Millisecond)
		s.Transfer.LastError = "connection reset by peer"
	})
	edit("stalled", receiving(), func(s *job.Snapshot) {
		s.Transfer.Rate, s.Transfer.Left = 0, -1
		s.Transfer.Rates = append(s.Transfer.Rates, 0) // the last that is told: nothing changes while nothing comes
	})
	edit("paused", receiving(), func(s *job.Snapshot) {
		s.Paused = true
		s.Transfer.Phase, s.Transfer.Connections = engine.PhaseIdle, 0
	})
	edit("rechecking", receiving(), func(s *job.Snapshot) {
		s.Transfer = engine.Snapshot{
			Phase: engine.PhaseRechecking, Size: 112 * mib, Done: 12 * mib, ResumedFrom: 12 * mib, Left: -1,
			Parts: []engine.PartState{{From: 0, To: 112 * mib, Done: 12 * mib}},
		}
	})
	edit("unknown-size", receiving(), func(s *job.Snapshot) {
		s.Transfer.Size, s.Transfer.Left, s.Transfer.Parts = -1, -1, nil
		s.Export.ExpiresAt = start
	})
	edit("verifying", receiving(), func(s *job.Snapshot) {
		s.Step, s.Verified = job.StepVerifying, 40*mib
		s.Transfer.Phase, s.Transfer.Done = engine.PhaseDone, s.Transfer.Size
	})
	edit("warnings", verified(), func(s *job.Snapshot) {
		s.Warnings = []string{"this run cannot be remembered, so it could not be continued"}
		s.Result.Report.Warnings = []archive.Finding{
			{Code: archive.OutOfRange, Message: "3 records lie before the asked range", At: "/metrics/17"},
			{Code: archive.CountMismatch, Message: "the server told 120,400 records"},
		}
	})
	edit("invalid", verified(), func(s *job.Snapshot) {
		s.Step = job.StepFailed
		r := s.Result.Report
		r.OK = false
		r.Problems = []archive.Finding{{Code: archive.Credential, Message: "a value that looks like a Stripe key (sk_l…)", At: "/connections/0/accountInfo/key"}}
		s.Result.Report, s.Result.File = r, path+".invalid"
		s.Err = &job.InvalidError{File: path + ".invalid", Report: r}
	})
	edit("failed", receiving(), func(s *job.Snapshot) {
		s.Step = job.StepFailed
		s.Err = fmt.Errorf("fetch: %w", engine.ErrDiskFull)
	})
	edit("stopped", receiving(), func(s *job.Snapshot) { s.Step, s.Err = job.StepStopped, job.ErrStopped })
	return out
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, snap := range states() {
		for _, size := range bodies {
			t.Run(name+"-"+size.name, func(t *testing.T) {
				t.Parallel()
				m, _ := show(t, snap)
				m.SetSize(size.w, size.h)
				tuitest.Inside(t, m.View(), size.w, size.h)
				tuitest.Golden(t, name+"-"+size.name, ansi.Strip(m.View()))
			})
		}
	}
}

func TestInsideAnySize(t *testing.T) {
	t.Parallel()
	for name, snap := range states() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, jobs := show(t, snap)
			l := transfer.NewList(deps(jobs, clock))
			for w := 1; w <= 130; w += 8 {
				for _, h := range []int{0, 1, 2, 5, 11, 13, 20, 40} {
					m.SetSize(w, h)
					l.SetSize(w, h)
					one, list := m.View(), l.View()
					if h > 0 {
						tuitest.Inside(t, one, w, h)
						tuitest.Inside(t, list, w, h)
					}
				}
			}
		})
	}
}

// TestASCII: where only ASCII can be drawn, nothing else is.
func TestASCII(t *testing.T) {
	t.Parallel()
	for name, snap := range states() {
		if name == "invalid" {
			continue // its finding brings an ellipsis of its own
		}
		jobs := tuitest.NewJobs(clock)
		d := deps(jobs, clock)
		d.Theme, d.Keys = theme.New(true), keymap.Default(true)
		m := transfer.New(d, jobs.Set(snap))
		l := transfer.NewList(d)
		for _, size := range bodies {
			m.SetSize(size.w, size.h)
			l.SetSize(size.w, size.h)
			tuitest.ASCII(t, name, m.View())
			tuitest.ASCII(t, name, l.View())
		}
	}
}

// TestAlwaysTold holds the least terminal to what a person must be told.
func TestAlwaysTold(t *testing.T) {
	t.Parallel()
	for name, wants := range map[string][]string{
		"receiving":    {"43%", "48.3 MiB of 112.0 MiB", "12.3 MiB/s", "11.9 MiB/s", "about 1 m 30 s", "from 12.0 MiB", "3 so far, 2 connections", "works for 23 h", "Parts", "Last minute"},
		"retry":        {"try 3 in 5 s", "connection reset by peer"},
		"stalled":      {"! Stalled, 43%: it connects anew", "0 B/s"},
		"paused":       {"Paused", "space goes on"},
		"rechecking":   {"Reading what is on the disk"},
		"unknown-size": {"48.3 MiB, the whole size is not known", "has expired"},
		"verifying":    {"Checking the file", "35%", "40.0 MiB of 112.0 MiB"},
		"done":         {"whole and verified", "120,345 metrics", "14 widgets", "1 audit log entry", "2026-01-01 to 2026-01-31", sha256[:32], sha256[32:]},
		"invalid":      {"does not verify", "credential", ".invalid"},
		"failed":       {"disk full", "Do something", "48.3 MiB of 112.0 MiB", "goes on where it ended"},
		"stopped":      {"Stopped", "48.3 MiB", "goes on where it ended"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := show(t, states()[name])
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

// TestUnknownSizeHasNoPercent: what nobody knows is not made up.
func TestUnknownSizeHasNoPercent(t *testing.T) {
	t.Parallel()
	m, jobs := show(t, states()["unknown-size"])
	m.SetSize(80, 20)
	l := transfer.NewList(deps(jobs, clock))
	l.SetSize(80, 20)
	for _, view := range []string{ansi.Strip(m.View()), ansi.Strip(l.View())} {
		for _, not := range []string{"%", "Time left", "Parts", "-1"} {
			if strings.Contains(view, not) {
				t.Errorf("%q in\n%s", not, view)
			}
		}
	}
}

func TestHostileText(t *testing.T) {
	t.Parallel()
	evil := "a\x1b]52;c;aGk=\a\x1b[2Jb\u009b31m\u202eRTL 输出 👩‍👧 עברית\r\nnext"
	for name, s := range states() {
		s.Export.ID, s.Export.Status = text.Untrusted(evil), text.Untrusted(evil)
		s.Project.Name = text.Untrusted(evil)
		s.File = "/tmp/" + evil
		s.Warnings = []string{evil}
		s.Transfer.LastError = evil
		if s.Result != nil {
			r := *s.Result
			r.File, r.Report.SHA256 = "/tmp/"+evil, evil
			r.Report.Warnings = []archive.Finding{{Code: evil, Message: evil, At: evil}}
			s.Result = &r
		}
		if s.Err != nil {
			s.Err = &job.InvalidError{File: "/tmp/" + evil, Report: archive.Report{
				SHA256: strings.Repeat("\x1b", 64), Problems: []archive.Finding{{Code: evil, Message: evil, At: evil}},
			}}
		}
		m, jobs := show(t, s)
		m.SetSize(80, 60)
		l := transfer.NewList(deps(jobs, clock))
		l.SetSize(80, 60)
		for _, view := range []string{m.View(), l.View()} {
			for _, bad := range []string{"\x1b]", "\x1b[2J", "\x1b\x1b", "\u009b", "\u202e", "\a", "\r"} {
				if strings.Contains(view, bad) {
					t.Errorf("%s: %q reaches the screen", name, bad)
				}
			}
			tuitest.Inside(t, view, 80, 60)
		}
	}
}
