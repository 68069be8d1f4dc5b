package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func aJob(_ *tui.Deps, jobs *tuitest.Jobs) {
	ref := jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: client.Range{Name: "last_7_days"}}})
	jobs.Step(ref, job.StepCollecting)
}

func TestHelpListsEveryBinding(t *testing.T) {
	run(t, 80, 40, listed, func(t *testing.T, c console) {
		c.Type(tuitest.Down)
		c.Type("?")
		c.Need(t, "Help · dashtray-tui v0.1.0",
			"Exports", "n  ", "new export", "enter", "details", "d  ", "resume", "r  ", "run again",
			"List", "/  ", "filter", "s  ", "sort", "R  ", "refresh",
			"Copy", "y  ", "copy path", "Y  ", "copy shell command", "c  ", "copy id",
			"Move", "↑ k", "↓ j", "pgup", "pgdn", "g home", "G end",
			"Everywhere", "transfers", "messages", "mouse", "ctrl+c", "quit at once", "q  ", "?  ", "Elsewhere")
		c.Golden(t, "help_80x40")
		c.Type("/")
		c.Type("COPY s")
		c.Need(t, "/COPY s_", "copy shell command")
		c.NeedNot(t, "copy path")
		c.Keys(tuitest.Enter, tuitest.Esc)
		c.Need(t, "copy path")
		c.Type(tuitest.Esc)
		c.NeedNot(t, "Everywhere")
	})
}

func TestHelpScrollsOnASmallScreen(t *testing.T) {
	run(t, 60, 16, listed, func(t *testing.T, c console) {
		c.Type("?")
		c.Need(t, "new export", "↓")
		c.NeedNot(t, "quit at once")
		c.Type(tuitest.End)
		c.Need(t, "all or none", "↑")
		c.NeedNot(t, "new export")
	})
}

func TestQuit(t *testing.T) {
	ended := func(t *testing.T, c console, want bool) {
		t.Helper()
		if ended, err := c.Ended(); ended != want || err != nil {
			t.Fatalf("ended %v, %v; want %v", ended, err, want)
		}
	}
	t.Run("nothing runs", func(t *testing.T) {
		run(t, 80, 24, listed, func(t *testing.T, c console) {
			c.Type("q")
			ended(t, c, true)
		})
	})
	t.Run("a job runs", func(t *testing.T) {
		run(t, 80, 24, aJob, func(t *testing.T, c console) {
			c.Type("q")
			c.Need(t, "Quit?", "An export is running.", "goes on", "▸ Stay")
			c.Golden(t, "quit_80x24")
			c.Type(tuitest.Enter) // the answer at hand changes nothing
			ended(t, c, false)
			c.NeedNot(t, "Quit?")
			c.jobs.Step(1, job.StepTransferring)
			c.Settle(time.Second)
			c.Keys("q")
			c.Need(t, "A transfer is running.", "is kept")
			c.Keys(tuitest.Esc)
			ended(t, c, false)
			c.Keys("q", tuitest.Right, tuitest.Enter)
			ended(t, c, true)
			if calls := c.jobs.Calls(); len(calls) != 0 {
				t.Errorf("quitting called %v", calls)
			}
		})
	})
	t.Run("ctrl+c", func(t *testing.T) {
		run(t, 80, 24, aJob, func(t *testing.T, c console) {
			c.Keys("n", tuitest.CtrlC)
			ended(t, c, true)
		})
	})
}

func TestEndOfAJobIsToldAndRings(t *testing.T) {
	run(t, 80, 24, aJob, func(t *testing.T, c console) {
		c.Type("\x1b[O") // the window lost the focus
		c.Type("n")
		before := strings.Count(c.Raw(), "\a")
		c.jobs.Change(1, func(s *job.Snapshot) { s.Err = errors.New("no luck") })
		c.jobs.Step(1, job.StepFailed)
		c.Settle(time.Second)
		c.Need(t, "✗ Something failed: no luck. Try again.")
		if strings.Count(c.Raw(), "\a") == before {
			t.Error("nothing rang")
		}
		c.Settle(20 * time.Second)
		c.NeedNot(t, "no luck")
		c.Keys("L")
		c.Need(t, "no luck")
	})
}

// A screen that is not on top may want to be replaced when its job goes on.
// That must not touch the screen that a person is using.
func TestReplacingACoveredScreenKeepsTheTop(t *testing.T) {
	run(t, 80, 24, aJob, func(t *testing.T, c console) {
		c.Type(tuitest.Enter)
		c.Need(t, "→ Export", "Collecting")
		c.Keys("t", "n")
		c.Need(t, "Which format?")
		c.jobs.Change(1, func(s *job.Snapshot) { s.Transfer = transfer.Snapshot{Size: 1000, Done: 10} })
		c.jobs.Step(1, job.StepTransferring)
		c.Settle(time.Second)
		c.Need(t, "Which format?")
		c.Type(tuitest.Esc)
		c.Need(t, "→ Transfers")
		c.Type(tuitest.Esc)
		c.Need(t, "→ Transfer")
		c.NeedNot(t, "→ Transfers")
	})
}
