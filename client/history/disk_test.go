package history

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
)

func TestReadOnlyFileCanBeRead(t *testing.T) {
	t.Parallel()
	path := file(t)
	written(t, path)
	mustNot(t, os.Chmod(path, 0o400))
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
		_ = f.Close()
		t.Skip("this user writes what it likes")
	}
	s := opened(t, path)
	if len(list(t, s)) != 100 {
		t.Error("cannot be read")
	}
	if err := s.Remember(t.Context(), Record{Origin: origin, Export: client.Export{ID: "new"}}); err == nil || errors.Is(err, ErrDamaged) {
		t.Errorf("writing: %v", err)
	}
}

// TestAFileThatWasReadOnlyForAWhile: what SQLite made meanwhile is read-only
// too, and must not keep the database so.
func TestAFileThatWasReadOnlyForAWhile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has access lists")
	}
	path := file(t)
	written(t, path)
	logs := []string{path + "-wal", path + "-shm"}
	for _, name := range logs {
		mustNot(t, os.WriteFile(name, nil, 0o400))
	}
	mustNot(t, os.Chmod(path, 0o400))
	mustNot(t, place(path))
	for _, name := range logs {
		if got := mode(t, name); got != 0o400 {
			t.Errorf("%q has mode %v beside a read-only database", name, got)
		}
	}
	mustNot(t, os.Chmod(path, 0o600))
	mustNot(t, place(path))
	for _, name := range logs {
		if got := mode(t, name); got != 0o600 {
			t.Errorf("%q has mode %v, want 0600", name, got)
		}
	}
	// What lies there by those names and is none of SQLite's is left alone.
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	mustNot(t, os.WriteFile(elsewhere, nil, 0o400))
	mustNot(t, os.Remove(logs[0]))
	mustNot(t, os.Symlink(elsewhere, logs[0]))
	mustNot(t, place(path))
	if got := mode(t, elsewhere); got != 0o400 {
		t.Errorf("a link was followed: mode %v", got)
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	mustNot(t, err)
	return info.Mode().Perm()
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := opened(t, path)
	remember(t, s, Record{Origin: origin, ProjectID: project().ID, Export: client.Export{ID: "before"}})
	ask[int](t, s.db, `PRAGMA max_page_count = 20`)
	var all []client.Export
	for i := range 100 {
		exp := export("exp_"+strings.Repeat("x", i+1), at)
		exp.Error = client.ID(strings.Repeat("e", 2000))
		all = append(all, exp)
	}
	err := s.Saw(t.Context(), origin, project(), "work", all)
	if err == nil || !strings.HasPrefix(err.Error(), "write history ") || !strings.Contains(err.Error(), "full") || errors.Is(err, ErrDamaged) {
		t.Fatalf("error %v, want that the disk is full", err)
	}
	if got := list(t, s); len(got) != 1 || got[0].Export.ID != "before" {
		t.Errorf("%d records, want the one from before", len(got))
	}
	if _, ok, err := s.LastProject(t.Context(), origin, "work"); ok || err != nil {
		t.Errorf("half of it was written: %v, %v", ok, err)
	}
	ask[int](t, s.db, `PRAGMA max_page_count = 100000`)
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", all))
	if got := list(t, s); len(got) != 101 {
		t.Errorf("%d records, want 101", len(got))
	}
}
