package message

import (
	"crypto/tls"
	"errors"
	"io/fs"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
)

// onwards is the advice on a screen whenever a part is kept.
const onwards = "Download it again: it goes on where this stopped."

// OnScreen gives the words for an error as the console has them: what happened
// is told as by [Of], and what to do is done there and not in a shell.
func OnScreen(err error) Message {
	m := Of(err)
	var own *Error
	if err == nil || errors.As(err, &own) {
		return m
	}
	hint := ""
	switch m.Code {
	case NoKey:
		return noKeyOnScreen(m, err)
	case Usage, Exists, Locked:
		hint = choiceOnScreen(err)
	case Disk, Transfer, Timeout, Interrupted:
		hint = downloadOnScreen(m.Code, err)
	case Busy:
		hint = "Wait until it has ended."
	case Network:
		hint = networkOnScreen(err)
	case Internal:
		if !errors.Is(err, client.ErrBadRequest) {
			hint = "Please report it; the log tells more."
		}
	}
	if hint != "" {
		m.Hint = hint
	}
	return m
}

// noKeyOnScreen tells of the keyring only what matters: one that is not there
// can hold no key.
func noKeyOnScreen(m Message, err error) Message {
	var none *secret.NoKeyError
	var ring *secret.KeyringError
	switch {
	case errors.As(err, &none):
		m.Hint = "Paste one, or look around without one: the demo."
		for _, r := range none.Skipped {
			if !errors.As(r, &ring) || ring.CanHaveKey() {
				return m
			}
		}
		m.Text = "There is no API key here yet."
	case errors.Is(err, secret.ErrNoKey):
		m.Hint = "Paste one, or look around without one: the demo."
	case errors.As(err, &ring):
		m.Hint = ring.Remedy()
	}
	return m
}

// choiceOnScreen is about names and folders.
func choiceOnScreen(err error) string {
	var path *job.PathError
	var setting *config.Error
	switch {
	case errors.Is(err, client.ErrInsecure):
		return "Give the profile an https:// address; http:// is for this machine alone."
	case errors.Is(err, config.ErrProfileExists):
		return "Choose another name, or change the key of that one."
	case errors.Is(err, config.ErrNoProfile):
		return "Somebody else may have removed it."
	case errors.As(err, &setting):
		return "Correct it and start the program again."
	case errors.As(err, &path):
		return "Choose another folder, or move that file away."
	case errors.Is(err, transfer.ErrExists):
		return "Move that file away and download it again."
	case errors.Is(err, job.ErrLocked), errors.Is(err, transfer.ErrLocked):
		return "Let it finish, or stop it, and try again."
	}
	return ""
}

// downloadOnScreen is about what arrived, or did not.
func downloadOnScreen(code Code, err error) string {
	var path *job.PathError
	var late *job.TimeoutError
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &path) && errors.Is(path.Kind, job.ErrNoRoom):
		return "Make room, or choose another folder."
	case errors.As(err, &path):
		return "Choose another folder, or get the right to write there."
	case errors.As(err, &late) && late.Unheard:
		return "Start it again: that export is looked for first."
	case errors.As(err, &late) && late.ID == "":
		return "Start it again later."
	case errors.As(err, &late):
		return "Download it when it is finished."
	case errors.Is(err, transfer.ErrDiskFull):
		return "Make room and download it again: it goes on where this stopped."
	case errors.Is(err, transfer.ErrGone):
		return "Download it again in a while, or make the export anew."
	case errors.Is(err, transfer.ErrOtherObject):
		return "Choose another folder, or remove that .part file."
	case errors.Is(err, transfer.ErrDigest):
		return "Download it again: the file is fetched afresh."
	case errors.As(err, &cert):
		return networkOnScreen(err)
	case code == Transfer && errors.Is(err, fs.ErrNotExist):
		return "Put it back, or choose another folder."
	case code == Disk:
		return ""
	}
	return onwards
}

// networkOnScreen is about the way to the server.
func networkOnScreen(err error) string {
	var call *client.Error
	var cert *tls.CertificateVerificationError
	switch {
	case errors.Is(err, client.ErrLostAnswer):
		return "Look at the exports before you ask for another one."
	case errors.As(err, &cert):
		return "Check the address; for an authority of your own start the program with --cacert."
	case errors.Is(err, client.ErrProtocol), errors.As(err, &call) && call.Step == stepCreate && errors.Is(err, client.ErrNotFound):
		return "Check the profile's address, and whether a proxy or a login page is in the way."
	}
	return ""
}
