package job

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/seal"
)

// A record is a run that may have to be continued, because its process was
// killed or because no history could take it in. It lives as runs/ID.json in
// the state folder; runs/ID.lock is held by the process that works on it. It
// never holds a key or a signed link.
type record struct {
	Version   int               `json:"version"`
	Origin    string            `json:"origin"`
	ProjectID string            `json:"projectId"`
	Match     string            `json:"match"` // see matchKey
	ExportID  string            `json:"exportJobId,omitempty"`
	Format    string            `json:"format,omitempty"`
	Range     client.Range      `json:"range"`
	Include   []string          `json:"include,omitempty"`
	Started   time.Time         `json:"started"`
	Asked     time.Time         `json:"asked,omitzero"` // when a POST went out that has no answer yet
	CreatedAt time.Time         `json:"createdAt,omitzero"`
	Path      string            `json:"path,omitempty"` // the final file
	State     history.FileState `json:"state"`
	Bytes     int64             `json:"bytes,omitempty"`
	SHA256    string            `json:"sha256,omitempty"`
	Verified  time.Time         `json:"verified,omitzero"`

	name  string // of the file, without extension
	lock  *flock.Flock
	files []history.File // verified ones that earlier runs left
	kept  bool           // the history has it as it is
}

const (
	recordVersion = 1
	maxRecord     = 64 << 10
	keepRecords   = 1000
)

// ContinueFor is how long an unfinished run is continued by the same command.
const ContinueFor = 24 * time.Hour

// matchKey says which runs are "the same command": format, range as written,
// types, output and recipients.
func matchKey(spec Spec, t target, to []seal.Recipient) string {
	out := filepath.Join(t.dir, t.name)
	if t.stdout {
		out = "-"
	}
	r := spec.Request
	words := []string{string(r.Format), r.Range.Name, strings.Join(r.Include.Names(), ","), out}
	if len(to) > 0 {
		words = append(words, seal.Canonical(to))
	}
	return strings.Join(words, "|")
}

// journal is the folder of records. With dir "" it remembers nothing.
type journal struct {
	dir string
	now func() time.Time
}

// create makes a record, locked by this process.
func (j journal) create(r record) (*record, error) {
	r.Version, r.Started, r.State = recordVersion, j.now().UTC(), history.StateRunning
	if j.dir == "" {
		return &r, nil
	}
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return &r, fmt.Errorf("make folder of runs: %w", err)
	}
	var salt [4]byte
	_, _ = rand.Read(salt[:]) // never fails, by its own documentation
	r.name = r.Started.Format("20060102T150405.000Z") + "-" + hex.EncodeToString(salt[:])
	if ok, err := j.tryLock(&r); err != nil || !ok {
		return &r, fmt.Errorf("lock record of run: %w", cmp.Or(err, ErrLocked))
	}
	return &r, j.save(&r)
}

// save writes a record durably: a killed process finds the old or the new one.
func (j journal) save(r *record) error {
	if j.dir == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode record of run: %w", err)
	}
	return writeDurably(j.path(r.name), append(b, '\n'))
}

// release lets other processes have the record. A lock file whose record is
// gone or over is only litter, so it goes too.
func (j journal) release(r *record) {
	if r.lock == nil {
		return
	}
	if r.State != history.StateRunning {
		_ = os.Remove(r.lock.Path())
	}
	_ = r.lock.Close()
	r.lock = nil
}

// drop removes a record whose run is over. Its lock is released after it, so
// that nobody takes it up in between.
func (j journal) drop(r *record) { _ = os.Remove(j.path(r.name)) }

func (j journal) tryLock(r *record) (bool, error) {
	l := flock.New(filepath.Join(j.dir, r.name+".lock"), flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil || !ok {
		return false, err
	}
	r.lock = l
	return true, nil
}

// all reads every record, newest first. Files that are no records are skipped:
// a damaged memory costs the memory, not the work.
func (j journal) all() []*record {
	if j.dir == "" {
		return nil
	}
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return nil
	}
	var out []*record
	for _, e := range slices.Backward(entries) { // names begin with the time
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if r, err := j.read(name); err == nil {
			out = append(out, r)
		}
		if len(out) == keepRecords {
			break
		}
	}
	return out
}

func (j journal) read(name string) (*record, error) {
	f, err := os.Open(j.path(name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return nil, fmt.Errorf("read record %q: %w", name, err)
	}
	r := record{name: name}
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("read record %q: %w", name, err)
	}
	if r.Version != recordVersion {
		return nil, fmt.Errorf("read record %q: version %d", name, r.Version)
	}
	return &r, nil
}

// unfinished finds and locks the newest run of the same command that was cut
// off, or gives nil.
func (j journal) unfinished(origin, project, match string) *record {
	for _, r := range j.all() {
		age := j.now().Sub(r.Started)
		if r.State != history.StateRunning || r.Origin != origin || r.ProjectID != project || r.Match != match ||
			age >= ContinueFor || age < -ContinueFor {
			continue
		}
		if ok, err := j.tryLock(r); err == nil && ok {
			// It may have ended between reading and locking.
			if again, err := j.read(r.name); err == nil && again.State == history.StateRunning {
				again.lock = r.lock
				return again
			}
			j.release(r)
		}
	}
	return nil
}

// of finds the newest record of an export.
func (j journal) of(origin string, id client.ID) *record {
	for _, r := range j.all() {
		if r.Origin == origin && r.ExportID == id.Raw() {
			return r
		}
	}
	return nil
}

// prune keeps the newest records. Old ones are only memory, and what a process
// was killed over while it wrote one is not even that.
func (j journal) prune() {
	entries, err := os.ReadDir(j.dir)
	if j.dir == "" || err != nil {
		return
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		info, err := e.Info()
		return strings.HasPrefix(e.Name(), tempPrefix) && err == nil && j.now().Sub(info.ModTime()) > ContinueFor &&
			os.Remove(filepath.Join(j.dir, e.Name())) == nil
	})
	if len(entries) <= 2*keepRecords {
		return
	}
	for _, e := range entries[:len(entries)-2*keepRecords] {
		_ = os.Remove(filepath.Join(j.dir, e.Name()))
	}
}

func (j journal) path(name string) string { return filepath.Join(j.dir, name+".json") }

// tempPrefix begins the name of a record that is not yet whole.
const tempPrefix = ".tmp-"

// writeDurably replaces a small file so that a power cut leaves the old or the
// new one: temporary file, fsync, rename, fsync of the folder.
func writeDurably(path string, b []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return fmt.Errorf("write %q: %w", path, err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // some file systems cannot; the rename is in place all the same
		_ = d.Close()
	}
	return nil
}
