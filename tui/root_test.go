package tui_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
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
			"Everywhere", "transfers", "messages", "mouse", "ctrl+c", "quit at once", "q  ", "?  ")
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
		c.Need(t, "quit at once", "? ")
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
			c.Need(t, "is kept")
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

// counted counts what reaches a model.
type counted struct {
	*tui.Model
	mu   sync.Mutex
	msgs []string
}

func (c *counted) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	c.mu.Lock()
	c.msgs = append(c.msgs, fmt.Sprintf("%T", msg))
	c.mu.Unlock()
	_, cmd := c.Model.Update(msg)
	return c, cmd
}

func (c *counted) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.msgs
	c.msgs = nil
	return m
}

func TestIdleIsStill(t *testing.T) {
	for name, tt := range map[string]struct {
		prepare func(*tui.Deps, *tuitest.Jobs)
		keys    []string
		most    int // messages in ten minutes
		silent  bool
	}{
		"home":              {silent: true},
		"form":              {keys: []string{"n", tuitest.Enter, tuitest.End, tuitest.Enter}, silent: true},
		"help":              {keys: []string{"?"}, silent: true},
		"countdown":         {prepare: listed, most: 10},
		"under a countdown": {prepare: listed, keys: []string{"n"}, silent: true},
		"job over": {silent: true, prepare: func(d *tui.Deps, jobs *tuitest.Jobs) {
			aJob(d, jobs)
			jobs.Step(1, job.StepFailed)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				jobs := tuitest.NewJobs(time.Now)
				d := deps(jobs)
				if tt.prepare != nil {
					tt.prepare(&d, jobs)
				}
				m := &counted{Model: tui.New(d)}
				// The renderer looks for changes as often as this.
				term := tuitest.Start(t, m, 80, 24, tea.WithFPS(1))
				term.Settle(time.Second)
				term.Keys(tt.keys...)
				term.Settle(2 * time.Second)
				m.take()
				before := term.Written()
				term.Settle(10 * time.Minute)
				if msgs := m.take(); len(msgs) > tt.most || (tt.most > 0 && len(msgs) == 0) {
					t.Errorf("%d messages came: %v", len(msgs), msgs)
				}
				if n := term.Written() - before; tt.silent && n > 0 {
					t.Errorf("%d bytes were written", n)
				}
			})
		})
	}
}

func TestTicksWhileAJobRuns(t *testing.T) {
	for _, reduced := range []bool{false, true} {
		t.Run(fmt.Sprintf("reduced %v", reduced), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				jobs := tuitest.NewJobs(time.Now)
				d := deps(jobs)
				d.ReducedMotion = reduced
				aJob(&d, jobs)
				m := &counted{Model: tui.New(d)}
				term := tuitest.Start(t, m, 80, 24)
				m.take()
				seen := map[string]bool{}
				for range 8 {
					term.Settle(500 * time.Millisecond)
					before, _, _ := strings.Cut(term.Screen(), " collecting")
					seen[before[strings.LastIndex(before, "\n")+1:]] = true
				}
				want := 16
				if reduced {
					want = 4
				}
				if n := len(m.take()); n != want {
					t.Errorf("%d messages in 4 s, want %d", n, want)
				}
				if still := len(seen) == 1; still != reduced {
					t.Errorf("the spinner had %d looks", len(seen))
				}
				jobs.Step(1, job.StepStopped)
				term.Settle(15 * time.Second) // its toast is gone
				m.take()
				term.Settle(10 * time.Second)
				if msgs := m.take(); len(msgs) != 0 {
					t.Errorf("after the end came %v", msgs)
				}
			})
		})
	}
}

// widest fails the test if any line of the model's view does not fit.
func widest(t *testing.T, m *tui.Model, w, h int, where string) {
	t.Helper()
	lines := strings.Split(m.View().Content, "\n")
	if len(lines) > max(1, h) {
		t.Fatalf("%s at %dx%d: %d lines", where, w, h, len(lines))
	}
	for _, l := range lines {
		if n := ansi.StringWidth(l); n > w {
			t.Fatalf("%s at %dx%d: a line of %d cells: %q", where, w, h, n, ansi.Strip(l))
		}
	}
}

func TestEverySizeOnEveryScreen(t *testing.T) {
	sizes := [][2]int{
		{1, 1},
		{2, 1},
		{1, 30},
		{20, 5},
		{59, 16},
		{60, 15},
		{60, 16},
		{61, 17},
		{64, 18},
		{79, 24},
		{80, 19},
		{80, 20},
		{80, 24},
		{100, 16},
		{109, 30},
		{110, 16},
		{110, 30},
		{120, 36},
		{160, 45},
		{200, 60},
		{500, 200},
		{200, 16},
		{60, 60},
	}
	for name, keys := range map[string][]string{
		"home": nil, "details": {tuitest.Enter}, "filter": {"/", "exp"}, "help": {"?"}, "log": {"c", "L"}, "quit": {"q"},
		"transfers": {"t"}, "export": {"/", "collecting", tuitest.Enter, tuitest.Enter},
		"format": {"n"}, "range": {"n", tuitest.Enter}, "from": {"n", tuitest.Enter, tuitest.End, tuitest.Enter, "1999-99-99"},
		"data":    {"n", tuitest.Enter, tuitest.Enter},
		"folder":  {"n", tuitest.Enter, tuitest.Enter, tuitest.Enter, strings.Repeat("/very/long/漢字", 20)},
		"summary": {"r"},
	} {
		t.Run(name, func(t *testing.T) {
			both := func(d *tui.Deps, jobs *tuitest.Jobs) {
				aJob(d, jobs)
				l := listing(time.Now())
				l.Entries[0].Export.Status = "漢字漢字漢字漢字 👩‍👩‍👧‍👦 and more"
				l.Entries[0].Export.Stage = client.StageProcessing
				l.Offline = errors.New(strings.Repeat("a long reason ", 30))
				l.Project.Name = client.ID(strings.Repeat("My 漢字 App ", 20))
				l.Budget = client.Budget{Known: true, Limit: 1000, Remaining: 3, Reset: time.Now().Add(time.Hour)}
				jobs.SetListing(l, nil, 0)
			}
			run(t, 80, 24, both, func(t *testing.T, c console) {
				c.Keys(keys...)
				for _, s := range sizes {
					c.Resize(s[0], s[1])
					widest(t, c.model, s[0], s[1], name)
				}
				c.Resize(80, 24)
				c.Need(t, "dashtray")
			})
		})
	}
}

func TestResizeStormKeepsTheScreen(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Keys("n", tuitest.Down, tuitest.Enter, tuitest.Down, tuitest.Enter, tuitest.Down, tuitest.Down)
		before := c.Screen()
		x := uint32(7)
		for range 300 {
			x = x*1664525 + 1013904223
			w, h := int(x>>8)%200+1, int(x>>20)%60+1
			c.P.Send(tea.WindowSizeMsg{Width: w, Height: h})
		}
		c.Settle(time.Second)
		c.Resize(60, 16)
		c.Resize(80, 24)
		if after := c.Screen(); after != before {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
	})
}

func TestTooSmall(t *testing.T) {
	run(t, 20, 5, listed, func(t *testing.T, c console) {
		c.Need(t, "needs 60x16")
		c.Keys("n", "q") // nobody could see what these do
		c.Resize(80, 24)
		c.Need(t, "→ Exports")
		c.Resize(70, 10)
		c.Need(t, "Terminal is 70x10, needs 60x16. ctrl+c quits.")
		c.Type(tuitest.CtrlC)
		if ended, _ := c.Ended(); !ended {
			t.Error("ctrl+c does not quit")
		}
	})
}

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
