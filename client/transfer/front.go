package transfer

import (
	"context"
	"errors"
	"time"
)

// ErrStartedOver says that bytes which were there are no longer what they were:
// the object has changed, or the part did not hold what it promised. Whoever
// read along reads the whole file when it is complete.
var ErrStartedOver = errors.New("the transfer started over")

// Front tells how far a part is there without a gap, for who reads along while
// it arrives. It is made by Part.Front, and is for one reader.
type Front struct {
	p    *Part
	data *data
}

// Front begins to follow the part.
func (p *Part) Front() *Front { return &Front{p: p} }

// Front waits until more than the first after bytes are there and gives how
// many; done says that those are all. Bytes before that never change again,
// else the error is ErrStartedOver. A transfer that ended without the whole
// file keeps its followers waiting: ctx ends that.
func (f *Front) Front(ctx context.Context, after int64) (n int64, done bool, err error) {
	for {
		p := f.p
		p.mu.Lock()
		if f.data == nil || after == 0 {
			f.data = p.data
		}
		same, n := f.data == p.data, p.data.front
		done, woken := p.sizeProven && n == p.size, p.waken()
		p.mu.Unlock()
		switch {
		case !same || n < after:
			return 0, false, ErrStartedOver
		case n > after || done:
			return n, done, nil
		}
		if err := waitFor(ctx, woken, time.Second); err != nil {
			return 0, false, err
		}
	}
}

// Whole reports whether what was followed are the bytes of the file that is
// whole now.
func (f *Front) Whole() bool {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	return f.p.state == StateComplete && f.data == f.p.data
}
