// Package client speaks Dashtray's exports API: create a job, look at it, list
// the history, ask which project a key belongs to.
//
// It knows HTTP, no files and no screens, and never reads the environment: the
// transport (proxy, CA) comes from the caller. Every wire string is a
// [text.Untrusted]. The key goes to the API's own origin only.
package client

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"
)

// Options for New. BaseURL and Key are required.
type Options struct {
	// BaseURL is the API's address. Without a path /api/v1 is added; with one
	// it is taken as it is.
	BaseURL string
	Key     Key
	// Transport carries the requests; nil is http.DefaultTransport's settings.
	Transport http.RoundTripper
	UserAgent string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log gets one line a request, without keys or query strings; nil is none.
	Log *slog.Logger
}

// Client is safe for concurrent use.
type Client struct{ _ int }

// New checks the address and makes a client. It does no I/O.
// An address that is not https (loopback excepted) is ErrInsecure.
func New(o Options) (*Client, error) { panic("unbuilt") }

// Origin is scheme://host[:port] of the API: what a key is bound to.
func (c *Client) Origin() string { panic("unbuilt") }

// Budget is the key's rate budget by the last answer.
func (c *Client) Budget() Budget { panic("unbuilt") }

// ServerTime is now by the server's clock, from the Date of its last answer;
// the local clock before the first one.
func (c *Client) ServerTime() time.Time { panic("unbuilt") }

// Project asks which project the key belongs to: the check of a key.
func (c *Client) Project(ctx context.Context) (Project, error) { panic("unbuilt") }

// Create starts an export. It never sends a second POST unless the first one
// was refused or cannot have made an export (see the lost-answer rule in create.go).
func (c *Client) Create(ctx context.Context, r ExportRequest) (Created, error) { panic("unbuilt") }

// Export asks for one job. A relative link is resolved against the base.
func (c *Client) Export(ctx context.Context, id ID) (Export, error) { panic("unbuilt") }

// Exports lists the project's exports, newest first, page by page, and stops
// at the first error. ErrNotFound: this server has no list.
func (c *Client) Exports(ctx context.Context) iter.Seq2[Export, error] { panic("unbuilt") }

// Health asks whether the API answers; it sends no key.
func (c *Client) Health(ctx context.Context) error { panic("unbuilt") }
