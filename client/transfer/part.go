package transfer

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/time/rate"
)

const (
	partSuffix       = ".part"
	checkpointSuffix = ".part.json"
	lockSuffix       = ".part.lock"

	// A checkpoint is due after so much time or so many bytes, one at a time.
	// The first ones come sooner, doubling, since a short transfer deserves to
	// be resumed too.
	firstCheckpoint = 250 * time.Millisecond
	checkpointEvery = 2 * time.Second
	checkpointBytes = 64 << 20
)

// Part is one file on its way, locked for this process. Fetch is called by one
// goroutine at a time; Snapshot by any.
type Part struct {
	o     Options
	dir   string
	http  *http.Client
	limit *rate.Limiter
	lock  *flock.Flock
	file  *os.File
	nonce string
	boot  string

	found  *checkpoint // of an earlier process, until begin has used it
	writer checkpointer
	saved  bool // a checkpoint of this run is on the disk
	closed bool // the file, before it is renamed
	ended  bool // committed, discarded or closed

	mu          sync.Mutex
	data        *data
	meter       meter
	gen         int
	state       State
	size        int64
	sizeProven  bool // by the object itself, not by what somebody told
	valid       validator
	digest      string
	link        string
	renewed     bool
	noRanges    bool // they do not work here: ask for the whole and compare
	rangeFaults int  // in a row
	restarts    int  // because the object changed
	phase       Phase
	resumed     int64
	begun       bool
	attempts    int
	tries       int
	retryAt     time.Time
	lastErr     string
	connections int
	rechecked   int64
}

// Peek looks at the part beside path without changing anything.
func Peek(path string) (Found, error) {
	c, err := readCheckpoint(path + checkpointSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errCheckpoint):
		return Found{Size: -1}, nil
	case err != nil:
		return Found{}, err
	}
	if _, err := os.Lstat(path + partSuffix); errors.Is(err, fs.ErrNotExist) {
		return Found{Size: -1}, nil // committed; only the checkpoint was not removed
	}
	return Found{
		State: c.State, ID: c.ID, Size: c.Size, Done: c.trusted(),
		Locked: lockedByOther(path + lockSuffix),
	}, nil
}

// Open locks the part of o.Path and reads its checkpoint, or starts a new one.
// ErrLocked, ErrOtherObject. It does not touch the network.
func Open(o Options) (*Part, error) {
	p := &Part{
		o: o, dir: filepath.Dir(o.Path), size: o.Size, phase: PhaseIdle,
		state: StateActive, boot: bootID(),
	}
	p.o.Retries = cmp.Or(o.Retries, defaultRetries)
	if p.o.Now == nil {
		p.o.Now = time.Now
	}
	if p.o.Log == nil {
		p.o.Log = slog.New(slog.DiscardHandler)
	}
	if o.LimitRate > 0 {
		p.limit = rate.NewLimiter(rate.Limit(o.LimitRate), int(min(max(o.LimitRate/8, 512), bufferSize)))
	}
	p.http = httpClient(cmp.Or(o.Transport, http.DefaultTransport))
	var nonce [8]byte
	_, _ = rand.Read(nonce[:]) // never fails, by its own documentation
	p.nonce = hex.EncodeToString(nonce[:])

	lock, err := lockPart(o.Path + lockSuffix)
	if err != nil {
		return nil, err
	}
	p.lock = lock
	if err := p.openFiles(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	p.writer = checkpointer{path: o.Path + checkpointSuffix, file: p.file, nonce: p.nonce}
	return p, nil
}

func (p *Part) openFiles() error {
	c, err := readCheckpoint(p.o.Path + checkpointSuffix)
	_, gone := os.Lstat(p.File())
	switch {
	case err == nil && gone == nil && c.ID != p.o.ID:
		return ErrOtherObject
	case err == nil && gone == nil:
		p.found = &c
		p.gen, p.state, p.valid, p.digest = c.Generation, c.State, c.Validator, c.Digest
		if c.Size >= 0 {
			p.size, p.sizeProven = c.Size, true
		}
	case err == nil, errors.Is(err, fs.ErrNotExist), errors.Is(err, errCheckpoint):
		// Nothing that could be trusted: what lies there is written over.
	default:
		return err
	}
	f, err := openPlain(p.File(), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	p.file, p.data = f, newData(f)
	return nil
}

// File is the path of the data: o.Path + ".part".
func (p *Part) File() string { return p.o.Path + partSuffix }

// begin makes the data trustworthy: as the checkpoint says after an orderly end
// in this boot, else as far as the CRCs prove.
func (p *Part) begin(ctx context.Context) error {
	c := p.found
	if c != nil && (!c.Clean || c.Boot != p.boot || !p.data.restore(*c)) {
		p.set(func() { p.phase = PhaseRechecking })
		fresh := newData(p.file)
		if err := fresh.recheck(ctx, *c, func(n int64) { p.set(func() { p.rechecked = n }) }); err != nil {
			return err
		}
		p.set(func() { p.data, p.rechecked = fresh, 0 })
		if err := p.absorb(ctx); err != nil {
			return err
		}
	}
	p.found = nil
	if p.link == "" && !p.whole() {
		link, err := p.o.Link(ctx, false)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrGone, err)
		}
		p.link = link
	}
	p.set(func() {
		p.meter.reset(time.Now())
		p.tries, p.restarts, p.renewed, p.lastErr = 0, 0, false, ""
		if !p.begun {
			p.begun, p.resumed = true, p.data.trusted(p.size)
		}
	})
	return nil
}

// absorb takes in the pieces that the frontier has reached.
func (p *Part) absorb(ctx context.Context) error {
	for more := p.sizeProven; more; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var err error
		p.set(func() { more, err = p.data.absorb(p.size) })
		if err != nil {
			return err
		}
	}
	return nil
}

// whole reports whether no byte is missing.
func (p *Part) whole() bool { return p.sizeProven && p.data.frontier == p.size }

// finish makes the whole file durable and says so in the checkpoint.
func (p *Part) finish(ctx context.Context) error {
	got := hex.EncodeToString(p.data.sum.Sum(nil))
	want := cmp.Or(p.o.SHA256, p.digest)
	if want != "" && got != want && p.resumed > 0 {
		// Some of it came earlier, and nothing but the digest can tell whether
		// it was of the same object. Once more, from the first byte.
		if err := p.startOver(ErrDigest); err != nil {
			return p.rest(err)
		}
		return p.Fetch(ctx)
	}
	// Bytes past the end are no part of the object.
	if err := p.file.Truncate(p.size); err != nil {
		return p.rest(fmt.Errorf("cut the part to its size: %w", err))
	}
	p.set(func() { p.state, p.phase = StateComplete, PhaseDone })
	if err := p.save(StateComplete, true); err != nil {
		return err
	}
	if want != "" && got != want {
		return fmt.Errorf("%w: SHA-256 is %s, not %s", ErrDigest, got, want)
	}
	return nil
}

// rest leaves an orderly checkpoint behind and gives err back.
func (p *Part) rest(err error) error {
	p.set(func() { p.phase = PhaseIdle })
	if errors.Is(err, errSync) {
		return errors.Join(err, p.distrust())
	}
	if p.found != nil || !p.saved && p.data.frontier == 0 {
		return err // the old checkpoint still holds, or there is nothing to promise
	}
	if serr := p.save(p.state, true); serr != nil {
		p.o.Log.Warn("checkpoint not written", "error", serr)
	}
	return err
}

// distrust goes back to the last checkpoint after data could not be made
// durable: the system tells that once and may have dropped the pages, so what
// is there must be read again before it is believed.
func (p *Part) distrust() error {
	c, err := readCheckpoint(p.o.Path + checkpointSuffix)
	if err != nil {
		var reset error
		p.set(func() { reset = p.data.reset() })
		return reset
	}
	c.Clean = false
	p.found = &c
	return nil
}

func (p *Part) set(f func()) {
	p.mu.Lock()
	f()
	p.mu.Unlock()
}

// Commit gives the complete part its final name, durably, and removes the
// checkpoint and the lock. Without replace an existing name is ErrExists.
func (p *Part) Commit(name string, replace bool) error {
	if p.state != StateComplete {
		return errors.New("keep the file: it is not whole")
	}
	if err := p.closeFile(); err != nil { // an open file cannot be renamed on Windows
		return fmt.Errorf("keep the file: %w", err)
	}
	var err error
	if replace {
		if err = os.Rename(p.File(), name); err != nil {
			err = fmt.Errorf("rename to %q: %w", name, err)
		}
	} else {
		err = renameNew(p.File(), name)
	}
	if err != nil {
		return err
	}
	if err := syncDir(p.dir); err != nil {
		return err
	}
	return p.leave()
}

// Discard removes the part, its checkpoint and its lock.
func (p *Part) Discard() error {
	if p.ended {
		return nil
	}
	p.writer.wait()
	return errors.Join(p.closeFile(), os.Remove(p.File()), p.leave())
}

// leave removes what lies beside the file; the lock last.
func (p *Part) leave() error {
	if p.ended {
		return nil
	}
	err := os.Remove(p.o.Path + checkpointSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, p.unlock())
}

// unlock removes the lock file and then lets go of it: who waited for it finds
// that it is gone. Windows cannot remove an open file; there it stays.
func (p *Part) unlock() error {
	p.ended = true
	_ = os.Remove(p.lock.Path())
	return errors.Join(p.closeFile(), p.lock.Close())
}

func (p *Part) closeFile() error {
	if p.closed {
		return nil
	}
	p.closed = true
	return p.file.Close()
}

// Close releases the lock. The part stays, as its last checkpoint says; one of
// which nothing arrived leaves nothing behind. After Commit or Discard it does
// nothing.
func (p *Part) Close() error {
	if p.ended {
		return nil
	}
	p.writer.wait()
	if _, err := os.Lstat(p.o.Path + checkpointSuffix); errors.Is(err, fs.ErrNotExist) {
		return p.Discard()
	}
	return p.unlock()
}

// ThisRunBytes is the number of bytes from the network since Fetch began.
func (p *Part) ThisRunBytes() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.meter.total
}

// Snapshot may be called from anywhere, any time.
func (p *Part) Snapshot() Snapshot {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	s := Snapshot{
		Phase: p.phase, Size: p.size, Done: p.data.trusted(p.size),
		ThisRun: p.meter.total, ResumedFrom: p.resumed, Left: -1,
		Connections: p.connections, Attempts: p.attempts, Retry: p.tries,
		RetryAt: p.retryAt, LastError: p.lastErr,
	}
	if p.phase == PhaseRechecking {
		s.Done = p.rechecked
	}
	if p.begun {
		s.Average = p.meter.average(now)
		s.Rates = p.meter.history(now)
	}
	if p.phase == PhaseReceiving {
		s.Rate = p.meter.rate(now)
		if p.size >= 0 {
			s.Left = p.meter.left(now, p.size-s.Done)
		}
	}
	if p.state == StateComplete && p.phase == PhaseDone {
		s.SHA256 = hex.EncodeToString(p.data.sum.Sum(nil))
	}
	s.Parts = p.data.parts(p.size)
	return s
}
