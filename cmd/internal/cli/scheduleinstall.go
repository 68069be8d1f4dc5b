package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// When a backup runs if nobody says.
const (
	defaultEvery = string(schedule.Daily)
	defaultAt    = "03:00"
)

func (a *app) scheduleInstall(flags backupFlags, on host) *cobra.Command {
	var every, at string
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Have the system run backup every day, week or month",
		Long: "Have the system run backup every day, every Monday or every first day of a\n" +
			"month. All that is written and run is shown first; at a terminal it is asked for.\n\n" +
			"Where a systemd serves the user, it gets a timer. Elsewhere the line for cron,\n" +
			"the agent for launchd or the task for Windows is printed, with what to do with\n" +
			"it. Run again, it replaces the schedule of the same profile.\n\n" +
			"The key has to be where a run finds it without a keyring and without asking: in\n" +
			"a file (auth login --store file, or DASHTRAY_API_KEY_FILE), from the profile's\n" +
			"key_command, or encrypted by systemd-creds in\n" +
			"~/.config/credstore.encrypted/dashtray-api-key-PROFILE.",
		Example: "  dashtray-tui schedule install --every daily --at 03:00 --keep-daily 7 --keep-monthly 12\n" +
			"  dashtray-tui schedule install --every monthly --range last_month --format csv\n" +
			"  dashtray-tui schedule install --all-profiles --dir /srv/backups",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.noDemoHere(cmd); err != nil {
				return err
			}
			if err := oneOf(cmd, "every", every, string(schedule.Daily), string(schedule.Weekly), string(schedule.Monthly)); err != nil {
				return err
			}
			clock, err := schedule.ParseClock(at)
			if err != nil {
				return usageError(cmd, "--at: %v.", err)
			}
			if cmd.Flags().Changed("dry-run") {
				return usageError(cmd, "--dry-run is for backup: schedule install shows what it does and asks.")
			}
			backup, err := flags.scheduled(a, cmd)
			if err != nil {
				return err
			}
			return a.install(cmd, on, backup, schedule.Every(every), clock)
		},
	}
	cmd.Flags().SortFlags = false
	word(cmd.Flags(), &every, "every", defaultEvery, "WHEN", "daily, weekly (Mondays) or monthly (the first day)")
	word(cmd.Flags(), &at, "at", defaultAt, "HH:MM", "the time of day, in the local time zone")
	flags.register(cmd.Flags())
	if f := cmd.Flags().Lookup("dry-run"); f != nil {
		f.Hidden = true // refused, see above
	}
	completeWords(cmd, "every", string(schedule.Daily), string(schedule.Weekly), string(schedule.Monthly))
	return cmd
}

// installation is a schedule on its way.
type installation struct {
	plan    schedule.Plan
	kind    string
	version int
	keys    []string // where the keys will be found
	units   []schedule.Unit
	text    string // what a person has to hand to the system, "" for systemd
	done    bool
	lingers *bool // nil: not known
}

func (a *app) install(cmd *cobra.Command, on host, backup scheduledBackup, every schedule.Every, at schedule.Clock) error {
	ctx := cmd.Context()
	kind, version, why := a.starter(ctx, on)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	in := installation{kind: kind, version: version}
	var err error
	if in.plan, err = a.plan(cmd, on, backup, kind); err != nil {
		return err
	}
	in.plan.Every, in.plan.At = every, at
	if in.keys, err = a.nightKeys(ctx, &in.plan, backup.profiles, kind, version); err != nil {
		return err
	}
	if err := in.generate(); err != nil {
		return unfit(err)
	}
	if kind != bySystemd {
		return a.handOver(on, in, why)
	}
	return a.installUnits(ctx, on, in)
}

// generate writes what the system reads.
func (in *installation) generate() (err error) {
	switch in.kind {
	case bySystemd:
		in.units, err = schedule.Units(in.plan, in.version)
	case byLaunchd:
		in.text, err = schedule.Launchd(in.plan)
	case byWindows:
		in.text, err = schedule.Task(in.plan)
	default:
		in.text, err = schedule.Cron(in.plan)
	}
	return err
}

// unfit is a name that the system's schedules cannot hold.
func unfit(err error) error {
	var wrong *schedule.WordError
	if !errors.As(err, &wrong) {
		return err
	}
	return message.New(message.Usage,
		text.Untrusted(fmt.Sprintf("This cannot be scheduled: %v.", wrong)).Safe(),
		"Choose another name for the file, the folder or the value.")
}

// handOver prints what a person has to give to the system.
func (a *app) handOver(on host, in installation, why error) error {
	if why != nil {
		a.warn(fmt.Sprintf("there is no systemd that starts programs for you (%v), so that this is a line for cron", why))
	}
	if in.kind == byCron && !schedule.FitsCron(in.text) {
		a.warn(fmt.Sprintf("the command is longer than the %d bytes that most crons take: put what it says into [backup] of the settings file", schedule.MaxCronCommand))
	}
	if in.kind == byWindows && len(in.plan.Env) > 0 {
		var names []string
		for _, v := range in.plan.Env {
			names = append(names, v.Name)
		}
		a.warn("a task has the variables of your account, and not those of this window: " + list(names))
	}
	for _, key := range in.keys {
		a.tell("The key will come from %s.", key)
	}
	if in.kind == byLaunchd {
		// launchd does not make the folder of a log.
		if err := os.MkdirAll(filepath.Dir(in.plan.Log), 0o700); err != nil {
			return unmade(filepath.Dir(in.plan.Log), err)
		}
	}
	if a.json {
		return a.printDocument(a.installDocument(in))
	}
	if _, err := fmt.Fprint(a.Out, in.text); err != nil {
		return unwritable(err)
	}
	a.tell("%s", a.whatToDo(on, in))
	return nil
}

// whatToDo is told below the text that is handed over.
func (a *app) whatToDo(on host, in installation) string {
	name := schedule.Name(in.plan.Profile)
	switch in.kind {
	case byLaunchd:
		path := a.agentPath(in.plan.Profile)
		return fmt.Sprintf("Nothing is installed yet. Save this as %s, then run:\n  launchctl bootstrap gui/%d %[1]s",
			on.shellLine([]string{path}), os.Getuid())
	case byWindows:
		return fmt.Sprintf("Nothing is installed yet. Save this as task.xml, then run in PowerShell:\n"+
			"  Register-ScheduledTask -TaskName %s -Xml (Get-Content -Raw task.xml)\n"+
			"It runs while you are logged in.", name)
	}
	return "Nothing is installed yet. Run \"crontab -e\" and add these lines. Cron mails you what goes\n" +
		"wrong, if a line MAILTO=your address stands above them and the machine sends mail."
}

// installUnits shows what it is going to do, asks where there is somebody, and does it.
func (a *app) installUnits(ctx context.Context, on host, in installation) error {
	m, err := a.manager(on)
	if err != nil {
		return err
	}
	if err := m.Check(in.units); err != nil {
		return unitError(err)
	}
	attended := a.attended()
	if attended || !a.quiet {
		a.sayLines(announcement(on, m, in))
	}
	var answers *bufio.Reader
	if attended {
		answers = bufio.NewReader(a.In)
		if yes, err := a.agree(ctx, answers, "Install this?"); err != nil {
			return err
		} else if !yes {
			return a.declined(in)
		}
	}
	for _, dir := range in.plan.Writes {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return unmade(dir, err)
		}
	}
	if err := m.Install(ctx, in.units); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return unitError(err)
	}
	in.done = true
	a.log.Info("schedule installed", "name", schedule.Name(in.plan.Profile))
	if err := a.offerLinger(ctx, on, m, &in, answers); err != nil {
		return err
	}
	if a.json {
		return a.printDocument(a.installDocument(in))
	}
	if err := a.say("The backup of %s runs %s at %s, next %s.", whose(in.plan.Profile), in.plan.Every, in.plan.At, a.when(a.nextRun(in.plan))); err != nil {
		return err
	}
	a.tell("To try it at once: systemctl --user start %s.service", schedule.Name(in.plan.Profile))
	return nil
}

// declined is a person who said no. That is no error.
func (a *app) declined(in installation) error {
	if a.json {
		return a.printDocument(a.installDocument(in))
	}
	return a.say("Nothing was installed.")
}

// announcement is all that an installation writes and runs.
func announcement(on host, m schedule.Manager, in installation) string {
	var b strings.Builder
	for _, u := range in.units {
		fmt.Fprintf(&b, "Writes %s:\n", filepath.Join(m.Dir, u.Name))
		for line := range strings.Lines(u.Content) {
			if line != "\n" {
				b.WriteString("    ")
			}
			b.WriteString(line)
		}
	}
	for _, dir := range in.plan.Writes {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(&b, "Makes the folder %s\n", dir)
		}
	}
	for _, argv := range m.Steps(in.units) {
		fmt.Fprintf(&b, "Runs %s\n", on.shellLine(argv))
	}
	for _, key := range in.keys {
		fmt.Fprintf(&b, "The key will come from %s.\n", key)
	}
	return b.String()
}

// offerLinger sees to it that the timer runs while nobody is logged in.
func (a *app) offerLinger(ctx context.Context, on host, m schedule.Manager, in *installation, answers *bufio.Reader) error {
	user, err := on.user()
	if err != nil {
		return err
	}
	lingers, err := m.Lingers(ctx, user)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		a.log.Info("lingering not known", "error", err)
		a.warn("it is not known whether your timers run while you are logged out: " + on.shellLine(schedule.EnableLinger(user)) + " lets them")
		return nil
	}
	in.lingers = &lingers
	if lingers {
		return nil
	}
	command := schedule.EnableLinger(user)
	if answers != nil {
		yes, err := a.agree(ctx, answers, "Your timers do not run while you are logged out. Run "+on.shellLine(command)+"?")
		if err != nil {
			return err
		}
		if yes {
			if _, err = on.run(ctx, command...); err == nil {
				lingers = true
				return nil
			}
			a.warn(err.Error())
		}
	}
	a.warn("your timers do not run while you are logged out: " + on.shellLine(command) + " lets them")
	return nil
}

// unitError tells a stranger's unit from a systemd that does not do its work.
func unitError(err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, schedule.ErrForeign) && errors.As(err, &path):
		return &message.Error{
			Message: message.Message{
				Code: message.Exists,
				Text: fmt.Sprintf("%q is there already, and %v.", path.Path, schedule.ErrForeign),
				Hint: "Move it away, or leave the schedule to it.",
			},
			Err: err,
		}
	case errors.As(err, &path):
		return unmade(path.Path, err)
	}
	return systemFailed("The timer could not be installed, and everything is as it was", err)
}

func unmade(path string, err error) error {
	return &message.Error{
		Message: message.Message{
			Code: message.Disk,
			Text: fmt.Sprintf("%q cannot be written: %v.", path, bare(err)),
			Hint: "Get the right to write there, or make room, then run the same command again.",
		},
		Err: err,
	}
}

func whose(profile string) string {
	if profile == "" {
		return "all profiles"
	}
	return "profile " + profile
}
