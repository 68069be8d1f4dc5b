package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
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
		Frontier: pieceSize + 5, CRCs: []uint32{7}, Extents: []extent{{From: pieceSize + 1, To: pieceSize + 50, CRC: 9}, {From: 2 * pieceSize, To: 3 * pieceSize}},
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

// TestDamagedCheckpointIsNone: every truncation, every run of zeros at the end,
// and every flipped byte make it none at all.
func TestDamagedCheckpointIsNone(t *testing.T) {
	t.Parallel()
	good, err := encodeCheckpoint(checkpoint{
		Version: checkpointVersion, Piece: pieceSize, State: StateActive, Size: 3 * pieceSize, Hash: marshalHash(sha256.New()),
		Frontier: pieceSize + 5, CRCs: []uint32{7}, Extents: []extent{{From: 2 * pieceSize, To: 3 * pieceSize}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeCheckpoint(good); err != nil {
		t.Fatal(err)
	}
	for i := range len(good) - 1 { // the last byte is a line end that may be missing
		zeros := make([]byte, len(good))
		copy(zeros, good[:i])
		flipped := bytes.Clone(good)
		flipped[i] ^= 0x04
		for what, b := range map[string][]byte{"cut": good[:i], "zeros": zeros, "flipped": flipped} {
			if _, err := decodeCheckpoint(b); !errors.Is(err, errCheckpoint) {
				t.Errorf("%s at byte %d of %d: %v", what, i, len(good), err)
			}
		}
	}
}

func TestImplausibleCheckpoints(t *testing.T) {
	t.Parallel()
	good := checkpoint{Version: checkpointVersion, Piece: pieceSize, State: StateActive, Size: 3 * pieceSize, Frontier: pieceSize + 5, CRCs: []uint32{7}}
	if !good.plausible() {
		t.Fatal("the good one is not")
	}
	for name, change := range map[string]func(c *checkpoint){
		"version":             func(c *checkpoint) { c.Version++ },
		"piece":               func(c *checkpoint) { c.Piece = 1 },
		"state":               func(c *checkpoint) { c.State = "done" },
		"frontier below 0":    func(c *checkpoint) { c.Frontier = -1 },
		"frontier past size":  func(c *checkpoint) { c.Size = pieceSize },
		"complete and is not": func(c *checkpoint) { c.State = StateComplete },
		"too few CRCs":        func(c *checkpoint) { c.CRCs = nil },
		"extent before":       func(c *checkpoint) { c.Extents = []extent{{From: 5, To: 6}} },
		"extent past size":    func(c *checkpoint) { c.Extents = []extent{{From: 3*pieceSize - 1, To: 3*pieceSize + 1}} },
		"extent empty":        func(c *checkpoint) { c.Extents = []extent{{From: 2 * pieceSize, To: 2 * pieceSize}} },
		"extent hashed":       func(c *checkpoint) { c.Extents = []extent{{From: pieceSize, To: pieceSize + 3}} },
		"extent too long":     func(c *checkpoint) { c.Extents = []extent{{From: pieceSize + 6, To: 2*pieceSize + 7}} },
		"extents overlap": func(c *checkpoint) {
			c.Extents = []extent{{From: pieceSize + 6, To: pieceSize + 9}, {From: pieceSize + 8, To: pieceSize + 10}}
		},
	} {
		c := good
		change(&c)
		if c.plausible() {
			t.Errorf("%s: believed", name)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"7", "0", "-1", "99999999999", "Thu, 01 Jan 2026 00:00:09 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "soon"} {
		f.Add(s, "Thu, 01 Jan 2026 00:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		d := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}})
		if d != 0 && (d < time.Second || d > maxAfter) {
			t.Errorf("%q at %q: %v", after, date, d)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": time.Second, "86400": maxAfter, "-5": 0, "soon": 0,
		"Thu, 01 Jan 2026 00:00:09 GMT": 9 * time.Second, // by the server's own clock
		"Wed, 31 Dec 2025 00:00:00 GMT": time.Second,
	} {
		h := http.Header{"Retry-After": {after}, "Date": {"Thu, 01 Jan 2026 00:00:00 GMT"}}
		if got := retryAfter(h); got != want {
			t.Errorf("%q: %v, want %v", after, got, want)
		}
	}
}

func FuzzLinkLife(f *testing.F) {
	f.Add("https://x/y?X-Amz-Date=20260102T030405Z&X-Amz-Expires=900")
	f.Add("https://x/y?Expires=1767323045")
	f.Add("https://x/y?st=2026-01-02T03:00:00Z&se=2026-01-02T03:04:05Z")
	f.Fuzz(func(t *testing.T, link string) {
		if _, to, ok := linkLife(link); ok && to.IsZero() {
			t.Errorf("%q ends never", link)
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

// BenchmarkFetch is one transfer over loopback with hash, checkpoints and sync,
// by one connection and by as many as help; on slow connections these do.
// BenchmarkCopy is its peer: io.Copy to a file and one fsync.
func BenchmarkFetch(b *testing.B) {
	for _, c := range []struct {
		name        string
		connections int
		rate        int // of each connection, bytes a second
	}{{"one", 1, 0}, {"four", 4, 0}, {"eight", 8, 0}, {"slow/one", 1, 64 * mib}, {"slow/eight", 8, 64 * mib}} {
		b.Run(c.name, func(b *testing.B) {
			srv, size := loopbackServer(b, c.rate)
			b.SetBytes(size)
			for b.Loop() {
				p, err := Open(Options{
					Path: filepath.Join(b.TempDir(), "x"), ID: "x", Size: -1, UserAgent: "bench", Connections: c.connections,
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
		})
	}
}

func BenchmarkCopy(b *testing.B) {
	srv, size := loopbackServer(b, 0)
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

// loopbackServer has 128 MiB, as fast as it can or so many bytes a second for
// each connection.
func loopbackServer(b *testing.B, rate int) (link string, size int64) {
	b.Helper()
	body := newServer(128 * mib)
	path := filepath.Join(b.TempDir(), "body")
	if err := os.WriteFile(path, body.body, 0o600); err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"one"`)
		if rate > 0 {
			w = &slowWriter{ResponseWriter: w, ctx: r.Context(), rate: rate}
		}
		http.ServeFile(w, r, path)
	}))
	b.Cleanup(srv.Close)
	return srv.URL, int64(len(body.body))
}
