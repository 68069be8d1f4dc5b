package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// roulette is a server that now and then does something else than it should,
// by chance. Its object may change, too.
type roulette struct {
	*server
	mu      sync.Mutex
	r       *rand.Rand
	odds    float64
	objects [][]byte // as it was, and is
	marks   int      // which it has: 0 a strong one, 1 a weak one, 2 a date, 3 none
}

// change puts another object behind the link.
func (s *roulette) change(size int) {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	n := len(s.objects)
	s.body = noise()[n : n+size : n+size]
	s.objects = append(s.objects, s.body)
	s.etag, s.modified = "", time.Time{}
	switch s.marks {
	case 0:
		s.etag = fmt.Sprintf(`"%d"`, n)
	case 1:
		s.etag = fmt.Sprintf(`W/"%d"`, n)
	case 2:
		s.modified = time.Date(1990+n, 1, 1, 0, 0, 0, 0, time.UTC)
	}
}

func (s *roulette) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	var t trick
	if s.r.Float64() < s.odds {
		t = s.spin()
	}
	if s.r.Float64() < s.odds/20 && len(s.objects) < 4 {
		s.change(33*mib + s.r.IntN(4)*mib)
	}
	s.mu.Unlock()
	s.server.mu.Lock()
	s.parts, s.tricks = []trick{t}, []trick{t}
	s.server.mu.Unlock()
	return s.server.RoundTrip(req)
}

func (s *roulette) spin() trick {
	at := s.r.Int64N(12 * mib)
	faults := []trick{
		cut(at), stall(at), whole, silence,
		refuse(syscall.ECONNRESET), refuse(errors.New("https://files.test/x?sig=SECRET")),
		answer(503, "", "Retry-After", "1"), answer(429, ""), answer(500, "SECRET"),
		answer(416, "", "Content-Range", fmt.Sprintf("bytes */%d", len(s.body))), answer(416, ""), answer(412, ""),
		answer(403, "<Error><Code>ExpiredToken</Code></Error>"), answer(404, ""),
		answer(200, "<html>", "Content-Type", "text/html"),
		answer(206, "abc"), answer(204, ""),
		edit(func(h http.Header) { h.Del("Content-Range") }),
		edit(func(h http.Header) { h.Del("ETag") }),
		edit(func(h http.Header) { h.Set("ETag", fmt.Sprintf(`"node %d"`, len(s.objects))) }),
		edit(func(h http.Header) { h.Set("Content-Encoding", "gzip") }),
		func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
			resp.Body = io.NopCloser(io.LimitReader(resp.Body, at))
			return resp, nil
		},
		func(s *server, req *http.Request, resp *http.Response) (*http.Response, error) {
			if req.Header.Get("Range") == "" {
				return resp, nil // nothing could tell that this is not the file
			}
			return answer(200, "{}", "Content-Type", "application/json")(s, req, resp)
		},
		answer(302, "", "Location", "https://cdn.test/y?sig=SECRET"),
	}
	return faults[s.r.IntN(len(faults))]
}

// TestChance mixes faults of the server, stops, power cuts and disks that are
// full, by chance. Whatever they are: the final name is there only with the
// whole of one object, a transfer that fails keeps what it has, and no error,
// no log and no file tells the link.
func TestChance(t *testing.T) {
	t.Parallel()
	for seed := range uint64(rounds(5, 300)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { chance(t, seed) })
		})
	}
}

func chance(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	s := &roulette{server: newServer(0), r: rand.New(rand.NewPCG(seed, 4)), odds: 0.1 + 0.5*r.Float64(), marks: r.IntN(4)}
	s.change(33*mib + r.IntN(8*mib))
	s.perConnection = float64(int64(mib) << r.IntN(4))
	var log bytes.Buffer
	d := newMemoryDisk()
	o := options(s.server, "/folder")
	o.Transport = s
	o.Connections = 1 + r.IntN(8)
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	whole := false
	for run := 0; run < 60 && !whole; run++ {
		o.disk = d
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+r.IntN(60))*time.Second)
		if r.IntN(4) == 0 {
			time.AfterFunc(time.Duration(r.IntN(5000))*time.Millisecond, func() {
				d.mu.Lock()
				d.syncErr = []error{syscall.EIO}
				d.mu.Unlock()
			})
		}
		power := r.IntN(3) == 0
		image := make(chan *memoryDisk, 1)
		context.AfterFunc(ctx, func() { image <- d.afterPowerCut(r) })
		err = p.Fetch(ctx)
		cancel()
		after := <-image
		if err == nil {
			whole = true
			err = p.Commit(o.Path, false)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") || strings.Contains(fmt.Sprintf("%+v", p.Snapshot()), "SECRET") {
			t.Fatalf("the link is told: %v", err)
		}
		if whole && err != nil {
			t.Fatal(err)
		}
		if !whole && d.read(o.Path) != nil {
			t.Fatalf("the final name is there after %v", err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if power && !whole {
			d = after
			vouched(t, d, o.Path, s.objects...)
		}
		if strings.Contains(string(d.read(o.Path+checkpointSuffix)), "SECRET") {
			t.Fatal("the checkpoint tells the link")
		}
		s.mu.Lock()
		s.odds *= 0.9 // luck changes, or some would never end
		s.mu.Unlock()
	}
	if !whole {
		t.Fatal("never whole")
	}
	if got := d.read(o.Path); !slices.ContainsFunc(s.objects, func(b []byte) bool { return bytes.Equal(b, got) }) {
		t.Fatalf("the final name is none of %d objects, marked %d", len(s.objects), s.marks)
	}
	if got := d.files(); got != "data.json" {
		t.Errorf("left behind: %s", got)
	}
	if strings.Contains(log.String(), "SECRET") {
		t.Errorf("the log tells the link: %s", log.String())
	}
}
