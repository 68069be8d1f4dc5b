package backup

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

func TestLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	old, young := nameAt(night), nameAt(night.AddDate(0, 0, 1))
	begun(t, filepath.Join(dir, old))
	past := now.Add(-49 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir, old+".part"), past, past); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{young + ".part", "thesis.json.part", young} {
		write(t, dir, name, "x")
	}
	if err := os.Mkdir(filepath.Join(dir, nameAt(night.AddDate(0, 0, 2))+".part"), 0o700); err != nil {
		t.Fatal(err)
	}
	found, err := Leftovers(dir, now, 48*time.Hour)
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	if l := found[0]; l.File != old || !l.Stale || l.Locked || l.Size != 4<<20 || l.Done == 0 || l.Done > 2<<20 || !l.ModifiedAt.Equal(past.Truncate(0)) {
		t.Errorf("old: %+v", l)
	}
	if l := found[1]; l.File != young || l.Stale || l.Size != -1 || l.Done != 0 {
		t.Errorf("young: %+v", l)
	}
	if _, err := Leftovers(filepath.Join(dir, "none"), now, time.Hour); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
