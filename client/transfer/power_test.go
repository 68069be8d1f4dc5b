package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// vouched fails if a checkpoint promises bytes that are not all of one of the
// objects, on a disk as a power cut left it.
func vouched(t *testing.T, d *memoryDisk, path string, objects ...[]byte) {
	t.Helper()
	c, err := readCheckpoint(d, path+checkpointSuffix)
	if err != nil {
		return
	}
	got := d.read(path + partSuffix)
	if got == nil {
		if got = d.read(path); got == nil {
			if len(objects) == 1 {
				t.Fatal("a checkpoint without data")
			}
			return // the old object's data is gone, and the new one's is not there yet
		}
	}
	if !slices.ContainsFunc(objects, func(want []byte) bool {
		for _, e := range append([]extent{{To: c.Frontier}}, c.Extents...) {
			if int64(min(len(got), len(want))) < e.To || !bytes.Equal(got[e.From:e.To], want[e.From:e.To]) {
				return false
			}
		}
		return true
	}) {
		t.Fatalf("what is promised is of none of %d objects: %d bytes, then %v", len(objects), c.Frontier, c.Extents)
	}
}

// TestPowerCutWithPartsAtOnce cuts the power at random moments of a transfer by
// several connections, again and again, on a disk that forgets what was not
// synced. No byte is promised that is not there, and the object comes out whole.
func TestPowerCutWithPartsAtOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(rounds(3, 40)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 1))
				s := newServer(40 * mib)
				s.perConnection = 2 * mib
				d := newMemoryDisk()
				for cut := range 20 {
					o := options(s, "/folder")
					o.disk, o.Connections = d, 8
					p, err := Open(o)
					if err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(500+r.IntN(2500))*time.Millisecond)
					var image *memoryDisk
					go func() {
						<-ctx.Done()
						image = d.afterPowerCut(r)
					}()
					err = p.Fetch(ctx)
					if err == nil {
						cancel()
						synctest.Wait()
						if err := p.Commit(o.Path, false); err != nil {
							t.Fatal(err)
						}
						after := d.afterPowerCut(r)
						if !bytes.Equal(after.read(o.Path), s.body) {
							t.Fatal("the finished file is not the object after a power cut")
						}
						t.Logf("whole after %d cuts, %d bytes served", cut, s.served)
						return
					}
					cancel()
					synctest.Wait()
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Fatal(err)
					}
					d = image
					vouched(t, d, o.Path, s.body)
				}
				t.Fatal("never whole")
			})
		})
	}
}

// TestPowerCutAfterEachStep cuts the power before each single change of the
// disk, from the first to the last of a transfer and its commit.
func TestPowerCutAfterEachStep(t *testing.T) {
	t.Parallel()
	for step := 0; ; step++ {
		r := rand.New(rand.NewPCG(uint64(step), 2))
		s := newServer(300 << 10)
		d := newMemoryDisk()
		o := options(s, "/folder")
		o.disk = d
		var image *memoryDisk
		var op string
		n := 0
		d.step = func(what string) {
			if n == step {
				op = what
				image = d.afterPowerCut(r)
			}
			n++
		}
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Commit(o.Path, false); err != nil {
			t.Fatal(err)
		}
		if image == nil {
			if step < 15 {
				t.Fatalf("%d steps are too few to be all", step)
			}
			return
		}
		vouched(t, image, o.Path, s.body)
		if b := image.read(o.Path); b != nil && !bytes.Equal(b, s.body) {
			t.Fatalf("step %d (%s): the final name is not the object", step, op)
		}
		if image.read(o.Path) != nil {
			continue // done, whatever is left beside it
		}
		o.disk = image
		again, err := get(t, o)
		if err != nil {
			t.Fatalf("step %d (%s): %v", step, op, err)
		}
		if err := again.Commit(o.Path, false); err != nil {
			t.Fatalf("step %d (%s): %v", step, op, err)
		}
		if !bytes.Equal(image.read(o.Path), s.body) {
			t.Fatalf("step %d (%s): not the object", step, op)
		}
		if got := image.files(); got != "data.json" {
			t.Errorf("step %d (%s): left behind: %s", step, op, got)
		}
	}
}

// TestSyncThatFails: the system says once that data is lost, and then drops it.
func TestSyncThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(24 * mib)
		s.perConnection = 4 * mib
		d := newMemoryDisk()
		o := options(s, "/folder")
		o.disk = d
		d.syncErr = []error{nil, nil, nil, nil, errors.New("input/output error")}
		p, err := get(t, o)
		if !errors.Is(err, errSync) {
			t.Fatalf("the lost data was not noticed: %v", err)
		}
		if err := p.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Commit(o.Path, false); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(d.read(o.Path), s.body) {
			t.Error("not the object")
		}
	})
}

func TestDiskThatFillsUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		wait time.Duration
		full error
	}{
		"waits for room":       {time.Hour, nil},
		"waits in vain":        {time.Minute, ErrDiskFull},
		"is not meant to wait": {0, ErrDiskFull},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(40 * mib)
				s.perConnection = mib
				d := newMemoryDisk()
				o := options(s, "/folder")
				o.disk, o.RoomWait, o.Connections = d, c.wait, 4
				p, err := Open(o)
				if err != nil {
					t.Fatal(err)
				}
				room := func(n int64) {
					d.mu.Lock()
					d.room = n
					d.mu.Unlock()
				}
				time.AfterFunc(5*time.Second, func() { room(100_000) })
				time.AfterFunc(20*time.Minute, func() { room(100 * mib) })
				began := time.Now()
				err = p.Fetch(t.Context())
				if !errors.Is(err, c.full) {
					t.Fatal(err)
				}
				took := time.Since(began)
				if c.full != nil {
					if took > c.wait+10*time.Second {
						t.Errorf("gave up after %v", took)
					}
					if done := p.Snapshot().Done; done < 6*mib {
						t.Errorf("%d bytes are kept", done)
					}
					room(100 * mib)
					served := s.served
					if err := p.Fetch(t.Context()); err != nil {
						t.Fatal(err)
					}
					if again := s.served - served; again > 35*mib {
						t.Errorf("%d bytes were fetched again", again)
					}
				} else if took < 20*time.Minute || took > 22*time.Minute {
					t.Errorf("took %v", took)
				}
				if n := len(s.requests); n > 60 {
					t.Errorf("%d requests, for a disk that is full", n)
				}
				if err := p.Commit(o.Path, false); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(d.read(o.Path), s.body) {
					t.Error("not the object")
				}
			})
		})
	}
}

// TestTwoProcesses: two at the same name. The lock lets one in; where it locks
// nothing, the one that sees the other's checkpoint leaves.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	for name, lockless := range map[string]bool{"lock": false, "lock that locks nothing": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(40 * mib)
				s.perConnection = 2 * mib
				d := newMemoryDisk()
				d.lockless = lockless
				o := options(s, "/folder")
				o.disk = d
				results := make(chan error, 2)
				for range 2 {
					go func() {
						p, err := Open(o)
						if err == nil {
							if err = p.Fetch(t.Context()); err == nil {
								err = p.Commit(o.Path, false)
							}
							err = errors.Join(err, p.Close())
						}
						results <- err
					}()
					time.Sleep(2100 * time.Millisecond)
				}
				first, second := <-results, <-results
				if first != nil && second != nil {
					t.Fatalf("%v, %v", first, second)
				}
				if err := errors.Join(first, second); !errors.Is(err, ErrLocked) {
					t.Errorf("the other one ended with %v", err)
				}
				if !bytes.Equal(d.read(o.Path), s.body) {
					t.Error("not the object")
				}
				if got := d.files(); strings.Contains(got, "part") {
					t.Errorf("left behind: %s", got)
				}
			})
		})
	}
}

// TestFileThatAnotherProcessWroteTo: where the lock locks nothing, the whole file
// is read again before it is called complete, and what is wrong is fetched.
func TestFileThatAnotherProcessWroteTo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(40 * mib)
		s.perConnection = 4 * mib
		d := newMemoryDisk()
		d.lockless = true
		o := options(s, "/folder")
		o.disk, o.Connections = d, 1
		time.AfterFunc(8*time.Second, func() {
			f, err := d.open(o.Path+partSuffix, os.O_RDWR)
			if err == nil {
				_, err = f.WriteAt([]byte("theirs"), 9*mib)
			}
			if err != nil {
				t.Error(err)
			}
		})
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Commit(o.Path, false); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(d.read(o.Path), s.body) {
			t.Error("not the object")
		}
		if s.served != 48*mib {
			t.Errorf("%d bytes were served, want one piece more", s.served)
		}
	})
}

// TestSyncIsNotTriedAgain: after one that failed the next seems to work, and
// says nothing.
func TestSyncIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	d := newMemoryDisk()
	f, err := d.open("/folder/x", os.O_RDWR|os.O_CREATE)
	if err != nil {
		t.Fatal(err)
	}
	w := checkpointer{disk: d, file: f, path: "/folder/x.json"}
	d.syncErr = []error{syscall.EIO}
	w.due(time.Now(), 1)
	if err := w.behind(checkpoint{}); err != nil {
		t.Fatal(err)
	}
	if err := w.now(checkpoint{}); !errors.Is(err, errSync) {
		t.Errorf("a checkpoint after lost data: %v", err)
	}
	if d.read("/folder/x.json") != nil {
		t.Error("it was written")
	}
}
