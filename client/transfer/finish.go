package transfer

import (
	"errors"
	"fmt"
)

// finish makes the whole file durable and says so in the checkpoint. It asks
// for another round when the digest tells that the bytes are not of one object.
func (p *Part) finish() (again bool, err error) {
	if p.lockless {
		if lost, err := p.reread(); lost || err != nil {
			return lost, err
		}
	}
	want := p.wanted()
	got := p.data.digest(want.Algorithm)
	if got != want.Sum && (p.resumed > 0 || p.pieced) && !p.afresh {
		// Marks are a server's word: it may have given the same one to another
		// object. Once more, from the first byte.
		if err := p.startOver(errMixed); err != nil {
			return false, err
		}
		p.set(func() { p.alone, p.afresh = true, true })
		return true, nil
	}
	if err := p.cutTail(); err != nil {
		return false, err
	}
	if err := p.save(StateComplete, true); err != nil {
		return false, err
	}
	p.set(func() { p.state, p.phase, p.compared = StateComplete, PhaseDone, want.Algorithm })
	if got != want.Sum {
		return false, fmt.Errorf("%w: %s is %s, not %s", ErrDigest, want.Algorithm, got, want.Sum)
	}
	return false, nil
}

var errMixed = errors.New("what came was not of one file")

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
	fresh := newData(p.file, p.size, p.digest.Algorithm)
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
		p.set(func() { p.data = newData(p.file, p.provenSize(), p.digest.Algorithm) })
		return nil
	}
	c.Clean = false
	p.set(func() { p.found, p.digest = &c, c.Digest })
	return nil
}
