package transfer

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// checkpointer writes checkpoints behind the transfer, one at a time: first
// the data is made durable, then the promise about it.
type checkpointer struct {
	path  string
	file  *os.File
	nonce string

	running sync.WaitGroup
	mu      sync.Mutex
	busy    bool
	ours    bool // the checkpoint on the disk is this process's
	err     error
	last    time.Time
	at      int64 // frontier of the last one
	count   int   // of those behind the transfer
}

// due reports whether it is time for one.
func (w *checkpointer) due(now time.Time, frontier int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy || frontier == w.at {
		return false
	}
	every := min(firstCheckpoint<<min(w.count, 10), checkpointEvery)
	return now.Sub(w.last) >= every || frontier-w.at >= checkpointBytes
}

// behind writes one in the background. The error of the one before is given.
func (w *checkpointer) behind(c checkpoint) error {
	w.mu.Lock()
	if err := w.err; err != nil {
		w.mu.Unlock()
		return err
	}
	w.busy, w.last, w.at = true, time.Now(), c.Frontier
	w.count++
	w.mu.Unlock()
	w.running.Go(func() {
		err := w.write(c)
		w.mu.Lock()
		w.busy, w.err = false, err
		w.mu.Unlock()
	})
	return nil
}

// now writes one at once, after the one under way.
func (w *checkpointer) now(c checkpoint) error {
	w.running.Wait()
	w.mu.Lock()
	w.err, w.last, w.at = nil, time.Now(), c.Frontier
	w.mu.Unlock()
	return w.write(c)
}

func (w *checkpointer) wait() { w.running.Wait() }

func (w *checkpointer) write(c checkpoint) error {
	// flock does nothing on some network file systems, so the checkpoint itself
	// tells whether somebody else has taken over.
	if w.ours {
		if old, err := readCheckpoint(w.path); err == nil && old.Owner != w.nonce {
			return ErrLocked
		}
	}
	if err := syncFile(w.file); err != nil {
		return fmt.Errorf("%w: %w", errSync, diskError(err))
	}
	if err := writeCheckpoint(w.path, c); err != nil {
		return diskError(err)
	}
	w.ours = true
	return nil
}

// errSync: data could not be made durable.
var errSync = errors.New("the disk did not take the data")

func diskError(err error) error {
	if isDiskFull(err) {
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

// save writes a checkpoint of this moment and waits for it.
func (p *Part) save(state State, clean bool) error {
	return p.writer.now(p.checkpoint(state, clean))
}

// checkpointIfDue writes one behind the transfer now and then.
func (p *Part) checkpointIfDue() error {
	if !p.writer.due(time.Now(), p.data.frontier) {
		return nil
	}
	err := p.writer.behind(p.checkpoint(StateActive, false))
	if errors.Is(err, ErrLocked) {
		return fmt.Errorf("another process took the part over: %w", err)
	}
	return err
}

func (p *Part) checkpoint(state State, clean bool) checkpoint {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := checkpoint{
		Version: checkpointVersion, Generation: p.gen, Owner: p.nonce, Boot: p.boot,
		Clean: clean, State: state, ID: p.o.ID, Size: p.size, Validator: p.valid,
		Digest: p.digest, Piece: pieceSize,
	}
	p.data.fill(&c)
	if !p.sizeProven {
		c.Size, c.Beyond = -1, nil
	}
	return c
}
