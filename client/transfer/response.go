package transfer

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// What an answer means for the machine in fetch.go.
type verdict int

const (
	accept   verdict = iota // its body goes to the file, from body.at on
	compare                 // the whole object although there is some here: skip that
	again                   // try again later
	stuck                   // ranges do not work here: ask for the whole object
	unproven                // right, but nothing says that it is the same object
	changed                 // another object
	renew                   // the link is refused
	hopeless                // no use
)

// body is what judge says about an answer.
type body struct {
	verdict verdict
	at      int64 // offset of the body's first byte
	end     int64 // offset after its last byte, endless if nothing tells
	size    int64 // of the whole object, -1 unknown
	framed  bool  // its end is marked, so that a cut connection cannot pass for it
	full    bool  // it is the whole object
	mark    validator
	after   time.Duration
	crowded bool
	err     error // why it is not to be used; safe to show
}

// known is what an answer is judged by.
type known struct {
	size  int64 // -1 unless the object itself has proven it
	valid validator
	here  int64 // bytes on the disk
	reach int64 // the end of the last of them
	alike bool  // they can be compared, see Part.comparable
}

func (p *Part) known() known {
	p.mu.Lock()
	defer p.mu.Unlock()
	return known{
		size: p.provenSize(), valid: p.valid, here: p.data.done(),
		reach: p.data.spans.reach(p.data.front), alike: p.comparable(),
	}
}

// judge reads the head of an answer, and little of its body, before a byte of
// it may be written.
func (k known) judge(resp *http.Response, a *ask) body {
	switch s := resp.StatusCode; {
	case s == http.StatusOK:
		return k.whole(resp, a)
	case s == http.StatusPartialContent:
		return k.partial(resp, a)
	case s == http.StatusRequestedRangeNotSatisfiable:
		return k.unsatisfied(resp)
	case s == http.StatusPreconditionFailed && a.part:
		// Some stores mark the parts of an object differently from the whole. A
		// single connection with If-Range finds out.
		return body{verdict: stuck, err: refusal(resp)}
	case s == 400 || s == 401 || s == 403 || s == 404 || s == 410:
		return body{verdict: renew, err: refusal(resp)}
	case s == 408 || s == 425 || s == 429 || s >= 500:
		crowded := s == http.StatusTooManyRequests || s == http.StatusServiceUnavailable
		return body{verdict: again, after: retryAfter(resp.Header), crowded: crowded, err: refusal(resp)}
	}
	return body{verdict: hopeless, err: refusal(resp)}
}

// whole: 200. It is the first answer, or the server ignores ranges, or If-Range
// found another object.
func (k known) whole(resp *http.Response, a *ask) body {
	if isHTML(resp.Header) {
		return body{verdict: again, err: errors.New("an HTML page came instead of the file (a login page of the network?)")}
	}
	fresh := validatorOf(resp.Header)
	b := body{size: resp.ContentLength, end: ending(resp.ContentLength), full: true, mark: fresh}
	b.framed = b.size >= 0 || resp.ProtoMajor > 1 || len(resp.TransferEncoding) > 0
	other := k.otherSize(b.size)
	switch {
	case k.here == 0 && !a.part:
		b.verdict = accept
	case other && k.valid.strong() != "" && fresh.empty():
		b.verdict, b.err = again, errors.New("something else came instead of the file (a login page of the network?)")
	case k.valid.Coding != fresh.Coding:
		b.verdict, b.err = changed, errOtherCoding
	case k.valid.differs(fresh):
		b.verdict, b.err = changed, errOtherMark
	case other:
		b.verdict, b.err = changed, errOtherSize
	case a.part:
		b.verdict, b.err = stuck, errors.New("the whole file came instead of a part")
	case !k.alike && (k.valid.strong() == "" || !k.valid.same(fresh)):
		b.verdict, b.err = unproven, errors.New("the whole file came without its mark")
	default:
		b.verdict = compare
	}
	return b
}

// partial: 206 must be exactly what was asked for (RFC 9110, 15.3.7).
func (k known) partial(resp *http.Response, a *ask) body {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	from, to, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	fresh := validatorOf(resp.Header)
	switch {
	case !a.ranged, !ok, from != a.from, a.to >= 0 && to > a.to,
		strings.HasPrefix(media, "multipart/"),
		fresh.Coding != k.valid.Coding,
		resp.ContentLength >= 0 && resp.ContentLength != to-from:
		return body{verdict: stuck, err: errors.New("a part came that is not the one asked for")}
	case k.valid.differs(fresh):
		return body{verdict: changed, err: errOtherMark}
	case k.otherSize(total):
		return body{verdict: changed, err: errOtherSize}
	case k.valid.strong() != "" && !k.valid.same(fresh) && a.overlap == 0:
		// Servers that ignore If-Range exist, so the answer must tell itself.
		return body{verdict: unproven, err: errors.New("a part came without the file's mark")}
	}
	return body{verdict: accept, at: from, end: to, size: total, framed: true, mark: fresh}
}

// otherSize reports whether an object of so many bytes is another one than that
// whose bytes are here.
func (k known) otherSize(size int64) bool {
	return size >= 0 && (k.size >= 0 && size != k.size || size < k.reach)
}

// unsatisfied: 416, the range is said to be outside of the object.
func (k known) unsatisfied(resp *http.Response) body {
	total, ok := parseUnsatisfied(resp.Header.Get("Content-Range"))
	if ok && k.otherSize(total) {
		return body{verdict: changed, err: errOtherSize}
	}
	return body{verdict: stuck, err: errors.New("the server has no such range")}
}

// differs reports whether two answers are certainly not about the same bytes.
// ETags decide where both have one; a weak one can only tell a difference.
func (v validator) differs(w validator) bool {
	if v.ETag != "" && w.ETag != "" {
		return v.ETag != w.ETag
	}
	return v.ETag == "" && w.ETag == "" && v.LastModified != "" && w.LastModified != "" && v.LastModified != w.LastModified
}

// same reports whether an answer has the mark of the object, strongly.
func (v validator) same(w validator) bool {
	if v.ETag != "" {
		return v.ETag == w.ETag
	}
	return v.LastModified == w.LastModified
}

func (v validator) empty() bool { return v.ETag == "" && v.LastModified == "" }

const maxValidator = 1 << 10

func validatorOf(h http.Header) validator {
	v := validator{ETag: h.Get("ETag"), LastModified: h.Get("Last-Modified"), Coding: codingOf(h)}
	if len(v.ETag) > maxValidator {
		v.ETag = ""
	}
	if _, err := http.ParseTime(v.LastModified); err != nil {
		v.LastModified = ""
	}
	v.Date, _ = http.ParseTime(h.Get("Date"))
	return v
}

// codingOf is how a representation is compressed; nobody asked for that, but an
// object may be stored so. Its bytes are kept as they come, and its ranges and
// sizes are of those (RFC 9110, 8.4).
func codingOf(h http.Header) string {
	c := strings.ToLower(strings.Join(h.Values("Content-Encoding"), ","))
	if c == "identity" {
		return ""
	}
	return c[:min(len(c), maxValidator)]
}

func isHTML(h http.Header) bool {
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return media == "text/html" || media == "application/xhtml+xml"
}

// parseContentRange reads "bytes 0-99/200" as [0, 100) of 200; the total is -1
// for "*" (RFC 9110, 14.4).
func parseContentRange(s string) (from, to, total int64, ok bool) {
	span, size, ok := strings.Cut(strings.TrimPrefix(s, "bytes "), "/")
	first, last, ok2 := strings.Cut(span, "-")
	if !ok || !ok2 || !strings.HasPrefix(s, "bytes ") {
		return 0, 0, 0, false
	}
	from, ok = digits(first)
	to, ok2 = digits(last)
	if !ok || !ok2 || to < from {
		return 0, 0, 0, false
	}
	if size == "*" {
		return from, to + 1, -1, true
	}
	total, ok = digits(size)
	return from, to + 1, total, ok && to < total
}

// parseUnsatisfied reads "bytes */200".
func parseUnsatisfied(s string) (int64, bool) {
	size, ok := strings.CutPrefix(s, "bytes */")
	if !ok {
		return 0, false
	}
	return digits(size)
}

func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n < 1<<62
}

// rangesShown reports whether an answer shows that the server knows ranges.
func rangesShown(resp *http.Response, a *ask) bool {
	if resp.StatusCode == http.StatusPartialContent {
		return true
	}
	return !a.ranged && strings.EqualFold(strings.TrimSpace(resp.Header.Get("Accept-Ranges")), "bytes")
}

// RefusedError is an answer that is not the file: its status and, from the
// body, the storage's own code.
type RefusedError struct {
	Status int
	Code   text.Untrusted
}

func (e *RefusedError) Error() string {
	s := fmt.Sprintf("the file server answered %d", e.Status)
	if t := http.StatusText(e.Status); t != "" {
		s += " " + t
	}
	if e.Code != "" {
		s += " (" + e.Code.Safe() + ")"
	}
	return s
}

const maxRefusal = 8 << 10

// refusal reads the code out of the XML or JSON that object stores answer with.
func refusal(resp *http.Response) error {
	var b []byte
	if resp.StatusCode != http.StatusSwitchingProtocols { // else the body is the bare connection, which no context ends
		b, _ = io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	}
	var x struct {
		Code string `xml:"Code"`
	}
	var j struct {
		Code  string          `json:"code"`
		Error json.RawMessage `json:"error"`
	}
	e := &RefusedError{Status: resp.StatusCode}
	switch {
	case xml.Unmarshal(b, &x) == nil && x.Code != "":
		e.Code = text.Untrusted(x.Code)
	case json.Unmarshal(b, &j) == nil:
		word := j.Code
		if word == "" {
			_ = json.Unmarshal(j.Error, &word) // an object is no word
		}
		e.Code = text.Untrusted(word)
	}
	if len(e.Code) > 100 {
		e.Code = ""
	}
	return e
}
