package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dashtray/dashtray-tui/config/secret"
)

// someFlags stand for backup's: a text, a path, a list and a switch.
type someFlags struct {
	dates, dir string
	to         []string
	utc, dry   bool
	backup     scheduledBackup
}

func (s *someFlags) register(f *pflag.FlagSet) {
	f.StringVar(&s.dates, "range", "all_time", "")
	f.StringVar(&s.dir, "dir", "", "")
	f.Var(&wordsValue{&s.to, "KEY"}, "encrypt-to", "")
	f.BoolVar(&s.utc, "utc", false, "")
	f.BoolVar(&s.dry, "dry-run", false, "")
}

func (s *someFlags) scheduled(_ *app, cmd *cobra.Command) (scheduledBackup, error) {
	if s.dates == "bad" {
		return scheduledBackup{}, usageError(cmd, "--range: bad.")
	}
	return s.backup, nil
}

// machine is a fake host, whose systemd is there unless it is told otherwise.
type machine struct {
	*world
	home, goos string
	flags      someFlags
	asked      []string
	answers    map[string]string
	fails      map[string]error
}

func newMachine(t *testing.T, vars ...string) *machine {
	t.Helper()
	home := t.TempDir()
	m := &machine{
		world: newWorld(t, append([]string{"HOME=" + home, "XDG_STATE_HOME=" + filepath.Join(home, "state"), "PATH=/bin"}, vars...)...),
		home:  home, goos: "linux",
		answers: map[string]string{
			"systemctl --user show --property=Version":     "252.38-1\n",
			"loginctl show-user someone --property=Linger": "Linger=yes\n",
		},
		fails: map[string]error{"crontab": errors.New("no crontab"), "schtasks": errors.New("no task")},
	}
	m.streams.Now = func() time.Time { return time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC) }
	return m
}

func (m *machine) run(_ context.Context, argv ...string) (string, error) {
	line := strings.Join(argv, " ")
	m.asked = append(m.asked, line)
	for start, err := range m.fails {
		if strings.HasPrefix(line, start) {
			return "", err
		}
	}
	for start, answer := range m.answers {
		if strings.HasPrefix(line, start) {
			return answer, nil
		}
	}
	return "", nil
}

// schedule runs a command of schedule on this machine.
func (m *machine) schedule(args ...string) int {
	m.out.Reset()
	m.err.Reset()
	m.asked = nil
	a := &app{Streams: m.streams}
	root := a.rootCommand()
	for _, c := range root.Commands() {
		if c.Name() == "schedule" {
			root.RemoveCommand(c)
		}
	}
	m.flags = someFlags{backup: m.flags.backup}
	root.AddCommand(a.scheduleCommand(&m.flags, host{
		goos: m.goos, run: m.run,
		program: func() (string, error) { return "/opt/dashtray/dashtray-tui", nil },
		user:    func() (string, error) { return "someone", nil },
	}))
	root.SetArgs(append([]string{"schedule"}, args...))
	root.SetOut(io.Discard)
	root.SetErr(io.Discard)
	err := root.ExecuteContext(context.Background())
	a.json = a.json || err != nil && asksForJSON(args)
	a.report(err)
	return exitCode(err)
}

func (m *machine) unitsDir() string { return filepath.Join(m.home, ".config", "systemd", "user") }

func (m *machine) unit(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(m.unitsDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// document decodes the answer after its schema has been checked.
func (m *machine) document(t *testing.T, schema string) map[string]any {
	t.Helper()
	if err := conforms(m.out.Bytes(), schema); err != nil {
		t.Fatalf("%v\n%s%s", err, m.out.String(), m.err.String())
	}
	var doc map[string]any
	if err := json.Unmarshal(m.out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// keyFile writes a key, and gives its path.
func keyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("dk_owner_of_the_night\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func needsLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the paths are of another kind")
	}
}

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

func settingsFile(m *machine, content string) error {
	dir := filepath.Join(m.home, ".config", "dashtray-tui")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.toml"), []byte(content), 0o600)
}

func credentialFile(m *machine, id string) error {
	dir := filepath.Join(m.home, ".config", "credstore.encrypted")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, id), []byte("sealed"), 0o600)
}

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

func TestTimersDoNotInheritKeys(t *testing.T) {
	t.Parallel()
	got := withoutKeys([]string{"DASHTRAY_API_KEY=dk_x", "HOME=/h", "DASHTRAY_CONFIG=c", "XDG_RUNTIME_DIR=/r"})
	if want := []string{"HOME=/h", "XDG_RUNTIME_DIR=/r"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
