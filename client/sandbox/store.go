package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

const (
	stateVersion = 1
	maxStateSize = 64 << 20
	maxAudit     = 5_000
)

// state is what Dir/state.json holds.
type state struct {
	Version int          `json:"version"`
	Born    int64        `json:"born"` // ms; projects and connections are dated by it
	SignKey string       `json:"signKey"`
	Keys    Keys         `json:"keys"`
	Jobs    []*job       `json:"jobs"` // oldest first
	Audit   []auditEntry `json:"audit"`
}

// auditEntry is one export that somebody made.
type auditEntry struct {
	At     int64  `json:"at"`
	Job    string `json:"job"`
	Format string `json:"format"`
	Range  string `json:"range"`
	User   string `json:"user"`
	IP     string `json:"ip"`
	Agent  string `json:"agent"`
}

func (st *state) job(id string) *job {
	for _, j := range st.Jobs {
		if j.ID == id {
			return j
		}
	}
	return nil
}

// store keeps the state file. Every access takes a lock that other processes
// take too and reads the file again if it is not the one that was read last.
type store struct {
	dir string
	now func() time.Time

	mu   sync.Mutex
	lock *flock.Flock
	st   *state
	seen os.FileInfo
}

func openStore(dir string, now func() time.Time) (*store, error) {
	if err := os.MkdirAll(filepath.Join(dir, "files"), 0o700); err != nil {
		return nil, fmt.Errorf("make the sandbox's folder: %w", err)
	}
	s := &store{dir: dir, now: now, lock: flock.New(filepath.Join(dir, "state.lock"), flock.SetPermissions(0o600))}
	return s, s.update(func(*state) (bool, error) { return false, nil })
}

func (s *store) statePath() string           { return filepath.Join(s.dir, "state.json") }
func (s *store) filePath(name string) string { return filepath.Join(s.dir, "files", name) }
func (s *store) generateLock() *flock.Flock {
	return flock.New(filepath.Join(s.dir, "generate.lock"), flock.SetPermissions(0o600))
}

func (s *store) keys() Keys {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.st.Keys
}

func (s *store) signKey() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []byte(s.st.SignKey)
}

// update runs f on the current state and keeps what it changed if it says so.
// When f or the write fails, the state in memory is dropped and read again.
func (s *store) update(f func(*state) (changed bool, err error)) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.lock.Lock(); err != nil {
		return fmt.Errorf("lock sandbox state: %w", err)
	}
	defer func() { err = errors.Join(err, s.lock.Unlock()) }()
	made, err := s.reload()
	if err != nil {
		return err
	}
	pruned, gone := s.prune()
	changed, err := f(s.st)
	if err == nil && (changed || made || pruned) {
		err = s.write()
	}
	if err != nil {
		s.seen = nil
		return err
	}
	for _, name := range gone {
		_ = os.Remove(s.filePath(name)) // still open elsewhere: only room is lost
	}
	return nil
}

// view runs f on the current state, which f must not change.
func (s *store) view(f func(*state)) error {
	return s.update(func(st *state) (bool, error) { f(st); return false, nil })
}

// reload reads the state file unless it is the one in memory; made is set when
// there was none.
func (s *store) reload() (made bool, err error) {
	fi, err := os.Stat(s.statePath())
	if errors.Is(err, fs.ErrNotExist) {
		s.st, err = newState(s.now().UnixMilli())
		return true, err
	}
	if err != nil {
		return false, fmt.Errorf("look at sandbox state: %w", err)
	}
	if s.seen != nil && os.SameFile(fi, s.seen) && fi.Size() == s.seen.Size() && fi.ModTime().Equal(s.seen.ModTime()) {
		return false, nil
	}
	st, err := readState(s.statePath())
	if err != nil {
		return false, err
	}
	s.st, s.seen = st, fi
	return false, nil
}

func readState(path string) (*state, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read sandbox state: %w", err)
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, maxStateSize))
	if err != nil {
		return nil, fmt.Errorf("read sandbox state: %w", err)
	}
	st := &state{}
	if err := json.Unmarshal(raw, st); err != nil {
		return nil, fmt.Errorf("read sandbox state %q: %w", path, err)
	}
	if st.Version != stateVersion {
		return nil, fmt.Errorf("read sandbox state %q: version %d, want %d; remove the folder to start afresh", path, st.Version, stateVersion)
	}
	return st, nil
}

func newState(now int64) (*state, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	return &state{
		Version: stateVersion, Born: now, SignKey: hex.EncodeToString(key),
		Keys: Keys{Owner: newKey(), Editor: newKey(), Viewer: newKey(), Free: newKey()},
	}, nil
}

func newKey() string { return "dk_" + newID() }

// newID is 26 random characters of a–z and 2–7 (130 bits).
func newID() string { return strings.ToLower(rand.Text()) }

// prune drops jobs that are older than the retention, and names their files.
func (s *store) prune() (pruned bool, gone []string) {
	limit := s.now().Add(-retention).UnixMilli()
	old := func(j *job) bool { return j.CreatedAt <= limit }
	if !slices.ContainsFunc(s.st.Jobs, old) {
		return false, nil
	}
	for _, j := range s.st.Jobs {
		if old(j) && j.File != nil {
			gone = append(gone, j.File.Name)
		}
	}
	s.st.Jobs = slices.DeleteFunc(s.st.Jobs, old)
	return true, gone
}

// write replaces the state file as a whole: a crash leaves the old or the new one.
func (s *store) write() error {
	raw, err := json.Marshal(s.st)
	if err != nil {
		return fmt.Errorf("write sandbox state: %w", err)
	}
	tmp, err := os.CreateTemp(s.dir, "state-*.tmp") // mode 0600
	if err != nil {
		return fmt.Errorf("write sandbox state: %w", err)
	}
	_, err = tmp.Write(raw)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), s.statePath())
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("write sandbox state: %w", err)
	}
	syncDir(s.dir)
	s.seen, err = os.Stat(s.statePath())
	if err != nil {
		return fmt.Errorf("look at sandbox state: %w", err)
	}
	return nil
}

// syncDir makes a rename durable where the system can (Windows cannot open a
// folder for it). A failure costs durability, not consistency.
func syncDir(dir string) {
	if runtime.GOOS == "windows" {
		return
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
