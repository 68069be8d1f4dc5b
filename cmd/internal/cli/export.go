package cli

import (
	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
)

func (a *app) exportCommand() *cobra.Command {
	var making making
	var keeping keeping
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Make an export, wait for it, download and verify it",
		Long: "Make an export, wait for it, download and verify it. The file's path is the\n" +
			"only thing on standard output.\n\n" +
			"Run again after it was cut off, the same command goes on where it stopped:\n" +
			"with the same export, and with the bytes that have arrived.\n\n" +
			"Audit logs hold people's IP addresses.",
		Example: "  dashtray-tui export\n" +
			"  dashtray-tui export --range 2026-Q1 --format csv -o reports/\n" +
			"  dashtray-tui export --range 2026-01-01..2026-01-31 --include metrics --json\n" +
			"  dashtray-tui export --range all_time -o - | gzip > everything.json.gz",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var spec job.Spec
			if err := making.apply(a, cmd, &spec); err != nil {
				return err
			}
			if err := keeping.apply(a, cmd, &spec); err != nil {
				return err
			}
			if spec.Detach && spec.Output == "-" {
				return usageError(cmd, "--detach leaves before there is a file: it does not go with -o -.")
			}
			return a.runJob(cmd.Context(), spec)
		},
	}
	cmd.Flags().SortFlags = false
	making.register(cmd.Flags())
	keeping.register(cmd.Flags())
	completeRequest(cmd)
	return cmd
}

// completeRequest offers the words of what makes an export.
func completeRequest(cmd *cobra.Command) {
	completeWords(cmd, "format", string(client.JSON), string(client.CSV))
	completeWords(cmd, "range", "last_7_days", "last_30_days", "last_90_days", "last_year", "all_time", "last_month", "last_quarter")
	completeWords(cmd, "include", "all", "metrics", "connections", "dashboards", "audit_logs")
	completeWords(cmd, "if-busy", string(job.BusyWait), string(job.BusyAttach), string(job.BusyFail))
}
