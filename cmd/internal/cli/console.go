package cli

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// runConsole opens the console. The key is looked for before the screen is, so
// that a missing one is told on a plain terminal.
func (a *app) runConsole(cmd *cobra.Command, _ []string) (err error) {
	switch {
	case a.json:
		return usageError(cmd, "The console has no --json; the commands have, such as export.")
	case !a.InTerminal || !a.OutTerminal:
		return message.New(message.Usage,
			"The console needs a terminal; without one, use a command: dashtray-tui export makes and downloads an export.", "")
	}
	a.patience = -1 // who watches decides for himself when it is enough
	c, err := a.connect(cmd.Context())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	err = tui.Run(cmd.Context(), a.consoleDeps(c), tea.WithInput(a.In), tea.WithOutput(a.Out))
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

func (a *app) consoleDeps(c *connection) tui.Deps {
	d := tui.Deps{
		Jobs:         c.jobs,
		ShellCommand: a.shellCommand,
		Message: func(err error) (what, do string) {
			m := message.Of(err)
			return m.Text, m.Hint
		},
		Version:  version,
		Now:      a.Now,
		Location: a.Location,
		Env:      a.consoleEnv(),
		Log:      a.log,
	}
	if c.state != "" {
		d.Answers = answersFile{filepath.Join(c.state, "answers.json"), a.log}
	}
	if a.demo {
		d.Label = "demo"
	} else if a.settings.Profile.Origin != config.FromDefault {
		d.Profile = a.settings.Profile.Value
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
