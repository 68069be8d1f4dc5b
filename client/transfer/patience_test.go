package transfer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestGivesUpAndKeepsThePart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		s.tricks = append([]trick{cut(mib)}, repeat(refuse(syscall.ECONNREFUSED), 50)...)
		p, err := get(t, options(s, dir))
		if !errors.Is(err, ErrGaveUp) || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Fatal(err)
		}
		if n := len(s.requests); n != 1+defaultRetries {
			t.Errorf("%d requests", n)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		found, err := Peek(options(s, dir).Path)
		if err != nil || found.State != StateActive || found.Done != mib || found.Locked {
			t.Errorf("%+v, %v", found, err)
		}
	})
}

func TestRetryAfterIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(mib)
		s.tricks = []trick{answer(503, "", "Retry-After", "120")}
		began := time.Now()
		if _, err := get(t, options(s, dir)); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(began); d < 2*time.Minute || d > 3*time.Minute {
			t.Errorf("came back after %v", d)
		}
	})
}

// TestPatience: how long the engine waits in vain, and how soon it asks again.
// The fault comes after the first half.
func TestPatience(t *testing.T) {
	t.Parallel()
	trickle := func(rate float64) trick {
		return func(_ *server, req *http.Request, resp *http.Response) (*http.Response, error) {
			resp.Body = io.NopCloser(&slowReader{resp.Body, req.Context(), rate})
			return resp, nil
		}
	}
	for name, c := range map[string]struct {
		size      int
		trick     trick
		limit     int64
		from, to  time.Duration // the whole transfer
		lastError string
	}{
		"nothing is wrong":                    {2 * mib, nil, 0, 0, time.Second, ""},
		"no answer":                           {2 * mib, silence, 0, 30 * time.Second, 32 * time.Second, "no answer"},
		"nothing comes":                       {2 * mib, stall(0), 0, 20 * time.Second, 22 * time.Second, "nothing came"},
		"nothing more comes":                  {2 * mib, stall(mib / 2), 0, 20 * time.Second, 22 * time.Second, "nothing came"},
		"512 bytes a second":                  {2 * mib, trickle(512), 0, 30 * time.Second, 32 * time.Second, "less than"},
		"as slow as it was asked to be":       {2 * mib, nil, 20 << 10, 90 * time.Second, 120 * time.Second, ""},
		"slower than 1 KiB/s, asked to be so": {64 << 10, nil, 1 << 9, time.Minute, 3 * time.Minute, ""},
		"a reset":                             {2 * mib, refuse(syscall.ECONNRESET), 0, 150 * time.Millisecond, 1100 * time.Millisecond, "reset"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(c.size)
				s.tricks = []trick{cut(int64(c.size / 2)), c.trick}
				o := options(s, dir)
				o.LimitRate = c.limit
				began := time.Now()
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				first := 550 * time.Millisecond // the wait after the cut, at most
				if took := time.Since(began); took < c.from || took > c.to+first {
					t.Errorf("took %v", took)
				}
				if last := p.Snapshot().LastError; c.lastError != "" && !strings.Contains(last, c.lastError) {
					t.Errorf("the last error is %q", last)
				}
			})
		})
	}
}

// slowReader brings so many bytes a second, a few at a time.
type slowReader struct {
	io.Reader
	ctx  context.Context
	rate float64
}

func (r *slowReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b[:min(len(b), 256)])
	if serr := sleep(r.ctx, time.Duration(float64(n)/r.rate*float64(time.Second))); serr != nil {
		return 0, serr
	}
	return n, err
}

// TestProgressGivesTheTriesBack: a server that cuts each connection after a
// little is not given up, however often; one that brings nothing is, after as
// many tries as there are, and none of them comes at once after another.
func TestProgressGivesTheTriesBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		o := options(s, dir)
		o.Retries = 3
		for range 100 {
			s.tricks = append(s.tricks, cut(16<<10), refuse(syscall.ENETUNREACH), cut(0))
		}
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		if s.served != 2*mib {
			t.Errorf("%d bytes were served", s.served)
		}
	})
}

// TestTrickleIsNoProgress: a server that never brings more than a few bytes
// before it is too slow is given up in the end.
func TestTrickleIsNoProgress(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		s.tricks = append([]trick{cut(mib)}, repeat(func(_ *server, req *http.Request, resp *http.Response) (*http.Response, error) {
			resp.Body = io.NopCloser(&slowReader{resp.Body, req.Context(), 100})
			return resp, nil
		}, 50)...)
		p, err := get(t, options(s, dir))
		if !errors.Is(err, ErrGaveUp) {
			t.Error(err)
		}
		if n, done := len(s.requests), p.Snapshot().Done; n != 1+defaultRetries || done <= mib {
			t.Errorf("%d requests, %d bytes are kept", n, done)
		}
	})
}

// TestOfflineWaitsLongerAndLonger: with full jitter, up to half a minute, and
// says until when.
func TestOfflineWaitsLongerAndLonger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(mib)
		var asked []time.Time
		s.tricks = repeat(func(*server, *http.Request, *http.Response) (*http.Response, error) {
			asked = append(asked, time.Now())
			return nil, syscall.ENETUNREACH
		}, 14)
		o := options(s, dir)
		o.Retries = 20
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		done := make(chan error, 1)
		go func() { done <- p.Fetch(t.Context()) }()
		synctest.Wait()
		snap := p.Snapshot()
		if in := time.Until(snap.RetryAt); snap.Phase != PhaseWaiting || in <= 0 || in > time.Second || snap.Retry != 1 || snap.LastError == "" {
			t.Errorf("%+v", snap)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		for i := range asked[1:] {
			ceiling := min(firstBackoff<<i, maxBackoff)
			if wait := asked[i+1].Sub(asked[i]); wait < ceiling/10 || wait > ceiling+ceiling/10 {
				t.Errorf("try %d came after %v, want %v at most", i+2, wait, ceiling)
			}
		}
	})
}

func TestLimitHoldsForAllConnectionsTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := wide(40 * mib)
		s.perConnection = mib
		o := options(s, dir)
		o.Connections, o.LimitRate = 8, 2*mib
		began := time.Now()
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		if took := time.Since(began); took < 19*time.Second || took > 24*time.Second {
			t.Errorf("took %v for 40 MiB at 2 MiB/s", took)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"7", "0", "-1", "99999999999", "Thu, 01 Jan 2026 00:00:09 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "soon"} {
		f.Add(s, "Thu, 01 Jan 2026 00:00:00 GMT")
	}
	f.Fuzz(func(t *testing.T, after, date string) {
		d := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}})
		if d != 0 && (d < time.Second || d > maxAfter) {
			t.Errorf("%q at %q: %v", after, date, d)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "0": time.Second, "86400": maxAfter, "99999999999999999999": maxAfter, "-5": 0, "soon": 0,
		"Thu, 01 Jan 2026 00:00:09 GMT": 9 * time.Second, // by the server's own clock
		"Wed, 31 Dec 2025 00:00:00 GMT": time.Second,
	} {
		h := http.Header{"Retry-After": {after}, "Date": {"Thu, 01 Jan 2026 00:00:00 GMT"}}
		if got := retryAfter(h); got != want {
			t.Errorf("%q: %v, want %v", after, got, want)
		}
	}
}
