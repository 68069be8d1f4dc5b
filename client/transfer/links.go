package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	renewEvery = 10 * time.Second // the shortest time between two fresh links
	renewAt    = 0.8              // of a link's life
)

// links keeps the link, for all connections. Who finds it refused or old asks
// for a fresh one; the others wait and use that.
type links struct {
	ask  func(ctx context.Context, renew bool) (string, error)
	wall func() time.Time
	turn chan struct{} // holds one token: whoever has it may ask

	// Under the turn.
	url     string
	got     time.Time // by the wall clock
	renewed time.Time // by the monotonic clock
	refused bool

	skew     atomic.Int64 // nanoseconds that the server's clock is ahead
	renewals atomic.Int64 // of links that were refused
}

func newLinks(ask func(context.Context, bool) (string, error), wall func() time.Time) *links {
	l := &links{ask: ask, wall: wall, turn: make(chan struct{}, 1)}
	l.turn <- struct{}{}
	return l
}

func (l *links) take(ctx context.Context) error {
	select {
	case <-l.turn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *links) give() { l.turn <- struct{}{} }

// get is the link to use for a request now. Each part is a request, and a link
// is looked at when one begins, so an old link is renewed before it is due. If
// that does not work the old one has to do, unless the server has refused it.
func (l *links) get(ctx context.Context) (string, error) {
	if err := l.take(ctx); err != nil {
		return "", err
	}
	defer l.give()
	if l.url == "" {
		link, err := l.ask(ctx, false)
		if err != nil {
			return "", err
		}
		l.url, l.got = link, l.wall()
	}
	switch {
	case l.refused:
		if err := l.fresh(ctx); err != nil {
			return "", err
		}
	case l.due() && time.Since(l.renewed) >= renewEvery:
		_ = l.fresh(ctx)
	}
	return l.url, nil
}

// renew gets a fresh link.
func (l *links) renew(ctx context.Context) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	defer l.give()
	return l.fresh(ctx)
}

// fresh asks for a link, under the turn, and not more often than every ten seconds.
func (l *links) fresh(ctx context.Context) error {
	if !l.renewed.IsZero() {
		if err := sleep(ctx, renewEvery-time.Since(l.renewed)); err != nil {
			return err
		}
	}
	l.renewed = time.Now()
	link, err := l.ask(ctx, true)
	if err != nil {
		return err
	}
	if l.refused {
		l.renewals.Add(1)
	}
	l.url, l.got, l.refused = link, l.wall(), false
	return nil
}

// refuse notes that the server does not take the link, unless it is another
// one by now.
func (l *links) refuse(ctx context.Context, link string) {
	if l.take(ctx) == nil {
		l.refused = l.url == link
		l.give()
	}
}

// heard learns from an answer how far the server's clock is from ours, by
// which the link's dates are meant.
func (l *links) heard(h http.Header) {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		l.skew.Store(int64(at.Sub(l.wall())))
	}
}

func (l *links) due() bool {
	from, to, ok := linkLife(l.url)
	if !ok {
		return false
	}
	skew := time.Duration(l.skew.Load())
	if from.IsZero() {
		from = l.got.Add(skew)
	}
	life := to.Sub(from)
	return life > 0 && l.wall().Add(skew).Sub(from) >= time.Duration(renewAt*float64(life))
}

// linkLife reads from a signed link when it was made and when it ends: Amazon's
// and Google's X-Amz-Date and -Expires, the older Expires in Unix seconds, and
// Azure's st and se. The beginning is zero where the link does not tell. It is
// a hint and no more: links also die before their time.
func linkLife(link string) (from, to time.Time, ok bool) {
	u, err := url.Parse(link)
	if err != nil {
		return from, to, false
	}
	q := u.Query()
	for _, v := range []string{"X-Amz-", "X-Goog-"} {
		at, err := time.Parse("20060102T150405Z", q.Get(v+"Date"))
		n, err2 := strconv.ParseUint(q.Get(v+"Expires"), 10, 31)
		if err == nil && err2 == nil && n > 0 {
			return at, at.Add(time.Duration(n) * time.Second), true
		}
	}
	if n, err := strconv.ParseInt(q.Get("Expires"), 10, 40); err == nil && n > 0 {
		return from, time.Unix(n, 0), true
	}
	if to, err = time.Parse(time.RFC3339, q.Get("se")); err == nil {
		from, _ = time.Parse(time.RFC3339, q.Get("st"))
		return from, to, true
	}
	return from, to, false
}

// linkError is what became of asking for a link.
func linkError(err error) error {
	var temporary *TemporaryError
	if errors.As(err, &temporary) {
		return &failure{verdict: again, err: temporary.Err}
	}
	return &failure{verdict: hopeless, err: fmt.Errorf("%w: %w", ErrGone, err)}
}
