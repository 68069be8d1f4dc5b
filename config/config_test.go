package config_test

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/config"
)

func env(pairs ...string) config.Lookup {
	vars := map[string]string{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		vars[name] = value
	}
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func TestLoadTakesTheStrongestOrigin(t *testing.T) {
	t.Parallel()
	both := env("DASHTRAY_API_URL=https://env.example", "DASHTRAY_PROFILE=envprofile")
	for _, tc := range []struct {
		name    string
		flags   config.Flags
		env     config.Lookup
		api     config.Setting
		profile config.Setting
	}{
		{
			"nothing is said",
			config.Flags{},
			env(),
			config.Setting{Value: "https://api.dashtray.com", Origin: config.FromDefault},
			config.Setting{Value: "default", Origin: config.FromDefault},
		},
		{
			"an empty variable is not set",
			config.Flags{},
			env("DASHTRAY_API_URL=", "DASHTRAY_PROFILE="),
			config.Setting{Value: "https://api.dashtray.com", Origin: config.FromDefault},
			config.Setting{Value: "default", Origin: config.FromDefault},
		},
		{
			"the environment beats the default",
			config.Flags{},
			both,
			config.Setting{Value: "https://env.example", Origin: config.FromEnvironment, Name: "DASHTRAY_API_URL"},
			config.Setting{Value: "envprofile", Origin: config.FromEnvironment, Name: "DASHTRAY_PROFILE"},
		},
		{
			"a flag beats the environment",
			config.Flags{APIURL: config.Flag{Value: "https://flag.example", Set: true}, Profile: config.Flag{Value: "work", Set: true}},
			both,
			config.Setting{Value: "https://flag.example", Origin: config.FromFlag, Name: "--api-url"},
			config.Setting{Value: "work", Origin: config.FromFlag, Name: "--profile"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.Load(tc.flags, tc.env, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got.APIURL != tc.api {
				t.Errorf("API URL: got %+v, want %+v", got.APIURL, tc.api)
			}
			if got.Profile != tc.profile {
				t.Errorf("profile: got %+v, want %+v", got.Profile, tc.profile)
			}
		})
	}
}

func TestLoadRefusesWhatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		flags config.Flags
		env   config.Lookup
		where string
	}{
		{"empty address", config.Flags{APIURL: config.Flag{Set: true}}, env(), "--api-url"},
		{"empty profile", config.Flags{Profile: config.Flag{Set: true}}, env(), "--profile"},
		{"profile that leaves the folder", config.Flags{Profile: config.Flag{Value: "../etc", Set: true}}, env(), "--profile"},
		{"profile with a separator", config.Flags{}, env("DASHTRAY_PROFILE=a/b"), "DASHTRAY_PROFILE"},
		{"profile with a line break", config.Flags{}, env("DASHTRAY_PROFILE=a\n"), "DASHTRAY_PROFILE"},
		{"profile too long", config.Flags{}, env("DASHTRAY_PROFILE=" + strings.Repeat("a", 65)), "DASHTRAY_PROFILE"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(tc.flags, tc.env, nil)
			var wrong *config.Error
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a *config.Error", err)
			}
			if wrong.Setting.Name != tc.where {
				t.Errorf("it blames %q, want %q", wrong.Setting.Name, tc.where)
			}
		})
	}
}

func TestFolders(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the paths of this table are absolute on Unix alone")
	}
	for _, tc := range []struct {
		name string
		goos string
		env  config.Lookup
		want config.Folders
	}{
		{
			"Linux", "linux", env("HOME=/home/u"),
			config.Folders{
				Config: "/home/u/.config/dashtray-tui", State: "/home/u/.local/state/dashtray-tui",
				Data: "/home/u/.local/share/dashtray-tui", Cache: "/home/u/.cache/dashtray-tui",
			},
		},
		{
			"XDG", "linux", env("XDG_CONFIG_HOME=/c", "XDG_STATE_HOME=/s", "XDG_DATA_HOME=/d", "XDG_CACHE_HOME=/k"),
			config.Folders{Config: "/c/dashtray-tui", State: "/s/dashtray-tui", Data: "/d/dashtray-tui", Cache: "/k/dashtray-tui"},
		},
		{
			"a relative one is ignored", "linux", env("HOME=/home/u", "XDG_STATE_HOME=state"),
			config.Folders{
				Config: "/home/u/.config/dashtray-tui", State: "/home/u/.local/state/dashtray-tui",
				Data: "/home/u/.local/share/dashtray-tui", Cache: "/home/u/.cache/dashtray-tui",
			},
		},
		{
			"macOS", "darwin", env("HOME=/Users/u", "XDG_STATE_HOME=/s"),
			config.Folders{
				Config: "/Users/u/Library/Application Support/dashtray-tui", State: "/s/dashtray-tui",
				Data: "/Users/u/Library/Application Support/dashtray-tui", Cache: "/Users/u/Library/Caches/dashtray-tui",
			},
		},
		{
			"Windows", "windows", env("LOCALAPPDATA=/l", "APPDATA=/r"),
			config.Folders{Config: "/r/dashtray-tui", State: "/l/dashtray-tui", Data: "/l/dashtray-tui", Cache: "/l/cache/dashtray-tui"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := config.FindFolders(tc.goos, tc.env)
			if err != nil {
				t.Fatal(err)
			}
			if got != tc.want {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
			if want := filepath.Join(tc.want.State, "demo"); got.Demo() != want {
				t.Errorf("demo: got %q, want %q", got.Demo(), want)
			}
		})
	}
}

func TestFoldersWithoutHome(t *testing.T) {
	t.Parallel()
	for _, goos := range []string{"linux", "darwin", "windows"} {
		if _, err := config.FindFolders(goos, env("HOME=", "XDG_STATE_HOME=/s")); !errors.Is(err, config.ErrNoHome) {
			t.Errorf("%s: got %v, want ErrNoHome", goos, err)
		}
	}
}
