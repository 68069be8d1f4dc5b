package transfer

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

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
