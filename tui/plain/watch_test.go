package plain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// started brings a conversation to a job that was just started.
func started(c *talk) job.Ref {
	c.say("1", "", "", "", "", "1")
	c.mark()
	return c.jobs.List()[0].Ref
}

// received moves a transfer on, a second later.
func (c *talk) received(ref job.Ref, done int64, edit func(*transfer.Snapshot)) {
	c.jobs.Change(ref, func(s *job.Snapshot) {
		s.Transfer.Done, s.Transfer.Phase = done, transfer.PhaseReceiving
		if edit != nil {
			edit(&s.Transfer)
		}
	})
	c.settle(time.Second)
}

func TestWatch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, withFiles)
		ref := started(c)
		c.jobs.Change(ref, func(s *job.Snapshot) {
			s.Export = client.Export{ID: "exp_5", Status: "queued", Stage: client.StageQueued}
		})
		c.jobs.Step(ref, job.StepCreating)
		c.jobs.Step(ref, job.StepQueued)
		c.settle(5 * time.Second)
		c.jobs.Step(ref, job.StepCollecting)
		c.settle(30 * time.Second)
		c.say("", "p", "r", "x", "?")
		c.settle(40 * time.Second)
		c.jobs.Step(ref, job.StepGenerating)
		c.settle(10 * time.Second)
		c.jobs.Change(ref, func(s *job.Snapshot) {
			s.File, s.Warnings = "/home/u/exports/x.json", []string{"the range is not the one that was asked for"}
			s.Transfer = transfer.Snapshot{Phase: transfer.PhaseReceiving, Size: 1 << 30, Left: -1}
			s.Export.ExpiresAt = time.Now().Add(5 * time.Hour)
		})
		c.jobs.Step(ref, job.StepTransferring)
		for i := range int64(50) { // two percent a second
			c.received(ref, (i+1)*(1<<30)/50, func(s *transfer.Snapshot) {
				s.Left, s.Rate, s.Average, s.Connections = time.Duration(49-i)*time.Second, 20<<20, 19<<20, 4
			})
			if i == 20 {
				c.say("", "p", "p", "", "r")
			}
		}
		c.jobs.Step(ref, job.StepVerifying)
		c.jobs.Change(ref, func(s *job.Snapshot) {
			s.Transfer.Attempts = 5
			s.Result = &job.Result{File: s.File, Include: client.Include{Metrics: true, Connections: true}, Report: archive.Report{
				OK: true, Bytes: 1 << 30, SHA256: strings.Repeat("ab", 32), Records: archive.Counts{Metrics: 2000, Connections: 1, Dashboards: 1, Widgets: 3},
				From: time.Now().Add(-48 * time.Hour), To: time.Now(),
				Warnings: []archive.Finding{{Code: archive.DuplicateID, Message: "the id m_1 is there twice", At: "/metrics/7"}},
			}}
		})
		c.jobs.Step(ref, job.StepDone)
		c.settle(0)
		c.say("2", "")
		c.golden("watch")
		if got := strings.Join(c.jobs.Calls(), " "); got != "pause resume" {
			t.Errorf("calls %q", got)
		}
	})
}

// Progress is told each ten percent or each half minute, whichever is later.
func TestProgressLeavesTimeToListen(t *testing.T) {
	for _, x := range []struct {
		name    string
		size    int64
		perSec  int64
		seconds int
		want    int // lines
	}{
		{"fast, done before it is worth a word", 1000, 100, 10, 0},
		{"two percent a second: each 30 s", 1000, 20, 49, 1},
		{"one percent each ten seconds: each ten percent", 1000, 1, 330, 3},
		{"size not known: each minute", -1, 10, 330, 5},
		{"nothing comes", 1000, 0, 3600, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := open(t, nil)
				ref := started(c)
				c.jobs.Change(ref, func(s *job.Snapshot) {
					s.Transfer = transfer.Snapshot{Phase: transfer.PhaseReceiving, Size: x.size, Left: -1}
				})
				c.jobs.Step(ref, job.StepTransferring)
				c.settle(0)
				for i := range x.seconds {
					c.received(ref, int64(i+1)*x.perSec, nil)
				}
				if got := strings.Count(c.text(), "Downloaded: "); got != x.want {
					t.Errorf("told %d times, want %d:\n%s", got, x.want, c.text())
				}
			})
		})
	}
}

func TestInterruptions(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		ref := started(c)
		c.jobs.Change(ref, func(s *job.Snapshot) { s.Transfer.Size = 1000; s.Transfer.ResumedFrom = 500 })
		c.jobs.Step(ref, job.StepTransferring)
		c.settle(0)
		c.need("500 B are here already from an earlier run.")
		for range 20 { // a storm: down and up each second
			c.received(ref, 500, func(s *transfer.Snapshot) {
				s.Phase, s.RetryAt, s.LastError = transfer.PhaseWaiting, time.Now().Add(8*time.Second), "connection reset by peer."
			})
			c.received(ref, 501, nil)
		}
		c.need("The download was interrupted: connection reset by peer. The next try is in 8 seconds.", "It goes on.")
		if n := strings.Count(c.text(), "interrupted"); n != 2 {
			t.Errorf("told %d times in 40 s:\n%s", n, c.text())
		}
		c.received(ref, 500, func(s *transfer.Snapshot) { s.Phase, s.RetryAt = transfer.PhaseWaiting, time.Time{} })
		c.mark()
		c.say("")
		c.need("It is tried again.")
	})
}

func TestLooksThatGoWrong(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		ref := started(c)
		c.jobs.Change(ref, func(s *job.Snapshot) { s.Export.ID = "exp_5" })
		c.jobs.Step(ref, job.StepBusy)
		c.jobs.Step(ref, job.StepProcessing)
		c.jobs.Change(ref, func(s *job.Snapshot) { s.LookErr = &client.Error{Kind: client.ErrNetwork, Step: "ask"} })
		c.settle(time.Second)
		c.need("Another export of the project is running", "is being made. Usually", "The last look at the export went wrong. The server gave no answer")
		c.jobs.Change(ref, func(s *job.Snapshot) { s.LookErr = nil })
		c.settle(31 * time.Minute)
		c.need("It goes on.", "This takes longer than usual.", "running for over 30 minutes. Contact Dashtray's support and name its id: exp_5.")
		if n := strings.Count(c.text(), "30 minutes."); n != 1 {
			t.Errorf("the advice is given %d times", n)
		}
	})
}

func TestServersProgress(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		ref := started(c)
		c.jobs.Step(ref, job.StepCollecting)
		c.settle(40 * time.Second)
		c.jobs.Change(ref, func(s *job.Snapshot) {
			s.Export.Progress = &client.Progress{Fraction: 0.42, Processed: 4200, Total: 10_000}
		})
		c.settle(0)
		c.need("Collecting: 42 percent, 4,200 of 10,000 records, 40 seconds so far.")
	})
}

func TestLeftJobsAreHeardOf(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		ref := started(c)
		c.say("b")
		c.need("It goes on.", "Jobs of this session: 1 running, 0 over")
		c.jobs.Change(ref, func(s *job.Snapshot) { s.Result = &job.Result{File: "/home/u/exports/x.json"} })
		c.jobs.Step(ref, job.StepDone)
		c.mark()
		c.say("4", "back")
		c.need("News: JSON, last 30 days, all data types: the file is whole and verified, /home/u/exports/x.json")
		c.mark()
		c.say("3", "1", "1", "3", "back")
		c.need("Done. The file is whole and verified.", "1. Done: JSON")
		c.needNot("News")
	})
}

func TestFailures(t *testing.T) {
	for name, x := range map[string]struct {
		err    error
		edit   func(*job.Snapshot)
		say    []string
		want   []string
		unlike []string
	}{
		"on the server": {
			err:    &job.ExportFailedError{ID: "exp_5", Reason: "no room"},
			edit:   func(s *job.Snapshot) { s.Export.Stage = client.StageFailed },
			say:    []string{"3"},
			want:   []string{"Error: The export exp_5 failed on the server: no room.", "Export: exp_5", "4. Make one with fewer", "Which date range?", "Enter means 1:"},
			unlike: []string{"Download the file"},
		},
		"fewer types": {
			err: &job.TimeoutError{ID: "exp_5", Over: time.Minute}, say: []string{"5"},
			want: []string{"2. Download the file", "Which data?"},
		},
		"the transfer": {
			err: transfer.ErrGaveUp, say: []string{""},
			edit: func(s *job.Snapshot) { s.Transfer = transfer.Snapshot{Done: 300, Size: 1000} },
			want: []string{"Kept: 300 B of 1000 B.", "2. Go on with the download", "Enter means 2:", "Checking the key"},
		},
		"the check": {
			err:    &job.InvalidError{File: "/home/u/x.json.invalid", Report: archive.Report{Problems: []archive.Finding{{Code: archive.Truncated, Message: "it ends early", At: "byte 7"}}}},
			want:   []string{"Error: The file does not verify: it ends early.", "File: /home/u/x.json.invalid", "Problem: truncated: it ends early, at byte 7", "Make the same export again"},
			unlike: []string{"Download the file", "Go on with"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				c := open(t, nil)
				ref := started(c)
				c.jobs.Change(ref, func(s *job.Snapshot) {
					s.Err, s.Export = x.err, client.Export{ID: "exp_5"}
					if x.edit != nil {
						x.edit(s)
					}
				})
				c.jobs.Step(ref, job.StepFailed)
				c.settle(0)
				c.say(x.say...)
				c.need(x.want...)
				c.needNot(x.unlike...)
			})
		})
	}
}

func TestStop(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		ref := started(c)
		c.jobs.Change(ref, func(s *job.Snapshot) { s.Export = client.Export{ID: "exp_5", Stage: client.StageCollecting} })
		c.say("s")
		c.need("Stopped here.", "Export: exp_5. It goes on at the server.", "2. Download the file")
		c.say("2")
		if s := c.jobs.Started(); len(s) != 2 || s[1].ID != "exp_5" {
			t.Errorf("started %+v", s)
		}
	})
}
