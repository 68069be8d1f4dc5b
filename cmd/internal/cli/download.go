package cli

import (
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
		ValidArgsFunction: cobra.NoFileCompletions,
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
