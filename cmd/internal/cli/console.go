package cli

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// runConsole opens the console. The key is looked for in it: a person sees what
// is waited for, and can give another.
func (a *app) runConsole(cmd *cobra.Command, _ []string) (err error) {
	switch {
	case a.json:
		return usageError(cmd, "The console has no --json; the commands have, such as export.")
	case !a.InTerminal || !a.OutTerminal:
		return message.New(message.Usage,
			"The console needs a terminal; without one, use a command: dashtray-tui export makes and downloads an export.", "")
	}
	// The address is checked on a plain terminal: the console could not mend it.
	if _, err := a.account(a.settings, a.Env); err != nil {
		return err
	}
	a.onScreen = true
	a.patience = -1 // who watches decides for himself when it is enough
	open := newAccounts(a)
	defer func() { err = errors.Join(err, open.Close()) }()
	err = tui.Run(cmd.Context(), a.consoleDeps(open), tea.WithInput(a.In), tea.WithOutput(a.Out))
	var sig *signalError
	if errors.As(err, &sig) {
		return &message.Error{
			Message: message.Message{
				Code: message.Interrupted,
				Text: "The console was ended by " + signalName(sig.sig) + "; what arrived is kept.",
				Hint: "Open it again and download the export: that goes on where this stopped.",
			},
			Err: err,
		}
	}
	return err
}

func (a *app) consoleDeps(open *accounts) tui.Deps {
	d := tui.Deps{
		Accounts:     open,
		StartProfile: a.settings.Profile.Value,
		Message: func(err error) (what, do string) {
			m := message.Of(err)
			return m.Text, m.Hint
		},
		Version:       version,
		Now:           a.Now,
		Location:      a.settings.TimeZone.Location(a.Location),
		Env:           a.consoleEnv(),
		ReducedMotion: a.settings.ReducedMotion.Bool(),
		Log:           a.log,
	}
	if folders, err := a.folders(); err == nil {
		dir := folders.State
		if a.demo {
			dir = folders.Demo()
		}
		d.Answers = answersFile{filepath.Join(dir, "answers.json"), a.log}
	}
	return d
}

// consoleEnv is the environment with the colours as --color has them: what
// draws the console looks there.
func (a *app) consoleEnv() []string {
	env := slices.DeleteFunc(slices.Clone(a.Environ()), func(e string) bool {
		return strings.HasPrefix(e, "NO_COLOR=") || strings.HasPrefix(e, "CLICOLOR_FORCE=")
	})
	switch {
	case !a.colored(a.OutTerminal):
		env = append(env, "NO_COLOR=1")
	case a.color == colorAlways || a.Env.Get("CLICOLOR_FORCE") != "":
		env = append(env, "CLICOLOR_FORCE=1")
	}
	return env
}
