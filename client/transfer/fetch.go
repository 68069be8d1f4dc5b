package transfer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
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
// The machine: recheck what an unclean end left → plan a request → judge its
// answer → receive its body → plan again, until no byte is missing. Answers
// that are no help cost a try; tries come back with every byte of progress.
func (p *Part) Fetch(ctx context.Context) (err error) {
	if err := p.begin(ctx); err != nil {
		return p.rest(err)
	}
	for !p.whole() {
		before := p.ThisRunBytes()
		err := p.attempt(ctx)
		if ctx.Err() != nil {
			return p.rest(context.Cause(ctx))
		}
		if p.ThisRunBytes() > before {
			p.set(func() { p.tries, p.renewed, p.rangeFaults = 0, false, 0 })
		}
		if err == nil {
			continue
		}
		if err := p.recover(ctx, err); err != nil {
			return p.rest(err)
		}
	}
	return p.finish(ctx)
}

// failure is why an attempt ended before the object did.
type failure struct {
	verdict verdict
	after   time.Duration
	err     error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// recover decides what a failed attempt means. Nil: try again.
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
		return p.startOver(f.err)
	case renew:
		return p.renewLink(ctx, f.err)
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
	if wait == 0 {
		wait = backoff(tries - 1)
	}
	p.set(func() { p.phase, p.retryAt = PhaseWaiting, p.o.Now().Add(wait) })
	defer p.set(func() { p.retryAt = time.Time{} })
	return sleep(ctx, wait)
}

// startOver forgets the bytes of an object that is no more: two objects are
// never mixed.
func (p *Part) startOver(why error) error {
	var err error
	p.set(func() {
		p.gen++
		err = p.data.reset()
		p.size, p.sizeProven, p.valid, p.digest = -1, false, validator{}, ""
		p.noRanges, p.rangeFaults, p.resumed = false, 0, 0
		p.restarts++
	})
	if err != nil {
		return err
	}
	if p.restarts > maxRestarts {
		return fmt.Errorf("%w: %w, %d times", ErrGaveUp, why, p.restarts)
	}
	return p.save(StateActive, false)
}

// renewLink asks for a fresh link once; a fresh one that is refused too is the end.
func (p *Part) renewLink(ctx context.Context, why error) error {
	if p.renewed {
		return fmt.Errorf("%w: %w", ErrGone, why)
	}
	link, err := p.o.Link(ctx, true)
	var temporary *TemporaryError
	switch {
	case errors.As(err, &temporary):
		return p.recover(ctx, &failure{verdict: again, err: temporary.Err})
	case err != nil && ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	p.set(func() { p.link, p.renewed = link, true })
	return nil
}

// attempt is one request and its body.
func (p *Part) attempt(ctx context.Context) error {
	a := p.plan()
	dog := watch(ctx, p.o.LimitRate)
	defer dog.stop()
	req, err := p.request(dog.ctx, p.link, a)
	if err != nil {
		return &failure{verdict: hopeless, err: err}
	}
	p.set(func() { p.phase = PhaseConnecting; p.attempts++ })
	resp, err := p.http.Do(req)
	if err != nil {
		return &failure{verdict: transportVerdict(err), err: dog.why(scrub(err))}
	}
	defer func() { _ = resp.Body.Close() }()
	dog.reading()
	b := p.judge(resp, a)
	if b.verdict != accept && b.verdict != compare {
		if b.err == nil {
			b.err = errChanged
		}
		return &failure{verdict: b.verdict, after: b.after, err: b.err}
	}
	if err := p.learn(resp, b); err != nil {
		return err
	}
	p.set(func() { p.phase = PhaseReceiving; p.connections = 1 })
	defer p.set(func() { p.connections = 0 })
	return p.receive(dog, resp.Body, a, b)
}

var errChanged = errors.New("the file changed on the server")

func transportVerdict(err error) verdict {
	var cert *tls.CertificateVerificationError
	if errors.Is(err, errInsecure) || errors.Is(err, errRedirects) || errors.As(err, &cert) {
		return hopeless
	}
	return again
}

// learn takes over what the answer proves of the object, and looks for room.
func (p *Part) learn(resp *http.Response, b body) error {
	p.set(func() {
		if b.size >= 0 {
			p.size, p.sizeProven = b.size, true
		} else if !p.sizeProven && b.verdict == accept && b.at == 0 {
			p.size = -1 // what somebody told is no promise of this server's
		}
		if resp.StatusCode == http.StatusOK || p.valid == (validator{}) {
			p.valid = validatorOf(resp.Header)
		}
		if d := digestOf(resp.Header); d != "" && resp.StatusCode == http.StatusOK && !encoded(resp.Header) {
			p.digest = d
		}
	})
	if p.size >= 0 {
		free, err := Free(p.dir)
		if need := p.size - p.data.trusted(p.size); err == nil && need > 0 && free < need+roomBeside {
			return fmt.Errorf("%w: %d bytes are missing, %d are free", ErrDiskFull, need, free)
		}
	}
	if p.saved {
		return nil
	}
	p.saved = true
	return p.save(StateActive, false) // from here on a kill finds its way back
}

// receive writes a body to the file, after the bytes that are there already.
func (p *Part) receive(dog *watchdog, r io.Reader, a ask, b body) error {
	buf := make([]byte, p.bufferSize())
	if b.verdict == compare || a.overlap > 0 {
		upTo := p.data.frontier
		if err := p.skip(dog, r, b.at, upTo, buf); err != nil {
			return err
		}
		if b.verdict == compare {
			p.set(func() { p.data.beyond = nil }) // this body brings them too
		}
	}
	end := p.size
	if b.end > 0 {
		end = b.end
	}
	for end < 0 || p.data.frontier < end {
		want := int64(len(buf))
		if end >= 0 {
			want = min(want, end-p.data.frontier)
		}
		n, err := dog.read(r, buf[:want])
		if n > 0 {
			if werr := p.take(buf[:n]); werr != nil {
				return werr
			}
			if lerr := p.throttle(dog, n); lerr != nil {
				return &failure{verdict: again, err: lerr}
			}
		}
		switch {
		case errors.Is(err, io.EOF) && end < 0 && (b.framed || p.o.Size < 0 || p.o.Size == p.data.frontier):
			p.set(func() { p.size, p.sizeProven = p.data.frontier, true })
			return nil
		case errors.Is(err, io.EOF) && (end < 0 || p.data.frontier < end):
			return &failure{verdict: again, err: errShort}
		case err != nil && !errors.Is(err, io.EOF):
			return &failure{verdict: again, err: dog.why(scrub(err))}
		}
		if err := p.checkpointIfDue(); err != nil {
			return err
		}
	}
	return p.absorb(dog.ctx)
}

var errShort = errors.New("the connection ended before the file did")

// skip reads bytes [from, to) of a body and compares them with the disk.
func (p *Part) skip(dog *watchdog, r io.Reader, from, to int64, buf []byte) error {
	disk := make([]byte, len(buf))
	for at := from; at < to; {
		n, err := dog.read(r, buf[:min(int64(len(buf)), to-at)])
		if _, derr := p.file.ReadAt(disk[:n], at); derr != nil && !errors.Is(derr, io.EOF) {
			return fmt.Errorf("read the part: %w", derr)
		}
		if crc32.Checksum(disk[:n], castagnoli) != crc32.Checksum(buf[:n], castagnoli) {
			return &failure{verdict: changed, err: errChanged}
		}
		at += int64(n)
		if err != nil && at < to {
			if errors.Is(err, io.EOF) {
				err = errShort
			}
			return &failure{verdict: again, err: dog.why(scrub(err))}
		}
	}
	return nil
}

// take writes bytes and counts them as progress.
func (p *Part) take(b []byte) error {
	now := time.Now()
	var err error
	p.set(func() {
		before := p.data.frontier
		err = p.data.write(b)
		p.meter.add(now, int(p.data.frontier-before))
	})
	if err != nil && isDiskFull(err) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

func (p *Part) throttle(dog *watchdog, n int) error {
	if p.limit == nil {
		return nil
	}
	return p.limit.WaitN(dog.ctx, n)
}

func (p *Part) bufferSize() int {
	if p.limit != nil {
		return min(bufferSize, p.limit.Burst())
	}
	return bufferSize
}
