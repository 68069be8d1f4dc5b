package tui_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// offline is a listing of what this machine remembers, since the server could
// not be asked.
func offline(err error) func(*tui.Deps, *tuitest.Jobs) {
	return func(_ *tui.Deps, jobs *tuitest.Jobs) {
		l := listing(time.Now())
		l.Offline = err
		jobs.SetListing(l, nil, 0)
	}
}

func TestOfflineIsRetried(t *testing.T) {
	for name, err := range map[string]error{
		"network": errOffline,
		"server":  fmt.Errorf("list the exports: %w", &client.Error{Kind: client.ErrServer, Status: 503}),
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 80, 24, offline(err), func(t *testing.T, c console) {
				start := time.Now()
				c.Need(t, "Next try at 00:00:30, R tries now.", "last 7 days")
				listed := c.jobs.Listed()
				for _, at := range []int{30, 90, 210, 510, 810} {
					c.Settle(time.Until(start.Add(time.Duration(at)*time.Second - 900*time.Millisecond)))
					if n := c.jobs.Listed(); n != listed {
						t.Fatalf("after %v it was tried %d times too early", time.Since(start), n-listed)
					}
					c.Settle(900 * time.Millisecond)
					if listed++; c.jobs.Listed() != listed {
						t.Fatalf("no try %d s after the first", at)
					}
				}
				c.Need(t, "Next try at 00:18:30")
				c.Type("R") // the person knows better, and the pauses begin anew
				if c.jobs.Listed() != listed+1 {
					t.Error("R does not try now")
				}
				c.Need(t, "Next try at "+time.Now().Add(30*time.Second).Format("15:04:"))
				c.jobs.SetListing(listing(time.Now()), nil, 0)
				c.Settle(31 * time.Second)
				c.Need(t, "✓ Back online.")
				c.NeedNot(t, "Next try")
				before := c.jobs.Listed()
				c.Settle(10 * time.Minute)
				if n := c.jobs.Listed(); n != before {
					t.Errorf("it was asked %d times while all was well", n-before)
				}
			})
		})
	}
}

func TestOfflineAtAllSizes(t *testing.T) {
	for _, s := range [][2]int{{80, 24}, {120, 36}, {60, 16}} {
		size := fmt.Sprintf("%dx%d", s[0], s[1])
		t.Run(size, func(t *testing.T) {
			run(t, s[0], s[1], offline(errOffline), func(t *testing.T, c console) { c.Golden(t, "home_offline_"+size) })
		})
	}
}

func TestWhatDoesNotPassIsNotRetried(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"no list":   {&client.Error{Kind: client.ErrNotFound, Status: 404}, "This server has no list of exports. Shown is what this machine remembers."},
		"no method": {&client.Error{Kind: client.ErrNotFound, Status: 405}, "This server has no list of exports."},
		"no API":    {client.ErrProtocol, "not an API answer"},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, 80, 24, offline(tt.err), func(t *testing.T, c console) {
				c.Need(t, tt.want, "last 7 days")
				c.NeedNot(t, "Next try")
				before := c.jobs.Listed()
				c.Settle(10 * time.Minute)
				if n := c.jobs.Listed(); n != before {
					t.Errorf("it was tried %d times", n-before)
				}
			})
		})
	}
}

// Between two tries nothing is drawn: the banner names the time of the next.
func TestOfflineIsStill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := tuitest.NewJobs(time.Now)
		d := deps(jobs)
		offline(errOffline)(&d, jobs)
		l := listing(time.Now())
		l.Offline, l.Entries = errOffline, l.Entries[2:]
		jobs.SetListing(l, nil, 0)
		m := &counted{Model: tui.New(d)}
		term := tuitest.Start(t, m, 80, 24, tea.WithFPS(1))
		term.Settle(15 * time.Second)
		m.take()
		before := term.Written()
		term.Settle(10 * time.Second)
		if msgs, n := m.take(), term.Written()-before; len(msgs) > 0 || n > 0 {
			t.Errorf("%d bytes were written, and %v came", n, msgs)
		}
	})
}

// A try that is due is not made once the screen has the list by other means.
func TestOldRetryIsDropped(t *testing.T) {
	run(t, 80, 24, offline(errOffline), func(t *testing.T, c console) {
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		c.Type("R")
		c.Need(t, "Back online.")
		before := c.jobs.Listed()
		c.Settle(10 * time.Minute)
		if n := c.jobs.Listed(); n != before {
			t.Errorf("it was tried %d times more", n-before)
		}
	})
}

func TestRefusedListing(t *testing.T) {
	run(t, 80, 24, listed, func(t *testing.T, c console) {
		c.Settle(20 * time.Second)
		c.jobs.SetListing(job.Listing{}, errors.New("role refused"), 0)
		c.Type("R")
		c.Need(t, "role refused", "R tries again", "1 of 4") // what was there stays
		c.NeedNot(t, "Shown is")
		c.NeedNot(t, "K change") // there is no other key to be had
		c.jobs.SetListing(job.Listing{Entries: listing(time.Now()).Entries[:1]}, errors.New("role refused"), 0)
		c.Type("R")
		c.Need(t, "role refused", "1 of 1", "Shown is what this")
		c.jobs.SetListing(listing(time.Now()), nil, 3*time.Second)
		c.Type("R")
		c.Need(t, "asking…")
		c.Settle(3 * time.Second)
		c.NeedNot(t, "role refused", "asking", "Back online")
	})
}
