package message

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// stepCreate is the step of the call that makes an export: there, "not found"
// is about the address and not about an export.
const stepCreate = "create export"

// ofRefusal is what the server said no to, wherever on the way that was.
func ofRefusal(err error) (Message, bool) {
	switch {
	case errors.Is(err, client.ErrUnauthorized):
		return Message{
			Unauthorized, "The server refused the API key" + saidIn(err) + ".",
			"Make a new key in Dashtray under Settings and put it where this one is.",
		}, true
	case errors.Is(err, client.ErrForbiddenPlan):
		return Message{
			ForbiddenPlan, "The project's plan does not include data export" + saidIn(err) + ".",
			"Upgrade the project to the Scale plan, or use a key of a project that has it.",
		}, true
	case errors.Is(err, client.ErrForbiddenRole):
		return Message{
			ForbiddenRole, "The key's role does not allow exports" + saidIn(err) + ".",
			"Ask an owner or editor of the project to export, or use a key of theirs.",
		}, true
	}
	return Message{}, false
}

func ofTransfer(err error) (Message, bool) {
	switch {
	case errors.Is(err, transfer.ErrDiskFull):
		return Message{Disk, "The disk is full; what arrived is kept.", "Make room, then run the same command again."}, true
	case errors.Is(err, transfer.ErrGone) && errors.Is(err, client.ErrNotFound):
		return expired(), true
	case errors.Is(err, transfer.ErrGone):
		return Message{
			Transfer, "The download link no longer works, and a fresh one does not either; what arrived is kept.",
			"Run the same command again in a while, or make the export anew.",
		}, true
	case errors.Is(err, transfer.ErrOtherObject):
		return Message{
			Transfer, "What lies beside the file belongs to another export.",
			"Choose another name with -o, or remove that .part file.",
		}, true
	case errors.Is(err, transfer.ErrDigest):
		return Message{
			Transfer, "Every byte arrived, but they are not the file that the server promised.",
			"Run the same command again; it fetches the file afresh.",
		}, true
	case errors.Is(err, transfer.ErrExists):
		return Message{Exists, "A file of that name appeared while this one arrived; what arrived is kept.", "Move it away or give --force, and run the same command again."}, true
	case errors.Is(err, transfer.ErrGaveUp):
		return Message{Transfer, "The transfer was given up after many tries without progress; what arrived is kept.", again}, true
	}
	return ofBrokenTransfer(err)
}

// ofBrokenTransfer is what went wrong with a file for which nothing else has words.
func ofBrokenTransfer(err error) (Message, bool) {
	var broken *job.TransferError
	var cert *tls.CertificateVerificationError
	switch {
	case !errors.As(err, &broken):
		return Message{}, false
	case errors.As(err, &cert):
		m := untrusted(cert)
		m.Code = Transfer
		return m, true
	case errors.Is(err, fs.ErrNotExist):
		return Message{
			Transfer, "The folder that the file was coming into is gone.",
			"Put it back and run the same command again, or choose another place with -o.",
		}, true
	}
	return Message{
		Transfer, "The transfer could not be finished: " + unstopped(clean(broken.Err.Error())) + "; what arrived is kept.",
		"Run the same command again in a while, or make the export anew.",
	}, true
}

func ofClient(err error) (Message, bool) {
	var call *client.Error
	if !errors.As(err, &call) {
		call = &client.Error{}
	}
	switch {
	case errors.Is(err, client.ErrBusy):
		which := ""
		if call.Running != "" {
			which = " (" + id(call.Running) + ")"
		}
		return Message{
			Busy, "Another export of this project is running" + which + ".",
			"Wait for it with --if-busy wait, or take it over with --if-busy attach.",
		}, true
	case errors.Is(err, client.ErrNotFound) && call.Step == stepCreate:
		return Message{
			Network, "What answers at the API's address has no exports" + saidIn(err) + ".",
			"Check the address (--api-url, DASHTRAY_API_URL), its path included.",
		}, true
	case errors.Is(err, client.ErrNotFound):
		return Message{
			NotFound, "The server does not know this export" + saidIn(err) + ".",
			"Check the id, the key's project and the API's address; exports are remembered for 30 days.",
		}, true
	case errors.Is(err, client.ErrRateLimited):
		hint := "Try again in a while: the budget is per hour and shared by all who use the key."
		if call.RetryAfter > 0 {
			hint = "Try again in " + duration(call.RetryAfter) + ": the budget is shared by all who use the key."
		}
		return Message{Network, "The project's hourly budget of requests is used up.", hint}, true
	case errors.Is(err, client.ErrBadRequest):
		return Message{Internal, "The server refused the request" + saidIn(err) + ".", "Try another range or other data types; if it is refused again, tell Dashtray's support."}, true
	case errors.Is(err, client.ErrLostAnswer):
		return Message{
			Network, "The request for an export went out and its answer was lost, so an export may have been made.",
			"Look at the project's exports before asking for another one, or run the command again with --if-busy attach.",
		}, true
	}
	return ofNetwork(err, call)
}

func ofNetwork(err error, call *client.Error) (Message, bool) {
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, client.ErrServer):
		status := ""
		if call.Status != 0 {
			status = fmt.Sprintf(" (%d)", call.Status)
		}
		return Message{Network, "The server had an error" + status + saidIn(err) + ".", "Try again in a few minutes."}, true
	case errors.Is(err, client.ErrProtocol):
		return Message{
			Network, "What answered is not Dashtray's API.",
			"Check the address (--api-url, DASHTRAY_API_URL) and whether a proxy or a login page is in the way.",
		}, true
	case errors.As(err, &cert):
		return untrusted(cert), true
	case errors.Is(err, client.ErrNetwork):
		return Message{Network, "The server gave no answer: " + cause(err, client.ErrNetwork) + ".", "Check the network, the proxy and the API's address, and try again."}, true
	case errors.Is(err, context.DeadlineExceeded):
		return Message{Network, "The server gave no answer in time.", "Check the network and try again."}, true
	}
	return Message{}, false
}

func untrusted(cert *tls.CertificateVerificationError) Message {
	return Message{
		Network, "The server's certificate cannot be trusted: " + unstopped(clean(cert.Err.Error())) + ".",
		"Check the address; if the certificate is of an authority of your own, name it with --cacert.",
	}
}

// saidIn is what the server wrote with its refusal, as the end of a sentence.
func saidIn(err error) string {
	var call *client.Error
	if !errors.As(err, &call) {
		return ""
	}
	return said(call.Message)
}

func said(u text.Untrusted) string {
	s := clean(u.Safe())
	if s == "" {
		return ""
	}
	return ": " + unstopped(s)
}

// cause is the innermost reason that a call failed, or the kind itself.
func cause(err, kind error) string {
	var call *client.Error
	if errors.As(err, &call) && call.Err != nil {
		return unstopped(clean(call.Err.Error()))
	}
	return unstopped(clean(strings.TrimPrefix(err.Error(), kind.Error()+": ")))
}
