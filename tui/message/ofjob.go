package message

import (
	"errors"
	"fmt"

	"github.com/dashtray/dashtray-tui/client/backup"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

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
