package job

import (
	"context"
	"sync"
	"time"
)

// beatEvery is the shortest time between two versions.
const beatEvery = 100 * time.Millisecond

// beat counts versions of what viewers can see. Changes that come faster than
// beatEvery become one version; without changes there is no timer.
type beat struct {
	mu      sync.Mutex
	version uint64
	changed chan struct{} // closed when version grows
	last    time.Time
	pending *time.Timer
}

func newBeat() *beat { return &beat{version: 1, changed: make(chan struct{})} }

// bump says that something changed.
func (b *beat) bump() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending != nil {
		return
	}
	if gone := time.Since(b.last); gone < beatEvery {
		b.pending = time.AfterFunc(beatEvery-gone, b.late)
		return
	}
	b.advance()
}

func (b *beat) late() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = nil
	b.advance()
}

func (b *beat) advance() {
	b.version++
	b.last = time.Now()
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *beat) wait(ctx context.Context, seen uint64) (uint64, error) {
	for {
		b.mu.Lock()
		version, changed := b.version, b.changed
		b.mu.Unlock()
		if version != seen {
			return version, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return seen, context.Cause(ctx)
		}
	}
}

func (b *beat) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending != nil {
		b.pending.Stop()
		b.pending = nil
		b.advance()
	}
}
