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
	"strconv"
	"strings"
	"sync"
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
	path, steps, _ := strings.Cut(path, "\n")
	n, err := strconv.Atoi(steps)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(Options{
		Path: path, ID: "e1", Size: -1, UserAgent: "test", Connections: 8, disk: &mortal{last: mib, steps: n},
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
	left map[State]int // what kills left, by the checkpoint
}

func newLine(t *testing.T, size int, perConnection int) *line {
	t.Helper()
	l := &line{body: newServer(size).body, left: map[State]int{}}
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

// startChild starts a process that dies before so many changes of its disk.
func startChild(t *testing.T, link, path string, steps int) (*exec.Cmd, <-chan error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+link+" "+path+"\n"+strconv.Itoa(steps))
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
		cmd, ended := startChild(t, l.URL+"/x", path, never)
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
			found, err := Peek(path)
			if err != nil || found.Locked {
				t.Fatalf("a killed process left %+v, %v", found, err)
			}
			l.left[found.State]++
			continue
		case rerr != nil:
			t.Fatal(rerr)
		case !bytes.Equal(b, l.body):
			t.Fatalf("after %d kills the file is not the object", n)
		}
		if !over && n < kills {
			l.left["renamed"]++
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
	t.Logf("left by kills: %v", l.left)
}

// TestKilledBetweenLastByteAndRename: a real process dies before each single
// change of the disk after the last byte was written, up to the removal of the
// lock. What was called whole needs no network to get its name.
func TestKilledBetweenLastByteAndRename(t *testing.T) {
	t.Parallel()
	l := newLine(t, mib, 0)
	kills := 0
	for range rounds(1, 5) {
		for step := 0; ; step++ {
			path := filepath.Join(t.TempDir(), "data.json")
			_, ended := startChild(t, l.URL+"/x", path, step)
			err := <-ended
			if err == nil {
				if step < 10 {
					t.Errorf("only %d steps", step)
				}
				break
			}
			if dead := (*exec.ExitError)(nil); !errors.As(err, &dead) || dead.Exited() {
				t.Fatalf("step %d: the child ended with %v", step, err)
			}
			kills++
			found, err := Peek(path)
			if err != nil || found.Locked {
				t.Fatalf("step %d left %+v, %v", step, found, err)
			}
			b, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				l.left[found.State]++
				before := l.ends.Load()
				_, ended = startChild(t, l.URL+"/x", path, never)
				if err := <-ended; err != nil {
					t.Fatalf("step %d: the next one ended with %v", step, err)
				}
				if asked := l.ends.Load() - before; found.State == StateComplete && asked != 0 {
					t.Errorf("step %d: asked the server for a file that is whole", step)
				}
				b, err = os.ReadFile(path)
			} else {
				l.left["renamed"]++
			}
			if err != nil || !bytes.Equal(b, l.body) {
				t.Fatalf("step %d: the file is not the object, %v", step, err)
			}
		}
	}
	t.Logf("%d kills left: %v", kills, l.left)
}

// mortal is the system's disk for a process that dies before a change of it.
type mortal struct {
	systemDisk
	last  int64 // the file's size: the steps count from its last byte on
	mu    sync.Mutex
	steps int
	begun bool
}

const never = 1 << 30

func (m *mortal) step() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.begun {
		return
	}
	if m.steps == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	m.steps--
}

func (m *mortal) open(path string, flag int) (file, error) {
	m.step()
	f, err := m.systemDisk.open(path, flag)
	if err != nil {
		return nil, err
	}
	return mortalFile{f, m}, nil
}

func (m *mortal) rename(from, to string) error {
	m.step()
	return m.systemDisk.rename(from, to)
}

func (m *mortal) renameNew(from, to string) error {
	m.step()
	return m.systemDisk.renameNew(from, to)
}

func (m *mortal) remove(path string) error {
	m.step()
	return m.systemDisk.remove(path)
}

func (m *mortal) syncDir(dir string) error {
	m.step()
	return m.systemDisk.syncDir(dir)
}

type mortalFile struct {
	file
	m *mortal
}

func (f mortalFile) WriteAt(b []byte, at int64) (int, error) {
	n, err := f.file.WriteAt(b, at)
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.m.begun = f.m.begun || at+int64(n) == f.m.last
	return n, err
}

func (f mortalFile) Write(b []byte) (int, error) {
	f.m.step()
	return f.file.Write(b)
}

func (f mortalFile) sync() (bool, error) {
	f.m.step()
	return f.file.sync()
}

// TestStoppedProcess is a process that stands still for a while (SIGSTOP), for
// a minute when there is time for it, and goes on.
func TestStoppedProcess(t *testing.T) {
	t.Parallel()
	l := newLine(t, 40*mib, 20*mib)
	path := filepath.Join(t.TempDir(), "data.json")
	cmd, ended := startChild(t, l.URL+"/x", path, never)
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
