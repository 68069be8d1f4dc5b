package tui_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func mkdirs(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, n := range names {
		if err := os.Mkdir(filepath.Join(dir, n), 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmptyHome(t *testing.T) {
	run(t, 80, 24, nil, func(t *testing.T, c console) {
		c.Need(t, "My SaaS App", "demo", "Exports", "No exports yet: press n to make one.", "? help")
		c.Golden(t, "home_empty_80x24")
	})
}

// With a server that did not answer, the list stayed empty for as long as that took.
func TestWhatIsRememberedIsThereBeforeTheAnswer(t *testing.T) {
	prepare := func(_ *tui.Deps, jobs *tuitest.Jobs) {
		jobs.SetRemembered(listing(time.Now()))
		jobs.SetListing(job.Listing{Entries: listing(time.Now()).Entries[:1]}, nil, 10*time.Second)
	}
	run(t, 80, 24, prepare, func(t *testing.T, c console) {
		c.Need(t, "▸ ✓ ready", "✗ failed", "1 of 4", "asking…")
		c.Type(tuitest.Down)
		c.Settle(11 * time.Second)
		c.Need(t, "▸ ✓ ready", "1 of 1", "as of")
		c.NeedNot(t, "✗ failed")
	})
}

func TestHomeAtAllSizes(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 36}, {60, 16}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		t.Run(size, func(t *testing.T) {
			run(t, s[0], s[1], listed, func(t *testing.T, c console) {
				c.Golden(t, "home_"+size)
			})
		})
	}
}

func TestHomeDetails(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Keys(tuitest.Down, tuitest.Down, tuitest.Enter)
		c.Need(t, "The server says: the export ran out of memory", "exp_2", "esc back to the list")
		c.NeedNot(t, "d download") // a failed export has no file
		c.Type(tuitest.Esc)
		c.Need(t, "▸ ✗ failed")
		c.Resize(120, 24) // the pane shows what the details did
		c.Need(t, "▸ ✗ failed", "The server says")
		c.Type(tuitest.Enter)
		c.Need(t, "→ Export", "the export ran out of memory")
	})
}

func TestHomeWhileAJobRuns(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		ref := c.jobs.Start(job.Spec{Request: client.ExportRequest{
			Format: client.JSON, Range: client.Range{Name: "last_year"}, Include: client.Include{Metrics: true},
		}})
		c.jobs.Change(ref, func(s *job.Snapshot) { s.Started = time.Now().Add(-64 * time.Second) })
		c.jobs.Step(ref, job.StepCollecting)
		c.Settle(1100 * time.Millisecond)
		c.Need(t, "collecting", "for 1:05", "last year", "M . . .", "▸ ✓ ready") // the cursor stays where it was
		c.jobs.Change(ref, func(s *job.Snapshot) {
			s.Export = client.Export{ID: "exp_5", Stage: client.StageCompleted}
			s.Transfer = transfer.Snapshot{Size: 1000, Done: 423}
		})
		c.jobs.Step(ref, job.StepTransferring)
		c.Settle(time.Second)
		c.Need(t, "receiving", "part 42%")
		c.Golden(t, "home_running_80x24")
		c.Keys(tuitest.Home, tuitest.Enter)
		c.Need(t, "→ Transfer")
		c.Type(tuitest.Esc)

		before := c.jobs.Listed()
		c.jobs.Change(ref, func(s *job.Snapshot) { s.Result = &job.Result{File: "/home/u/exports/x.json"} })
		c.jobs.Step(ref, job.StepDone)
		c.Settle(time.Second)
		c.Need(t, "Saved and verified: /home/u/exports/x.json", "verified")
		if c.jobs.Listed() != before+1 {
			t.Errorf("the end of a job asked for the listing %d times", c.jobs.Listed()-before)
		}
	})
}

func TestHomeDownloads(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.NeedNot(t, "d download") // verified already
		c.Type(tuitest.Down)
		c.Need(t, "d resume")
		c.Type("d")
		if s := c.jobs.Started(); len(s) != 1 || s[0].ID != "exp_3" {
			t.Fatalf("started %+v", s)
		}
		c.Need(t, "→ Export")
	})
}

func TestHomeCopies(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		for key, want := range map[string]string{
			"y": "/home/u/exports/dashtray-my-saas-app-last_7_days-20000101T000000Z.json",
			"Y": "dashtray-tui download exp_4",
			"c": "exp_4",
		} {
			c.Type(key)
			if osc := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(want)); !strings.Contains(c.Raw(), osc) {
				t.Errorf("%s does not copy %q", key, want)
			}
		}
		c.Type("L")
		c.Need(t, "Messages", "Sent the path", "Sent the shell", "Sent the export id")
		c.Type(tuitest.Esc)
		c.NeedNot(t, "Messages")
	})
}

func TestHomeFiltersAndSorts(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Type("/")
		c.Type("FAIL")
		c.Need(t, "/ FAIL", "all time")
		c.NeedNot(t, "last 7 days", "t transfers")
		c.Type(tuitest.Enter)
		c.Need(t, `1 of 4 fit "FAIL"`, "clear the filter")
		c.Type(tuitest.Esc)
		c.Need(t, "last 7 days", "3 of 4", "▸ ✗ failed") // the cursor stays on its export
		c.Type("/")
		c.Type("nothing like it")
		c.Need(t, "No export fits the filter")
		c.Keys(tuitest.Esc, "s", "s")
		c.Need(t, "most records first")
	})
}

func TestHomeDropsLateListings(t *testing.T) {
	run(t, 80, 24, nil, func(t *testing.T, c console) {
		c.jobs.SetListing(job.Listing{}, errors.New("late and wrong"), 10*time.Second)
		c.Type("R")
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		c.Type("R")
		c.Need(t, "last 7 days")
		c.Settle(20 * time.Second)
		c.NeedNot(t, "late and wrong")
	})
}

func TestHomeWithTenThousandExports(t *testing.T) {
	many := func(_ *tui.Deps, jobs *tuitest.Jobs) {
		l := listing(time.Now())
		for i := range 10_000 {
			e := l.Entries[1]
			e.Export.ID = client.ID(fmt.Sprintf("many_%d", i))
			e.Export.CreatedAt = e.Export.CreatedAt.Add(-time.Duration(i) * time.Minute)
			l.Entries = append(l.Entries, e)
		}
		jobs.SetListing(l, nil, 0)
	}
	run(t, 80, 24, many, func(t *testing.T, c console) {
		c.Need(t, "1 of 10,004")
		c.Type("G")
		c.Need(t, "10,004 of 10,004")
		c.Keys(tuitest.PgUp, tuitest.Up)
		c.Need(t, "▸ ", "of 10,004")
		c.Type("g")
		c.Need(t, "1 of 10,004", "▸ ✓ ready")
	})
}

func TestHomeByMouse(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		click := func(y int) { c.Type(fmt.Sprintf("\x1b[<0;10;%dM\x1b[<0;10;%dm", y, y)) }
		click(5)
		c.Need(t, "1 of 4") // the mouse is off: nothing moves
		c.Type("m")
		if !strings.Contains(c.Raw(), "\x1b[?1002h") {
			t.Error("m does not turn the mouse on")
		}
		click(6)
		c.Need(t, "3 of 4")
		c.Type("\x1b[<64;10;6M")
		c.Need(t, "1 of 4")
		click(5)
		click(5)
		c.Need(t, "exp_3", "esc back to the list")
		c.Type("m")
		if !strings.Contains(c.Raw(), "\x1b[?1002l") {
			t.Error("m does not turn the mouse off")
		}
	})
}

// Two notices told of a job that was stopped, the last of them of a part and an
// export that there may be none of.
func TestStoppedJobIsToldOnceAndAsItIs(t *testing.T) {
	for name, tt := range map[string]struct {
		edit func(*job.Snapshot)
		want string
	}{
		"no export": {func(s *job.Snapshot) { s.Step = job.StepBusy }, "Stopped before an export was made."},
		"at the server": {
			func(s *job.Snapshot) { s.Export.ID = "exp_9" },
			"Stopped here; the export goes on at the server, and d picks it up again.",
		},
		"a part": {
			func(s *job.Snapshot) {
				s.Export.ID, s.Step, s.Transfer = "exp_9", job.StepTransferring, transfer.Snapshot{Size: 4 << 20, Done: 1 << 20}
			},
			"Stopped; 1.0 MiB are kept, and d on the export goes on with them.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
				aJob(d, jobs)
				jobs.Change(1, tt.edit)
			}, func(t *testing.T, c console) {
				c.Keys("x")
				c.Settle(time.Second)
				c.Need(t, tt.want)
				c.Keys("L")
				box, _, _ := strings.Cut(c.Screen(), "╰")
				if n := strings.Count(box, "Stopped"); n != 1 {
					t.Errorf("told %d times:\n%s", n, box)
				}
			})
		})
	}
}
