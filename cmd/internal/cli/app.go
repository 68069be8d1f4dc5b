package cli

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
)

// app is one run of the program: its streams, the flags of every command, and
// what was made of them.
type app struct {
	Streams

	profile, apiURL   string
	demo, json, quiet bool
	version           bool // --version, of the root
	accessible        bool
	color             string
	cacert            string
	logFile, logLevel string

	file     *config.File
	flags    config.Flags
	settings config.Settings
	roots    *x509.CertPool // nil: the system's
	log      *slog.Logger
	logPath  string // of the log's file, "" if there is none
	warnings []string
	helpErr  error            // of help that could not be printed: cobra's help has no other way to tell
	ring     *secret.Keyring  // one for the process: once it has failed, nobody waits again
	asked    <-chan os.Signal // somebody wants to know how it stands; may be nil
	onScreen bool             // the console has the terminal
	patience time.Duration    // for the server, of jobs that do not say; 0 is the service's own
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
	if err := a.loadSettings(cmd); err != nil {
		return err
	}
	a.ring = secret.NewKeyring(secret.KeyringOptions{Attended: a.InTerminal && a.ErrTerminal, Env: a.Env, Notice: a.notice})
	if flags.Changed("cacert") {
		if a.cacert == "" {
			return usageError(cmd, "--cacert is empty.")
		}
		var err error
		if a.roots, err = loadRoots(a.cacert); err != nil {
			return usageError(cmd, "--cacert %q: %v.", a.cacert, err)
		}
	}
	return a.openLog(cmd)
}

// Marks on commands that work without a settings file: those that need none,
// and those that can make one.
const (
	settingsMark = "settings"
	noSettings   = "none"
	makeSettings = "make"
)

// marked are a command's annotations for setUp.
func marked(mark string) map[string]string { return map[string]string{settingsMark: mark} }

func (a *app) loadSettings(cmd *cobra.Command) error {
	flags := cmd.Flags()
	a.flags = config.Flags{
		APIURL:  config.Flag{Value: a.apiURL, Set: flags.Changed("api-url")},
		Profile: config.Flag{Value: a.profile, Set: flags.Changed("profile")},
		Demo:    a.demo,
	}
	mark := cmd.Annotations[settingsMark]
	a.file = &config.File{}
	if mark != noSettings && !a.version {
		var err error
		a.file, err = config.ReadFile(runtime.GOOS, a.Env)
		if mark == makeSettings && errors.Is(err, fs.ErrNotExist) {
			a.file, err = &config.File{}, nil
		}
		if err != nil {
			return err
		}
	}
	var err error
	if a.settings, err = config.Load(a.flags, a.Env, a.file); err != nil {
		return err
	}
	return a.checkKeys()
}

// refuseDemo is for commands below another that have no meaning in the demo.
func (a *app) refuseDemo(cmd *cobra.Command, why string) error {
	if a.demo {
		return usageError(cmd, "%s: --demo does not go with %s.", why, cmd.Parent().Name())
	}
	return nil
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
