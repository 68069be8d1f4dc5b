package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
)

func (a *app) scheduleRemove(on host) *cobra.Command {
	var every bool
	cmd := &cobra.Command{
		Use:   "remove",
		Short: "Stop the scheduled backup of a profile, and take its files away",
		Long: "Stop the scheduled backup of a profile, and take its files away. Only what\n" +
			"schedule install wrote is removed; backups stay.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.noDemoHere(cmd); err != nil {
				return err
			}
			if every && cmd.Flags().Changed("profile") {
				return usageError(cmd, "--all-profiles does not go with --profile.")
			}
			profile := a.settings.Profile.Value
			if every {
				profile = ""
			}
			return a.unschedule(cmd.Context(), on, profile)
		},
	}
	cmd.Flags().BoolVar(&every, "all-profiles", false, "remove the schedule that backs up all profiles")
	return cmd
}

func (a *app) unschedule(ctx context.Context, on host, profile string) error {
	var gone schedule.Removal
	if on.goos == "linux" {
		m, err := a.manager(on)
		if err != nil {
			return err
		}
		gone, err = m.Remove(ctx, profile)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return unitError(err)
		}
	}
	if gone.Silent != nil {
		a.warn(fmt.Sprintf("systemd was not told, and may start the backup until you log out: %v", gone.Silent))
	}
	for _, path := range gone.Left {
		a.warn(fmt.Sprintf("%q stays, since %v", path, schedule.ErrForeign))
	}
	for _, f := range ofProfile(a.elsewhere(ctx, on), profile) {
		a.warn(a.byHand(f))
	}
	if a.json {
		return a.printDocument(a.removalDocument(profile, gone))
	}
	if len(gone.Removed) == 0 {
		return a.say("There is no schedule of %s that could be removed.", whose(profile))
	}
	return a.say("The backup of %s is not scheduled any more; removed were %s.", whose(profile), list(gone.Removed))
}

// byHand says how to take away what a person has installed.
func (a *app) byHand(f foundSchedule) string {
	name := schedule.Name(f.Profile)
	switch f.kind {
	case byLaunchd:
		path := strings.Join(f.Files, "")
		return fmt.Sprintf("launchd has an agent that you installed; to remove it: launchctl bootout gui/%d/%s, then delete %q",
			os.Getuid(), schedule.AgentName(f.Profile), path)
	case byWindows:
		return "the Task Scheduler has a task that you installed; to remove it: schtasks /Delete /TN " + name
	}
	return "your crontab has lines of this backup; to remove them: crontab -e"
}
