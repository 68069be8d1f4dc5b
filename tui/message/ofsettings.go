package message

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
)

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
