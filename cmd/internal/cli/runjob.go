package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
)

// jobs is what the commands need of a job.Service.
type jobs interface {
	Start(spec job.Spec) job.Ref
	Snapshot(ref job.Ref) (job.Snapshot, bool)
	Wait(ctx context.Context, version uint64) (uint64, error)
	Result(ctx context.Context, ref job.Ref) (job.Result, error)
	Release(ref job.Ref) error
}

// runJob connects, runs one job to its end, and prints what it left.
func (a *app) runJob(ctx context.Context, spec job.Spec) (err error) {
	c, err := a.connect(ctx)
	if err != nil {
		return err
	}
	// Whatever ended the waiting, the part is safe when Close returns.
	defer func() { err = errors.Join(err, c.Close()) }()
	return a.follow(ctx, c.jobs, spec)
}

// follow runs a job, shows how it goes, and prints its result.
func (a *app) follow(ctx context.Context, js jobs, spec job.Spec) error {
	ref := js.Start(spec)
	a.watch(ctx, js, ref)
	res, err := js.Result(ctx, ref)
	a.log.Info("job ended", "export", res.ExportID, "error", err)
	var invalid *job.InvalidError
	switch {
	case errors.As(err, &invalid):
		if a.json {
			return errors.Join(err, a.printDocument(exportResult(res, a.warnings)))
		}
		return err
	case err != nil:
		if snap, ok := js.Snapshot(ref); ok && snap.Export.ID != "" {
			return &ofExport{snap.Export.ID, err}
		}
		return err
	case spec.Detach:
		return a.printDetached(res.ExportID, res.Status)
	case spec.Output == "-":
		return a.copyOut(ctx, js, ref, res)
	case a.json:
		return a.printDocument(exportResult(res, a.warnings))
	}
	return a.printLine(res.File)
}

// watch shows progress and warnings until the job is over or ctx ends.
func (a *app) watch(ctx context.Context, js jobs, ref job.Ref) {
	p := a.newProgress()
	defer p.clear()
	manager := newServiceManager(a.Env)
	warned, version := 0, uint64(0)
	for {
		snap, ok := js.Snapshot(ref)
		if !ok {
			return
		}
		for ; warned < len(snap.Warnings); warned++ {
			p.clear()
			a.warn(snap.Warnings[warned])
		}
		p.show(snap)
		manager.tell(snap)
		if snap.Step.Over() {
			return
		}
		next, asked, err := waitNews(ctx, js, version, p.redraws, a.asked)
		if asked {
			p.clear()
			a.sayWhereItStands(js, ref)
		}
		if err != nil {
			return
		}
		version = next
	}
}

// sayWhereItStands answers somebody who asked.
func (a *app) sayWhereItStands(js jobs, ref job.Ref) {
	snap, ok := js.Snapshot(ref)
	if line := liveLine(snap, a.Now()); ok && line != "" {
		_, _ = fmt.Fprintln(a.Err, line)
	}
}

// clockEvery is how often a line on a terminal is drawn anew because of the
// time that it shows.
const clockEvery = time.Second

// waitNews waits for something new, or for somebody who asks how it stands; where
// a clock is on the screen, the next second is news, too.
func waitNews(ctx context.Context, js jobs, version uint64, clock bool, asks <-chan os.Signal) (next uint64, asked bool, err error) {
	within := ctx
	if clock {
		var stop context.CancelFunc
		within, stop = context.WithTimeout(ctx, clockEvery)
		defer stop()
	}
	waiting, cancel := context.WithCancel(within)
	defer cancel()
	// The ask may come together with news. It is out of its channel then, so
	// whatever ended the waiting, who took it is heard.
	heard := make(chan bool, 1)
	go func() {
		select {
		case <-asks:
			cancel()
			heard <- true
		case <-waiting.Done():
			heard <- false
		}
	}()
	next, err = js.Wait(waiting, version)
	woken := waiting.Err() != nil
	cancel()
	asked = <-heard
	if err != nil && woken && ctx.Err() == nil {
		return version, asked, nil
	}
	return next, asked, err
}

func (a *app) printDetached(id client.ID, status string) error {
	if a.json {
		return a.printDocument(detachedDocument{ExportJobID: id.Raw(), Status: status})
	}
	return a.printLine(id.Safe())
}

// copyOut sends the verified file to standard output and removes it here.
func (a *app) copyOut(ctx context.Context, js jobs, ref job.Ref, res job.Result) error {
	if err := res.CopyTo(&stoppable{ctx, a.Out}); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return errors.Join(unwritable(err), js.Release(ref))
	}
	return js.Release(ref)
}

// stoppable is a writer that takes nothing more once ctx has ended.
type stoppable struct {
	ctx context.Context
	w   io.Writer
}

func (s *stoppable) Write(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.w.Write(p)
}
