package tui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// Names and reasons that a server made up must not act on the terminal.
func TestHostileNamesNeverReachTheTerminal(t *testing.T) {
	const evil = "\x1b]0;owned\a\x1b[2J\x1b]52;c;b3duZWQ=\a\u009b31m\u202egnp.exe\r\n\tnext"
	hostile := func(_ *tui.Deps, jobs *tuitest.Jobs) {
		l := listing(time.Now())
		for i := range l.Entries {
			e := &l.Entries[i].Export
			e.ID = client.ID(fmt.Sprint(evil, i))
			e.Status, e.Error = evil, evil
			e.Range = client.WireRange{Name: evil}
			e.Format = client.Format("js\x1b[5mon")
		}
		l.Entries[0].Export.Stage = client.StageProcessing
		l.Project.Name, l.Project.Slug = evil, evil
		jobs.SetProject(l.Project, nil)
		jobs.SetListing(l, nil, 0)
		ref := jobs.Start(job.Spec{ID: evil})
		jobs.Change(ref, func(s *job.Snapshot) {
			s.Step, s.Export = job.StepQueued, client.Export{ID: evil, Status: evil, Error: evil}
		})
	}
	run(t, 120, 36, hostile, func(t *testing.T, c console) {
		c.Keys("c", tuitest.Down, "c", tuitest.Down, tuitest.Enter, tuitest.Esc, "/", "owned", tuitest.Enter, tuitest.Esc, "r",
			tuitest.Esc, "t", tuitest.Enter, tuitest.Esc, tuitest.Esc, "L", tuitest.Esc, "?", tuitest.Esc, "n")
		c.jobs.Change(1, func(s *job.Snapshot) { s.Err = errors.New("asked for it") })
		c.jobs.Step(1, job.StepFailed)
		c.Settle(time.Second)
		raw := c.Raw()
		for _, bad := range []string{"\x1b]0;owned", "\x1b]52;c;b3duZWQ=", "\x1b[31m", "\u009b", "\u202e", "\x1b[5m"} {
			if strings.Contains(raw, bad) {
				t.Errorf("%q reached the terminal", bad)
			}
		}
		c.Need(t, "owned") // it was shown, as text
	})
}

func TestTitleAndProgressOfTheTerminal(t *testing.T) {
	moving := func(d *tui.Deps, jobs *tuitest.Jobs) {
		aJob(d, jobs)
		jobs.Change(1, func(s *job.Snapshot) {
			s.Step, s.Transfer = job.StepTransferring, transfer.Snapshot{Size: 1000, Done: 427}
		})
	}
	t.Run("known", func(t *testing.T) {
		run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
			moving(d, jobs)
			d.Env = append(d.Env, "TERM_PROGRAM=ghostty")
		}, func(t *testing.T, c console) {
			if raw := c.Raw(); !strings.Contains(raw, "\x1b]9;4;1;42") || !strings.Contains(raw, "dashtray: 42% – My SaaS App") {
				t.Errorf("wrote %q", raw)
			}
			c.jobs.Step(1, job.StepStopped)
			c.Settle(time.Second)
			if !strings.Contains(c.Raw(), "\x1b]9;4;0") {
				t.Error("the bar stays")
			}
		})
	})
	for _, env := range []string{"TERM_PROGRAM=iTerm.app", "TERM_PROGRAM=ghostty\nTMUX=/tmp/x", "WT_SESSION=1\nSSH_TTY=/dev/pts/1", "TERM_PROGRAM="} {
		t.Run(env, func(t *testing.T) {
			run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
				moving(d, jobs)
				d.Env = append(d.Env, strings.Split(env, "\n")...)
			}, func(t *testing.T, c console) {
				if strings.Contains(c.Raw(), "\x1b]9;4;") {
					t.Error("a progress bar was sent")
				}
			})
		})
	}
}

func TestLowBudgetIsInTheHeader(t *testing.T) {
	for remaining, want := range map[int]bool{1000: false, 101: false, 100: true, 0: true} {
		t.Run(fmt.Sprint(remaining), func(t *testing.T) {
			run(t, 80, 24, func(_ *tui.Deps, jobs *tuitest.Jobs) {
				l := listing(time.Now())
				l.Budget = client.Budget{Known: true, Limit: 1000, Remaining: remaining, Reset: time.Now().Add(30 * time.Minute)}
				jobs.SetListing(l, nil, 0)
			}, func(t *testing.T, c console) {
				line := fmt.Sprintf("! %d of 1,000 requests left until 00:30", remaining)
				if got := strings.Contains(c.Screen(), line); got != want {
					t.Errorf("header tells it: %v\n%s", got, c.Screen())
				}
			})
		})
	}
}

func TestASCIILocale(t *testing.T) {
	run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
		listed(d, jobs)
		aJob(d, jobs)
		d.Env = []string{"TERM=xterm", "LC_ALL=C"}
	}, func(t *testing.T, c console) {
		for _, keys := range [][]string{nil, {"?"}, {tuitest.Esc, "q"}, {tuitest.Esc, "n"}, {tuitest.Enter}, {tuitest.Enter}} {
			c.Keys(keys...)
			for _, r := range c.Screen() {
				if r > 126 {
					t.Fatalf("%q is on the screen after %q:\n%s", r, keys, c.Screen())
				}
			}
		}
	})
}

func TestLightTerminal(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		styled := func() string { return c.model.View().Content }
		c.Send(tea.BackgroundColorMsg{Color: lipgloss.Color("#000000")})
		dark := styled()
		c.Send(tea.BackgroundColorMsg{Color: lipgloss.Color("#ffffff")})
		light := styled()
		if dark == light || ansi.Strip(dark) != ansi.Strip(light) {
			t.Error("a light terminal has to change the colours, and nothing else")
		}
		c.Type("n")
		before := styled()
		c.Send(tea.BackgroundColorMsg{Color: lipgloss.Color("#000000")})
		if styled() == before {
			t.Error("the form keeps the colours of a light terminal")
		}
	})
}

// runOn runs a console on a buffer until it is told to end.
func runOn(t *testing.T, env []string, cause error) (string, error) {
	t.Helper()
	var out bytes.Buffer
	var err error
	synctest.Test(t, func(t *testing.T) {
		jobs := tuitest.NewJobs(time.Now)
		d := deps(jobs)
		d.Env = env
		jobs.SetListing(listing(time.Now()), nil, 0)
		ctx, cancel := context.WithCancelCause(t.Context())
		end := make(chan error)
		go func() {
			end <- tui.Run(ctx, d, tea.WithInput(nil), tea.WithOutput(&out), tea.WithWindowSize(80, 24))
		}()
		time.Sleep(time.Second)
		cancel(cause)
		err = <-end
		time.Sleep(time.Minute)
	})
	return out.String(), err
}

func TestRunEndsWithItsContext(t *testing.T) {
	sighup := errors.New("hung up")
	out, err := runOn(t, []string{"TERM=xterm-256color"}, sighup)
	if !errors.Is(err, sighup) {
		t.Errorf("error is %v", err)
	}
	if on, off := strings.LastIndex(out, "\x1b[?1049h"), strings.LastIndex(out, "\x1b[?1049l"); on < 0 || off < on {
		t.Errorf("the terminal is not restored: %q", out)
	}
}

func TestNoColor(t *testing.T) {
	for value, colored := range map[string]bool{"": true, "1": false, "0": false, "yes": false, "banana": false} {
		out, _ := runOn(t, []string{"TERM=xterm-256color", "CLICOLOR_FORCE=1", "TTY_FORCE=1", "NO_COLOR=" + value}, context.Canceled)
		if got := strings.Contains(out, "38;"); got != colored {
			t.Errorf("NO_COLOR=%q: colours %v", value, got)
		}
	}
}
