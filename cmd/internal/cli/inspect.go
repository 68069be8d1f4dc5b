package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) inspectCommand() *cobra.Command {
	var keys identityFiles
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Tell what is in an export's file",
		Long: "Tell what is in an export's file: the verdict of verify, each metric with its\n" +
			"course, connections, dashboards with their widgets, and the audit log. A file\n" +
			"that does not verify is told as far as it can be read, with exit code 9. The\n" +
			"file may be packed (gzip, zstd) and encrypted (age), one in another.",
		Example: "  dashtray-tui inspect dashtray-my-saas-app-all_time-20260301T040506Z.json\n" +
			"  dashtray-tui inspect export.json --json | jq '.metrics[].name'",
		Args: oneArg("the file's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.inspect(cmd, args[0], keys)
		},
	}
	keys.register(cmd)
	return cmd
}

func (a *app) inspect(cmd *cobra.Command, name string, keys identityFiles) error {
	path, report, err := a.readExport(cmd, name, keys)
	if err != nil {
		return err
	}
	a.log.Info("inspected", "file", path, "ok", report.OK, "problems", len(report.Problems))
	switch {
	case a.json:
		err = a.printDocument(inspectResult(path, report))
	case !a.quiet:
		err = a.printInspection(path, report)
	}
	return errors.Join(invalid(report), err)
}
