package job_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// world is a sandbox API, a machine with a state folder, and a Service on it.
type world struct {
	t   *testing.T
	sb  *sandbox.Server
	dir string // where files go
	st  string // state folder
	key string
	api *client.Client
	svc *job.Service
	via func(http.RoundTripper) http.RoundTripper // what lies between; nil: nothing
	mem *history.Store                            // nil: none
}

// inWorld runs a test in a bubble of fake time.
func inWorld(t *testing.T, cfg sandbox.Config, f func(w *world)) {
	t.Helper()
	t.Parallel()
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		if cfg.Records == 0 {
			cfg.Records = 500
		}
		cfg.Dir = filepath.Join(root, "sandbox")
		sb, err := sandbox.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{
			t: t, sb: sb, key: sb.Keys().Owner,
			dir: filepath.Join(root, "files"), st: filepath.Join(root, "state"),
		}
		w.boot()
		f(w)
		w.svc.Close()
		if err := errors.Join(w.mem.Close(), sb.Close()); err != nil {
			t.Error(err)
		}
	})
}

// boot starts the program anew on the same machine.
func (w *world) boot() {
	w.t.Helper()
	if w.svc != nil {
		w.svc.Close()
	}
	way := http.RoundTripper(w.sb.Transport())
	if w.via != nil {
		way = w.via(way)
	}
	api, err := client.New(client.Options{BaseURL: "https://api.dashtray.test", Key: client.NewKey(w.key), Transport: way})
	if err != nil {
		w.t.Fatal(err)
	}
	w.api = api
	w.svc = job.New(job.Deps{API: api, Transport: w.sb.Transport(), StateDir: w.st, Folder: w.dir, History: w.mem, Profile: "default"})
}

func (w *world) inject(faults ...string) {
	w.t.Helper()
	for _, s := range faults {
		f, err := sandbox.ParseFault(s)
		if err != nil {
			w.t.Fatal(err)
		}
		w.sb.Inject(f)
	}
}

// spec is an export of everything, as JSON, of all time.
func (w *world) spec() job.Spec {
	return w.ranged("all_time")
}

func (w *world) ranged(r string) job.Spec {
	w.t.Helper()
	rng, err := client.ParseRange(r, time.Now(), time.UTC)
	if err != nil {
		w.t.Fatal(err)
	}
	all := client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}
	return job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: rng, Include: all}}
}

func (w *world) do(spec job.Spec) (job.Result, job.Snapshot, error) {
	w.t.Helper()
	ref := w.svc.Start(spec)
	res, err := w.svc.Result(context.Background(), ref)
	snap, _ := w.svc.Snapshot(ref)
	return res, snap, err
}

// until waits until the job is where ok wants it.
func (w *world) until(ref job.Ref, what string, ok func(job.Snapshot) bool) job.Snapshot {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for v := uint64(0); ; {
		snap, _ := w.svc.Snapshot(ref)
		if ok(snap) {
			return snap
		}
		if snap.Step.Over() {
			w.t.Fatalf("job ended at %s (%v), waiting for %s", snap.Step, snap.Err, what)
		}
		next, err := w.svc.Wait(ctx, v)
		if err != nil {
			w.t.Fatalf("waiting for %s: %v; job is at %s", what, err, snap.Step)
		}
		v = next
	}
}

func transferring(bytes int64) func(job.Snapshot) bool {
	return func(s job.Snapshot) bool { return s.Step == job.StepTransferring && s.Transfer.Done >= bytes }
}

// made counts the exports that the server knows.
func (w *world) made() int {
	w.t.Helper()
	n := 0
	for _, err := range w.api.Exports(context.Background()) {
		if err != nil {
			w.t.Fatal(err)
		}
		n++
	}
	return n
}

func (w *world) names() []string {
	w.t.Helper()
	entries, err := os.ReadDir(w.dir)
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// whole fails the test if the result's file is not what the result says.
func (w *world) whole(res job.Result) {
	w.t.Helper()
	b, err := os.ReadFile(res.File)
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	if got := hex.EncodeToString(sum[:]); got != res.SHA256 || int64(len(b)) != res.Bytes {
		w.t.Errorf("file has %d bytes, SHA-256 %s; result says %d, %s", len(b), got, res.Bytes, res.SHA256)
	}
	info, err := os.Stat(res.File)
	if err != nil {
		w.t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		w.t.Errorf("file mode is %v, want 0600", info.Mode().Perm())
	}
	for _, n := range w.names() {
		if strings.Contains(n, ".part") || strings.HasPrefix(n, ".") {
			w.t.Errorf("left behind: %s", n)
		}
	}
}
