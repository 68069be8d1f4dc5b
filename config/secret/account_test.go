package secret_test

import (
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/config/secret"
)

func TestAnAccountsUser(t *testing.T) {
	t.Parallel()
	for origin, want := range map[string]string{
		"https://api.dashtray.com":      "work@api.dashtray.com",
		"https://api.dashtray.com:443":  "work@api.dashtray.com",
		"https://API.Dashtray.COM:8443": "work@api.dashtray.com:8443",
		"http://127.0.0.1":              "work@127.0.0.1:80",
		"http://127.0.0.1:80":           "work@127.0.0.1:80",
		"http://127.0.0.1:443":          "work@127.0.0.1:443",
		"https://localhost:80":          "work@localhost:80",
		"http://[::1]:8080":             "work@[::1]:8080",
		"https://[::1]":                 "work@[::1]",
		"HTTPS://h":                     "work@h",
		"":                              "",
		"api.dashtray.com":              "",
		"ftp://api.dashtray.com":        "",
		"https://":                      "",
		"https://h:port":                "",
	} {
		if got := (secret.Account{Profile: "work", Origin: origin}).User(); got != want {
			t.Errorf("%q: %q, want %q", origin, got, want)
		}
	}
	if got := (secret.Account{Origin: "https://h"}).User(); got != "" {
		t.Errorf("without a profile: %q", got)
	}
}

// FuzzFileName holds that accounts never share a file, on any file system, and
// that no name leaves the folder.
func FuzzFileName(f *testing.F) {
	f.Add("work@h:80", "work@h_80")
	f.Add("Work@h", "work@h")
	f.Add("a_b@[::1]:80", "a:b@[__1]_80")
	f.Add("../../etc/passwd@h", "..")
	f.Add("%41@h", "A@h")
	f.Add("a_b@Z", "a:b@Z")
	f.Fuzz(func(t *testing.T, a, b string) {
		nameA, nameB := secret.FileName(a), secret.FileName(b)
		if strings.ContainsAny(nameA, `/\:~ `+"\x00") || strings.HasPrefix(nameA, ".") {
			t.Errorf("%q is kept as %q", a, nameA)
		}
		if strings.Contains(a, "@") && strings.Contains(b, "@") && a != b && strings.EqualFold(nameA, nameB) {
			t.Errorf("%q and %q are both kept as %q and %q", a, b, nameA, nameB)
		}
	})
}
