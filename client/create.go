package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The lost-answer rule.
//
// A POST makes an export each time it is handled, and a project has one export
// at a time. So a POST is repeated by itself only where the server certainly
// has not acted on the last one: no connection was made, or it was refused
// with 429, or with 503 and a Retry-After.
//
// Its answer is lost when the request may have arrived and nothing came back
// that says what became of it: the connection broke, a gateway answered with a
// 5xx and no API body, or a 2xx is cut or names no export. Then the list of
// exports is asked, and
//   - one export created since our POST, by the server's clock, that differs
//     in nothing that is known of both: it is ours and is adopted;
//   - more than one, or one of which the list does not say when it was
//     created: nobody can tell, and the caller gets ErrLostAnswer;
//   - none: the POST may still be on its way, so the list is asked again a few
//     times, and only then the POST is sent again;
//   - this server has no list (404, 405): the POST is sent again. If that is
//     refused because an export runs, it is ours or somebody else's: the
//     caller gets ErrBusy and ErrLostAnswer in one error, says so, and waits.
//
// Where the list cannot be had for another reason, or the context ends while
// an answer is out, the error is ErrLostAnswer too.

const (
	stepCreate = "create export"
	// maxPosts is how many POSTs may get lost before nobody wants another one.
	maxPosts = 3
	// dateGrain is the precision of the Date header and of a createdAt that a
	// server keeps in seconds.
	dateGrain = time.Second
)

func (c *Client) create(ctx context.Context, r ExportRequest) (Created, error) {
	body, err := r.body()
	if err != nil {
		return Created{}, &Error{Kind: ErrBadRequest, Step: stepCreate, Err: err}
	}
	post := call{step: stepCreate, method: http.MethodPost, path: []string{"exports"}, body: body}
	var lost lostPost
	for range maxPosts {
		out := c.repeat(ctx, post, func(o outcome) bool { return o.unhandled && o.transient() })
		id, err := out.created()
		switch {
		case err == nil:
			return Created{ID: c.withoutKey(id), At: c.onServer(out.began)}, nil
		case ctx.Err() != nil && errors.Is(err, ctx.Err()) && (!out.unhandled || lost.happened()):
			return Created{}, lostAnswer(ctx.Err())
		case !out.lost():
			return c.refused(ctx, r, lost, err)
		}
		lost.note(out, err)
		if made, err := c.search(ctx, r, &lost, time.Second, 2*time.Second, 4*time.Second); made.ID != "" || err != nil {
			return made, err
		}
	}
	return Created{}, lostAnswer(lost.cause)
}

// created is the id in the answer to a POST.
func (o outcome) created() (ID, error) {
	if o.err != nil {
		return "", o.err
	}
	return decodeCreated(o.rep.body)
}

// lost reports whether a POST that named no export may have made one.
func (o outcome) lost() bool {
	if o.unhandled {
		return false
	}
	var e *Error
	if !errors.As(o.err, &e) {
		return o.err == nil // a 2xx without an id
	}
	return e.of(ErrNetwork, ErrProtocol) || e.of(ErrServer) && !o.api
}

// lostPost remembers that answers were lost.
type lostPost struct {
	since    time.Time // the first POST of unknown fate, by our clock
	cause    error
	listless bool // this server has no list
}

func (l *lostPost) happened() bool { return !l.since.IsZero() }

func (l *lostPost) note(out outcome, cause error) {
	if !l.happened() {
		l.since = out.began
	}
	l.cause = cause
}

// refused ends a Create whose last POST was refused. After a lost one, "in
// progress" may mean our own export.
func (c *Client) refused(ctx context.Context, r ExportRequest, lost lostPost, err error) (Created, error) {
	var e *Error
	if !lost.happened() || !errors.As(err, &e) {
		return Created{}, err
	}
	if !e.of(ErrBusy) {
		if e.Err == nil {
			e.Err = ErrLostAnswer
		} else {
			e.Err = fmt.Errorf("%w; then %w", ErrLostAnswer, e.Err)
		}
		return Created{}, e
	}
	if !lost.listless {
		if made, err := c.search(ctx, r, &lost); made.ID != "" || err != nil {
			return made, err
		}
	}
	if lost.listless {
		e.Err = ErrLostAnswer
	}
	return Created{}, e
}

// search looks for our export in the list: at once, and again after each of
// the waits. Without one it returns neither an export nor an error.
func (c *Client) search(ctx context.Context, r ExportRequest, lost *lostPost, waits ...time.Duration) (Created, error) {
	for n := 0; ; n++ {
		ours, unsure, err := c.candidates(ctx, r, lost.since)
		switch {
		case errors.Is(err, ErrNotFound):
			lost.listless = true
			return Created{}, nil
		case err != nil:
			return Created{}, lostAnswer(err)
		case len(ours) == 1 && unsure == 0:
			return Created{ID: ours[0].ID, At: c.onServer(lost.since), Adopted: true}, nil
		case len(ours) > 0 || unsure > 0:
			return Created{}, lostAnswer(errors.New("the list does not tell which export is the one"))
		case n == len(waits):
			return Created{}, nil
		}
		if err := sleep(ctx, waits[n]); err != nil {
			return Created{}, lostAnswer(err)
		}
	}
}

// candidates are the exports in the list that may be what our POST made.
// unsure counts those of which the list does not say when they were created.
func (c *Client) candidates(ctx context.Context, r ExportRequest, since time.Time) (ours []Export, unsure int, err error) {
	for exp, err := range c.Exports(ctx) {
		if err != nil {
			return nil, 0, err
		}
		// Now that the list has answered, the server's clock is known. Date is
		// cut to the second and comes late, so this moment is never after the
		// true one.
		after := c.onServer(since).Add(-dateGrain)
		switch {
		case r.differs(exp):
		case exp.CreatedAt.IsZero() || !c.clockKnown():
			if exp.CompletedAt.IsZero() || !exp.CompletedAt.Before(after) {
				unsure++
			}
		case !exp.CreatedAt.Before(after):
			ours = append(ours, exp)
		}
	}
	return ours, unsure, nil
}

func (c *Client) clockKnown() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dated
}

func lostAnswer(cause error) *Error {
	return &Error{Kind: ErrLostAnswer, Step: stepCreate, Err: cause}
}

// differs reports whether an export is certainly not of this request. What the
// server does not tell is no difference.
func (r ExportRequest) differs(e Export) bool {
	return e.Format != "" && e.Format != r.Format ||
		e.Include != nil && *e.Include != r.Include ||
		r.Range.differs(e.Range)
}

// differs compares a range with the server's echo. A server may echo times
// where a word was sent, and cut times to the second.
func (r Range) differs(w WireRange) bool {
	if name := w.Name.Raw(); name != "" {
		if _, known := wordDays(name); known {
			return name != r.Name
		}
	}
	if r.OnWireAsWord() {
		return false
	}
	return apart(r.From, w.From) || apart(r.To, w.To)
}

func apart(a, b time.Time) bool {
	return !b.IsZero() && a.Sub(b).Abs() > time.Second
}
