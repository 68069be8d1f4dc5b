package history

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dashtray/dashtray-tui/client"
)

const (
	writerFile = "HISTORY_TEST_FILE"
	writerName = "HISTORY_TEST_NAME"
	perWriter  = 10
)

// work is what one writer does: it makes exports of its own, and all change
// one that they share.
func work(t testing.TB, s *Store, name string) {
	// However busy the machine is: this is about what is written, not about when.
	do(t, s.db, `PRAGMA busy_timeout = 100000`)
	for i := range perWriter {
		id := client.ID(fmt.Sprintf("%s-%d", name, i))
		dir := filepath.Join(filepath.Dir(s.path), name)
		for _, r := range []Record{
			{Export: client.Export{ID: id, CreatedAt: at}, State: StateRunning, Run: Run{Match: name, Started: at}},
			{Export: client.Export{ID: id}, State: StateDone, Path: filepath.Join(dir, id.Raw()), Bytes: int64(i)},
			{Export: client.Export{ID: "shared"}, State: StateDone, Path: filepath.Join(dir, "shared")},
		} {
			r.Origin, r.ProjectID = origin, project().ID
			if err := s.Remember(t.Context(), r); err != nil {
				t.Errorf("%s: %v", id, err)
				return
			}
		}
		if _, err := s.List(t.Context(), origin, project().ID, 0); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestWriterProcess is the other process of TestTwoProcesses.
func TestWriterProcess(t *testing.T) {
	path, name := os.Getenv(writerFile), os.Getenv(writerName)
	if path == "" {
		t.Skip("runs as a child of TestTwoProcesses")
	}
	work(t, opened(t, path), name)
}

// TestTwoProcesses begins with no file, so that they race to make it too.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := file(t)
	var group sync.WaitGroup
	names := []string{"one", "two", "here"}
	for _, name := range names[:2] {
		group.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriterProcess$", "-test.count=1")
			cmd.Env = append(os.Environ(), writerFile+"="+path, writerName+"="+name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %s: %v\n%s", name, err, out)
			}
		})
	}
	group.Go(func() { work(t, opened(t, path), "here") })
	group.Wait()
	checkWork(t, path, names)
}

func TestTwoHandlesAndManyGoroutines(t *testing.T) {
	t.Parallel()
	for _, rollback := range []bool{false, true} {
		t.Run(fmt.Sprint("rollback ", rollback), func(t *testing.T) {
			t.Parallel()
			path := file(t)
			mustNot(t, place(path))
			var group sync.WaitGroup
			names := []string{"a", "b", "c", "d"}
			var handles []*Store
			for range 2 {
				s, err := open(t.Context(), path, Options{}, rollback)
				mustNot(t, err)
				defer func() { _ = s.Close() }()
				handles = append(handles, s)
			}
			for i, name := range names {
				group.Go(func() { work(t, handles[i%2], name) })
			}
			group.Wait()
			checkWork(t, path, names)
		})
	}
}

// checkWork finds everything that the writers wrote.
func checkWork(t *testing.T, path string, names []string) {
	t.Helper()
	s := opened(t, path)
	if got, want := len(list(t, s)), len(names)*perWriter+1; got != want {
		t.Errorf("%d records, want %d", got, want)
	}
	for _, name := range names {
		for i := range perWriter {
			r := find(t, s, client.ID(fmt.Sprintf("%s-%d", name, i)))
			if r.State != StateDone || r.Bytes != int64(i) || r.Run.Match != name || !r.Export.CreatedAt.Equal(at) {
				t.Errorf("%+v", r)
			}
		}
	}
	if shared := find(t, s, "shared"); len(shared.Files) != len(names)-1 {
		t.Errorf("the shared export has %d earlier files, want %d", len(shared.Files), len(names)-1)
	}
	if got := ask[string](t, s.db, `PRAGMA integrity_check`); got != "ok" {
		t.Error(got)
	}
}

// TestClosedStoreOfTheSameProcess: closing one handle must not take the locks
// of another away.
func TestClosedStoreOfTheSameProcess(t *testing.T) {
	t.Parallel()
	path := file(t)
	mustNot(t, place(path))
	s, err := open(t.Context(), path, Options{}, true)
	mustNot(t, err)
	defer func() { _ = s.Close() }()
	tx, err := s.db.BeginTx(t.Context(), nil)
	mustNot(t, err)
	mustNot(t, place(path)) // what a second Open of this process does first
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLockedProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), writerFile+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("another process: %v\n%s", err, out)
	}
	mustNot(t, tx.Rollback())
}

// TestLockedProcess finds the database locked.
func TestLockedProcess(t *testing.T) {
	path := os.Getenv(writerFile)
	if path == "" {
		t.Skip("runs as a child of TestClosedStoreOfTheSameProcess")
	}
	db := raw(t, path)
	if _, err := db.ExecContext(t.Context(), `PRAGMA busy_timeout = 0; BEGIN IMMEDIATE`); code(err) != sqlite3.SQLITE_BUSY {
		t.Errorf("%v, want that it is locked", err)
	}
}
