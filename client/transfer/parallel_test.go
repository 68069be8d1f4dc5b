package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// wide is a server whose single connections are slow, so that more of them help.
func wide(size int) *server {
	s := newServer(size)
	s.perConnection = 4 * mib
	return s
}

func TestConnectionsFollowWhatTheyBring(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size                int
		connections         int
		perConnection, line float64
		most                int           // bodies at once
		within              time.Duration // of the bubble's time
	}{
		"a limit on each connection":  {96 * mib, 8, 4 * mib, 0, 8, 4500 * time.Millisecond},
		"four by default":             {96 * mib, 0, 4 * mib, 0, 4, 7 * time.Second},
		"one is enough for this line": {64 * mib, 8, 0, 8 * mib, 2, 8500 * time.Millisecond},
		"a line with room for two":    {64 * mib, 8, 4 * mib, 8 * mib, 4, 9 * time.Second},
		"one is all that is allowed":  {48 * mib, 1, 4 * mib, 0, 1, 12 * time.Second},
		"a small file":                {31 * mib, 8, 4 * mib, 0, 1, 8 * time.Second},
		"more than the most":          {64 * mib, 100, 4 * mib, 0, 8, 4 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := wide(c.size)
				s.perConnection, s.line = c.perConnection, c.line
				o := options(s, dir)
				o.Connections = c.connections
				began := time.Now()
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				took := time.Since(began)
				same(t, p, s.body)
				if s.most != c.most {
					t.Errorf("%d connections at once, want %d", s.most, c.most)
				}
				if took > c.within {
					t.Errorf("took %v, want at most %v", took, c.within)
				}
				if extra := s.served - int64(c.size); extra > mib {
					t.Errorf("%d bytes were served twice", extra)
				}
				if first := s.requests[0].Header.Get("Range"); first != "" {
					t.Errorf("the first request asks for %s", first)
				}
			})
		})
	}
}

// TestPartsOnlyWhereTheyAreSafe: without ranges, without a mark by which parts
// can be told to be of one object, or over one connection that all share, there
// is one request.
func TestPartsOnlyWhereTheyAreSafe(t *testing.T) {
	t.Parallel()
	digest := func(b []byte) string {
		sum := sha256.Sum256(b)
		return "sha-256=" + base64.StdEncoding.EncodeToString(sum[:])
	}
	for name, c := range map[string]struct {
		change func(s *server, resp *http.Response)
		parts  bool
	}{
		"all is well":      {func(*server, *http.Response) {}, true},
		"no ranges":        {func(_ *server, r *http.Response) { r.Header.Set("Accept-Ranges", "none") }, false},
		"silent of ranges": {func(_ *server, r *http.Response) { r.Header.Del("Accept-Ranges") }, false},
		"size not told":    {func(_ *server, r *http.Response) { r.ContentLength = -1; r.TransferEncoding = []string{"chunked"} }, false},
		"HTTP/2":           {func(_ *server, r *http.Response) { r.ProtoMajor = 2 }, false},
		"weak mark":        {func(_ *server, r *http.Response) { r.Header.Set("ETag", `W/"one"`) }, false},
		"no mark":          {func(_ *server, r *http.Response) { r.Header.Del("ETag"); r.Header.Del("Last-Modified") }, false},
		"a date as mark": {func(s *server, r *http.Response) {
			s.etag, s.modified = "", time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
			r.Header.Del("ETag")
			r.Header.Set("Last-Modified", s.modified.Format(http.TimeFormat))
		}, true},
		"no mark, a digest": {func(s *server, r *http.Response) {
			s.etag, s.modified = "", time.Time{}
			r.Header.Del("ETag")
			r.Header.Del("Last-Modified")
			r.Header.Set("Digest", digest(s.body))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := wide(40 * mib)
				s.tricks = []trick{func(s *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
					c.change(s, resp)
					return resp, nil
				}}
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				if parts := len(s.requests) > 1; parts != c.parts {
					t.Errorf("%d requests", len(s.requests))
				}
				for _, req := range s.requests {
					if m := req.Header.Get("If-Match"); m != "" && m != `"one"` { // which takes no date
						t.Errorf("If-Match: %s", m)
					}
				}
			})
		})
	}
}

// TestFaultsOfParts: whatever one of several connections gets for an answer,
// the others go on, and the file is the object.
func TestFaultsOfParts(t *testing.T) {
	t.Parallel()
	drop := func(name string) trick { return edit(func(h http.Header) { h.Del(name) }) }
	put := func(name, value string) trick { return edit(func(h http.Header) { h.Set(name, value) }) }
	later := func(s *server, _ *http.Request, _ *http.Response) (*http.Response, error) {
		s.body, s.etag = newServer(41 * mib).body[mib:], `"two"`
		return nil, syscall.ECONNRESET
	}
	unmarked := func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
		s.body, s.etag, s.modified = newServer(41 * mib).body[mib:], "", time.Time{}
		req = req.Clone(req.Context())
		req.Header.Del("If-Range")
		req.Header.Del("If-Match")
		return s.honest(req), nil
	}
	for name, c := range map[string]struct {
		parts  []trick
		fresh  bool // starting over from the first byte is right
		single bool // no more parts after it

		cutFirst bool // the first connection, too
	}{
		"cut":         {parts: repeat(cut(mib), 3)},
		"cut at once": {parts: repeat(cut(0), 3)},
		"ends early": {parts: []trick{func(_ *server, _ *http.Request, r *http.Response) (*http.Response, error) {
			r.Body = io.NopCloser(io.LimitReader(r.Body, mib))
			return r, nil
		}}},
		"reset":               {parts: repeat(refuse(syscall.ECONNRESET), 3)},
		"503 and Retry-After": {parts: repeat(answer(503, "", "Retry-After", "2"), 1)},
		"429":                 {parts: []trick{answer(429, "")}},
		"500":                 {parts: []trick{answer(500, "")}},
		"starts elsewhere": {parts: []trick{func(s *server, q *http.Request, _ *http.Response) (*http.Response, error) {
			q = q.Clone(q.Context())
			q.Header.Set("Range", "bytes=5-")
			return s.honest(q), nil
		}}, single: true},
		"is longer than asked": {parts: []trick{func(s *server, q *http.Request, _ *http.Response) (*http.Response, error) {
			q = q.Clone(q.Context())
			r := q.Header.Get("Range")
			q.Header.Set("Range", r[:strings.Index(r, "-")+1])
			return s.honest(q), nil
		}}, single: true},
		"no Content-Range":                {parts: repeat(drop("Content-Range"), 2), single: true},
		"many ranges":                     {parts: []trick{put("Content-Type", "multipart/byteranges; boundary=x")}, single: true},
		"gzip":                            {parts: []trick{put("Content-Encoding", "gzip")}, single: true},
		"no ETag":                         {parts: repeat(drop("ETag"), 2), single: true},
		"another ETag, once":              {parts: []trick{put("ETag", `"node"`)}},
		"the whole":                       {parts: []trick{whole}, single: true},
		"416":                             {parts: []trick{answer(416, "", "Content-Range", "bytes */41943040")}, single: true},
		"412":                             {parts: []trick{answer(412, "")}, single: true},
		"link expired":                    {parts: repeat(answer(403, "<Error><Code>ExpiredToken</Code></Error>"), 1)},
		"a login page":                    {parts: []trick{answer(200, "<html>", "Content-Type", "text/html")}},
		"something small":                 {parts: []trick{answer(200, "{}", "Content-Type", "application/json")}},
		"nothing comes":                   {parts: []trick{stall(0)}},
		"nothing comes after a MiB":       {parts: []trick{stall(mib)}},
		"no answer":                       {parts: []trick{silence}},
		"another object, unmarked":        {parts: repeat(unmarked, 100), fresh: true, single: true, cutFirst: true},
		"another object from now on":      {parts: []trick{later}, fresh: true},
		"another object, and all are cut": {parts: []trick{later}, fresh: true, cutFirst: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := wide(40 * mib)
				old := s.body
				s.parts = c.parts
				if c.cutFirst {
					s.tricks = []trick{cut(10 * mib)}
				}
				o := options(s, dir)
				o.Connections = 4
				began := time.Now()
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				took := time.Since(began)
				if c.fresh {
					s.body = oneOf(t, p, old, s.body)
				}
				same(t, p, s.body)
				if len(s.parts) != 0 && !c.single {
					t.Errorf("%d tricks were not played", len(s.parts))
				}
				if extra := s.served - 40*mib; !c.fresh && extra > 2*mib && !strings.HasPrefix(name, "another") {
					t.Errorf("%d bytes were served twice", extra)
				}
				if took > 45*time.Second {
					t.Errorf("took %v", took)
				}
				for _, req := range s.requests {
					if req.Method != http.MethodGet || req.Header.Get("Referer") != "" {
						t.Errorf("%s %v", req.Method, req.Header)
					}
				}
			})
		})
	}
}

// oneOf gives the object that the part begins like.
func oneOf(t *testing.T, p *Part, objects ...[]byte) []byte {
	t.Helper()
	b, err := os.ReadFile(p.File())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if len(b) == len(o) && b[0] == o[0] && b[1] == o[1] && b[2] == o[2] {
			return o
		}
	}
	return nil
}

func TestServerWithTooMuchToDoGetsHalfTheConnections(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := wide(160 * mib)
				var at time.Time
				o := options(s, dir)
				o.Connections = 8
				p, err := Open(o)
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				go func() { done <- p.Fetch(t.Context()) }()
				time.Sleep(1900 * time.Millisecond)
				if n := p.Snapshot().Connections; n != 8 {
					t.Errorf("%d connections", n)
				}
				s.mu.Lock()
				s.parts = []trick{func(s *server, q *http.Request, r *http.Response) (*http.Response, error) {
					at = time.Now()
					return answer(status, "", "Retry-After", "60")(s, q, r)
				}}
				s.mu.Unlock()
				time.Sleep(2600 * time.Millisecond)
				if n := p.Snapshot().Connections; at.IsZero() || n < 3 || n > 4 {
					t.Errorf("%d connections after it said that it is too much", n)
				}
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				if err := p.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestOneSilentConnectionDoesNotHoldUpTheEnd: an idle one takes over.
func TestOneSilentConnectionDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := wide(40 * mib)
		s.parts = []trick{nil, stall(mib)}
		o := options(s, dir)
		o.Connections = 4
		began := time.Now()
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v: the silent one was waited for", took)
		}
	})
}

// TestStoppedWithPartsAtOnce: what came beyond the first gap is kept too, and
// not fetched again.
func TestStoppedWithPartsAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := wide(96 * mib)
		o := options(s, dir)
		o.Connections = 8
		for stops := 0; ; stops++ {
			p, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 1700*time.Millisecond)
			err = p.Fetch(ctx)
			cancel()
			done := p.Snapshot().Done
			if err == nil {
				same(t, p, s.body)
				if stops < 2 {
					t.Errorf("only stopped %d times", stops)
				}
				if extra := s.served - 96*mib; extra > int64(stops+1)*8*bufferSize {
					t.Errorf("%d bytes were served twice in %d stops", extra, stops)
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if f, err := Peek(o.Path); err != nil || f.Done != done {
				t.Errorf("%d bytes were there, %+v is found, %v", done, f, err)
			}
		}
	})
}

// TestWholeObjectOverGaps: after a stop with gaps the server knows no ranges
// any more. What is there is compared, the gaps are filled, and nothing is
// fetched more than once more.
func TestWholeObjectOverGaps(t *testing.T) {
	t.Parallel()
	for name, same := range map[string]bool{"the same object": true, "another one with the same mark": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := wide(40 * mib)
				d := newMemoryDisk()
				o := options(s, "/folder")
				o.disk, o.Connections = d, 4
				p, err := Open(o)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 1700*time.Millisecond)
				defer cancel()
				if err := p.Fetch(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Fatal(err)
				}
				if n := len(p.Snapshot().Parts); n < 3 {
					t.Fatalf("no gaps: %+v", p.Snapshot().Parts)
				}
				s.served = 0
				s.tricks = repeat(whole, 10)
				if !same {
					s.body = newServer(40*mib + 1).body[1:]
				}
				if err := p.Fetch(t.Context()); err != nil {
					t.Fatal(err)
				}
				if err := p.Commit(o.Path, false); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(d.read(o.Path), s.body) {
					t.Error("not the object")
				}
				if s.served > 42*mib {
					t.Errorf("%d bytes were served", s.served)
				}
			})
		})
	}
}
