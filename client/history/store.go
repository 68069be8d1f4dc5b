package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dashtray/dashtray-tui/client/text"
)

var (
	// ErrNewer means that a newer version of the program made the database.
	// Update the program, or move the file away. It was not changed.
	ErrNewer = errors.New("the history was made by a newer version of the program")
	// ErrDamaged means that the file is no history, or a broken one. Move it
	// away and a new one is made. Opening it did not change it.
	ErrDamaged = errors.New("the history is damaged")
)

const (
	// keepRows is how many exports of one project are remembered. The server
	// keeps 30 days, so this is a bound and not a setting.
	keepRows = 20_000
	// keepFiles is how many earlier files of one export are remembered.
	keepFiles = 16
	// maxFile is more than a full memory of hostile texts takes, and bounds what
	// reading one value can cost.
	maxFile = 1 << 30
	// busyMilli is how long one process waits for another's transaction.
	busyMilli = "5000"
)

// Options of a Store.
type Options struct {
	// Now is the clock for [Record.UpdatedAt]; nil is time.Now.
	Now func() time.Time
}

// Store is the memory of one machine. It is safe for concurrent use, by
// goroutines and by processes. A nil *Store is a memory that cannot be had:
// it takes everything, remembers nothing, and no method fails.
type Store struct {
	db   *sql.DB
	path string
	now  func() time.Time
	keep int // rows a project

	list, all, find, files *sql.Stmt
}

// Open opens the database, or makes it (0600, its folder 0700).
//
// ErrNewer and ErrDamaged say what to do with the file; every other error
// wraps that of the system (an [*fs.PathError]) or of SQLite, and means that
// there can be no history here: go on with a nil *Store.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open history %q: %w", path, err)
	}
	if err := place(abs); err != nil {
		return nil, fmt.Errorf("open history %q: %w", path, err)
	}
	return open(ctx, abs, o, remote(filepath.Dir(abs)))
}

// place makes the file if it is not there. One that is must not be opened
// here: closing it would drop the locks that this process has on it (POSIX
// fcntl locks belong to the process, not to the descriptor).
func place(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return &fs.PathError{Op: "open", Path: path, Err: errors.New("is no file")}
	case info.Size() > maxFile:
		return fmt.Errorf("%w: it has %d bytes", ErrDamaged, info.Size())
	}
	return openLogs(path, info.Mode())
}

// openLogs gives the write-ahead log and its index the mode of a database that
// can be written. SQLite makes them with the mode that the database has just
// then; once that was read-only, they would keep it from being written for ever.
func openLogs(path string, mode fs.FileMode) error {
	const write = 0o600
	if mode.Perm()&write != write || runtime.GOOS == "windows" {
		return nil
	}
	for _, name := range []string{path + "-wal", path + "-shm"} {
		info, err := os.Lstat(name)
		if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&write == write {
			continue
		}
		if err := os.Chmod(name, write); err != nil {
			return err
		}
	}
	return nil
}

func open(ctx context.Context, path string, o Options, rollback bool) (*Store, error) {
	connector, err := sqlite.NewConnector(dsn(path))
	if err != nil {
		return nil, fmt.Errorf("open history %q: %w", path, err)
	}
	s := &Store{db: sql.OpenDB(connector), path: path, now: o.Now, keep: keepRows}
	if s.now == nil {
		s.now = time.Now
	}
	// One connection: its transactions queue here, in order and with their
	// contexts, rather than in SQLite.
	s.db.SetMaxOpenConns(1)
	if err := s.setUp(ctx, rollback); err != nil {
		return nil, s.fault("open", errors.Join(err, s.db.Close()))
	}
	return s, nil
}

// dsn is a URI, so that no character of a path means anything to SQLite.
func dsn(path string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/…
	}
	q := url.Values{
		"mode":       {"rw"},
		"_txlock":    {"immediate"},
		"_defensive": {"1"},
		"_dqs":       {"0"},
		"_error_rc":  {"1"},
		"_pragma":    {"busy_timeout(" + busyMilli + ")", "trusted_schema(0)", "cell_size_check(1)"},
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: q.Encode()}
	return u.String()
}

// setUp judges the file before it writes anything to it.
func (s *Store) setUp(ctx context.Context, rollback bool) error {
	if err := s.migrate(ctx, migrations()); err != nil {
		return err
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	if err := s.setJournal(ctx, rollback); err != nil {
		return err
	}
	return tighten(s.path)
}

// setJournal asks for a write-ahead log. Where its shared memory does not
// work SQLite answers with the mode that stays, and on a network file system,
// where it would seem to work, a rollback journal is asked for. A database that
// is in use, or cannot be written, keeps the mode that it has.
func (s *Store) setJournal(ctx context.Context, rollback bool) error {
	ask := "PRAGMA journal_mode = WAL"
	if rollback {
		ask = "PRAGMA journal_mode = DELETE"
	}
	var mode string
	err := s.db.QueryRowContext(ctx, ask).Scan(&mode)
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY:
		return nil // what cannot be written can be read
	}
	return err
}

// tighten takes a file that others may read away from them. SQLite gives its
// journals the mode of the database.
func tighten(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 || runtime.GOOS == "windows" {
		return err // Windows has access lists, which the folder's passes on
	}
	return os.Chmod(path, 0o600)
}

// prepare also finds out whether the tables are ours. No version of this
// program makes a view or a trigger: such a file would run what it likes.
func (s *Store) prepare(ctx context.Context) error {
	var strangers int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')`).Scan(&strangers)
	if err != nil {
		return err
	}
	if strangers > 0 {
		return fmt.Errorf("%w: it holds views or triggers", ErrDamaged)
	}
	const newest = ` ORDER BY created DESC, n DESC LIMIT ?`
	for stmt, query := range map[**sql.Stmt]string{
		&s.list:  `SELECT n, ` + columns + ` FROM exports WHERE origin = ? AND project = ?` + newest,
		&s.all:   `SELECT n, ` + columns + ` FROM exports WHERE origin = ?` + newest,
		&s.find:  `SELECT n, ` + columns + ` FROM exports WHERE origin = ? AND id = ?` + newest,
		&s.files: `SELECT export, path, state, bytes, sha256, verified FROM files ORDER BY n DESC LIMIT ?`,
	} {
		var err error
		if *stmt, err = s.db.PrepareContext(ctx, query); code(err) == sqlite3.SQLITE_ERROR {
			return fmt.Errorf("%w: %w", ErrDamaged, err) // no such table or column
		} else if err != nil {
			return err
		}
	}
	return nil
}

// Close ends the use of the database.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	if err := s.db.Close(); err != nil {
		return s.fault("close", err)
	}
	return nil
}

// fault names the step and the file, and what SQLite says of damage.
func (s *Store) fault(step string, err error) error {
	switch code(err) {
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.SQLITE_IOERR:
		if extended(err) == sqlite3.SQLITE_IOERR_SHMSIZE { // which does not say so itself
			err = fmt.Errorf("the disk is full: %w", err)
		}
	}
	return fmt.Errorf("%s history %q: %w", step, s.path, shown{err})
}

// shown is an error in whose text SQLite may quote the file.
type shown struct{ err error }

func (e shown) Error() string { return text.Untrusted(e.err.Error()).Safe() }
func (e shown) Unwrap() error { return e.err }

// code is SQLite's primary result code, -1 if it is none of its errors.
func code(err error) int {
	if n := extended(err); n >= 0 {
		return n & 0xff
	}
	return -1
}

// extended is the whole result code, -1 if it is none of SQLite's errors.
func extended(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return -1
	}
	return e.Code()
}
