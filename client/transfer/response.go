package transfer

import (
	"encoding/base64"
	"encoding/hex"
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
	compare                 // the whole object although a range was asked: skip what is here
	again                   // try again later
	stuck                   // ranges do not work here: ask for the whole object
	changed                 // another object: start over
	renew                   // the link is refused
	hopeless                // no use
)

// body is what judge says about an answer.
type body struct {
	verdict verdict
	at      int64 // offset of the body's first byte
	end     int64 // offset after its last byte, 0 if it goes on to the object's end
	size    int64 // of the whole object, -1 unknown
	framed  bool  // its end is marked, so that a cut connection cannot pass for it
	after   time.Duration
	err     error // why, for again, renew and hopeless; safe to show
}

// judge reads the head of an answer, and little of its body, before a byte of
// it may be written.
func (p *Part) judge(resp *http.Response, a ask) body {
	switch s := resp.StatusCode; {
	case s == http.StatusOK:
		return p.judgeWhole(resp)
	case s == http.StatusPartialContent:
		return p.judgePartial(resp, a)
	case s == http.StatusRequestedRangeNotSatisfiable:
		return p.judge416(resp)
	case s == 400 || s == 401 || s == 403 || s == 404 || s == 410:
		return body{verdict: renew, err: refusal(resp)}
	case s == 408 || s == 425 || s == 429 || s >= 500:
		return body{verdict: again, after: retryAfter(resp.Header), err: refusal(resp)}
	}
	return body{verdict: hopeless, err: refusal(resp)}
}

// judgeWhole: 200. It is the first answer, or the server ignores ranges, or
// If-Range found another object.
func (p *Part) judgeWhole(resp *http.Response) body {
	if isHTML(resp.Header) {
		return body{verdict: again, err: errors.New("an HTML page came instead of the file (a login page of the network?)")}
	}
	b := body{size: resp.ContentLength, framed: resp.ContentLength >= 0 || resp.ProtoMajor > 1 || len(resp.TransferEncoding) > 0}
	fresh := validatorOf(resp.Header)
	known := p.size >= 0 && p.sizeProven
	switch {
	case p.data.trusted(p.size) == 0:
		b.verdict = accept
	case p.valid.differs(fresh), known && b.size >= 0 && b.size != p.size:
		b.verdict = changed
	default:
		b.verdict = compare
	}
	return b
}

// judgePartial: 206 must be exactly what was asked for (RFC 9110, 15.3.7).
func (p *Part) judgePartial(resp *http.Response, a ask) body {
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	from, to, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	switch {
	case !a.ranged, !ok, from != a.from, a.to >= 0 && to > a.to,
		strings.HasPrefix(media, "multipart/"),
		encoded(resp.Header),
		resp.ContentLength >= 0 && resp.ContentLength != to-from:
		return body{verdict: stuck, err: errors.New("a part came that is not the one asked for")}
	case p.valid.differs(validatorOf(resp.Header)),
		p.sizeProven && total >= 0 && total != p.size:
		return body{verdict: changed}
	}
	return body{verdict: accept, at: from, end: to, size: total, framed: true}
}

// judge416: the range is said to be outside of the object.
func (p *Part) judge416(resp *http.Response) body {
	why := errors.New("the server has no such range")
	total, ok := parseUnsatisfied(resp.Header.Get("Content-Range"))
	if ok && p.sizeProven && total != p.size {
		return body{verdict: changed}
	}
	return body{verdict: stuck, err: why}
}

// differs reports whether two answers are certainly not about the same bytes.
// ETags decide where both have one; a weak one can only tell a difference.
func (v validator) differs(w validator) bool {
	if v.ETag != "" && w.ETag != "" {
		return v.ETag != w.ETag
	}
	return v.ETag == "" && w.ETag == "" && v.LastModified != "" && w.LastModified != "" && v.LastModified != w.LastModified
}

const maxValidator = 1 << 10

func validatorOf(h http.Header) validator {
	v := validator{ETag: h.Get("ETag"), LastModified: h.Get("Last-Modified")}
	if len(v.ETag) > maxValidator {
		v.ETag = ""
	}
	if _, err := http.ParseTime(v.LastModified); err != nil {
		v.LastModified = ""
	}
	v.Date, _ = http.ParseTime(h.Get("Date"))
	return v
}

func encoded(h http.Header) bool {
	e := h.Get("Content-Encoding")
	return e != "" && !strings.EqualFold(e, "identity")
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

// digestOf is the SHA-256 of the whole object, where a 200 tells it: Repr-Digest
// (RFC 9530, 3), or the older Digest (RFC 3230, 4.3.2). Lower-case hex, or "".
func digestOf(h http.Header) string {
	for _, field := range []string{h.Get("Repr-Digest"), h.Get("Digest")} {
		for one := range strings.SplitSeq(field, ",") {
			name, value, ok := strings.Cut(strings.TrimSpace(one), "=")
			if !ok || !strings.EqualFold(name, "sha-256") {
				continue
			}
			b, err := base64.StdEncoding.DecodeString(strings.Trim(value, ":"))
			if err == nil && len(b) == 32 {
				return hex.EncodeToString(b)
			}
		}
	}
	return ""
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
	b, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
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
