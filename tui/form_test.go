package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestFormStartsAnExport(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 36}, {60, 16}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		t.Run(size, func(t *testing.T) {
			run(t, s[0], s[1], nil, func(t *testing.T, c console) {
				c.Type("n")
				c.Need(t, "New export", "Which format?", "Excel")
				c.Golden(t, "form_format_"+size)
				c.Keys(tuitest.Down, tuitest.Enter)
				c.Need(t, "Days begin at midnight in UTC.", "1999-12-01")
				c.Golden(t, "form_range_"+size)
				c.Keys(tuitest.Up, tuitest.Enter)
				c.Need(t, "Audit logs hold people's IP addresses.")
				c.Golden(t, "form_data_"+size)
				c.Keys(tuitest.Down, tuitest.Space, tuitest.Enter)
				c.Need(t, "12.00 GiB free in /home/u/exports")
				c.Golden(t, "form_folder_"+size)
				c.Type(tuitest.Enter)
				c.Need(t, "dashtray-my-saas-app-last_7_days-", "The same as a shell command:", "--range last_7_days")
				c.Golden(t, "form_summary_"+size)
				c.Type(tuitest.Enter)

				specs := c.jobs.Started()
				if len(specs) != 1 {
					t.Fatalf("%d jobs were started", len(specs))
				}
				want := client.Include{Metrics: true, Dashboards: true, AuditLogs: true}
				if r := specs[0].Request; r.Format != client.CSV || r.Range.Name != "last_7_days" || r.Include != want {
					t.Errorf("request is %+v", r)
				}
				if specs[0].IfBusy != job.BusyWait || specs[0].Output != "" {
					t.Errorf("spec is %+v", specs[0])
				}
				c.Need(t, "→ Export")
				c.NeedNot(t, "Which format?")
				c.Keys(tuitest.Esc)
				c.Need(t, "→ Exports", "preparing") // the form was replaced: back leads home
			})
		})
	}
}

func TestFormOtherDays(t *testing.T) {
	run(t, 80, 24, nil, func(t *testing.T, c console) {
		c.Keys("n", tuitest.Enter, tuitest.End, tuitest.Enter)
		c.Need(t, "From which day?")
		c.Type(tuitest.Enter)
		c.Need(t, "Its first day is missing.")
		c.Type("1999-02-30")
		c.Need(t, "There is no day 1999-02-30.")
		c.Keys(tuitest.CtrlU, "2031-01-01")
		c.Need(t, "It begins in the future.")
		c.Type(tuitest.Enter)
		c.Need(t, "From which day?") // still
		c.Keys(tuitest.CtrlU, "1999-02-03")
		c.Need(t, "Wednesday 1999-02-03 00:00:00 UTC")
		// Enter and the next answer in one read: nothing is lost on the way.
		c.Type("\r1999-03-01")
		c.Need(t, "To which day?", "Monday 1999-03-01 23:59:59 UTC, 27 days")
		c.Keys(tuitest.CtrlU, "1999-02-02")
		c.Need(t, "Its first day is after its last one.")
		c.Keys(tuitest.CtrlU, "1999-02-03", tuitest.Enter, tuitest.Enter, tuitest.Enter, tuitest.Enter)
		specs := c.jobs.Started()
		if len(specs) != 1 || specs[0].Request.Range.Name != "1999-02-03..1999-02-03" {
			t.Fatalf("started %+v", specs)
		}
	})
}

func TestFormNeedsADataType(t *testing.T) {
	run(t, 80, 24, nil, func(t *testing.T, c console) {
		c.Keys("n", tuitest.Enter, tuitest.Enter, tuitest.CtrlA)
		c.Need(t, "Choose at least one data type.")
		c.Type(tuitest.Enter)
		c.Need(t, "Which data?")
		c.Keys(tuitest.Space, tuitest.Enter)
		c.Need(t, "Save it in which folder?")
	})
}

func TestFormWaysBack(t *testing.T) {
	run(t, 80, 24, nil, func(t *testing.T, c console) {
		c.Keys("n", tuitest.Enter, tuitest.Enter, tuitest.Enter)
		c.Need(t, "which folder?")
		c.Type("q?x") // letters are text here
		c.Need(t, "q?x")
		c.Type(tuitest.Esc)
		c.Need(t, "Which data?")
		c.Type(tuitest.ShiftTab)
		c.Need(t, "Which date range?")
		c.Keys(tuitest.Esc, tuitest.Esc)
		c.Need(t, "→ Exports", "No exports yet")
	})
}

func TestFormRemembersTheLastAnswers(t *testing.T) {
	run(t, 80, 24, nil, func(t *testing.T, c console) {
		c.Keys("n", tuitest.Down, tuitest.Enter, tuitest.Up, tuitest.Enter, tuitest.Enter, tuitest.Enter, tuitest.Enter)
		c.jobs.Step(1, job.StepStopped)
		c.Settle(time.Second)
		c.Keys(tuitest.Esc, "n")
		c.Need(t, "▸ CSV")
		c.Type(tuitest.Enter)
		c.Need(t, "▸ Last 7 days")
	})
}

func TestFormFolderThatCannotBeWritten(t *testing.T) {
	bad := func(_ *tui.Deps, jobs *tuitest.Jobs) {
		jobs.SetFolder(func(output string) (string, int64, error) {
			if strings.HasPrefix(output, "/root") {
				return output, 0, &job.PathError{Kind: job.ErrFolder, Path: output}
			}
			return output, 1 << 30, nil
		})
	}
	run(t, 80, 24, bad, func(t *testing.T, c console) {
		c.Keys("n", tuitest.Enter, tuitest.Enter, tuitest.Enter, "/root/x")
		c.Need(t, "folder cannot be written")
		// Enter comes in the same read as the last letter: the check of that
		// very text decides.
		c.Type("y\r")
		c.Need(t, "Save it in which folder?", "folder cannot be written")
		if n := len(c.jobs.Started()); n != 0 {
			t.Fatalf("%d jobs were started", n)
		}
		c.Type(tuitest.CtrlU)
		c.Type("~/z\r")
		c.Need(t, "/home/u/z/, 1.00 GiB free")
		c.Type(tuitest.Enter)
		if s := c.jobs.Started(); len(s) != 1 || s[0].Output != "/home/u/z/" {
			t.Fatalf("started %+v", s)
		}
	})
}

func TestFormCompletesFolders(t *testing.T) {
	dir := t.TempDir()
	mkdirs(t, dir, "exports-2025", "exports-2026", "other", ".hidden")
	run(t, 120, 36, nil, func(t *testing.T, c console) {
		c.Keys("n", tuitest.Enter, tuitest.Enter, tuitest.Enter)
		c.Type(dir + "/ex")
		c.Type(tuitest.Tab)
		c.Need(t, "/exports-202")
		c.Type(tuitest.Tab) // nothing more in common: what there is
		c.Need(t, "exports-2025", "exports-2026")
		c.NeedNot(t, "hidden", "other")
		c.Type("6")
		c.Type(tuitest.Tab)
		c.Need(t, "/exports-2026/")
	})
}

func TestFormWhileAnotherExportRuns(t *testing.T) {
	busy := func(_ *tui.Deps, jobs *tuitest.Jobs) {
		ref := jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON}})
		jobs.Step(ref, job.StepCollecting)
	}
	run(t, 60, 16, busy, func(t *testing.T, c console) {
		c.Type("n")
		c.Need(t, "Your export is running (collecting", "w: watch the running one.")
		c.Golden(t, "form_busy_60x16")
		c.Type("w")
		c.Need(t, "→ Export", "Collecting")
		c.NeedNot(t, "Which format?")
	})
}

func TestRunAgainOpensTheSummary(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Keys(tuitest.Down, "r")
		c.Need(t, "✓ Folder  ● Summary", "CSV", "1999-11-22 – 1999-12-22", "Metrics, Dashboards and widgets")
		c.NeedNot(t, "Audit logs hold")
		c.Type(tuitest.ShiftTab)
		c.Need(t, "which folder?")
		c.Keys(tuitest.Enter, tuitest.Enter)
		if s := c.jobs.Started(); len(s) != 1 || s[0].Request.Range.Name != "1999-11-22..1999-12-22" {
			t.Fatalf("started %+v", s)
		}
	})
}

func TestFormBeginsAtWhatIsToBeChanged(t *testing.T) {
	failed := func(_ *tui.Deps, jobs *tuitest.Jobs) {
		ref := jobs.Start(job.Spec{Request: client.ExportRequest{
			Format: client.CSV, Range: client.Range{Name: "all_time"}, Include: client.Include{Metrics: true, AuditLogs: true},
		}})
		jobs.Change(ref, func(s *job.Snapshot) { s.Err = &job.ExportFailedError{ID: "exp_9", Reason: "out of memory"} })
		jobs.Step(ref, job.StepFailed)
	}
	t.Run("fewer types", func(t *testing.T) {
		run(t, 80, 24, failed, func(t *testing.T, c console) {
			c.Keys(tuitest.Enter, "f")
			c.Need(t, "Which data?", "[✓] Metrics", "[ ] Connections")
			c.Keys(tuitest.End, tuitest.Space, tuitest.Enter)
			c.Need(t, "The same as a shell command:", "CSV", "all time")
			c.NeedNot(t, "Audit logs")
			c.Type(tuitest.Esc)
			c.Need(t, "Which data?")
			c.Type(tuitest.Esc)
			c.Need(t, "→ Export")
			c.NeedNot(t, "New export")
		})
	})
	t.Run("shorter range", func(t *testing.T) {
		run(t, 80, 24, failed, func(t *testing.T, c console) {
			c.Keys(tuitest.Enter, "s")
			c.Need(t, "Which date range?", "▸ Last year")
			c.Keys(tuitest.Up, tuitest.Enter)
			c.Need(t, "last 90 days:", "CSV", "Metrics, Audit logs")
		})
	})
	t.Run("other days", func(t *testing.T) {
		run(t, 80, 24, failed, func(t *testing.T, c console) {
			c.Keys(tuitest.Enter, "s", tuitest.End, tuitest.Enter)
			c.Need(t, "From which day?")
			c.Keys("1999-12-01", tuitest.Enter, "1999-12-02", tuitest.Enter)
			c.Need(t, "1999-12-01 – 1999-12-02, UTC", "Metrics, Audit logs")
		})
	})
}
