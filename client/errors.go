package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// What callers decide on. Each is matched with errors.Is on what a method
// returned; errors.As with *Error gives the details.
var (
	// ErrUnauthorized: the key is missing or refused (401). Ask for another key.
	ErrUnauthorized = errors.New("key refused")
	// ErrForbiddenPlan: the plan has no exports (402, or 403 that says so). Only an upgrade helps.
	ErrForbiddenPlan = errors.New("plan does not allow exports")
	// ErrForbiddenRole: the key's user may not export (403). An owner or editor has to.
	ErrForbiddenRole = errors.New("role does not allow exports")
	// ErrBusy: another export of this project runs. Wait, or watch that one (Error.Running).
	ErrBusy = errors.New("another export is in progress")
	// ErrNotFound: no such export, or no such call on this server (404, 405, 410). Do not repeat.
	ErrNotFound = errors.New("not found")
	// ErrRateLimited: the hourly budget is used up, and waiting was not worth it. Wait for Error.RetryAfter.
	ErrRateLimited = errors.New("rate limited")
	// ErrBadRequest: the parameters were refused (400, 422, other 4xx), or could
	// not be sent at all. Change the request.
	ErrBadRequest = errors.New("request refused")
	// ErrServer: 5xx after all tries. Try again later.
	ErrServer = errors.New("server error")
	// ErrNetwork: no answer came: DNS, TLS, connection, proxy. Check the network, try again.
	ErrNetwork = errors.New("no answer")
	// ErrProtocol: an answer that is not the API's (HTML from a proxy, broken JSON). Check the URL.
	ErrProtocol = errors.New("not an API answer")
	// ErrLostAnswer: a POST went out, its answer was lost, and the list could not
	// tell whether an export was made. Look at the list before another POST.
	// It may come together with ErrBusy: then what runs is ours, or somebody's.
	ErrLostAnswer = errors.New("answer to the request was lost")
	// ErrInsecure: http:// off loopback, or a URL that is no base of an API. It
	// comes in an *AddressError.
	ErrInsecure = errors.New("insecure or malformed API address")
)

// AddressError is ErrInsecure with the reason, which never repeats the address:
// a password may stand in it.
type AddressError struct{ Reason string }

func (e *AddressError) Error() string { return "check the API address: " + e.Reason }

// Unwrap gives ErrInsecure.
func (e *AddressError) Unwrap() error { return ErrInsecure }

// Error is a refused or failed call.
type Error struct {
	Kind       error // one of the sentinels above
	Step       string
	Status     int            // HTTP status, 0 when no answer came
	Code       text.Untrusted // the body's "error" word or code
	Message    text.Untrusted // the body's "message"
	RetryAfter time.Duration  // 0: not told; a day at most
	Running    ID             // with ErrBusy: the running export, if the refusal named it
	Err        error          // cause, already free of keys and query strings
}

// maxSaid is how many runes of a server's words an error repeats.
const maxSaid = 200

// Error is one line, safe to show: the step, what it means, the status, and
// the server's own words or the cause. It holds no key and no query string.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Step)
	if e.Kind != nil {
		b.WriteString(": " + e.Kind.Error())
	}
	if e.Status >= http.StatusBadRequest {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	switch {
	case e.Message != "":
		b.WriteString(": " + e.Message.SafeN(maxSaid))
	case e.Code != "":
		b.WriteString(": " + e.Code.SafeN(maxSaid))
	case e.Err != nil:
		b.WriteString(": " + text.Untrusted(e.Err.Error()).SafeN(maxSaid))
	}
	return b.String()
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	all := make([]error, 0, 2)
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// of reports whether the kind is one of these.
func (e *Error) of(kinds ...error) bool {
	for _, kind := range kinds {
		if errors.Is(e.Kind, kind) {
			return true
		}
	}
	return false
}
