package cli

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
)

func (a *app) downloadCommand() *cobra.Command {
	var keeping keeping
	cmd := &cobra.Command{
		Use:   "download ID",
		Short: "Download or resume the file of an export, and verify it",
		Long: "Download or resume the file of an export, and verify it. An export that still\n" +
			"runs is waited for; a file that is here already, and verifies, is not fetched\n" +
			"again.",
		Example: "  dashtray-tui download exp_abc123\n" +
			"  dashtray-tui download exp_abc123 -o exports/ --limit-rate 2M",
		Args:              oneArg("the export's id"),
		ValidArgsFunction: a.completeExports,
		RunE: func(cmd *cobra.Command, args []string) error {
			spec := job.Spec{ID: client.ID(args[0])}
			if err := keeping.apply(a, cmd, &spec); err != nil {
				return err
			}
			return a.runJob(cmd.Context(), spec)
		},
	}
	cmd.Flags().SortFlags = false
	keeping.register(cmd.Flags())
	return cmd
}

// completeExports offers the exports that this machine remembers and that have
// a file to fetch; nothing is asked of the server while somebody types.
func (a *app) completeExports(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 || a.loadSettings(cmd) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	a.log = slog.New(slog.DiscardHandler)
	a.quiet = true // warnings would end up on the line that is being typed
	l, _, err := a.remembered(cmd.Context(), nil)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, e := range l.Entries {
		switch e.Export.Stage {
		case client.StageFailed, client.StageExpired:
			continue
		}
		ids = append(ids, e.Export.ID.Safe()+"\t"+a.rangeWords(e.Export.Range)+", "+string(e.LocalState))
		if len(ids) == 50 {
			break
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
