// Package client speaks Dashtray's exports API: create a job, look at it, list
// the history, ask which project a key belongs to.
//
// It knows HTTP, no files and no screens, and never reads the environment: the
// transport (proxy, CA) comes from the caller. Every wire string is a
// [text.Untrusted]. The key goes to the API's own origin only.
//
// A call goes through these layers, each in its file: create.go and list.go
// decide what to ask, retry.go whether to ask again, transport.go carries one
// request over its redirects, answer.go judges what came back, decode.go reads it.
//
// A call that its context ended returns an error that matches ctx.Err() and,
// but for a [Client.Create] whose answer was lost by it, none of the sentinels.
package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options for New. BaseURL and Key are required.
type Options struct {
	// BaseURL is the API's address, see [ParseBase].
	BaseURL string
	// Key may be zero for a client that only asks for Health; every other
	// call is then ErrUnauthorized and sends nothing.
	Key Key
	// Transport carries the requests. nil is one with the settings of
	// http.DefaultTransport, but without a proxy. It must follow no
	// redirects and add no headers of its own.
	Transport http.RoundTripper
	UserAgent string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log gets one line a request, without keys or query strings; nil is none.
	Log *slog.Logger
}

// Client is safe for concurrent use.
type Client struct {
	base      Base
	key       Key
	transport http.RoundTripper
	userAgent string
	now       func() time.Time
	log       *slog.Logger
	jitter    func(most time.Duration) time.Duration // in [0, most)

	mu     sync.Mutex
	budget Budget
	offset time.Duration // of the server's clock to ours
	dated  bool          // an answer has told the server's clock
}

// New checks the address and makes a client. It does no I/O.
// An address that is not https (loopback excepted) is ErrInsecure; a key that
// no header can carry is ErrUnauthorized.
func New(o Options) (*Client, error) {
	base, err := ParseBase(o.BaseURL)
	if err != nil {
		return nil, err
	}
	if !o.Key.sendable() {
		return nil, fmt.Errorf("check the key: it holds characters that no key has: %w", ErrUnauthorized)
	}
	c := &Client{
		base: base, key: o.Key, transport: o.Transport, userAgent: o.UserAgent,
		now: o.Now, log: o.Log, jitter: randomJitter,
	}
	if c.transport == nil {
		c.transport = defaultTransport()
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// Origin is scheme://host[:port] of the API: what a key is bound to.
func (c *Client) Origin() string { return c.base.Origin() }

// Budget is the key's rate budget by the last answer.
func (c *Client) Budget() Budget {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.budget
}

// ServerTime is now by the server's clock, from the Date of its last answer
// (to the second, and late by the way of the answer); the local clock before
// the first one.
func (c *Client) ServerTime() time.Time { return c.onServer(c.now()) }

// onServer is a moment of our clock by the server's clock as it is known now.
func (c *Client) onServer(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.Add(c.offset)
}

// Project asks which project the key belongs to: the check of a key.
func (c *Client) Project(ctx context.Context) (Project, error) {
	const step = "read project"
	rep, err := c.get(ctx, call{step: step, path: []string{"projects"}})
	if err != nil {
		return Project{}, err
	}
	p, err := decodeProject(rep.body)
	if err != nil {
		return Project{}, &Error{Kind: ErrProtocol, Step: step, Status: rep.status, Err: err}
	}
	p.ID, p.Name, p.Slug = c.withoutKey(p.ID), c.withoutKey(p.Name), c.withoutKey(p.Slug)
	return p, nil
}

// Create starts an export. It never sends a second POST unless the first one
// was refused or cannot have made an export (see the lost-answer rule in create.go).
// A request without a data type, format or range is ErrBadRequest and sends nothing.
func (c *Client) Create(ctx context.Context, r ExportRequest) (Created, error) {
	return c.create(ctx, r)
}

// Find looks for what a POST of r made whose answer nobody heard, since the
// process that sent it at that moment of this machine's clock is gone. Without
// an ID in what it gives, nothing speaks against sending it again. It is
// ErrLostAnswer if the list does not tell which export is the one.
func (c *Client) Find(ctx context.Context, r ExportRequest, sent time.Time) (Created, error) {
	return c.search(ctx, r, &lostPost{since: sent})
}

// Export asks for one job. A relative link is resolved against the base.
func (c *Client) Export(ctx context.Context, id ID) (Export, error) {
	const step = "read export"
	rep, err := c.get(ctx, call{step: step, path: []string{"exports", id.Raw()}})
	if err != nil {
		return Export{}, err
	}
	exp, err := decodeExport(rep.body, c.base)
	if err != nil {
		return Export{}, &Error{Kind: ErrProtocol, Step: step, Status: rep.status, Err: err}
	}
	c.scrubExport(&exp)
	exp.ID = id // what was asked for, whatever the answer calls itself
	return exp, nil
}

// Exports lists the project's exports, newest first, page by page, and stops
// at the first error. ErrNotFound: this server has no list.
func (c *Client) Exports(ctx context.Context) iter.Seq2[Export, error] {
	return func(yield func(Export, error) bool) { c.list(ctx, yield) }
}

// Health asks whether the API answers; it sends no key. What the answer says
// does not matter, as long as it is not a web page.
func (c *Client) Health(ctx context.Context) error {
	const step = "check health"
	rep, err := c.get(ctx, call{step: step, path: []string{"health"}, anonymous: true})
	if err != nil {
		return err
	}
	if strings.HasPrefix(strings.TrimSpace(string(rep.body)), "<") {
		return &Error{Kind: ErrProtocol, Step: step, Status: rep.status, Err: errors.New("a web page came instead")}
	}
	return nil
}
