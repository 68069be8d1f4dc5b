package history

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
)

// raw opens a database as another program would.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path)}
	if !strings.HasPrefix(u.Path, "/") {
		u.Path = "/" + u.Path
	}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func do(t testing.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func ask[T any](t testing.TB, db *sql.DB, query string) (v T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

func TestOpenMakesThePlace(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"history.db", "a ?b#c%20d&e=f;g ü.db", "file:x.db", "-wal"} {
		path := filepath.Join(t.TempDir(), "state", "deep", name)
		if runtime.GOOS == "windows" && strings.ContainsAny(name, "?:") {
			continue
		}
		s := opened(t, path)
		remember(t, s, Record{Origin: origin, Export: client.Export{ID: "exp_1"}})
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(e.Name(), name) {
				t.Errorf("%q made %q", name, e.Name())
			}
			if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("%q has mode %v, want 0600", e.Name(), info.Mode())
			}
		}
		if info, err := os.Stat(filepath.Dir(path)); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
			t.Errorf("folder: %v, %v; want 0700", info, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if list(t, opened(t, path))[0].Export.ID != "exp_1" {
			t.Errorf("%q does not remember", name)
		}
	}
}

func TestOpenTakesAFileAwayFromOthers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has access lists")
	}
	path := filepath.Join(t.TempDir(), "history.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_ = opened(t, path)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want 0600", info.Mode(), err)
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "history.db")
	for _, c := range []struct {
		rollback bool
		want     string
	}{{false, "wal"}, {true, "delete"}, {true, "delete"}, {false, "wal"}} {
		s, err := open(t.Context(), touched(t, path), Options{}, c.rollback)
		if err != nil {
			t.Fatal(err)
		}
		if got := ask[string](t, s.db, `PRAGMA journal_mode`); got != c.want {
			t.Errorf("rollback %v: journal mode %q, want %q", c.rollback, got, c.want)
		}
		remember(t, s, Record{Origin: origin, Export: client.Export{ID: client.ID(c.want)}})
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(list(t, opened(t, path))); got != 2 {
		t.Errorf("%d records, want 2", got)
	}
}

func TestJournalStaysWhileItIsInUse(t *testing.T) {
	t.Parallel()
	path := file(t)
	first := opened(t, path)
	second, err := open(t.Context(), path, Options{}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	remember(t, second, Record{Origin: origin, Export: client.Export{ID: "exp_1"}})
	if len(list(t, first)) != 1 {
		t.Error("the first does not see what the second wrote")
	}
}

func touched(t *testing.T, path string) string {
	t.Helper()
	if err := place(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenFaults(t *testing.T) {
	t.Parallel()
	random := make([]byte, 20_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(random)
	cases := []struct {
		name string
		make func(t *testing.T, path string)
		want error
	}{
		{"newer", func(t *testing.T, path string) { do(t, raw(t, path), `PRAGMA user_version = 2`) }, ErrNewer},
		{"newer, with our tables", func(t *testing.T, path string) {
			_ = opened(t, path).Close()
			do(t, raw(t, path), `PRAGMA user_version = 99`)
		}, ErrNewer},
		{"older than any", func(t *testing.T, path string) { do(t, raw(t, path), `PRAGMA user_version = -1`) }, ErrDamaged},
		{"another program's", func(t *testing.T, path string) { do(t, raw(t, path), `CREATE TABLE moz_cookies (a)`) }, ErrDamaged},
		{"another program's, with our number", func(t *testing.T, path string) {
			do(t, raw(t, path), `CREATE TABLE exports (a); PRAGMA user_version = 1`)
		}, ErrDamaged},
		{"with a trigger", func(t *testing.T, path string) {
			_ = opened(t, path).Close()
			do(t, raw(t, path), `CREATE TRIGGER x AFTER INSERT ON exports BEGIN DELETE FROM exports; END`)
		}, ErrDamaged},
		{"truncated", func(t *testing.T, path string) {
			written(t, path)
			cut(t, path, 3*4096+17)
		}, ErrDamaged},
		{"cut in its header", func(t *testing.T, path string) {
			written(t, path)
			cut(t, path, 60)
		}, ErrDamaged},
		{"zeros", func(t *testing.T, path string) { put(t, path, make([]byte, 16384)) }, ErrDamaged},
		{"random bytes", func(t *testing.T, path string) { put(t, path, random) }, ErrDamaged},
		{"text", func(t *testing.T, path string) { put(t, path, []byte("{\"not\":\"a database\"}\n")) }, ErrDamaged},
		{"random bytes after the header", func(t *testing.T, path string) {
			written(t, path)
			b := content(t, path)
			put(t, path, append(b[:100:100], random...))
		}, ErrDamaged},
		{"too large", func(t *testing.T, path string) { put(t, path, nil); cut(t, path, maxFile+1) }, ErrDamaged},
		{"a folder", func(t *testing.T, path string) { mustNot(t, os.Mkdir(path, 0o700)) }, new(fs.PathError)},
		{"below a file", func(t *testing.T, path string) { put(t, filepath.Dir(path), nil) }, new(fs.PathError)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "d", "history.db")
			if c.name != "below a file" {
				mustNot(t, os.Mkdir(filepath.Dir(path), 0o700))
			}
			c.make(t, path)
			before := content(t, path)
			s, err := Open(t.Context(), path, Options{})
			if err == nil {
				_ = s.Close()
				t.Fatal("opened")
			}
			if at := new(fs.PathError); errors.As(c.want, &at) {
				if !errors.As(err, &at) {
					t.Errorf("%v, want a PathError", err)
				}
			} else if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if !strings.HasPrefix(err.Error(), "open history ") {
				t.Errorf("%q does not name the step", err)
			}
			if !bytes.Equal(content(t, path), before) {
				t.Error("the file was changed")
			}
		})
	}
}

func mustNot(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	mustNot(t, os.WriteFile(path, b, 0o600))
}

func cut(t *testing.T, path string, n int64) {
	t.Helper()
	mustNot(t, os.Truncate(path, n))
}

// content is nil of a folder, of a file that is not there and of a huge one.
func content(t *testing.T, path string) []byte {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.IsDir() || info.Size() > 1<<20 {
		return nil
	}
	b, err := os.ReadFile(path)
	mustNot(t, err)
	return b
}

// written is a closed database of many pages.
func written(t *testing.T, path string) {
	t.Helper()
	s := opened(t, path)
	var all []client.Export
	for i := range 100 {
		all = append(all, export("exp_"+strings.Repeat("x", i+1), at))
	}
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", all))
	mustNot(t, s.Close())
}

// TestDamageWithin is a file whose pages are broken where opening does not look.
func TestDamageWithin(t *testing.T) {
	t.Parallel()
	path := file(t)
	written(t, path)
	b := content(t, path)
	for i := 3 * 4096; i < len(b); i++ {
		b[i] = 0xa5
	}
	put(t, path, b)
	s, err := Open(t.Context(), path, Options{})
	if err == nil {
		defer func() { _ = s.Close() }()
		_, err = s.List(t.Context(), origin, project().ID, 0)
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("%v, want ErrDamaged", err)
	}
}

func TestErrorsShowNoControls(t *testing.T) {
	t.Parallel()
	path := file(t)
	_ = opened(t, path).Close()
	db := raw(t, path)
	do(t, db, "PRAGMA writable_schema = 1")
	do(t, db, "UPDATE sqlite_schema SET sql = 'CREATE TABLE \"\x1b]0;owned\x07\" (', name = '\x1b]0;owned\x07' WHERE name = 'projects'")
	_ = db.Close()
	_, err := Open(t.Context(), path, Options{})
	if !errors.Is(err, ErrDamaged) || strings.ContainsAny(err.Error(), "\x1b\x07") || !strings.Contains(err.Error(), "owned") {
		t.Errorf("%q, want ErrDamaged with the name made visible", err)
	}
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := opened(t, path)
	remember(t, s, Record{Origin: origin, Export: client.Export{ID: "exp_1"}})
	next := append(migrations(), `CREATE TABLE later (a); INSERT INTO later VALUES (7)`)
	for range 2 { // the second time there is nothing to do
		mustNot(t, s.migrate(t.Context(), next))
		if v, a := ask[int](t, s.db, `PRAGMA user_version`), ask[int](t, s.db, `SELECT sum(a) FROM later`); v != 2 || a != 7 {
			t.Errorf("user_version %d, sum %d; want 2, 7", v, a)
		}
	}
	broken := append(next, `CREATE TABLE half (a); CREATE TABLE later (a)`)
	if err := s.migrate(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "migrate to format 3") {
		t.Errorf("error %v, want that of the third step", err)
	}
	if n := ask[int](t, s.db, `SELECT count(*) FROM sqlite_schema WHERE name = 'half'`); n != 0 {
		t.Error("half a step was taken")
	}
	if len(list(t, s)) != 1 {
		t.Error("the record is lost")
	}
	if err := s.migrate(t.Context(), migrations()); !errors.Is(err, ErrNewer) {
		t.Errorf("%v, want ErrNewer", err)
	}
}

// TestAClockThatIsSetBack: what is written later counts, whatever the clock says.
func TestAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	now := at
	s, err := Open(t.Context(), file(t), Options{Now: func() time.Time { return now }})
	mustNot(t, err)
	defer func() { _ = s.Close() }()
	path := filepath.Join(t.TempDir(), "a.json")
	remember(t, s, Record{Origin: origin, Export: export("old", at), State: StateRunning, Path: path, Run: Run{Started: at}})
	for _, now = range []time.Time{at.AddDate(-30, 0, 0), {}, time.Unix(-1, 0)} {
		remember(t, s, Record{Origin: origin, Export: client.Export{ID: "old"}, State: StateDone, Path: path, Bytes: 7, Run: Run{Started: now}})
		remember(t, s, Record{Origin: origin, Export: export("new", at.Add(time.Minute)), Run: Run{Started: now}})
	}
	rows := list(t, s)
	if len(rows) != 2 || rows[0].Export.ID != "new" || rows[1].State != StateDone || rows[1].Bytes != 7 {
		t.Errorf("%+v", rows)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := opened(t, path)
	other := opened(t, path)
	tx, err := other.db.BeginTx(t.Context(), nil) // holds the lock
	mustNot(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Remember(ctx, Record{Origin: origin, Export: client.Export{ID: "exp_1"}}) }()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	mustNot(t, tx.Rollback())
	remember(t, s, Record{Origin: origin, Export: client.Export{ID: "exp_1"}})
	if _, err := Open(ctx, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
}

func TestNilStore(t *testing.T) {
	t.Parallel()
	var s *Store
	ctx := t.Context()
	rows, err := s.List(ctx, origin, "", 0)
	_, found, err2 := s.Find(ctx, origin, "exp_1")
	_, known, err3 := s.LastProject(ctx, origin, "work")
	err = errors.Join(err, err2, err3, s.Remember(ctx, Record{}), s.Forget(ctx, origin, "exp_1"),
		s.Saw(ctx, origin, project(), "work", nil), s.Close())
	if err != nil || len(rows) > 0 || found || known {
		t.Error(rows, found, known, err)
	}
}
