package cli

import (
	"io"
	"os"
	"strings"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/config"
)

// addHelp gives the root its help command, the topics, and the way that help is
// drawn.
func (a *app) addHelp(root *cobra.Command) {
	root.AddCommand(
		&cobra.Command{Use: "exit-codes", Short: "What the exit codes mean (help topic)", Long: exitCodesHelp, Annotations: marked(noSettings)},
		&cobra.Command{Use: "environment", Short: "Which variables count, and in which order (help topic)", Long: environmentHelp, Annotations: marked(noSettings)},
	)
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND or TOPIC]",
		Short: "Tell more about a command, about exit-codes, or about environment",
		// It tells how the settings file is found: a broken one must not be in the way.
		Annotations: marked(noSettings),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return topics(root, args), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noHelp(root, args)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	})
	root.SetHelpFunc(a.drawHelp)
}

// topics are what help can go on with after these words.
func topics(root *cobra.Command, args []string) []string {
	about, rest, err := root.Find(args)
	if err != nil || len(rest) > 0 {
		return nil
	}
	var words []string
	for _, sub := range about.Commands() {
		if !sub.Hidden {
			words = append(words, cobra.CompletionWithDesc(sub.Name(), sub.Short))
		}
	}
	return words
}

// noHelp is about nothing that there is; where one word is wrong, it may be told
// which was meant.
func noHelp(root *cobra.Command, args []string) error {
	asked := strings.Join(args, " ")
	if len(args) == 1 {
		if near := nearCommand(root, args[0]); near != "" {
			return usageError(root, "There is no help on %q; did you mean %q?", asked, near)
		}
	}
	return usageError(root, "There is no help on %q.", asked)
}

// nearCommand is the command below cmd that most likely was meant, "" if none.
func nearCommand(cmd *cobra.Command, word string) string {
	var below []string
	for _, c := range cmd.Commands() {
		below = append(below, c.Name())
	}
	return config.Nearest(word, below)
}

// drawHelp leaves the drawing to fang where there are colours. Where there are
// none the plain text does: fang would ask a terminal for its background all the
// same, and wait four seconds for one that never answers.
func (a *app) drawHelp(cmd *cobra.Command, _ []string) {
	if a.json || !a.colored(a.OutTerminal) {
		a.helpErr = a.printHelp(plainHelp(cmd))
		return
	}
	// fang looks for colours in the process's own environment; what --color and
	// the variables amount to has been decided here.
	restore := setenv("CLICOLOR_FORCE", "1")
	defer restore()
	root := cmd.Root()
	path := strings.Fields(cmd.CommandPath())[1:]
	root.SetArgs(append(path, "--help"))
	// It has nothing to fail with: it only finds the same command again.
	_ = fang.Execute(cmd.Context(), root, fang.WithoutVersion(), fang.WithoutManpage())
}

// plainHelp is help without colours. What most people look for comes first.
func plainHelp(cmd *cobra.Command) string {
	about := strings.TrimSpace(cmd.Long)
	if about == "" {
		about = cmd.Short
	}
	about += "\n"
	if cmd.HasExample() {
		about += "\nExamples:\n" + cmd.Example + "\n"
		defer func(e string) { cmd.Example = e }(cmd.Example)
		cmd.Example = ""
	}
	if cmd.Runnable() || cmd.HasSubCommands() {
		about += "\n" + cmd.UsageString()
	}
	return about
}

// printHelp prints even with --quiet: who asks for help wants to read.
func (a *app) printHelp(s string) error {
	if a.json {
		return a.printDocument(helpDocument{s})
	}
	if _, err := io.WriteString(a.Out, s); err != nil {
		return unwritable(err)
	}
	return nil
}

type helpDocument struct {
	Text string `json:"text"`
}

func setenv(name, value string) (restore func()) {
	old, had := os.LookupEnv(name)
	_ = os.Setenv(name, value)
	return func() {
		if had {
			_ = os.Setenv(name, old)
		} else {
			_ = os.Unsetenv(name)
		}
	}
}

// noArgs is for commands that take none. What was given is not repeated: it may
// be a key. Where it looks like a command below this one, that was meant.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if near := nearCommand(cmd, args[0]); near != "" {
		return usageError(cmd, "There is no such command; did you mean %q?", cmd.CommandPath()+" "+near)
	}
	return usageError(cmd, "%s takes no arguments.", cmd.CommandPath())
}

// oneArg is for commands about one thing.
func oneArg(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return usageError(cmd, "%s takes one argument, %s.", cmd.CommandPath(), what)
		}
		return nil
	}
}

const exitCodesHelp = `What the exit codes mean.

  0    done; for verify: the file is whole and consistent; for the console: it
       was left with q or ctrl+c
  1    anything not below: the network or the server before the transfer, a
       folder that cannot be written or a disk too small (said before an export
       is made), a file that is not there
  2    usage: a flag, an argument, a settings file that does not parse, an output
       that exists, no terminal where one is needed, an encrypted file without
       an identity
  3    there is no key, or it was refused
  4    not allowed: by the plan or by the role
  5    another export is running (--if-busy fail), or another process works on
       the same file or backup folder
  6    the export failed on the server, or it or its file is unknown or expired
  7    gave up waiting (--timeout); the export goes on
  8    the transfer could not be finished, a full disk included; what arrived is
       kept, and the same command resumes it
  9    the file does not verify; a download is kept with .invalid added to its
       name
  129, 130, 143
       ended by SIGHUP, SIGINT, SIGTERM; what arrived is kept

backup --all-profiles gives the largest code of its runs. With --json an error
is a document, too, whose error.code is one of usage, config, exists, no_key,
unauthorized, forbidden_plan, forbidden_role, busy, locked, not_found,
export_failed, export_expired, timeout, transfer, disk, network, interrupted and
internal.`

const environmentHelp = `Which variables count, and in which order.

The API key: the first of these that is set and not empty is taken, and none
after it is looked at.
  DASHTRAY_API_KEY           the key itself
  DASHTRAY_API_KEY_FILE      a file that holds it
  DASHTRAY_API_KEY_COMMAND   a command that prints it on its first line; it is
                             split like a shell line, run without a shell, and
                             has 30 seconds
  CREDENTIALS_DIRECTORY      set by systemd: dashtray-api-key-PROFILE in it, or
                             dashtray-api-key
  (key_command)              of the profile in the settings file, as above; not
                             run when --api-url or DASHTRAY_API_URL names
                             another server than the profile does
  (the keyring)              where auth login keeps it: as dashtray-tui, for
                             PROFILE@HOST or PROFILE@HOST:PORT
  (a stored file)            where auth login --store file keeps it, in keys/
                             beside the settings file; it has to be yours alone
                             (mode 0600)

Settings: a flag beats its variable, which beats the profile, which beats the
rest of the settings file.
  DASHTRAY_API_URL           as --api-url
  DASHTRAY_PROFILE           as --profile
  DASHTRAY_CONFIG            the settings file, if it is not config.toml in the
                             folder of settings; it has default_profile,
                             [profiles.NAME] with api_url and key_command,
                             [transfer], [backup], [ui], [keys] and [hooks]

For serve --restricted, set in the command= line of authorized_keys.
  DASHTRAY_ROLE              viewer (if it is not set), operator or admin
  DASHTRAY_NAME              who this key is, for the audit log

Colours: --color first, then these in their order.
  NO_COLOR                   set and not empty: none
  CLICOLOR_FORCE             set, not empty and not 0: always
  TERM                       dumb: none

Plain lines and prompts instead of what is drawn, as --accessible.
  ACCESSIBLE                 set, not empty and not 0

Network.
  HTTPS_PROXY, NO_PROXY      the way out, and what does not take it
  SSL_CERT_FILE              the certificates to trust, instead of the system's

Folders; in each of them dashtray-tui is the program's own.
  XDG_CONFIG_HOME            settings and stored keys (else ~/.config)
  XDG_STATE_HOME             history, runs, the demo's world, logs (else
                             ~/.local/state)
  XDG_DATA_HOME              backups (else ~/.local/share)
  XDG_CACHE_HOME             what can be made again (else ~/.cache)
Without these variables, macOS and Windows have their usual folders.`
