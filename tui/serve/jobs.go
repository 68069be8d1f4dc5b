package serve

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// maxRefused is how many refused jobs a session remembers, to show them.
const maxRefused = 20

// jobs is a project's jobs as one person may use them.
type jobs struct {
	inner   tui.Jobs
	rights  Rights
	desk    *Desk
	refused func(error) // tells the person
	now     func() time.Time

	mu      sync.Mutex
	no      []job.Snapshot // refused ones, newest first; their Refs count down from -1
	refs    job.Ref        // of the last refused one
	turns   uint64         // how often no has changed
	seen    uint64         // the inner version that was seen last
	waiters map[*context.CancelFunc]struct{}
}

func newJobs(inner tui.Jobs, rights Rights, desk *Desk, now func() time.Time, refused func(error)) *jobs {
	return &jobs{
		inner: inner, rights: rights, desk: desk, now: now, refused: refused,
		waiters: map[*context.CancelFunc]struct{}{},
	}
}

// Start begins a job, or one that has failed already: so the person sees where
// it was refused.
func (j *jobs) Start(spec job.Spec) job.Ref {
	words, e := "make exports", Event{Action: "export", Object: asked(spec)}
	if spec.ID != "" {
		words, e = "download exports", Event{Action: "download", Object: spec.ID.Safe()}
	}
	err := j.rights.Allow(Operator, words, e)
	if err == nil {
		spec.Output, err = j.place(spec.Output)
	}
	if err != nil {
		j.refused(err)
		return j.refuse(spec, err)
	}
	spec.Force = false
	ref := j.inner.Start(spec)
	j.desk.started(j.inner, ref, j.rights.Who)
	return ref
}

// asked says which export a spec is about, before it has an id.
func asked(spec job.Spec) string {
	r := spec.Request
	return text.Untrusted(fmt.Sprintf("%s %s", r.Format, r.Range.Name)).SafeN(80)
}

// place keeps every file in the folder of exports: a path would let a person
// write wherever the server may.
func (j *jobs) place(output string) (string, error) {
	if output == "" {
		return "", nil
	}
	home, _, err := j.inner.Folder("")
	if err == nil && output != "-" {
		if dir, err := filepath.Abs(output); err == nil && dir == filepath.Clean(home) {
			return "", nil
		}
	}
	return "", &message.Error{
		Message: message.Message{
			Code: message.Usage,
			Text: "Refused: over SSH every file goes to the server's own folder of exports.",
			Hint: "Leave the folder as it is, and fetch the file with sftp.",
		},
		Err: ErrPlace,
	}
}

// refuse keeps a job that never was.
func (j *jobs) refuse(spec job.Spec, err error) job.Ref {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.refs--
	now := j.now()
	j.no = slices.Insert(j.no, 0, job.Snapshot{
		Ref: j.refs, Spec: spec, Export: client.Export{ID: spec.ID}, Step: job.StepFailed, Err: err,
		Steps: []job.StepTime{{Step: job.StepFailed, At: now}}, Started: now, Ended: now,
	})
	j.no = j.no[:min(len(j.no), maxRefused)]
	j.turns++
	for stop := range j.waiters {
		(*stop)()
	}
	return j.refs
}

// Snapshot of one job.
func (j *jobs) Snapshot(ref job.Ref) (job.Snapshot, bool) {
	if ref > 0 {
		return j.inner.Snapshot(ref)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range j.no {
		if s.Ref == ref {
			return s, true
		}
	}
	return job.Snapshot{}, false
}

// List gives every job, newest first.
func (j *jobs) List() []job.Snapshot {
	all := j.inner.List()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.no) == 0 {
		return all
	}
	all = slices.Concat(j.no, all)
	slices.SortStableFunc(all, func(a, b job.Snapshot) int { return b.Started.Compare(a.Started) })
	return all
}

// Wait is the service's, and ends for a refused job, too. Its version is the
// sum of two that only grow.
func (j *jobs) Wait(ctx context.Context, version uint64) (uint64, error) {
	for {
		j.mu.Lock()
		seen, now := j.seen, j.seen+j.turns
		if now > version {
			j.mu.Unlock()
			return now, nil
		}
		waiting, stop := context.WithCancel(ctx)
		j.waiters[&stop] = struct{}{}
		j.mu.Unlock()

		v, err := j.inner.Wait(waiting, seen)
		woken := waiting.Err() != nil
		stop()
		j.mu.Lock()
		delete(j.waiters, &stop)
		if err == nil {
			j.seen = max(j.seen, v)
		}
		j.mu.Unlock()
		if err != nil && (!woken || ctx.Err() != nil) {
			return version, err
		}
	}
}

// Pause stops the traffic of a transfer.
func (j *jobs) Pause(ref job.Ref) { j.steer(ref, "pause", "pause transfers", j.inner.Pause) }

// Resume goes on with a paused transfer.
func (j *jobs) Resume(ref job.Ref) { j.steer(ref, "resume", "resume transfers", j.inner.Resume) }

// Stop ends a job.
func (j *jobs) Stop(ref job.Ref) { j.steer(ref, "stop", "stop jobs", j.inner.Stop) }

func (j *jobs) steer(ref job.Ref, action, words string, do func(job.Ref)) {
	s, ok := j.inner.Snapshot(ref)
	if !ok {
		return
	}
	if err := j.rights.Allow(Operator, words, Event{Action: action, Object: subject(s)}); err != nil {
		j.refused(err)
		return
	}
	do(ref)
}

// subject is what a job is about.
func subject(s job.Snapshot) string {
	if s.Export.ID != "" {
		return s.Export.ID.Safe()
	}
	return asked(s.Spec)
}

// Exports lists the exports.
func (j *jobs) Exports(ctx context.Context) (job.Listing, error) { return j.inner.Exports(ctx) }

// Remembered lists the exports without asking the server.
func (j *jobs) Remembered(ctx context.Context) job.Listing { return j.inner.Remembered(ctx) }

// Project of the server's key.
func (j *jobs) Project(ctx context.Context) (client.Project, error) { return j.inner.Project(ctx) }

// Folder tells of the folder of exports, and of no other: else a person could
// look around on the server's disk.
func (j *jobs) Folder(output string) (string, int64, error) {
	inside, err := j.place(output)
	if err != nil {
		return "", 0, err
	}
	return j.inner.Folder(inside)
}
