package cli

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
)

// The first line says where the sandbox is and with which keys; the address
// fits --api-url as it is; a signal ends it.
func TestSandbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := &watcher{want: "\n", seen: make(chan struct{})}
	w.streams.Out = out
	done := make(chan int, 1)
	go func() {
		done <- w.run("sandbox", "--json", "--speed", "1000", "--records", "10", "--fault", "post-status=503*1")
	}()
	<-out.seen

	var doc struct {
		URL  string
		Keys map[string]string
	}
	if err := conforms([]byte(out.all.String()), "sandbox"); err != nil {
		t.Error(err)
	}
	dec := json.NewDecoder(strings.NewReader(out.all.String()))
	if err := dec.Decode(&doc); err != nil {
		t.Fatalf("%q: %v", out.all.String(), err)
	}
	if strings.Count(out.all.String(), "\n") != 1 {
		t.Errorf("the document is more than one line: %q", out.all.String())
	}
	for _, role := range []string{"owner", "editor", "viewer", "free"} {
		if doc.Keys[role] == "" {
			t.Errorf("there is no key for %s", role)
		}
	}
	if u, err := url.Parse(doc.URL); err != nil || u.Hostname() != "127.0.0.1" || u.Port() == "" || u.Port() == "0" {
		t.Errorf("address %q: %v", doc.URL, err)
	}

	user := newWorld(t, "DASHTRAY_API_KEY="+doc.Keys["editor"])
	if code := user.run("export", "--detach", "--api-url", doc.URL); code != 0 {
		t.Errorf("exit code %d\n%s", code, user.err.String())
	}

	w.signals <- syscall.SIGTERM
	if code := <-done; code != 143 {
		t.Errorf("exit code %d, want 143", code)
	}
	if strings.Count(out.all.String(), "\n") != 1 {
		t.Errorf("a second document: %q", out.all.String())
	}
	resp, err := http.Get(doc.URL + "/api/v1/health") //nolint:noctx // it has to fail at once
	if err == nil {
		_ = resp.Body.Close()
		t.Error("it still listens")
	}
}

func TestSandboxPortInUse(t *testing.T) {
	t.Parallel()
	base, _ := api(t)
	w := newWorld(t)
	if code := w.run("sandbox", "--addr", strings.TrimPrefix(base, "http://")); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(w.err.String(), "cannot listen") || !strings.Contains(w.err.String(), "--addr") {
		t.Errorf("standard error %q", w.err.String())
	}
}
