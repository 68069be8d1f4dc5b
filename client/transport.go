package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

const (
	// Bytes of an answer: of one thing, and of a page of exports, which some
	// server may give as a whole list. Both are far above anything real, and
	// far below what its parts would take once they are decoded.
	maxBody     = 1 << 20
	maxListBody = 8 << 20

	maxRedirects = 5
	// attemptTime bounds one request with all its redirects and its answer.
	attemptTime = 30 * time.Second
)

// call is one question to the API.
type call struct {
	step      string // for errors
	method    string
	path      []string
	query     url.Values
	body      []byte
	anonymous bool // send no key
	list      bool // the answer may have maxListBody
}

// mostBytes is what the answer may have.
func (k call) mostBytes() int {
	if k.list {
		return maxListBody
	}
	return maxBody
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
	// foreign: it came from another origin, after a redirect, and that one got no key.
	foreign bool
}

// noReply is why there is no whole answer.
type noReply struct {
	err error
	// unsent: the request certainly never reached the server.
	unsent bool
	// status of an answer that broke off; 0 if none began.
	status int
	// protocol: an answer came and is not one that we take.
	protocol bool
}

func (n *noReply) Error() string { return n.err.Error() }
func (n *noReply) Unwrap() error { return n.err }

// exchange sends one request and follows its redirects.
//
// It does so itself instead of leaving that to http.Client, which carries all
// headers but three to other hosts, the key to other ports and to plain http,
// and the whole URL in Referer. Here each hop's headers are made anew, so
// there is nothing to forget: the key only goes to the API's own origin, and
// never again once a redirect has left it.
func (c *Client) exchange(ctx context.Context, k call, to *url.URL) (reply, *noReply) {
	foreign := false
	for hop := 0; ; hop++ {
		foreign = foreign || origin(to) != c.base.Origin()
		res, gone := c.roundTrip(ctx, k, to, foreign)
		if gone != nil {
			return reply{}, gone
		}
		next, err := redirect(res, k, to, hop)
		if err != nil {
			_ = res.Body.Close()
			return reply{}, &noReply{err: err, status: res.StatusCode, protocol: true, unsent: res.StatusCode != http.StatusSeeOther}
		}
		if next == nil {
			return read(res, k.mostBytes(), foreign)
		}
		_ = res.Body.Close()
		to = next
	}
}

// roundTrip carries one hop.
func (c *Client) roundTrip(ctx context.Context, k call, to *url.URL, foreign bool) (*http.Response, *noReply) {
	var asked, connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	var body io.Reader
	if k.body != nil {
		body = bytes.NewReader(k.body)
	}
	req, err := http.NewRequestWithContext(ctx, k.method, to.String(), body)
	if err != nil {
		return nil, &noReply{err: err, unsent: true}
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if k.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if !foreign && !k.anonymous {
		req.Header.Set("Authorization", "Bearer "+c.key.reveal())
	}
	res, err := c.transport.RoundTrip(req)
	if err != nil {
		// A transport that asked for a connection and got none has written
		// nothing. One that keeps no trace is judged by its error.
		unsent := asked.Load() && !connected.Load() || dialError(err)
		return nil, &noReply{err: err, unsent: unsent}
	}
	if !foreign {
		c.note(res.Header, !k.anonymous)
	}
	return res, nil
}

// dialError reports whether err comes from before there was a connection.
func dialError(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && op.Op == "dial" || errors.As(err, &dns)
}

// redirect says where res leads; nil if it is an answer. A GET goes wherever
// it is safe. A POST only where the server says that it has not handled it
// (307 and 308, RFC 9110 sections 15.4.8 and 15.4.9) and stays itself.
func redirect(res *http.Response, k call, from *url.URL, hop int) (*url.URL, error) {
	switch res.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		if k.method == http.MethodPost {
			return nil, errors.New("redirected, and a POST cannot follow")
		}
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	ref, err := url.Parse(res.Header.Get("Location"))
	if err != nil || res.Header.Get("Location") == "" {
		return nil, errors.New("redirected to no address")
	}
	to := from.ResolveReference(ref)
	to.User, to.Fragment, to.RawFragment = nil, "", ""
	switch {
	case hop >= maxRedirects:
		return nil, fmt.Errorf("redirected more than %d times", maxRedirects)
	case to.Host == "" || !secure(to) || from.Scheme == "https" && to.Scheme != "https":
		return nil, errors.New("redirected to an insecure address")
	case k.method == http.MethodPost && origin(to) != origin(from):
		return nil, errors.New("redirected to another origin, and a POST cannot follow")
	}
	return to, nil
}

// read takes the whole answer in, up to most bytes. Of a refusal the status is
// enough, whatever became of its text.
func read(res *http.Response, most int, foreign bool) (reply, *noReply) {
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(most)+1))
	whole := err == nil && len(body) <= most
	switch {
	case !whole && res.StatusCode >= http.StatusBadRequest:
		body = nil
	case err != nil:
		return reply{}, &noReply{err: fmt.Errorf("read the answer: %w", err), status: res.StatusCode}
	case !whole:
		return reply{}, &noReply{
			err:    fmt.Errorf("the answer is larger than %d MiB", most>>20),
			status: res.StatusCode, protocol: true,
		}
	}
	return reply{status: res.StatusCode, header: res.Header, body: body, foreign: foreign}, nil
}

// defaultTransport has the settings of http.DefaultTransport, but for three:
// the proxy, which would be read from the environment; the headers, of which no
// answer has ten megabytes; and HTTP/2, which writes each header, the key too,
// to standard error once GODEBUG has http2debug=2 in it.
func defaultTransport() http.RoundTripper {
	dialer := &net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dialer.DialContext,
		Protocols:              protocols,
		MaxIdleConns:           100,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}
