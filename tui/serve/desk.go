package serve

import (
	"context"
	"fmt"
	"sync"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// Desk knows who began which job, and writes down how it ends, also when the
// person is long gone. One Desk is for all sessions of a server.
type Desk struct {
	record Recorder
	ctx    context.Context
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu   sync.Mutex
	open map[tui.Jobs]map[job.Ref]Who
}

// NewDesk makes a Desk. Close ends it; record may be nil.
func NewDesk(record Recorder) *Desk {
	d := &Desk{record: record, open: map[tui.Jobs]map[job.Ref]Who{}}
	d.ctx, d.stop = context.WithCancel(context.Background())
	return d
}

// Close ends the watching. To have the last ends written down, end the jobs first.
func (d *Desk) Close() {
	d.stop()
	d.done.Wait()
}

// started notes who began a job. Of a job that somebody else began already the
// first stays.
func (d *Desk) started(jobs tui.Jobs, ref job.Ref, who Who) {
	d.note(jobs, ref, who)
	d.ended(jobs) // it may have ended before it was noted
}

func (d *Desk) note(jobs tui.Jobs, ref job.Ref, who Who) {
	d.mu.Lock()
	defer d.mu.Unlock()
	begun, known := d.open[jobs]
	if !known {
		begun = map[job.Ref]Who{}
		d.open[jobs] = begun
		d.done.Go(func() { d.watch(jobs) })
	}
	if _, taken := begun[ref]; !taken {
		begun[ref] = who
	}
}

// watch waits for ends until the Desk or the jobs are closed.
func (d *Desk) watch(jobs tui.Jobs) {
	var version uint64
	for {
		v, err := jobs.Wait(d.ctx, version)
		d.ended(jobs)
		if err != nil {
			return
		}
		version = v
	}
}

// ended writes down the jobs that are over.
func (d *Desk) ended(jobs tui.Jobs) {
	for _, s := range jobs.List() {
		if !s.Step.Over() {
			continue
		}
		d.mu.Lock()
		who, mine := d.open[jobs][s.Ref]
		delete(d.open[jobs], s.Ref)
		d.mu.Unlock()
		if !mine || d.record == nil {
			continue
		}
		// The job is over: there is nobody left to refuse it to, and a log that
		// cannot be written refuses the next one.
		_ = d.record(who, endOf(s))
	}
}

func endOf(s job.Snapshot) Event {
	e := Event{Action: "job.end", Object: subject(s), Result: Failed}
	switch s.Step {
	case job.StepDone:
		e.Result = Done
	case job.StepStopped:
		e.Detail = "stopped"
	}
	if s.Err != nil {
		e.Detail = message.Of(s.Err).Text
	}
	if s.Result != nil {
		e.Bytes = s.Result.Bytes
		e.Object = fmt.Sprintf("%s %s", e.Object, safeBase(s.Result.File))
	}
	return e
}
