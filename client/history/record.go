package history

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
)

// FileState is how far the newest run of this machine came with an export.
type FileState string

// States of a run. StateNone is an export that is only known from the server.
const (
	StateNone     FileState = ""
	StateRunning  FileState = "running"  // at work, or cut off
	StateDetached FileState = "detached" // left to the server on purpose
	StateDone     FileState = "done"     // Path is a file that was verified
	StateInvalid  FileState = "invalid"  // Path is a file that did not verify
	StateOver     FileState = "over"     // ended without a file
)

// finished reports whether the run left a file.
func (s FileState) finished() bool { return s == StateDone || s == StateInvalid }

func (s FileState) known() bool {
	switch s {
	case StateNone, StateRunning, StateDetached, StateDone, StateInvalid, StateOver:
		return true
	}
	return false
}

// Record is what this machine remembers of one export.
type Record struct {
	Origin    string
	ProjectID client.ID // "" if it was never told
	// Export is the server's last word, and before it what was asked for.
	// Link and Progress are not remembered: the one is a secret, the other
	// true of its moment only.
	Export client.Export

	// The newest run of this machine. Path is its final file, absolute; while
	// State is running, the part lies beside it.
	Path     string
	State    FileState
	Bytes    int64     // size of the file when it was finished
	SHA256   string    // of the file, lower-case hex
	Verified time.Time // when the file was last read whole and found right
	Run      Run

	// Files are finished files of earlier runs under other names, newest first.
	Files []File
	// UpdatedAt is when this machine last learned anything new, by its own
	// clock. Nothing is ordered by it.
	UpdatedAt time.Time
}

// Run is the run itself.
type Run struct {
	Match   string    // says which runs are the same command, in the caller's own way
	Started time.Time // by the local clock
}

// File is a finished file.
type File struct {
	Path     string
	State    FileState // StateDone or StateInvalid
	Bytes    int64
	SHA256   string
	Verified time.Time
}

// file is the one that the newest run left.
func (r *Record) file() (File, bool) {
	f := File{Path: r.Path, State: r.State, Bytes: r.Bytes, SHA256: r.SHA256, Verified: r.Verified}
	return f, r.Path != "" && r.State.finished()
}

const (
	maxID   = 512
	maxText = 4 << 10
	maxPath = 32 << 10 // the longest that any system allows
	// Times are stored in milliseconds, the precision of the API, and none is
	// outside of the years 1 to 9999.
	minMilli = -62135596800000
	maxMilli = 253402300799999
)

// errRow marks a row that no version of this program wrote.
var errRow = errors.New("the row makes no sense")

// columns of the table exports in the order of [Record.values].
const columns = `origin, project, id,
	status, stage, format, range_name, range_from, range_to, include,
	records, bytes, created, started, completed, expires, sha256, error,
	path, state, file_bytes, file_sha256, verified, match, begun, updated`

// values are what is stored of a record: strings, int64 and nil for "not told".
// Stages are stored as their numbers.
func (r *Record) values() []any {
	e := &r.Export
	return []any{
		clip(r.Origin), clip(r.ProjectID.Raw()), e.ID.Raw(),
		clip(e.Status.Raw()), int64(e.Stage), string(e.Format),
		clip(e.Range.Name.Raw()), milli(e.Range.From), milli(e.Range.To), includeBits(e.Include),
		optional(e.Records), optional(e.Bytes),
		milli(e.CreatedAt), milli(e.StartedAt), milli(e.CompletedAt), milli(e.ExpiresAt),
		clip(e.SHA256), clip(e.Error.Raw()),
		r.Path, string(r.State), r.Bytes, clip(r.SHA256), milli(r.Verified),
		clip(r.Run.Match), milli(r.Run.Started), milli(r.UpdatedAt),
	}
}

// same reports whether two lists of values differ in nothing but the time of
// their writing.
func same(a, b []any) bool {
	return slices.Equal(a[:len(a)-1], b[:len(b)-1])
}

// storable refuses a record that could not be read back.
func (r *Record) storable() error {
	switch {
	case r.Export.ID == "" || len(r.Export.ID) > maxID:
		return fmt.Errorf("an id has 1 to %d bytes, not %d", maxID, len(r.Export.ID))
	case !goodPath(r.Path):
		return fmt.Errorf("%q is no absolute path", text.Untrusted(r.Path).SafeN(80))
	}
	back := Record{}
	if err := back.scan(r.values()); err != nil {
		return fmt.Errorf("export %s: %w", r.Export.ID.Safe(), err)
	}
	return nil
}

// scan reads the values of a row, each of which may be anything.
func (r *Record) scan(values []any) error {
	c := cells{rest: values}
	e := &r.Export
	r.Origin, r.ProjectID, e.ID = c.text(maxText), client.ID(c.text(maxText)), client.ID(c.text(maxID))
	e.Status = text.Untrusted(c.text(maxText))
	e.Stage = client.Stage(c.number(int64(client.StageUnknown), int64(client.StageExpired)))
	e.Format = client.Format(c.text(maxText))
	e.Range.Name = text.Untrusted(c.text(maxText))
	e.Range.From, e.Range.To = c.time(), c.time()
	e.Include = c.include()
	e.Records, e.Bytes = c.optional(), c.optional()
	e.CreatedAt, e.StartedAt, e.CompletedAt, e.ExpiresAt = c.time(), c.time(), c.time(), c.time()
	e.SHA256 = c.digest()
	e.Error = text.Untrusted(c.text(maxText))
	r.Path, r.State = c.path(), FileState(c.text(maxText))
	r.Bytes, r.SHA256, r.Verified = c.number(0, math.MaxInt64), c.digest(), c.time()
	r.Run.Match, r.Run.Started = c.text(maxText), c.time()
	r.UpdatedAt = c.time()
	if c.bad || e.ID == "" || !r.State.known() || (e.Format != "" && e.Format != client.JSON && e.Format != client.CSV) {
		return errRow
	}
	return nil
}

// scan reads path, state, bytes, sha256 and verified.
func (f *File) scan(values []any) error {
	c := cells{rest: values}
	f.Path, f.State = c.path(), FileState(c.text(maxText))
	f.Bytes, f.SHA256, f.Verified = c.number(0, math.MaxInt64), c.digest(), c.time()
	if c.bad || f.Path == "" || !f.State.finished() {
		return errRow
	}
	return nil
}

// cells takes one value after the other and notes what cannot be.
type cells struct {
	rest []any
	bad  bool
}

func (c *cells) next() any {
	if len(c.rest) == 0 {
		c.bad = true
		return nil
	}
	v := c.rest[0]
	c.rest = c.rest[1:]
	return v
}

func (c *cells) text(most int) string {
	s, ok := c.next().(string)
	if !ok || len(s) > most {
		c.bad = true
		return ""
	}
	return s
}

func (c *cells) number(least, most int64) int64 {
	n, ok := c.next().(int64)
	if !ok || n < least || n > most {
		c.bad = true
		return 0
	}
	return n
}

func (c *cells) null() bool {
	if len(c.rest) > 0 && c.rest[0] == nil {
		c.rest = c.rest[1:]
		return true
	}
	return false
}

func (c *cells) optional() *int64 {
	if c.null() {
		return nil
	}
	n := c.number(0, math.MaxInt64)
	return &n
}

func (c *cells) time() time.Time {
	if c.null() {
		return time.Time{}
	}
	return time.UnixMilli(c.number(minMilli, maxMilli)).UTC()
}

func (c *cells) include() *client.Include {
	if c.null() {
		return nil
	}
	bits := c.number(0, 15)
	return &client.Include{
		Metrics: bits&1 != 0, Connections: bits&2 != 0, Dashboards: bits&4 != 0, AuditLogs: bits&8 != 0,
	}
}

func (c *cells) digest() string {
	s := c.text(64)
	if s != "" && (len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "") {
		c.bad = true
		return ""
	}
	return s
}

func (c *cells) path() string {
	s := c.text(maxPath)
	if !goodPath(s) {
		c.bad = true
		return ""
	}
	return s
}

// goodPath takes no path, or one that can be looked at: a relative path would
// mean another file in every folder.
func goodPath(s string) bool {
	return s == "" || filepath.IsAbs(s) && len(s) <= maxPath && !strings.Contains(s, "\x00")
}

// clip bounds a text at a rune's edge.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > maxText-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func milli(t time.Time) any {
	n := t.UnixMilli()
	if t.IsZero() || n < minMilli || n > maxMilli {
		return nil
	}
	return n
}

func optional(n *int64) any {
	if n == nil || *n < 0 {
		return nil
	}
	return *n
}

func includeBits(in *client.Include) any {
	if in == nil {
		return nil
	}
	var bits int64
	for i, on := range []bool{in.Metrics, in.Connections, in.Dashboards, in.AuditLogs} {
		if on {
			bits |= 1 << i
		}
	}
	return bits
}
