package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// snapshotDir copies what a power cut or a kill would leave: first the
// checkpoint, then the data, so that the copy is never luckier than the disk.
func snapshotDir(t *testing.T, o Options, to string) {
	t.Helper()
	for _, suffix := range []string{checkpointSuffix, partSuffix} {
		b, err := os.ReadFile(o.Path + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(o.Path)+suffix), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCutOffAnywhere takes the folder as it is at many moments of a transfer
// and goes on from each copy: the object comes out exact, and no more is
// fetched again than what came since the last checkpoint.
func TestCutOffAnywhere(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(20 * mib)
		o := options(s, root)
		o.LimitRate = mib
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Fetch(t.Context()) }()
		for i := range 9 {
			time.Sleep(2300 * time.Millisecond)
			synctest.Wait()
			here := p.Snapshot().Done
			dir := filepath.Join(root, fmt.Sprint(i))
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			snapshotDir(t, o, dir)
			again := newServer(20 * mib)
			q, err := get(t, options(again, dir))
			if err != nil {
				t.Fatal(err)
			}
			same(t, q, again.body)
			if lost := again.served - (20*mib - here); lost > 3*mib {
				t.Errorf("cut off at %d: %d bytes were fetched again", here, lost)
			}
			if err := q.Discard(); err != nil {
				t.Error(err)
			}
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// half leaves a part of 18 MiB with two whole pieces behind.
func half(t *testing.T, o Options, s *server, clean bool) {
	t.Helper()
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.tricks = []trick{func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		return cutBody(resp, 18*mib, context.Canceled), nil
	}}
	go func() {
		for p.Snapshot().Done < 18*mib {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Millisecond):
			}
		}
		cancel()
	}()
	if err := p.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	cancel()
	if err := p.save(StateActive, clean); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	s.tricks, s.served, s.requests = nil, 0, nil
}

func TestWhatDiskFaultsCost(t *testing.T) {
	t.Parallel()
	flip := func(at int64) func(*testing.T, Options) {
		return func(t *testing.T, o Options) {
			f, err := os.OpenFile(o.Path+partSuffix, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			b := []byte{0}
			_, err = f.ReadAt(b, at)
			b[0] ^= 0x10
			_, err2 := f.WriteAt(b, at)
			if err := errors.Join(err, err2, f.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
	overwrite := func(b []byte) func(*testing.T, Options) {
		return func(t *testing.T, o Options) {
			if err := os.WriteFile(o.Path+checkpointSuffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		hurt   func(*testing.T, Options)
		clean  bool
		served int64 // at most
	}{
		"nothing, orderly end":   {nil, true, 2 * mib},
		"nothing, unclean":       {nil, false, 2 * mib},
		"bit in the first piece": {flip(3 * mib), false, 8*mib + 2*mib + 2*mib},
		"bit in the second":      {flip(9 * mib), false, 8*mib + 2*mib + 2*mib},
		"bit in the tail":        {flip(17 * mib), false, 4 * mib},
		"part cut short": {func(t *testing.T, o Options) {
			if err := os.Truncate(o.Path+partSuffix, 10*mib); err != nil {
				t.Fatal(err)
			}
		}, true, 12 * mib},
		"part longer": {func(t *testing.T, o Options) {
			if err := os.Truncate(o.Path+partSuffix, 40*mib); err != nil {
				t.Fatal(err)
			}
		}, true, 2 * mib},
		"part gone": {func(t *testing.T, o Options) {
			if err := os.Remove(o.Path + partSuffix); err != nil {
				t.Fatal(err)
			}
		}, true, 20 * mib},
		"other bytes past the checkpoint": {func(t *testing.T, o Options) {
			f, err := os.OpenFile(o.Path+partSuffix, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.WriteAt(make([]byte, 2*mib), 18*mib)
			if err := errors.Join(err, f.Close()); err != nil {
				t.Fatal(err)
			}
		}, true, 2 * mib},
		"the next checkpoint, half written": {func(t *testing.T, o Options) {
			if err := os.WriteFile(o.Path+checkpointSuffix+".tmp", []byte(`{"version":`), 0o600); err != nil {
				t.Fatal(err)
			}
		}, false, 2 * mib},
		"checkpoint gone": {func(t *testing.T, o Options) {
			if err := os.Remove(o.Path + checkpointSuffix); err != nil {
				t.Fatal(err)
			}
		}, true, 20 * mib},
		"checkpoint of zeros": {overwrite(make([]byte, 4096)), true, 20 * mib},
		"checkpoint empty":    {overwrite(nil), true, 20 * mib},
		"checkpoint torn": {func(t *testing.T, o Options) {
			if err := os.Truncate(o.Path+checkpointSuffix, 100); err != nil {
				t.Fatal(err)
			}
		}, true, 20 * mib},
		"hash of another Go": {func(t *testing.T, o Options) {
			c, err := readCheckpoint(systemDisk{}, o.Path+checkpointSuffix)
			if err != nil {
				t.Fatal(err)
			}
			c.Hash = []byte("something else")
			if err := writeCheckpoint(systemDisk{}, o.Path+checkpointSuffix, c); err != nil {
				t.Fatal(err)
			}
		}, true, 2 * mib},
		"another boot": {func(t *testing.T, o Options) {
			c, err := readCheckpoint(systemDisk{}, o.Path+checkpointSuffix)
			if err != nil {
				t.Fatal(err)
			}
			c.Boot = "before"
			if err := writeCheckpoint(systemDisk{}, o.Path+checkpointSuffix, c); err != nil {
				t.Fatal(err)
			}
			flip(9*mib)(t, o)
		}, true, 8*mib + 2*mib + 2*mib},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(20 * mib)
			o := options(s, t.TempDir())
			half(t, o, s, c.clean)
			if c.hurt != nil {
				c.hurt(t, o)
			}
			p, err := get(t, o)
			if err != nil {
				t.Fatal(err)
			}
			same(t, p, s.body)
			if s.served > c.served {
				t.Errorf("%d bytes were fetched, want at most %d", s.served, c.served)
			}
		})
	}
}

func TestCommit(t *testing.T) {
	t.Parallel()
	s := newServer(mib)
	o := options(s, t.TempDir())
	p, err := get(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.Path, []byte("in the way"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(o.Path, false); !errors.Is(err, ErrExists) {
		t.Errorf("over a file: %v", err)
	}
	if b, _ := os.ReadFile(o.Path); string(b) != "in the way" {
		t.Error("the file in the way was touched")
	}
	if err := p.Commit(o.Path+"-1", false); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(o.Path + "-1"); !bytes.Equal(b, s.body) {
		t.Error("not the object")
	}
	entries, _ := os.ReadDir(filepath.Dir(o.Path))
	if len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}

// TestCutOffBetweenTheStepsOfCommit: whole but not renamed needs no network;
// renamed but not tidied up is no part any more.
func TestCutOffBetweenTheStepsOfCommit(t *testing.T) {
	t.Parallel()
	s := newServer(mib)
	o := options(s, t.TempDir())
	p, err := get(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err := Peek(o.Path); err != nil || f.State != StateComplete {
		t.Fatalf("%+v, %v", f, err)
	}
	o.Transport = nil
	o.Link = func(context.Context, bool) (string, error) { return "", errors.New("no network is needed") }
	if p, err = get(t, o); err != nil {
		t.Fatal(err)
	}
	same(t, p, s.body)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(o.Path+partSuffix, o.Path); err != nil {
		t.Fatal(err)
	}
	if f, err := Peek(o.Path); err != nil || f.State != StateNone {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestKilledBeforeItWasCalledWhole: all bytes are there and the checkpoint says
// so, but not that they were compared with the digest. That needs no network.
func TestKilledBeforeItWasCalledWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ clean, bad bool }{
		"stopped": {clean: true}, "killed": {}, "killed, and a byte is wrong": {bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(20 * mib)
			o := options(s, t.TempDir())
			p, err := get(t, o)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(p.save(StateActive, c.clean), p.Close()); err != nil {
				t.Fatal(err)
			}
			s.served, s.requests = 0, nil
			if c.bad {
				if err := os.WriteFile(p.File(), append(bytes.Clone(s.body[:9*mib]), make([]byte, 11*mib)...), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if p, err = get(t, o); err != nil {
				t.Fatal(err)
			}
			same(t, p, s.body)
			if !c.bad && len(s.requests) != 0 || c.bad && s.served > 12*mib {
				t.Errorf("%d requests, %d bytes", len(s.requests), s.served)
			}
			if err := p.Commit(o.Path, false); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLocks(t *testing.T) {
	t.Parallel()
	s := newServer(mib)
	o := options(s, t.TempDir())
	s.tricks = []trick{cut(1000)}
	o.Retries = 1
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(o); !errors.Is(err, ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
	if err := p.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f, err := Peek(o.Path); err != nil || !f.Locked {
		t.Errorf("%+v, %v", f, err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err := Peek(o.Path); err != nil || f.Locked || f.State != StateComplete {
		t.Errorf("%+v, %v", f, err)
	}
	other := o
	other.ID = "https://api.test e2"
	if _, err := Open(other); !errors.Is(err, ErrOtherObject) {
		t.Errorf("another object: %v", err)
	}
	if f, err := Peek(o.Path); err != nil || f.Locked || f.ID != o.ID {
		t.Errorf("after a refusal: %+v, %v", f, err)
	}
}

func TestTheLinkIsNeverOnDisk(t *testing.T) {
	t.Parallel()
	s := newServer(20 * mib)
	o := options(s, t.TempDir())
	half(t, o, s, false)
	b, err := os.ReadFile(o.Path + checkpointSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), "SECRET") || strings.Contains(string(b), "files.test") {
		t.Errorf("the checkpoint holds the link: %s", b)
	}
	info, err := os.Stat(o.Path + checkpointSuffix)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
