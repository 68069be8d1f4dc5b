package serve_test

import (
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/serve"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestQuitting(t *testing.T) {
	visit(t, serve.Viewer, nil, func(f *far) {
		f.need("No exports yet", "viewer")
		f.keys("\x1a") // ctrl+z
		f.need("No exports yet")
		f.keys("q")
		f.ended(nil)
		if s := f.sent.String(); !strings.Contains(s, "\x1b[?1049l") || strings.Contains(s, "was ended") {
			t.Errorf("the screen is not restored: %q", s[max(0, len(s)-200):])
		}
	})
}

// Who leaves while something runs is told what becomes of it, and asked before
// only if it ends with the session.
func TestLeavingWhatRuns(t *testing.T) {
	for name, c := range map[string]struct {
		ownJobs bool
		leave   func(f *far)
		asked   bool
		told    string
		ended   error
	}{
		"quit":                  {false, func(f *far) { f.keys("q") }, false, "What runs goes on at the server", nil},
		"quit, own jobs":        {true, func(f *far) { f.keys("q") }, true, "", nil},
		"ctrl+c, own jobs":      {true, func(f *far) { f.keys("\x03") }, false, "What has arrived of a file is kept", nil},
		"the key is taken away": {false, func(f *far) { f.end(serve.ErrRevoked) }, false, "What runs goes on at the server", serve.ErrRevoked},
		"the server stops":      {false, func(f *far) { f.end(serve.ErrStopping) }, false, "What has arrived of a file is kept", serve.ErrStopping},
	} {
		t.Run(name, func(t *testing.T) {
			visit(t, serve.Viewer, func(d *tui.Deps, o *serve.Options) {
				d.Jobs.Start(job.Spec{})
				o.JobsEnd = c.ownJobs
			}, func(f *far) {
				f.jobs.Step(1, job.StepTransferring)
				f.settle(time.Second)
				c.leave(f)
				f.settle(3 * time.Second)
				if c.asked {
					f.need("Quit?", "Stay")
					return
				}
				f.ended(c.ended)
				if s := f.sent.String(); !strings.Contains(s, c.told) {
					t.Errorf("told: %q", s[max(0, len(s)-300):])
				}
			})
		})
	}
}

// Line feeds come as a terminal in raw mode needs them.
func TestLineFeeds(t *testing.T) {
	visit(t, serve.Viewer, nil, func(f *far) {
		f.keys("?")
		f.need("Help")
		s := f.sent.String()
		for i := range len(s) {
			if s[i] == '\n' && (i == 0 || s[i-1] != '\r') {
				t.Fatalf("a bare line feed: %q", s[max(0, i-20):i+1])
			}
		}
	})
}

// Whatever a client types while its session ends, no goroutine is left: the
// bubble would tell.
func TestEndingWhileItTypes(t *testing.T) {
	for name, end := range map[string]func(*far){
		"quit":          func(f *far) { f.keys(strings.Repeat("jk", 200) + "q" + strings.Repeat("jk", 200)) },
		"ctrl+c":        func(f *far) { f.keys(strings.Repeat("\x1b[B", 300) + "\x03" + strings.Repeat("\x1b[B", 20)) },
		"gone":          func(f *far) { _ = f.in.Close() },
		"gone in paste": func(f *far) { f.keys("n\x1b[200~never ended"); _ = f.in.Close() },
		"gone in OSC":   func(f *far) { f.keys("\x1b]52;c;AAAA"); _ = f.in.Close() },
		"gone in CSI":   func(f *far) { f.keys("\x1b[1;2"); _ = f.in.Close() },
		"told to":       func(f *far) { f.keys(strings.Repeat("jk", 100)); f.end(serve.ErrStopping) },
	} {
		t.Run(name, func(t *testing.T) {
			visit(t, serve.Viewer, nil, func(f *far) {
				end(f)
				f.settle(time.Second)
				if name == "told to" {
					f.ended(serve.ErrStopping)
				} else {
					f.ended(nil)
				}
			})
		})
	}
}

func TestIdleSessionsAreToldAndEnded(t *testing.T) {
	visit(t, serve.Viewer, func(_ *tui.Deps, o *serve.Options) { o.Idle = 10 * time.Minute }, func(f *far) {
		f.settle(9*time.Minute + 500*time.Millisecond)
		f.need("This session ends in 60 s: no key was pressed for too long.")
		f.keys("?") // somebody is there
		f.settle(9 * time.Minute)
		f.need("This session ends in 60 s")
		f.settle(31 * time.Second)
		f.need("This session ends in 30 s")
		f.settle(20 * time.Second)
		f.need("This session ends in 10 s")
		f.settle(11 * time.Second)
		f.ended(serve.ErrIdle)
		if s := f.sent.String(); !strings.Contains(s, "The session was ended: no key was pressed for too long.\r\n") {
			t.Errorf("no farewell: %q", s[max(0, len(s)-300):])
		}
	})
}

func TestLongSessionsEnd(t *testing.T) {
	visit(t, serve.Viewer, func(_ *tui.Deps, o *serve.Options) { o.Idle, o.Longest = 10*time.Minute, 15*time.Minute }, func(f *far) {
		f.settle(8 * time.Minute)
		f.keys("?")
		f.settle(6*time.Minute + time.Second)
		f.need("the session lasted as long as one may")
		f.settle(time.Minute)
		f.ended(serve.ErrLongest)
	})
}

func TestFloodOfInputEndsTheSession(t *testing.T) {
	visit(t, serve.Viewer, nil, func(f *far) {
		go func() { // until nobody reads any more
			_, _ = f.in.Write([]byte("\x1b[200~" + strings.Repeat("x", 80<<10)))
		}()
		f.settle(3 * time.Second)
		f.ended(serve.ErrFlood)
	})
}

// A key costs an update and a frame: a client that sends thousands of them gets
// them one after the other, and those that pile up end its session.
func TestKeysArePaced(t *testing.T) {
	visit(t, serve.Viewer, nil, func(f *far) {
		f.keys(strings.Repeat("x", 600) + "?")
		f.settle(time.Second)
		if strings.Contains(f.screen(), "Everywhere") {
			t.Error("600 keys in a second")
		}
		f.settle(2 * time.Second)
		f.need("Everywhere")
		// No more bytes than are allowed, but more keys than are taken.
		for i := range 110 {
			if _, err := io.WriteString(f.in, strings.Repeat("x", 1000)); err != nil {
				t.Fatal(err)
			}
			if i < 90 {
				continue
			}
			f.settle(600 * time.Millisecond)
			if len(f.done) > 0 {
				f.ended(serve.ErrFlood)
				return
			}
		}
		t.Error("100,000 keys wait")
	})
}

func TestSizes(t *testing.T) {
	visit(t, serve.Viewer, nil, func(f *far) {
		f.em.Resize(40, 10)
		f.sizes <- serve.Clamp(40, 10)
		f.settle(time.Second)
		f.need("needs 60x16")
		f.em.Resize(serve.MaxWidth, serve.MaxHeight)
		f.sizes <- serve.Clamp(5000, 5000)
		f.settle(time.Second)
		f.need("No exports yet")
	})
}

func TestViewersAreRefused(t *testing.T) {
	running := func(d *tui.Deps, _ *serve.Options) {
		d.Jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: client.Range{Name: "last_7_days"}}})
	}
	visit(t, serve.Viewer, running, func(f *far) {
		before := len(f.jobs.Started())
		f.jobs.Step(1, job.StepTransferring)
		f.settle(time.Second)
		f.keys("t", "x") // stop
		f.need("Refused: as viewer you may not stop jobs.")
		f.keys(" ")
		f.need("you may not pause transfers")
		f.keys("n", "\r", "\r", "\r", "\r", "\r")
		f.need("as viewer you may not make exports")
		if n := len(f.jobs.Started()); n != before || len(f.jobs.Calls()) > 0 {
			t.Errorf("%d jobs, calls %v", n, f.jobs.Calls())
		}
		for _, action := range []string{"stop", "pause", "export"} {
			if !f.book.has(action, serve.Refused) {
				t.Errorf("%s is not written down", action)
			}
		}
		f.keys("\x1b", "\x1b", "t")
		f.need("failed") // the refused one, in the list
	})
}

func TestOperatorsWork(t *testing.T) {
	visit(t, serve.Operator, func(_ *tui.Deps, o *serve.Options) { o.Fetch = "sftp -P 2222 host" }, func(f *far) {
		f.keys("n", "\r", "\r", "\r", "\r", "\r")
		if s := f.jobs.Started(); len(s) != 1 || s[0].Output != "" || s[0].Force {
			t.Fatalf("started: %+v", s)
		}
		f.jobs.Change(1, func(s *job.Snapshot) {
			s.File, s.Export.ID = "/srv/exports/dashtray-x.json", "exp_1"
			s.Result = &job.Result{File: s.File, Bytes: 7}
		})
		f.jobs.Step(1, job.StepDone)
		f.settle(time.Second)
		f.need("sftp -P 2222 host:dashtray-x.json")
		f.keys("y")
		if clip := base64.StdEncoding.EncodeToString([]byte("sftp -P 2222 host:dashtray-x.json")); !strings.Contains(f.sent.String(), clip) {
			t.Error("the command was not copied")
		}
		if !f.book.has("export", serve.Done) || !f.book.has("job.end", serve.Done) {
			t.Errorf("written down: %+v", f.book.lines)
		}
	})
}

func TestWhoIsConnected(t *testing.T) {
	both := func(_ *tui.Deps, o *serve.Options) {
		o.Sessions = func() []serve.Session {
			return []serve.Session{
				{ID: "1", Who: serve.Who{Session: "s1", Name: "Ada", Role: serve.Admin}, Since: time.Now().Add(-time.Hour), Doing: "Sessions"},
				{ID: "2", Who: serve.Who{Session: "s2", Name: "Grace", From: "192.0.2.1:5", Key: "SHA256:abc"}, Since: time.Now(), Doing: "sftp"},
			}
		}
	}
	t.Run("admin", func(t *testing.T) {
		visit(t, serve.Admin, both, func(f *far) {
			f.keys("S")
			f.need("→ Sessions", "Ada (you)", "Grace", "viewer", "sftp", "1 h ago")
		})
	})
	t.Run("operator", func(t *testing.T) {
		visit(t, serve.Operator, both, func(f *far) {
			f.keys("S")
			f.need("Refused: as operator you may not see who is connected.")
			if !f.book.has("sessions", serve.Refused) {
				t.Error("not written down")
			}
		})
	})
}

func TestADumbTerminal(t *testing.T) {
	t.Parallel()
	var env serve.Env
	env.Set("TERM", "dumb")
	err := serve.Run(t.Context(), serve.Terminal{Env: env}, tui.Deps{}, serve.Options{})
	if !errors.Is(err, serve.ErrNoTerminal) {
		t.Errorf("%v", err)
	}
}

// A panic beside the program, which Bubble Tea does not catch, ended the server
// with all its sessions.
func TestPanicBesideTheProgramEndsTheSessionAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged, sent atomicBuffer
		d := deps(tuitest.NewJobs(time.Now))
		d.Log = slog.New(slog.NewTextHandler(&logged, nil))
		desk := serve.NewDesk(nil)
		var env serve.Env
		env.Set("TERM", "xterm")
		err := serve.Run(t.Context(), serve.Terminal{In: broken{}, Out: &sent, Env: env, Size: serve.Clamp(80, 24)}, d,
			serve.Options{Rights: serve.Rights{Who: serve.Who{Role: serve.Viewer}}, Desk: desk})
		if !errors.Is(err, serve.ErrFault) || !strings.Contains(logged.String(), "broken on purpose") {
			t.Errorf("ended with %v, logged %q", err, logged.String())
		}
		if s := sent.String(); !strings.Contains(s, "The session was ended: ") || strings.Contains(s, "on purpose") {
			t.Errorf("told: %q", s[max(0, len(s)-200):])
		}
		desk.Close()
	})
}

// broken is an input whose reader has a fault.
type broken struct{}

func (broken) Read([]byte) (int, error) {
	time.Sleep(time.Second)
	panic("broken on purpose")
}
