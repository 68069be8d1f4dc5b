package client

import (
	"errors"
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
	// ErrNotFound: no such export, or no such call on this server (404, 405). Do not repeat.
	ErrNotFound = errors.New("not found")
	// ErrRateLimited: the hourly budget is used up, and waiting was not worth it. Wait for Error.RetryAfter.
	ErrRateLimited = errors.New("rate limited")
	// ErrBadRequest: the server refused the parameters (400, 422). Change the request.
	ErrBadRequest = errors.New("request refused")
	// ErrServer: 5xx after all tries. Try again later.
	ErrServer = errors.New("server error")
	// ErrNetwork: no answer came: DNS, TLS, connection, proxy. Check the network, try again.
	ErrNetwork = errors.New("no answer")
	// ErrProtocol: an answer that is not the API's (HTML from a proxy, broken JSON). Check the URL.
	ErrProtocol = errors.New("not an API answer")
	// ErrLostAnswer: a POST went out, its answer was lost, and the list could not
	// tell whether an export was made. Look at the list before another POST.
	ErrLostAnswer = errors.New("answer to the request was lost")
	// ErrInsecure: http:// off loopback, or a URL that is no base of an API.
	ErrInsecure = errors.New("insecure or malformed API address")
)

// Error is a refused or failed call.
type Error struct {
	Kind       error // one of the sentinels above
	Step       string
	Status     int            // HTTP status, 0 when no answer came
	Code       text.Untrusted // the body's "error" word or code
	Message    text.Untrusted // the body's "message"
	RetryAfter time.Duration  // 0: not told
	Running    ID             // with ErrBusy: the running export, if the refusal named it
	Err        error          // cause, already free of keys and query strings
}
