package cli

import (
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// A hook that is an address gets the document by POST; one that does not take
// it is a warning, which does not repeat the address: a token may be in it.
func TestHookByAddress(t *testing.T) {
	t.Parallel()
	var got hookDocument
	status := http.StatusOK
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || json.Unmarshal(body, &got) != nil {
			t.Errorf("%s: %v, %q", r.Method, err, body)
		}
		w.WriteHeader(status)
	}))
	defer server.Close()
	var said strings.Builder
	a := &app{Streams: Streams{Err: &said, Env: func(string) (string, bool) { return "", false }}, log: slog.New(slog.DiscardHandler), roots: x509.NewCertPool()}
	a.roots.AddCert(server.Certificate())
	a.settings.Hooks.OnFailure = config.Hook{Setting: config.Setting{Value: server.URL + "/t0ken"}}

	failed := message.New(message.NoKey, "There is no key.", "Give one.")
	a.callHook(t.Context(), "work", backupResult{}, failed)
	if got.Event != "failure" || got.Profile != "work" || got.ExitCode != 3 || got.Error == nil || got.Error.Code != message.NoKey || said.Len() > 0 {
		t.Errorf("told %+v; said %q", got, said.String())
	}
	status = http.StatusInternalServerError
	a.callHook(t.Context(), "work", backupResult{}, failed)
	server.Close()
	a.callHook(t.Context(), "work", backupResult{}, failed)
	if s := said.String(); strings.Count(s, "on_failure did not work") != 2 || !strings.Contains(s, "answered 500") || strings.Contains(s, "t0ken") {
		t.Errorf("said %q", s)
	}
}
