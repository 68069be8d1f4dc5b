package backup

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client/transfer"
)

// begun leaves the part of a download of which the first half arrived.
func begun(t *testing.T, path string) {
	t.Helper()
	const size = 4 << 20
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) > 1 {
			cancel()
			return
		}
		w.Header().Set("Content-Length", "4194304")
		_, _ = w.Write(make([]byte, size/2))
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	part, err := transfer.Open(transfer.Options{
		Path: path, ID: "export", Size: size, Connections: 1, Transport: http.DefaultTransport,
		Link: func(context.Context, bool) (string, error) { return server.URL, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := part.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("fetch: %v", err)
	}
	if err := part.Close(); err != nil {
		t.Error(err)
	}
}

// A run is continued for a day. What was begun longer ago, and perhaps lies in
// plain text beside encrypted backups, goes; what others put there stays.
func TestPartsThatNoRunGoesOnWithAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	name := func(day int) string { return nameAt(night.AddDate(0, 0, day)) }
	abandoned, sealing, committed, young, held, nobodys, folder := name(0), name(1), name(2), name(3), name(4), name(5), name(6)
	for _, stem := range []string{abandoned, young, held} {
		begun(t, filepath.Join(dir, stem))
	}
	for _, name := range []string{
		sealing + ".part", sealing + ".part.lock", sealing + ".part.age",
		committed, committed + ".part.json", committed + ".part.lock",
		nobodys + ".part", "thesis.json.part", "thesis.json.part.lock", folder + ".part.lock",
	} {
		write(t, dir, name, "x")
	}
	if err := os.Mkdir(filepath.Join(dir, folder+".part"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	past := now.Add(-25 * time.Hour)
	for _, e := range all {
		if strings.HasPrefix(e.Name(), young) {
			continue
		}
		if err := os.Chtimes(filepath.Join(dir, e.Name()), past, past); err != nil {
			t.Fatal(err)
		}
	}
	busy, err := transfer.Open(transfer.Options{Path: filepath.Join(dir, held), ID: "export"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = busy.Close() }()

	f, err := Open(dir, Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	removed, err := f.Sweep(24 * time.Hour)
	if err != nil {
		t.Error(err)
	}
	same(t, "removed", removed, []string{abandoned, sealing, committed})
	left, err := namesIn(f.root)
	if err != nil {
		t.Fatal(err)
	}
	left = slices.DeleteFunc(left, func(name string) bool { return name == lockName })
	same(t, "left", left, []string{
		committed, young + ".part", young + ".part.json",
		held + ".part", held + ".part.json", held + ".part.lock",
		nobodys + ".part", folder + ".part", folder + ".part.lock", "thesis.json.part", "thesis.json.part.lock",
	})
}
