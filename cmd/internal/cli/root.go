package cli

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dashtray/dashtray-tui/config"
)

// rootCommand is the whole command line. Without a command it opens the console.
func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "dashtray-tui",
		Short: "Make, watch, download and verify exports of Dashtray",
		Long: "Make, watch, download and verify exports of Dashtray.\n\n" +
			"Without a command it opens the console; every job that the console does is a\n" +
			"command, too, for scripts and timers.",
		Example: "  # look around without an account\n" +
			"  dashtray-tui --demo\n" +
			"  # last month, as a spreadsheet reads it\n" +
			"  dashtray-tui export --range last_month --format csv\n" +
			"  # everything, for a script\n" +
			"  dashtray-tui export --range all_time --json",
		Args: a.noSuchCommand,
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.version {
				return a.printVersion()
			}
			return a.runConsole(cmd, args)
		},
		PersistentPreRunE: a.setUp,
		SilenceErrors:     true,
		SilenceUsage:      true,
	}
	root.SetFlagErrorFunc(flagError)

	root.Flags().SortFlags = false
	root.Flags().BoolVarP(&a.version, "version", "v", false, "tell the version")
	f := root.PersistentFlags()
	f.SortFlags = false
	word(f, &a.profile, "profile", "", "NAME", "use the key of this profile")
	word(f, &a.apiURL, "api-url", "", "URL", "ask the API at this address, if it is not Dashtray's own")
	f.BoolVar(&a.demo, "demo", false, "work against a sandbox inside the program; no account needed")
	f.BoolVar(&a.json, "json", false, "print one JSON document, errors too")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "say nothing unless something goes wrong")
	word(f, &a.color, "color", colorAuto, "WHEN", "colours: auto, always or never")
	f.BoolVar(&a.accessible, "accessible", false, "plain lines and prompts, for a screen reader: nothing is drawn or moves")
	word(f, &a.cacert, "cacert", "", "FILE", "trust the certificates in this PEM file, too")
	word(f, &a.logFile, "log-file", "", "FILE", "append a log to this file; JSON lines if its name ends in .json or .jsonl")
	word(f, &a.logLevel, "log-level", "info", "LEVEL", "log from this level on: debug, info, warn or error")

	_ = root.RegisterFlagCompletionFunc("profile", a.completeProfiles) // the flag is there, so nothing can go wrong
	completeWords(root, "color", colorAuto, colorAlways, colorNever)
	completeWords(root, "log-level", "debug", "info", "warn", "error")

	root.AddCommand(
		a.exportCommand(),
		a.downloadCommand(),
		a.historyCommand(),
		a.authCommand(),
		a.profileCommand(),
		a.configCommand(),
		a.doctorCommand(),
		a.verifyCommand(),
		a.inspectCommand(),
		a.backupCommand(),
		a.scheduleCommand(&backing{}, a.thisHost()),
		a.serveCommand(),
		a.sandboxCommand(),
		a.completionCommand(),
		a.versionCommand(),
		a.manCommand(),
	)
	a.addHelp(root)
	return root
}

// noSuchCommand refuses arguments of the root: they are commands that do not exist.
func (a *app) noSuchCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := nearCommand(root, args[0]); near != "" {
		return usageError(root, "There is no command %q; did you mean %q?", args[0], near)
	}
	return usageError(root, "There is no command %q.", args[0])
}

// flagError is a flag that is none, or its value. A slip of the finger is told
// what was meant.
func flagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		bare    *pflag.ValueRequiredError
		wrong   *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown):
		return noSuchFlag(cmd, unknown)
	case errors.As(err, &bare):
		return usageError(cmd, "--%s needs a value.", bare.GetFlag().Name)
	case errors.As(err, &wrong):
		f := wrong.GetFlag()
		return usageError(cmd, "--%s takes %s: %q cannot be read as one.", f.Name, taken(f.Value.Type()), wrong.GetValue())
	}
	return usageError(cmd, "%s.", sentenceCase(err.Error()))
}

// taken is what a flag of a type of pflag's takes.
func taken(kind string) string {
	switch kind {
	case "bool":
		return "true or false"
	case "duration":
		return "a time such as 90s, 30m or 24h"
	case "float64":
		return "a number"
	}
	return "a whole number"
}

func noSuchFlag(cmd *cobra.Command, unknown *pflag.NotExistError) error {
	name := unknown.GetSpecifiedName()
	if unknown.GetSpecifiedShortnames() != "" {
		return usageError(cmd, "There is no flag -%s.", name)
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := config.Nearest(name, names); near != "" {
		return usageError(cmd, "There is no flag --%s; did you mean --%s?", name, near)
	}
	return usageError(cmd, "There is no flag --%s.", name)
}

// sentenceCase begins a sentence of a library's with a capital.
func sentenceCase(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
