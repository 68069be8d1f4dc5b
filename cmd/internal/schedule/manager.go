package schedule

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Manager is the systemd that serves the user (systemctl --user).
type Manager struct {
	Dir string // of the user's units: systemd/user under the folder of settings
	Run Runner
}

// Version asks for systemd's version. An error says why there is no systemd
// that could start anything for the user.
func (m Manager) Version(ctx context.Context) (int, error) {
	out, err := m.Run(ctx, "systemctl", "--user", "show", "--property=Version", "--value")
	if err != nil {
		return 0, err
	}
	digits := strings.TrimPrefix(strings.TrimSpace(out), "v")
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); end >= 0 {
		digits = digits[:end]
	}
	version, err := strconv.Atoi(digits)
	if err != nil {
		return 0, fmt.Errorf("ask systemd for its version: it says %.60q", out)
	}
	return version, nil
}

// Check says whether the units can be written: an *fs.PathError with ErrForeign
// when one is there that is not ours.
func (m Manager) Check(units []Unit) error {
	for _, u := range units {
		if _, err := read(filepath.Join(m.Dir, u.Name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at the unit that is there: %w", err)
		}
	}
	return nil
}

// Steps are the commands that Install runs after the files are written.
func (m Manager) Steps(units []Unit) [][]string {
	steps := [][]string{{"systemctl", "--user", "daemon-reload"}}
	for _, u := range units {
		if strings.HasSuffix(u.Name, ".timer") {
			steps = append(steps, []string{"systemctl", "--user", "enable", "--now", u.Name})
		}
	}
	return steps
}

// Install writes the units, in place of older ones of ours, and starts the
// timer. After an error everything is as it was.
func (m Manager) Install(ctx context.Context, units []Unit) error {
	files, err := replaceAll(m.Dir, units)
	if err != nil {
		return err
	}
	for _, argv := range m.Steps(units) {
		if _, err := m.Run(ctx, argv...); err != nil {
			err = errors.Join(fmt.Errorf("install the timer: %w", err), files.undo())
			// Whatever stopped us, systemd must not go by files that are gone; if
			// it does not listen, the first error has said so.
			_, _ = m.Run(context.WithoutCancel(ctx), "systemctl", "--user", "daemon-reload")
			return err
		}
	}
	return nil
}

// Status is an installed backup.
type Status struct {
	Profile string // "" is all profiles
	Entry
	Files []string // absolute
	// What systemd knows; known is false when it could not be asked.
	Known           bool
	Enabled, Active bool
	Next, Last      time.Time // zero: none
	LastExit        int       // of the last run that has ended; -1 before it
}

// Installed lists the schedules of ours, by their names. One whose units are
// there and whom systemd cannot be asked about is listed, too.
func (m Manager) Installed(ctx context.Context) ([]Status, error) {
	entries, err := os.ReadDir(m.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the units: %w", err)
	}
	var all []Status
	for _, e := range entries {
		name, isTimer := strings.CutSuffix(e.Name(), ".timer")
		profile, ours := profileOf(name)
		if !isTimer || !ours {
			continue
		}
		s, err := m.status(ctx, profile)
		if errors.Is(err, ErrForeign) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func (m Manager) status(ctx context.Context, profile string) (Status, error) {
	name := Name(profile)
	s := Status{Profile: profile, LastExit: -1}
	timer, err := read(filepath.Join(m.Dir, name+".timer"))
	if err != nil {
		return Status{}, fmt.Errorf("read the timer: %w", err)
	}
	s.Every, s.At, _ = parseCalendar(valueOf(timer, "OnCalendar"))
	s.Files = []string{filepath.Join(m.Dir, name+".timer")}
	service, err := read(filepath.Join(m.Dir, name+".service"))
	switch {
	case err == nil:
		s.Command = valueOf(service, "ExecStart")
		s.Files = slices.Insert(s.Files, 0, filepath.Join(m.Dir, name+".service"))
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, ErrForeign):
		return Status{}, fmt.Errorf("read the service: %w", err)
	}
	return m.ask(ctx, name, s)
}

// ask completes a status by what systemd says of it.
func (m Manager) ask(ctx context.Context, name string, s Status) (Status, error) {
	timer, err := m.show(ctx, name+".timer", "UnitFileState", "ActiveState", "NextElapseUSecRealtime", "LastTriggerUSec")
	if err != nil {
		return s, unlessEnded(ctx)
	}
	service, err := m.show(ctx, name+".service", "ExecMainExitTimestamp", "ExecMainStatus")
	if err != nil {
		return s, unlessEnded(ctx)
	}
	s.Known = true
	s.Enabled, s.Active = timer["UnitFileState"] == "enabled", timer["ActiveState"] == "active"
	s.Next, s.Last = moment(timer["NextElapseUSecRealtime"]), moment(timer["LastTriggerUSec"])
	if code, err := strconv.Atoi(service["ExecMainStatus"]); err == nil && !moment(service["ExecMainExitTimestamp"]).IsZero() {
		s.LastExit = code
	}
	return s, nil
}

// unlessEnded tells of an error only if it was the caller who ended it.
func unlessEnded(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// show asks for properties of a unit.
func (m Manager) show(ctx context.Context, unit string, properties ...string) (map[string]string, error) {
	out, err := m.Run(ctx, "systemctl", "--user", "show", unit, "--property="+strings.Join(properties, ","))
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	for line := range strings.Lines(out) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			values[name] = value
		}
	}
	return values, nil
}

// moment reads a time as systemctl writes it with TZ=UTC; zero if there is none.
func moment(s string) time.Time {
	t, err := time.Parse("Mon 2006-01-02 15:04:05 MST", s)
	if err != nil {
		return time.Time{}
	}
	return t
}

// valueOf is the first value of a key in a unit, "" if there is none.
func valueOf(unit, key string) string {
	for line := range strings.Lines(unit) {
		if v, ok := strings.CutPrefix(line, key+"="); ok {
			return strings.TrimSuffix(v, "\n")
		}
	}
	return ""
}

// Removal is what Remove did.
type Removal struct {
	Removed []string // files, absolute
	Left    []string // files of our names that somebody else has written
	// Silent is why systemd could not be told, nil if it was; what it has in
	// memory goes when the user's session ends.
	Silent error
}

// Remove stops the timer of a profile, "" for all profiles, and takes away what
// Install wrote. A backup that is running goes on to its end.
func (m Manager) Remove(ctx context.Context, profile string) (Removal, error) {
	var done Removal
	name := Name(profile)
	ours := map[string]bool{}
	for _, file := range []string{name + ".service", name + ".timer"} {
		_, err := read(filepath.Join(m.Dir, file))
		switch {
		case err == nil:
			ours[file] = true
		case errors.Is(err, ErrForeign):
			done.Left = append(done.Left, filepath.Join(m.Dir, file))
		case !errors.Is(err, fs.ErrNotExist):
			return done, fmt.Errorf("look at unit %q: %w", file, err)
		}
	}
	if len(ours) == 0 {
		return done, nil
	}
	if ours[name+".timer"] {
		_, done.Silent = m.Run(ctx, "systemctl", "--user", "disable", "--now", name+".timer")
	}
	if err := unlessEnded(ctx); err != nil {
		return done, err
	}
	for _, file := range []string{name + ".timer", name + ".service"} {
		if !ours[file] {
			continue
		}
		path := filepath.Join(m.Dir, file)
		if err := os.Remove(path); err != nil {
			return done, fmt.Errorf("remove unit %q: %w", file, err)
		}
		done.Removed = append(done.Removed, path)
	}
	if done.Silent != nil {
		return done, m.unlink(name, &done)
	}
	_, done.Silent = m.Run(ctx, "systemctl", "--user", "daemon-reload")
	return done, nil
}

// unlink takes away the link by which systemd starts the timer, where it could
// not be told to.
func (m Manager) unlink(name string, done *Removal) error {
	link := filepath.Join(m.Dir, "timers.target.wants", name+".timer")
	info, err := os.Lstat(link)
	if err != nil || info.Mode()&fs.ModeSymlink == 0 {
		return nil
	}
	if err := os.Remove(link); err != nil {
		return fmt.Errorf("remove the timer's link: %w", err)
	}
	done.Removed = append(done.Removed, link)
	return nil
}

// EnableLinger is the command that lets a user's timers run while the user is
// logged out.
func EnableLinger(user string) []string { return []string{"loginctl", "enable-linger", user} }

// Lingers says whether they do (loginctl(1)).
func (m Manager) Lingers(ctx context.Context, user string) (bool, error) {
	out, err := m.Run(ctx, "loginctl", "show-user", user, "--property=Linger")
	if err != nil {
		return false, err
	}
	switch strings.TrimSpace(out) {
	case "Linger=yes":
		return true, nil
	case "Linger=no":
		return false, nil
	}
	return false, fmt.Errorf("ask whether timers run while logged out: loginctl says %.60q", out)
}
