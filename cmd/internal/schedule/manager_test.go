package schedule_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
)

var errBus = errors.New("no medium found")

// fake answers in systemd's place and remembers what it was asked.
type fake struct {
	asked   []string
	answers map[string]string // by the start of the line
	fails   map[string]error
}

func (f *fake) run(_ context.Context, argv ...string) (string, error) {
	line := strings.Join(argv, " ")
	f.asked = append(f.asked, line)
	for start, err := range f.fails {
		if strings.HasPrefix(line, start) {
			return "", &schedule.RunError{Argv: argv, Stderr: err.Error(), Err: err}
		}
	}
	for start, answer := range f.answers {
		if strings.HasPrefix(line, start) {
			return answer, nil
		}
	}
	return "", nil
}

func manager(t *testing.T) (schedule.Manager, *fake) {
	t.Helper()
	f := &fake{answers: map[string]string{}, fails: map[string]error{}}
	return schedule.Manager{Dir: filepath.Join(t.TempDir(), "systemd", "user"), Run: f.run}, f
}

func units(t *testing.T, every schedule.Every) []schedule.Unit {
	t.Helper()
	p := plan()
	p.Every = every
	u, err := schedule.Units(p, 255)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestInstall(t *testing.T) {
	t.Parallel()
	m, f := manager(t)
	for _, every := range []schedule.Every{schedule.Monthly, schedule.Daily} { // the second time it replaces
		f.asked = nil
		u := units(t, every)
		if err := m.Install(t.Context(), u); err != nil {
			t.Fatal(err)
		}
		if want := []string{"systemctl --user daemon-reload", "systemctl --user enable --now dashtray-backup-work.timer"}; !slices.Equal(f.asked, want) {
			t.Errorf("it ran %q, want %q", f.asked, want)
		}
		for _, unit := range u {
			got, err := os.ReadFile(filepath.Join(m.Dir, unit.Name))
			if err != nil || string(got) != unit.Content {
				t.Errorf("%s: %v\n%s", unit.Name, err, got)
			}
			info, err := os.Stat(filepath.Join(m.Dir, unit.Name))
			if runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o600) {
				t.Errorf("%s: mode %v, %v", unit.Name, info.Mode(), err)
			}
		}
		if got := names(t, m.Dir); len(got) != 2 {
			t.Errorf("the folder has %v", got)
		}
	}
	if info, err := os.Stat(m.Dir); runtime.GOOS != "windows" && (err != nil || info.Mode().Perm() != 0o700) {
		t.Errorf("the folder: mode %v, %v", info.Mode(), err)
	}
}

func TestInstallLeavesStrangersAlone(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(path string) error{
		"a unit":        func(path string) error { return os.WriteFile(path, []byte("[Service]\n"), 0o600) },
		"a masked unit": func(path string) error { return os.Symlink(os.DevNull, path) },
		"a folder":      func(path string) error { return os.Mkdir(path, 0o700) },
		"our mark later": func(path string) error {
			return os.WriteFile(path, []byte("[Service]\n"+units(t, schedule.Daily)[1].Content), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, f := manager(t)
			if err := os.MkdirAll(m.Dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := make(filepath.Join(m.Dir, "dashtray-backup-work.timer")); err != nil {
				t.Skip(err)
			}
			u := units(t, schedule.Daily)
			for _, err := range []error{m.Check(u), m.Install(t.Context(), u)} {
				var path *fs.PathError
				if !errors.Is(err, schedule.ErrForeign) || !errors.As(err, &path) {
					t.Errorf("got %v, want ErrForeign", err)
				}
			}
			if got := names(t, m.Dir); !slices.Equal(got, []string{"dashtray-backup-work.timer"}) || len(f.asked) > 0 {
				t.Errorf("the folder has %v, it ran %q", got, f.asked)
			}
			gone, err := m.Remove(t.Context(), "work")
			if err != nil || len(gone.Removed) > 0 || len(gone.Left) != 1 || len(f.asked) > 0 {
				t.Errorf("remove: %+v, %v, it ran %q", gone, err, f.asked)
			}
		})
	}
}

func TestInstallThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	m, f := manager(t)
	f.fails["systemctl --user enable"] = errors.New("no")
	var run *schedule.RunError
	if err := m.Install(t.Context(), units(t, schedule.Daily)); !errors.As(err, &run) {
		t.Fatalf("got %v, want a RunError", err)
	}
	if got := names(t, m.Dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
	delete(f.fails, "systemctl --user enable")
	before := units(t, schedule.Weekly)
	if err := m.Install(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	f.fails["systemctl --user enable"] = errors.New("no")
	if err := m.Install(t.Context(), units(t, schedule.Daily)); err == nil {
		t.Fatal("no error")
	}
	got, err := os.ReadFile(filepath.Join(m.Dir, before[1].Name))
	if err != nil || string(got) != before[1].Content {
		t.Errorf("the timer that was there is not as it was: %v\n%s", err, got)
	}
	if last := f.asked[len(f.asked)-1]; last != "systemctl --user daemon-reload" {
		t.Errorf("systemd goes by files that are gone: the last command was %q", last)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	m, f := manager(t)
	for answer, want := range map[string]int{"252.38-1~deb12u1\n": 252, "v256.5\n": 256, "239 (239-82.el8)\n": 239, "257\n": 257} {
		f.answers["systemctl --user show"] = answer
		if got, err := m.Version(t.Context()); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", answer, got, err, want)
		}
	}
	f.answers["systemctl --user show"] = "\x1b[2J"
	if _, err := m.Version(t.Context()); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("no version: %v", err)
	}
	f.fails["systemctl"] = errBus
	if _, err := m.Version(t.Context()); !errors.Is(err, errBus) {
		t.Errorf("got %v, want the bus's error", err)
	}
}

func TestInstalled(t *testing.T) {
	t.Parallel()
	m, f := manager(t)
	if all, err := m.Installed(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("without a folder: %v, %v", all, err)
	}
	if err := m.Install(t.Context(), units(t, schedule.Weekly)); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"dashtray-backup-x.timer": "[Timer]\n", "dashtray-backup.timer": "", "other.timer": ""} {
		if err := os.WriteFile(filepath.Join(m.Dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.answers["systemctl --user show dashtray-backup-work.timer"] = "UnitFileState=enabled\nActiveState=active\n" +
		"NextElapseUSecRealtime=Mon 2026-03-16 03:05:00 UTC\nLastTriggerUSec=Mon 2026-03-09 03:09:11 UTC\n"
	f.answers["systemctl --user show dashtray-backup-work.service"] = "ExecMainExitTimestamp=Mon 2026-03-09 03:12:00 UTC\nExecMainStatus=7\n"
	all, err := m.Installed(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	s := all[0]
	if s.Profile != "work" || s.Every != schedule.Weekly || s.At != plan().At || !s.Known || !s.Enabled || !s.Active || s.LastExit != 7 ||
		s.Next.Format(time.RFC3339) != "2026-03-16T03:05:00Z" || s.Last.Format(time.RFC3339) != "2026-03-09T03:09:11Z" ||
		!strings.HasPrefix(s.Command, `"/home/u/go bin/dashtray-tui" backup`) || len(s.Files) != 2 {
		t.Errorf("%+v", s)
	}

	f.answers["systemctl --user show dashtray-backup-work.timer"] = "UnitFileState=disabled\nActiveState=inactive\nNextElapseUSecRealtime=\nLastTriggerUSec=n/a\n"
	f.answers["systemctl --user show dashtray-backup-work.service"] = "ExecMainExitTimestamp=\nExecMainStatus=0\n"
	all, err = m.Installed(t.Context())
	if err != nil || len(all) != 1 || all[0].Enabled || all[0].Active || !all[0].Next.IsZero() || !all[0].Last.IsZero() || all[0].LastExit != -1 {
		t.Errorf("stopped and never run: %+v, %v", all, err)
	}

	f.fails["systemctl"] = errBus
	all, err = m.Installed(t.Context())
	if err != nil || len(all) != 1 || all[0].Known || all[0].Every != schedule.Weekly {
		t.Errorf("systemd is silent: %+v, %v", all, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = m.Installed(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("ended by the caller: %v", err)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	m, f := manager(t)
	if gone, err := m.Remove(t.Context(), "work"); err != nil || len(gone.Removed) > 0 || len(f.asked) > 0 {
		t.Errorf("nothing there: %+v, %v, it ran %q", gone, err, f.asked)
	}
	if err := m.Install(t.Context(), units(t, schedule.Daily)); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(m.Dir, "dashtray-backup-work2.timer")
	if err := os.WriteFile(other, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.asked = nil
	gone, err := m.Remove(t.Context(), "work")
	if err != nil || len(gone.Removed) != 2 || gone.Silent != nil {
		t.Errorf("%+v, %v", gone, err)
	}
	if want := []string{"systemctl --user disable --now dashtray-backup-work.timer", "systemctl --user daemon-reload"}; !slices.Equal(f.asked, want) {
		t.Errorf("it ran %q, want %q", f.asked, want)
	}
	if got := names(t, m.Dir); !slices.Equal(got, []string{"dashtray-backup-work2.timer"}) {
		t.Errorf("the folder has %v", got)
	}
}

func TestRemoveWithoutSystemd(t *testing.T) {
	t.Parallel()
	m, f := manager(t)
	if err := m.Install(t.Context(), units(t, schedule.Daily)); err != nil {
		t.Fatal(err)
	}
	wants := filepath.Join(m.Dir, "timers.target.wants")
	if err := os.Mkdir(wants, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../dashtray-backup-work.timer", filepath.Join(wants, "dashtray-backup-work.timer")); err != nil {
		t.Skip(err)
	}
	f.fails["systemctl"] = errBus
	gone, err := m.Remove(t.Context(), "work")
	if err != nil || len(gone.Removed) != 3 || !errors.Is(gone.Silent, errBus) {
		t.Errorf("%+v, %v", gone, err)
	}
	if got := names(t, wants); len(got) > 0 {
		t.Errorf("the link stays: %v", got)
	}
}

func TestLingers(t *testing.T) {
	t.Parallel()
	m, f := manager(t)
	for answer, want := range map[string]bool{"Linger=yes\n": true, "Linger=no\n": false} {
		f.answers["loginctl show-user u --property=Linger"] = answer
		if got, err := m.Lingers(t.Context(), "u"); err != nil || got != want {
			t.Errorf("%q: %v, %v", answer, got, err)
		}
	}
	f.answers["loginctl show-user u --property=Linger"] = ""
	if _, err := m.Lingers(t.Context(), "u"); err == nil {
		t.Error("no answer is an answer")
	}
}

// The test binary is the program that is run: it says what it was given.
func TestExec(t *testing.T) {
	if os.Getenv("SCHEDULE_TEST_CHILD") != "" {
		if os.Getenv("TZ") != "UTC" || os.Getenv("LC_ALL") != "C" {
			os.Exit(4)
		}
		_, _ = os.Stderr.WriteString("first line\nsecond\n")
		if os.Getenv("SCHEDULE_TEST_CHILD") == "fail" {
			os.Exit(3)
		}
		size := 3
		if os.Getenv("SCHEDULE_TEST_CHILD") == "much" {
			size = 1 << 20
		}
		_, _ = os.Stdout.WriteString(strings.Repeat("x", size))
		os.Exit(0)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := func(how string) (string, error) {
		env := append(os.Environ(), "SCHEDULE_TEST_CHILD="+how, "TZ=Europe/Berlin")
		return schedule.Exec(env)(t.Context(), self, "-test.run=^TestExec$")
	}
	if out, err := run("good"); out != "xxx" || err != nil {
		t.Errorf("good: %q, %v", out, err)
	}
	var failed *schedule.RunError
	if _, err := run("fail"); !errors.As(err, &failed) || failed.Stderr != "first line" || strings.Contains(err.Error(), "second") {
		t.Errorf("fail: %v", err)
	}
	if out, err := run("much"); err == nil || out != "" {
		t.Errorf("much: %d bytes, %v", len(out), err)
	}
	if _, err := schedule.Exec(nil)(t.Context(), filepath.Join(t.TempDir(), "absent")); !errors.As(err, &failed) {
		t.Errorf("absent: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBus)
	if _, err := schedule.Exec(nil)(ctx, self); !errors.Is(err, errBus) {
		t.Errorf("ended: %v", err)
	}
}
