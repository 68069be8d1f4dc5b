package transfer

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// Each fault comes after the first MiB has arrived. Whatever the server does,
// the file is its object byte for byte, or the error says that it is not.
func TestServerFaults(t *testing.T) {
	t.Parallel()
	gz := edit(func(h http.Header) { h.Set("Content-Encoding", "gzip") })
	for name, c := range map[string]struct {
		tricks []trick
		fresh  bool // starting over from the first byte is right
	}{
		"cut":                       {tricks: []trick{cut(mib), cut(mib / 2)}},
		"range ignored":             {tricks: []trick{cut(mib), whole}},
		"range ignored for ever":    {tricks: []trick{cut(mib), wholeUpTo(mib + mib/2), wholeUpTo(2 * mib), whole}},
		"changed, If-Range":         {tricks: []trick{cut(mib), changeTo(3*mib, true)}, fresh: true},
		"changed, If-Range ignored": {tricks: []trick{cut(mib), changeTo(3*mib, false)}, fresh: true},
		"changed, the part unmarked": {tricks: []trick{cut(mib), func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
			s.body, s.etag = newServer(3*mib + 1).body[1:], ""
			s.modified = time.Time{}
			req = req.Clone(req.Context())
			req.Header.Del("If-Range")
			return s.honest(req), nil
		}}, fresh: true},
		"shrank": {tricks: []trick{cut(mib), changeTo(mib/2, false)}, fresh: true},
		"grew":   {tricks: []trick{cut(mib), changeTo(4*mib, false)}, fresh: true},
		"206 starting elsewhere": {tricks: []trick{cut(mib), func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
			req = req.Clone(req.Context())
			req.Header.Set("Range", "bytes=0-")
			return s.honest(req), nil
		}}},
		"206 without Content-Range":          {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Del("Content-Range") })}},
		"206 for ever without Content-Range": {tricks: append([]trick{cut(mib)}, repeat(edit(func(h http.Header) { h.Del("Content-Range") }), 2)...)},
		"206 without a size of the whole":    {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("Content-Range", "bytes 1048576-3145727/*") })}},
		"206 of an object of another size":   {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("Content-Range", "bytes 1048576-3145727/3145729") })}},
		"206 that ends behind the object":    {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("Content-Range", "bytes 1048576-3145728/3145728") })}},
		"206 shorter than asked":             {tricks: append([]trick{cut(mib)}, repeat(shorter(300<<10), 5)...)},
		"206 longer than it says":            {tricks: []trick{cut(mib), shorter(mib / 2), longer}},
		"206 of another length than its range": {tricks: []trick{cut(mib), func(_ *server, _ *http.Request, r *http.Response) (*http.Response, error) {
			r.ContentLength--
			return r, nil
		}}},
		"206 with a weak ETag of the same name": {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("ETag", `W/"one"`) })}},
		"206 without an ETag":                   {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Del("ETag") })}},
		"206 without any mark":                  {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Del("ETag"); h.Del("Last-Modified") })}},
		"206 to the first request":              {tricks: []trick{answer(206, "abc", "Content-Range", "bytes 0-2/3145728"), cut(mib)}},
		"200 longer than it says": {tricks: []trick{func(s *server, _ *http.Request, r *http.Response) (*http.Response, error) {
			r.Body = io.NopCloser(io.MultiReader(r.Body, bytes.NewReader(s.body)))
			return r, nil
		}}},
		"200 compressed, where the file was not": {tricks: []trick{cut(mib), func(s *server, req *http.Request, r *http.Response) (*http.Response, error) {
			r, err := whole(s, req, r)
			r.Header.Set("Content-Encoding", "gzip")
			return r, err
		}}},
		"compressed, the first answer says, and no other": {tricks: []trick{func(s *server, req *http.Request, r *http.Response) (*http.Response, error) {
			r.Header.Set("Content-Encoding", "gzip")
			return cut(mib)(s, req, r)
		}}, fresh: true},
		"206 multipart":                   {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("Content-Type", "multipart/byteranges; boundary=x") })}},
		"206 gzip":                        {tricks: []trick{cut(mib), gz}},
		"206 with another ETag":           {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("ETag", `"cdn"`) })}},
		"link expired, XML":               {tricks: []trick{cut(mib), answer(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")}},
		"link expired, 400":               {tricks: []trick{cut(mib), answer(400, `{"code":"ExpiredToken"}`)}},
		"link expired, 410":               {tricks: []trick{cut(mib), answer(410, "")}},
		"link expired again and again":    {tricks: []trick{cut(mib / 4), answer(403, ""), cut(mib / 4), answer(403, ""), cut(mib / 4), answer(403, ""), cut(mib / 4), answer(403, "")}},
		"fresh link is of another object": {tricks: []trick{cut(mib), answer(403, ""), changeTo(3*mib, false)}, fresh: true},
		"captive portal":                  {tricks: []trick{cut(mib), answer(200, "<html>log in</html>", "Content-Type", "text/html; charset=utf-8")}},
		"captive portal at first":         {tricks: []trick{answer(200, "<html>log in</html>", "Content-Type", "text/html")}},
		"captive portal for ever":         {tricks: append([]trick{cut(mib)}, repeat(answer(200, "<html>log in</html>", "Content-Type", "text/html; charset=utf-8"), defaultRetries-1)...)},
		"spurious 416":                    {tricks: []trick{cut(mib), answer(416, "", "Content-Range", "bytes */3145728")}},
		"spurious 416, silent":            {tricks: []trick{cut(mib), answer(416, "")}},
		"416 for ever":                    {tricks: append([]trick{cut(mib)}, repeat(answer(416, "", "Content-Range", "bytes */3145728"), 2)...)},
		"256 KiB a connection":            {tricks: repeat(cut(mib/4), 11)},
		"reset":                           {tricks: append([]trick{cut(mib)}, repeat(refuse(syscall.ECONNRESET), 3)...)},
		"503 and Retry-After":             {tricks: append([]trick{cut(mib)}, repeat(answer(503, "", "Retry-After", "7"), 2)...)},
		"429":                             {tricks: []trick{cut(mib), answer(429, "")}},
		"stall":                           {tricks: []trick{cut(mib), stall(mib / 2)}},
		"no answer":                       {tricks: []trick{cut(mib), silence}},
		"clean end too early": {tricks: []trick{cut(mib), func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
			resp.Body = io.NopCloser(io.LimitReader(resp.Body, mib/2))
			return resp, nil
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(3 * mib)
				s.tricks = c.tricks
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				if len(s.tricks) != 0 {
					t.Errorf("%d tricks were not played", len(s.tricks))
				}
				for i, req := range s.requests {
					if req.Method != http.MethodGet || req.Header.Get("Accept-Encoding") != "identity" || req.Header.Get("Authorization") != "" {
						t.Errorf("request %d: %s %v", i, req.Method, req.Header)
					}
				}
				if first := s.requests[0].Header.Get("Range"); first != "" {
					t.Errorf("the first request asks for %s", first)
				}
				if limit := int64(len(s.body)) * 9 / 4; !c.fresh && s.served > limit && !strings.Contains(name, "ever") {
					t.Errorf("%d bytes were served for %d", s.served, len(s.body))
				}
			})
		})
	}
}

// shorter answers with no more than so many bytes of the range that was asked
// for, as servers may (RFC 9110, 15.3.7).
func shorter(n int64) trick {
	return func(s *server, _ *http.Request, honest *http.Response) (*http.Response, error) {
		from, to, total, ok := parseContentRange(honest.Header.Get("Content-Range"))
		if !ok {
			return honest, nil
		}
		to = min(to, from+n)
		honest.ContentLength = to - from
		honest.Header.Set("Content-Length", strconv.FormatInt(to-from, 10))
		honest.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, total))
		honest.Body = io.NopCloser(bytes.NewReader(s.body[from:to]))
		return honest, nil
	}
}

// longer goes on after the range that it tells, in an answer without a length.
func longer(s *server, req *http.Request, honest *http.Response) (*http.Response, error) {
	resp, err := shorter(mib/4)(s, req, honest)
	resp.ContentLength = -1
	resp.Header.Del("Content-Length")
	resp.Body = io.NopCloser(io.MultiReader(resp.Body, bytes.NewReader(s.body)))
	return resp, err
}

// TestObjectThatIsStoredCompressed: its bytes are kept as they are, ranges and
// size are of those, and a part of it is one, too.
func TestObjectThatIsStoredCompressed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(3 * mib)
		coded := func(then trick) trick {
			return func(s *server, req *http.Request, r *http.Response) (*http.Response, error) {
				r.Header.Set("Content-Encoding", "gzip")
				return then(s, req, r)
			}
		}
		s.tricks = []trick{coded(cut(mib)), coded(edit(func(http.Header) {}))}
		p, err := get(t, options(s, dir))
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		if s.served != 3*mib {
			t.Errorf("%d bytes were served", s.served)
		}
	})
}

// TestServerWithoutRangesAndMarks: nothing can be resumed there. What is here is
// compared, and not lost when a try brings less than the one before.
func TestServerWithoutRangesAndMarks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(3 * mib)
		s.etag, s.modified = "", time.Time{}
		bare := func(n int64) trick {
			return func(s *server, req *http.Request, r *http.Response) (*http.Response, error) {
				r, err := whole(s, req, r)
				r.Header.Del("Accept-Ranges")
				return cutBody(r, n, io.ErrUnexpectedEOF), err
			}
		}
		s.tricks = []trick{bare(2 * mib), bare(mib), bare(mib / 2), bare(3 * mib)}
		p, err := get(t, options(s, dir))
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		if got := p.Snapshot(); got.ThisRun != 3*mib || got.Restarts != 0 {
			t.Errorf("%d bytes are new, %d restarts", got.ThisRun, got.Restarts)
		}
	})
}

func TestUnknownSize(t *testing.T) {
	t.Parallel()
	chunked := func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		resp.ContentLength, resp.TransferEncoding = -1, []string{"chunked"}
		resp.Header.Del("Content-Length")
		return resp, nil
	}
	bare := func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		resp.ContentLength = -1
		return resp, nil
	}
	short := func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		resp.ContentLength = -1
		resp.Body = io.NopCloser(io.LimitReader(resp.Body, 1000))
		return resp, nil
	}
	for name, c := range map[string]struct {
		tricks []trick
		told   int64
	}{
		"chunked":                   {[]trick{chunked}, -1},
		"chunked, told wrong":       {[]trick{chunked}, 5},
		"until the end":             {[]trick{bare}, -1},
		"until the end, told":       {[]trick{bare}, mib},
		"until the end, told less":  {[]trick{bare}, 5},
		"cut without anyone saying": {[]trick{short}, mib},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(mib)
				s.tricks = c.tricks
				o := options(s, dir)
				o.Size = c.told
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
			})
		})
	}
}

func TestEmptyObject(t *testing.T) {
	t.Parallel()
	s := newServer(0)
	p, err := get(t, options(s, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	same(t, p, nil)
}
