package transfer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const maxRedirects = 5

// ask is one request for the object, from a byte on.
type ask struct {
	ranged   bool
	from, to int64 // [from, to); to is -1 for "to the end"
	overlap  int64 // bytes before the frontier that are asked again, to compare
}

// plan decides what to ask for next. Without a range it is a plain GET: the
// first request, or a server on which ranges do not work. Without a strong
// validator nothing but the bytes themselves can tell that the object is still
// the same, so the last ones are asked for again and compared.
func (p *Part) plan() ask {
	from, to := p.data.hole(p.size)
	if from == 0 && to == p.size || p.noRanges {
		return ask{from: 0, to: -1}
	}
	a := ask{ranged: true, from: from, to: to}
	if to == p.size {
		a.to = -1
	}
	if p.valid.strong() == "" {
		a.overlap = min(from, overlapSize)
		a.from -= a.overlap
	}
	return a
}

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

func (p *Part) request(ctx context.Context, link string, a ask) (*http.Request, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, errors.New("the link is no URL") // the error would quote it
	}
	if err := mayFetch(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, link, http.NoBody)
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
		if v := p.valid.strong(); v != "" {
			req.Header.Set("If-Range", v)
		}
	}
	return req, nil
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
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return errInsecure
		}
		if err := mayFetch(req.URL); err != nil {
			return err
		}
		// Go would send the signed link as Referer. The rest of the headers are
		// ours, the same few for every host.
		for name := range req.Header {
			switch name {
			case "Accept-Encoding", "User-Agent", "Range", "If-Range":
			default:
				req.Header.Del(name)
			}
		}
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
	return err
}
