package config_test

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/config"
)

func set(v string) config.Flag { return config.Flag{Value: v, Set: true} }

// full is a file that says everything.
const full = `default_profile = "work"

[profiles.work]
api_url = "https://work.example/base"
key_command = "pass show work"

[profiles.home]

[transfer]
connections = 2
limit_rate = "2048K"
folder = "~/in"

[backup]
dir = "/srv/backups"
format = "csv"
range = "2026-Q1"
include = "metrics"
keep_last = 1
keep_daily = 2
keep_weekly = 3
keep_monthly = 0
encrypt_to = ["age1x", "ssh-ed25519 AAAA me"]
recipients_file = "~/who"

[ui]
theme = "mono"
reduced_motion = true
mouse = true
time_zone = "Asia/Tokyo"

[keys]
quit = "Q"
page_up = ["u", "ctrl+u"]

[hooks]
on_success = "https://checks.example.com/1"
on_failure = ["mail", "-s", "", "me"]
`

func mustLoad(t *testing.T, flags config.Flags, e config.Lookup, content string) config.Settings {
	t.Helper()
	s, err := config.Load(flags, e, parse(t, content))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLoadTakesAllThatTheFileSays(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, config.Flags{}, env("HOME=/home/u"), full)
	in := func(key, value string, line int) config.Setting {
		return config.Setting{Value: value, Origin: config.FromFile, Name: key, Path: "c.toml", Line: line}
	}
	own := func(key, value string, line int) config.Setting {
		o := in(key, value, line)
		o.Origin = config.FromProfile
		return o
	}
	want := config.Settings{
		Profile:     in("default_profile", "work", 1),
		APIURL:      own("profiles.work.api_url", "https://work.example/base", 4),
		KeyCommand:  own("profiles.work.key_command", "pass show work", 5),
		Connections: in("transfer.connections", "2", 10),
		LimitRate:   in("transfer.limit_rate", "2M", 11),
		Folder:      in("transfer.folder", "/home/u/in", 12),
		Backup: config.Backup{
			Dir:            in("backup.dir", "/srv/backups", 15),
			Format:         in("backup.format", "csv", 16),
			Range:          in("backup.range", "2026-Q1", 17),
			Include:        in("backup.include", "metrics", 18),
			KeepLast:       in("backup.keep_last", "1", 19),
			KeepDaily:      in("backup.keep_daily", "2", 20),
			KeepWeekly:     in("backup.keep_weekly", "3", 21),
			KeepMonthly:    in("backup.keep_monthly", "0", 22),
			EncryptTo:      config.List{Setting: in("backup.encrypt_to", "age1x, ssh-ed25519 AAAA me", 23), Values: []string{"age1x", "ssh-ed25519 AAAA me"}},
			RecipientsFile: in("backup.recipients_file", "/home/u/who", 24),
		},
		Theme:         in("ui.theme", "mono", 27),
		ReducedMotion: in("ui.reduced_motion", "true", 28),
		Mouse:         in("ui.mouse", "true", 29),
		TimeZone:      in("ui.time_zone", "Asia/Tokyo", 30),
		Keys: map[string]config.List{
			"quit":    {Setting: in("keys.quit", "Q", 33), Values: []string{"Q"}},
			"page_up": {Setting: in("keys.page_up", "u, ctrl+u", 34), Values: []string{"u", "ctrl+u"}},
		},
	}
	want.Hooks.OnSuccess = config.Hook{Setting: in("hooks.on_success", "https://checks.example.com/1", 37)}
	want.Hooks.OnFailure = config.Hook{Setting: in("hooks.on_failure", "mail -s  me", 38), Argv: []string{"mail", "-s", "", "me"}}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	if s.LimitRate.Rate() != 2<<20 || s.Connections.Int() != 2 || !s.Mouse.Bool() {
		t.Errorf("got %d, %d, %v", s.LimitRate.Rate(), s.Connections.Int(), s.Mouse.Bool())
	}
}

// Whatever the file may say, Load has to know of it: a setting that is read
// and then forgotten would do nothing.
func TestLoadForgetsNoSetting(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	var collect func(v reflect.Value)
	collect = func(v reflect.Value) {
		if s, ok := v.Interface().(config.Setting); ok {
			name := strings.Replace(s.Name, "profiles.work.", "profiles.NAME.", 1)
			if strings.HasPrefix(name, "keys.") {
				name = "keys.ACTION"
			}
			seen[name] = true
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				collect(v.Field(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				collect(v.MapIndex(k))
			}
		}
	}
	collect(reflect.ValueOf(mustLoad(t, config.Flags{}, env("HOME=/home/u"), full)))
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, config.Keys()) {
		t.Errorf("it gives %v\nof       %v", got, config.Keys())
	}
}

func TestTheStrongestWins(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name           string
		flags          config.Flags
		env            config.Lookup
		profile, where string
		api            string
		apiOrigin      config.Origin
	}{
		{"the file's profile", config.Flags{}, env(), "work", "default_profile", "https://work.example/base", config.FromProfile},
		{"the environment's profile", config.Flags{}, env("DASHTRAY_PROFILE=home"), "home", "DASHTRAY_PROFILE", "https://api.dashtray.com", config.FromDefault},
		{"the flag's profile", config.Flags{Profile: set("work")}, env("DASHTRAY_PROFILE=home"), "work", "--profile", "https://work.example/base", config.FromProfile},
		{"the environment's address", config.Flags{}, env("DASHTRAY_API_URL=https://env.example"), "work", "default_profile", "https://env.example", config.FromEnvironment},
		{"the flag's address", config.Flags{APIURL: set("https://flag.example")}, env("DASHTRAY_API_URL=https://env.example"), "work", "default_profile", "https://flag.example", config.FromFlag},
		{"the profile that always is", config.Flags{Profile: set("default")}, env(), "default", "--profile", "https://api.dashtray.com", config.FromDefault},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := mustLoad(t, tc.flags, withHome(tc.env), full)
			if s.Profile.Value != tc.profile || s.Profile.Name != tc.where {
				t.Errorf("profile: got %+v", s.Profile)
			}
			if s.APIURL.Value != tc.api || s.APIURL.Origin != tc.apiOrigin {
				t.Errorf("API URL: got %+v", s.APIURL)
			}
		})
	}
	s := mustLoad(t, config.Flags{Connections: set("8"), LimitRate: set("1K")}, env("HOME=/h"), full)
	if s.Connections != (config.Setting{Value: "8", Origin: config.FromFlag, Name: "--connections"}) {
		t.Errorf("connections: got %+v", s.Connections)
	}
	if s.LimitRate.Rate() != 1024 || s.LimitRate.Origin != config.FromFlag {
		t.Errorf("rate: got %+v", s.LimitRate)
	}
}

func withHome(e config.Lookup) config.Lookup {
	return func(name string) (string, bool) {
		if name == "HOME" {
			return "/home/u", true
		}
		return e(name)
	}
}

func TestLoadWithoutAnything(t *testing.T) {
	t.Parallel()
	s, err := config.Load(config.Flags{}, env(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]string{
		"connections": {s.Connections.Value, "4"}, "rate": {s.LimitRate.Value, ""}, "folder": {s.Folder.Value, ""},
		"theme": {s.Theme.Value, "auto"}, "motion": {s.ReducedMotion.Value, "false"}, "mouse": {s.Mouse.Value, "false"},
		"zone": {s.TimeZone.Value, "local"}, "format": {s.Backup.Format.Value, "json"}, "range": {s.Backup.Range.Value, "all_time"},
		"include": {s.Backup.Include.Value, "all"}, "keep": {s.Backup.KeepLast.Value, ""}, "key command": {s.KeyCommand.Value, ""},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %q, want %q", name, pair[0], pair[1])
		}
	}
	if s.Connections.Origin != config.FromDefault || s.Backup.EncryptTo.Origin != config.FromDefault || s.Hooks.OnFailure.Origin != config.FromDefault {
		t.Errorf("defaults without their origin: %+v", s)
	}
	if s.Backup.EncryptTo.Values != nil || s.Hooks.OnFailure.Argv != nil || len(s.Keys) != 0 {
		t.Errorf("something from nothing: %+v", s)
	}
}

func TestAKeyCommandIsBoundToItsOrigin(t *testing.T) {
	t.Parallel()
	const (
		none   = "[profiles.p]\nkey_command = \"pass\"\n"
		custom = "[profiles.p]\nkey_command = \"pass\"\napi_url = \"https://own.example\"\n"
		port   = "[profiles.p]\nkey_command = \"pass\"\napi_url = \"https://own.example:8443/x\"\n"
	)
	for _, tc := range []struct {
		name, content, api string
		usable             bool
	}{
		{"the default address", none, "", true},
		{"the default address, written", none, "https://api.dashtray.com/api/v1", true},
		{"another address", none, "https://evil.example", false},
		{"a longer name", none, "https://api.dashtray.com.evil.example", false},
		{"without TLS", none, "http://api.dashtray.com", false},
		{"no address", none, "https://", false},
		{"its own address", custom, "", true},
		{"its own address, other path", custom, "https://own.example/v2", true},
		{"its own address, other letters", custom, "HTTPS://OWN.example:443", true},
		{"its own host, other port", custom, "https://own.example:8443", false},
		{"the service, but not its own", custom, "https://api.dashtray.com", false},
		{"its own port", port, "https://own.example:8443", true},
		{"not its port", port, "https://own.example", false},
	} {
		for _, flags := range []bool{true, false} {
			f, e := config.Flags{Profile: set("p")}, env("DASHTRAY_API_URL="+tc.api)
			if flags {
				e = env()
				f.APIURL = config.Flag{Value: tc.api, Set: tc.api != ""}
			}
			s := mustLoad(t, f, e, tc.content)
			if got := s.KeyCommand.Value == "pass"; got != tc.usable || s.KeyCommandWithheld == tc.usable {
				t.Errorf("%s: usable %v, withheld %v; want usable %v", tc.name, got, s.KeyCommandWithheld, tc.usable)
			}
		}
	}
	if s := mustLoad(t, config.Flags{APIURL: set("https://x.example")}, env(), "[profiles.p]\n"); s.KeyCommandWithheld {
		t.Error("it withholds a command that there is not")
	}
}

func TestTheDemoHasTheLooksAndNoProfile(t *testing.T) {
	t.Parallel()
	s := mustLoad(t, config.Flags{Demo: true}, env("HOME=/home/u", "DASHTRAY_PROFILE=gone"), full)
	if s.KeyCommand.Value != "" || s.KeyCommandWithheld || s.APIURL.Value != config.DefaultAPIURL {
		t.Errorf("it takes from the profile: %+v", s)
	}
	if s.Theme.Value != "mono" {
		t.Errorf("theme: got %+v", s.Theme)
	}
}

func TestUnknownProfiles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		flags   config.Flags
		env     config.Lookup
		content string
		want    string // "" is no error
	}{
		{"no profiles at all", config.Flags{Profile: set("work")}, env(), "[ui]\nmouse = true\n", ""},
		{"a table of profiles without any", config.Flags{}, env("DASHTRAY_PROFILE=work"), "[profiles]\n", ""},
		{"default", config.Flags{Profile: set("default")}, env(), "[profiles.work]\n", ""},
		{"default by default", config.Flags{}, env(), "[profiles.work]\n", ""},
		{"flag", config.Flags{Profile: set("wurk")}, env(), "[profiles.work]\n[profiles.home]\n", `--profile "wurk" is no profile of "c.toml", which has home, work`},
		{"environment", config.Flags{}, env("DASHTRAY_PROFILE=wurk"), "[profiles.work]\n", `DASHTRAY_PROFILE "wurk" is no profile of "c.toml", which has work`},
		{"file", config.Flags{}, env(), "default_profile = \"wurk\"\n[profiles.work]\n", `c.toml:1:19: default_profile names no profile of this file, which has work`},
		{"file, but the flag says otherwise", config.Flags{Profile: set("work")}, env(), "default_profile = \"wurk\"\n[profiles.work]\n", ""},
		{"many", config.Flags{Profile: set("x")}, env(), "[profiles]\na={}\nb={}\nc={}\nd={}\ne={}\nf={}\ng={}\nh={}\ni={}\nj={}\n", `--profile "x" is no profile of "c.toml", which has a, b, c, d, e, f, g, h and 2 more`},
	} {
		_, err := config.Load(tc.flags, tc.env, parse(t, tc.content))
		if got := said(err); got != tc.want {
			t.Errorf("%s: got  %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestLoadRefusesFlagsOfTheTransfer(t *testing.T) {
	t.Parallel()
	for _, f := range []config.Flags{
		{Connections: set("0")},
		{Connections: set("9")},
		{Connections: set("many")},
		{Connections: set("")},
		{LimitRate: set("")},
		{LimitRate: set("fast")},
	} {
		_, err := config.Load(f, env(), nil)
		var wrong *config.Error
		if !errors.As(err, &wrong) || wrong.Setting.Origin != config.FromFlag {
			t.Errorf("%+v: got %v", f, err)
		}
	}
}

func TestAPathBelowHomeNeedsOne(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Flags{}, env("HOME="), parse(t, "[backup]\n  dir = \"~/b\"\n"))
	if got, want := said(err), "c.toml:2:9: backup.dir begins with ~, but no variable HOME says where that is"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestProfilesAreSorted(t *testing.T) {
	t.Parallel()
	var names []string
	for _, p := range parse(t, "[profiles.work]\n[profiles.alpha]\napi_url=\"https://a.example\"\n[profiles]\nzoo.key_command=\"k\"\n").Profiles() {
		names = append(names, p.Name+" "+p.APIURL.Value+" "+p.KeyCommand.Value)
	}
	if want := []string{"alpha https://a.example ", "work  ", "zoo  k"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}
