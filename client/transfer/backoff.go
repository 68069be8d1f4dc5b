package transfer

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
	maxAfter     = 10 * time.Minute
)

// backoff is the time before the nth try in a row without progress: full
// jitter, so that many clients do not come back together.
func backoff(n int) time.Duration {
	ceiling := min(firstBackoff<<min(n, 10), maxBackoff)
	return rand.N(ceiling) + ceiling/10
}

// retryAfter reads Retry-After (RFC 9110, 10.2.3): seconds, or a date that is
// measured against the answer's own Date, since clocks differ. 0 is none.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	var d time.Duration
	if n, err := strconv.ParseUint(v, 10, 32); err == nil || errors.Is(err, strconv.ErrRange) { // n is then the largest
		d = time.Duration(n) * time.Second
	} else {
		at, err := http.ParseTime(v)
		now, err2 := http.ParseTime(h.Get("Date"))
		if err != nil || err2 != nil {
			return 0
		}
		d = at.Sub(now)
	}
	return min(max(d, time.Second), maxAfter)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
