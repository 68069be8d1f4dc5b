package secret

import (
	"fmt"
	"strings"
	"time"
)

// Reason is what keeps a keyring from being used.
type Reason string

// The reasons. They are words of the program's JSON output.
const (
	NoBus        Reason = "no_bus"        // no session bus: a cron job, a bare SSH login
	NoProvider   Reason = "no_provider"   // no program here offers a keyring
	NotRunning   Reason = "not_running"   // one is installed and does not run
	NoCollection Reason = "no_collection" // it runs, and has nothing yet to keep a key in
	Locked       Reason = "locked"
	TimedOut     Reason = "timed_out"
	Unsupported  Reason = "unsupported" // this system has no keyring that we know
	Denied       Reason = "denied"      // the keyring, or its owner, said no
	Other        Reason = "error"
)

// KeyringError is a keyring that cannot be used. The caller goes on to another
// place for the key, and tells the person Error and Hint.
type KeyringError struct {
	Reason Reason
	// detail is what the other side said of it, safe to show. The error itself
	// is not kept: it may repeat what was sent.
	detail string
}

// Error is one plain sentence, without a full stop.
func (e *KeyringError) Error() string {
	s := "the keyring could not be asked: "
	switch e.Reason {
	case NoBus:
		s += "there is no session bus"
	case NoProvider:
		s += "no program that offers one is installed"
	case NotRunning:
		s += "its program is installed and does not run"
	case NoCollection:
		s += "it has no collection yet to keep a key in"
	case Locked:
		s = "the keyring is locked"
	case TimedOut:
		s = "the keyring gave no answer"
	case Unsupported:
		s += "this system has none that is known"
	case Denied:
		s = "the keyring refused"
	default:
		s = "the keyring did not work"
	}
	if e.detail != "" {
		s += " (" + e.detail + ")"
	}
	return s
}

// Hint says what to do about it, one sentence with the way by the file.
func (e *KeyringError) Hint() string {
	if e.Reason == Unsupported {
		return "Keep the key in a file: dashtray-tui auth login --store file."
	}
	return strings.TrimSuffix(e.Remedy(), ".") + ", or keep the key in a file: dashtray-tui auth login --store file."
}

// Remedy says what to do about it, one sentence, where another place for the
// key is offered anyway.
func (e *KeyringError) Remedy() string {
	switch e.Reason {
	case NoBus:
		return "Log in at the desktop, or with dbus-run-session."
	case NoProvider:
		return "Install GNOME Keyring, KWallet or KeePassXC."
	case NotRunning:
		return "Start it, as a login at the desktop does."
	case NoCollection:
		return "Make a default keyring with the desktop's password manager."
	case Locked:
		return "Unlock it (macOS: security unlock-keychain)."
	case TimedOut:
		return "Look for a window that asks for a password."
	case Unsupported:
		return "Keep the key somewhere else."
	case Denied:
		return "Allow this program in the keyring's settings."
	}
	return "Try again."
}

// CanHaveKey reports whether the key may be there all the same.
func (e *KeyringError) CanHaveKey() bool {
	switch e.Reason {
	case NoBus, NoProvider, NotRunning, NoCollection, Unsupported:
		return false
	}
	return true
}

// late is the answer that did not come.
func late(after time.Duration) *KeyringError {
	return &KeyringError{Reason: TimedOut, detail: fmt.Sprintf("waited %s", after)}
}
