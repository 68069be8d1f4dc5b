package cli

import (
	"crypto/x509"
	"log/slog"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// app is one run of the program: its streams, the flags of every command, and
// what was made of them.
type app struct {
	Streams

	profile, apiURL   string
	demo, json, quiet bool
	color             string
	cacert            string
	logFile, logLevel string

	settings config.Settings
	roots    *x509.CertPool // nil: the system's
	log      *slog.Logger
	warnings []string
	patience time.Duration // for the server, of jobs that do not say; 0 is the service's own
}

// setUp makes of the global flags what they mean. It runs before any command.
func (a *app) setUp(cmd *cobra.Command, _ []string) error {
	switch a.color {
	case colorAuto, colorAlways, colorNever:
	default:
		return usageError(cmd, "--color is auto, always or never, not %q.", a.color)
	}
	flags := cmd.Flags()
	if a.demo && flags.Changed("api-url") {
		return usageError(cmd, "--demo has an API of its own: it does not go with --api-url.")
	}
	var err error
	a.settings, err = config.Load(config.Flags{
		APIURL:  config.Flag{Value: a.apiURL, Set: flags.Changed("api-url")},
		Profile: config.Flag{Value: a.profile, Set: flags.Changed("profile")},
	}, a.Env)
	if err != nil {
		return err
	}
	if a.cacert != "" || flags.Changed("cacert") {
		if a.roots, err = loadRoots(a.cacert); err != nil {
			return usageError(cmd, "--cacert %q: %v.", a.cacert, err)
		}
	}
	return a.openLog(cmd)
}

// folders are where the program keeps things.
func (a *app) folders() (config.Folders, error) {
	return config.FindFolders(runtime.GOOS, a.Env)
}

// oneOf refuses a value that is none of the words.
func oneOf(cmd *cobra.Command, flag, value string, words ...string) error {
	for _, w := range words {
		if value == w {
			return nil
		}
	}
	return usageError(cmd, "--%s is one of %s, not %q.", flag, list(words), value)
}

func list(words []string) string {
	s := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			s += " and "
		default:
			s += ", "
		}
		s += w
	}
	return s
}

// unwritable is an output that takes no result.
func unwritable(err error) error {
	return &message.Error{
		Message: message.Message{
			Code: message.Disk,
			Text: "The result could not be written to standard output: " + err.Error() + ".",
			Hint: "Check where standard output goes.",
		},
		Err: err,
	}
}
