package sshd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// Entry is one line of the audit log. Every string is safe to show.
type Entry struct {
	Seq     uint64    `json:"seq"` // 1, 2, 3, …
	Time    time.Time `json:"time"`
	Session string    `json:"session"`
	Name    string    `json:"name"`
	Key     string    `json:"key"` // fingerprint
	Role    string    `json:"role"`
	From    string    `json:"from"`
	Action  string    `json:"action"`
	Object  string    `json:"object"`
	Result  string    `json:"result"`
	Bytes   int64     `json:"bytes"`
	Detail  string    `json:"detail"`
	// Prev is the Hash of the line before, "" on the first.
	Prev string `json:"prev"`
	// Hash is the SHA-256 of this line with an empty Hash.
	Hash string `json:"hash"`
}

// healed is the action of the line that stands for one that was cut off.
const healed = "log.healed"

// maxLine bounds a line of the log, so that its end can be found from behind.
const maxLine = 16 << 10

// lockPatience is how long a line waits for another process that writes.
const lockPatience = 5 * time.Second

// ErrBroken is an audit log whose chain does not hold: somebody has changed it.
// Keep it as it is, and have a new one begun elsewhere.
var ErrBroken = errors.New("the chain is broken")

// Audit is an audit log: JSON lines in a file of mode 0600, each with the hash
// of the one before it. A line is on the disk when Append returns. Several
// processes may write to one log. What a process that was killed left
// unfinished is taken out by the next, which says so in a line of its own.
type Audit struct {
	path string
	now  func() time.Time
	lock *flock.Flock

	mu   sync.Mutex
	f    *os.File
	size int64 // after our last line
	last Entry
}

// OpenAudit opens a log, or begins it.
func OpenAudit(path string, now func() time.Time) (*Audit, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open audit log %q: %w", path, bare(err))
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open audit log %q: %w", path, bare(err))
	}
	a := &Audit{path: path, now: now, f: f, size: -1, lock: flock.New(path+".lock", flock.SetPermissions(0o600))}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		err = fmt.Errorf("its mode is %04o: others can read it; chmod 600", info.Mode().Perm())
	default:
		err = a.locked(func() error { return nil })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open audit log %q: %w", path, err), f.Close())
	}
	return a, nil
}

// Close closes the file.
func (a *Audit) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.f.Close(), a.lock.Close())
}

// Head is the hash of the last line, "" if there is none: noted elsewhere, it
// proves that no line was taken away.
func (a *Audit) Head() (hash string, lines uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last.Hash, a.last.Seq
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
	if err := a.locked(func() error { return a.write(e) }); err != nil {
		return fmt.Errorf("write audit log: %w", err)
	}
	return nil
}

// locked does something while no other process writes, once the end of the log
// is known.
func (a *Audit) locked(do func() error) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	if _, err := a.lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return fmt.Errorf("lock it: %w", err)
	}
	defer func() { err = errors.Join(err, a.lock.Unlock()) }()
	if err := a.catchUp(); err != nil {
		return err
	}
	return do()
}

// catchUp learns what others have written, and takes out what they left unfinished.
func (a *Audit) catchUp() error {
	info, err := a.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == a.size {
		return nil
	}
	tail := make([]byte, min(info.Size(), 2*maxLine))
	from := info.Size() - int64(len(tail))
	if _, err := a.f.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	end := bytes.LastIndexByte(tail, '\n') + 1
	rest := tail[end:]
	if end == 0 && from > 0 {
		return fmt.Errorf("%w: its end is no line", ErrBroken)
	}
	a.last = Entry{}
	if end > 0 {
		start := bytes.LastIndexByte(tail[:end-1], '\n') + 1
		if start == 0 && from > 0 {
			return fmt.Errorf("%w: its last line is too long", ErrBroken)
		}
		if a.last, err = parseEntry(tail[start : end-1]); err != nil {
			return fmt.Errorf("%w: its last line: %w", ErrBroken, err)
		}
	}
	a.size = from + int64(end)
	if len(rest) == 0 {
		return nil
	}
	if err := a.f.Truncate(a.size); err != nil {
		return err
	}
	return a.write(Entry{
		Action: healed, Result: serve.Done, Bytes: int64(len(rest)),
		Object: text.Untrusted(rest).SafeN(200), Detail: "the line before was never finished",
	})
}

// write appends a line. What could be written of one that failed is taken back.
func (a *Audit) write(e Entry) error {
	e.Seq, e.Time, e.Prev = a.last.Seq+1, a.now().UTC().Truncate(time.Millisecond), a.last.Hash
	line, err := e.seal()
	if err != nil {
		return err
	}
	if len(line) >= maxLine {
		return fmt.Errorf("a line of %d bytes", len(line))
	}
	_, err = a.f.Write(append(line, '\n'))
	if err == nil {
		err = a.f.Sync()
	}
	if err != nil {
		return errors.Join(err, a.f.Truncate(a.size))
	}
	a.size += int64(len(line)) + 1
	a.last, err = parseEntry(line)
	return err
}

// seal gives the line with its hash.
func (e Entry) seal() ([]byte, error) {
	e.Hash = ""
	open, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(open)
	e.Hash = hex.EncodeToString(sum[:])
	return json.Marshal(e)
}

// parseEntry reads a line, which has to be byte for byte what would be written.
func parseEntry(line []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return Entry{}, errors.New("not an entry")
	}
	again, err := e.seal()
	if err != nil || !bytes.Equal(again, line) {
		return Entry{}, errors.New("its hash is not that of its content")
	}
	return e, nil
}
