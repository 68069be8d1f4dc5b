package sandbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const pageHost = "api.dashtray.com"

// pageWorld is where the page's scripts run unchanged: api.dashtray.com is the
// sandbox, and "sleep 10" moves the sandbox's clock on instead of waiting.
type pageWorld struct {
	*kit
	dir string
	env []string
}

// curlShim puts the sandbox behind the page's host, and a real key in the
// place that the page's reader is told to fill.
const curlShim = `#!/usr/bin/env bash
args=("${@//your_api_key/$SANDBOX_KEY}")
exec "$REAL_CURL" -sS --max-time 20 --noproxy '*' --cacert "$SANDBOX_CA" --connect-to "api.dashtray.com:443:$SANDBOX_ADDR" "${args[@]}"
`

// sleepShim ends the script when the clock cannot be moved: its loop would not.
const sleepShim = `#!/usr/bin/env bash
curl -f -o /dev/null -X POST "https://api.dashtray.com/test/sleep?seconds=$1" || kill "$PPID"
`

func newPageWorld(t *testing.T) *pageWorld {
	t.Helper()
	tools := map[string]string{}
	for _, name := range []string{"bash", "curl", "jq", "date"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("needs %s: %v", name, err)
		}
		tools[name] = path
	}
	began, moved := time.Now(), new(atomic.Int64)
	w := &pageWorld{dir: t.TempDir(), kit: start(t, Config{
		Records: 1000,
		Now:     func() time.Time { return began.Add(time.Duration(moved.Load())) },
	})}
	mux := http.NewServeMux()
	mux.Handle("/", w.Server)
	mux.HandleFunc("POST /test/sleep", func(rw http.ResponseWriter, r *http.Request) {
		s, err := strconv.Atoi(r.URL.Query().Get("seconds"))
		if err != nil || s != 10 {
			http.Error(rw, "the page sleeps 10 seconds", http.StatusBadRequest)
			return
		}
		moved.Add(int64(s) * int64(time.Second))
	})
	srv := httptest.NewUnstartedServer(mux)
	cert, ca := pageCert(t)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.StartTLS()
	t.Cleanup(srv.Close)

	bin := t.TempDir()
	write(t, filepath.Join(bin, "curl"), curlShim)
	write(t, filepath.Join(bin, "sleep"), sleepShim)
	caFile := filepath.Join(bin, "ca.pem")
	write(t, caFile, ca)
	w.env = []string{
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + bin,
		"REAL_CURL=" + tools["curl"], "SANDBOX_CA=" + caFile, "SANDBOX_ADDR=" + srv.Listener.Addr().String(),
		"SANDBOX_KEY=" + w.Keys().Owner, "API_KEY=" + w.Keys().Owner,
	}
	return w
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o700); err != nil {
		t.Fatal(err)
	}
}

// pageCert is a certificate for the page's host that signs itself.
func pageCert(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: pageHost}, DNSNames: []string{pageHost},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(ca)
}

// run runs one of the page's scripts, byte for byte.
func (w *pageWorld) run(name string) string {
	w.t.Helper()
	script, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second) // a loop without end must not hang the tests
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", script)
	cmd.Dir, cmd.Env = w.dir, w.env
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil || problems.Len() > 0 {
		w.t.Fatalf("%s: %v\n%.1000s%.1000s", name, err, out, problems.String())
	}
	return string(out)
}

func TestPageWeeklyScript(t *testing.T) {
	w := newPageWorld(t)
	var answer struct {
		ExportJobID string `json:"exportJobId"`
	}
	if err := json.Unmarshal([]byte(w.run("page-weekly.sh")), &answer); err != nil {
		t.Fatal(err)
	}
	v := w.api("GET", "exports/"+answer.ExportJobID, "").want(t, 200).json(t)
	if v["status"] != "queued" || v["dateRange"] != "all_time" || v["includeAuditLogs"] != true {
		t.Errorf("the script made %v", v)
	}
}

func TestPageCronScript(t *testing.T) {
	w := newPageWorld(t)
	w.run("page-cron.sh")
	files, err := filepath.Glob(filepath.Join(w.dir, "backup-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	d := decode(t, raw)
	if days := (d.DateRange.To - d.DateRange.From) / secondMS / dayS; days != 7 || len(d.Metrics) < 15 || len(d.Metrics) > 25 || len(d.Connections) != 12 {
		t.Errorf("%d days, %d metrics, %d connections", days, len(d.Metrics), len(d.Connections))
	}
}
