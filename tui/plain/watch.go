package plain

import (
	"context"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/job"
)

// follow watches a job to its end, and tells the result and what can be done
// with it. A job that is left goes on.
func (c *console) follow(ctx context.Context, ref job.Ref) error {
	a := c.cur
	s, err := c.watch(ctx, a, ref)
	if !s.Step.Over() {
		a.left[ref] = true
		if err == nil {
			c.out.line("It goes on. Its end is told here; jobs of this session are in the main menu.")
		}
		return err
	}
	delete(a.left, ref)
	if err != nil {
		return err
	}
	c.result(s)
	return c.after(ctx, s)
}

// look is how often a job is looked at when nothing of it changes: for what is
// told by the time alone.
const look = 10 * time.Second

// watch tells how a job goes until it is over or the person leaves it; the
// snapshot says which.
func (c *console) watch(ctx context.Context, a *account, ref job.Ref) (job.Snapshot, error) {
	s, ok := a.Jobs.Snapshot(ref)
	if !ok || s.Step.Over() {
		return s, nil
	}
	c.out.line("")
	c.out.line("While it runs, type a letter and Enter: p pauses, r goes on, s stops, b leaves it running, q quits. Enter alone tells how it stands.")
	changed, end := c.changes(ctx, a.Jobs.Wait)
	defer end()
	t := newTeller(c, s)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for c.out.err == nil {
		s, _ = a.Jobs.Snapshot(ref)
		t.hear(s)
		if s.Step.Over() {
			return s, nil
		}
		typed := c.in.held
		if c.in.held = nil; typed == nil {
			select {
			case <-changed:
			case <-tick.C:
			case l := <-c.in.arrivals():
				c.in.taken()
				typed = &l
			case <-ctx.Done():
				return s, context.Cause(ctx)
			}
		}
		if typed != nil {
			s, _ = a.Jobs.Snapshot(ref)
			if err := c.command(a, s, *typed); err != nil {
				return s, staying(err)
			}
			t.answered(s, *typed)
		}
	}
	return s, c.out.err
}

// changes says when something of the jobs may have changed, until end is called.
func (c *console) changes(ctx context.Context, wait func(context.Context, uint64) (uint64, error)) (changed <-chan struct{}, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ch, over := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(over)
		// A fault in there costs the quick news; the ticker still looks.
		_ = c.guarded(func() error {
			var version uint64
			for {
				next, err := wait(ctx, version)
				if err != nil {
					return err
				}
				version = next
				select {
				case ch <- struct{}{}:
				default: // one is waiting to be heard already
				}
			}
		})
	}()
	return ch, func() { cancel(); <-over }
}

// command is what the person typed while a job runs.
func (c *console) command(a *account, s job.Snapshot, l line) error {
	if l.err != nil {
		return l.err
	}
	switch typed := strings.ToLower(exact(strings.TrimSpace(l.text))); typed {
	case "":
		for _, w := range status(c, s) {
			c.out.line(w)
		}
	case "p", "pause":
		c.pause(a, s)
	case "r", "resume":
		if s.Paused {
			a.Jobs.Resume(s.Ref)
			c.out.line("It goes on.")
		} else {
			c.out.line("It is not paused.")
		}
	case "s", "stop":
		a.Jobs.Stop(s.Ref)
	case "b", "back":
		return errBack
	case "q", "quit":
		return errQuit
	case "?", "help":
		c.out.line("p pauses the download and r goes on with it.")
		c.out.line("s stops the job here: what arrived is kept, and the export goes on at the server.")
		c.out.line("b leaves the job running and goes back. q quits. Enter alone tells how it stands.")
	default:
		c.out.line("\"" + safe(typed) + "\" means nothing here. Type p, r, s, b, q, or ? for help.")
	}
	return nil
}

func (c *console) pause(a *account, s job.Snapshot) {
	switch {
	case s.Paused:
		c.out.line("It is paused already. Type r to go on.")
	case s.Step != job.StepTransferring:
		c.out.line("Only a download can be paused; this job is " + stepName(s) + ".")
	default:
		a.Jobs.Pause(s.Ref)
		c.out.line("Paused at " + ofWhole(s.Transfer.Done, s.Transfer.Size) + ". Type r to go on.")
	}
}

// typical is how long an export usually takes, as far as its size is known.
func typical(s job.Snapshot) (words string, most time.Duration) {
	records := int64(-1)
	switch e := s.Export; {
	case e.Progress != nil && e.Progress.Total > 0:
		records = e.Progress.Total
	case e.Records != nil:
		records = *e.Records
	}
	return usually(records)
}
