package transfer

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	defaultConnections = 4
	maxConnections     = 8
	// Smaller files, or what is left of one, are not worth a second connection.
	parallelSize = 32 << 20
	parallelLeft = 16 << 20
	parallelTime = time.Second
	// headStart is what the first connection, whose body goes on to the end,
	// keeps for itself when others join.
	headStart = window / defaultConnections
)

var (
	errTakenOver = errors.New("another connection took over")
	errRetired   = errors.New("one connection less")
)

// worker is one connection. Part.mu guards it.
type worker struct {
	reach    int64 // how far the body under way goes
	heard    time.Time
	took     time.Duration // from the last request to its answer
	began    time.Time     // of the body under way
	got      int64         // bytes of it
	answered bool
	retired  bool
	cancel   context.CancelCauseFunc // of the request under way
}

func (w *worker) end(why error) {
	if w.cancel != nil {
		w.cancel(why)
	}
}

// needs is how long so many bytes will take.
func (w *worker) needs(n int64, now time.Time) time.Duration {
	if w.got == 0 {
		return silentPart
	}
	return time.Duration(float64(n) / float64(w.got) * float64(now.Sub(w.began)))
}

// flight is one go at the missing bytes. A failure costs the connection that
// has it; the others go on, and the failure of the last one ends the flight.
// A failure of the disk, or an answer about another object, ends it at once.
type flight struct {
	p       *Part
	ctx     context.Context
	cancel  context.CancelCauseFunc
	running sync.WaitGroup
	landed  chan struct{} // the last worker has ended

	// Under Part.mu.
	growth  growth
	workers []*worker // oldest first, without those that retire
	live    int       // all that have not ended
	err     error
}

// fly runs one flight.
func (p *Part) fly(ctx context.Context) error {
	f := &flight{p: p, landed: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	defer f.cancel(nil)
	follower := make(chan error, 1)
	go func() {
		err := p.follow(f.ctx)
		if err != nil {
			f.cancel(err)
		}
		follower <- err
	}()
	p.set(func() {
		p.phase = PhaseConnecting
		f.growth = growth{most: p.connectionsAtMost(), want: 1, since: time.Now(), bytes: p.meter.total}
		f.start(true)
	})
	f.steer()
	f.running.Wait()
	p.mu.Lock()
	err := f.err
	missing := !p.sizeProven || !p.data.spans.whole()
	p.mu.Unlock()
	if missing {
		f.cancel(nil)
	}
	if ferr := <-follower; ferr != nil {
		return ferr
	}
	if missing || errors.Is(err, errOtherBytes) {
		return err
	}
	return nil // whatever else became of an answer
}

func (p *Part) connectionsAtMost() int {
	n := p.o.Connections
	if n <= 0 {
		n = defaultConnections
	}
	return min(n, maxConnections)
}

// start adds a worker, under Part.mu. The first one begins with a plan, the
// others take parts.
func (f *flight) start(first bool) {
	w := &worker{heard: time.Now()}
	f.workers = append(f.workers, w)
	f.live++
	f.running.Go(func() {
		err := f.work(w, first)
		f.p.set(func() { f.ended(w, err) })
	})
}

// work is the life of a worker.
func (f *flight) work(w *worker, first bool) error {
	for {
		a, err := f.next(w, first)
		if a == nil {
			return err
		}
		first = false
		err = f.p.guarded(func() error { return f.p.attempt(f.ctx, w, a) })
		f.p.set(func() {
			f.p.data.spans.release(w)
			w.answered, w.cancel = false, nil
		})
		f.p.wake()
		if err != nil && !errors.Is(err, errTakenOver) {
			return err
		}
		if a.span == nil {
			return nil
		}
	}
}

// next gives a worker its next part, and nil if there is nothing left to do.
// Parts far ahead of the hash have to wait, and so does a worker while the
// others have all that is left. The link comes first: who waits for a fresh one
// has no part, so that another connection may go on with it.
func (f *flight) next(w *worker, first bool) (*ask, error) {
	p := f.p
	for {
		p.mu.Lock()
		idle := w.retired || p.sizeProven && p.data.spans.whole() || !first && !p.sizeProven
		woken := p.waken()
		p.mu.Unlock()
		if idle {
			return nil, nil
		}
		link, err := p.links.get(f.ctx)
		if err != nil {
			if f.ctx.Err() != nil {
				return nil, context.Cause(f.ctx)
			}
			return nil, linkError(err)
		}
		p.mu.Lock()
		var a *ask
		if first {
			a = p.plan(w)
		} else {
			a = f.take(w)
		}
		p.mu.Unlock()
		if a != nil {
			a.link = link
			return a, nil
		}
		if err := waitFor(f.ctx, woken, time.Second); err != nil {
			return nil, err
		}
	}
}

// take finds a part for a worker, under Part.mu. One that is alone asks for
// all that is missing at once.
func (f *flight) take(w *worker) *ask {
	if w.retired {
		return nil
	}
	d, now := f.p.data, time.Now()
	alone := f.live == 1 && f.growth.want == 1
	s := d.spans.claim(w, alone, d.front+window)
	if behind := d.spans.contiguous(d.front) - d.front; s == nil && behind < window/2 {
		s = d.spans.takeOver(w, now) // it is the others that hold things up, not the hash
	}
	if s == nil {
		return nil
	}
	w.heard = now
	return f.p.askFor(s, !alone)
}

// waitFor waits for a signal, or for a while.
func waitFor(ctx context.Context, woken <-chan struct{}, most time.Duration) error {
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-woken:
	case <-t.C:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// ended is called when a worker has ended, under Part.mu.
func (f *flight) ended(w *worker, err error) {
	for i := range f.workers {
		if f.workers[i] == w {
			f.workers = append(f.workers[:i], f.workers[i+1:]...)
			break
		}
	}
	f.live--
	last := f.live == 0
	var fail *failure
	switch {
	case err == nil, errors.Is(err, errRetired), f.ctx.Err() != nil && f.err != nil:
	case !errors.As(err, &fail), fail.verdict == changed, last:
		f.err = err
		f.cancel(err)
	default:
		f.p.lastErr = fail.Error()
		f.p.costs(fail)
		f.growth.lost(time.Now(), fail, len(f.workers))
	}
	if last {
		close(f.landed)
	}
}

// costs is what one failure of several means for the rest. Only the last
// connection's is judged in full.
func (p *Part) costs(f *failure) {
	switch f.verdict {
	case stuck, unproven, hopeless:
		p.alone = true
	case renew:
		p.alone = p.refusedAgain() // a fresh link that does not work for parts
	}
}

// steer adds and removes connections while there are any.
func (f *flight) steer() {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-f.landed:
			return
		case <-tick.C:
			f.p.set(f.look)
		}
	}
}

// look adjusts the number of connections, under Part.mu.
func (f *flight) look() {
	p, g, now := f.p, &f.growth, time.Now()
	if f.ctx.Err() != nil || len(f.workers) == 0 {
		return
	}
	if !p.parallel() {
		f.retire(1)
		g.want = 1
		g.measure(now, p.meter.total)
		return
	}
	joining := false
	g.pace = growEvery
	for _, w := range f.workers {
		joining = joining || w.cancel != nil && !w.answered
		if w.took > 0 {
			g.pace = min(g.pace, max(roundTrips*w.took, lookEvery))
		}
	}
	g.look(now, p.meter.total, joining, p.worthMore(now))
	f.retire(g.want)
	for len(f.workers) < g.want && g.mayStart(now) {
		p.data.spans.open()
		f.start(false)
	}
}

// retire ends the youngest workers.
func (f *flight) retire(keep int) {
	for len(f.workers) > max(keep, 1) {
		w := f.workers[len(f.workers)-1]
		f.workers = f.workers[:len(f.workers)-1]
		w.retired = true
		w.end(errRetired)
	}
}

// parallel reports whether parts of the object may come by connections of
// their own: the server has shown that it knows ranges, the file is worth it,
// and something tells whether all parts are of one object.
func (p *Part) parallel() bool {
	return p.connectionsAtMost() > 1 && !p.alone && !p.noRanges && !p.overlap && !p.suspect &&
		p.ranges && p.sizeProven && p.size >= parallelSize && (p.valid.strong() != "" || p.provable())
}

// worthMore reports whether a further connection could pay: there is time left
// for it, and the limit that was set is not what holds the transfer up.
func (p *Part) worthMore(now time.Time) bool {
	left := p.size - p.data.done()
	rate := p.meter.rate(now)
	return left >= parallelLeft && float64(left) > rate*parallelTime.Seconds() &&
		(p.o.LimitRate <= 0 || rate < 0.8*float64(p.o.LimitRate))
}
