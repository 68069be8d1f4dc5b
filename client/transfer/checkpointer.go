package transfer

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A checkpoint is due after so much time or so many bytes, one at a time.
	// The first ones come sooner, doubling, since a short transfer deserves to
	// be resumed too.
	firstCheckpoint = 250 * time.Millisecond
	checkpointEvery = 2 * time.Second
	checkpointBytes = 64 << 20
)

// checkpointer writes checkpoints behind the transfer, one at a time: first
// the data is made durable, then the promise about it.
type checkpointer struct {
	disk  disk
	path  string
	file  file
	nonce string

	unsure  atomic.Bool // the file system cannot tell whether data is durable
	running sync.WaitGroup
	mu      sync.Mutex
	busy    bool
	ours    bool // the checkpoint on the disk is this process's
	err     error
	last    time.Time
	at      int64 // bytes that had come at the last one
	count   int   // of those behind the transfer
}

// due reports whether it is time for one; who is told so writes it.
func (w *checkpointer) due(now time.Time, come int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy || come == w.at {
		return false
	}
	every := min(firstCheckpoint<<min(w.count, 10), checkpointEvery)
	if now.Sub(w.last) < every && come-w.at < checkpointBytes {
		return false
	}
	w.busy, w.last, w.at = true, now, come
	w.count++
	return true
}

// behind writes one in the background, after due. The error of the one before
// is given.
func (w *checkpointer) behind(c checkpoint) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		w.busy = false
		return w.err
	}
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
	err := w.err
	w.err, w.last = nil, time.Now()
	w.mu.Unlock()
	if errors.Is(err, errSync) {
		return err // the system says so once; the next sync would seem to work
	}
	return w.write(c)
}

func (w *checkpointer) wait() { w.running.Wait() }

// forget drops the error of the last one, once what it means has been done.
func (w *checkpointer) forget() {
	w.running.Wait()
	w.mu.Lock()
	w.err = nil
	w.mu.Unlock()
}

func (w *checkpointer) write(c checkpoint) error {
	// flock does nothing on some network file systems, so the checkpoint itself
	// tells whether somebody else has taken over.
	if w.ours {
		if old, err := readCheckpoint(w.disk, w.path); err == nil && old.Owner != w.nonce {
			return fmt.Errorf("another process took the part over: %w", ErrLocked)
		}
	}
	sure, err := w.file.sync()
	if err != nil {
		return fmt.Errorf("%w: %w", errSync, diskError(err))
	}
	w.unsure.Store(!sure)
	if err := writeCheckpoint(w.disk, w.path, c); err != nil {
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
	if !p.writer.due(time.Now(), p.ThisRunBytes()) {
		return nil
	}
	return p.writer.behind(p.checkpoint(StateActive, false))
}

// checkpoint is what may be promised once the data is durable: nothing but
// bytes that were written before this moment.
func (p *Part) checkpoint(state State, clean bool) checkpoint {
	p.data.hashing.Lock()
	defer p.data.hashing.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := checkpoint{
		Version: checkpointVersion, Generation: p.gen, Owner: p.nonce, Boot: p.boot,
		Clean: clean, State: state, ID: p.o.ID, Size: p.provenSize(), Validator: p.valid,
		Digest: p.digest, Inode: p.inode, Piece: pieceSize,
	}
	p.data.fill(&c)
	return c
}
