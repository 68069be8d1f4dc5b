package tuitest

import (
	"context"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
)

// Jobs is a job service whose jobs stand where a test puts them. It does no
// I/O and has no timer. Make it with NewJobs, inside the synctest bubble that
// uses it.
//
// Start makes a job that stays at [job.StepPreparing]; a test moves it with
// Set or Change. Pause, Resume and Stop do what they say to the snapshot.
type Jobs struct {
	// Now is the clock that Start and Stop read.
	Now func() time.Time

	mu      sync.Mutex
	version uint64
	changed chan struct{} // closed at every change, then made anew
	jobs    []job.Snapshot
	specs   []job.Spec
	calls   []string

	listing   job.Listing
	listErr   error
	listDelay time.Duration
	listed    int
	recalled  job.Listing
	project   client.Project
	prjErr    error
	folder    func(output string) (string, int64, error)
}

// NewJobs makes a service without jobs, with an empty listing, a project named
// "My SaaS App", and 12 GiB free in /home/u/exports.
func NewJobs(now func() time.Time) *Jobs {
	p := client.Project{ID: "j57abc123", Name: "My SaaS App", Slug: "my-saas-app"}
	return &Jobs{
		Now: now, changed: make(chan struct{}), project: p,
		listing: job.Listing{Project: p},
		folder: func(output string) (string, int64, error) {
			if output == "" {
				output = "/home/u/exports"
			}
			return output, 12 << 30, nil
		},
	}
}

// bump tells the waiters; the caller holds the lock.
func (j *Jobs) bump() {
	j.version++
	close(j.changed)
	j.changed = make(chan struct{})
}

// Set puts a job where the test wants it. A snapshot with an unknown Ref is a
// new job; Ref 0 gets the next free one.
func (j *Jobs) Set(s job.Snapshot) job.Ref {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.bump()
	if s.Ref == 0 {
		s.Ref = job.Ref(len(j.jobs) + 1)
	}
	for i := range j.jobs {
		if j.jobs[i].Ref == s.Ref {
			j.jobs[i] = s
			return s.Ref
		}
	}
	j.jobs = append([]job.Snapshot{s}, j.jobs...)
	return s.Ref
}

// Change edits a job in place and tells the waiters.
func (j *Jobs) Change(ref job.Ref, edit func(*job.Snapshot)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for i := range j.jobs {
		if j.jobs[i].Ref == ref {
			edit(&j.jobs[i])
			j.bump()
			return
		}
	}
}

// Step moves a job on: it sets Step and adds to Steps, and sets Ended if that
// step is a last one.
func (j *Jobs) Step(ref job.Ref, step job.Step) {
	j.Change(ref, func(s *job.Snapshot) {
		s.Step = step
		s.Steps = append(s.Steps, job.StepTime{Step: step, At: j.Now()})
		if step.Over() {
			s.Ended = j.Now()
		}
	})
}

// SetListing is what Exports gives from now on, after delay.
func (j *Jobs) SetListing(l job.Listing, err error, delay time.Duration) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.listing, j.listErr, j.listDelay = l, err, delay
}

// SetRemembered is what Remembered gives from now on; nothing before.
func (j *Jobs) SetRemembered(l job.Listing) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.recalled = l
}

// SetProject is what Project gives from now on.
func (j *Jobs) SetProject(p client.Project, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.project, j.prjErr = p, err
}

// SetFolder is what answers Folder from now on.
func (j *Jobs) SetFolder(f func(output string) (dir string, free int64, err error)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.folder = f
}

// Started are the specs given to Start, oldest first.
func (j *Jobs) Started() []job.Spec {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]job.Spec(nil), j.specs...)
}

// Calls are the calls of Pause, Resume and Stop in their order, by name.
func (j *Jobs) Calls() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]string(nil), j.calls...)
}

// Listed is how often Exports was asked.
func (j *Jobs) Listed() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.listed
}

// Start is [job.Service.Start].
func (j *Jobs) Start(spec job.Spec) job.Ref {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.bump()
	j.specs = append(j.specs, spec)
	now := j.Now()
	s := job.Snapshot{
		Ref: job.Ref(len(j.jobs) + 1), Spec: spec, Project: j.project, Started: now,
		Step: job.StepPreparing, Steps: []job.StepTime{{Step: job.StepPreparing, At: now}},
		Export: client.Export{ID: spec.ID},
	}
	j.jobs = append([]job.Snapshot{s}, j.jobs...)
	return s.Ref
}

// Snapshot is [job.Service.Snapshot].
func (j *Jobs) Snapshot(ref job.Ref) (job.Snapshot, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.jobs {
		if s.Ref == ref {
			return s, true
		}
	}
	return job.Snapshot{}, false
}

// List is [job.Service.List].
func (j *Jobs) List() []job.Snapshot {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]job.Snapshot(nil), j.jobs...)
}

// Wait is [job.Service.Wait], without its limit of ten times a second.
func (j *Jobs) Wait(ctx context.Context, version uint64) (uint64, error) {
	for {
		j.mu.Lock()
		now, changed := j.version, j.changed
		j.mu.Unlock()
		if now > version {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return version, ctx.Err()
		case <-changed:
		}
	}
}

// Pause is [job.Service.Pause].
func (j *Jobs) Pause(ref job.Ref) {
	j.record("pause")
	j.Change(ref, func(s *job.Snapshot) { s.Paused = true })
}

// Resume is [job.Service.Resume].
func (j *Jobs) Resume(ref job.Ref) {
	j.record("resume")
	j.Change(ref, func(s *job.Snapshot) { s.Paused = false })
}

// Stop is [job.Service.Stop].
func (j *Jobs) Stop(ref job.Ref) {
	j.record("stop")
	j.Step(ref, job.StepStopped)
}

func (j *Jobs) record(call string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, call)
}

// Remembered is [job.Service.Remembered].
func (j *Jobs) Remembered(context.Context) job.Listing {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.recalled
}

// Exports is [job.Service.Exports].
func (j *Jobs) Exports(ctx context.Context) (job.Listing, error) {
	j.mu.Lock()
	j.listed++
	l, err, delay := j.listing, j.listErr, j.listDelay
	j.mu.Unlock()
	if delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return job.Listing{}, ctx.Err()
		case <-t.C:
		}
	}
	l.At = j.Now()
	return l, err
}

// Project is [job.Service.Project].
func (j *Jobs) Project(context.Context) (client.Project, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.project, j.prjErr
}

// Folder is [job.Service.Folder].
func (j *Jobs) Folder(output string) (string, int64, error) {
	j.mu.Lock()
	f := j.folder
	j.mu.Unlock()
	return f(output)
}
