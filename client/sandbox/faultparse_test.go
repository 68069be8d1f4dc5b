package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestParseFault(t *testing.T) {
	for in, want := range map[string]string{
		"cut=1MiB*3":                     "cut=1MiB*3",
		" cut=0 ":                        "cut=0",
		"slow=500K":                      "slow=500K",
		"api-status=503*2":               "api-status=503*2",
		"expire-link":                    "expire-link",
		"expire-link=410*1":              "expire-link=410*1",
		"fail=no room*2":                 "fail=no room*2",
		"fail=5*x":                       "fail=5*x",
		"redirect=localhost:8080":        "redirect=localhost:8080",
		"redirect=https://other.test":    "redirect=https://other.test",
		"budget=3":                       "budget=3",
		"unknown":                        "",
		"":                               "",
		"cut":                            "",
		"cut=":                           "",
		"cut=x":                          "",
		"cut=-1":                         "",
		"cut=1T":                         "",
		"cut=1iB":                        "",
		"cut=99999999999G":               "",
		"cut=1*0":                        "",
		"cut=1*99999999999999999999":     "",
		"slow=0":                         "",
		"api-status=200":                 "",
		"api-status":                     "",
		"expire-link=x":                  "",
		"stuck=1":                        "",
		"fail=":                          "",
		"redirect=http://a/b":            "",
		"redirect=ftp://a":               "",
		"redirect=u:p@a":                 "",
		"redirect=a\r\nb":                "",
		"budget=0":                       "",
		strings.Repeat("a", maxFaultLen): "",
		"fail=" + strings.Repeat("a", maxFaultLen): "",
	} {
		f, err := ParseFault(in)
		if (err == nil) != (want != "") || (err == nil && f.String() != want) {
			t.Errorf("%.40q: %q, %v; want %q", in, f, err, want)
		}
	}
	for in, want := range map[string]int64{"cut=7": 7, "cut=7B": 7, "cut=2K": 2048, "cut=2KiB": 2048, "cut=3M": 3 << 20, "cut=3MiB": 3 << 20, "cut=1G": 1 << 30} {
		if f, err := ParseFault(in); err != nil || f.n != want {
			t.Errorf("%s: %d, %v", in, f.n, err)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	for _, s := range []string{"cut=1MiB*3", "fail=a*b*3", "redirect=http://[::1]:1", "expire-link=410", "*1", "=*", "budget=2147483648"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseFault(s)
		if err != nil {
			return
		}
		b, err := ParseFault(a.String())
		if err != nil || a != b {
			t.Errorf("%q is %q, which is %q, %v", s, a, b, err)
		}
		if a.n < 0 || a.n > maxFaultBytes || a.count < 0 || a.count > maxFaultCount {
			t.Errorf("%q: out of bounds: %+v", s, a)
		}
	})
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte(everything("json", "all_time")))
	f.Add([]byte(`{"format":"csv","dateRange":{"startDate":1,"endDate":8640000000000000},"includeAuditLogs":true}`))
	f.Add([]byte(`{"format":"json","dateRange":"last_7_days"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		j, err := parseRequest(raw, now2026)
		if err != nil {
			return
		}
		j.ID, j.CreatedAt, j.PerYear = "x", now2026, 50
		_ = j.rangeText()
		if n := contentOf(j, 0, now2026, nil).records(); n < 0 || n > 50+12+6+366 {
			t.Errorf("%s: %d records", raw, n)
		}
	})
}

func FuzzParseFaults(f *testing.F) {
	for _, s := range []string{`{"faults":["cut=1"]}`, `["slow=1K"]`, "stuck\n\nfail=x*2\n", "{", "[", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if fs, err := parseFaults(raw); err == nil && (len(fs) == 0 || len(fs) > maxFaults) {
			t.Errorf("%d faults", len(fs))
		}
	})
}

func TestControlCalls(t *testing.T) {
	k := start(t, Config{Faults: faults(t, "cut=1K")})
	list := func() string { return strings.TrimSpace(string(k.do("GET", "/_sandbox/faults", "").want(t, 200).body)) }
	for _, body := range []string{`{"faults":["slow=1K*2"]}`, `["no-etag"]`, "stuck\nfail=x\n"} {
		k.do("POST", "/_sandbox/faults", body).want(t, 200)
	}
	if want := `{"faults":["cut=1K","slow=1K*2","no-etag","stuck","fail=x"]}`; list() != want {
		t.Errorf("%s, want %s", list(), want)
	}
	for _, body := range []string{``, `{}`, `{`, `["cut"]`, `nope`, strings.Repeat("stuck\n", maxFaults+1), strings.Repeat("stuck\n", maxFaults-1)} {
		k.do("POST", "/_sandbox/faults", body).want(t, 400)
	}
	k.do("PUT", "/_sandbox/faults", "").want(t, 405)
	k.do("GET", "/_sandbox/other", "").want(t, 404)
	k.do("DELETE", "/_sandbox/faults", "").want(t, 200)
	if list() != `{"faults":[]}` {
		t.Errorf("after DELETE: %s", list())
	}
}

func TestControlCallsAreForThisMachine(t *testing.T) {
	k := start(t, Config{})
	for from, status := range map[string]int{"127.0.0.1:5": 200, "[::1]:5": 200, "[::ffff:127.0.0.1]:5": 200, "192.0.2.1:5": 403, "@": 403} {
		for _, header := range []string{"", "Origin", "Sec-Fetch-Site"} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/_sandbox/faults", http.NoBody)
			r.RemoteAddr = from
			want := status
			if header != "" {
				r.Header.Set(header, "https://evil.test")
				want = 403
			}
			w := httptest.NewRecorder()
			k.ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("%s with %q: status %d, want %d", from, header, w.Code, want)
			}
		}
	}
}
