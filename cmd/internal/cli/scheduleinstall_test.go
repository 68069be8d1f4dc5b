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

func TestScheduleInstall(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	key := keyFile(t)
	m := newMachine(t, secret.EnvKeyFile+"="+key, "NO_PROXY=intra", "HTTPS_PROXY=http://me:pass@proxy", "DASHTRAY_API_URL=https://dash.example")
	dir := filepath.Join(m.home, "backups")
	m.flags.backup = scheduledBackup{folders: []string{dir}}
	if code := m.schedule("install", "--at", "04:30", "--range", "last_month", "--encrypt-to", "age1a", "--encrypt-to", "age1b", "--utc", "--dir", "rel"); code != 0 {
		t.Fatalf("exit code %d: %s", code, m.err.String())
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	service := m.unit(t, "dashtray-backup-default.service")
	for _, part := range []string{
		"ExecStart=/opt/dashtray/dashtray-tui backup --profile=default --api-url=https://dash.example",
		" --encrypt-to=age1a --encrypt-to=age1b", " --utc", " --range=last_month", "--dir=" + filepath.Join(here, "rel"),
		"Environment=NO_PROXY=intra", "LoadCredential=dashtray-api-key-default:" + key,
	} {
		if !strings.Contains(service, part) {
			t.Errorf("the service has no %q:\n%s", part, service)
		}
	}
	if strings.Contains(service, "pass@") || strings.Contains(service, "dk_") || strings.Contains(service, "--at") {
		t.Errorf("the service has what it must not have:\n%s", service)
	}
	if timer := m.unit(t, "dashtray-backup-default.timer"); !strings.Contains(timer, "OnCalendar=*-*-* 04:30:00\n") {
		t.Errorf("the timer is\n%s", timer)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the backups' folder: %v, %v", info, err)
	}
	for _, part := range []string{"Writes " + m.unitsDir(), "    OnCalendar=", "Makes the folder " + dir, "Runs systemctl --user enable --now", "The key will come from"} {
		if !strings.Contains(m.err.String(), part) {
			t.Errorf("what it does was not shown: no %q in\n%s", part, m.err.String())
		}
	}
	if out := m.out.String(); !strings.Contains(out, "daily at 04:30, next Wed 2026-03-11 04:30") || strings.Count(out, "\n") != 1 {
		t.Errorf("standard output: %q", out)
	}
}

func TestScheduleInstallAsDocument(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	m := newMachine(t, secret.EnvKeyFile+"="+keyFile(t))
	m.answers["loginctl show-user"] = "Linger=no\n"
	delete(m.answers, "loginctl show-user someone --property=Linger")
	if code := m.schedule("install", "--every", "monthly", "--json"); code != 0 {
		t.Fatalf("exit code %d: %s", code, m.out.String())
	}
	doc := m.document(t, "schedule-install")
	if doc["installed"] != true || doc["linger"] != false || doc["nextRun"] != "2026-04-01T03:00:00Z" || len(doc["files"].([]any)) != 2 {
		t.Errorf("the document is %v", doc)
	}
	if slices.ContainsFunc(m.asked, func(s string) bool { return strings.Contains(s, "enable-linger") }) {
		t.Errorf("nobody was asked, and it ran %q", m.asked)
	}
	if !strings.Contains(m.err.String(), "loginctl enable-linger someone") {
		t.Errorf("lingering is not offered: %s", m.err.String())
	}
}

func TestScheduleAsksAtATerminal(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	for name, tc := range map[string]struct {
		answers            string
		installed, lingers bool
	}{
		"yes, yes": {"y\nyes\n", true, true}, "yes, no": {"Y\n\n", true, false},
		"no": {"n\n", false, false}, "nothing": {"\n", false, false}, "end of input": {"", false, false}, "perhaps": {"yep\n", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, secret.EnvKeyFile+"="+keyFile(t))
			m.answers["loginctl show-user someone --property=Linger"] = "Linger=no\n"
			m.streams.In, m.streams.InTerminal, m.streams.ErrTerminal = strings.NewReader(tc.answers), true, true
			if code := m.schedule("install"); code != 0 {
				t.Fatalf("exit code %d: %s", code, m.err.String())
			}
			if _, err := os.Stat(m.unitsDir()); (err == nil) != tc.installed {
				t.Errorf("installed: %v, want %v", err == nil, tc.installed)
			}
			if got := slices.Contains(m.asked, "loginctl enable-linger someone"); got != tc.lingers {
				t.Errorf("lingering enabled: %v, want %v", got, tc.lingers)
			}
			if got := strings.Contains(m.err.String(), "lets them"); got != (tc.installed && !tc.lingers) {
				t.Errorf("the warning about logging out: %v\n%s", got, m.err.String())
			}
		})
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	pipe := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(pipe, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		vars, args []string
		code       int
		word, want string
	}{
		"no key":               {nil, []string{"install"}, exitKey, "no_key", "without a keyring"},
		"key of the shell":     {[]string{"DASHTRAY_API_KEY=dk_x"}, []string{"install"}, exitKey, "no_key", "DASHTRAY_API_KEY, a variable of this shell"},
		"command of the shell": {[]string{"DASHTRAY_API_KEY_COMMAND=echo dk_x"}, []string{"install"}, exitKey, "no_key", "DASHTRAY_API_KEY_COMMAND"},
		"key file is a pipe":   {[]string{"DASHTRAY_API_KEY_FILE=" + pipe}, []string{"install"}, exitKey, "no_key", "no file that is still there"},
		"key file is not there": {
			[]string{"DASHTRAY_API_KEY_FILE=" + pipe + "/absent"}, []string{"install"}, exitKey, "no_key", "DASHTRAY_API_KEY_FILE",
		},
		"other service's key": {[]string{"CREDENTIALS_DIRECTORY=" + pipe}, []string{"install"}, exitKey, "no_key", "without a keyring"},
		"every":               {nil, []string{"install", "--every", "hourly"}, exitUsage, "usage", "daily, weekly and monthly"},
		"at":                  {nil, []string{"install", "--at", "24:00"}, exitUsage, "usage", "24:00"},
		"backup's flags":      {nil, []string{"install", "--range", "bad"}, exitUsage, "usage", "--range: bad"},
		"dry run":             {nil, []string{"install", "--dry-run"}, exitUsage, "usage", "--dry-run"},
		"demo":                {nil, []string{"install", "--demo"}, exitUsage, "usage", "--demo"},
		"no command":          {nil, nil, exitUsage, "usage", "install, show or remove"},
		"argument":            {nil, []string{"show", "x"}, exitUsage, "usage", "no arguments"},
		"both":                {nil, []string{"remove", "--all-profiles", "--profile", "x"}, exitUsage, "usage", "--all-profiles"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, tc.vars...)
			if code := m.schedule(append(tc.args, "--json")...); code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			f := m.failure(t)
			if f.Error.Code != tc.word || !strings.Contains(f.Error.Message, tc.want) || strings.Contains(f.Error.Message+f.Error.Hint, "dk_x") {
				t.Errorf("%+v", f.Error)
			}
			if _, err := os.Stat(m.unitsDir()); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestScheduleFindsTheKeyOfTheNight(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	const id = "dashtray-api-key-default"
	for name, tc := range map[string]struct {
		version string
		prepare func(m *machine) error
		want    string // part of the service
		not     string
	}{
		"key_command": {"252", func(m *machine) error {
			return settingsFile(m, "[profiles.default]\nkey_command = \"printf dk_owner\"\n")
		}, "Environment=PATH=/bin", "ProtectSystem=strict"},
		"encrypted":   {"257", func(m *machine) error { return credentialFile(m, id) }, "LoadCredentialEncrypted=" + id + ":", "LoadCredential="},
		"old systemd": {"239", func(*machine) error { return nil }, "Environment=DASHTRAY_API_KEY_FILE=", "LoadCredential"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var vars []string
			if name == "old systemd" {
				vars = []string{secret.EnvKeyFile + "=" + keyFile(t)}
			}
			m := newMachine(t, vars...)
			m.answers["systemctl --user show --property=Version"] = tc.version
			if err := tc.prepare(m); err != nil {
				t.Fatal(err)
			}
			if code := m.schedule("install"); code != 0 {
				t.Fatalf("exit code %d: %s", code, m.err.String())
			}
			service := m.unit(t, "dashtray-backup-default.service")
			if !strings.Contains(service, tc.want) || strings.Contains(service, tc.not) {
				t.Errorf("the service lacks %q or has %q:\n%s", tc.want, tc.not, service)
			}
		})
	}
	m := newMachine(t)
	if err := credentialFile(m, id); err != nil {
		t.Fatal(err)
	}
	if code := m.schedule("install"); code != exitKey {
		t.Errorf("an encrypted credential for a systemd that cannot open it: exit code %d", code)
	}
}

func TestScheduleWhenSystemdFails(t *testing.T) {
	t.Parallel()
	needsLinux(t)
	m := newMachine(t, secret.EnvKeyFile+"="+keyFile(t))
	m.fails["systemctl --user enable"] = errors.New("no")
	if code := m.schedule("install", "--json"); code != exitFailed || m.failure(t).Error.Code != "internal" {
		t.Errorf("exit code %d: %s", code, m.out.String())
	}
	delete(m.fails, "systemctl --user enable")
	if err := os.WriteFile(filepath.Join(m.unitsDir(), "dashtray-backup-default.service"), []byte("[Service]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := m.schedule("install", "--json"); code != exitUsage || m.failure(t).Error.Code != "exists" {
		t.Errorf("a stranger's unit: exit code %d", code)
	}
	if code := m.schedule("remove"); code != 0 || !strings.Contains(m.err.String(), "stays") {
		t.Errorf("remove a stranger's unit: exit code %d: %s", code, m.err.String())
	}
}
