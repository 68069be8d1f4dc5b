package tui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/nav"
)

// jobsMsg says how the jobs of a session stand.
type jobsMsg struct {
	of   *session
	jobs nav.Jobs
}

// waitJobs waits until a session's jobs stand otherwise than in this version.
func (m *Model) waitJobs(s *session, version uint64) tea.Cmd {
	jobs, ctx, now := s.Jobs, m.ctx, m.d.Now
	return func() tea.Msg {
		v, err := jobs.Wait(ctx, version)
		if err != nil {
			return nil // the console or the service has ended
		}
		return jobsMsg{s, nav.Jobs{Version: v, List: jobs.List(), Now: now()}}
	}
}

// jobsChanged rings for what has ended, tells the screens if the jobs are
// those that they show, and waits on.
func (m *Model) jobsChanged(msg jobsMsg) tea.Cmd {
	ended := m.ended(msg.of, msg.jobs)
	msg.of.jobs = msg.jobs
	var told tea.Cmd
	if msg.of == m.cur {
		told = m.broadcast(msg.jobs)
	}
	return tea.Batch(m.waitJobs(msg.of, msg.jobs.Version), told, ended)
}

// ticker is the one loop of nav.Tick.
type ticker struct {
	every time.Duration // 0: it stands still
	gen   int
	frame int
	stop  context.CancelFunc
}

type tickMsg struct {
	gen int
	now time.Time
}

// How often the time is told.
const (
	tickMoving = 250 * time.Millisecond
	tickStill  = time.Second
	tickIdle   = time.Minute
)

// tickEvery is how often the time has to be told now; 0 is never.
func (m *Model) tickEvery() time.Duration {
	moving := nav.Running(m.cur.jobs.List)
	if w, ok := m.top().screen.(nav.Waiter); ok && m.top().broken == "" && w.Waiting() {
		moving = true
	}
	if w, ok := m.over.(waiter); ok && w.waiting() {
		moving = true
	}
	switch {
	case moving && m.d.ReducedMotion:
		return tickStill
	case moving:
		return tickMoving
	}
	if c, ok := m.top().screen.(nav.Counter); ok && m.top().broken == "" && c.Counting() {
		return tickIdle
	}
	return 0
}

// retick starts, changes or stops the loop, so that it fits what is on the screen.
func (m *Model) retick() tea.Cmd {
	every := m.tickEvery()
	if every == m.tick.every {
		return nil
	}
	if m.tick.stop != nil {
		m.tick.stop()
		m.tick.stop = nil
	}
	m.tick.every = every
	m.tick.gen++
	if every == 0 {
		return nil
	}
	return m.nextTick()
}

func (m *Model) nextTick() tea.Cmd {
	if m.tick.stop != nil {
		m.tick.stop()
	}
	ctx, stop := context.WithCancel(m.ctx)
	m.tick.stop = stop
	gen, now := m.tick.gen, m.d.Now
	return after(ctx, m.tick.every, func() tea.Msg { return tickMsg{gen, now()} })
}

// ticked tells the time to the screens and goes on.
func (m *Model) ticked(msg tickMsg) tea.Cmd {
	if msg.gen != m.tick.gen {
		return nil
	}
	if !m.d.ReducedMotion {
		m.tick.frame++
	}
	tick := nav.Tick{Now: msg.now, Frame: m.tick.frame}
	if w, ok := m.over.(waiter); ok {
		w.ticked(tick)
	}
	return tea.Batch(m.nextTick(), m.broadcast(tick))
}
