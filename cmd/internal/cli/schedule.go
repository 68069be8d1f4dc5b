package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// backupFlags are the flags that backup and schedule install have in common.
type backupFlags interface {
	register(f *pflag.FlagSet)
	// scheduled checks them as a run of backup would.
	scheduled(a *app, cmd *cobra.Command) (scheduledBackup, error)
}

// scheduledBackup is what a schedule has to know of the backup that it starts.
type scheduledBackup struct {
	// profiles are those that it is for; nil is the one of this run.
	profiles []string
	// folders are where it writes, absolute.
	folders []string
}

// host is the machine as the schedules see it.
type host struct {
	goos    string
	run     schedule.Runner
	program func() (string, error) // by which a timer starts us, absolute
	user    func() (string, error)
}

func (a *app) thisHost() host {
	return host{
		goos: runtime.GOOS,
		run: func(ctx context.Context, argv ...string) (string, error) {
			return schedule.Exec(withoutKeys(a.Environ()))(ctx, argv...)
		},
		program: programPath,
		user: func() (string, error) {
			u, err := user.Current()
			if err != nil {
				return "", fmt.Errorf("look up this user: %w", err)
			}
			return u.Username, nil
		},
	}
}

// withoutKeys are the variables for programs that have no need of ours.
func withoutKeys(environ []string) []string {
	var kept []string
	for _, v := range environ {
		if !strings.HasPrefix(v, "DASHTRAY_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// programPath prefers the name by which a shell finds this program: what it
// leads to changes with an update, where a package manager has a folder for
// each version.
func programPath() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	found, err := exec.LookPath("dashtray-tui")
	if err != nil || !filepath.IsAbs(found) {
		return self, nil
	}
	if a, err := os.Stat(found); err == nil {
		if b, err := os.Stat(self); err == nil && os.SameFile(a, b) {
			return filepath.Clean(found), nil
		}
	}
	return self, nil
}

// scheduleCommand takes backup's flags and the machine, for tests to have
// another one.
func (a *app) scheduleCommand(flags backupFlags, on host) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Let the system make backups by itself",
		Long: "Let the system make backups by itself: with a timer of systemd's, or else with\n" +
			"a line for cron, an agent for launchd or a task for Windows, which are printed.",
		Example: "  dashtray-tui schedule install --every daily --at 03:00 --keep-daily 7\n" +
			"  dashtray-tui schedule show\n" +
			"  dashtray-tui schedule remove",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, "schedule takes a command: install, show or remove.")
		},
	}
	cmd.AddCommand(a.scheduleInstall(flags, on), a.scheduleShow(on), a.scheduleRemove(on))
	return cmd
}

// manager is the user's systemd; its units lie beside the settings of others.
func (a *app) manager(on host) (schedule.Manager, error) {
	dir := a.Env.Get("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := a.Env.Get("HOME")
		if !filepath.IsAbs(home) {
			return schedule.Manager{}, config.ErrNoHome
		}
		dir = filepath.Join(home, ".config")
	}
	return schedule.Manager{Dir: filepath.Join(dir, "systemd", "user"), Run: on.run}, nil
}

// agentPath is the file of a launchd agent.
func (a *app) agentPath(profile string) string {
	return filepath.Join(a.Env.Get("HOME"), "Library", "LaunchAgents", schedule.AgentName(profile)+".plist")
}

// The systems that start programs at a time.
const (
	bySystemd = "systemd"
	byCron    = "cron"
	byLaunchd = "launchd"
	byWindows = "windows"
)

// starter is the system that starts programs here, and its version if that is
// systemd; why says what is in the way of systemd.
func (a *app) starter(ctx context.Context, on host) (kind string, version int, why error) {
	switch on.goos {
	case "windows":
		return byWindows, 0, nil
	case "darwin":
		return byLaunchd, 0, nil
	case "linux":
		m, err := a.manager(on)
		if err != nil {
			return byCron, 0, err
		}
		if version, err = m.Version(ctx); err != nil {
			return byCron, 0, err
		}
		return bySystemd, version, nil
	}
	return byCron, 0, nil
}

// noDemoHere refuses --demo: there is nothing in it to back up at night.
func (a *app) noDemoHere(cmd *cobra.Command) error {
	return a.refuseDemo(cmd, "The demo is not backed up")
}

// tell writes what a person should see on the way; it is no result.
func (a *app) tell(format string, args ...any) {
	if !a.quiet {
		a.sayLines(fmt.Sprintf(format, args...))
	}
}

// sayLines writes lines to standard error, each made safe.
func (a *app) sayLines(lines string) {
	for line := range strings.Lines(lines) {
		_, _ = fmt.Fprintln(a.Err, text.Untrusted(strings.TrimSuffix(line, "\n")).SafeN(1<<16))
	}
}

// attended says whether there is a person to ask.
func (a *app) attended() bool { return a.InTerminal && a.ErrTerminal }

// agree asks a person a question with yes or no. Everything but yes is no.
func (a *app) agree(ctx context.Context, in *bufio.Reader, question string) (bool, error) {
	_, _ = fmt.Fprint(a.Err, question, " [y/N] ")
	type answer struct {
		line string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		line, err := in.ReadString('\n')
		done <- answer{line, err}
	}()
	select {
	case got := <-done:
		if got.err != nil && !errors.Is(got.err, io.EOF) {
			return false, fmt.Errorf("read the answer: %w", got.err)
		}
		switch strings.ToLower(strings.TrimSpace(got.line)) {
		case "y", "yes":
			return true, nil
		}
		return false, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}

// shellLine is a command as a person may type it here.
func (on host) shellLine(argv []string) string {
	words := make([]string, 0, len(argv))
	for _, w := range argv {
		words = append(words, quoteWord(on.goos, w))
	}
	return strings.Join(words, " ")
}

// systemFailed is a service manager that did not do what it was asked for.
func systemFailed(what string, err error) error {
	return &message.Error{
		Message: message.Message{
			Code: message.Internal,
			Text: text.Untrusted(fmt.Sprintf("%s: %v.", what, err)).Safe(),
			Hint: "Look at \"systemctl --user status\", then run the same command again.",
		},
		Err: err,
	}
}
