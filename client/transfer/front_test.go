package transfer

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestReadingAlongBeforeAResumeBegins: who reads along may ask before the part
// believes its checkpoint, and sees the front only move on.
func TestReadingAlongBeforeAResumeBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(30 * mib)
		s.tricks = []trick{stall(20 * mib)}
		o := options(s, "/folder")
		o.disk = newMemoryDisk()
		stopAfter(t, o, 10*time.Second, false)
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		f, looking, read := p.Front(), make(chan struct{}), make(chan error, 1)
		go func() {
			close(looking)
			for p.Snapshot().Done == 0 {
				runtime.Gosched()
			}
			n, done, err := int64(0), false, error(nil)
			for !done && err == nil {
				n, done, err = f.Front(t.Context(), n)
			}
			if err == nil && n != 30*mib {
				t.Errorf("read along up to %d", n)
			}
			read <- err
		}()
		<-looking
		if err := p.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-read; err != nil {
			t.Error(err)
		}
		if !f.Whole() {
			t.Error("what was read along is not the whole file")
		}
		if again := s.served - 30*mib; again > mib {
			t.Errorf("%d bytes were fetched again", again)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}
