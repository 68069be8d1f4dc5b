package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// How a call is repeated: at most maxTries requests, with waits of full jitter
// under 2, 4 and 8 seconds, so that what is down for a moment is bridged and
// what is really down is said within 15 s. A server's Retry-After is obeyed up
// to maxRetryAfter; a longer one goes to the caller, who can show it.
const (
	maxTries      = 4
	firstBackoff  = 2 * time.Second
	maxRetryAfter = 30 * time.Second
	// spread is added to an obeyed Retry-After, so that all who were told the
	// same moment do not come at it together.
	spread = 500 * time.Millisecond
)

// outcome is what one request led to.
type outcome struct {
	rep   reply
	began time.Time // when the request was sent, by our clock
	// err is nil, an *Error, or wraps the context's error.
	err error
	// unhandled: the server certainly has not acted on the request. It never
	// arrived, or was refused with 429, or with 503 and a time to come back.
	unhandled bool
	// api: the body of a refusal is the API's own and not that of a proxy.
	api bool
}

// get asks and repeats: nothing is changed by asking twice.
func (c *Client) get(ctx context.Context, k call) (reply, error) {
	k.method = http.MethodGet
	out := c.repeat(ctx, k, outcome.transient)
	return out.rep, out.err
}

// repeat sends k until it is answered, again says no, or the tries are used up.
func (c *Client) repeat(ctx context.Context, k call, again func(outcome) bool) outcome {
	if c.key.IsZero() && !k.anonymous {
		return outcome{err: &Error{Kind: ErrUnauthorized, Step: k.step, Err: errors.New("there is no key")}}
	}
	to, err := c.base.call(k.path, k.query)
	if err != nil {
		return outcome{err: &Error{Kind: ErrNotFound, Step: k.step, Err: err}}
	}
	for n := range maxTries {
		out := c.once(ctx, k, to)
		if n == maxTries-1 || !again(out) {
			return out
		}
		wait, ok := c.backoff(n, out)
		if !ok {
			return out
		}
		if err := sleep(ctx, wait); err != nil {
			out.err = interrupted(k, err)
			return out
		}
	}
	panic("unreachable: the last try returns")
}

// once sends one request and judges what came back.
func (c *Client) once(ctx context.Context, k call, to *url.URL) outcome {
	began := c.now()
	within, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	rep, gone := c.exchange(within, k, to)
	var out outcome
	switch {
	case gone == nil:
		out = c.judge(k, rep)
	case ctx.Err() != nil:
		out = outcome{err: interrupted(k, ctx.Err()), unhandled: gone.unsent}
	default:
		out = outcome{err: c.failed(k, gone, within.Err() != nil), unhandled: gone.unsent}
	}
	out.began = began
	c.logRequest(ctx, k, to, out, c.now().Sub(began))
	return out
}

// failed makes the error of a request that has no whole answer.
func (c *Client) failed(k call, gone *noReply, late bool) *Error {
	e := &Error{Kind: ErrNetwork, Step: k.step, Status: gone.status, Err: c.clean(gone.err)}
	switch {
	case gone.protocol:
		e.Kind = ErrProtocol
	case late:
		e.Err = fmt.Errorf("nothing came within %s", attemptTime)
	}
	return e
}

// transient reports whether the same request may go better in a moment.
func (o outcome) transient() bool {
	var e *Error
	if !errors.As(o.err, &e) {
		return false
	}
	switch {
	case e.of(ErrRateLimited):
		return true
	case e.of(ErrNetwork):
		return !permanent(e)
	case e.of(ErrServer):
		return slices.Contains([]int{
			http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		}, e.Status)
	}
	return false
}

// permanent: errors of the network that are none of its moods.
func permanent(e *Error) bool {
	var cert *tls.CertificateVerificationError
	var dns *net.DNSError
	return errors.As(e.Err, &cert) || errors.As(e.Err, &dns) && dns.IsNotFound ||
		e.Status == http.StatusProxyAuthRequired
}

// backoff is the wait after try n (from 0); false if it is not worth it.
func (c *Client) backoff(n int, out outcome) (time.Duration, bool) {
	var e *Error
	if errors.As(out.err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter + c.jitter(spread), e.RetryAfter <= maxRetryAfter
	}
	return c.jitter(firstBackoff << n), true
}

func randomJitter(most time.Duration) time.Duration { return rand.N(most) }

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func interrupted(k call, err error) error { return fmt.Errorf("%s: %w", k.step, err) }

// logRequest writes one line: the path alone, since a query may be signed.
func (c *Client) logRequest(ctx context.Context, k call, to *url.URL, out outcome, took time.Duration) {
	level, attrs := slog.LevelDebug, []slog.Attr{
		slog.String("method", k.method),
		slog.String("path", to.EscapedPath()),
		slog.Int("status", out.rep.status),
		slog.Duration("took", took),
	}
	if out.err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", out.err.Error()))
	}
	c.log.LogAttrs(ctx, level, "api request", attrs...)
}
