package cli

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// A server whose certificate is nobody's is refused before a key is sent, and
// trusted once --cacert names it.
func TestCertificates(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	s, err := sandbox.New(sandbox.Config{Dir: t.TempDir(), Records: 200, Speed: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		s.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of refused handshakes
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	args := []string{"export", "--detach", "--json", "--api-url", server.URL}

	w := newWorld(t, "DASHTRAY_API_KEY="+s.Keys().Owner)
	if code := w.run(args...); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if f := w.failure(t); f.Error.Code != "network" || !strings.Contains(f.Error.Hint, "--cacert") {
		t.Errorf("document %+v", f)
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}

	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, encodePEM(server.Certificate().Raw), 0o600); err != nil {
		t.Fatal(err)
	}
	w = newWorld(t, "DASHTRAY_API_KEY="+s.Keys().Owner)
	if code := w.run(append(args, "--cacert", ca)...); code != 0 {
		t.Errorf("exit code %d, want 0\n%s", code, w.out.String())
	}
	if asked.Load() == 0 {
		t.Error("no request was sent")
	}
}

func encodePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
