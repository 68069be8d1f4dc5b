package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const mib = 1 << 20

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
		"206 multipart":                      {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("Content-Type", "multipart/byteranges; boundary=x") })}},
		"206 gzip":                           {tricks: []trick{cut(mib), gz}},
		"206 with another ETag":              {tricks: []trick{cut(mib), edit(func(h http.Header) { h.Set("ETag", `"cdn"`) })}},
		"link expired, XML":                  {tricks: []trick{cut(mib), answer(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")}},
		"link expired, 400":                  {tricks: []trick{cut(mib), answer(400, `{"code":"ExpiredToken"}`)}},
		"link expired, 410":                  {tricks: []trick{cut(mib), answer(410, "")}},
		"captive portal":                     {tricks: []trick{cut(mib), answer(200, "<html>log in</html>", "Content-Type", "text/html; charset=utf-8")}},
		"captive portal at first":            {tricks: []trick{answer(200, "<html>log in</html>", "Content-Type", "text/html")}},
		"spurious 416":                       {tricks: []trick{cut(mib), answer(416, "", "Content-Range", "bytes */3145728")}},
		"spurious 416, silent":               {tricks: []trick{cut(mib), answer(416, "")}},
		"416 for ever":                       {tricks: append([]trick{cut(mib)}, repeat(answer(416, "", "Content-Range", "bytes */3145728"), 2)...)},
		"256 KiB a connection":               {tricks: repeat(cut(mib/4), 11)},
		"reset":                              {tricks: append([]trick{cut(mib)}, repeat(refuse(syscall.ECONNRESET), 3)...)},
		"503 and Retry-After":                {tricks: append([]trick{cut(mib)}, repeat(answer(503, "", "Retry-After", "7"), 2)...)},
		"429":                                {tricks: []trick{cut(mib), answer(429, "")}},
		"stall":                              {tricks: []trick{cut(mib), stall(mib / 2)}},
		"no answer":                          {tricks: []trick{cut(mib), silence}},
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

func TestNoValidatorComparesBytes(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]bool{"same": false, "changed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(3 * mib)
				s.etag, s.modified = "", time.Time{}
				s.tricks = []trick{cut(mib), func(s *server, req *http.Request, honest *http.Response) (*http.Response, error) {
					if !changes {
						return honest, nil
					}
					s.body = newServer(3*mib + 1).body[1:] // another object of the same size
					return s.honest(req), nil
				}}
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				if got := s.requests[1].Header.Get("Range"); got != "bytes=983040-" {
					t.Errorf("asked for %q, want the last 64 KiB again", got)
				}
			})
		})
	}
}

func TestValidators(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC)
	at := func(s int) string { return time.Date(2026, 1, 1, 0, 0, s, 0, time.UTC).Format(http.TimeFormat) }
	for _, c := range []struct {
		v    validator
		want string
	}{
		{validator{ETag: `"x"`}, `"x"`},
		{validator{ETag: `W/"x"`, LastModified: at(0), Date: date}, ""},
		{validator{LastModified: at(0), Date: date}, at(0)},
		{validator{LastModified: at(5), Date: date}, ""}, // may still change in that second
		{validator{LastModified: "yesterday", Date: date}, ""},
		{validator{}, ""},
	} {
		if got := c.v.strong(); got != c.want {
			t.Errorf("%+v: If-Range %q, want %q", c.v, got, c.want)
		}
	}
}

func TestLinkIsRenewedOnceAndThenGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		s.tricks = append([]trick{cut(mib)}, repeat(answer(403, "<Error><Code>ExpiredRequest</Code></Error>"), 9)...)
		o := options(s, dir)
		renewed := 0
		o.Link = func(_ context.Context, renew bool) (string, error) {
			if renew {
				renewed++
			}
			return "https://files.test/x?sig=SECRET", nil
		}
		p, err := get(t, o)
		var refused *RefusedError
		if !errors.Is(err, ErrGone) || !errors.As(err, &refused) || refused.Code != "ExpiredRequest" || renewed != 1 {
			t.Fatalf("%v after %d renewals", err, renewed)
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Error("the error shows the link")
		}
		if got := p.Snapshot(); got.Done != mib {
			t.Errorf("%d bytes are kept", got.Done)
		}
		s.tricks = nil
		if err := p.Fetch(t.Context()); err != nil { // and it goes on later
			t.Fatal(err)
		}
		same(t, p, s.body)
	})
}

func TestLinkThatCannotBeRenewedNow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		s.tricks = []trick{cut(mib), answer(403, "")}
		o := options(s, dir)
		var asked []time.Time
		o.Link = func(_ context.Context, renew bool) (string, error) {
			if renew {
				if asked = append(asked, time.Now()); len(asked) < 3 {
					return "", &TemporaryError{errors.New("offline")}
				}
			}
			return "https://files.test/x", nil
		}
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		for i := range asked {
			if i > 0 && asked[i].Sub(asked[i-1]) < renewEvery {
				t.Errorf("asked again after %v", asked[i].Sub(asked[i-1]))
			}
		}
	})
}

func TestGivesUpAndKeepsThePart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		s.tricks = append([]trick{cut(mib)}, repeat(refuse(syscall.ECONNREFUSED), 50)...)
		p, err := get(t, options(s, dir))
		if !errors.Is(err, ErrGaveUp) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		if n := len(s.requests); n != 1+defaultRetries+1-1 && n != 1+defaultRetries {
			t.Errorf("%d requests", n)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		found, err := Peek(options(s, dir).Path)
		if err != nil || found.State != StateActive || found.Done != mib || found.Locked {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(mib)
		s.tricks = []trick{answer(503, "", "Retry-After", "120")}
		began := time.Now()
		if _, err := get(t, options(s, dir)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d < 2*time.Minute || d > 3*time.Minute {
			t.Errorf("came back after %v", d)
		}
	})
}

func TestObjectThatNeverHoldsStill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(mib)
		for i := range 100 {
			s.tricks = append(s.tricks, func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
				s.etag = `"` + strings.Repeat("x", i+1) + `"`
				return cutBody(s.honest(req), 1000, io.ErrUnexpectedEOF), nil
			})
		}
		if _, err := get(t, options(s, dir)); !errors.Is(err, ErrGaveUp) {
			t.Error(err)
		}
	})
}

func TestDigestOfTheServer(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]func(sum string) (string, string){
		"Repr-Digest": func(s string) (string, string) { return "Repr-Digest", "sha-256=:" + s + ":" },
		"Digest":      func(s string) (string, string) { return "Digest", "md5=abc,SHA-256=" + s },
		"Amazon's":    func(s string) (string, string) { return "X-Amz-Checksum-Sha256", s },
	} {
		for _, right := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				synctest.Test(t, func(t *testing.T) {
					s := newServer(mib)
					sum := sha256.Sum256(s.body)
					if !right {
						sum[0]++
					}
					k, v := field(base64.StdEncoding.EncodeToString(sum[:]))
					s.tricks = []trick{edit(func(h http.Header) {
						h.Set(k, v)
						h.Set("X-Amz-Checksum-Type", "FULL_OBJECT")
					})}
					p, err := get(t, options(s, dir))
					if right != (err == nil) || !right && !errors.Is(err, ErrDigest) {
						t.Fatal(err)
					}
					if err := p.Commit(p.o.Path, false); err != nil { // complete all the same
						t.Error(err)
					}
				})
			})
		}
	}
}

func TestWrongDigestAfterAResumeStartsOverOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		other := bytes.Clone(newServer(2*mib + 1).body[1:])
		copy(other[mib-overlapSize:], s.body[mib-overlapSize:]) // the overlap cannot tell
		sum := sha256.Sum256(s.body)
		good := s.body
		s.etag, s.modified, s.body = "", time.Time{}, other
		s.tricks = []trick{cut(mib)}
		o := options(s, dir)
		o.Retries = 1
		o.SHA256 = hex.EncodeToString(sum[:])
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s.tricks = []trick{func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
			cancel()
			return cutBody(resp, mib, context.Canceled), nil
		}}
		_ = p.Fetch(ctx)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		found, _ := Peek(o.Path)
		s.body, s.tricks = good, nil
		p, err = get(t, o)
		if err != nil {
			t.Fatalf("%v (part had %d bytes)", err, found.Done)
		}
		same(t, p, good)
	})
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	hop := func(to string) trick { return answer(302, "", "Location", to) }
	for name, c := range map[string]struct {
		tricks []trick
		ok     bool
	}{
		"other host":  {[]trick{hop("https://cdn.test/y?sig=2")}, true},
		"five":        {repeat(hop("https://cdn.test/y"), 5), true},
		"six":         {repeat(hop("https://cdn.test/y"), 6), false},
		"to http":     {[]trick{hop("http://cdn.test/y")}, false},
		"to loopback": {[]trick{hop("http://127.0.0.1/y")}, false},
		"to file":     {[]trick{hop("file:///etc/passwd")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(mib)
				s.tricks = c.tricks
				p, err := get(t, options(s, dir))
				if (err == nil) != c.ok {
					t.Fatal(err)
				}
				if c.ok {
					same(t, p, s.body)
				} else if n := len(s.requests); n > 6 {
					t.Errorf("a hopeless redirect was tried %d times", n)
				}
				for _, req := range s.requests {
					if req.Header.Get("Referer") != "" || req.Header.Get("Cookie") != "" {
						t.Errorf("redirected with %v", req.Header)
					}
				}
			})
		})
	}
}

func TestPlainHTTPOffThisMachineIsRefused(t *testing.T) {
	t.Parallel()
	for link, ok := range map[string]bool{
		"http://files.test/x": false, "http://10.0.0.1/x": false, "ftp://files.test/x": false, "::": false, "https:///x": false,
		"http://127.0.0.1:1/x": true, "http://[::1]/x": true, "http://localhost/x": true,
	} {
		s := newServer(10)
		o := options(s, t.TempDir())
		o.Link = func(context.Context, bool) (string, error) { return link, nil }
		if _, err := get(t, o); (err == nil) != ok {
			t.Errorf("%s: %v", link, err)
		}
	}
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

func TestNoRoom(t *testing.T) {
	t.Parallel()
	s := newServer(10)
	s.tricks = []trick{func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		resp.ContentLength = 1 << 60
		return resp, nil
	}}
	p, err := get(t, options(s, t.TempDir()))
	if !errors.Is(err, ErrDiskFull) {
		t.Fatal(err)
	}
	if n := p.Snapshot().Attempts; n != 1 {
		t.Errorf("%d requests for a file that has no room", n)
	}
}

// TestOtherMarkWithAKnownDigest: the nodes of some stores mark the same object
// differently. Where the digest was told, the last bytes are compared and the
// rest is not fetched again.
func TestOtherMarkWithAKnownDigest(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]bool{"the same object": false, "another one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(4 * mib)
				s.tricks = []trick{cut(3 * mib), func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
					s.etag = `"another node"`
					if changes {
						s.body = newServer(4*mib + 1).body[1:]
					}
					return s.honest(req), nil
				}}
				o := options(s, dir)
				object := s.body
				if changes {
					object = newServer(4*mib + 1).body[1:]
				}
				sum := sha256.Sum256(object)
				o.SHA256 = hex.EncodeToString(sum[:])
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, object)
				if !changes && s.served > 4*mib+2*overlapSize {
					t.Errorf("%d bytes were served", s.served)
				}
			})
		})
	}
}

// TestAPassingAnswerAboutAnotherObjectCostsNothing: the bytes that are here are
// kept until a second answer says the same.
func TestAPassingAnswerAboutAnotherObjectCostsNothing(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]trick{
		"another size": answer(416, "", "Content-Range", "bytes */17"),
		"another mark": edit(func(h http.Header) { h.Set("ETag", `"x"`) }),
		"no file":      answer(200, `{"error":"log in"}`, "Content-Type", "application/json"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(4 * mib)
				s.tricks = append([]trick{cut(3 * mib), lie}, repeat(refuse(syscall.ECONNREFUSED), 50)...)
				p, err := get(t, options(s, dir))
				if !errors.Is(err, ErrGaveUp) {
					t.Fatal(err)
				}
				if done := p.Snapshot().Done; done != 3*mib {
					t.Errorf("%d bytes are kept", done)
				}
			})
		})
	}
}

func TestHeadersOfARequest(t *testing.T) {
	t.Parallel()
	s := newServer(1000)
	for link, want := range map[string]string{
		"https://files.test/x?X-Amz-SignedHeaders=host%3Bx-amz-checksum-mode&sig=1": "ENABLED",
		"https://files.test/x?X-Amz-SignedHeaders=host&sig=1":                       "",
	} {
		o := options(s, t.TempDir())
		o.Link = func(context.Context, bool) (string, error) { return link, nil }
		s.requests = nil
		if _, err := get(t, o); err != nil {
			t.Fatal(err)
		}
		h := s.requests[0].Header
		if got := h.Get("X-Amz-Checksum-Mode"); got != want {
			t.Errorf("%s: %q, want %q", link, got, want)
		}
		for name := range h {
			switch name {
			case "Accept-Encoding", "User-Agent", "X-Amz-Checksum-Mode":
			default:
				t.Errorf("sent %s", name)
			}
		}
	}
}
