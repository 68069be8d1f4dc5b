package transfer

import (
	"context"
	"fmt"
	"time"
)

// roomBeside is left free on the disk beside the file.
const roomBeside = 1 << 20

// fullDisk is how long the disk has been full without a byte of progress.
type fullDisk struct {
	since time.Time
	bytes int64
	tries int
}

// awaitRoom waits for room on the disk, and reports whether there is some.
func (p *Part) awaitRoom(ctx context.Context, full *fullDisk) bool {
	if come := p.ThisRunBytes(); full.since.IsZero() || come != full.bytes {
		*full = fullDisk{since: time.Now(), bytes: come}
	}
	p.set(func() { p.lastErr = ErrDiskFull.Error() })
	for time.Since(full.since) < p.o.RoomWait {
		wait := min(time.Second<<min(full.tries, 10), maxBackoff, p.o.RoomWait-time.Since(full.since))
		full.tries++
		if p.pause(ctx, wait) != nil {
			return false
		}
		if p.checkRoom() == nil {
			return true
		}
	}
	p.set(func() { p.phase = PhaseIdle })
	return false
}

// checkRoom compares what is missing with what is free. Blocks that the part
// has already will be written over, whether they can be trusted or not.
func (p *Part) checkRoom() error {
	free, err := p.disk.free(p.dir)
	info, err2 := p.file.stat()
	if err != nil || err2 != nil {
		return nil // the disk will tell
	}
	p.mu.Lock()
	need := p.size - max(info.allocated, p.data.done())
	if p.size < 0 {
		need = 0
	}
	whole := p.size >= 0 && p.data.done() == p.size
	p.mu.Unlock()
	if !whole && free < max(need, 0)+roomBeside {
		return fmt.Errorf("%w: %d bytes are missing, %d are free", ErrDiskFull, max(need, 0), free)
	}
	return nil
}
