package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// gaps are the times between the requests, in seconds.
func (s *script) gaps() []float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	gaps := []float64{}
	for i := 1; i < len(s.asked); i++ {
		gaps = append(gaps, s.asked[i].At.Sub(s.asked[i-1].At).Seconds())
	}
	return gaps
}

func sameGaps(t *testing.T, s *script, want ...float64) {
	t.Helper()
	got := s.gaps()
	if len(got) != len(want) {
		t.Errorf("waits %v, want %v", got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("waits %v, want %v", got, want)
			return
		}
	}
}

func TestGetsAreRepeated(t *testing.T) {
	t.Parallel()
	const fine = `{"status":"processing"}`
	notThere := &net.DNSError{Err: "no such host", IsNotFound: true}
	badCert := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	cases := []struct {
		name    string
		answers []answer
		waits   []float64
		kind    error // nil: it goes well in the end
	}{
		{"at once", []answer{says(200, fine)}, nil, nil},
		{"500 once", []answer{says(500, "{}"), says(200, fine)}, []float64{2}, nil},
		{"the three of a gateway", []answer{says(502, "<html>"), says(503, ""), says(504, ""), says(200, fine)}, []float64{2, 4, 8}, nil},
		{"down for good", []answer{says(502, ""), says(502, ""), says(502, ""), says(502, "")}, []float64{2, 4, 8}, ErrServer},
		{"broken connections", []answer{brokenRead(), refusedDial(), {status: 200, body: fine[:5], cut: true}, says(200, fine)}, []float64{2, 4, 8}, nil},
		{"no network", []answer{refusedDial(), refusedDial(), refusedDial(), refusedDial()}, []float64{2, 4, 8}, ErrNetwork},
		{"429 without a time", []answer{says(429, ""), says(200, fine)}, []float64{2}, nil},
		{"Retry-After", []answer{says(429, "", "Retry-After", "7"), says(503, "", "Retry-After", "30"), says(200, fine)}, []float64{7.5, 30.5}, nil},
		{"retryAfter", []answer{says(429, `{"retryAfter":3}`), says(200, fine)}, []float64{3.5}, nil},
		{"too long a Retry-After", []answer{says(429, "", "Retry-After", "31")}, nil, ErrRateLimited},
		{"too long a Retry-After of 503", []answer{says(500, ""), says(503, "", "Retry-After", "31")}, []float64{2}, ErrServer},
		{"an answer that hangs", []answer{{hang: true}, says(200, fine)}, []float64{32}, nil},
		{"401", []answer{says(401, "")}, nil, ErrUnauthorized},
		{"403", []answer{says(403, "")}, nil, ErrForbiddenRole},
		{"404", []answer{says(404, "")}, nil, ErrNotFound},
		{"400", []answer{says(400, "")}, nil, ErrBadRequest},
		{"409", []answer{says(409, "")}, nil, ErrBusy},
		{"501", []answer{says(501, "")}, nil, ErrServer},
		{"a page", []answer{says(200, "<html>")}, nil, ErrProtocol},
		{"no such host", []answer{breaks(notThere)}, nil, ErrNetwork},
		{"a certificate that nobody knows", []answer{breaks(badCert)}, nil, ErrNetwork},
		{"a proxy that wants a login", []answer{says(407, "")}, nil, ErrNetwork},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := play(t, c.answers...)
				_, err := s.client().Export(t.Context(), "e1")
				if c.kind == nil && err != nil {
					t.Error(err)
				}
				if c.kind != nil {
					onlyKind(t, err, c.kind)
				}
				sameGaps(t, s, c.waits...)
			})
		})
	}
}

func TestJitterStaysInItsBounds(t *testing.T) {
	t.Parallel()
	for range 1000 {
		if d := randomJitter(firstBackoff); d < 0 || d >= firstBackoff {
			t.Fatalf("jitter %s", d)
		}
	}
}

func TestWaitsEndWithTheContext(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		a    answer
	}{
		{"while it backs off", says(503, "")},
		{"while an answer is out", answer{hang: true}},
		{"while it obeys", says(429, "", "Retry-After", "20")},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				began := time.Now()
				_, err := play(t, c.a).client().Export(ctx, "e1")
				onlyKind(t, err)
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
				if err.Error() != "read export: context deadline exceeded" {
					t.Errorf("says %q", err)
				}
			})
		})
	}
}

// TestOurDeadlineIsNotTheCallers: what took too long for us must not look as
// if the caller's own time were up.
func TestOurDeadlineIsNotTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := answer{hang: true}
		_, err := play(t, hang, hang, hang, hang).client().Export(t.Context(), "e1")
		onlyKind(t, err, ErrNetwork)
		if errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "within 30s") {
			t.Errorf("says %q", err)
		}
		late := breaks(&net.OpError{Op: "dial", Err: context.DeadlineExceeded})
		_, err = play(t, late, late, late, late).client().Export(t.Context(), "e1")
		onlyKind(t, err, ErrNetwork)
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v looks like the caller's deadline", err)
		}
	})
}

func TestWithoutKeyNothingIsSent(t *testing.T) {
	t.Parallel()
	api := play(t).client(func(o *Options) { o.Key = NewKey(" ") })
	_, err := api.Export(t.Context(), "e1")
	onlyKind(t, err, ErrUnauthorized)
	_, err = api.Project(t.Context())
	onlyKind(t, err, ErrUnauthorized)
	_, err = api.Create(t.Context(), request())
	onlyKind(t, err, ErrUnauthorized)
	for _, err := range api.Exports(t.Context()) {
		onlyKind(t, err, ErrUnauthorized)
	}
}

func TestIDThatNoPathHolds(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{"", ".", ".."} {
		_, err := play(t).client().Export(t.Context(), id)
		onlyKind(t, err, ErrNotFound)
	}
}
