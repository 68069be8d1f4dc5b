package sandbox

import (
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// serveShaped answers with the object, bent by the faults that are on.
func (s *Server) serveShaped(w http.ResponseWriter, r *http.Request, o *object) {
	h := w.Header()
	r = r.Clone(r.Context()) // the faults below change its headers
	out := &shaper{ResponseWriter: w, ctx: r.Context(), end: s.ctx, cut: -1, stall: -1, rate: s.cfg.Rate}
	if s.faults.hit("no-etag") {
		h.Del("ETag")
	}
	if s.faults.hit("no-validators") {
		h.Del("ETag")
		o.time = time.Time{}
	}
	if s.faults.hit("no-ranges") {
		r.Header.Del("Range")
		out.atHeader = append(out.atHeader, func(_ int, h http.Header) { h.Set("Accept-Ranges", "none") })
	}
	if r.Header.Get("If-Range") != "" && s.faults.hit("ignore-if-range") {
		r.Header.Del("If-Range")
	}
	if r.Header.Get("Range") != "" && s.shapeRange(w, r, o, out) {
		return
	}
	if f, ok := s.faults.take("cut"); ok {
		out.cut = f.n
	}
	if f, ok := s.faults.take("stall"); ok {
		out.stall = f.n
	}
	if f, ok := s.faults.take("slow"); ok {
		out.rate = f.n
	}
	var dst http.ResponseWriter = out
	if !out.changes() {
		dst = w // so that net/http may use sendfile
	}
	http.ServeContent(dst, r, "", o.time, o.body)
	if out.gz != nil {
		_ = out.gz.Close() // the client may have gone
	}
}

// shapeRange prepares the faults of answers to a Range; true if it has answered.
func (s *Server) shapeRange(w http.ResponseWriter, r *http.Request, o *object, out *shaper) (done bool) {
	if s.faults.hit("spurious-416") {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", o.size))
		http.Error(w, "requested range not satisfiable", http.StatusRequestedRangeNotSatisfiable)
		return true
	}
	if s.faults.hit("ignore-range") {
		r.Header.Del("Range")
		return false
	}
	if moved, ok := elsewhere(r.Header.Get("Range")); ok && s.faults.hit("wrong-range") {
		r.Header.Set("Range", moved)
	}
	if s.faults.hit("no-content-range") {
		out.atHeader = append(out.atHeader, func(code int, h http.Header) {
			if code == http.StatusPartialContent {
				h.Del("Content-Range")
			}
		})
	}
	if s.faults.hit("gzip-206") {
		out.atHeader = append(out.atHeader, func(code int, h http.Header) {
			if code == http.StatusPartialContent {
				h.Del("Content-Length")
				h.Set("Content-Encoding", "gzip")
				out.gz = gzip.NewWriter(writerFunc(out.send))
			}
		})
	}
	return false
}

// elsewhere moves the start of a single range to another byte.
func elsewhere(rng string) (string, bool) {
	spec, ok := strings.CutPrefix(rng, "bytes=")
	from, to, ok2 := strings.Cut(spec, "-")
	n, err := strconv.ParseInt(from, 10, 64)
	if !ok || !ok2 || err != nil || strings.Contains(to, ",") {
		return "", false
	}
	if n == 0 {
		n = 2 // half of it is 1: not where it was asked to start
	}
	return fmt.Sprintf("bytes=%d-%s", n/2, to), true
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// shaper bends an answer on its way out: headers, pace, an early end.
type shaper struct {
	http.ResponseWriter
	ctx, end   context.Context // of the request; of the server
	atHeader   []func(code int, h http.Header)
	gz         *gzip.Writer
	cut, stall int64 // after so many bytes; -1 is never
	rate       int64 // bytes a second; 0 is unlimited
	sent       int64
	began      time.Time
	headed     bool
}

func (s *shaper) changes() bool {
	return len(s.atHeader) > 0 || s.cut >= 0 || s.stall >= 0 || s.rate > 0
}

// Unwrap is for http.ResponseController.
func (s *shaper) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (s *shaper) WriteHeader(code int) {
	if !s.headed {
		s.headed = true
		for _, f := range s.atHeader {
			f(code, s.Header())
		}
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *shaper) Write(p []byte) (int, error) {
	if !s.headed {
		s.WriteHeader(http.StatusOK)
	}
	if s.gz != nil {
		return s.gz.Write(p)
	}
	return s.send(p)
}

// send paces p and ends the answer where a fault says so.
func (s *shaper) send(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		s.atLimit()
		n := s.next(len(p) - done)
		if err := s.pace(n); err != nil {
			return done, err
		}
		m, err := s.ResponseWriter.Write(p[done : done+n])
		done += m
		s.sent += int64(m)
		if err != nil {
			return done, err
		}
		if s.rate > 0 {
			s.flush()
		}
	}
	s.atLimit()
	return done, nil
}

// next is how much may be written at once: up to a limit, a tenth of a second's worth.
func (s *shaper) next(n int) int {
	most := int64(n)
	for _, limit := range [...]int64{s.cut, s.stall} {
		if limit > s.sent {
			most = min(most, limit-s.sent)
		}
	}
	if s.rate > 0 {
		most = min(most, max(1, s.rate/10))
	}
	return int(most)
}

// atLimit cuts or stalls when the bytes before it are out.
func (s *shaper) atLimit() {
	switch {
	case s.cut >= 0 && s.sent >= s.cut:
		s.flush()
	case s.stall >= 0 && s.sent >= s.stall:
		s.flush()
		select {
		case <-s.ctx.Done():
		case <-s.end.Done():
		}
	default:
		return
	}
	panic(http.ErrAbortHandler)
}

// pace waits until n more bytes are due.
func (s *shaper) pace(n int) error {
	if s.rate <= 0 {
		return nil
	}
	if s.began.IsZero() {
		s.began = time.Now()
	}
	due := s.began.Add(seconds(float64(s.sent+int64(n)) / float64(s.rate)))
	t := time.NewTimer(time.Until(due))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	case <-s.end.Done():
		return errClosed
	}
}

// flush sends what net/http still holds; a client that has gone is no error here.
func (s *shaper) flush() { _ = http.NewResponseController(s.ResponseWriter).Flush() }
