package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/config"
)

func parse(t *testing.T, content string) *config.File {
	t.Helper()
	f, err := config.ParseFile("c.toml", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// refused gives the problem that a content has.
func refused(t *testing.T, content string) *config.FileError {
	t.Helper()
	_, err := config.ParseFile("c.toml", []byte(content))
	var wrong *config.FileError
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v, want a *config.FileError", err)
	}
	return wrong
}

func TestEveryProblemHasItsPlace(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, content string
		want          string // as Error writes it, at least its beginning
	}{
		{"not TOML", "[ui\n", "c.toml:1:4: it is not TOML: "},
		{"not TOML, after letters of two bytes", "# é\n[ui]\ntheme = \"é\" x\n", "c.toml:3:13: it is not TOML: "},
		{"twice", "[ui]\nmouse = true\nmouse = false\n", "c.toml:3:1: it is not TOML: "},
		{"a table twice", "[ui]\n[transfer]\n[ui]\n", "c.toml:3:2: it is not TOML: "},
		{"an impossible date", "[ui]\ntheme = 2026-99-99\n", "c.toml:2:14: it is not TOML: "},
		{"a byte that is no UTF-8", "[ui]\ntheme = \"\xff\"\n", "c.toml:2:10: it is not TOML: "},

		{"unknown", "defaultprofile = \"a\"\n", "c.toml:1:1: defaultprofile is no setting (did you mean default_profile?)"},
		{"unknown in a table", "[transfer]\n\n  conections = 3\n", "c.toml:3:3: transfer.conections is no setting (did you mean connections?)"},
		{"unknown, letters swapped", "[ui]\ntheem = \"dark\"\n", "c.toml:2:1: ui.theem is no setting (did you mean theme?)"},
		{"unknown, of another table", "limit_rate = \"5M\"\n", "c.toml:1:1: limit_rate is no setting here (did you mean the one in [transfer]?)"},
		{"unknown and like nothing", "[ui]\nwallpaper = 1\n", "c.toml:2:1: ui.wallpaper is no setting"},
		{"unknown table, told once", "[transfr]\nx = 1\ny = 2\n[ui]\nmouse = true\n", "c.toml:1:2: transfr is no setting (did you mean transfer?)"},
		{"unknown, dotted", "transfer . conections = 3\n", "c.toml:1:12: transfer.conections is no setting (did you mean connections?)"},
		{"unknown, inline", "ui = { theme = \"dark\", mause = true }\n", "c.toml:1:24: ui.mause is no setting (did you mean mouse?)"},
		{"unknown, quoted and hostile", "[ui]\n\"\\u001b]0;x\" = 1\n", "c.toml:2:1: ui.\"␛]0;x\" is no setting"},
		{"unknown in a profile", "[profiles.work]\napiurl = \"https://a.example\"\n", "c.toml:2:1: profiles.work.apiurl is no setting (did you mean api_url?)"},
		{"a key in the file", "[profiles.work]\napi_key = \"dk_live_secret\"\n", "c.toml:2:1: profiles.work.api_key is no setting: a key is not kept in this file; see key_command, or dashtray-tui auth login"},
		{"all unknown ones", "a = 1\n[ui]\nb = 1\n", "c.toml:1:1: a is no setting; c.toml:3:1: ui.b is no setting"},

		{"a table for a value", "[default_profile]\n", "c.toml:1:2: default_profile is a setting and not a table"},
		{"a table below a value", "[ui.theme.dark]\n", "c.toml:1:5: ui.theme is a setting and not a table"},
		{"a value for a table", "ui = 3\n", "c.toml:1:6: ui is a table, not a number"},
		{"a value for a profile", "[profiles]\nwork = \"x\"\n", "c.toml:2:8: profiles.work is a table, not a text"},
		{"a list of tables", "[[ui]]\ntheme = \"dark\"\n", "c.toml:1:3: ui is one table: write it with single brackets"},
		{"a list of tables inline", "ui = [{theme = \"dark\"}]\n", "c.toml:1:6: ui is a table, not a list"},

		{"profile's name", "[profiles.\"a/b\"]\n", "c.toml:1:11: profiles.\"a/b\" is no name of a profile"},
		{"default profile's name", "default_profile = \"../x\"\n", "c.toml:1:19: default_profile is no name of a profile"},
		{"number for a name", "default_profile = 1\n", "c.toml:1:19: default_profile is the name of a profile, not a number"},
		{"empty", "default_profile = \"\"\n", "c.toml:1:19: default_profile is empty"},
		{"control character", "[profiles.a]\nkey_command = \"a\\u0000b\"\n", "c.toml:2:15: profiles.a.key_command has a control character in it"},
		{"too long", "[profiles.a]\nkey_command = \"" + strings.Repeat("x", 9000) + "\"\n", "c.toml:2:15: profiles.a.key_command is too long"},

		{"http", "[profiles.a]\napi_url = \"http://a.example\"\n", "c.toml:2:11: profiles.a.api_url is not an address of an API: http:// is for this machine only"},
		{"password in the address", "[profiles.a]\napi_url = \"https://u:hunter2@a.example\"\n", "c.toml:2:11: profiles.a.api_url is not an address of an API: it holds a user name; the key is given apart"},
		{"no address", "[profiles.a]\napi_url = \"https://a b:%\"\n", "c.toml:2:11: profiles.a.api_url is not an address of an API"},

		{"connections too many", "[transfer]\nconnections = 9\n", "c.toml:2:15: transfer.connections is a number from 1 to 8, not 9"},
		{"connections none", "[transfer]\nconnections = 0\n", "c.toml:2:15: transfer.connections is a number from 1 to 8, not 0"},
		{"connections beyond all", "[transfer]\nconnections = 99999999999999999999\n", "c.toml:2:15: "},
		{"connections as a text", "[transfer]\nconnections = \"4\"\n", "c.toml:2:15: transfer.connections is a number from 1 to 8, not a text"},
		{"connections with a fraction", "[transfer]\nconnections   =  4.5 # four\n", "c.toml:2:18: transfer.connections is a number from 1 to 8, not a number with a fraction"},
		{"rate", "[transfer]\nlimit_rate = \"fast\"\n", `c.toml:2:14: transfer.limit_rate is a number of bytes a second such as "500K", "5M" or "1G", not "fast"`},
		{"rate of nothing", "[transfer]\nlimit_rate = 0\n", "c.toml:2:14: transfer.limit_rate is a number of bytes"},
		{"rate as a list", "[transfer]\nlimit_rate = []\n", "c.toml:2:14: transfer.limit_rate is a number of bytes"},
		{"relative folder", "[transfer]\nfolder = \"downloads\"\n", "c.toml:2:10: transfer.folder is neither an absolute path nor one that begins with ~/"},

		{"format", "[backup]\nformat = \"xml\"\n", `c.toml:2:10: backup.format is json or csv, not "xml"`},
		{"range", "[backup]\nrange = \"2026-13\"\n", "c.toml:2:9: backup.range is no date range: "},
		{"include", "[backup]\ninclude = \"metrics,users\"\n", "c.toml:2:11: backup.include is all, or some of metrics,connections,dashboards,audit_logs"},
		{"keep less than nothing", "[backup]\nkeep_daily = -1\n", "c.toml:2:14: backup.keep_daily is a number from 0 to 100000, not -1"},
		{"recipient that is private", "[backup]\nencrypt_to = [\"age1x\",\n  \"AGE-SECRET-KEY-1QQQ\"]\n", "c.toml:3:3: backup.encrypt_to has a private key in it"},
		{"recipient that is none", "[backup]\nencrypt_to = [\"bob\"]\n", "c.toml:2:15: backup.encrypt_to has something in it"},
		{"recipient that is no text", "[backup]\nencrypt_to = [\"age1x\", 7]\n", "c.toml:2:24: backup.encrypt_to is a list of recipients, not a number"},
		{"recipient that is a list", "[backup]\nencrypt_to = [\"age1x\", [\"age1y\"]]\n", "c.toml:2:14: backup.encrypt_to is a list of recipients, not a list"},
		{"recipients alone", "[backup]\nencrypt_to = \"age1x\"\n", "c.toml:2:14: backup.encrypt_to is a list of recipients, not a text"},
		{"recipients without any", "[backup]\nencrypt_to = []\n", "c.toml:2:14: backup.encrypt_to is empty"},

		{"theme", "[ui]\ntheme = \"neon\"\n", `c.toml:2:9: ui.theme is auto, light, dark, high-contrast or mono, not "neon"`},
		{"truth as a text", "[ui]\nreduced_motion = \"yes\"\n", "c.toml:2:18: ui.reduced_motion is true or false, not a text"},
		{"zone", "[ui]\ntime_zone = \"Mars/Olympus\"\n", `c.toml:2:13: ui.time_zone is local, UTC or a name such as Europe/Berlin, not "Mars/Olympus"`},
		{"zone that leaves the folder", "[ui]\ntime_zone = \"../../etc/passwd\"\n", "c.toml:2:13: ui.time_zone is local, UTC"},
		{"zone that is a date", "[ui]\ntime_zone = 2026-01-01\n", "c.toml:2:13: ui.time_zone is the name of a time zone, not a date or a time"},

		{"action", "[keys]\nQuit = \"q\"\n", "c.toml:2:1: keys.Quit is no name of an action"},
		{"key", "[keys]\nquit = 1\n", "c.toml:2:8: keys.quit is a key such as \"ctrl+r\", or a list of them, not a number"},
		{"keys without any", "[keys]\nquit = []\n", "c.toml:2:8: keys.quit is empty"},
		{"keys, one of them empty", "[keys]\nquit = [\"q\", \"\"]\n", "c.toml:2:14: keys.quit is empty"},

		{"hook without a word", "[hooks]\non_success = []\n", "c.toml:2:14: hooks.on_success names no command"},
		{"hook of an empty word", "[hooks]\non_success = [\"\"]\n", "c.toml:2:15: hooks.on_success names no command"},
		{"hook with a number", "[hooks]\non_success = [\"a\", 1]\n", "c.toml:2:20: hooks.on_success is a list of a command's words, or an https:// address, not a number"},
		{"hook over http", "[hooks]\non_failure = \"http://c.example/uuid\"\n", "c.toml:2:14: hooks.on_failure is a list of a command's words, or an https:// address"},
		{"hook as a line", "[hooks]\non_failure = \"mail me\"\n", "c.toml:2:14: hooks.on_failure is a list of a command's words, or an https:// address"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := refused(t, tc.content).Error()
			if !strings.HasPrefix(got, tc.want) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			for _, secret := range []string{"hunter2", "dk_live", "QQQ", "uuid"} {
				if strings.Contains(got, secret) {
					t.Errorf("it tells a secret: %s", got)
				}
			}
		})
	}
}

func TestProblemsAreAllToldButNotWithoutEnd(t *testing.T) {
	t.Parallel()
	var content strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&content, "nothing%d = 1\n", i)
	}
	inline := "ui = {" + strings.ReplaceAll(content.String(), "\n", ", ") + "mouse = true }"
	for _, content := range []string{content.String(), inline} {
		wrong := refused(t, content)
		if wrong.Line != 1 || len(wrong.Others) != 9 || !strings.HasSuffix(wrong.Others[8].Key, "nothing9") {
			t.Errorf("got line %d and %d others", wrong.Line, len(wrong.Others))
		}
	}
}

func TestAFileOfTooManySettingsIsNotGoneThrough(t *testing.T) {
	t.Parallel()
	var lines, inline strings.Builder
	for i := range 10_001 {
		fmt.Fprintf(&lines, "a%d = 'q'\n", i)
		fmt.Fprintf(&inline, "a%d = 'q', ", i)
	}
	for _, content := range []string{
		"[keys]\n" + lines.String(), "keys = { " + inline.String() + "z = 'q' }", "x = [{ " + inline.String() + "z = 'q' }]",
		strings.Repeat("[ui]\n", 10_001), strings.Repeat("a.", 10_001) + "b = 1", "[" + strings.Repeat("a.", 10_001) + "b]",
	} {
		if wrong := refused(t, content); wrong.Reason != "it has more than 10000 settings" || wrong.Line != 0 {
			t.Errorf("got %v", wrong)
		}
	}
}

// TestAFileThatIsMadeToHurt: whatever a megabyte can be, it is one sentence with
// a place, and soon.
func TestAFileThatIsMadeToHurt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ content, want string }{
		"lists in lists":    {"x = " + strings.Repeat("[", 1<<19) + strings.Repeat("]", 1<<19-10), "c.toml:1:10005: it is not TOML: "},
		"lists without end": {"x = " + strings.Repeat("[", 1<<20-10), "c.toml:1:10005: it is not TOML: "},
		"tables in tables":  {"x = " + strings.Repeat("{a=", 1<<18), "c.toml:1:30005: it is not TOML: "},
		"one long name":     {strings.Repeat("a", 1<<20-10) + " = 1", "c.toml:1:1: \""},
		"one long text":     {"[ui]\ntheme = \"" + strings.Repeat("a", 1<<20-30) + "\"", "c.toml:2:9: ui.theme is too long"},
		"one long number":   {"[transfer]\nconnections = " + strings.Repeat("9", 1<<20-40), "c.toml:2:15: "},
		"blank lines":       {strings.Repeat("\n", 1<<20-10) + "x = 1", "c.toml:1048567:1: x is no setting"},
		"no lines":          {strings.Repeat("\x00", 1<<20), "c.toml:1:1: it is not TOML: "},
		"ten megabytes":     {strings.Repeat("# x\n", 10<<18), "c.toml: it is larger than 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := refused(t, tc.content).Error()
			if !strings.HasPrefix(got, tc.want) || len(got) > 400 {
				t.Errorf("got %.300q, want %q", got, tc.want)
			}
		})
	}
}

func TestWhatAFileMayLookLike(t *testing.T) {
	t.Parallel()
	const plain = "[transfer]\nconnections = 7\n"
	for _, tc := range []struct{ name, content string }{
		{"plain", plain},
		{"with a byte order mark", "\ufeff" + plain},
		{"CRLF", strings.ReplaceAll(plain, "\n", "\r\n")},
		{"no line break at the end", strings.TrimSpace(plain)},
		{"inline", "transfer = { connections = 7 }"},
		{"dotted", "transfer.connections = 7"},
		{"quoted", "[\"transfer\"]\n'connections' = 7"},
		{"written otherwise", "[ transfer ]\n\tconnections = 0x7 # seven"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s, err := config.Load(config.Flags{}, env(), parse(t, tc.content))
			if err != nil {
				t.Fatal(err)
			}
			if s.Connections.Int() != 7 || s.Connections.Origin != config.FromFile {
				t.Errorf("got %+v", s.Connections)
			}
		})
	}
}

func TestAProblemBehindAByteOrderMarkKeepsItsColumn(t *testing.T) {
	t.Parallel()
	if wrong := refused(t, "\ufeffx = 1\n"); wrong.Line != 1 || wrong.Column != 1 {
		t.Errorf("got %d:%d, want 1:1", wrong.Line, wrong.Column)
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestReadFileLooksWhereItIsTold(t *testing.T) {
	t.Parallel()
	home, other := t.TempDir(), filepath.Join(t.TempDir(), "other.toml")
	usual := filepath.Join(home, "dashtray-tui", "config.toml")
	writeFile(t, usual, "[ui]\ntheme = \"dark\"\n")
	writeFile(t, other, "[ui]\ntheme = \"mono\"\n")
	for _, tc := range []struct {
		name        string
		env         config.Lookup
		path, theme string
	}{
		{"the folder of settings", env("XDG_CONFIG_HOME="+home, "HOME="+home), usual, "dark"},
		{"DASHTRAY_CONFIG", env("XDG_CONFIG_HOME="+home, "HOME="+home, "DASHTRAY_CONFIG="+other), other, "mono"},
		{"an empty DASHTRAY_CONFIG", env("XDG_CONFIG_HOME="+home, "HOME="+home, "DASHTRAY_CONFIG="), usual, "dark"},
		{"DASHTRAY_CONFIG names nothing on purpose", env("DASHTRAY_CONFIG=" + os.DevNull), os.DevNull, "auto"},
		{"no file", env("HOME=" + t.TempDir() + "/none"), "", "auto"},
		{"no home", env(), "", "auto"},
	} {
		f, err := config.ReadFile("linux", tc.env)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		s, err := config.Load(config.Flags{}, tc.env, f)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if s.Theme.Value != tc.theme || tc.path != "" && f.Path != tc.path {
			t.Errorf("%s: got %q of %q, want %q of %q", tc.name, s.Theme.Value, f.Path, tc.theme, tc.path)
		}
	}
}

func TestReadFileRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := filepath.Join(dir, "large.toml")
	writeFile(t, large, strings.Repeat("# much\n", 1<<18))
	for _, tc := range []struct {
		name, path, reason string
		is                 error
	}{
		{"a file that is missing", filepath.Join(dir, "none.toml"), "there is no such file, but DASHTRAY_CONFIG names it", fs.ErrNotExist},
		{"a folder", dir, "it is a folder", nil},
		{"what is too large", large, "it is larger than 1048576 bytes", nil},
		{"a device without an end", "/dev/zero", "it is not a regular file", nil},
	} {
		if runtime.GOOS == "windows" && strings.HasPrefix(tc.path, "/dev/") {
			continue
		}
		_, err := config.ReadFile(runtime.GOOS, env("DASHTRAY_CONFIG="+tc.path))
		var wrong *config.FileError
		if !errors.As(err, &wrong) || wrong.Path != tc.path || wrong.Reason != tc.reason || wrong.Line != 0 {
			t.Errorf("%s: got %v", tc.name, err)
		}
		if tc.is != nil && !errors.Is(err, tc.is) {
			t.Errorf("%s: %v is not %v", tc.name, err, tc.is)
		}
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{
		"1": 1, "500K": 500 << 10, "5m": 5 << 20, "1G": 1 << 30, "1000": 1000, "8589934591G": 8589934591 << 30,
	} {
		got, ok := config.ParseRate(in)
		if !ok || got != want {
			t.Errorf("%q: got %d, %v", in, got, ok)
		}
		if back, ok := config.ParseRate(config.FormatRate(got)); !ok || back != want {
			t.Errorf("%q: written %q, read as %d", in, config.FormatRate(got), back)
		}
	}
	for _, in := range []string{"", "0", "K", "-1", "1.5M", "5MB", "8589934592G", "99999999999999999999", " 5M", "5 M", "+5"} {
		if n, ok := config.ParseRate(in); ok {
			t.Errorf("%q is read as %d", in, n)
		}
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	local := time.FixedZone("here", 3600)
	for value, want := range map[string]string{"local": "here", "UTC": "UTC", "Europe/Berlin": "Europe/Berlin", "No/Where": "here"} {
		if got := (config.Setting{Value: value}).Location(local).String(); got != want {
			t.Errorf("%s: got %s, want %s", value, got, want)
		}
	}
}
