package transfer

import (
	"context"
	"fmt"
	"time"
)

// follow hashes what is on the disk without a gap, in a goroutine of its own:
// it reads the bytes back while they are still in memory. It ends when the
// whole object is hashed, and with ctx.
func (p *Part) follow(ctx context.Context) error {
	buf := make([]byte, 2*bufferSize)
	d := p.data
	for ctx.Err() == nil {
		p.mu.Lock()
		from, to := d.front, d.spans.contiguous(d.front)
		whole := p.sizeProven && from == p.size
		woken := p.waken()
		p.mu.Unlock()
		switch {
		case whole:
			return nil
		case from == to:
			if waitFor(ctx, woken, time.Second) != nil {
				return nil
			}
			continue
		}
		b := buf[:min(int64(len(buf)), to-from)]
		if _, err := d.f.ReadAt(b, from); err != nil {
			return fmt.Errorf("read the part: %w", err)
		}
		d.hashing.Lock()
		_, _ = d.sum.Write(b) // a hash never fails
		if d.second != nil {
			_, _ = d.second.Write(b)
		}
		p.set(func() { d.advance(b) })
		d.hashing.Unlock()
		p.wake()
	}
	return nil
}

// waken gives a channel that is closed by the next wake, under Part.mu.
func (p *Part) waken() <-chan struct{} {
	if p.woken == nil {
		p.woken = make(chan struct{})
	}
	return p.woken
}

// wake tells all who wait that something has moved.
func (p *Part) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.woken != nil {
		close(p.woken)
		p.woken = nil
	}
}
