package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
