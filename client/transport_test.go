package client

import (
	"bytes"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func to(status int, location string) answer { return says(status, "", "Location", location) }

func TestRequestCarriesOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	s := play(t, says(200, `{"status":"x"}`), says(200, `{"exportJobId":"e"}`))
	api := s.client()
	if _, err := api.Export(t.Context(), "e1"); err != nil {
		t.Fatal(err)
	}
	if _, err := api.Create(t.Context(), request()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Accept: application/json, Authorization: Bearer " + testKey + ", User-Agent: test/1",
		"Accept: application/json, Authorization: Bearer " + testKey + ", Content-Type: application/json, User-Agent: test/1",
	}
	for i, a := range s.asked {
		if got := headers(a.Header); got != want[i] {
			t.Errorf("%s carries %s", a.Method, got)
		}
	}
}

func headers(h http.Header) string {
	var out bytes.Buffer
	_ = h.Write(&out) // sorted; a Buffer takes everything
	return strings.Join(strings.Split(strings.TrimSpace(out.String()), "\r\n"), ", ")
}

func TestKeyStaysWithItsOrigin(t *testing.T) {
	t.Parallel()
	const ok = `{"status":"x"}`
	cases := []struct {
		name  string
		hops  []string // where the answers lead
		keyed []bool   // which requests carry the key
	}{
		{"same origin", []string{"/api/v1/exports/e1/"}, []bool{true, true}},
		{"same origin, spelled out", []string{"https://API.example.test:443/x"}, []bool{true, true}},
		{"another port", []string{"https://api.example.test:8443/x"}, []bool{true, false}},
		{"a host below", []string{"https://cdn.api.example.test/x"}, []bool{true, false}},
		{"another host", []string{"https://bucket.s3.test/x?sig=1"}, []bool{true, false}},
		{"plain http on loopback is refused from https", []string{"http://127.0.0.1/x"}, []bool{true}},
		{"plain http", []string{"http://api.example.test/x"}, []bool{true}},
		{"user info is dropped", []string{"https://u:p@api.example.test/x"}, []bool{true, true}},
		{"away and back", []string{"https://evil.test/x", "https://api.example.test/y"}, []bool{true, false, false}},
		{"no location", []string{""}, []bool{true}},
		{"another scheme", []string{"file:///etc/passwd"}, []bool{true}},
		{"five", []string{"/1", "/2", "/3", "/4", "/5"}, []bool{true, true, true, true, true, true}},
		{"six", []string{"/1", "/2", "/3", "/4", "/5", "/6"}, []bool{true, true, true, true, true, true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := play(t)
			for i, hop := range c.hops {
				s.answers = append(s.answers, to([]int{301, 302, 303, 307, 308}[i%5], hop))
			}
			arrives := len(c.keyed) > len(c.hops)
			if arrives {
				s.answers = append(s.answers, says(200, ok))
			}
			_, err := s.client().Export(t.Context(), "e1")
			if arrives && err != nil {
				t.Error(err)
			}
			if !arrives {
				onlyKind(t, err, ErrProtocol)
			}
			if len(s.asked) != len(c.keyed) {
				t.Fatalf("%d requests, want %d", len(s.asked), len(c.keyed))
			}
			for i, a := range s.asked {
				want := "Accept: application/json, User-Agent: test/1"
				if c.keyed[i] {
					want = "Accept: application/json, Authorization: Bearer " + testKey + ", User-Agent: test/1"
				}
				if got := headers(a.Header); got != want {
					t.Errorf("request %d to %s carries %s", i, a.URL, got)
				}
				if strings.Contains(a.URL, "@") {
					t.Errorf("request %d goes to %s", i, a.URL)
				}
			}
		})
	}
}

func TestLoopbackLeadsToNoPlainHTTPElsewhere(t *testing.T) {
	t.Parallel()
	for location, safe := range map[string]bool{
		"http://evil.test/": false, "http://localhost.evil.test/": false, "ftp://127.0.0.1/": false,
		"http://127.0.0.2:99/": true, "https://elsewhere.test/": true,
	} {
		s := play(t, to(302, location))
		if safe {
			s.answers = append(s.answers, says(200, `{"status":"x"}`))
		}
		_, err := s.client(func(o *Options) { o.BaseURL = "http://127.0.0.1:8080" }).Export(t.Context(), "e1")
		if safe && err != nil || !safe && !errors.Is(err, ErrProtocol) {
			t.Errorf("to %s: %v", location, err)
		}
	}
}

func TestAnotherOriginsWordDoesNotCount(t *testing.T) {
	t.Parallel()
	s := play(t, answer{status: 302, undated: true, header: http.Header{"Location": {"https://evil.test/"}}},
		says(401, "", "X-RateLimit-Remaining", "0", "Date", "Thu, 01 Jan 1970 00:00:00 GMT"))
	api := s.client()
	_, err := api.Export(t.Context(), "e1")
	onlyKind(t, err, ErrProtocol)
	if b := api.Budget(); b.Known {
		t.Errorf("budget %+v was taken from another origin", b)
	}
	if api.clockKnown() {
		t.Error("the clock was taken from another origin")
	}
}

func TestPostRedirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{307, 308} {
		s := play(t, to(status, "/moved"), says(201, `{"exportJobId":"e1"}`))
		got, err := s.client().Create(t.Context(), request())
		if err != nil || got.ID != "e1" {
			t.Errorf("%d: %v, %v", status, got, err)
		}
		if s.asked[1].Method != "POST" || s.asked[1].Body != s.asked[0].Body || s.asked[1].Body == "" {
			t.Errorf("%d became %s with body %q", status, s.asked[1].Method, s.asked[1].Body)
		}
	}
	for _, a := range []answer{
		to(301, "/moved"), to(302, "/moved"), to(307, "https://evil.test/"), to(308, "https://api.example.test:8443/"), to(307, ""),
	} {
		s := play(t, a)
		_, err := s.client().Create(t.Context(), request())
		onlyKind(t, err, ErrProtocol)
	}
}

// TestRealServer goes over a socket, with the transport that New makes.
func TestRealServer(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Referer") != "" {
			t.Errorf("%s got %s", r.URL, headers(r.Header))
		}
		_, _ = w.Write([]byte(`{"status":"completed"}`))
	}))
	defer elsewhere.Close()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+testKey {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, elsewhere.URL+"/x", http.StatusFound)
	}))
	defer api.Close()
	c, err := New(Options{BaseURL: api.URL, Key: NewKey(testKey)})
	if err != nil {
		t.Fatal(err)
	}
	exp, err := c.Export(t.Context(), "e1")
	if err != nil || exp.Stage != StageCompleted {
		t.Errorf("%+v, %v", exp, err)
	}
}

// TestWhatReachedTheServer: over real sockets, which failed POSTs certainly
// did nothing, and which may have.
func TestWhatReachedTheServer(t *testing.T) {
	t.Parallel()
	hangUp := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	defer hangUp.Close()
	halfAnswer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"exportJobId":"e1"`)
	}))
	defer halfAnswer.Close()
	unknownCert := httptest.NewUnstartedServer(http.NotFoundHandler())
	unknownCert.Config.ErrorLog = log.New(io.Discard, "", 0)
	unknownCert.StartTLS()
	defer unknownCert.Close()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	cases := []struct {
		name, url       string
		unhandled, lost bool
	}{
		{"hangs up after the request", hangUp.URL, false, true},
		{"half an answer", halfAnswer.URL, false, true},
		{"a certificate that nobody knows", unknownCert.URL, true, false},
		{"nobody listens", closed.URL, true, false},
	}
	for _, c := range cases {
		api, err := New(Options{BaseURL: c.url, Key: NewKey(testKey)})
		if err != nil {
			t.Fatal(err)
		}
		to, err := api.base.call([]string{"exports"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := api.once(t.Context(), call{step: "create export", method: http.MethodPost, body: []byte("{}")}, to)
		onlyKind(t, out.err, ErrNetwork)
		if out.unhandled != c.unhandled || out.lost() != c.lost {
			t.Errorf("%s: unhandled %v, lost %v: %v", c.name, out.unhandled, out.lost(), out.err)
		}
	}
}

func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	s := play(t, to(302, "https://s3.test/f?sig=hunter2"), says(200, `{"status":"x"}`),
		says(404, `{"message":"no \u001b[2J at /f?sig=hunter2 for `+testKey+`"}`), says(200, "[]"))
	api := s.client(func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, _ = api.Export(t.Context(), "e1")
	_, _ = api.Export(t.Context(), "e2")
	for _, err := range api.Exports(t.Context()) {
		t.Error(err)
	}
	got := lines.String()
	for _, bad := range []string{"hunter2", testKey, "\x1b", "?limit", "offset"} {
		if strings.Contains(got, bad) {
			t.Errorf("the log holds %q:\n%s", bad, got)
		}
	}
	for _, want := range []string{"path=/api/v1/exports/e1 status=200", "level=WARN", "path=/api/v1/exports/e2 status=404", "path=/api/v1/exports status=200"} {
		if !strings.Contains(got, want) {
			t.Errorf("the log lacks %q:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n != 3 {
		t.Errorf("%d lines, want one a call:\n%s", n, got)
	}
}
