package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/config/secret"
)

func TestScheduleOfAllProfiles(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	m := newMachine(t)
	if err := settingsFile(m, "[profiles.a]\nkey_command = \"printf dk_a\"\n[profiles.b]\n"); err != nil {
		t.Fatal(err)
	}
	m.flags.backup = scheduledBackup{profiles: []string{"a", "b"}}
	if code := m.schedule("install"); code != exitKey || !strings.Contains(m.err.String(), "Profile b") {
		t.Errorf("a profile without a key: exit code %d\n%s", code, m.err.String())
	}
	m.flags.backup.profiles = []string{"a"}
	if code := m.schedule("install", "--json"); code != 0 {
		t.Fatalf("exit code %d: %s", code, m.out.String())
	}
	if doc := m.document(t, "schedule-install"); doc["profile"] != nil || doc["name"] != "dashtray-backup.all-profiles" {
		t.Errorf("the document is %v", doc)
	}
	if service := m.unit(t, "dashtray-backup.all-profiles.service"); strings.Contains(service, "--profile") {
		t.Errorf("it is for one profile:\n%s", service)
	}
	if code := m.schedule("remove", "--all-profiles", "--json"); code != 0 || len(m.document(t, "schedule-remove")["removed"].([]any)) != 2 {
		t.Errorf("remove: exit code %d: %s", code, m.out.String())
	}
}

func TestScheduleElsewhere(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	for name, tc := range map[string]struct {
		goos     string
		out, err string
	}{
		"cron":    {"linux", " DASHTRAY_API_KEY_FILE=", "no bus"},
		"launchd": {"darwin", "<key>Weekday</key>", "launchctl bootstrap"},
		"other":   {"freebsd", "\n0 3 * * 1 env", "crontab -e"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, secret.EnvKeyFile+"="+keyFile(t))
			m.goos = tc.goos
			m.fails["systemctl"] = errors.New("no bus")
			if code := m.schedule("install", "--every", "weekly"); code != 0 {
				t.Fatalf("exit code %d: %s", code, m.err.String())
			}
			if !strings.Contains(m.out.String(), tc.out) || !strings.Contains(m.out.String(), "--quiet") ||
				!strings.Contains(m.err.String(), tc.err) || !strings.Contains(m.err.String(), "Nothing is installed yet") {
				t.Errorf("standard output:\n%s\nstandard error:\n%s", m.out.String(), m.err.String())
			}
			printed := m.out.String()
			if code := m.schedule("install", "--every", "weekly", "--json"); code != 0 || m.document(t, "schedule-install")["text"] != printed {
				t.Errorf("as a document: exit code %d\n%s", code, m.out.String())
			}
		})
	}
	m := newMachine(t, secret.EnvKeyFile+"="+keyFile(t))
	m.goos = "freebsd"
	if code := m.schedule("install", "--json", "--dir", "/"+strings.Repeat("x", 1000)); code != 0 {
		t.Errorf("a line that is too long for cron: exit code %d", code)
	}
	if w := m.document(t, "schedule-install")["warnings"].([]any); len(w) != 1 || !strings.Contains(w[0].(string), "longer than the 998 bytes") {
		t.Errorf("a line that is too long for cron: warnings %q", w)
	}
	m.goos = "windows"
	if code := m.schedule("install"); code != exitKey {
		t.Errorf("a variable for a task of Windows: exit code %d", code)
	}
	if err := settingsFile(m, "[profiles.default]\nkey_command = \"printf dk_owner\"\n"); err != nil {
		t.Fatal(err)
	}
	if code := m.schedule("install"); code != 0 || !strings.Contains(m.out.String(), "<ScheduleByDay>") ||
		!strings.Contains(m.err.String(), "Register-ScheduledTask") || !strings.Contains(m.err.String(), "not those of this window: XDG_STATE_HOME") {
		t.Errorf("Windows: exit code %d\n%s%s", code, m.out.String(), m.err.String())
	}
}

func TestScheduleShowAndRemove(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	m := newMachine(t, secret.EnvKeyFile+"="+keyFile(t))
	if code := m.schedule("show"); code != 0 || m.out.String() != "No backup is scheduled.\n" {
		t.Errorf("nothing: exit code %d, %q", code, m.out.String())
	}
	if code := m.schedule("remove"); code != 0 || !strings.Contains(m.out.String(), "no schedule of profile default") {
		t.Errorf("nothing to remove: exit code %d, %q", code, m.out.String())
	}
	if code := m.schedule("install"); code != 0 {
		t.Fatalf("install: exit code %d: %s", code, m.err.String())
	}
	m.answers["systemctl --user show dashtray-backup-default.timer"] = "UnitFileState=enabled\nActiveState=active\n" +
		"NextElapseUSecRealtime=Wed 2026-03-11 03:04:00 UTC\nLastTriggerUSec=Tue 2026-03-10 03:04:00 UTC\n"
	m.answers["systemctl --user show dashtray-backup-default.service"] = "ExecMainExitTimestamp=Tue 2026-03-10 03:06:00 UTC\nExecMainStatus=7\n"
	delete(m.fails, "crontab")
	m.answers["crontab -l"] = "# dashtray-backup.all-profiles, made by \"dashtray-tui schedule\"\n0 3 1 * * x backup\n"
	if code := m.schedule("show", "--json"); code != 0 {
		t.Fatalf("show: exit code %d: %s", code, m.out.String())
	}
	all := m.document(t, "schedule")["schedules"].([]any)
	if len(all) != 2 {
		t.Fatalf("it shows %v", all)
	}
	unit, line := all[0].(map[string]any), all[1].(map[string]any)
	if unit["nextRun"] != "2026-03-11T03:04:00Z" || unit["lastExitCode"] != 7.0 || unit["active"] != true || unit["at"] != "03:00" {
		t.Errorf("the timer is %v", unit)
	}
	if line["system"] != "cron" || line["nextRun"] != "2026-04-01T03:00:00Z" || line["enabled"] != nil || line["every"] != "monthly" {
		t.Errorf("the line for cron is %v", line)
	}
	if code := m.schedule("show"); code != 0 || !strings.Contains(m.out.String(), "Tue 2026-03-10 03:04, exit code 7") {
		t.Errorf("show: exit code %d:\n%s", code, m.out.String())
	}
	m.answers["systemctl --user show dashtray-backup-default.timer"] = "ActiveState=inactive\n"
	if code := m.schedule("show", "--profile", "default"); code != 0 || !strings.Contains(m.out.String(), "the timer is stopped") || strings.Contains(m.out.String(), "cron") {
		t.Errorf("show of one: exit code %d:\n%s", code, m.out.String())
	}
	if code := m.schedule("remove"); code != 0 || !strings.Contains(m.out.String(), "dashtray-backup-default.timer") {
		t.Errorf("remove: exit code %d: %s", code, m.out.String())
	}
	if code := m.schedule("remove", "--all-profiles"); code != 0 || !strings.Contains(m.err.String(), "crontab -e") {
		t.Errorf("remove what is the person's: exit code %d: %s", code, m.err.String())
	}
}

func TestScheduleReadsLaunchdAndWindows(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	m := newMachine(t, secret.EnvKeyFile+"="+keyFile(t))
	m.goos = "darwin"
	if code := m.schedule("install", "--every", "weekly"); code != 0 {
		t.Fatalf("install: exit code %d: %s", code, m.err.String())
	}
	agents := filepath.Join(m.home, "Library", "LaunchAgents")
	if err := os.MkdirAll(agents, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(agents, "com.dashtray.dashtray-backup-default.plist"), m.out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := m.schedule("show"); code != 0 || !strings.Contains(m.out.String(), "weekly at 03:00") || !strings.Contains(m.out.String(), "Mon 2026-03-16") {
		t.Errorf("launchd: exit code %d:\n%s", code, m.out.String())
	}
	if code := m.schedule("remove"); code != 0 || !strings.Contains(m.err.String(), "launchctl bootout") {
		t.Errorf("launchd: exit code %d:\n%s", code, m.err.String())
	}
	m.goos = "windows"
	if code := m.schedule("show"); code != 0 || m.out.String() != "No backup is scheduled.\n" {
		t.Errorf("Windows without a task: exit code %d:\n%s", code, m.out.String())
	}
	delete(m.fails, "schtasks")
	if code := m.schedule("remove"); code != 0 || !strings.Contains(m.err.String(), "schtasks /Delete /TN dashtray-backup-default") {
		t.Errorf("Windows: exit code %d:\n%s", code, m.err.String())
	}
}

func TestTimersDoNotInheritKeys(t *testing.T) {
	t.Parallel()
	got := withoutKeys([]string{"DASHTRAY_API_KEY=dk_x", "HOME=/h", "DASHTRAY_CONFIG=c", "XDG_RUNTIME_DIR=/r"})
	if want := []string{"HOME=/h", "XDG_RUNTIME_DIR=/r"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
