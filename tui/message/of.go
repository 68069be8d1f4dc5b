package message

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/backup"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
)

// stepCreate is the step of the call that makes an export: there, "not found"
// is about the address and not about an export.
const stepCreate = "create export"

// again is the advice whenever a part is kept.
const again = "Run the same command again: it goes on where this one stopped."

// Of gives the words for an error; nil gives the zero Message.
//
// One error often wraps others, so the order counts: first what the person did,
// then what this machine cannot do, then what the server refused, and last what
// went wrong on the way.
func Of(err error) Message {
	if err == nil {
		return Message{}
	}
	var own *Error
	if errors.As(err, &own) {
		return own.Message
	}
	for _, words := range []func(error) (Message, bool){
		ofStopping, ofProfiles, ofSettings, ofJob, ofRefusal, ofTransfer, ofClient,
	} {
		if m, ok := words(err); ok {
			return m
		}
	}
	return Message{
		Internal,
		"Something went wrong that this program does not know: " + clean(err.Error()) + ".",
		"Run it again with --log-level debug and look into the log.",
	}
}

func ofStopping(err error) (Message, bool) {
	switch {
	case errors.Is(err, job.ErrStopped):
		return Message{Interrupted, "Stopped; what arrived is kept.", again}, true
	case errors.Is(err, context.Canceled):
		return Message{Interrupted, "Interrupted; what arrived is kept.", again}, true
	}
	return Message{}, false
}

func ofSettings(err error) (Message, bool) {
	var place *secret.Error
	var ring *secret.KeyringError
	var setting *config.Error
	var file *config.FileError
	var store *secret.StoreError
	var unwritten *config.WriteError
	switch {
	case errors.Is(err, secret.ErrNoKey):
		return ofNoKey(err), true
	case errors.As(err, &ring):
		return Message{NoKey, sentence(clean(ring.Error())), clean(ring.Hint())}, true
	case errors.As(err, &place):
		return Message{
			NoKey, fmt.Sprintf("No API key can be had from %s: %s.", clean(place.Place), clean(place.Err.Error())),
			"Put the key there, or unset what names that place.",
		}, true
	case errors.As(err, &store):
		return ofStore(store), true
	case errors.As(err, &unwritten):
		return Message{
			Disk, "The settings file cannot be changed: " + unstopped(clean(unwritten.Error())) + ".",
			"Get the right to write there, or name another file with DASHTRAY_CONFIG.",
		}, true
	case errors.As(err, &setting):
		return Message{Usage, sentence(clean(setting.Error())), "Correct it and run the command again."}, true
	case errors.As(err, &file):
		return ofSettingsFile(file), true
	case errors.Is(err, config.ErrNoHome):
		return Message{Config, "There is no home folder to keep the program's state in.", "Set HOME, or XDG_STATE_HOME, XDG_CONFIG_HOME, XDG_DATA_HOME and XDG_CACHE_HOME."}, true
	case errors.Is(err, client.ErrInsecure):
		address := &client.AddressError{Reason: client.ErrInsecure.Error()}
		_ = errors.As(err, &address)
		return Message{
			Usage, "The API's address is not one that a key may be sent to: " + address.Reason + ".",
			"Give an https:// address with --api-url or DASHTRAY_API_URL; http:// is for this machine alone.",
		}, true
	}
	return Message{}, false
}

// ofStore is a key that could not be kept: because of the key, or of the place.
func ofStore(e *secret.StoreError) Message {
	what := "stored in "
	if e.Removing {
		what = "removed from "
	}
	what = "The API key was not " + what + clean(e.Place) + ": " + unstopped(clean(e.Err.Error())) + "."
	for _, wrong := range []error{secret.ErrEmpty, secret.ErrMalformed, secret.ErrTooLong} {
		if errors.Is(e, wrong) {
			return Message{NoKey, what, "Copy the key again, and nothing else."}
		}
	}
	return Message{Disk, what, "Get the right to write there, or make room, and try again."}
}

// ofNoKey tells also why a place could not be asked: the key may be there.
func ofNoKey(err error) Message {
	var none *secret.NoKeyError
	why := ""
	if errors.As(err, &none) && len(none.Skipped) > 0 {
		var reasons []string
		for _, r := range none.Skipped {
			reasons = append(reasons, clean(r.Error()))
		}
		why = ", and " + strings.Join(reasons, ", and ")
	}
	return Message{
		NoKey, "There is no API key" + why + ".",
		"Log in once with dashtray-tui auth login, or put a key into DASHTRAY_API_KEY (dashtray-tui help environment names the other places), or look around without one: --demo.",
	}
}

// ofProfiles is what can be wrong with a change of the profiles.
func ofProfiles(err error) (Message, bool) {
	switch {
	case errors.Is(err, config.ErrProfileExists):
		return Message{Exists, "There is a profile of that name already.", "Choose another name, or give that one another key: dashtray-tui auth login --profile NAME."}, true
	case errors.Is(err, config.ErrNoProfile):
		return Message{Usage, "There is no profile of that name.", "dashtray-tui profile list names them."}, true
	case errors.Is(err, config.ErrProfileName):
		return Message{Usage, "A profile's name has letters, digits, - and _, up to 64 of them, a letter or a digit first.", "Choose another name."}, true
	case errors.Is(err, config.ErrFileBusy):
		return Message{Locked, "Another program is changing the settings file.", "Try again when it is done."}, true
	}
	return Message{}, false
}

// ofSettingsFile tells every problem of the file, so that one correction is enough.
func ofSettingsFile(e *config.FileError) Message {
	var problems []string
	for _, p := range append([]*config.FileError{e}, e.Others...) {
		place := ""
		if p.Line > 0 {
			place = fmt.Sprintf("line %d, column %d: ", p.Line, p.Column)
		}
		problems = append(problems, place+unstopped(clean(p.Problem())))
	}
	return Message{
		Config, fmt.Sprintf("The settings file %q cannot be used: %s.", clean(e.Path), strings.Join(problems, "; ")),
		"Correct it, or name another one with DASHTRAY_CONFIG.",
	}
}

func ofJob(err error) (Message, bool) {
	var (
		path    *job.PathError
		failed  *job.ExportFailedError
		late    *job.TimeoutError
		invalid *job.InvalidError
	)
	switch {
	case errors.As(err, &path):
		return ofPath(path), true
	case errors.As(err, &failed):
		return Message{
			ExportFailed, fmt.Sprintf("The export %s failed on the server%s.", id(failed.ID), said(failed.Reason)),
			"Try a shorter range or fewer data types; if it fails again, give the export's id to Dashtray's support.",
		}, true
	case errors.As(err, &late):
		return ofTimeout(late), true
	case errors.As(err, &invalid):
		return ofInvalid(invalid), true
	case errors.Is(err, job.ErrLocked), errors.Is(err, transfer.ErrLocked):
		return Message{
			Locked, "Another process is working on this file.",
			"Let it finish, or stop it and run the same command again.",
		}, true
	case errors.Is(err, job.ErrExpired):
		return expired(), true
	}
	return ofBackup(err)
}

// ofBackup is what can be wrong with the backup folder and the keys to encrypt to.
func ofBackup(err error) (Message, bool) {
	switch {
	case errors.Is(err, backup.ErrLocked):
		return Message{Locked, "Another run works on the backup folder.", "Let it end, or stop it, and run the same command again."}, true
	case errors.Is(err, backup.ErrManifest):
		return Message{Disk, sentence(clean(err.Error())), "Move the manifest away: the files in the folder are then no longer this program's to remove."}, true
	case errors.Is(err, seal.ErrPrivateKey), errors.Is(err, seal.ErrRecipient), errors.Is(err, seal.ErrPlugin),
		errors.Is(err, seal.ErrMixed), errors.Is(err, seal.ErrNoRecipient):
		return Message{Usage, sentence(clean(err.Error())), "Correct --encrypt-to, the recipients file, or backup.encrypt_to in the settings file."}, true
	}
	return Message{}, false
}

func ofPath(e *job.PathError) Message {
	switch {
	case errors.Is(e.Kind, job.ErrExists):
		return Message{
			Exists, fmt.Sprintf("The file %q exists; no export was made.", e.Path),
			"Give another name with -o, or --force to replace it.",
		}
	case errors.Is(e.Kind, job.ErrNoFile):
		return Message{
			Exists, fmt.Sprintf("%q is not a regular file, so it is left alone; no export was made.", e.Path),
			"Give the name of a file or a folder with -o, or -o - for standard output.",
		}
	case errors.Is(e.Kind, job.ErrNoRoom):
		return Message{
			Disk, fmt.Sprintf("There is not enough room in %q; no export was made.", e.Path),
			"Make room, or choose another place with -o.",
		}
	default:
		why := ""
		if e.Err != nil {
			why = ": " + clean(bare(e.Err).Error())
		}
		return Message{
			Disk, fmt.Sprintf("The folder of %q cannot be written%s; no export was made.", e.Path, why),
			"Choose another place with -o, or get the right to write there.",
		}
	}
}

func ofTimeout(e *job.TimeoutError) Message {
	if e.Unheard {
		return Message{
			Timeout, fmt.Sprintf("The request for an export went out, and its answer did not come within %s, so an export may have been made.", duration(e.Over)),
			"Run the same command again: it looks for that export before it asks for another.",
		}
	}
	if e.ID == "" {
		why := "the server did not get to it"
		if e.Step == job.StepBusy {
			why = "another export of the project was running"
		}
		return Message{
			Timeout, fmt.Sprintf("No export was made within %[2]s: %[1]s.", why, duration(e.Over)),
			"Run the same command later, or wait longer with --timeout.",
		}
	}
	return Message{
		Timeout, fmt.Sprintf("The export %s was not finished after %s; it goes on at the server.", id(e.ID), duration(e.Over)),
		fmt.Sprintf("Pick it up with: dashtray-tui download %s.", id(e.ID)),
	}
}

func ofInvalid(e *job.InvalidError) Message {
	m := Message{
		Invalid, "The file does not verify.",
		"Make a new export; do not rely on this one.",
	}
	if len(e.Report.Problems) > 0 {
		m.Text = "The file does not verify: " + unstopped(clean(e.Report.Problems[0].Message)) + "."
	}
	if e.File != "" {
		m.Hint = fmt.Sprintf("It is kept as %q; make a new export.", e.File)
	}
	return m
}

func expired() Message {
	return Message{
		ExportExpired, "The export or its file has expired on the server.",
		"Make the same export again: a file can be downloaded for 24 hours.",
	}
}

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

// bare takes the path out of an error of the file system: the sentence has it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func id(i client.ID) string { return clean(i.Safe()) }

// longest is how much of foreign words a sentence takes.
const longest = 240

// clean makes one safe line of bounded length.
func clean(s string) string {
	s = strings.Join(strings.Fields(text.Untrusted(s).Safe()), " ")
	if r := []rune(s); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return s
}

func unstopped(s string) string { return strings.TrimRight(s, ". ") }

// sentence gives a phrase its full stop.
func sentence(s string) string { return unstopped(s) + "." }

// duration is a span without what is zero in it: "30 m", "1 m 30 s".
func duration(d time.Duration) string {
	var parts []string
	rest := d.Round(time.Second)
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := rest / u.size; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
			rest %= u.size
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
