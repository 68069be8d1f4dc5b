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
	"strconv"
	"sync"
	"testing"
	"time"
)

const mib = 1 << 20

// server is one object behind a link, without a socket. Each request takes the
// next trick, if there is one.
type server struct {
	mu       sync.Mutex
	body     []byte
	etag     string
	modified time.Time
	tricks   []trick
	parts    []trick // for requests by one of several connections
	served   int64   // bytes of bodies
	requests []*http.Request

	// How fast it is, in bytes a second; 0 is no limit. The line is shared.
	perConnection, line float64
	latency             time.Duration
	lineFree            time.Time
	open, most          int // bodies that are being read
	idleClosed          int // times that its idle connections were given up
}

// trick edits the honest answer, or makes another one.
type trick func(s *server, req *http.Request, honest *http.Response) (*http.Response, error)

// noise is what all objects are cut from. Nobody writes to it.
var noise = sync.OnceValue(func() []byte {
	b := make([]byte, 192*mib)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b)
	return b
})

func newServer(size int) *server {
	return &server{body: noise()[:size:size], etag: `"one"`, modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (s *server) honest(req *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	if s.etag != "" {
		rec.Header().Set("ETag", s.etag)
	}
	rec.Header().Set("Content-Type", "application/json")
	rec.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	head := &seeker{size: int64(len(s.body))}
	http.ServeContent(rec, req, "", s.modified, head)
	resp := rec.Result()
	resp.Request, resp.ProtoMajor = req, 1
	if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent {
		n, err := strconv.ParseInt(resp.Header.Get("Content-Length"), 10, 64)
		if err != nil {
			panic(err)
		}
		resp.ContentLength = n
		resp.Body = io.NopCloser(bytes.NewReader(s.body[head.at : head.at+n]))
	}
	return resp
}

// seeker has a size and a place, and nothing to read: ServeContent makes the
// head of an answer from it, and the body needs no copy.
type seeker struct{ size, at int64 }

func (s *seeker) Read([]byte) (int, error) { return 0, io.EOF }

func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		offset += s.size
	}
	s.at = offset
	return offset, nil
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.latency > 0 {
		if err := sleep(req.Context(), s.latency); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	var t trick
	if part := isPart(req); part && len(s.parts) > 0 {
		t, s.parts = s.parts[0], s.parts[1:]
	} else if len(s.tricks) > 0 {
		t, s.tricks = s.tricks[0], s.tricks[1:]
	}
	resp := s.honest(req)
	if t != nil {
		var err error
		if resp, err = t(s, req, resp); err != nil {
			return nil, err
		}
	}
	s.open++
	s.most = max(s.most, s.open)
	resp.Body = &counted{ReadCloser: resp.Body, ctx: req.Context(), s: s}
	return resp, nil
}

func (s *server) CloseIdleConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idleClosed++
}

// isPart reports whether a request is by one of several connections.
func isPart(req *http.Request) bool {
	r := req.Header.Get("Range")
	return r != "" && r[len(r)-1] != '-'
}

type counted struct {
	io.ReadCloser
	ctx    context.Context
	s      *server
	closed bool
}

func (c *counted) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.ReadCloser.Read(b)
	c.s.mu.Lock()
	c.s.served += int64(n)
	var wait time.Duration
	if c.s.perConnection > 0 {
		wait = time.Duration(float64(n) / c.s.perConnection * float64(time.Second))
	}
	if c.s.line > 0 {
		now := time.Now()
		if c.s.lineFree.Before(now) {
			c.s.lineFree = now
		}
		c.s.lineFree = c.s.lineFree.Add(time.Duration(float64(n) / c.s.line * float64(time.Second)))
		wait = max(wait, c.s.lineFree.Sub(now))
	}
	c.s.mu.Unlock()
	if wait > 0 && n > 0 {
		if serr := sleep(c.ctx, wait); serr != nil {
			return 0, serr
		}
	}
	return n, err
}

func (c *counted) Close() error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if !c.closed {
		c.closed = true
		c.s.open--
	}
	return c.ReadCloser.Close()
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

// silence is a server that takes a request and never answers.
func silence(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
	s.mu.Unlock()
	defer s.mu.Lock()
	<-req.Context().Done()
	return nil, req.Context().Err()
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

// rounds is how often a test with chance in it is repeated: few times, or many
// when DASHTRAY_CRASHES asks for a long run.
func rounds(few, many int) int {
	if os.Getenv("DASHTRAY_CRASHES") != "" {
		return many
	}
	return few
}

// slowWriter is a connection of a real server that brings so much a second.
type slowWriter struct {
	http.ResponseWriter
	ctx  context.Context
	rate int
}

func (w *slowWriter) Write(b []byte) (int, error) {
	if w.rate > 0 {
		if err := sleep(w.ctx, time.Duration(len(b))*time.Second/time.Duration(w.rate)); err != nil {
			return 0, err
		}
	}
	return w.ResponseWriter.Write(b)
}

// ReadFrom hides that of the real writer, which would send all at once.
func (w *slowWriter) ReadFrom(r io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, r, make([]byte, 64<<10))
}

// changeTo makes the object another one from this request on.
func changeTo(size int, honourIfRange bool) trick {
	return func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
		s.body, s.etag = newServer(size + 1).body[1:], `"two"`
		req = req.Clone(req.Context())
		if !honourIfRange {
			req.Header.Del("If-Range")
		}
		return s.honest(req), nil
	}
}

func wholeUpTo(n int64) trick {
	return func(s *server, req *http.Request, resp *http.Response) (*http.Response, error) {
		resp, err := whole(s, req, resp)
		return cutBody(resp, n, io.ErrUnexpectedEOF), err
	}
}

func repeat(t trick, n int) []trick {
	var out []trick
	for range n {
		out = append(out, t)
	}
	return out
}
