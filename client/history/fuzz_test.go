package history

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
)

// FuzzRows puts any value of any type into any column, as another program
// could. The row is skipped or makes sense; the good one beside it stays.
func FuzzRows(f *testing.F) {
	dir := f.TempDir()
	s := loose(f, filepath.Join(dir, "history.db"))
	good, bad := whole(dir), whole(dir)
	bad.Export.ID, bad.State = "bad", StateRunning
	f.Add(uint8(0), uint8(0), "\x1b]0;x\x07", int64(-1), []byte{0xff})
	for column := range uint8(56) { // exports, files, projects
		if column >= 32 && column < 52 {
			continue // columns of files again
		}
		for kind := range uint8(5) {
			f.Add(column, kind, "../../etc/passwd", int64(1)<<62, []byte("\x00"))
		}
		f.Add(column, uint8(1), strings.Repeat("a", 5000), int64(0), []byte(nil))
	}
	names := strings.Split(strings.NewReplacer("\n", "", "\t", "", " ", "").Replace(columns), ",")
	f.Fuzz(func(t *testing.T, column, kind uint8, str string, num int64, blob []byte) {
		do(t, s.db, `DELETE FROM exports; DELETE FROM files; DELETE FROM projects`)
		mustNot(t, s.Saw(t.Context(), origin, project(), "work", nil))
		for _, r := range []Record{good, bad} {
			remember(t, s, r)
		}
		do(t, s.db, `INSERT INTO files SELECT NULL, n, '/a', 'done', 7, '', 0 FROM exports WHERE id = 'bad'`)
		values := []any{nil, str, num, blob, float64(num)}
		value := values[int(kind)%len(values)]
		query := `UPDATE exports SET ` + names[int(column)%len(names)] + ` = ? WHERE id = 'bad'`
		if i := int(column) / len(names); i == 1 {
			query = `UPDATE files SET ` + []string{"export", "path", "state", "bytes", "sha256", "verified"}[int(column)%6] + ` = ?`
		} else if i > 1 {
			query = `UPDATE projects SET ` + []string{"id", "name", "slug", "created"}[int(column)%4] + ` = ?`
		}
		if _, err := s.db.ExecContext(t.Context(), query, value); err != nil {
			return // such as a key that is there twice
		}
		checkRows(t, s)
		_, _, err := s.LastProject(t.Context(), origin, "work")
		mustNot(t, err)
		// What makes no sense is written over.
		remember(t, s, bad)
		if _, ok, err := s.Find(t.Context(), origin, "bad"); err != nil || !ok {
			t.Errorf("not mended: %v, %v", ok, err)
		}
	})
}

// loose is a history whose tables take every value.
func loose(f *testing.F, path string) *Store {
	schema := strings.NewReplacer(" NOT NULL", "", "STRICT", "", "TEXT", "", "INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY", "INTEGER", "").Replace(first)
	db := raw(f, path)
	do(f, db, schema+`PRAGMA user_version = 1`)
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	s := opened(f, path)
	do(f, s.db, `PRAGMA synchronous = 0`)
	return s
}

// checkRows asks everything; what comes back could be stored again.
func checkRows(t *testing.T, s *Store) {
	t.Helper()
	rows, err := s.List(t.Context(), origin, "", 0)
	mustNot(t, err)
	one, _, err := s.Find(t.Context(), origin, "bad")
	mustNot(t, err)
	if one.Export.ID != "" {
		rows = append(rows, one)
	}
	seen := false
	for _, r := range rows {
		seen = seen || r.Export.ID == "exp_1"
		if err := r.storable(); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
		for _, f := range r.Files {
			if !filepath.IsAbs(f.Path) || !f.State.finished() || f.Bytes < 0 {
				t.Errorf("%+v", f)
			}
		}
	}
	if !seen {
		t.Error("the good row is lost")
	}
	if entries := Join([]client.Export{{ID: "bad"}}, rows); len(entries) < 2 {
		t.Errorf("%d entries", len(entries))
	}
}

// FuzzOpen breaks a good file somewhere. It may be damaged then, or still be
// read; nothing else happens.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "history.db")
	s := opened(f, path)
	for _, id := range []client.ID{"exp_1", "exp_2"} {
		r := whole(dir)
		r.Export.ID = id
		remember(f, s, r)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	for _, at := range []uint32{0, 16, 18, 28, 56, 60, 100, 105, 4096, 8192, 4096*3 + 4000} {
		f.Add(at, []byte{0xff, 0xff})
		f.Add(at, []byte{})
	}
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		b := append([]byte(nil), good...)
		at %= uint32(len(b))
		if n := copy(b[at:], patch); n == 0 {
			b = b[:at] // no patch is a cut
		}
		path := filepath.Join(t.TempDir(), "history.db")
		put(t, path, b)
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			return
		}
		defer func() { _ = s.Close() }()
		rows, err := s.List(t.Context(), origin, "", 0)
		if err != nil && !errors.Is(err, ErrDamaged) {
			t.Logf("read: %v", err) // such as a disk I/O error
		}
		for _, r := range rows {
			if err := r.storable(); err != nil {
				t.Errorf("%+v: %v", r, err)
			}
		}
		_ = s.Remember(t.Context(), whole(filepath.Dir(path)))
	})
}
