package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// defaultTimeout is how long a job waits for the server: the product's page
// says to contact support after 30 minutes.
const defaultTimeout = 30 * time.Minute

// run is one job. Its pipeline is prepare → obtain → await → keep, each in a
// file of its own; snap is what viewers see of it.
type run struct {
	s      *Service
	ref    Ref
	cancel context.CancelCauseFunc // ends the job
	over   chan struct{}           // closed when the job has ended

	mu   sync.Mutex
	snap Snapshot
	part *transfer.Part          // while there is one
	halt context.CancelCauseFunc // ends the traffic, for a pause
	wake chan struct{}           // closed by resume

	// Only the pipeline's goroutine touches these.
	target     target
	recipients []seal.Recipient
	record     *record
	fresh      bool // the export was made by this very run
	attached   bool // it is the one that was running already
}

func newRun(s *Service, ref Ref, spec Spec) *run {
	spec.Timeout = cmp.Or(spec.Timeout, s.d.Timeout, defaultTimeout)
	spec.Connections = cmp.Or(spec.Connections, s.d.Connections)
	spec.LimitRate = cmp.Or(spec.LimitRate, s.d.LimitRate)
	if spec.IfBusy == "" {
		spec.IfBusy = BusyWait
	}
	now := s.d.Now()
	r := &run{s: s, ref: ref, over: make(chan struct{})}
	r.snap = Snapshot{
		Ref: ref, Spec: spec, Started: now, Step: StepPreparing,
		Steps: []StepTime{{StepPreparing, now}},
	}
	r.snap.Export.ID = spec.ID
	r.snap.Transfer.Size = -1
	return r
}

// main runs the pipeline and leaves its end in the snapshot.
func (r *run) main(ctx context.Context) {
	defer r.cancel(nil)
	res, err := r.pipeline(ctx)
	if err != nil && ctx.Err() != nil && !errors.Is(err, context.Cause(ctx)) {
		err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	if r.record != nil {
		if r.record.ExportID == "" && (r.record.Asked.IsZero() || r.snap.Spec.Detach) {
			r.record.State = history.StateOver // there is nothing to continue
			r.remember()
		}
		r.s.letGoOf(r.record)
	}
	r.change(func(s *Snapshot) {
		s.Ended = r.s.d.Now()
		s.Result, s.Err = res, err
		s.NextLook, s.Paused = time.Time{}, false
		switch {
		case err == nil:
			s.enter(StepDone, s.Ended)
		case errors.Is(err, ErrStopped):
			s.enter(StepStopped, s.Ended)
		default:
			s.enter(StepFailed, s.Ended)
		}
	})
	close(r.over)
}

func (r *run) pipeline(ctx context.Context) (res *Result, err error) {
	defer recovered(r.s.d.Log, &err)

	// The waiting for the server has a limit of its own; the transfer has none.
	limited, done := r.limit(ctx)
	defer done()
	if err := r.prepare(limited); err != nil {
		return nil, r.timedOut(limited, err)
	}
	if err := r.obtain(limited); err != nil {
		return nil, r.timedOut(limited, err)
	}
	if r.snap.Spec.Detach {
		return r.detached(), nil
	}
	exp, err := r.await(limited)
	if err != nil && r.snap.Continued {
		exp, err = r.afterall(limited, exp, err)
	}
	if err != nil {
		return nil, r.timedOut(limited, err)
	}
	done()
	if r.attached {
		r.warnOfOther(exp)
	}
	return r.keep(ctx, exp)
}

// errTimeUp is the cause of the server's time limit.
var errTimeUp = errors.New("time for the server is up")

func (r *run) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if r.snap.Spec.Timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, r.snap.Spec.Timeout, errTimeUp)
}

// timedOut turns an error that the time limit caused into a TimeoutError.
func (r *run) timedOut(ctx context.Context, err error) error {
	if !errors.Is(context.Cause(ctx), errTimeUp) {
		return err
	}
	s := r.snapshot()
	return &TimeoutError{
		ID: s.Export.ID, Step: s.Step, Over: s.Spec.Timeout,
		Unheard: s.Export.ID == "" && errors.Is(err, client.ErrLostAnswer),
	}
}

// prepare finds out where the file goes and whose key this is.
func (r *run) prepare(ctx context.Context) error {
	spec := r.snap.Spec
	var err error
	if r.recipients, err = encryption(spec); err != nil {
		return err
	}
	if !spec.Detach {
		t, err := r.s.resolve(spec.Output, spec.Force)
		if errors.Is(err, ErrExists) && r.s.keptAs(spec) {
			t, err = r.s.resolve(spec.Output, true)
			t.force = false
		}
		if err != nil {
			return err
		}
		r.target = t
	}
	var project client.Project
	err = r.allowed(ctx, func() (err error) {
		project, err = r.s.Project(ctx)
		return err
	})
	if err != nil {
		return err
	}
	r.change(func(s *Snapshot) { s.Project = project })
	return nil
}

// detached is the result of a job that leaves as soon as its export is made.
func (r *run) detached() *Result {
	s := r.snapshot()
	r.record.State = history.StateDetached
	r.remember()
	res := r.result(s.Export)
	if res.Status == "" {
		res.Status = "queued"
	}
	return res
}

// snapshot copies what viewers see, with the transfer as it is this moment.
func (r *run) snapshot() Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.snap
	s.Steps = slices.Clone(s.Steps)
	s.Warnings = slices.Clone(s.Warnings)
	if r.part != nil {
		s.Transfer = r.part.Snapshot()
	}
	return s
}

func (r *run) isOver() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// change edits the snapshot and tells the viewers.
func (r *run) change(f func(*Snapshot)) {
	r.mu.Lock()
	f(&r.snap)
	r.mu.Unlock()
	r.s.beat.bump()
}

func (r *run) step(to Step) {
	now := r.s.d.Now()
	r.change(func(s *Snapshot) { s.enter(to, now) })
}

// enter notes a step once; staying in it is no news.
func (s *Snapshot) enter(to Step, now time.Time) {
	if s.Step != to {
		s.Step = to
		s.Steps = append(s.Steps, StepTime{to, now})
	}
}

func (r *run) warn(format string, args ...any) {
	w := fmt.Sprintf(format, args...)
	r.change(func(s *Snapshot) { s.Warnings = append(s.Warnings, w) })
}

func (r *run) warnOnce(w string) {
	r.mu.Lock()
	known := slices.Contains(r.snap.Warnings, w)
	r.mu.Unlock()
	if !known {
		r.warn("%s", w)
	}
}

// result is what is known of an export, without a file.
func (r *run) result(exp client.Export) *Result {
	s := r.snapshot()
	req := r.request(exp)
	return &Result{
		ExportID: exp.ID, Status: exp.Status.Safe(),
		Format: req.Format, Range: req.Range, Include: req.Include,
		Project: s.Project, Warnings: s.Warnings,
		CreatedAt: cmp.Or(exp.CreatedAt, r.postedAt()), CompletedAt: exp.CompletedAt,
	}
}

// request is what was asked for: by this job, by an earlier run of this
// machine, or as the server tells it.
func (r *run) request(exp client.Export) client.ExportRequest {
	req := r.snap.Spec.Request
	if r.snap.Spec.ID == "" {
		if rec := r.record; rec != nil && rec.Range.Name == req.Range.Name {
			req.Range = rec.Range // the days of an earlier run, which the same words do not mean today
		}
		return req
	}
	req = client.ExportRequest{Format: exp.Format, Range: told(exp.Range)}
	if exp.Include != nil {
		req.Include = *exp.Include
	}
	rec := r.record
	if rec == nil {
		return req
	}
	if rec.Range.Name != "" {
		req.Range = rec.Range
	}
	if req.Format == "" {
		req.Format = client.Format(rec.Format)
	}
	if inc, err := client.ParseInclude(strings.Join(rec.Include, ",")); err == nil && exp.Include == nil {
		req.Include = inc
	}
	return req
}

// told makes a range of what the server echoes. Its word is taken only if it
// is one of ours: it ends up in a file's name.
func told(w client.WireRange) client.Range {
	out := client.Range{From: w.From, To: w.To}
	if known, err := client.ParseRange(w.Name.Raw(), time.Now(), time.UTC); err == nil {
		out.Name = known.Name
	}
	return out
}

// postedAt is the time of our POST; zero if the export is not of our making.
func (r *run) postedAt() time.Time {
	if r.record == nil {
		return time.Time{}
	}
	return r.record.CreatedAt
}

// namedAt is the time in the file's name: the export's own, else that of our
// POST, else when this machine first worked on it, so that another run finds
// the part again.
func (r *run) namedAt(exp client.Export) time.Time {
	began := r.snap.Started
	if r.record != nil {
		began = cmp.Or(r.record.Started, began)
	}
	return cmp.Or(exp.CreatedAt, r.postedAt(), began)
}

// pause and resume steer the traffic; see fetch.
func (r *run) pause() {
	r.change(func(s *Snapshot) {
		if s.Paused || s.Step != StepTransferring {
			return
		}
		s.Paused = true
		r.wake = make(chan struct{})
		if r.halt != nil {
			r.halt(errPaused)
		}
	})
}

func (r *run) resume() {
	r.change(func(s *Snapshot) {
		if s.Paused {
			s.Paused = false
			close(r.wake)
		}
	})
}
