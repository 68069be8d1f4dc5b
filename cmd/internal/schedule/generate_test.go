package schedule_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(string(want), "\r\n", "\n"); got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func plan() schedule.Plan {
	return schedule.Plan{
		Profile: "work",
		Argv:    []string{"/home/u/go bin/dashtray-tui", "backup", "--profile=work", "--range=last_month", "--dir=/home/u/50% & <more> $HOME"},
		Every:   schedule.Monthly,
		At:      schedule.Clock{Hour: 3, Minute: 5},
		Writes:  []string{"/home/u/50% & <more> $HOME", "/home/u/.local/state/dashtray-tui"},
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	full := plan()
	full.Credential = schedule.Credential{ID: "dashtray-api-key-work", Path: "/home/u/the key 100%"}
	full.Env = []schedule.Variable{{"DASHTRAY_CONFIG", "/home/u/a b.toml"}, {"NO_PROXY", "x"}}
	foreign := plan()
	foreign.Profile, foreign.RunsCommands, foreign.Every = "", true, schedule.Weekly
	foreign.Credential = schedule.Credential{ID: "dashtray-api-key-work", Path: "/home/u/k", Encrypted: true}
	old := plan()
	old.Every = schedule.Daily
	for _, tc := range []struct {
		name    string
		plan    schedule.Plan
		version int
	}{{"full", full, 255}, {"foreign", foreign, 257}, {"old", old, 239}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			units, err := schedule.Units(tc.plan, tc.version)
			if err != nil || len(units) != 2 {
				t.Fatalf("%d units, %v", len(units), err)
			}
			name := schedule.Name(tc.plan.Profile)
			if units[0].Name != name+".service" || units[1].Name != name+".timer" {
				t.Errorf("the units are called %s and %s", units[0].Name, units[1].Name)
			}
			golden(t, tc.name+".service", units[0].Content)
			golden(t, tc.name+".timer", units[1].Content)
		})
	}
}

func TestOthers(t *testing.T) {
	t.Parallel()
	p := plan()
	p.Env = []schedule.Variable{{"DASHTRAY_API_KEY_FILE", "/home/u/it's 100%"}}
	p.Log = "/home/u/backup & more.log"
	for name, generate := range map[string]func(schedule.Plan) (string, error){
		"cron": schedule.Cron, "launchd.plist": schedule.Launchd, "task.xml": schedule.Task,
	} {
		for _, every := range []schedule.Every{schedule.Daily, schedule.Weekly, schedule.Monthly} {
			t.Run(name+" "+string(every), func(t *testing.T) {
				t.Parallel()
				p := p
				p.Every = every
				got, err := generate(p)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, string(every)+"."+name, got)
				if strings.HasPrefix(strings.TrimSpace(got), "<") {
					wellFormed(t, got)
				}
			})
		}
	}
}

// wellFormed reads all of an XML document.
func wellFormed(t *testing.T, doc string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		if _, err := dec.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("no XML: %v\n%s", err, doc)
		}
	}
}

func TestWhatCannotBeScheduled(t *testing.T) {
	t.Parallel()
	units := func(p schedule.Plan) error { _, err := schedule.Units(p, 255); return err }
	task := func(p schedule.Plan) error { _, err := schedule.Task(p); return err }
	cron := func(p schedule.Plan) error { _, err := schedule.Cron(p); return err }
	agent := func(p schedule.Plan) error { _, err := schedule.Launchd(p); return err }
	for name, tc := range map[string]struct {
		change func(p *schedule.Plan)
		into   func(p schedule.Plan) error
	}{
		"newline, units":       {func(p *schedule.Plan) { p.Argv[4] = "--dir=/a\nExecStart=/bin/rm" }, units},
		"newline, cron":        {func(p *schedule.Plan) { p.Argv[4] = "--dir=/a\n* * * * * rm" }, cron},
		"control, launchd":     {func(p *schedule.Plan) { p.Argv[4] = "--dir=/a\x01" }, agent},
		"no character":         {func(p *schedule.Plan) { p.Argv[4] = "--dir=/\xff" }, cron},
		"variable":             {func(p *schedule.Plan) { p.Env = []schedule.Variable{{"A", "b\r"}} }, units},
		"folder":               {func(p *schedule.Plan) { p.Writes[0] = "/a\x00" }, units},
		"log":                  {func(p *schedule.Plan) { p.Log = "/a\ufffe" }, agent},
		"credential":           {func(p *schedule.Plan) { p.Credential = schedule.Credential{ID: "x", Path: "/a\n"} }, units},
		"credential's space":   {func(p *schedule.Plan) { p.Credential = schedule.Credential{ID: "x", Path: "/a "} }, units},
		"credential's slash":   {func(p *schedule.Plan) { p.Credential = schedule.Credential{ID: "x", Path: `/a\`} }, units},
		"program's quote":      {func(p *schedule.Plan) { p.Argv[0] = "/it's" }, units},
		"program's backslash":  {func(p *schedule.Plan) { p.Argv[0] = `/a\b` }, units},
		"program not clean":    {func(p *schedule.Plan) { p.Argv[0] = "/a/../b" }, units},
		"variable for Windows": {func(p *schedule.Plan) { p.Argv[4] = "--dir=%HOME%" }, task},
		"argument for Windows": {func(p *schedule.Plan) { p.Argv[4] = "--dir=$(Arg0)" }, task},
	} {
		p := plan()
		tc.change(&p)
		var wrong *schedule.WordError
		if err := tc.into(p); !errors.As(err, &wrong) {
			t.Errorf("%s: %v, want a WordError", name, err)
		}
	}
	if _, err := schedule.Cron(schedule.Plan{Argv: []string{"dashtray-tui"}}); err == nil {
		t.Error("a program without a path is taken")
	}
}

func TestFitsCron(t *testing.T) {
	t.Parallel()
	p := plan()
	for at, want := range map[int]bool{schedule.MaxCronCommand: true, schedule.MaxCronCommand + 1: false} {
		p.Argv = []string{"/bin/x", strings.Repeat("y", at-len("/bin/x "))}
		text, err := schedule.Cron(p)
		if err != nil {
			t.Fatal(err)
		}
		if got := schedule.FitsCron(text); got != want {
			t.Errorf("a command of %d bytes: %v, want %v", at, got, want)
		}
	}
}

func TestParseClock(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{"00:00": "00:00", "23:59": "23:59", "03:05": "03:05"} {
		if got, err := schedule.ParseClock(s); err != nil || got.String() != want {
			t.Errorf("%s: %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "3:00", "24:00", "12:60", "12:5", "12:00:00", "-1:00", "aa:bb", "03:00 "} {
		if got, err := schedule.ParseClock(s); err == nil {
			t.Errorf("%q is taken for %s", s, got)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		now   string
		every schedule.Every
		want  string
	}{
		{"2026-03-10T02:00:00Z", schedule.Daily, "2026-03-10T03:05:00Z"},
		{"2026-03-10T03:05:00Z", schedule.Daily, "2026-03-11T03:05:00Z"}, // this moment is over
		{"2026-12-31T12:00:00Z", schedule.Daily, "2027-01-01T03:05:00Z"},
		{"2026-03-10T02:00:00Z", schedule.Weekly, "2026-03-16T03:05:00Z"},
		{"2026-03-16T02:00:00Z", schedule.Weekly, "2026-03-16T03:05:00Z"},
		{"2026-03-16T04:00:00Z", schedule.Weekly, "2026-03-23T03:05:00Z"},
		{"2026-03-01T03:00:00Z", schedule.Monthly, "2026-03-01T03:05:00Z"},
		{"2026-01-31T04:00:00Z", schedule.Monthly, "2026-02-01T03:05:00Z"},
		{"2026-12-02T04:00:00Z", schedule.Monthly, "2027-01-01T03:05:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, tc.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := schedule.Next(now, tc.every, plan().At).Format(time.RFC3339); got != tc.want {
			t.Errorf("%s after %s: %s, want %s", tc.every, tc.now, got, tc.want)
		}
	}
}

func TestWhatWasWrittenIsFoundAgain(t *testing.T) {
	t.Parallel()
	for _, every := range []schedule.Every{schedule.Daily, schedule.Weekly, schedule.Monthly} {
		p := plan()
		p.Every = every
		lines, err := schedule.Cron(p)
		if err != nil {
			t.Fatal(err)
		}
		e, found := schedule.InCrontab("MAILTO=me\n"+lines+"0 0 * * * other\n", "work")
		if !found || e.Every != every || e.At != p.At || !strings.HasSuffix(e.Command, `$HOME'`) {
			t.Errorf("cron, %s: found %v, %+v", every, found, e)
		}
		if _, found := schedule.InCrontab(lines, "wor"); found {
			t.Errorf("cron, %s: found for another profile", every)
		}
		plist, err := schedule.Launchd(p)
		if err != nil {
			t.Fatal(err)
		}
		if e, found := schedule.InPlist(plist); !found || e.Every != every || e.At != p.At {
			t.Errorf("launchd, %s: found %v, %+v", every, found, e)
		}
	}
	if e, found := schedule.InCrontab("# dashtray-backup-work, made by \"dashtray-tui schedule\"\n@daily x\n", "work"); !found || e.Every != "" {
		t.Errorf("changed entry: found %v, %+v", found, e)
	}
	if _, found := schedule.InCrontab("# dashtray-backup-work, made by \"dashtray-tui schedule\"", "work"); found {
		t.Error("a comment alone is an entry")
	}
	if _, found := schedule.InPlist("<plist></plist>"); found {
		t.Error("a stranger's agent is ours")
	}
}
