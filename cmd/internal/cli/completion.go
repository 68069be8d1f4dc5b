package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// completeWords offers the words that a flag takes. The flag is one of the
// command's own, so there is nothing that could go wrong.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// shells are those that have a completion.
func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// completionCommand stands in for cobra's own: that one writes to where standard
// output was when it was made, and takes a shell that it does not know for a wish
// for help.
func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands, flags and export ids in a shell",
		Long: "Print a script that completes commands, flags and export ids in a shell: bash\n" +
			"(with its bash-completion package), zsh (after autoload -U compinit; compinit),\n" +
			"fish or powershell. A new shell takes it.",
		Example: "  dashtray-tui completion bash > ~/.local/share/bash-completion/completions/dashtray-tui\n" +
			"  dashtray-tui completion zsh > \"${fpath[1]}/_dashtray-tui\"\n" +
			"  dashtray-tui completion fish > ~/.config/fish/completions/dashtray-tui.fish\n" +
			"  dashtray-tui completion powershell >> $PROFILE\n" +
			"  # for this shell alone\n" +
			"  source <(dashtray-tui completion bash)",
		Annotations: marked(noSettings),
		Args:        oneArg("a shell: bash, zsh, fish or powershell"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return shells(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.json {
				return usageError(cmd, "A completion is a script for a shell and not JSON.")
			}
			root := cmd.Root()
			write := map[string]func(io.Writer) error{
				"bash":       func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
				"zsh":        root.GenZshCompletion,
				"fish":       func(w io.Writer) error { return root.GenFishCompletion(w, true) },
				"powershell": root.GenPowerShellCompletionWithDesc,
			}[args[0]]
			if write == nil {
				return usageError(cmd, "There is no completion for %q; there is for %s.", args[0], list(shells()))
			}
			var script strings.Builder
			if err := write(&script); err != nil {
				return err
			}
			return a.printText(script.String())
		},
	}
}
