package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
)

const (
	firstLook = 2 * time.Second
	slowLook  = 10 * time.Second // the product's own sample polls that often
	// lowBudget is the rate budget under which looks become rarer, since the
	// budget is shared with everything else that uses the key.
	lowBudget = 100
	// patience is how long looks may fail in a row before the job gives up;
	// the same command goes on with the export later.
	patience = 90 * time.Second
	// grace is how long a new export may be unknown, or finished without a link.
	grace = 20 * time.Second
)

// await looks at the export until it is ready.
func (r *run) await(ctx context.Context) (client.Export, error) {
	look := looks{fresh: r.fresh}
	for n := 0; ; n++ {
		exp, err := r.look(ctx)
		now := r.s.d.Now()
		var wait time.Duration
		switch {
		case ctx.Err() != nil:
			return exp, ctx.Err()
		case err != nil:
			if wait, err = look.failed(err, now); err != nil {
				return exp, err
			}
		case exp.Stage == client.StageFailed:
			return exp, r.ended(&ExportFailedError{ID: exp.ID, Reason: exp.Error})
		case exp.Stage == client.StageExpired:
			return exp, r.ended(fmt.Errorf("export %s: %w", exp.ID.Safe(), ErrExpired))
		case exp.Stage == client.StageCompleted && !exp.Link.IsZero():
			return exp, nil
		case exp.Stage == client.StageCompleted:
			if look.noLink(now) {
				return exp, fmt.Errorf("wait for the link of export %s: finished without one: %w", exp.ID.Safe(), client.ErrProtocol)
			}
		default:
			look = looks{fresh: r.fresh}
		}
		if err := r.pauseFor(ctx, cmp.Or(wait, r.pace(n))); err != nil {
			return exp, err
		}
	}
}

// ended notes that the run is over without a file, so that the same command
// makes a new export the next time.
func (r *run) ended(err error) error {
	r.record.State = history.StateOver
	r.remember()
	return err
}

// look asks once and shows the answer.
func (r *run) look(ctx context.Context) (client.Export, error) {
	id := r.snapshot().Export.ID
	exp, err := r.s.d.API.Export(ctx, id)
	now := r.s.d.Now()
	r.change(func(s *Snapshot) {
		s.LookErr = err
		if err != nil {
			return
		}
		exp.ID = id // the machine's own spelling
		s.Export = exp
		if step := stepOf(exp.Stage); step != "" {
			s.enter(step, now)
		}
	})
	return exp, err
}

func stepOf(s client.Stage) Step {
	switch s {
	case client.StageQueued:
		return StepQueued
	case client.StageCollecting:
		return StepCollecting
	case client.StageGenerating:
		return StepGenerating
	case client.StageProcessing, client.StageUnknown:
		return StepProcessing
	}
	return ""
}

// looks keeps count of answers that are no help.
type looks struct {
	fresh             bool      // a new export may be unknown for a moment
	failing, linkless time.Time // since when
}

// failed decides whether a failed look is worth another one, and after what time.
func (l *looks) failed(err error, now time.Time) (time.Duration, error) {
	if l.failing.IsZero() {
		l.failing = now
	}
	since := now.Sub(l.failing)
	switch {
	case errors.Is(err, client.ErrNotFound) && l.fresh && since < grace:
	case errors.Is(err, client.ErrRateLimited):
	case passing(err) && since < patience:
	default:
		return 0, fmt.Errorf("look at the export: %w", err)
	}
	var refused *client.Error
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		return refused.RetryAfter, nil
	}
	return 0, nil
}

// noLink reports whether a finished export has been without a link for too long.
func (l *looks) noLink(now time.Time) bool {
	if l.linkless.IsZero() {
		l.linkless = now
	}
	return now.Sub(l.linkless) >= grace
}

// pace is the time to the next look: 2 s while the export is young, growing to
// 10 s, with jitter so that many machines do not ask at once, and slower when
// the key's budget runs low.
func (r *run) pace(n int) time.Duration {
	d := firstLook
	for range min(n, 10) {
		d += d / 4
	}
	d = min(d, slowLook)
	if b := r.s.d.API.Budget(); b.Known && b.Remaining < lowBudget {
		left := b.Reset.Sub(r.s.d.API.ServerTime())
		d = max(d, min(left/time.Duration(max(b.Remaining, 1)), 5*time.Minute))
	}
	return d - d/10 + r.s.d.Jitter(d/5)
}

// pauseFor waits, and shows until when.
func (r *run) pauseFor(ctx context.Context, d time.Duration) error {
	next := r.s.d.Now().Add(d)
	r.change(func(s *Snapshot) { s.NextLook = next })
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		r.change(func(s *Snapshot) { s.NextLook = time.Time{} })
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
