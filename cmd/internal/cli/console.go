package cli

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/plain"
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
	// Before anything that logs is made: L shows what it says.
	tail := tui.NewTail(a.log.Handler())
	a.log = slog.New(tail)
	open := newAccounts(a)
	defer func() { err = errors.Join(err, open.Close()) }()
	deps := a.consoleDeps(open)
	deps.Tail = tail
	if a.speaks() {
		err = plain.Run(cmd.Context(), a.plainDeps(deps))
	} else {
		err = tui.Run(cmd.Context(), deps, tea.WithInput(a.In), tea.WithOutput(a.Out))
	}
	var sig *signalError
	if errors.As(err, &sig) {
		if a.speaks() && sig.sig == syscall.SIGINT {
			return nil // ctrl+c, typed: in plain mode the terminal makes a signal of it
		}
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
			m := message.OnScreen(err)
			return m.Text, m.Hint
		},
		Version:        version,
		Now:            a.Now,
		Location:       a.settings.TimeZone.Location(a.Location),
		Env:            a.consoleEnv(),
		ReducedMotion:  a.settings.ReducedMotion.Bool(),
		Keys:           a.keyBindings(),
		Theme:          a.settings.Theme.Value,
		Mouse:          a.settings.Mouse.Bool(),
		Files:          localFiles{a, runtime.GOOS},
		InspectCommand: shellInspect,
		Log:            a.log,
		LogFile:        a.logPath,
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

// keyBindings are the person's own keys, by the names of the actions.
func (a *app) keyBindings() map[string][]string {
	keys := map[string][]string{}
	for action, list := range a.settings.Keys {
		keys[action] = list.Values
	}
	return keys
}

// checkKeys finds settings that name no action or no key. Which there are is
// the console's to say, but the file is wrong for every command.
func (a *app) checkKeys() error {
	if len(a.settings.Keys) == 0 {
		return nil
	}
	_, err := keymap.Parse(a.keyBindings(), false)
	all, _ := err.(interface{ Unwrap() []error })
	if all == nil {
		return err
	}
	var wrong []*config.FileError
	for _, err := range all.Unwrap() {
		var e *keymap.Error
		if !errors.As(err, &e) {
			return err
		}
		wrong = append(wrong, a.file.Wrong(e.Setting, "is wrong: "+e.Reason))
	}
	slices.SortStableFunc(wrong, func(a, b *config.FileError) int { return a.Line - b.Line })
	wrong[0].Others = wrong[1:]
	return wrong[0]
}

// speaks reports whether the console is to be plain lines, for a screen reader.
func (a *app) speaks() bool {
	v := a.Env.Get("ACCESSIBLE")
	return a.accessible || v != "" && v != "0"
}

func (a *app) plainDeps(d tui.Deps) plain.Deps {
	home, _ := os.UserHomeDir() // without one "~" stays a name like any other
	files := localFiles{a, runtime.GOOS}
	return plain.Deps{
		In: a.In, Out: a.Out, ReadHidden: a.ReadHidden,
		Accounts: d.Accounts, StartProfile: d.StartProfile, Message: d.Message, Answers: d.Answers,
		Now: d.Now, Location: d.Location, Home: home, Version: d.Version, Log: d.Log,
		Verify: func(ctx context.Context, path string, expect archive.Expect) (archive.Report, error) {
			return files.Verify(ctx, path, expect, func(int64, int64) {})
		},
		Inspect: func(ctx context.Context, path string, expect archive.Expect) ([]string, error) {
			r, err := files.Inspect(ctx, path, expect, func(int64, int64) {})
			if err != nil {
				return nil, err
			}
			return a.inspectionLines(path, r)
		},
	}
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
