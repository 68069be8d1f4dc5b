package cli

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
)

func (a *app) scheduleShow(on host) *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Tell which backups are scheduled, and when they run",
		Long: "Tell which backups are scheduled, when they run next, and how the last run\n" +
			"ended. --profile tells of one profile alone.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.noDemoHere(cmd); err != nil {
				return err
			}
			all, err := a.scheduled(cmd.Context(), on)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("profile") {
				all = ofProfile(all, a.settings.Profile.Value)
			}
			return a.printSchedules(cmd.Context(), on, all)
		},
	}
}

// foundSchedule is a schedule and the system that holds it.
type foundSchedule struct {
	kind string
	schedule.Status
}

func ofProfile(all []foundSchedule, profile string) []foundSchedule {
	var of []foundSchedule
	for _, f := range all {
		if f.Profile == profile {
			of = append(of, f)
		}
	}
	return of
}

// scheduled lists what the systems of this machine hold of ours.
func (a *app) scheduled(ctx context.Context, on host) ([]foundSchedule, error) {
	var all []foundSchedule
	if on.goos == "linux" {
		m, err := a.manager(on)
		if err != nil {
			return nil, err
		}
		units, err := m.Installed(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range units {
			if !s.Known {
				a.warn("systemd cannot be asked about " + schedule.Name(s.Profile) + ".timer: it may not run")
			}
			all = append(all, foundSchedule{bySystemd, s})
		}
	}
	others := a.elsewhere(ctx, on)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return append(all, others...), nil
}

// elsewhere looks for what persons have installed by themselves.
func (a *app) elsewhere(ctx context.Context, on host) []foundSchedule {
	profiles := []string{""}
	for _, p := range a.profilesDocument().Profiles {
		profiles = append(profiles, p.Name)
	}
	var crontab string
	if on.goos != "windows" && on.goos != "darwin" {
		// No crontab, or no cron at all: then it holds nothing.
		crontab, _ = on.run(ctx, "crontab", "-l")
	}
	var all []foundSchedule
	for _, profile := range profiles {
		s := schedule.Status{Profile: profile, LastExit: -1}
		kind, there := byCron, false
		switch on.goos {
		case "windows":
			kind = byWindows
			_, err := on.run(ctx, "schtasks", "/Query", "/TN", schedule.Name(profile))
			there = err == nil
		case "darwin":
			kind = byLaunchd
			var plist []byte
			if plist, _ = os.ReadFile(a.agentPath(profile)); plist != nil {
				s.Entry, there = schedule.InPlist(string(plist))
				s.Files = []string{a.agentPath(profile)}
			}
		default:
			s.Entry, there = schedule.InCrontab(crontab, profile)
		}
		if there {
			all = append(all, foundSchedule{kind, s})
		}
	}
	return all
}

func (a *app) printSchedules(ctx context.Context, on host, all []foundSchedule) error {
	lingers := a.lingers(ctx, on, all)
	if a.json {
		return a.printDocument(a.schedulesDocument(all, lingers))
	}
	if a.quiet {
		return nil
	}
	if len(all) == 0 {
		return a.say("No backup is scheduled.")
	}
	for i, f := range all {
		if i > 0 {
			if err := a.printLine(""); err != nil {
				return err
			}
		}
		if err := a.printSchedule(f); err != nil {
			return err
		}
	}
	if lingers != nil && !*lingers {
		a.warn("your timers do not run while you are logged out: loginctl enable-linger lets them")
	}
	return nil
}

// lingers is nil where it does not matter or is not known.
func (a *app) lingers(ctx context.Context, on host, all []foundSchedule) *bool {
	for _, f := range all {
		if f.kind != bySystemd || !f.Known {
			continue
		}
		user, err := on.user()
		if err != nil {
			return nil
		}
		if yes, err := (schedule.Manager{Run: on.run}).Lingers(ctx, user); err == nil {
			return &yes
		}
		return nil
	}
	return nil
}

func (a *app) printSchedule(f foundSchedule) error {
	w := tabwriter.NewWriter(a.Out, 0, 8, 2, ' ', 0)
	line := func(name, value string) {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", name, text.Untrusted(value).SafeN(1<<12))
	}
	line("Backup of", whose(f.Profile))
	line("By", f.kind+" ("+schedule.Name(f.Profile)+")")
	if f.Every == "" {
		line("Runs", "not known: it is not as it was written")
	} else {
		line("Runs", fmt.Sprintf("%s at %s", f.Every, f.At))
	}
	switch {
	case f.Known && !f.Active:
		line("Next", "never: the timer is stopped")
	case !f.next(a).IsZero():
		line("Next", a.when(f.next(a)))
	}
	if !f.Last.IsZero() {
		ended := "did not end yet"
		if f.LastExit >= 0 {
			ended = fmt.Sprintf("exit code %d", f.LastExit)
		}
		line("Last", a.when(f.Last)+", "+ended)
	}
	if f.Command != "" {
		line("Command", f.Command)
	}
	for _, path := range f.Files {
		line("File", path)
	}
	if err := w.Flush(); err != nil {
		return unwritable(err)
	}
	return nil
}

// next is what the system says, or else what follows from the time of day.
func (f foundSchedule) next(a *app) time.Time {
	switch {
	case f.Known:
		return f.Next
	case f.Every == "" || f.kind == bySystemd:
		return time.Time{}
	}
	return schedule.Next(a.Now().In(a.Location), f.Every, f.At)
}

func (a *app) nextRun(p schedule.Plan) time.Time {
	return schedule.Next(a.Now().In(a.Location), p.Every, p.At)
}

// when is a time for a person.
func (a *app) when(t time.Time) string { return t.In(a.Location).Format("Mon 2006-01-02 15:04") }
