package job

import (
	"context"
	"os"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// along is a check that reads a part while it arrives, so that the verdict is
// there moments after the last byte. It is never waited for by the transfer,
// and whenever anything is odd it gives no verdict: then the file is read from
// its first byte, as if there had been none.
type along struct {
	r      *run
	cancel context.CancelFunc
	front  *transfer.Front
	done   chan struct{}

	// Of the goroutine, until done.
	result archive.Report
	err    error
}

// readAlong begins a check behind the transfer.
func (r *run) readAlong(ctx context.Context, part *transfer.Part, exp client.Export) *along {
	a := &along{r: r, front: part.Front(), done: make(chan struct{})}
	ctx, a.cancel = context.WithCancel(ctx)
	e := r.expect(exp)
	r.s.running.Go(func() {
		defer close(a.done)
		defer recovered(r.s.d.Log, &a.err)
		a.result, a.err = a.check(ctx, part, e)
	})
	return a
}

func (a *along) check(ctx context.Context, part *transfer.Part, e archive.Expect) (archive.Report, error) {
	f, err := os.Open(part.File())
	if err != nil {
		return archive.Report{}, err
	}
	defer func() { _ = f.Close() }()
	return archive.CheckWith(ctx, archive.Follow(ctx, f, a.front), e, archive.Options{
		Progress: func(n int64) { a.r.change(func(s *Snapshot) { s.Verified = n }) },
		Sum: func() (int64, string, error) {
			// The transfer hashes what it writes; the last of it may not be told yet.
			if err := a.told(ctx, part); err != nil {
				return 0, "", err
			}
			s := part.Snapshot()
			return s.Size, s.SHA256, nil
		},
	})
}

// told waits until the transfer says that it is complete.
func (a *along) told(ctx context.Context, part *transfer.Part) error {
	for v := uint64(0); part.Snapshot().SHA256 == ""; {
		next, err := a.r.s.beat.wait(ctx, v)
		if err != nil {
			return err
		}
		v = next
	}
	return nil
}

// report waits for the verdict on a file that has arrived. ok is false when
// there is none that can be relied on.
func (a *along) report(ctx context.Context) (report archive.Report, ok bool) {
	a.r.step(StepVerifying)
	a.r.change(func(s *Snapshot) { s.Paused = false })
	select {
	case <-a.done:
	case <-ctx.Done():
		return archive.Report{}, false
	}
	if a.err != nil || !a.front.Whole() {
		a.r.s.d.Log.Debug("the check read along in vain", "error", a.err)
		return archive.Report{}, false
	}
	a.r.change(func(s *Snapshot) { s.Verified = a.result.Bytes })
	return a.result, true
}

// stop ends the check, and waits until nothing reads the part any more.
func (a *along) stop() {
	a.cancel()
	<-a.done
}
