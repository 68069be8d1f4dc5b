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
		Args:                       a.noSuchCommand,
		RunE:                       a.runConsole,
		PersistentPreRunE:          a.setUp,
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
		Version:                    version,
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)

	root.Flags().SortFlags = false
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
		a.versionCommand(),
		a.manCommand(),
	)
	a.addHelp(root)
	addCompletion(root)
	return root
}

// noSuchCommand refuses arguments of the root: they are commands that do not exist.
func (a *app) noSuchCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		return usageError(root, "There is no command %q; did you mean %q?", args[0], near[0])
	}
	return usageError(root, "There is no command %q.", args[0])
}

// flagError is a flag that is none, or its value. A slip of the finger is told
// what was meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || len(unknown.GetSpecifiedName()) < 2 {
		return usageError(cmd, "%s.", sentenceCase(err.Error()))
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := config.Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return usageError(cmd, "There is no flag --%s; did you mean --%s?", unknown.GetSpecifiedName(), near)
	}
	return usageError(cmd, "%s.", sentenceCase(err.Error()))
}

// sentenceCase begins a sentence of a library's with a capital.
func sentenceCase(s string) string {
	if s != "" && s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
