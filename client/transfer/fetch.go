package transfer

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

const (
	bufferSize     = 64 << 10
	overlapSize    = 64 << 10
	defaultRetries = 8
	maxRestarts    = 4
	// roomBeside is left free on the disk beside the file.
	roomBeside = 1 << 20
)

// Fetch brings the part to StateComplete. It returns when the file is whole,
// when ctx ends (the part is checkpointed), or with one of the errors above;
// then it may be called again. ErrDigest leaves a complete part too: what
// becomes of it is the caller's decision.
//
// The machine:
//
//	begin    what an unclean end left is read again, and believed as far as it proves right
//	fly      one connection asks for what is missing, more join while that helps;
//	         ends with nothing missing, or with the failure of the last connection
//	recover  decides what that failure means:
//	           again     wait, then fly; every byte that comes gives the tries back
//	           stuck     ranges do not work: once more, then the whole object, compared
//	           unproven  nothing in the answer says that it is the same object: compare the bytes
//	           changed   ask for the whole object; a second answer decides, see suspect
//	           renew     a fresh link, once; the next refusal ends it
//	           hopeless  the end
//	finish   the digest, then durable and complete
//
// A full disk is waited for, as long as the options say. Whatever ends Fetch,
// an orderly checkpoint stays (rest).
func (p *Part) Fetch(ctx context.Context) error {
	var full fullDisk
	for {
		err := p.run(ctx)
		if err == nil {
			return nil
		}
		err = p.rest(err)
		if !errors.Is(err, ErrDiskFull) || !p.awaitRoom(ctx, &full) {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
	}
}

func (p *Part) run(ctx context.Context) error {
	if err := p.begin(ctx); err != nil {
		return err
	}
	if !p.whole() {
		p.set(func() { p.state = StateActive })
	}
	for {
		for !p.whole() {
			err := p.fly(ctx)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err == nil {
				continue
			}
			if err := p.recover(ctx, err); err != nil {
				return err
			}
		}
		if again, err := p.finish(); !again {
			return err
		}
	}
}

// begin makes the data trustworthy: as the checkpoint says after an orderly end
// in this boot, else as far as the CRCs prove.
func (p *Part) begin(ctx context.Context) error {
	c := p.found
	if c != nil && (!c.Clean || c.Boot != p.boot || !p.data.restore(*c, p.size)) {
		p.set(func() { p.phase = PhaseRechecking })
		fresh := newData(p.file, p.size)
		if err := fresh.recheck(*c, p.size, func(n int64) error {
			p.set(func() { p.rechecked = n })
			return context.Cause(ctx)
		}); err != nil {
			return err
		}
		p.set(func() { p.data, p.rechecked = fresh, 0 })
	}
	p.found = nil
	p.set(func() {
		if p.meter.start.IsZero() {
			p.meter.reset(time.Now())
		}
		p.tries, p.restarts, p.alarms, p.lastErr = 0, 0, 0, ""
		p.renewals = p.links.renewals.Load()
		p.noRanges, p.rangeFaults, p.alone = false, 0, false
		if !p.begun {
			p.begun, p.resumed = true, p.data.done()
		}
	})
	return nil
}

// whole reports whether no byte is missing and all are hashed.
func (p *Part) whole() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sizeProven && p.data.front == p.size
}

// failure is why a connection ended before the object did.
type failure struct {
	verdict verdict
	after   time.Duration // the server's own wish
	crowded bool          // the server says that it is too much
	stalled bool          // the connection was dead; another one may do at once
	err     error         // safe to show
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// recover decides what a failed flight means. Nil: try again.
func (p *Part) recover(ctx context.Context, err error) error {
	var f *failure
	if !errors.As(err, &f) {
		return err // of the disk: not a thing to try again
	}
	p.set(func() { p.lastErr = f.Error() })
	switch f.verdict {
	case hopeless:
		return f.err
	case changed:
		return p.doubt(f.err)
	case renew:
		return p.renewLink(ctx, f.err)
	case unproven:
		p.set(func() { p.overlap = true })
	case stuck:
		// One more try with a range; after that the whole object, compared with
		// what is here.
		p.set(func() { p.noRanges = p.rangeFaults > 0; p.rangeFaults++ })
	}
	tries := 0
	p.set(func() { p.tries++; tries = p.tries })
	if tries > p.o.Retries {
		return fmt.Errorf("%w after %d tries: %w", ErrGaveUp, tries, f.err)
	}
	wait := f.after
	if wait == 0 && (!f.stalled || tries > 1) {
		wait = backoff(tries - 1)
	}
	return p.pause(ctx, wait)
}

// pause waits, and shows until when.
func (p *Part) pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	p.set(func() { p.phase, p.retryAt = PhaseWaiting, p.o.Now().Add(d) })
	defer p.set(func() { p.retryAt = time.Time{} })
	return sleep(ctx, d)
}

// doubt is what an answer about another object leads to. Some servers answer
// for the same object differently, and what sits between may answer for them,
// so the bytes that are here are kept until a second answer, to a plain
// request, says the same (see known.whole). Where the digest was told and the
// size is the same, comparing the last bytes is enough, since the digest decides.
func (p *Part) doubt(why error) error {
	p.mu.Lock()
	sure := p.suspect || errors.Is(why, errOtherBytes)
	p.alarms++
	over := p.alarms > maxRestarts
	if p.o.SHA256 != "" && errors.Is(why, errOtherMark) {
		p.valid = validator{}
	} else {
		p.suspect = true
	}
	p.mu.Unlock()
	switch {
	case sure:
		return p.startOver(why)
	case over:
		return fmt.Errorf("%w: %w, %d times", ErrGaveUp, why, p.alarms)
	}
	return nil
}

// startOver forgets the bytes of an object that is no more: two objects are
// never mixed, and not in one file either, which another process may have open.
func (p *Part) startOver(why error) error {
	over := false
	p.set(func() {
		p.restarts++
		over = p.restarts > maxRestarts
	})
	if over {
		return fmt.Errorf("%w: %w, %d times", ErrGaveUp, why, p.restarts)
	}
	p.writer.wait()
	if err := p.freshFile(); err != nil {
		return err
	}
	p.set(func() {
		p.gen++
		p.size, p.sizeProven, p.valid, p.digest = -1, false, validator{}, ""
		p.data = newData(p.file, -1)
		p.noRanges, p.overlap, p.suspect, p.blind = false, false, false, false
		p.rangeFaults, p.resumed = 0, 0
	})
	return p.save(StateActive, false)
}

// renewLink asks for a fresh link once; a fresh one that is refused too is the end.
func (p *Part) renewLink(ctx context.Context, why error) error {
	if p.refusedAgain() {
		return fmt.Errorf("%w: %w", ErrGone, why)
	}
	err := p.links.renew(ctx)
	var temporary *TemporaryError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &temporary):
		return p.recover(ctx, &failure{verdict: again, err: temporary.Err})
	}
	return fmt.Errorf("%w: %w", ErrGone, err)
}

// refusedAgain reports whether the link that was refused was a fresh one for
// one that was refused.
func (p *Part) refusedAgain() bool { return p.links.renewals.Load() != p.renewals }

// finish makes the whole file durable and says so in the checkpoint. It asks
// for another round when the digest tells that the bytes are not of one object.
func (p *Part) finish() (again bool, err error) {
	if p.lockless {
		if lost, err := p.reread(); lost || err != nil {
			return lost, err
		}
	}
	got := hex.EncodeToString(p.data.sum.Sum(nil))
	want := cmp.Or(p.o.SHA256, p.digest)
	if want != "" && got != want && (p.resumed > 0 || p.blind) {
		// Some of it came earlier, or in parts that nothing but the digest could
		// tell to be of the same object. Once more, from the first byte.
		if err := p.startOver(ErrDigest); err != nil {
			return false, err
		}
		p.set(func() { p.alone = true })
		return true, nil
	}
	if err := p.cutTail(); err != nil {
		return false, err
	}
	if err := p.save(StateComplete, true); err != nil {
		return false, err
	}
	p.set(func() { p.state, p.phase = StateComplete, PhaseDone })
	if want != "" && got != want {
		return false, fmt.Errorf("%w: SHA-256 is %s, not %s", ErrDigest, got, want)
	}
	return false, nil
}

// cutTail removes bytes past the end: they are no part of the object.
func (p *Part) cutTail() error {
	info, err := p.file.stat()
	if err == nil && info.size > p.size {
		err = p.file.Truncate(p.size)
	}
	if err != nil {
		return fmt.Errorf("cut the part to its size: %w", err)
	}
	return nil
}

// reread compares the whole file with its CRCs, where the lock locks nothing
// and another process may have written too. What is wrong is missing again.
func (p *Part) reread() (lost bool, err error) {
	c := p.checkpoint(StateActive, false)
	fresh := newData(p.file, p.size)
	if err := fresh.recheck(c, p.size, func(int64) error { return nil }); err != nil {
		return false, err
	}
	if fresh.front == p.size {
		return false, nil
	}
	p.set(func() { p.data = fresh })
	return true, nil
}

// rest leaves an orderly checkpoint behind and gives err back.
func (p *Part) rest(err error) error {
	if p.state == StateComplete {
		return err
	}
	p.set(func() { p.phase = PhaseIdle })
	if errors.Is(err, errSync) {
		return errors.Join(err, p.distrust())
	}
	if p.found != nil || !p.saved && p.data.done() == 0 {
		return err // the old checkpoint still holds, or there is nothing to promise
	}
	if serr := p.save(p.state, true); serr != nil {
		p.o.Log.Warn("checkpoint not written", "error", serr)
		if errors.Is(serr, errSync) {
			return errors.Join(err, p.distrust())
		}
	}
	return err
}

// distrust goes back to the last checkpoint after data could not be made
// durable: the system tells that once and may have dropped the pages, so what
// is there must be read again before it is believed.
func (p *Part) distrust() error {
	p.writer.forget()
	c, err := readCheckpoint(p.disk, p.o.Path+checkpointSuffix)
	if err != nil {
		p.set(func() { p.data = newData(p.file, p.size) })
		return nil
	}
	c.Clean = false
	p.found = &c
	return nil
}

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
