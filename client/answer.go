package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dashtray/dashtray-tui/client/text"
)

// leastSecret: a shorter key is no secret, and taking it out of every text
// would only garble that.
const leastSecret = 6

// judge turns an answer into an outcome: a 2xx is fine, everything else an *Error.
func (c *Client) judge(k call, rep reply) outcome {
	if rep.status >= 200 && rep.status < 300 {
		return outcome{rep: rep}
	}
	no := decodeRefusal(rep.body)
	after, told := c.retryAfter(rep, no)
	e := &Error{
		Kind: kindOf(rep.status, no), Step: k.step, Status: rep.status,
		Code: c.scrub(no.code), Message: c.scrub(no.message),
	}
	switch {
	case e.of(ErrBusy):
		e.Running = c.withoutKey(no.running)
	case e.of(ErrRateLimited, ErrServer):
		e.RetryAfter = after
	case e.of(ErrNetwork):
		e.Err = errors.New("the proxy asks for a login")
	case rep.foreign && e.of(ErrUnauthorized, ErrForbiddenRole, ErrForbiddenPlan):
		e.Kind, e.Err = ErrProtocol, errors.New("redirected to another origin, which gets no key")
	}
	unhandled := e.of(ErrRateLimited, ErrNetwork) ||
		rep.status == http.StatusServiceUnavailable && told
	return outcome{rep: rep, err: e, unhandled: unhandled, api: no.api}
}

// kindOf maps a refusal to what the caller can do about it. That another
// export runs is told by its text whatever the code is, since the API's
// reference does not say which code it has.
func kindOf(status int, no refusal) error {
	said := words(no.code.Raw() + " " + no.message.Raw())
	switch {
	case status >= 400 && status < 500 && status != http.StatusUnauthorized && (saysBusy(said) || pageSaysBusy(no.page)):
		return ErrBusy
	case status == http.StatusForbidden && saysPlan(said):
		return ErrForbiddenPlan
	case status >= 500:
		return ErrServer
	}
	switch status {
	case http.StatusUnauthorized:
		return ErrUnauthorized
	case http.StatusPaymentRequired:
		return ErrForbiddenPlan
	case http.StatusForbidden:
		return ErrForbiddenRole
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return ErrNotFound
	case http.StatusProxyAuthRequired:
		return ErrNetwork
	case http.StatusConflict:
		return ErrBusy
	case http.StatusTooManyRequests:
		return ErrRateLimited
	}
	if status >= 400 {
		return ErrBadRequest
	}
	return ErrProtocol
}

// words splits a sentence or a code (PLAN_LIMIT, planLimit) into lower-case words.
func words(s string) []string {
	var b strings.Builder
	small := false
	for _, r := range s {
		if small && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		small = unicode.IsLower(r)
		if unicode.IsLetter(r) {
			b.WriteRune(unicode.ToLower(r))
		} else {
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// saysBusy knows "Another export is in progress" and its kin.
func saysBusy(said []string) bool {
	s := " " + strings.Join(said, " ") + " "
	if !strings.Contains(s, " export ") && !strings.Contains(s, " exports ") {
		return false
	}
	for _, p := range []string{" in progress ", " already running ", " is running ", " currently running ", " still running "} {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// pageSaysBusy knows the product's own sentence where a proxy has put it into a
// page. A page's other words are about whatever its author sells.
func pageSaysBusy(page string) bool {
	s := " " + strings.Join(words(page), " ") + " "
	return strings.Contains(s, " another export is in progress ")
}

// saysPlan reports whether a refusal is about what was paid for.
func saysPlan(said []string) bool {
	for _, w := range said {
		switch w {
		case "plan", "plans", "tier", "tiers", "upgrade", "upgrading", "scale", "subscription", "subscribe", "billing":
			return true
		}
	}
	return false
}

// retryAfter is when to come back: the header (seconds or a date, RFC 9110
// section 10.2.3) counts before the body's retryAfter, and that before the
// reset of a budget that is used up. told is false if nothing of this is there.
func (c *Client) retryAfter(rep reply, no refusal) (after time.Duration, told bool) {
	if v := strings.TrimSpace(rep.header.Get("Retry-After")); v != "" {
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			return seconds(n), true
		}
		if at, err := http.ParseTime(v); err == nil {
			return seconds(at.Sub(c.dateOf(rep.header)).Seconds()), true
		}
	}
	if no.retryAfter != nil {
		return seconds(*no.retryAfter), true
	}
	if b := c.Budget(); rep.status == http.StatusTooManyRequests && b.Known && b.Remaining == 0 && !b.Reset.IsZero() {
		return seconds(b.Reset.Sub(c.dateOf(rep.header)).Seconds()), true
	}
	return 0, false
}

// seconds is a server's number as a wait, from none to a day.
func seconds(n float64) time.Duration {
	const day = 24 * 60 * 60
	if !(n > 0) { // NaN too
		return 0
	}
	return time.Duration(min(n, day) * float64(time.Second))
}

// dateOf is when the server wrote the answer.
func (c *Client) dateOf(h http.Header) time.Time {
	if at, err := http.ParseTime(h.Get("Date")); err == nil {
		return at
	}
	return c.ServerTime()
}

// note keeps what an answer of the API's own origin tells beside its body: the
// server's clock and, if it was about the key, the rate budget.
func (c *Client) note(h http.Header, keyed bool) {
	now := c.now()
	at, err := http.ParseTime(h.Get("Date"))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.offset, c.dated = at.Sub(now), true
	}
	if keyed {
		if b, ok := decodeBudget(h, now.Add(c.offset)); ok {
			c.budget = b
		}
	}
}

// clean frees an error of what must not be shown: the key, and the URLs that
// the standard library puts into its errors with their queries. A deadline
// that is not the caller's loses its type, so that the caller does not take it
// for his own.
func (c *Client) clean(err error) error {
	for {
		var u *url.Error
		if !errors.As(err, &u) {
			break
		}
		err = u.Err
	}
	said := text.Untrusted(err.Error())
	safe := c.scrub(said)
	if safe != said || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return errors.New(safe.Safe())
	}
	return err
}

// scrub takes the key, and the queries of links, out of a server's words.
func (c *Client) scrub(u text.Untrusted) text.Untrusted {
	return text.Untrusted(cutQueries(c.withoutKey(u).Raw()))
}

// withoutKey takes the key out of what a server has named: it must not get
// from there into a file's name, or into what this machine remembers.
func (c *Client) withoutKey(u text.Untrusted) text.Untrusted {
	if key := c.key.reveal(); len(key) >= leastSecret {
		return text.Untrusted(strings.ReplaceAll(u.Raw(), key, redacted))
	}
	return u
}

// scrubExport does so with the words of an export.
func (c *Client) scrubExport(e *Export) {
	e.ID = c.withoutKey(e.ID)
	e.Status, e.Error, e.Range.Name = c.scrub(e.Status), c.scrub(e.Error), c.scrub(e.Range.Name)
}

// cutQueries cuts whatever follows the "?" of something with a "/" before it:
// signed links carry their signature there.
func cutQueries(s string) string {
	if !strings.Contains(s, "?") {
		return s
	}
	var b strings.Builder
	for s != "" {
		n := strings.IndexAny(s, " \t\r\n\"'<>()")
		if n < 0 {
			n = len(s)
		}
		word, query, found := strings.Cut(s[:n], "?")
		b.WriteString(word)
		switch {
		case !found:
		case strings.Contains(word, "/") && query != "":
			b.WriteString("?" + redacted)
		default:
			b.WriteString("?" + query)
		}
		if n < len(s) {
			b.WriteByte(s[n])
			n++
		}
		s = s[n:]
	}
	return b.String()
}
