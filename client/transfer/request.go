package transfer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const maxRedirects = 5

// ask is one request for the object, from a byte on.
type ask struct {
	ranged   bool
	part     bool  // one of several connections'
	from, to int64 // [from, to); to is -1 for "to the end"
	overlap  int64 // bytes before the span that are asked again, to compare
	span     *span // nil: the whole object, whatever is here
	link     string
}

// plan decides what the first connection of a flight asks for. Without a range
// it is a plain GET: the first request, a server on which ranges do not work, or
// one that has to say a second time that the object is another one. Nil: it
// has to wait. Under Part.mu.
func (p *Part) plan(w *worker) *ask {
	if p.noRanges || p.suspect {
		return &ask{to: -1}
	}
	s := p.data.spans.claim(w, true, p.data.front+window)
	if s == nil {
		return nil
	}
	if s.at == 0 && s.to >= p.data.spans.end() {
		return &ask{to: -1, span: s}
	}
	return p.askFor(s, false)
}

// askFor is the request for a span, under Part.mu. Without a strong validator
// nothing but the bytes themselves can tell that the object is still the same,
// so the last ones before it are asked for again and compared. Where parts come
// at once the digest tells it, since without one and without a validator there
// are no parts.
func (p *Part) askFor(s *span, part bool) *ask {
	a := &ask{ranged: true, part: part, from: s.at, to: s.to, span: s}
	if s.to >= p.data.spans.end() && !part {
		a.to = -1
	}
	if p.unmarked() && !part {
		a.overlap = min(p.data.spans.before(s), overlapSize)
		a.from -= a.overlap
	}
	return a
}

// unmarked reports whether answers do not tell that they are about the object
// whose bytes are here. Under Part.mu.
func (p *Part) unmarked() bool { return p.overlap || p.valid.strong() == "" }

// strong is what If-Range may carry: a strong ETag, or a Last-Modified that is
// at least a second older than its answer (RFC 9110, 13.1.5 and 8.8.2.2).
func (v validator) strong() string {
	if v.ETag != "" {
		if strings.HasPrefix(v.ETag, "W/") {
			return ""
		}
		return v.ETag
	}
	at, err := http.ParseTime(v.LastModified)
	if err != nil || v.Date.Sub(at) < 1e9 {
		return ""
	}
	return v.LastModified
}

func (p *Part) request(ctx context.Context, a *ask) (*http.Request, error) {
	u, err := url.Parse(a.link)
	if err != nil {
		return nil, errors.New("the link is no URL") // the error would quote it
	}
	if err := mayFetch(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.link, http.NoBody)
	if err != nil {
		return nil, errors.New("the link is no URL")
	}
	req.Header.Set("Accept-Encoding", "identity") // else Go asks for gzip, and sizes mean nothing
	req.Header.Set("User-Agent", p.o.UserAgent)
	if a.ranged {
		last := ""
		if a.to >= 0 {
			last = strconv.FormatInt(a.to-1, 10)
		}
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%s", a.from, last))
		p.mu.Lock()
		v := p.valid.strong()
		p.mu.Unlock()
		if v != "" {
			req.Header.Set("If-Range", v)
			if a.part && v[0] == '"' {
				req.Header.Set("If-Match", v) // a refusal is cheaper than the whole object, many times
			}
		}
	}
	askForChecksum(req)
	return req, nil
}

// askForChecksum adds the header by which Amazon's stores are asked for a
// checksum where the link's signature covers it: without it they refuse the link.
func askForChecksum(req *http.Request) {
	if slices.Contains(strings.Split(req.URL.Query().Get("X-Amz-SignedHeaders"), ";"), "x-amz-checksum-mode") {
		req.Header.Set("X-Amz-Checksum-Mode", "ENABLED")
	}
}

var errInsecure = errors.New("the link is not https")

// mayFetch allows https, and http on this machine only.
func mayFetch(u *url.URL) error {
	switch {
	case u.Scheme == "https" && u.Host != "":
		return nil
	case u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return errInsecure
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// httpClient follows redirects the careful way. It has no timeout of its own,
// which would end long bodies; the watchdog looks after each phase.
func httpClient(rt http.RoundTripper) *http.Client {
	return &http.Client{Transport: rt, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return errRedirects
		}
		if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return errInsecure
		}
		if err := mayFetch(req.URL); err != nil {
			return err
		}
		// Go would send the signed link as Referer. The rest of the headers are
		// ours, the same few for every host.
		for name := range req.Header {
			switch name {
			case "Accept-Encoding", "User-Agent", "Range", "If-Range", "If-Match":
			default:
				req.Header.Del(name)
			}
		}
		askForChecksum(req)
		return nil
	}}
}

var errRedirects = errors.New("too many redirects")

// scrub drops the URL that net/http puts into its errors: it is signed.
func scrub(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	if s := err.Error(); strings.Contains(s, "://") || strings.Contains(s, "Location") {
		return errHidden // some transports quote the link in their own words, and Go that of a redirect
	}
	return err
}

var errHidden = errors.New("the connection failed")
