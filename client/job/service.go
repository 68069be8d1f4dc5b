package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
)

// Deps of a Service.
type Deps struct {
	API *client.Client
	// Transport fetches the files; it carries no key.
	Transport http.RoundTripper
	UserAgent string
	// StateDir remembers runs; "" keeps nothing.
	StateDir string
	// History remembers exports; nil is none. The Service does not close it.
	History *history.Store
	// Profile whose key the API has: by it the project is known offline.
	Profile string
	// Folder is where files go when Spec.Output is empty.
	Folder string
	// Timeout is what a Spec without one gets; 0 is 30 minutes, less than 0
	// none: who watches decides for himself.
	Timeout time.Duration
	// RoomWait is how long a transfer waits for room on a full disk before it
	// ends; the part is kept in any case. 0 ends it at once.
	RoomWait time.Duration
	// Connections and LimitRate are what a Spec without them gets.
	Connections int
	LimitRate   int64
	// Kept is told of each file that was verified and has its name, before the
	// run counts as over: cut off in between, the next run tells of it again.
	// Its error is the job's. nil is nobody.
	Kept func(Result) error
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Jitter gives from 0 up to, but not including, most: how far one look at
	// an export is from the even pace, so that many machines do not ask at
	// once. nil is a random time.
	Jitter func(most time.Duration) time.Duration
	// Log is for what happens behind a job; nil is none.
	Log *slog.Logger
}

// Service owns every running job. It is safe for concurrent use.
type Service struct {
	d       Deps
	journal journal
	beat    *beat
	ctx     context.Context
	cancel  context.CancelCauseFunc
	running sync.WaitGroup

	mu        sync.Mutex
	last      Ref
	runs      []*run // oldest first, by ascending Ref
	project   *client.Project
	temporary []string // folders that go with the Service
}

// keepOver is how many jobs that are over stay to be looked at. A served
// console runs for months; what it did before is in the history.
const keepOver = 100

// New makes a Service. Close ends it.
func New(d Deps) *Service {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Jitter == nil {
		d.Jitter = func(most time.Duration) time.Duration { return rand.N(most) }
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{d: d, beat: newBeat()}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	s.journal.now = d.Now
	s.journal.dir = runsFolder(d.StateDir)
	s.adopt()
	s.journal.prune()
	return s
}

// Start begins a job and returns at once. An export that a job of this Service
// already works on is not begun twice: its Ref is given back.
func (s *Service) Start(spec Spec) Ref {
	s.mu.Lock()
	defer s.mu.Unlock()
	if spec.ID != "" {
		for _, r := range s.runs {
			if snap := r.snapshot(); snap.Export.ID == spec.ID && !snap.Step.Over() {
				return snap.Ref
			}
		}
	}
	s.forget()
	s.last++
	r := newRun(s, s.last, spec)
	s.runs = append(s.runs, r)
	ctx, cancel := context.WithCancelCause(s.ctx)
	r.cancel = cancel
	s.running.Go(func() { r.main(ctx) })
	return r.ref
}

// forget drops the oldest of those that are over. The lock is the caller's.
func (s *Service) forget() {
	over := 0
	for _, r := range s.runs {
		if r.isOver() {
			over++
		}
	}
	s.runs = slices.DeleteFunc(s.runs, func(r *run) bool {
		if over <= keepOver || !r.isOver() {
			return false
		}
		over--
		return true
	})
}

// Result blocks until the job is over. A cancelled ctx ends only the waiting.
// With an InvalidError the result is there too.
func (s *Service) Result(ctx context.Context, ref Ref) (Result, error) {
	r := s.run(ref)
	if r == nil {
		return Result{}, fmt.Errorf("job %d: %w", ref, os.ErrNotExist)
	}
	select {
	case <-r.over:
	case <-ctx.Done():
		return Result{}, context.Cause(ctx)
	}
	snap := r.snapshot()
	if snap.Result == nil {
		return Result{}, snap.Err
	}
	return *snap.Result, snap.Err
}

// List gives the jobs that run, and the newest of those that are over; newest first.
func (s *Service) List() []Snapshot {
	s.mu.Lock()
	runs := slices.Clone(s.runs)
	s.mu.Unlock()
	out := make([]Snapshot, 0, len(runs))
	for _, r := range slices.Backward(runs) {
		out = append(out, r.snapshot())
	}
	return out
}

// Snapshot of one job.
func (s *Service) Snapshot(ref Ref) (Snapshot, bool) {
	r := s.run(ref)
	if r == nil {
		return Snapshot{}, false
	}
	return r.snapshot(), true
}

// Wait blocks until there is something that a viewer of version has not seen,
// and gives the new version: at most ten a second, none while nothing changes.
func (s *Service) Wait(ctx context.Context, version uint64) (uint64, error) {
	return s.beat.wait(ctx, version)
}

// Pause stops the traffic of a transfer until Resume. Everything is kept.
func (s *Service) Pause(ref Ref) { s.steer(ref, (*run).pause) }

// Resume goes on with a paused transfer.
func (s *Service) Resume(ref Ref) { s.steer(ref, (*run).resume) }

// Stop ends the job here; the export goes on at the server, and the part is kept.
func (s *Service) Stop(ref Ref) { s.steer(ref, func(r *run) { r.cancel(ErrStopped) }) }

func (s *Service) steer(ref Ref, f func(*run)) {
	if r := s.run(ref); r != nil {
		f(r)
	}
}

// Release removes the file of a job that was made for standard output.
func (s *Service) Release(ref Ref) error {
	snap, ok := s.Snapshot(ref)
	if !ok || snap.Spec.Output != "-" || snap.Result == nil || snap.Result.File == "" {
		return nil
	}
	if err := os.Remove(snap.Result.File); err != nil {
		return fmt.Errorf("remove the copy for standard output: %w", err)
	}
	return nil
}

// Project of the key, asked once. A server without that call gives the zero Project.
func (s *Service) Project(ctx context.Context) (client.Project, error) {
	s.mu.Lock()
	known := s.project
	s.mu.Unlock()
	if known != nil {
		return *known, nil
	}
	p, err := s.d.API.Project(ctx)
	if err != nil && !errors.Is(err, client.ErrNotFound) {
		return client.Project{}, fmt.Errorf("look up the project: %w", err)
	}
	s.mu.Lock()
	s.project = &p
	s.mu.Unlock()
	return p, nil
}

// Close stops every job, keeps every part, and waits until they are safe.
func (s *Service) Close() {
	s.cancel(ErrStopped)
	s.running.Wait()
	s.beat.stop()
	for _, dir := range s.temporary {
		_ = os.RemoveAll(dir) // what cannot be removed is the system's to clean up
	}
}

func (s *Service) run(ref Ref) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := slices.BinarySearchFunc(s.runs, ref, func(r *run, ref Ref) int { return cmp.Compare(r.ref, ref) })
	if !ok {
		return nil
	}
	return s.runs[at]
}

// recovered turns a panic of a job into its error, so that one job's fault
// does not take the console and the other transfers down.
func recovered(log *slog.Logger, err *error) {
	if p := recover(); p != nil {
		log.Error("job panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = fmt.Errorf("internal error: %v", p)
	}
}
