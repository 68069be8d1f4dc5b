package transfer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"time"
)

var (
	errOtherMark   = errors.New("the file changed on the server: it is marked differently")
	errOtherSize   = errors.New("the file changed on the server: its size is another")
	errOtherCoding = errors.New("the file changed on the server: it is compressed otherwise")
	errOtherBytes  = errors.New("the file changed on the server: its bytes are others")
	errShort       = errors.New("the connection ended before the file did")
)

// guarded turns a panic over what a server sent into an error, so that one
// file's fault does not take the program and its other transfers down.
func (p *Part) guarded(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			p.o.Log.Error("transfer panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error: %v", v)
		}
	}()
	return do()
}

// attempt is one request and its body.
func (p *Part) attempt(ctx context.Context, w *worker, a *ask) error {
	dog := watch(ctx, p.o.LimitRate, p.o.Now)
	defer dog.stop()
	req, err := p.request(dog.ctx, a)
	if err != nil {
		return &failure{verdict: hopeless, err: err}
	}
	p.set(func() {
		w.cancel, w.heard, w.got = dog.cancel, time.Now(), 0
		p.attempts++
	})
	resp, err := p.http.Do(req)
	if err != nil {
		return p.lost(dog, transportVerdict(err), err)
	}
	defer func() { _ = resp.Body.Close() }()
	dog.reading()
	p.links.heard(resp.Header)
	b := p.known().judge(resp, a)
	if b.verdict != accept && b.verdict != compare {
		if b.verdict == renew {
			p.links.refuse(ctx, a.link)
		}
		return &failure{verdict: b.verdict, after: b.after, crowded: b.crowded, err: b.err}
	}
	if err := p.learn(resp, a, b); err != nil {
		return err
	}
	p.set(func() {
		w.took = time.Since(w.heard)
		w.answered, w.began, w.heard, w.reach = true, time.Now(), time.Now(), b.end
		p.phase = PhaseReceiving
		p.connections++
	})
	defer p.set(func() {
		if p.connections--; p.connections == 0 && p.phase == PhaseReceiving {
			p.phase = PhaseConnecting
		}
	})
	if a.span == nil || b.verdict == compare {
		p.set(func() { p.data.spans.release(w) })
		return p.sweep(dog, resp.Body, w, b)
	}
	if a.overlap > 0 {
		if err := p.skip(dog, resp.Body, b.at, b.at+a.overlap, make([]byte, p.bufferSize())); err != nil {
			return err
		}
		p.set(func() { p.adopt(b) })
	}
	_, err = p.receive(dog, resp.Body, w, a.span, b)
	return err
}

// lost is the failure of a connection, by the watchdog's reason if it has one.
func (p *Part) lost(dog *watchdog, v verdict, err error) error {
	err = dog.why(scrub(err))
	if errors.Is(err, errTakenOver) || errors.Is(err, errRetired) {
		return err
	}
	if errors.Is(err, errWoke) {
		p.http.CloseIdleConnections() // they are as dead as this one
	}
	stalled := errors.Is(err, errIdle) || errors.Is(err, errSlow) || errors.Is(err, errWoke)
	return &failure{verdict: v, stalled: stalled, err: err}
}

func transportVerdict(err error) verdict {
	var cert *tls.CertificateVerificationError
	if errors.Is(err, errInsecure) || errors.Is(err, errRedirects) || errors.As(err, &cert) {
		return hopeless
	}
	return again
}

// learn takes over what the answer tells of the object, and looks for room.
func (p *Part) learn(resp *http.Response, a *ask, b body) error {
	said, shown := digestOf(resp), rangesShown(resp, a)
	p.data.hashing.Lock()
	p.set(func() {
		p.pieced = p.pieced || a.ranged || b.verdict == compare
		if a.part {
			return
		}
		if b.size >= 0 {
			p.size, p.sizeProven = b.size, true
			p.data.spans.setEnd(b.size)
		} else if !p.sizeProven && b.at == 0 {
			p.size = -1 // what somebody told is no promise of this server's
		}
		if b.verdict == accept && a.overlap == 0 {
			p.adopt(b)
		}
		p.told(said)
		p.ranges = resp.ProtoMajor == 1 && shown
		p.suspect = false
	})
	p.data.hashing.Unlock()
	if a.part {
		return nil
	}
	if err := p.checkRoom(); err != nil {
		return err
	}
	if p.saved {
		return nil
	}
	p.saved = true
	return p.save(StateActive, false) // from here on a kill finds its way back
}

// adopt takes an answer's mark over as the object's. Where there are bytes here
// that nothing else tells to be of the same object, they are compared with the
// answer's before: a mark that the bytes here have not would vouch for a mix of
// two objects later. Under Part.mu.
func (p *Part) adopt(b body) {
	if b.full || p.valid.empty() {
		p.valid = b.mark
	}
}

// receive writes a body to a span, and to those that follow as far as nobody
// else has them. It gives the place in the object that the body has come to.
func (p *Part) receive(dog *watchdog, r io.Reader, w *worker, s *span, b body) (int64, error) {
	buf := make([]byte, p.bufferSize())
	for at := s.at; ; {
		next, want, err := p.room(dog.ctx, w, s, int64(len(buf)))
		if err != nil {
			return at, p.lost(dog, again, err)
		}
		if want == 0 {
			return at, nil
		}
		s = next
		n, err := dog.read(r, buf[:want])
		if n > 0 {
			if werr := p.take(w, s, buf[:n], at); werr != nil {
				return at, werr
			}
			at += int64(n)
			if lerr := p.throttle(dog, n); lerr != nil {
				return at, p.lost(dog, again, lerr)
			}
		}
		if err != nil {
			if end, lerr := p.bodyEnd(s, b, err); end || lerr != nil {
				return at, lerr
			}
			if !errors.Is(err, io.EOF) {
				return at, p.lost(dog, again, err)
			}
		}
		if err := p.checkpointIfDue(); err != nil {
			return at, err
		}
	}
}

// bodyEnd decides whether the end of a body is its right one.
func (p *Part) bodyEnd(s *span, b body, err error) (end bool, fail error) {
	if !errors.Is(err, io.EOF) {
		return false, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case s.to == endless && (b.framed || p.o.Size <= s.at):
		p.size, p.sizeProven = s.at, true
		p.pieced = p.pieced || !b.framed
		p.data.spans.setEnd(s.at)
		return true, nil
	case s.at < s.to && s.at != b.end:
		return true, &failure{verdict: again, err: errShort}
	}
	return false, nil
}

// room tells how many bytes may be written now, and where: to the worker's
// span, or to the next one if the body goes on and nobody has begun that. It
// waits while the hash is far behind. Nothing is left to do with this body at 0.
func (p *Part) room(ctx context.Context, w *worker, s *span, most int64) (*span, int64, error) {
	for {
		p.mu.Lock()
		d := p.data
		limit := d.front + window
		if s.by == w && s.at == s.to && s.at < w.reach {
			if n := d.spans.follow(s, limit); n != nil {
				s = n
			}
		}
		free := d.spans.free()
		idle := s.by != w || w.retired || s.at == s.to || s.at >= w.reach || s.at >= limit && free != nil && free.at < s.at
		want := min(most, s.to-s.at, w.reach-s.at, limit-s.at)
		w.heard = time.Now()
		woken := p.waken()
		p.mu.Unlock()
		if idle {
			return s, 0, nil
		}
		if want > 0 {
			return s, want, nil
		}
		if err := waitFor(ctx, woken, time.Second); err != nil {
			return s, 0, err
		}
	}
}

// take writes bytes and counts them as progress.
func (p *Part) take(w *worker, s *span, b []byte, at int64) error {
	n, err := p.file.WriteAt(b, at)
	now := time.Now()
	p.set(func() {
		w.heard = now
		w.got += int64(n)
		if s.by != w || n == 0 || s.at != at {
			return // another connection brings these
		}
		p.data.spans.add(s, b[:n])
		p.meter.add(now, n)
		if w.got >= progress {
			p.tries, p.rangeFaults, p.alarms = 0, 0, 0
			p.renewals = p.links.renewals.Load()
		}
	})
	p.wake()
	if err != nil {
		return diskError(fmt.Errorf("write the part: %w", err))
	}
	return nil
}

// sweep reads a body from the object's first byte on: what is on the disk is
// compared, what is missing is written. It ends where another connection is at
// work; no more of them are made, since a server that sends the whole object
// does not care for ranges.
func (p *Part) sweep(dog *watchdog, r io.Reader, w *worker, b body) error {
	buf := make([]byte, p.bufferSize())
	p.set(func() { p.alone = true })
	for at := int64(0); ; {
		var there int64
		p.set(func() { there = p.data.spans.contiguous(max(at, p.data.front)) })
		if err := p.skip(dog, r, at, there, buf); err != nil {
			return err
		}
		var s *span
		p.set(func() {
			if at < there {
				p.adopt(b)
			}
			s = p.data.spans.claimAt(w, there)
		})
		if s == nil {
			return nil
		}
		var err error
		if at, err = p.receive(dog, r, w, s, b); err != nil {
			return err
		}
		stay := false
		p.set(func() {
			stay = at < w.reach && !w.retired
			p.data.spans.release(w)
		})
		if !stay {
			return nil
		}
	}
}

// skip reads bytes [from, to) of a body and compares them with the disk.
func (p *Part) skip(dog *watchdog, r io.Reader, from, to int64, buf []byte) error {
	disk := make([]byte, len(buf))
	for at := from; at < to; {
		n, err := dog.read(r, buf[:min(int64(len(buf)), to-at)])
		if _, derr := p.file.ReadAt(disk[:n], at); derr != nil && !errors.Is(derr, io.EOF) {
			return fmt.Errorf("read the part: %w", derr)
		}
		if !bytes.Equal(disk[:n], buf[:n]) {
			return &failure{verdict: changed, err: errOtherBytes}
		}
		at += int64(n)
		if lerr := p.throttle(dog, n); lerr != nil {
			return p.lost(dog, again, lerr)
		}
		if err != nil && at < to {
			if errors.Is(err, io.EOF) {
				err = errShort
			}
			return p.lost(dog, again, err)
		}
	}
	return nil
}

func (p *Part) throttle(dog *watchdog, n int) error {
	if p.limit == nil || n == 0 {
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
