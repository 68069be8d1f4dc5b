package transfer

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// halfway leaves a part with gaps, fetched by several connections, on a disk in
// memory, and says how it ended: in order or killed.
func halfway(t *testing.T, killed bool) (s *server, d *memoryDisk, o Options) {
	t.Helper()
	s = wide(64 * mib)
	d = newMemoryDisk()
	o = options(s, "/folder")
	o.disk, o.Connections = d, 8
	stopAfter(t, o, 2600*time.Millisecond, killed)
	s.served, s.requests = 0, nil
	return s, d, o
}

// stopAfter leaves a transfer under way, in order or as if killed.
func stopAfter(t *testing.T, o Options, d time.Duration, killed bool) {
	t.Helper()
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := p.Fetch(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if killed {
		err = p.save(StateActive, false)
	}
	if err := errors.Join(err, p.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestWhatABadByteCosts: after an unclean end, the piece with the bad byte is
// fetched again and nothing else; after an orderly one in the same boot nothing
// is read, unless it is another file.
func TestWhatABadByteCosts(t *testing.T) {
	t.Parallel()
	flip := func(at func(c checkpoint) int64) func(*memoryDisk, string) {
		return func(d *memoryDisk, path string) {
			c, err := readCheckpoint(d, path+checkpointSuffix)
			if err != nil {
				panic(err)
			}
			d.names[path+partSuffix].live[at(c)] ^= 1
		}
	}
	for name, c := range map[string]struct {
		killed bool
		hurt   func(d *memoryDisk, path string)
		costs  int64 // bytes fetched beside the missing ones
	}{
		"orderly":                   {},
		"killed":                    {killed: true},
		"killed, first byte":        {true, flip(func(checkpoint) int64 { return 0 }), pieceSize},
		"killed, second piece":      {true, flip(func(checkpoint) int64 { return pieceSize + 7 }), pieceSize},
		"killed, last before a gap": {true, flip(func(c checkpoint) int64 { return c.Frontier - 1 }), pieceSize},
		"killed, first extent":      {true, flip(func(c checkpoint) int64 { return c.Extents[0].To - 1 }), pieceSize},
		"killed, last extent":       {true, flip(func(c checkpoint) int64 { return c.Extents[len(c.Extents)-1].From }), pieceSize},
		"another file of the same length": {false, func(d *memoryDisk, path string) {
			n := d.names[path+partSuffix]
			d.names[path+partSuffix] = &inode{id: 4711, live: make([]byte, len(n.live)), dirty: map[int]bool{}}
		}, 64 * mib},
		"a file that is too short": {false, func(d *memoryDisk, path string) {
			n := d.names[path+partSuffix]
			n.live = n.live[:pieceSize+1]
		}, 64 * mib},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, d, o := halfway(t, c.killed)
				found, err := peek(d, o.Path)
				if err != nil {
					t.Fatal(err)
				}
				if c.hurt != nil {
					c.hurt(d, o.Path)
				}
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				if extra := s.served - (found.Size - found.Done); extra > c.costs+8*bufferSize {
					t.Errorf("%d bytes more than were missing, want at most %d", extra, c.costs)
				}
				if err := p.Commit(o.Path, false); err != nil {
					t.Fatal(err)
				}
				if string(d.read(o.Path)) != string(s.body) {
					t.Error("not the object")
				}
			})
		})
	}
}

// TestKilledNearTheEnd: at 90 % by eight connections, no more is fetched again
// than came since the last checkpoint.
func TestKilledNearTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wide(128 * mib)
		d := newMemoryDisk()
		o := options(s, "/folder")
		o.disk, o.Connections = d, 8
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- p.Fetch(ctx) }()
		for p.Snapshot().Done < 115*mib {
			time.Sleep(10 * time.Millisecond)
		}
		there := p.Snapshot().Done
		image := d.clone()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		_ = p.Close() // a killed process closes nothing
		s.served = 0
		o.disk = image
		if _, err := get(t, o); err != nil {
			t.Fatal(err)
		}
		if again := s.served - (128*mib - there); again > checkpointBytes+pieceSize {
			t.Errorf("%d bytes were fetched again", again)
		}
	})
}

func TestFolderThatVanishes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	synctest.Test(t, func(t *testing.T) {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		s := wide(40 * mib)
		o := options(s, dir)
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(3*time.Second, func() { _ = os.RemoveAll(dir) })
		err = p.Fetch(t.Context())
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("a transfer into no folder ended with %v", err)
		}
		if err := p.Commit(o.Path, false); err == nil {
			t.Error("kept what is not there")
		}
		_ = p.Close() // there is nothing left to close in order
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder is back: %v", err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if p, err = get(t, o); err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
	})
}

// TestPartThatWasTakenAway: another process that the lock did not stop has put
// its file in the place of ours. It is not given our name.
func TestPartThatWasTakenAway(t *testing.T) {
	t.Parallel()
	s := newServer(mib)
	d := newMemoryDisk()
	o := options(s, "/folder")
	o.disk = d
	p, err := get(t, o)
	if err != nil {
		t.Fatal(err)
	}
	d.names[p.File()] = &inode{id: 4711, live: []byte("theirs"), dirty: map[int]bool{}}
	if err := p.Commit(o.Path, false); !errors.Is(err, ErrLocked) {
		t.Errorf("kept a file that is not ours: %v", err)
	}
	if err := p.Discard(); err != nil {
		t.Fatal(err)
	}
	if string(d.read(p.File())) != "theirs" {
		t.Error("removed a file that is not ours")
	}
}

func TestNoRoom(t *testing.T) {
	t.Parallel()
	s := newServer(10)
	s.tricks = []trick{func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		resp.ContentLength = 1 << 60
		return resp, nil
	}}
	p, err := get(t, options(s, t.TempDir()))
	if !errors.Is(err, ErrDiskFull) {
		t.Fatal(err)
	}
	if n := p.Snapshot().Attempts; n != 1 {
		t.Errorf("%d requests for a file that has no room", n)
	}
}

// TestRoomThatThePartHas: what it holds already is not counted again.
func TestRoomThatThePartHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		room int64 // bytes that are free
		want error
	}{
		"room for the rest":      {24*mib + roomBeside, nil},
		"less than for the rest": {24*mib + roomBeside - 1, ErrDiskFull},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(40 * mib)
				s.tricks = []trick{stall(16 * mib)}
				d := newMemoryDisk()
				o := options(s, "/folder")
				o.disk, o.Connections = d, 1
				stopAfter(t, o, 10*time.Second, false)
				d.room = c.room
				p, err := get(t, o)
				if !errors.Is(err, c.want) {
					t.Fatal(err)
				}
				if snap := p.Snapshot(); c.want != nil && (snap.Done != 16*mib || snap.Attempts != 1) {
					t.Errorf("%d bytes are kept, after %d requests", snap.Done, snap.Attempts)
				}
			})
		})
	}
}

// TestDiskThatCannotSync is used all the same, and says so.
func TestDiskThatCannotSync(t *testing.T) {
	t.Parallel()
	for _, unsure := range []bool{false, true} {
		s := newServer(mib)
		d := newMemoryDisk()
		d.unsure = unsure
		o := options(s, "/folder")
		o.disk = d
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Snapshot().Unsure; got != unsure {
			t.Errorf("unsure %v, want %v", got, unsure)
		}
	}
}

func TestLinksInTheWayAreNotFollowed(t *testing.T) {
	t.Parallel()
	for _, suffix := range []string{partSuffix, checkpointSuffix, checkpointSuffix + ".tmp", lockSuffix} {
		s := newServer(1000)
		o := options(s, t.TempDir())
		victim := filepath.Join(t.TempDir(), "victim")
		if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(victim, o.Path+suffix); err != nil {
			t.Skip("this system makes no symbolic links: ", err)
		}
		p, err := Open(o)
		if err == nil {
			err = p.Fetch(t.Context())
			_ = p.Close()
		}
		if suffix != checkpointSuffix+".tmp" && err == nil {
			t.Errorf("%s: a link was followed", suffix)
		}
		if b, _ := os.ReadFile(victim); string(b) != "precious" {
			t.Errorf("%s: the file behind the link is %q now", suffix, b)
		}
	}
}
