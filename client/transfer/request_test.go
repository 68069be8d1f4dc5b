package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

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
		"to nowhere":  {repeat(hop("/y%zz?sig=SECRET"), 9), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(mib)
				s.tricks = c.tricks
				o := options(s, dir)
				o.Retries = 3
				p, err := get(t, o)
				if (err == nil) != c.ok {
					t.Fatal(err)
				}
				if err != nil && strings.Contains(err.Error()+p.Snapshot().LastError, "SECRET") {
					t.Errorf("the error shows the link: %v", err)
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
		s.tricks = []trick{answer(302, "", "Location", link)}
		o = options(s, t.TempDir())
		o.Link = func(context.Context, bool) (string, error) { return "http://127.0.0.1:2/x", nil }
		if _, err := get(t, o); (err == nil) != ok && link != "::" { // that one is a path
			t.Errorf("redirected to %s: %v", link, err)
		}
	}
}

// TestWhatAResumeAsks: a range from the first missing byte on, under the mark
// that the object had if it is a strong one, else with the last bytes again.
func TestWhatAResumeAsks(t *testing.T) {
	t.Parallel()
	date := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		etag         string
		modified     time.Time
		asks, iffing string
	}{
		"a strong ETag":              {`"x"`, time.Time{}, "bytes=1048576-", `"x"`},
		"a strong ETag and a date":   {`"x"`, date, "bytes=1048576-", `"x"`},
		"a weak ETag":                {`W/"x"`, time.Time{}, "bytes=983040-", ""},
		"a weak ETag and a date":     {`W/"x"`, date, "bytes=983040-", ""},
		"a date":                     {"", date, "bytes=1048576-", date.Format(http.TimeFormat)},
		"a date of this very moment": {"", time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), "bytes=983040-", ""},
		"neither":                    {"", time.Time{}, "bytes=983040-", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { // the clock of a bubble begins in 2000
				s := newServer(2 * mib)
				s.etag, s.modified = c.etag, c.modified
				s.tricks = []trick{cut(mib)}
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				h := s.requests[1].Header
				if len(s.requests) != 2 || h.Get("Range") != c.asks || h.Get("If-Range") != c.iffing || h.Get("If-Match") != "" {
					t.Errorf("%d requests, then %v", len(s.requests), h)
				}
			})
		})
	}
}

// TestWhatPartsAsk: bounded ranges, refused by the server when the object is
// another one.
func TestWhatPartsAsk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wide(40 * mib)
		o := options(s, "/folder")
		o.disk = newMemoryDisk()
		if _, err := get(t, o); err != nil {
			t.Fatal(err)
		}
		parts := 0
		for _, req := range s.requests[1:] {
			h := req.Header
			if isPart(req) && h.Get("If-Match") == `"one"` && h.Get("If-Range") == `"one"` {
				parts++
			}
		}
		if parts < 3 || parts != len(s.requests)-1 {
			t.Errorf("%d of %d requests are for parts", parts, len(s.requests))
		}
	})
}

// TestAfterARedirectTheLinkIsAskedAgain: where it leads may be short-lived, so
// each request begins at the link, and the range goes with it, and nothing else.
func TestAfterARedirectTheLinkIsAskedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(3 * mib)
		hop := func(n string) trick { return answer(307, "", "Location", "https://cdn.test:8443/y?once="+n) }
		s.tricks = []trick{hop("1"), cut(mib), hop("2"), cut(mib), hop("3")}
		p, err := get(t, options(s, dir))
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		var story []string
		for _, req := range s.requests {
			story = append(story, strings.TrimSpace(req.URL.Host+" "+req.URL.RawQuery+" "+req.Header.Get("Range")))
			for name := range req.Header {
				switch name {
				case "Accept-Encoding", "User-Agent", "Range", "If-Range":
				default:
					t.Errorf("sent %s", name)
				}
			}
		}
		want := "files.test sig=SECRET|cdn.test:8443 once=1|" +
			"files.test sig=SECRET bytes=1048576-|cdn.test:8443 once=2 bytes=1048576-|" +
			"files.test sig=SECRET bytes=2097152-|cdn.test:8443 once=3 bytes=2097152-"
		if got := strings.Join(story, "|"); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
	})
}

// TestStatuses: which of them are tried again, which want a fresh link, and
// which are the end.
func TestStatuses(t *testing.T) {
	t.Parallel()
	const (
		again = "again"
		fresh = "a fresh link"
		end   = "the end"
	)
	for status, want := range map[int]string{
		400: fresh, 401: fresh, 403: fresh, 404: fresh, 410: fresh,
		408: again, 425: again, 429: again, 500: again, 502: again, 503: again, 504: again, 507: again,
		204: end, 205: end, 304: end, 402: end, 405: end, 406: end, 411: end, 414: end, 451: end,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(2 * mib)
				s.tricks = []trick{cut(mib), answer(status, "")}
				o := options(s, dir)
				got := again
				o.Link = func(_ context.Context, renew bool) (string, error) {
					if renew {
						got = fresh
					}
					return "https://files.test/x", nil
				}
				p, err := get(t, o)
				if err != nil {
					got = end
					if done := p.Snapshot().Done; done != mib {
						t.Errorf("%d bytes are kept", done)
					}
				} else {
					same(t, p, s.body)
				}
				if got != want {
					t.Errorf("%s, want %s (%v)", got, want, err)
				}
			})
		})
	}
}

// TestSwitchedProtocolIsNotReadFrom: after 101 the body is the bare connection,
// whose Read no context ends.
func TestSwitchedProtocolIsNotReadFrom(t *testing.T) {
	t.Parallel()
	s := newServer(mib)
	s.tricks = []trick{func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		resp.StatusCode, resp.Body = http.StatusSwitchingProtocols, unread{t}
		return resp, nil
	}}
	var refused *RefusedError
	if _, err := get(t, options(s, t.TempDir())); !errors.As(err, &refused) || refused.Status != http.StatusSwitchingProtocols {
		t.Error(err)
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("read from")
	return 0, io.EOF
}

func (unread) Close() error { return nil }

// TestCodesOfStores: how the stores say that a link has expired. The first
// refusal brings a fresh link; a second one ends it and is told.
func TestCodesOfStores(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		code   string
	}{
		"Amazon":                    {403, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message><Expires>2026-01-01T00:00:00Z</Expires></Error>`, "AccessDenied"},
		"Amazon, a role that ended": {400, `<Error><Code>ExpiredToken</Code></Error>`, "ExpiredToken"},
		"Amazon, a clock":           {403, `<Error><Code>RequestTimeTooSkewed</Code></Error>`, "RequestTimeTooSkewed"},
		"Google":                    {400, `<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message></Error>`, "ExpiredToken"},
		"Cloudflare":                {403, `<Error><Code>ExpiredRequest</Code><Message>Request has expired</Message></Error>`, "ExpiredRequest"},
		"Azure":                     {403, "\ufeff" + `<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code></Error>`, "AuthenticationFailed"},
		"a signature":               {403, `<Error><Code>SignatureDoesNotMatch</Code></Error>`, "SignatureDoesNotMatch"},
		"JSON":                      {401, `{"code":"Unauthorized","message":"x"}`, "Unauthorized"},
		"JSON of another kind":      {410, `{"error":"gone"}`, "gone"},
		"no word":                   {404, "not found", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(2 * mib)
				s.tricks = append([]trick{cut(mib)}, repeat(answer(c.status, c.body), 9)...)
				p, err := get(t, options(s, dir))
				var refused *RefusedError
				if !errors.Is(err, ErrGone) || !errors.As(err, &refused) || refused.Code.Raw() != c.code || refused.Status != c.status {
					t.Fatalf("%v", err)
				}
				if n := len(s.requests); n != 3 {
					t.Errorf("%d requests, want one, its refusal, and that of a fresh link", n)
				}
				if done := p.Snapshot().Done; done != mib {
					t.Errorf("%d bytes are kept", done)
				}
			})
		})
	}
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
