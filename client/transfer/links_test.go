package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLinkLife(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"https://x/y?X-Amz-Date=20260102T030405Z&X-Amz-Expires=900":          "03:04:05 03:19:05 true",
		"https://x/y?X-Goog-Date=20260102T030405Z&X-Goog-Expires=60":         "03:04:05 03:05:05 true",
		"https://x/y?Expires=1767323045&Signature=z":                         "00:00:00 03:04:05 true",
		"https://x/y?st=2026-01-02T03:00:00Z&se=2026-01-02T03:04:05Z":        "03:00:00 03:04:05 true",
		"https://x/y?X-Amz-Date=20260102T030405Z&X-Amz-Expires=-900":         "00:00:00 00:00:00 false",
		"https://x/y?X-Amz-Date=yesterday&X-Amz-Expires=900":                 "00:00:00 00:00:00 false",
		"https://x/y?Expires=99999999999999999999":                           "00:00:00 00:00:00 false",
		"https://x/y?X-Amz-Date=20260102T030405Z&X-Amz-Expires=999999999999": "00:00:00 00:00:00 false",
		"https://x/y": "00:00:00 00:00:00 false",
		"::":          "00:00:00 00:00:00 false",
	} {
		from, to, ok := linkLife(link)
		if got := fmt.Sprint(from.UTC().Format(time.TimeOnly), " ", to.UTC().Format(time.TimeOnly), " ", ok); got != want {
			t.Errorf("%s: %s, want %s", link, got, want)
		}
	}
}

// signed makes links of a certain life and refuses those that are over, by a
// clock that is ahead of ours.
type signed struct {
	mu    sync.Mutex
	life  time.Duration
	ahead time.Duration
	asked []time.Time
}

func (s *signed) link(_ context.Context, renew bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().UTC()
	if renew {
		s.asked = append(s.asked, now)
	}
	return fmt.Sprintf("https://files.test/x?X-Amz-Date=%s&X-Amz-Expires=%d&n=%d", now.Add(s.ahead).Format("20060102T150405Z"), int(s.life.Seconds()), len(s.asked)), nil
}

func (s *signed) check(sv *server, req *http.Request, honest *http.Response) (*http.Response, error) {
	_, to, ok := linkLife(req.URL.String())
	now := time.Now().Add(s.ahead)
	honest.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	if !ok || now.After(to) {
		return answer(403, "<Error><Code>ExpiredToken</Code></Error>")(sv, req, honest)
	}
	return honest, nil
}

// TestLinkIsRenewedBeforeItIsDue: parts go on without a single refusal, though
// the link lives shorter than the transfer and the server's clock is ahead.
func TestLinkIsRenewedBeforeItIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wide(128 * mib)
		s.perConnection = mib
		l := &signed{life: 12 * time.Second, ahead: time.Hour}
		refused := 0
		s.tricks = repeat(func(sv *server, req *http.Request, honest *http.Response) (*http.Response, error) {
			resp, err := l.check(sv, req, honest)
			if resp.StatusCode == 403 {
				refused++
			}
			return resp, err
		}, 1000)
		o := options(s, "/folder")
		o.disk, o.Link, o.Connections = newMemoryDisk(), l.link, 4
		if _, err := get(t, o); err != nil {
			t.Fatal(err)
		}
		if refused != 0 {
			t.Errorf("%d requests were refused", refused)
		}
		if len(l.asked) < 2 {
			t.Errorf("renewed %d times", len(l.asked))
		}
		for i := range l.asked {
			if i > 0 && l.asked[i].Sub(l.asked[i-1]) < renewEvery {
				t.Errorf("renewed again after %v", l.asked[i].Sub(l.asked[i-1]))
			}
		}
	})
}

// TestOneRenewalForAllConnections: all are refused, one asks.
func TestOneRenewalForAllConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wide(96 * mib)
		var renewed, refused int
		s.tricks = repeat(func(sv *server, req *http.Request, honest *http.Response) (*http.Response, error) {
			if isPart(req) && strings.Contains(req.URL.RawQuery, "old") {
				refused++
				return answer(403, "")(sv, req, honest)
			}
			return honest, nil
		}, 1000)
		o := options(s, "/folder")
		o.disk, o.Connections = newMemoryDisk(), 8
		o.Link = func(_ context.Context, renew bool) (string, error) {
			if renew {
				renewed++
				return "https://files.test/x?sig=new", nil
			}
			return "https://files.test/x?sig=old", nil
		}
		if _, err := get(t, o); err != nil {
			t.Fatal(err)
		}
		if renewed != 1 || refused == 0 {
			t.Errorf("renewed %d times, refused %d times", renewed, refused)
		}
	})
}

// TestRenewalThatFailsDoesNotStopAConnectionThatWorks: what is refused to the
// others costs them alone.
func TestRenewalThatFailsDoesNotStopAConnectionThatWorks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := wide(40 * mib)
		s.parts = repeat(answer(403, ""), 1000)
		o := options(s, "/folder")
		o.disk, o.Connections = newMemoryDisk(), 8
		o.Link = func(_ context.Context, renew bool) (string, error) {
			if renew {
				return "", errors.New("the key was revoked")
			}
			return "https://files.test/x", nil
		}
		if _, err := get(t, o); err != nil {
			t.Fatal(err)
		}
		if s.served > 41*mib {
			t.Errorf("%d bytes were served", s.served)
		}
	})
}

func TestClockThatJumps(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"a day ahead": 24 * time.Hour, "a day back": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := wide(64 * mib)
				l := &signed{life: time.Hour}
				o := options(s, "/folder")
				o.disk, o.Link = newMemoryDisk(), l.link
				began := time.Now()
				o.Now = func() time.Time {
					if time.Since(began) > 2500*time.Millisecond {
						return time.Now().Add(jump)
					}
					return time.Now()
				}
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > 20*time.Second {
					t.Errorf("took %v", took)
				}
				if s.served > 65*mib {
					t.Errorf("%d bytes were served", s.served)
				}
				if jump > 0 && !strings.Contains(p.Snapshot().LastError, "asleep") {
					t.Errorf("the wake was not noticed: %q", p.Snapshot().LastError)
				}
				if (s.idleClosed > 0) != (jump > 0) {
					t.Errorf("idle connections were given up %d times", s.idleClosed)
				}
			})
		})
	}
}

func TestLinkIsRenewedOnceAndThenGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		s.tricks = append([]trick{cut(mib)}, repeat(answer(403, "<Error><Code>ExpiredRequest</Code></Error>"), 9)...)
		o := options(s, dir)
		renewed := 0
		o.Link = func(_ context.Context, renew bool) (string, error) {
			if renew {
				renewed++
			}
			return "https://files.test/x?sig=SECRET", nil
		}
		p, err := get(t, o)
		var refused *RefusedError
		if !errors.Is(err, ErrGone) || !errors.As(err, &refused) || refused.Code != "ExpiredRequest" || renewed != 1 {
			t.Fatalf("%v after %d renewals", err, renewed)
		}
		if strings.Contains(err.Error(), "SECRET") {
			t.Error("the error shows the link")
		}
		if got := p.Snapshot(); got.Done != mib {
			t.Errorf("%d bytes are kept", got.Done)
		}
		s.tricks = nil
		if err := p.Fetch(t.Context()); err != nil { // and it goes on later
			t.Fatal(err)
		}
		same(t, p, s.body)
	})
}

func TestLinkThatCannotBeRenewedNow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		s.tricks = []trick{cut(mib), answer(403, "")}
		o := options(s, dir)
		var asked []time.Time
		o.Link = func(_ context.Context, renew bool) (string, error) {
			if renew {
				if asked = append(asked, time.Now()); len(asked) < 3 {
					return "", &TemporaryError{errors.New("offline")}
				}
			}
			return "https://files.test/x", nil
		}
		p, err := get(t, o)
		if err != nil {
			t.Fatal(err)
		}
		same(t, p, s.body)
		for i := range asked {
			if i > 0 && asked[i].Sub(asked[i-1]) < renewEvery {
				t.Errorf("asked again after %v", asked[i].Sub(asked[i-1]))
			}
		}
	})
}

func FuzzLinkLife(f *testing.F) {
	f.Add("https://x/y?X-Amz-Date=20260102T030405Z&X-Amz-Expires=900")
	f.Add("https://x/y?Expires=1767323045")
	f.Add("https://x/y?st=2026-01-02T03:00:00Z&se=2026-01-02T03:04:05Z")
	f.Fuzz(func(t *testing.T, link string) {
		if _, to, ok := linkLife(link); ok && to.IsZero() {
			t.Errorf("%q ends never", link)
		}
	})
}
