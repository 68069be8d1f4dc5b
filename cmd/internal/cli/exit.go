package cli

import (
	"errors"
	"io/fs"

	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// The exit codes, as "help exit-codes" tells them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitKey         = 3
	exitForbidden   = 4
	exitBusy        = 5
	exitGone        = 6
	exitTimeout     = 7
	exitTransfer    = 8
	exitInvalid     = 9
	exitInterrupted = 130 // by a signal that is not known to us
)

// exitCode is the one place where an exit code is chosen: by the error's code,
// with the few cases where the code alone does not say enough.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	var sig *signalError
	if errors.As(err, &sig) {
		return sig.exitCode()
	}
	var several *severalError
	if errors.As(err, &several) {
		return several.exitCode()
	}
	switch message.Of(err).Code {
	case message.Usage, message.Config, message.Exists:
		return exitUsage
	case message.NoKey, message.Unauthorized:
		return exitKey
	case message.ForbiddenPlan, message.ForbiddenRole:
		return exitForbidden
	case message.Busy, message.Locked:
		return exitBusy
	case message.NotFound:
		if errors.Is(err, fs.ErrNotExist) { // a file of this machine, not an export
			return exitFailed
		}
		return exitGone
	case message.ExportFailed, message.ExportExpired:
		return exitGone
	case message.Timeout:
		return exitTimeout
	case message.Transfer:
		return exitTransfer
	case message.Disk:
		if errors.Is(err, transfer.ErrDiskFull) { // in the transfer; before it, it is exitFailed
			return exitTransfer
		}
		return exitFailed
	case message.Invalid:
		return exitInvalid
	case message.Interrupted:
		return exitInterrupted
	case message.Network, message.Internal:
		return exitFailed
	}
	return exitFailed
}
