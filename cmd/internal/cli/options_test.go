package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/config"
)

// specOf reads a command line as the commands do, and stops there.
func specOf(t *testing.T, zone *time.Location, args ...string) (job.Spec, error) {
	t.Helper()
	a := &app{Streams: Streams{
		Now:      func() time.Time { return time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC) },
		Location: zone,
	}}
	var err error
	if a.settings, err = config.Load(config.Flags{}, func(string) (string, bool) { return "", false }, nil); err != nil {
		t.Fatal(err)
	}
	var (
		spec job.Spec
		made making
		keep keeping
	)
	apply := func(m *making) func(*cobra.Command, []string) error {
		return func(cmd *cobra.Command, args []string) error {
			if m != nil {
				if err := m.apply(a, cmd, &spec); err != nil {
					return err
				}
			} else {
				spec.ID = client.ID(args[0])
			}
			return keep.apply(a, cmd, &spec)
		}
	}
	root := &cobra.Command{Use: "dashtray-tui", SilenceErrors: true, SilenceUsage: true}
	export := &cobra.Command{Use: "export", RunE: apply(&made)}
	made.register(export.Flags())
	keep.register(export.Flags())
	download := &cobra.Command{Use: "download", RunE: apply(nil)}
	keep.register(download.Flags())
	root.AddCommand(export, download)
	root.SetArgs(args)
	err = root.Execute()
	return spec, err
}

func TestFlagsBecomeASpec(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)
	lastDays := func(n int) client.Range {
		return client.Range{Name: "last_30_days", From: now.AddDate(0, 0, -n), To: now}
	}
	plain := func(change func(*job.Spec)) job.Spec {
		s := job.Spec{
			Request: client.ExportRequest{Format: client.JSON, Range: lastDays(30), Include: client.IncludeAll()},
			IfBusy:  job.BusyWait, Timeout: 30 * time.Minute, Connections: 4,
		}
		change(&s)
		return s
	}
	kiritimati := time.FixedZone("UTC+14", 14*60*60)
	for _, tc := range []struct {
		line string
		zone *time.Location
		want job.Spec
	}{
		{"export", time.UTC, plain(func(*job.Spec) {})},
		{"export --format csv --new --detach --force -o out/", time.UTC, plain(func(s *job.Spec) {
			s.Request.Format, s.New, s.Detach, s.Force, s.Output = client.CSV, true, true, true, "out/"
		})},
		{"export --include metrics,audit_logs --if-busy attach --timeout 90s", time.UTC, plain(func(s *job.Spec) {
			s.Request.Include = client.Include{Metrics: true, AuditLogs: true}
			s.IfBusy, s.Timeout = job.BusyAttach, 90*time.Second
		})},
		{"export --connections 8 --limit-rate 500K -o -", time.UTC, plain(func(s *job.Spec) {
			s.Connections, s.LimitRate, s.Output = 8, 500<<10, "-"
		})},
		{"export --range all_time", time.UTC, plain(func(s *job.Spec) { s.Request.Range = client.Range{Name: "all_time"} })},
		{"export --range 2026-01-01..2026-01-31", kiritimati, plain(func(s *job.Spec) {
			s.Request.Range = client.Range{
				Name: "2026-01-01..2026-01-31",
				From: time.Date(2025, 12, 31, 10, 0, 0, 0, time.UTC),
				To:   time.Date(2026, 1, 31, 9, 59, 59, 999e6, time.UTC),
			}
		})},
		{"export --range 2026-01-01..2026-01-31 --utc", kiritimati, plain(func(s *job.Spec) {
			s.Request.Range = client.Range{
				Name: "2026-01-01..2026-01-31",
				From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
				To:   time.Date(2026, 1, 31, 23, 59, 59, 999e6, time.UTC),
			}
		})},
		{"download exp_1 --limit-rate 5M --timeout 2h -o x.json", time.UTC, job.Spec{
			ID: "exp_1", LimitRate: 5 << 20, Timeout: 2 * time.Hour, Output: "x.json", Connections: 4,
		}},
	} {
		t.Run(tc.line, func(t *testing.T) {
			t.Parallel()
			got, err := specOf(t, tc.zone, strings.Fields(tc.line)...)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

// The shell command of a spec, read by a shell and then by us, is that spec.
func TestShellCommandsLeadBack(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"export",
		"export --format csv --range all_time --include metrics,dashboards",
		"export --range 2026-01-01..2026-01-31 --if-busy fail --new --detach",
		"export --connections 1 --limit-rate 1000 --timeout 1m30s --force -o some/file.json",
		"download exp_1",
		"download exp_1 -o - --limit-rate 3G",
	} {
		spec, err := specOf(t, time.UTC, strings.Fields(line)...)
		if err != nil {
			t.Fatal(err)
		}
		checkLeadsBack(t, spec)
	}
	spec, err := specOf(t, time.UTC, "export", "-o", "it's a $HOME `x` \"y\" \\ *.json")
	if err != nil {
		t.Fatal(err)
	}
	checkLeadsBack(t, spec)
	checkLeadsBack(t, job.Spec{ID: "-rf", Connections: 4, Timeout: 30 * time.Minute})
	checkLeadsBack(t, job.Spec{ID: "a b;c'd", Connections: 4, Timeout: 30 * time.Minute})
}

func checkLeadsBack(t *testing.T, spec job.Spec) {
	t.Helper()
	a := &app{}
	line := a.shellCommand(false, config.Settings{}, spec)
	words, err := shellwords.Parse(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	back, err := specOf(t, time.UTC, words[1:]...)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if back != spec {
		t.Errorf("%s\ngot  %+v\nwant %+v", line, back, spec)
	}
}

func TestShellCommandSaysOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	spec, err := specOf(t, time.UTC, "export")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		app  app
		want string
	}{
		{app{}, "dashtray-tui export"},
		{app{demo: true}, "dashtray-tui --demo export"},
		{
			app{settings: config.Settings{
				APIURL:  config.Setting{Value: "https://x.example", Origin: config.FromFlag},
				Profile: config.Setting{Value: "work", Origin: config.FromFlag},
			}, cacert: "my ca.pem"},
			"dashtray-tui --api-url https://x.example --profile work --cacert 'my ca.pem' export",
		},
		{
			app{settings: config.Settings{APIURL: config.Setting{Value: "https://x.example", Origin: config.FromEnvironment}}},
			"dashtray-tui export",
		},
	} {
		if got := tc.app.shellCommand(tc.app.demo, tc.app.settings, spec); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

func TestHostileIDsCannotReachAShell(t *testing.T) {
	t.Parallel()
	got := (&app{}).shellCommand(false, config.Settings{}, job.Spec{ID: "x\n$(touch /tmp/owned)\x1b[2J"})
	if strings.ContainsAny(got, "\n\x1b") || !strings.HasPrefix(got, "dashtray-tui download 'x") || !strings.HasSuffix(got, "'") {
		t.Errorf("got %q", got)
	}
}

func TestQuotedWords(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ goos, word, want string }{
		{"linux", "plain-word_1.json", "plain-word_1.json"},
		{"linux", "", "''"},
		{"linux", "two words", "'two words'"},
		{"linux", "it's", `'it'\''s'`},
		{"linux", `C:\x`, `'C:\x'`},
		{"linux", "~", "'~'"},
		{"linux", "a\tb", "'a\tb'"},
		{"windows", `C:\x`, `C:\x`},
		{"windows", "it's", "'it''s'"},
	} {
		if got := quoteWord(tc.goos, tc.word); got != tc.want {
			t.Errorf("%s %q: got %s, want %s", tc.goos, tc.word, got, tc.want)
		}
	}
}

func TestWantColor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		flag     string
		env      map[string]string
		terminal bool
		want     bool
	}{
		{"auto", nil, true, true},
		{"auto", nil, false, false},
		{"always", nil, false, true},
		{"never", nil, true, false},
		{"always", map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, false, true},
		{"never", map[string]string{"CLICOLOR_FORCE": "1"}, true, false},
		{"auto", map[string]string{"NO_COLOR": "1"}, true, false},
		{"auto", map[string]string{"NO_COLOR": "0"}, true, false},
		{"auto", map[string]string{"NO_COLOR": "yes"}, true, false},
		{"auto", map[string]string{"NO_COLOR": ""}, true, true},
		{"auto", map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, true, false},
		{"auto", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{"auto", map[string]string{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, false, true},
		{"auto", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{"auto", map[string]string{"CLICOLOR_FORCE": ""}, false, false},
		{"auto", map[string]string{"TERM": "dumb"}, true, false},
	} {
		lookup := func(name string) (string, bool) {
			v, ok := tc.env[name]
			return v, ok
		}
		if got := wantColor(tc.flag, lookup, tc.terminal); got != tc.want {
			t.Errorf("--color %s, %v, terminal %v: got %v", tc.flag, tc.env, tc.terminal, got)
		}
	}
}
