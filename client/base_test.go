package client

import (
	"errors"
	"strings"
	"testing"
)

func TestParseBase(t *testing.T) {
	t.Parallel()
	cases := []struct{ in, base, origin string }{
		{"https://api.dashtray.com", "https://api.dashtray.com/api/v1", "https://api.dashtray.com"},
		{"https://api.dashtray.com/", "https://api.dashtray.com/api/v1", "https://api.dashtray.com"},
		{"https://api.dashtray.com/v1", "https://api.dashtray.com/v1", "https://api.dashtray.com"},
		{"https://api.dashtray.com/v1//", "https://api.dashtray.com/v1", "https://api.dashtray.com"},
		{"  HTTPS://API.Dashtray.com:443  ", "https://api.dashtray.com/api/v1", "https://api.dashtray.com"},
		{"https://api.dashtray.com:8443", "https://api.dashtray.com:8443/api/v1", "https://api.dashtray.com:8443"},
		{"http://localhost:8080", "http://localhost:8080/api/v1", "http://localhost:8080"},
		{"http://LocalHost", "http://localhost/api/v1", "http://localhost"},
		{"http://127.0.0.1:80", "http://127.0.0.1/api/v1", "http://127.0.0.1"},
		{"http://127.1.2.3:1234/x", "http://127.1.2.3:1234/x", "http://127.1.2.3:1234"},
		{"http://[::1]:8080", "http://[::1]:8080/api/v1", "http://[::1]:8080"},
		{"http://[::1]", "http://[::1]/api/v1", "http://[::1]"},
	}
	for _, c := range cases {
		b, err := ParseBase(c.in)
		if err != nil {
			t.Errorf("ParseBase(%q): %v", c.in, err)
			continue
		}
		if b.String() != c.base || b.Origin() != c.origin {
			t.Errorf("ParseBase(%q) = %s, origin %s; want %s, origin %s", c.in, b, b.Origin(), c.base, c.origin)
		}
		if again, err := ParseBase(b.String()); err != nil || again.String() != b.String() {
			t.Errorf("ParseBase(%q) = %s, %v; want it unchanged", b, again, err)
		}
	}
}

func TestParseBaseRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"", "api.dashtray.com", "api.dashtray.com:443", "ftp://api.dashtray.com", "https://", "https:///v1", "https:api.dashtray.com",
		"http://api.dashtray.com", "http://127.0.0.1.evil.test", "http://localhost.evil.test", "http://[::2]", "http://0.0.0.0",
		"http://10.0.0.1", "http://0x7f000001", "http://2130706433",
		"https://hunter2@api.dashtray.com", "https://me:hunter2@api.dashtray.com", "https://api.dashtray.com?hunter2",
		"https://api.dashtray.com?", "https://api.dashtray.com#hunter2", "https://api dashtray.com", "https://me:hunter2@%zz",
	} {
		_, err := ParseBase(in)
		if !errors.Is(err, ErrInsecure) {
			t.Errorf("ParseBase(%q): %v, want ErrInsecure", in, err)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("ParseBase(%q) repeats a secret: %v", in, err)
		}
	}
}

func TestIDsCannotReachAnotherPath(t *testing.T) {
	t.Parallel()
	b, err := ParseBase(testBase)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"exp_1":            "/api/v1/exports/exp_1",
		"../projects":      "/api/v1/exports/..%2Fprojects",
		"a/b?c#d":          "/api/v1/exports/a%2Fb%3Fc%23d",
		"a b\n\u202e%2e":   "/api/v1/exports/a%20b%0A%E2%80%AE%252e",
		"https://evil.com": "/api/v1/exports/https:%2F%2Fevil.com",
	} {
		u, err := b.call([]string{"exports", id}, nil)
		if err != nil {
			t.Errorf("%q: %v", id, err)
			continue
		}
		if u.String() != testBase+want {
			t.Errorf("%q gives %s, want %s", id, u, testBase+want)
		}
	}
	for _, id := range []string{"", ".", ".."} {
		if u, err := b.call([]string{"exports", id}, nil); err == nil {
			t.Errorf("%q gives %s, want an error", id, u)
		}
	}
}

func TestResolveLink(t *testing.T) {
	t.Parallel()
	b, err := ParseBase("https://api.example.test/v1")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"":                            "",
		"https://s3.test/f?sig=a%2fB": "https://s3.test/f?sig=a%2fB",
		"/files/f?sig=1":              "https://api.example.test/files/f?sig=1",
		"exports/e/file?sig=1":        "https://api.example.test/v1/exports/e/file?sig=1",
		"//cdn.test/f":                "https://cdn.test/f",
		"file:///etc/passwd":          "",
		"javascript:alert(1)":         "",
		"https:///f":                  "",
		"https://a\nb":                "",
	} {
		if got := b.resolve(in).URL(); got != want {
			t.Errorf("resolve(%q) = %q, want %q", in, got, want)
		}
	}
}
