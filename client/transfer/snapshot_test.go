package transfer

import (
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// TestSnapshotAfterAResume: what was here already is no speed, and the time
// left is of what is missing.
func TestSnapshotAfterAResume(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(30 * mib)
		s.tricks = []trick{stall(20 * mib)}
		o := options(s, "/folder")
		o.disk = newMemoryDisk()
		stopAfter(t, o, 10*time.Second, false)
		s.perConnection = mib
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Fetch(t.Context()) }()
		for at := range 8 {
			time.Sleep(time.Second)
			snap := p.Snapshot()
			if snap.ResumedFrom != 20*mib || snap.Done != snap.ResumedFrom+snap.ThisRun || snap.Attempts != 1 || snap.Retry != 0 {
				t.Errorf("after %d s: %+v", at+1, snap)
			}
			if snap.Rate < 0.8*mib || snap.Rate > 1.2*mib || snap.Average < 0.8*mib || snap.Average > 1.2*mib {
				t.Errorf("after %d s: %.0f now, %.0f on average", at+1, snap.Rate, snap.Average)
			}
			left := time.Duration(9-at) * time.Second
			switch {
			case at < 2 && snap.Left != -1:
				t.Errorf("after %d s it knows that %v are left", at+1, snap.Left)
			case at > 2 && (snap.Left < left-2*time.Second || snap.Left > left+2*time.Second):
				t.Errorf("after %d s %v are left, not %v", at+1, left, snap.Left)
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

// TestSnapshotTellsOfRestarts: how often what was here had to go.
func TestSnapshotTellsOfRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(3 * mib)
		s.tricks = []trick{cut(mib), changeTo(3*mib, true)}
		p, err := get(t, options(s, dir))
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		if snap := p.Snapshot(); snap.Restarts != 1 || snap.ResumedFrom != 0 || snap.Done != snap.Size {
			t.Errorf("%+v", snap)
		}
	})
}

// TestNothingIsFarAheadOfTheHash: one connection is slow, the others go on, but
// not farther than what the system still has in memory.
func TestNothingIsFarAheadOfTheHash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(150 * mib)
		s.perConnection = 64 * mib
		s.tricks = []trick{func(_ *server, req *http.Request, r *http.Response) (*http.Response, error) {
			r.Body = io.NopCloser(&slowReader{r.Body, req.Context(), 2 << 10})
			return r, nil
		}}
		o := options(s, "/folder")
		o.disk, o.Connections = newMemoryDisk(), 8
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Fetch(t.Context()) }()
		var most int64
		for {
			p.mu.Lock()
			most = max(most, p.data.spans.reach(p.data.front)-p.data.front)
			p.mu.Unlock()
			select {
			case err := <-done:
				if err != nil {
					t.Fatal(err)
				}
				if most > window || most < window/2 {
					t.Errorf("%d bytes ahead", most)
				}
				if err := p.Close(); err != nil {
					t.Error(err)
				}
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
}

func TestSnapshotOfSeveralConnections(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := wide(96 * mib)
		o := options(s, dir)
		o.Connections = 4
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- p.Fetch(t.Context()) }()
		for range 8 {
			time.Sleep(500 * time.Millisecond)
			snap := p.Snapshot()
			var sum, at int64
			for _, part := range snap.Parts {
				if part.From != at || part.Done < 0 || part.From+part.Done > part.To {
					t.Fatalf("map %+v", snap.Parts)
				}
				at = part.To
				sum += part.Done
			}
			if sum != snap.Done || at != snap.Size || snap.ThisRun != snap.Done {
				t.Errorf("%d on the map, %d done, %d this run, map to %d", sum, snap.Done, snap.ThisRun, at)
			}
		}
		snap := p.Snapshot()
		if snap.Connections != 4 || len(snap.Parts) < 4 || snap.Phase != PhaseReceiving || snap.Rate < 12*mib || snap.Rate > 20*mib || snap.Left <= 0 {
			t.Errorf("%+v", snap)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		snap = p.Snapshot()
		if snap.Connections != 0 || snap.Phase != PhaseDone || len(snap.Parts) != 1 || snap.SHA256 == "" || snap.Done != 96*mib {
			t.Errorf("%+v", snap)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestMeter(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var m meter
	m.reset(at)
	if m.left(at, 100) != -1 || m.rate(at) != 0 {
		t.Error("knows a speed without a byte")
	}
	for range 100 { // ten seconds of 1,000 bytes a second
		at = at.Add(100 * time.Millisecond)
		m.add(at, 100)
	}
	if r := m.rate(at); r < 900 || r > 1100 {
		t.Errorf("rate %v", r)
	}
	if a := m.average(at); a != 1000 {
		t.Errorf("average %v", a)
	}
	if l := m.left(at, 10_000); l < 9*time.Second || l > 12*time.Second {
		t.Errorf("left %v", l)
	}
	if h := m.history(at); len(h) != 10 {
		t.Errorf("history %v", h)
	}
	at = at.Add(3 * time.Second)
	if m.rate(at) != 0 || m.left(at, 100) != -1 {
		t.Error("speed in silence")
	}
	at = at.Add(24 * time.Hour)
	m.add(at, 1)
	if h := m.history(at); len(h) != meterSeconds-1 {
		t.Errorf("%d seconds of history", len(h))
	}
}
