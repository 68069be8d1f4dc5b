package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	bufferSize     = 64 << 10
	overlapSize    = 64 << 10
	defaultRetries = 8
	maxRestarts    = 4
	// progress is how many bytes of an answer give the tries back: with less
	// at a time a server could keep a transfer busy for ever.
	progress = 16 << 10
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
//	           again     wait, then fly; what comes gives the tries back
//	           stuck     ranges do not work: once more, then the whole object, compared
//	           unproven  nothing in the answer says that it is the same object: compare the
//	                     bytes, or give them up where that is not possible (forsake)
//	           changed   ask for the whole object; a second answer decides (doubt)
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
			p.set(p.forsake)
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
	if c != nil && !p.believe(*c) {
		p.set(func() { p.phase = PhaseRechecking })
		fresh := newData(p.file, p.provenSize(), p.digest.Algorithm)
		if err := fresh.recheck(*c, p.provenSize(), func(n int64) error {
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
		p.noRanges, p.rangeFaults, p.alone, p.afresh = false, 0, false, false
		if !p.begun {
			p.begun, p.resumed = true, p.data.done()
		}
	})
	return nil
}

// believe takes a checkpoint's word, if it may be taken. Others look at the part
// meanwhile.
func (p *Part) believe(c checkpoint) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return c.Clean && c.Boot == p.boot && p.data.restore(c, p.provenSize())
}

// provenSize is the object's, if it has told it itself; else -1. What somebody
// else told is for show. Under Part.mu, or while nothing flies.
func (p *Part) provenSize() int64 {
	if !p.sizeProven {
		return -1
	}
	return p.size
}

// forsake gives up bytes that nothing tells to be of the object that answers are
// about now: neither has a mark, nobody told a digest, and the first bytes are
// missing, so that there is nothing to compare. Under Part.mu.
func (p *Part) forsake() {
	if p.unmarked() && !p.comparable() {
		p.data = newData(p.file, p.provenSize(), p.digest.Algorithm)
		p.resumed = 0
		p.restarted++
	}
}

// comparable reports whether comparing the first bytes that are here, or the
// digest in the end, tells of all of them whether they are of one object. Under
// Part.mu.
func (p *Part) comparable() bool {
	head, done := p.data.spans.contiguous(p.data.front), p.data.done()
	return p.provable() || head == done || head >= overlapSize
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
// request, says the same. Where the digest was told and the size is the same,
// comparing the last bytes is enough, since the digest decides.
func (p *Part) doubt(why error) error {
	p.mu.Lock()
	sure := p.suspect || errors.Is(why, errOtherBytes)
	p.alarms++
	over := p.alarms > maxRestarts
	if p.o.SHA256 != "" && errors.Is(why, errOtherMark) {
		p.valid = validator{Coding: p.valid.Coding}
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
		p.restarted++
		p.size, p.sizeProven, p.valid, p.digest = -1, false, validator{}, digest{}
		p.data = newData(p.file, -1, "")
		p.noRanges, p.overlap, p.suspect, p.pieced = false, false, false, false
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
