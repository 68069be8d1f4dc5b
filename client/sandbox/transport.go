package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
)

// Transport answers requests inside the process, without a socket; it works in
// a synctest bubble. Links made under it have the scheme and host of the
// request. Each request has a goroutine of its own that ends when its answer
// has been read or closed, its context ends, or the sandbox is closed.
//
// In a bubble the sandbox itself must have been made there too.
func (s *Server) Transport() http.RoundTripper { return transport{s, s} }

type transport struct {
	s *Server // for its end and its log
	h http.Handler
}

// inProcess is the address that requests of this process come from.
const inProcess = "127.0.0.1:1"

// errCut is what is left of an answer whose handler gave up before it began:
// net/http's client has the same.
var errCut = fmt.Errorf("connection closed before an answer: %w", io.EOF)

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	in := serverRequest(ctx, r)
	pr, pw := io.Pipe()
	w := &pipeWriter{header: http.Header{}, pipe: pw, head: make(chan struct{}), noBody: r.Method == http.MethodHead, left: -1}
	closed := t.s.goes(func() {
		// The end of either context frees a handler that waits for the reader.
		stopReq := context.AfterFunc(ctx, func() { _ = pw.CloseWithError(context.Cause(ctx)) })
		stopSrv := context.AfterFunc(t.s.ctx, func() { cancel(errClosed) })
		err := t.handle(w, in)
		_ = in.Body.Close()
		w.finish(err)
		stopSrv()
		stopReq()
		cancel(context.Canceled)
	})
	if !closed {
		cancel(errClosed)
		_ = in.Body.Close()
		return nil, errClosed
	}
	select {
	case <-w.head:
	case <-ctx.Done():
	}
	if r.Context().Err() != nil {
		_ = pr.Close() // frees a handler that answered just then
		return nil, context.Cause(r.Context())
	}
	select {
	case <-w.head: // the handler may have ended, and its context with it
	default:
		return nil, context.Cause(ctx)
	}
	if w.failed != nil {
		return nil, w.failed
	}
	return w.response(r, &pipeBody{pr, cancel}), nil
}

// serverRequest is the request as a server sees it.
func serverRequest(ctx context.Context, r *http.Request) *http.Request {
	in := r.Clone(ctx)
	in.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	in.RequestURI = in.URL.RequestURI()
	in.RemoteAddr = inProcess
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: r.URL.Hostname()}
	}
	return in
}

// handle runs the handler; a panic is a cut connection.
func (t transport) handle(w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = io.ErrUnexpectedEOF
			if e, ok := p.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
				t.s.log.Error("sandbox handler panicked", "panic", p, "stack", string(debug.Stack()))
			}
		}
	}()
	t.h.ServeHTTP(w, r)
	return nil
}

// pipeWriter is the ResponseWriter of one in-process request. Only the
// handler's goroutine uses it until head is closed; from then on the fields
// that response reads do not change.
type pipeWriter struct {
	header http.Header
	pipe   *io.PipeWriter
	head   chan struct{} // closed when status and sent are set, or failed is
	status int
	sent   http.Header
	failed error
	noBody bool // HEAD

	wrote int    // status that the handler has set; 0 is none
	held  []byte // the first bytes, until it is clear whether they are all
	left  int64  // of a declared Content-Length; -1 is none
	open  bool   // head is closed
}

// holdSize is how much net/http gathers before it chooses between
// Content-Length and chunks.
const holdSize = 2048

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(code int) {
	if w.wrote != 0 || code < 200 { // an informational answer has no reader here
		return
	}
	w.wrote = code
	w.sent = w.header.Clone()
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.left = n
	}
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !bodyAllowed(w.wrote) {
		return 0, http.ErrBodyNotAllowed
	}
	short := false
	if w.left >= 0 && int64(len(p)) > w.left {
		p, short = p[:w.left], true
	}
	n, err := w.put(p)
	if w.left >= 0 {
		w.left -= int64(n)
	}
	if err == nil && short {
		err = http.ErrContentLength
	}
	return n, err
}

// put holds small bodies back and hands the rest to the reader.
func (w *pipeWriter) put(p []byte) (int, error) {
	if !w.open && len(w.held)+len(p) <= holdSize {
		w.held = append(w.held, p...)
		return len(p), nil
	}
	if err := w.release(p); err != nil {
		return 0, err
	}
	if w.noBody || len(p) == 0 {
		return len(p), nil
	}
	return w.pipe.Write(p)
}

// release gives the headers and what was held to the reader. next is what
// comes after it, for the guess of the type.
func (w *pipeWriter) release(next []byte) error {
	w.WriteHeader(http.StatusOK)
	if !w.open {
		w.open = true
		w.sniff(next)
		w.status = w.wrote
		close(w.head)
	}
	held := w.held
	w.held = nil
	if len(held) == 0 || w.noBody {
		return nil
	}
	_, err := w.pipe.Write(held)
	return err
}

// sniff guesses the type of a body that has none, as net/http does.
func (w *pipeWriter) sniff(next []byte) {
	first := append(w.held[:len(w.held):len(w.held)], next[:min(len(next), 512)]...)
	_, typed := w.sent["Content-Type"]
	if !typed && w.sent.Get("Content-Encoding") == "" && len(first) > 0 && bodyAllowed(w.wrote) {
		w.sent.Set("Content-Type", http.DetectContentType(first))
	}
}

// Flush implements http.Flusher.
func (w *pipeWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *pipeWriter) FlushError() error { return w.release(nil) }

// finish ends the answer: whole if err is nil, cut otherwise.
func (w *pipeWriter) finish(err error) {
	if err != nil && !w.open {
		w.open, w.failed = true, errCut // nothing has gone out: what was held is lost
		close(w.head)
	}
	if err == nil && !w.open {
		w.WriteHeader(http.StatusOK)
		if _, told := w.sent["Content-Length"]; !told && bodyAllowed(w.wrote) && (!w.noBody || len(w.held) > 0) {
			w.sent.Set("Content-Length", strconv.Itoa(len(w.held)))
		}
		err = w.release(nil)
	}
	if err == nil && w.left > 0 && !w.noBody {
		err = io.ErrUnexpectedEOF // less than was promised
	}
	_ = w.pipe.CloseWithError(err) // nil is io.EOF
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}

// response is what the client gets; body is closed if there is none to read.
func (w *pipeWriter) response(r *http.Request, body io.ReadCloser) *http.Response {
	resp := &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: -1, Request: r,
	}
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		resp.ContentLength = n
	} else if !w.noBody && bodyAllowed(w.status) {
		resp.TransferEncoding = []string{"chunked"}
	}
	if !bodyAllowed(w.status) {
		resp.ContentLength = 0
	}
	if strings.EqualFold(w.sent.Get("Connection"), "close") {
		resp.Close = true
	}
	return resp
}

// pipeBody ends the handler when the client closes it early.
type pipeBody struct {
	*io.PipeReader
	cancel context.CancelCauseFunc
}

var errBodyClosed = errors.New("http: read on closed response body")

// Close implements io.Closer. The context goes first: a handler whose write
// fails finds it ended.
func (b *pipeBody) Close() error {
	b.cancel(errBodyClosed)
	return b.CloseWithError(errBodyClosed)
}
