//go:build unix

package transfer

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const childEnv = "TRANSFER_TEST_CHILD"

// TestChild is the process that the tests here kill.
func TestChild(t *testing.T) {
	at := os.Getenv(childEnv)
	if at == "" {
		t.SkipNow() // only the tests here run it
	}
	link, path, _ := strings.Cut(at, " ")
	p, err := Open(Options{
		Path: path, ID: "e1", Size: -1, UserAgent: "test", Connections: 8,
		Link: func(context.Context, bool) (string, error) { return link, nil },
	})
	if err == nil {
		err = p.Fetch(t.Context())
	}
	if err == nil {
		err = p.Commit(path, false)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// line is a real server whose connections bring so much a second each.
type line struct {
	*httptest.Server
	body []byte
	ends atomic.Int64 // bodies that were sent to their end
	most atomic.Int64
	open atomic.Int64
}

func newLine(t *testing.T, size int, perConnection int) *line {
	t.Helper()
	l := &line{body: newServer(size).body}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.most.Store(max(l.most.Load(), l.open.Add(1)))
		defer l.open.Add(-1)
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(&slowWriter{ResponseWriter: w, ctx: r.Context(), rate: perConnection}, r, "", time.Time{}, bytes.NewReader(l.body))
		if r.Context().Err() == nil {
			l.ends.Add(1)
		}
	}))
	t.Cleanup(l.Close)
	return l
}

func startChild(t *testing.T, link, path string) (*exec.Cmd, <-chan error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+link+" "+path)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return cmd, ended
}

// untilWhole starts children and kills each after a while, until one is done.
func untilWhole(t *testing.T, l *line, path string, kills int, after func(ended <-chan error) (over bool, err error)) {
	t.Helper()
	for n := 0; ; n++ {
		cmd, ended := startChild(t, l.URL+"/x", path)
		var over bool
		var err error
		if n < kills {
			if over, err = after(ended); !over {
				_ = cmd.Process.Kill()
				err = <-ended
			}
		} else {
			over, err = true, <-ended
		}
		if over && err != nil {
			t.Fatalf("the child ended with %v", err)
		}
		b, rerr := os.ReadFile(path)
		switch {
		case errors.Is(rerr, fs.ErrNotExist) && !over:
			continue
		case rerr != nil:
			t.Fatal(rerr)
		case !bytes.Equal(b, l.body):
			t.Fatalf("after %d kills the file is not the object", n)
		}
		if !over && n < kills {
			// Killed after the rename. The next run would be a new transfer.
			for _, suffix := range []string{partSuffix, checkpointSuffix, lockSuffix} {
				_ = os.Remove(path + suffix)
			}
		}
		return
	}
}

// TestKilledWithPartsAtOnce kills a real process at random moments.
func TestKilledWithPartsAtOnce(t *testing.T) {
	t.Parallel()
	l := newLine(t, 40*mib, 12*mib)
	r := rand.New(rand.NewPCG(1, 5))
	for kills := 0; kills < rounds(4, 200); {
		untilWhole(t, l, filepath.Join(t.TempDir(), "data.json"), 4, func(ended <-chan error) (bool, error) {
			select {
			case err := <-ended:
				return true, err
			case <-time.After(time.Duration(200+r.IntN(1200)) * time.Millisecond):
				kills++
				return false, nil
			}
		})
	}
	if l.most.Load() < 2 {
		t.Error("there was one connection at a time")
	}
}

// TestKilledBetweenLastByteAndRename kills a real process in the instant after
// the server has sent the last byte.
func TestKilledBetweenLastByteAndRename(t *testing.T) {
	t.Parallel()
	l := newLine(t, mib, 0)
	r := rand.New(rand.NewPCG(1, 6))
	for kills := 0; kills < rounds(4, 50); kills++ {
		untilWhole(t, l, filepath.Join(t.TempDir(), "data.json"), 1, func(ended <-chan error) (bool, error) {
			sent := l.ends.Load()
			tick := time.NewTicker(100 * time.Microsecond)
			defer tick.Stop()
			for l.ends.Load() == sent {
				select {
				case err := <-ended:
					return true, err
				case <-tick.C:
				}
			}
			select {
			case err := <-ended:
				return true, err
			case <-time.After(time.Duration(r.IntN(6000)) * time.Microsecond):
				return false, nil
			}
		})
	}
}

// TestStoppedProcess is a process that stands still for a while (SIGSTOP), for
// a minute when there is time for it, and goes on.
func TestStoppedProcess(t *testing.T) {
	t.Parallel()
	l := newLine(t, 40*mib, 20*mib)
	path := filepath.Join(t.TempDir(), "data.json")
	cmd, ended := startChild(t, l.URL+"/x", path)
	for i, wait := range []int{300, rounds(500, 60_000), 0} {
		if i > 0 {
			if err := cmd.Process.Signal([]os.Signal{syscall.SIGSTOP, syscall.SIGCONT}[i-1]); err != nil {
				t.Fatal(err)
			}
		}
		if err := sleep(t.Context(), time.Duration(wait)*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, l.body) {
		t.Fatal("the file is not the object", err)
	}
}
