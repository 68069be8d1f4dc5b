package transfer

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	partSuffix       = ".part"
	checkpointSuffix = ".part.json"
	lockSuffix       = ".part.lock"
)

// Part is one file on its way, locked for this process. Fetch is called by one
// goroutine at a time; Snapshot by any.
type Part struct {
	o     Options
	dir   string
	disk  disk
	http  *http.Client
	links *links
	limit *rate.Limiter
	lock  io.Closer
	file  file
	inode uint64
	nonce string
	boot  string

	found    *checkpoint // of an earlier process, until begin has used it
	writer   checkpointer
	lockless bool // the lock locks nothing here
	saved    bool // a checkpoint of this run is on the disk
	closed   bool // the file, before it is renamed
	ended    bool // committed, discarded or closed

	mu    sync.Mutex
	woken chan struct{} // see follow.go
	data  *data
	meter meter

	// What is known of the object.
	gen        int
	state      State
	size       int64
	sizeProven bool // by the object itself, not by what somebody told
	valid      validator
	digest     digest // that the server told
	ranges     bool   // the server has shown that it knows them

	// What went wrong, and what follows from it.
	renewals    int64 // of refused links, when the last byte came
	noRanges    bool  // they do not work here: ask for the whole and compare
	overlap     bool  // answers do not tell the object: compare its last bytes
	suspect     bool  // an answer was about another object: ask again
	alone       bool  // parts at once do not work here
	pieced      bool  // what is here came by more than one answer, or by one whose end was not marked
	afresh      bool  // it was fetched again as one, since the digest told that it was not
	rangeFaults int   // in a row
	alarms      int   // answers about another object, in a row
	restarts    int   // because the object changed
	tries       int   // in a row without progress

	// What Snapshot shows.
	phase       Phase
	begun       bool
	resumed     int64
	restarted   int
	compared    algorithm
	attempts    int
	retryAt     time.Time
	lastErr     string
	connections int
	rechecked   int64
}

// Peek looks at the part beside path without changing anything.
func Peek(path string) (Found, error) { return peek(systemDisk{}, path) }

func peek(d disk, path string) (Found, error) {
	c, err := readCheckpoint(d, path+checkpointSuffix)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errCheckpoint):
		return Found{Size: -1}, nil
	case err != nil:
		return Found{}, err
	}
	if _, err := d.stat(path + partSuffix); errors.Is(err, fs.ErrNotExist) {
		return Found{Size: -1}, nil // committed; only the checkpoint was not removed
	}
	return Found{
		State: c.State, ID: c.ID, Size: c.Size, Done: c.trusted(),
		Locked: d.locked(path + lockSuffix),
	}, nil
}

// Open locks the part of o.Path and reads its checkpoint, or starts a new one.
// ErrLocked, ErrOtherObject. It does not touch the network.
func Open(o Options) (*Part, error) {
	p := &Part{
		o: o, dir: filepath.Dir(o.Path), disk: o.disk, size: o.Size, phase: PhaseIdle,
		state: StateActive, boot: bootID(),
	}
	if p.disk == nil {
		p.disk = systemDisk{}
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
	p.links = newLinks(o.Link, p.o.Now)
	var nonce [8]byte
	_, _ = rand.Read(nonce[:]) // never fails, by its own documentation
	p.nonce = hex.EncodeToString(nonce[:])

	lock, err := p.disk.lock(o.Path + lockSuffix)
	if err != nil {
		return nil, err
	}
	p.lock = lock
	// Some network file systems lock nothing and say nothing. There the nonce in
	// the checkpoint tells that another process is at work, and the whole file
	// is read again before it is called complete.
	p.lockless = !p.disk.locked(o.Path + lockSuffix)
	p.writer.disk, p.writer.path, p.writer.nonce = p.disk, o.Path+checkpointSuffix, p.nonce
	if err := p.openFiles(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return p, nil
}

func (p *Part) openFiles() error {
	c, err := readCheckpoint(p.disk, p.o.Path+checkpointSuffix)
	_, gone := p.disk.stat(p.File())
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
	if err := p.openPart(); err != nil {
		return err
	}
	p.data = newData(p.file, p.provenSize(), p.digest.Algorithm)
	return nil
}

func (p *Part) openPart() error {
	f, err := p.disk.open(p.File(), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return err
	}
	info, err := f.stat()
	if err != nil {
		return fmt.Errorf("open the part: %w", errors.Join(err, f.Close()))
	}
	p.file, p.writer.file, p.inode, p.closed = f, f, info.inode, false
	return nil
}

// freshFile puts an empty file in the place of the part.
func (p *Part) freshFile() error {
	if err := p.closeFile(); err != nil { // an open file cannot be removed on Windows
		return fmt.Errorf("leave the old part: %w", err)
	}
	if err := p.disk.remove(p.File()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("leave the old part: %w", err)
	}
	return p.openPart()
}

// File is the path of the data: o.Path + ".part".
func (p *Part) File() string { return p.o.Path + partSuffix }

func (p *Part) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// Commit gives the complete part its final name, durably, and removes the
// checkpoint and the lock. Without replace an existing name is ErrExists.
func (p *Part) Commit(name string, replace bool) error {
	if p.state != StateComplete {
		return errors.New("keep the file: it is not whole")
	}
	named, err := p.disk.stat(p.File())
	if err != nil || named.inode != p.inode {
		return errors.Join(fmt.Errorf("keep the file: another process took the part away: %w", ErrLocked), err)
	}
	if err := p.closeFile(); err != nil { // an open file cannot be renamed on Windows
		return fmt.Errorf("keep the file: %w", err)
	}
	if replace {
		if err = p.disk.rename(p.File(), name); err != nil {
			err = fmt.Errorf("rename to %q: %w", name, err)
		}
	} else {
		err = renameNew(p.disk, p.File(), name)
	}
	if err != nil {
		return err
	}
	if err := p.disk.syncDir(p.dir); err != nil {
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
	err := p.closeFile()
	if named, serr := p.disk.stat(p.File()); serr == nil && named.inode == p.inode {
		err = errors.Join(err, p.disk.remove(p.File()))
	}
	return errors.Join(err, p.leave())
}

// leave removes what lies beside the file; the lock last.
func (p *Part) leave() error {
	if p.ended {
		return nil
	}
	err := p.disk.remove(p.o.Path + checkpointSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, p.unlock())
}

// unlock removes the lock file and then lets go of it: who waited for it finds
// that it is gone. Windows cannot remove an open file; there it stays.
func (p *Part) unlock() error {
	p.ended = true
	_ = p.disk.remove(p.o.Path + lockSuffix)
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
	if _, err := p.disk.stat(p.o.Path + checkpointSuffix); errors.Is(err, fs.ErrNotExist) {
		return p.Discard()
	}
	return p.unlock()
}
