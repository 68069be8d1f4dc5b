package transfer

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

const (
	headerLimit = 30 * time.Second // for an answer to begin
	idleLimit   = 20 * time.Second // between two reads of its body
	slowWindow  = 30 * time.Second
	slowRate    = 1 << 10 // bytes a second over slowWindow are the least
	wakeJump    = 5 * time.Second
)

var (
	errNoAnswer = errors.New("no answer in 30 s")
	errIdle     = errors.New("nothing came for 20 s")
	errSlow     = errors.New("less than 1 KiB/s came for 30 s")
	errWoke     = errors.New("the machine was asleep")
)

// watchdog ends an attempt that goes nowhere. It looks once a second, so a
// limit may be overrun by one.
type watchdog struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	least  int64 // bytes a slowWindow

	wall    func() time.Time
	began   time.Time
	headers atomic.Bool  // the answer has begun
	busy    atomic.Int64 // when the read under way began, ns since began; 0: none
	bytes   atomic.Int64
}

func watch(ctx context.Context, limitRate int64, wall func() time.Time) *watchdog {
	d := &watchdog{wall: wall, began: time.Now(), least: slowRate * int64(slowWindow/time.Second)}
	if limitRate > 0 {
		d.least = min(d.least, limitRate/2*int64(slowWindow/time.Second))
	}
	d.ctx, d.cancel = context.WithCancelCause(ctx)
	go d.run()
	return d
}

func (d *watchdog) stop() { d.cancel(nil) }

func (d *watchdog) reading() { d.headers.Store(true) }

// why is the watchdog's reason if it ended the attempt, else err.
func (d *watchdog) why(err error) error {
	if cause := context.Cause(d.ctx); cause != nil && d.ctx.Err() != nil {
		return cause
	}
	return err
}

// read reads once; only the time inside it counts as idle.
func (d *watchdog) read(r io.Reader, b []byte) (int, error) {
	d.busy.Store(max(int64(time.Since(d.began)), 1))
	n, err := r.Read(b)
	d.busy.Store(0)
	d.bytes.Add(int64(n))
	return n, err
}

func (d *watchdog) run() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last, lastWall := time.Now(), d.wall().Round(0)
	var window time.Duration
	var seen int64
	for {
		select {
		case <-d.ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		// The wall clock goes on while the machine sleeps; the monotonic one does
		// not on Linux, elsewhere this tick is late. A process that was stopped
		// is no different: the connection is most likely dead.
		wall := d.wall().Round(0)
		slept := max(wall.Sub(lastWall)-now.Sub(last), now.Sub(last)-time.Second)
		last, lastWall = now, wall
		reading := d.busy.Load()
		switch {
		case slept > wakeJump:
			d.cancel(errWoke)
		case !d.headers.Load():
			if now.Sub(d.began) >= headerLimit {
				d.cancel(errNoAnswer)
			}
		case reading != 0 && now.Sub(d.began)-time.Duration(reading) >= idleLimit:
			d.cancel(errIdle)
		}
		if window += time.Second; window >= slowWindow {
			if n := d.bytes.Load(); d.headers.Load() && n-seen < d.least {
				d.cancel(errSlow)
			}
			window, seen = 0, d.bytes.Load()
		}
	}
}
