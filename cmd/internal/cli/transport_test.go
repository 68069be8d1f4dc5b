package cli

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// TestTheLibrarysDebuggingSeesNoKey: what GODEBUG=http2debug=2 writes of every
// request holds its headers, so that no request may be one of HTTP/2.
func TestTheLibrarysDebuggingSeesNoKey(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := newTransport(roots)
	defer transport.CloseIdleConnections()
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.ProtoMajor != 1 {
		t.Errorf("the request went by %s", res.Proto)
	}
}

func TestAProxyIsShownWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"http://proxy.test:3128":                "http://proxy.test:3128",
		"http://user:hunter2@proxy.test:3128/":  "http://proxy.test:3128",
		"socks5://user:hunter2@proxy.test":      "socks5://proxy.test",
		"http://http://user:hunter2@proxy test": "", // what the library makes of an address with a blank
		"http://user:hunter2@:3128":             "",
		"http://proxy.test/?token=hunter2":      "",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := proxyAddress(u); got != want || ok != (want != "") {
			t.Errorf("%s is shown as %q (%v), want %q", raw, got, ok, want)
		}
	}
}

func TestAnAddressIsShownWithoutItsSecrets(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"https://api.dashtray.com":          "https://api.dashtray.com",
		"http://127.0.0.1:8080/x":           "http://127.0.0.1:8080/x",
		"https://user:hunter2@a.test":       "https://a.test",
		"https://a.test/?token=hunter2":     "https://a.test",
		"https://a.test/hunter2%zz":         "(no address)",
		"://hunter2":                        "(no address)",
		"hunter2":                           "(no address)",
		"http://user:hunter2@127.0.0.1/x/y": "http://127.0.0.1",
	} {
		if got := shownAddress(raw); got != want {
			t.Errorf("%s is shown as %q, want %q", raw, got, want)
		}
	}
}
