package tui_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestPaletteFindsAndExplains(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Type(":")
		c.Golden(t, "palette_80x24")
		c.Type("srt") // letters in their order are enough
		c.Need(t, "▸ sort ")
		c.Keys("x", "y", "z")
		c.Need(t, "No action is called so.")
		for range 6 {
			c.Type("\x7f")
		}
		c.Type("pause")
		c.Need(t, "Not now: it works while a file is received.")
		c.Type(tuitest.Enter)
		c.Need(t, "─ Actions ") // what does not work does nothing
		c.Type(tuitest.CtrlP)
		c.NeedNot(t, "─ Actions ")
		c.Keys("/", ":", "a") // text in the filter
		c.Need(t, "/ :a")
		c.Type(tuitest.CtrlP)
		c.Need(t, "─ Actions ")
	})
}

func TestOtherKeys(t *testing.T) {
	other := func(d *tui.Deps, jobs *tuitest.Jobs) {
		listed(d, jobs)
		d.Keys = map[string][]string{"new": {"e"}, "help": {"f1"}, "refresh": {"ctrl+r"}, "back": {"f4", "esc"}}
	}
	run(t, 120, 36, other, func(t *testing.T, c console) {
		c.Need(t, "e new export", "f1 help", "ctrl+r refresh")
		c.Type("n")
		c.Need(t, "→ Exports")
		c.Type("e")
		c.Need(t, "→ New export")
		c.Type("\x1bOS") // f4
		c.Need(t, "→ Exports")
		c.Type("\x1bOP") // f1
		c.Need(t, "─ Help ", "ctrl+r")
	})
	run2 := func(d *tui.Deps, _ *tuitest.Jobs) { d.Keys = map[string][]string{"new": {"e"}} }
	t.Run("in the texts", func(t *testing.T) {
		run(t, 80, 24, run2, func(t *testing.T, c console) { c.Need(t, "No exports yet: press e to make one.") })
	})
	t.Run("wrong ones", func(t *testing.T) {
		run(t, 80, 24, func(d *tui.Deps, _ *tuitest.Jobs) { d.Keys = map[string][]string{"nwe": {"e"}} }, func(t *testing.T, c console) {
			c.Type("L")
			c.Need(t, "Your keys are left out: keys.nwe: there is no such action:", "new is meant?")
		})
	})
}

func TestLogShowsNoticesAndTheLog(t *testing.T) {
	tail := tui.NewTail(slog.DiscardHandler)
	log := slog.New(tail).With("profile", "work").WithGroup("http")
	run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
		listed(d, jobs)
		d.Tail, d.Log = tail, slog.New(tail)
	}, func(t *testing.T, c console) {
		c.Type("c")
		log.Warn("tried again", "status", 503, "said", "\x1b[2Jevil")
		log.Debug("too much")
		c.Type("L")
		c.Need(t, "Sent the export id", "! tried again profile=work http.status=503 http.said=␛[2Jevil")
		c.NeedNot(t, "too much")
		for i := range 500 {
			log.Info(fmt.Sprint("line ", i))
		}
		c.Keys(tuitest.Esc, "L", "G")
		c.NeedNot(t, "line 299 ")
	})
}

func clickAt(x, y int) string {
	return fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1)
}

// find is where a text is on the screen.
func find(t *testing.T, c console, part string) (x, y int) {
	t.Helper()
	for y, l := range strings.Split(c.Screen(), "\n") {
		if before, _, ok := strings.Cut(l, part); ok {
			return len([]rune(before)), y
		}
	}
	t.Fatalf("no %q on the screen:\n%s", part, c.Screen())
	return 0, 0
}

func TestMouseInOverlaysAndForms(t *testing.T) {
	mouse := func(d *tui.Deps, jobs *tuitest.Jobs) {
		d.Mouse = true
		withFiles(&tuitest.Files{})(d, jobs)
	}
	run(t, 80, 24, mouse, func(t *testing.T, c console) {
		if !strings.Contains(c.Raw(), "\x1b[?1002h") {
			t.Error("the mouse is off at the start")
		}
		twice := func(part string) {
			x, y := find(t, c, part)
			c.Type(clickAt(x, y))
			c.Type(clickAt(x, y))
		}
		c.Type("x")
		x, y := find(t, c, "Delete  ")
		c.Type(clickAt(x, y))
		c.Need(t, "▸ Delete")
		c.Settle(time.Second)
		twice("Keep")
		c.NeedNot(t, "─ Delete? ")
		c.Type(":")
		c.Type("\x1b[<65;40;12M")
		c.Need(t, "▸ filter")
		twice("new export ")
		c.Need(t, "Which format?")
		twice("CSV: one flat table")
		c.Need(t, "Which date range?")
		c.Type("\x1b[<65;40;12M")
		c.Need(t, "▸ Last 90 days")
		c.Type(tuitest.Enter)
		twice("Audit logs")
		c.Need(t, "[ ] Audit logs")
	})
}

// An answer of the terminal that comes late and in two pieces, wherever it is
// cut, is neither text nor a key.
func TestLateAnswersOfTheTerminalAreNoKeys(t *testing.T) {
	for name, answer := range map[string]string{
		"white":      "\x1b]11;rgb:ffff/ffff/ffff\x1b\\",
		"black":      "\x1b]11;rgb:1e1e/1e1e/1e1e\a",
		"attributes": "\x1b[?62;22;52c",
		"a mode":     "\x1b[?2026;2$y",
		"keyboard":   "\x1b[?0u",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for cut := range len(answer) {
				late(t, func(c console) {
					c.Keys("/", "exp", answer[:cut], answer[cut:])
					c.Settle(time.Second)
					c.Type("_1")
					c.Need(t, "/ exp_1") // esc would have cleared it
				})
			}
		})
	}
	t.Run("in three", func(t *testing.T) {
		late(t, func(c console) {
			c.Keys("/", "exp", "\x1b", "]11;rgb:ff", "ff/ffff/ff", "ff\x1b", "\\")
			c.Type("_1")
			c.Need(t, "/ exp_1")
		})
	})
}

// A \ that a person types is text: at once when the terminal has answered, and
// the second one in any case.
func TestABackslashIsText(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Keys("/", "\\")
		c.Need(t, "/ \\")
	})
	late(t, func(c console) {
		c.Keys("/", "\\", "\\", "x")
		c.Need(t, "/ \\x")
	})
}

// While an answer may come esc is a key all the same, if a little later; then
// at once.
func TestEscIsAKeyWhileAnswersMayCome(t *testing.T) {
	late(t, func(c console) {
		c.Keys("n", tuitest.Enter, tuitest.Esc)
		c.Need(t, "Which date range?")
		c.Settle(500 * time.Millisecond)
		c.Need(t, "Which format?")
		c.Keys(tuitest.Enter, tuitest.Esc, tuitest.Down) // what follows it ends the wait
		c.Need(t, "Which format?", "▸ CSV")
		c.Settle(5 * time.Second)
		c.Keys(tuitest.Enter, tuitest.Esc)
		c.Need(t, "Which format?")
		c.Keys("[", tuitest.Enter)
		c.Need(t, "Which date range?")
	})
}

// late runs a test of a console on a terminal that has not answered yet.
func late(t *testing.T, body func(c console)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		jobs := tuitest.NewJobs(time.Now)
		d := deps(jobs)
		listed(&d, jobs)
		m := tui.New(d)
		var begun atomic.Bool
		term := tuitest.Start(t, m, 80, 24, tea.WithFilter(func(_ tea.Model, msg tea.Msg) tea.Msg {
			if _, answer := msg.(tea.BackgroundColorMsg); answer && !begun.Load() {
				return nil
			}
			return msg
		}))
		begun.Store(true)
		body(console{term, jobs, m})
	})
}

func TestAMegabytePasted(t *testing.T) {
	big := strings.Repeat("paste \x1b[31m漢字\n", 1<<20/16)
	for name, keys := range map[string][]string{
		"home": nil, "filter": {"/"}, "folder": {"n", tuitest.Enter, tuitest.Enter, tuitest.Enter}, "palette": {":"}, "help": {"?", "/"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 80, 24, listed, func(t *testing.T, c console) {
				c.Keys(keys...)
				c.Send(tea.PasteMsg{Content: big})
				widest(t, c.model, 80, 24, name)
				c.Need(t, "dashtray")
				c.Type(tuitest.CtrlC)
				if ended, _ := c.Ended(); !ended {
					t.Error("ctrl+c does not quit")
				}
			})
		})
	}
}

func TestLinksToFiles(t *testing.T) {
	for env, want := range map[string]bool{
		"TERM_PROGRAM=WezTerm": true, "VTE_VERSION=7200": true, "TERM=foot": true, "TERM=xterm": false, "VTE_VERSION=4000": false,
		"TERM_PROGRAM=WezTerm\nSSH_CONNECTION=1 2 3 4": false, "TERM_PROGRAM=vscode\nTMUX=/tmp/x": false,
	} {
		t.Run(env, func(t *testing.T) {
			run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
				listed(d, jobs)
				d.Env = append(d.Env, strings.Split(env, "\n")...)
			}, func(t *testing.T, c console) {
				c.Type(tuitest.Enter)
				if got := strings.Contains(c.Raw(), ";file:///home/u/exports/dashtray"); got != want {
					t.Errorf("a link: %v", got)
				}
			})
		})
	}
}

func TestTheDesktopIsToldOfTheEnd(t *testing.T) {
	for env, want := range map[string]string{"TERM_PROGRAM=ghostty": "\x1b]9;Dashtray: Saved and verified: /x/4;1", "TERM=xterm": "\a"} {
		t.Run(env, func(t *testing.T) {
			run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
				aJob(d, jobs)
				d.Env = append(d.Env, env)
			}, func(t *testing.T, c console) {
				c.Send(tea.BlurMsg{})
				before := len(c.Raw())
				c.jobs.Change(1, func(s *job.Snapshot) { s.Result = &job.Result{File: "/x/4;1\x1b\\\aevil.json"} })
				c.jobs.Step(1, job.StepDone)
				c.Settle(time.Second)
				if raw := c.Raw()[before:]; !strings.Contains(raw, want) || strings.Contains(raw, "\aevil") {
					t.Errorf("wrote %q", raw)
				}
			})
		})
	}
}

// Somebody else's export is whose turn it is, and can be watched.
func TestFormWhileOthersExport(t *testing.T) {
	run(t, 80, 24, func(_ *tui.Deps, jobs *tuitest.Jobs) {
		l := listing(time.Now())
		l.Entries[2].Export.Stage, l.Entries[2].Export.CreatedAt = client.StageCollecting, time.Now().Add(-3*time.Minute)
		jobs.SetListing(l, nil, 0)
	}, func(t *testing.T, c console) {
		c.Type("n")
		c.Need(t, "Another export of the project is running (exp_2, begun 3 m ago).", "yours starts when it ends", "w: watch and download it.")
		c.Keys(tuitest.Esc, "r")
		c.Need(t, "enter start when that one ends")
		c.Type("w")
		if s := c.jobs.Started(); len(s) != 1 || s[0].ID != "exp_2" {
			t.Errorf("started %+v", s)
		}
	})
}

func TestPaneTakesTheKeys(t *testing.T) {
	run(t, 120, 16, listed, func(t *testing.T, c console) {
		c.Need(t, "tab to the details")
		c.Keys(tuitest.Tab, "G")
		c.Need(t, "exp_4", "1 of 4", "tab to the list")
		c.Keys(tuitest.Esc, tuitest.Down)
		c.Need(t, "2 of 4")
	})
}

// A running transfer at 80×24 sends little enough for the thinnest line.
func TestTransferSendsLittle(t *testing.T) {
	run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) { aJob(d, jobs) }, func(t *testing.T, c console) {
		const size = 1 << 30
		progress := func(i int) {
			c.jobs.Change(1, func(s *job.Snapshot) {
				rates := make([]float64, 60)
				for j := range rates {
					rates[j] = float64((i/10+j)*7919%50) * 1e6
				}
				done := int64(i) * size / 400
				s.Step, s.File = job.StepTransferring, "/home/u/exports/dashtray-my-saas-app-all_time.json"
				s.Transfer = transfer.Snapshot{
					Phase: transfer.PhaseReceiving, Size: size, Done: done, Rate: 26e6 + float64(i*7919%1000)*1e3, Average: 26e6,
					Left: time.Duration(400-i) * time.Second / 10, Rates: rates, Connections: 4, Attempts: 4,
				}
				for p := range int64(4) {
					s.Transfer.Parts = append(s.Transfer.Parts, transfer.PartState{From: p * size / 4, To: (p + 1) * size / 4, Done: done / 4})
				}
			})
		}
		progress(0)
		c.Keys("t", tuitest.Enter)
		c.Need(t, "Receiving")
		before := c.Written()
		for i := range 100 { // ten times a second is the most that the jobs tell
			progress(i + 1)
			c.Settle(100 * time.Millisecond)
		}
		n := (c.Written() - before) / 10
		t.Logf("%d bytes a second", n)
		if n == 0 || n > 1500 {
			t.Errorf("%d bytes a second, want up to 1500", n)
		}
	})
}

// Keys that come in one piece go where they would have gone one by one.
func TestTypingAhead(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Type("n\r\r\r\r") // the form, and through it
		c.Need(t, "● Summary")
		c.Type("\x1b[Zx")
		c.Need(t, "● Folder", "> x")
		for range 5 {
			c.Type(tuitest.Esc)
		}
		c.Type("\x1b[B\r?/copy id") // the details of the second export, and their help
		c.Need(t, "Export", "copy id")
		c.Keys(tuitest.Esc, tuitest.Esc, tuitest.Esc)
		c.Need(t, "→ Exports")
	})
}

// A key behind those that wait for a slow answer never overtakes them.
func TestKeysKeepTheirOrder(t *testing.T) {
	late(t, func(c console) {
		c.jobs.SetListing(listing(time.Now()), nil, time.Minute)
		for _, k := range []rune{'R', 'n', tea.KeyEnter} {
			c.P.Send(tea.KeyPressMsg{Code: k, Text: strings.Trim(string(k), "\r")})
			c.Settle(30 * time.Millisecond)
		}
		c.Settle(time.Second)
		c.Need(t, "Which date range?")
	})
}

// Text appears at once, however long the check of what was typed takes.
func TestTextWaitsForNoAnswer(t *testing.T) {
	late(t, func(c console) {
		block := make(chan struct{})
		defer close(block)
		c.jobs.SetFolder(func(string) (string, int64, error) {
			<-block
			return "/home/u/exports", 1 << 30, nil
		})
		c.Keys("n", tuitest.Enter, tuitest.Enter, tuitest.Enter)
		for _, k := range "abcde" {
			c.P.Send(tea.KeyPressMsg{Code: k, Text: string(k)})
		}
		c.Settle(20 * time.Millisecond) // a frame
		c.Need(t, "> abcde")
	})
}
