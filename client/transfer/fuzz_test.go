package transfer

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func FuzzCheckpoint(f *testing.F) {
	good, err := encodeCheckpoint(checkpoint{
		Version: checkpointVersion, Piece: pieceSize, State: StateActive, Size: 3 * pieceSize,
		Frontier: pieceSize + 5, CRCs: []uint32{7}, Beyond: map[int64]uint32{2: 9},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}\n0\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCheckpoint(b)
		if err != nil {
			return
		}
		if c.Frontier < 0 || c.Size >= 0 && c.trusted() > c.Size {
			t.Errorf("vouches for %d of %d bytes", c.trusted(), c.Size)
		}
		again, err := encodeCheckpoint(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeCheckpoint(again); err != nil {
			t.Error("does not survive a round trip")
		}
	})
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-99/200", "bytes 5-5/*", "bytes */7", "bytes 9-3/10", "bytes 0-9999999999999999999/2", "bytes=0-1/2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		from, to, total, ok := parseContentRange(s)
		if ok && (from < 0 || to <= from || total >= 0 && to > total) {
			t.Errorf("%q: [%d, %d) of %d", s, from, to, total)
		}
		if n, ok := parseUnsatisfied(s); ok && n < 0 {
			t.Errorf("%q: %d", s, n)
		}
	})
}

func TestContentRange(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"bytes 0-99/200":  "0 100 200 true",
		"bytes 5-5/*":     "5 6 -1 true",
		"bytes 0-200/200": "0 201 200 false",
		"bytes -5/200":    "0 0 0 false",
		"bytes 1-/200":    "0 0 0 false",
		"bytes +1-2/200":  "0 0 0 false",
		"items 0-1/2":     "0 0 0 false",
		"":                "0 0 0 false",
	} {
		from, to, total, ok := parseContentRange(s)
		if got := fmt.Sprint(from, to, total, ok); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var m meter
	m.reset(at)
	if m.left(at, 100) != -1 || m.rate(at) != 0 {
		t.Error("knows a speed without a byte")
	}
	for range 100 { // ten seconds of 1,000 bytes a second
		at = at.Add(100 * time.Millisecond)
		m.add(at, 100)
	}
	if r := m.rate(at); r < 900 || r > 1100 {
		t.Errorf("rate %v", r)
	}
	if a := m.average(at); a != 1000 {
		t.Errorf("average %v", a)
	}
	if l := m.left(at, 10_000); l < 9*time.Second || l > 12*time.Second {
		t.Errorf("left %v", l)
	}
	if h := m.history(at); len(h) != 10 {
		t.Errorf("history %v", h)
	}
	at = at.Add(3 * time.Second)
	if m.rate(at) != 0 || m.left(at, 100) != -1 {
		t.Error("speed in silence")
	}
	at = at.Add(24 * time.Hour)
	m.add(at, 1)
	if h := m.history(at); len(h) != meterSeconds-1 {
		t.Errorf("%d seconds of history", len(h))
	}
}

// BenchmarkFetch is one transfer over loopback with hash, checkpoints and sync.
// BenchmarkCopy is its peer: io.Copy to a file and one fsync.
func BenchmarkFetch(b *testing.B) {
	srv, size := loopbackServer(b)
	b.SetBytes(size)
	for b.Loop() {
		p, err := Open(Options{
			Path: filepath.Join(b.TempDir(), "x"), ID: "x", Size: -1, UserAgent: "bench",
			Link: func(context.Context, bool) (string, error) { return srv, nil },
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Fetch(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := p.Discard(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCopy(b *testing.B) {
	srv, size := loopbackServer(b)
	b.SetBytes(size)
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, srv, http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			b.Fatal(err)
		}
		f, err := os.CreateTemp(b.TempDir(), "x")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.Copy(f, resp.Body); err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

func loopbackServer(b *testing.B) (link string, size int64) {
	b.Helper()
	body := newServer(128 * mib)
	path := filepath.Join(b.TempDir(), "body")
	if err := os.WriteFile(path, body.body, 0o600); err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) }))
	b.Cleanup(srv.Close)
	return srv.URL, int64(len(body.body))
}
