package sshd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// AuditSize is when a file of an audit log is full, in bytes: after some 36,000
// lines, which are checked in half a second.
const AuditSize = 16 << 20

// lockPatience is how long a line waits for another process that writes.
const lockPatience = 5 * time.Second

// Audit is an audit log: JSON lines in a file of mode 0600, each with the hash
// of the one before it. A line is on the disk when Append returns. Several
// processes may write to one log. What a process that was killed left
// unfinished is taken out by the next, which says so in a line of its own.
//
// A file that is full is put aside under a name with the number of its last
// line (audit-000000012345.jsonl), and the chain goes on in a new one: its
// first line has the hash of that line. The same happens if somebody moves the
// file away. Nothing is ever removed here; whoever keeps the log decides that.
type Audit struct {
	path string
	now  func() time.Time
	most int64 // bytes of a file
	lock *flock.Flock

	mu   sync.Mutex
	file fs.FileInfo // which file the rest is about; nil if it has to be looked at
	size int64       // after the last line
	full int64       // the size at which it is put aside
	last Entry
}

// OpenAudit opens a log, or begins it. size is when a file of it is full.
func OpenAudit(path string, now func() time.Time, size int64) (*Audit, error) {
	a := &Audit{path: path, now: now, most: size, full: size, lock: flock.New(path+".lock", flock.SetPermissions(0o600))}
	err := bare(os.MkdirAll(filepath.Dir(path), 0o700))
	if err == nil {
		err = a.locked(func(*os.File) error { return nil })
	}
	if err != nil {
		return nil, fmt.Errorf("open audit log %q: %w", path, err)
	}
	return a, nil
}

// Close lets go of the log.
func (a *Audit) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.lock.Close()
}

// Record writes an event down: it is a [serve.Recorder].
func (a *Audit) Record(who serve.Who, e serve.Event) error {
	role := who.Role.String()
	if who.Session == "" {
		role = "" // nobody who got in
	}
	return a.Append(Entry{
		Session: who.Session, Name: who.Name, Key: who.Key, Role: role, From: who.From,
		Action: e.Action, Object: e.Object, Result: e.Result, Bytes: e.Bytes, Detail: e.Detail,
	})
}

// Append writes one line; it sets Seq, Time, Prev and Hash itself.
func (a *Audit) Append(e Entry) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.locked(func(f *os.File) error { return a.write(f, e) }); err != nil {
		return fmt.Errorf("write audit log: %w", err)
	}
	return nil
}

// locked does something with the file while no other process writes. The file
// is opened anew each time: others may have put it aside.
func (a *Audit) locked(do func(*os.File) error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	if _, err := a.lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock it: %w", bare(err))
	}
	defer func() { err = errors.Join(err, a.lock.Unlock()) }()
	f, err := a.open()
	if err == nil && a.size >= a.full {
		f, err = a.turn(f)
	}
	if err != nil {
		return err
	}
	return errors.Join(do(f), f.Close())
}

// open opens the file, or begins it, and learns where it ends.
func (a *Audit) open() (*os.File, error) {
	f, err := os.OpenFile(a.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, bare(err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		err = fmt.Errorf("its mode is %04o: others can read it; chmod 600", info.Mode().Perm())
	case a.file == nil || !os.SameFile(a.file, info) || info.Size() != a.size:
		err = a.catchUp(f, info)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// catchUp learns what others have written, takes out what they left unfinished,
// and begins a file that has no line yet. It reads no more than the end.
func (a *Audit) catchUp(f *os.File, info fs.FileInfo) error {
	if a.file == nil || !os.SameFile(a.file, info) {
		a.full = a.most
	}
	a.file = nil // until all is well
	last, end, rest, err := tail(f, info.Size())
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		if err := f.Truncate(end); err != nil {
			return err
		}
	}
	if a.size = end; end > 0 {
		a.last = last
	} else if err := a.begin(f); err != nil {
		return err
	}
	if len(rest) > 0 {
		if err := a.write(f, Entry{
			Action: healed, Result: serve.Done, Bytes: int64(len(rest)),
			Object: text.Untrusted(rest).SafeN(200), Detail: "the line before was never finished",
		}); err != nil {
			return err
		}
	}
	a.file = info
	return nil
}

// begin has a file without a line go on with the chain, if there is one. The
// newest file that was put aside has its end; or we know it ourselves, if
// somebody took the file away while we run.
func (a *Audit) begin(f *os.File) error {
	before, err := a.newest()
	if err != nil {
		return err
	}
	if before.Seq > a.last.Seq {
		a.last = before
	}
	if err := syncFolder(filepath.Dir(a.path)); err != nil || a.last.Seq == 0 {
		return err
	}
	return a.write(f, Entry{
		Action: continued, Result: serve.Done, Object: filepath.Base(asideName(a.path, a.last.Seq)),
	})
}

// newest is the last line of the newest file that was put aside, none if there is none.
func (a *Audit) newest() (Entry, error) {
	list, err := setAside(a.path)
	if err != nil || len(list) == 0 {
		return Entry{}, err
	}
	path := list[len(list)-1].path
	last, err := lastOf(path)
	if err != nil {
		return Entry{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return last, nil
}

// turn puts the full file aside and opens the next one. Where that cannot be,
// it goes on in the one that there is, says so there, and tries again when that
// has grown as much once more: a line matters more than the size of a file.
func (a *Audit) turn(f *os.File) (*os.File, error) {
	// Some systems rename no file that is open.
	if err := f.Close(); err != nil {
		return nil, err
	}
	problem := a.putAside()
	f, err := a.open()
	if err != nil || problem == nil {
		return f, err
	}
	a.full = a.size + a.most
	e := Entry{Action: notAside, Result: serve.Failed, Detail: text.Untrusted(problem.Error()).SafeN(200)}
	if err := a.write(f, e); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// putAside renames the file. If the process dies between this and the first
// line of the next one, whoever opens the log next begins that.
func (a *Audit) putAside() error {
	to := asideName(a.path, a.last.Seq)
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fmt.Errorf("%s is there already", filepath.Base(to))
		}
		return err // a rename would replace it
	}
	if err := os.Rename(a.path, to); err != nil {
		return bare(err)
	}
	return syncFolder(filepath.Dir(a.path))
}

// write appends a line. What could be written of one that failed is taken back.
func (a *Audit) write(f *os.File, e Entry) error {
	e.Seq, e.Time, e.Prev = a.last.Seq+1, a.now().UTC().Truncate(time.Millisecond), a.last.Hash
	line, err := e.seal()
	if err != nil {
		return err
	}
	if len(line) >= maxLine {
		return fmt.Errorf("a line of %d bytes", len(line))
	}
	_, err = f.Write(append(line, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		a.file = nil
		return errors.Join(err, f.Truncate(a.size))
	}
	a.size += int64(len(line)) + 1
	a.last, err = parseEntry(line)
	return err
}
