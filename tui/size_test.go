package tui_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

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

// sizes are those of terminals that people have, and of some that nobody has.
func sizes() [][2]int {
	return [][2]int{
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
}

func TestEverySizeOnEveryScreen(t *testing.T) {
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
				for _, s := range sizes() {
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

// What is typed while the program starts is not lost, however early it is.
func TestKeysBeforeTheFirstSize(t *testing.T) {
	early := func(t *testing.T, keys int, body func(d *tuitest.Driver, m *tui.Model)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			jobs := tuitest.NewJobs(time.Now)
			d := deps(jobs)
			listed(&d, jobs)
			m := tui.New(d)
			driver := tuitest.Drive(t, m)
			for range keys {
				driver.Send(tea.KeyPressMsg{Code: tea.KeyDown})
			}
			driver.Send(tea.KeyPressMsg{Code: 'n', Text: "n"})
			driver.Send(tea.KeyPressMsg{Code: tea.KeyEnter})
			body(driver, m)
		})
	}
	t.Run("wait for it", func(t *testing.T) {
		early(t, 0, func(d *tuitest.Driver, m *tui.Model) {
			d.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
			d.Drain()
			if v := ansi.Strip(m.View().Content); !strings.Contains(v, "Which date range?") {
				t.Errorf("the screen is\n%s", v)
			}
			d.Send(tea.WindowSizeMsg{Width: 90, Height: 24})
			if v := ansi.Strip(m.View().Content); !strings.Contains(v, "Which date range?") {
				t.Errorf("they came twice:\n%s", v)
			}
		})
	})
	t.Run("so many at most", func(t *testing.T) {
		early(t, 64, func(d *tuitest.Driver, m *tui.Model) {
			d.Send(tea.WindowSizeMsg{Width: 80, Height: 24})
			d.Drain()
			if v := ansi.Strip(m.View().Content); !strings.Contains(v, "→ Exports") {
				t.Errorf("the screen is\n%s", v)
			}
		})
	})
	t.Run("but ctrl+c", func(t *testing.T) {
		early(t, 0, func(d *tuitest.Driver, _ *tui.Model) {
			d.Send(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
			if !d.Quit() {
				t.Error("it does not quit at once")
			}
		})
	})
}
