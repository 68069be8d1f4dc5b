package transfer

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// server is one object behind a link, without a socket. Each request takes the
// next trick, if there is one.
type server struct {
	mu       sync.Mutex
	body     []byte
	etag     string
	modified time.Time
	tricks   []trick
	served   int64 // bytes of bodies
	requests []*http.Request
}

// trick edits the honest answer, or makes another one.
type trick func(s *server, req *http.Request, honest *http.Response) (*http.Response, error)

func newServer(size int) *server {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{7})
	_, _ = r.Read(b)
	return &server{body: b, etag: `"one"`, modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (s *server) honest(req *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	if s.etag != "" {
		rec.Header().Set("ETag", s.etag)
	}
	rec.Header().Set("Content-Type", "application/json")
	rec.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	http.ServeContent(rec, req, "", s.modified, bytes.NewReader(s.body))
	resp := rec.Result()
	resp.Request, resp.ProtoMajor = req, 1
	return resp
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	var t trick
	if len(s.tricks) > 0 {
		t, s.tricks = s.tricks[0], s.tricks[1:]
	}
	resp := s.honest(req)
	if t != nil {
		var err error
		if resp, err = t(s, req, resp); err != nil {
			return nil, err
		}
	}
	resp.Body = &counted{resp.Body, req.Context(), s}
	return resp, nil
}

type counted struct {
	io.ReadCloser
	ctx context.Context
	s   *server
}

func (c *counted) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.ReadCloser.Read(b)
	c.s.mu.Lock()
	c.s.served += int64(n)
	c.s.mu.Unlock()
	return n, err
}

// cutBody ends after n bytes with err.
func cutBody(resp *http.Response, n int64, err error) *http.Response {
	resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(resp.Body, n), failing{err}))
	return resp
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// hang blocks until the request is given up.
type hang struct{ ctx context.Context }

func (h hang) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

func cut(n int64) trick {
	return func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		return cutBody(resp, n, io.ErrUnexpectedEOF), nil
	}
}

func stall(n int64) trick {
	return func(_ *server, req *http.Request, resp *http.Response) (*http.Response, error) {
		resp.Body = io.NopCloser(io.MultiReader(io.LimitReader(resp.Body, n), hang{req.Context()}))
		return resp, nil
	}
}

func answer(status int, body string, header ...string) trick {
	return func(_ *server, req *http.Request, _ *http.Response) (*http.Response, error) {
		resp := &http.Response{
			StatusCode: status, ProtoMajor: 1, Request: req, Header: http.Header{},
			ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body))),
		}
		for i := 0; i < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
}

func refuse(err error) trick {
	return func(*server, *http.Request, *http.Response) (*http.Response, error) { return nil, err }
}

// whole ignores the range.
func whole(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
	plain := req.Clone(req.Context())
	plain.Header.Del("Range")
	return s.honest(plain), nil
}

// edit changes the headers of the honest answer.
func edit(f func(h http.Header)) trick {
	return func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		f(resp.Header)
		return resp, nil
	}
}

func options(s *server, dir string) Options {
	return Options{
		Path: filepath.Join(dir, "data.json"), ID: "https://api.test e1", Size: -1,
		Link:      func(context.Context, bool) (string, error) { return "https://files.test/x?sig=SECRET", nil },
		Transport: s, UserAgent: "test",
	}
}

// get runs a transfer to its end in dir.
func get(t *testing.T, o Options) (*Part, error) {
	t.Helper()
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, p.Fetch(t.Context())
}

// same fails unless the part is the server's object, byte for byte.
func same(t *testing.T, p *Part, want []byte) {
	t.Helper()
	got, err := os.ReadFile(p.File())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		t.Fatalf("file has %d bytes, object %d; they differ from byte %d on", len(got), len(want), at)
	}
}
