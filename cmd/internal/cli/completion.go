package cli

import (
	"github.com/spf13/cobra"
)

// completeWords offers the words that a flag takes. The flag is one of the
// command's own, so there is nothing that could go wrong.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// addCompletion takes cobra's own command and makes it as strict as the others:
// a shell that it does not know is a mistake and not a wish for help.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError(cmd, "Completion is for a shell: bash, zsh, fish or powershell.")
			}
			return usageError(cmd, "There is no completion for %q; there is for bash, zsh, fish and powershell.", args[0])
		}
		for _, shell := range cmd.Commands() {
			shell.Args, shell.Annotations = noArgs, marked(noSettings)
		}
	}
}
