package tui_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

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
