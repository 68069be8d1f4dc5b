package config_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/gofrs/flock"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config"
)

func contentOf(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func settingsFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	writeFile(t, path, content)
	return path
}

type change func(ctx context.Context, path string) error

func add(name, url string) change {
	return func(ctx context.Context, path string) error { return config.AddProfile(ctx, path, name, url) }
}

func use(name string) change {
	return func(ctx context.Context, path string) error { return config.UseProfile(ctx, path, name) }
}

func remove(name string) change {
	return func(ctx context.Context, path string) error { return config.RemoveProfile(ctx, path, name) }
}

// onlyFile fails if the change left anything beside the file: a lock, a
// temporary file.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		locked := runtime.GOOS == "windows" && strings.HasSuffix(e.Name(), ".lock")
		if e.Name() != filepath.Base(path) && !locked {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestChangesKeepTheRest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, before string
		change       change
		after        string
	}{
		{"add to nothing", "", add("work", ""), "[profiles.work]\n"},
		{"add with an address", "# mine\n", add("work", " https://a.example/x "), "# mine\n\n[profiles.work]\napi_url = \"https://a.example/x\"\n"},
		{"add behind a last line without its end", "[ui]\nmouse = true # yes", add("w", ""), "[ui]\nmouse = true # yes\n\n[profiles.w]\n"},
		{"add to CRLF", "[ui]\r\nmouse = true\r\n", add("w", "https://a.example"), "[ui]\r\nmouse = true\r\n\r\n[profiles.w]\r\napi_url = \"https://a.example\"\r\n"},
		{"add behind a byte order mark", "\ufeff", add("w", ""), "\ufeff[profiles.w]\n"},
		{"add beside dotted ones", "profiles.a.api_url = 'https://a.example'\n", add("b", ""), "profiles.a.api_url = 'https://a.example'\n\n[profiles.b]\n"},
		{"add beside inline ones", "[profiles]\na = {}\n", add("b", ""), "[profiles]\na = {}\n\n[profiles.b]\n"},

		{"use first", "[profiles.w]\n", use("w"), "default_profile = \"w\"\n\n[profiles.w]\n"},
		{"use, below what is said of the file", "# My settings.\n\n# the client's\n[profiles.w]\n", use("w"), "# My settings.\n\ndefault_profile = \"w\"\n\n# the client's\n[profiles.w]\n"},
		{"use, beside another setting", "profiles.w = {}\n[ui]\n", use("w"), "default_profile = \"w\"\nprofiles.w = {}\n[ui]\n"},
		{"use another", "default_profile   =  'a'   # for now\n[profiles.a]\n[profiles.b]\n", use("b"), "default_profile   =  \"b\"   # for now\n[profiles.a]\n[profiles.b]\n"},
		{"use another, written over lines", "default_profile = \"\"\"\\\n  a\"\"\"\n[profiles.a]\n[profiles.b]\n", use("b"), "default_profile = \"b\"\n[profiles.a]\n[profiles.b]\n"},
		{"use the same", "default_profile = 'a'\n[profiles.a]\n", use("a"), "default_profile = 'a'\n[profiles.a]\n"},
		{"use default, which always is", "# only words", use("default"), "# only words\ndefault_profile = \"default\"\n"},
		{"use behind a byte order mark", "\ufeff[profiles.w]\r\n", use("w"), "\ufeffdefault_profile = \"w\"\r\n\r\n[profiles.w]\r\n"},

		{"remove", "[ui]\nmouse = true\n\n[profiles.w] # work\n# the key\nkey_command = \"pass\"\n\n[transfer]\n", remove("w"), "[ui]\nmouse = true\n\n[transfer]\n"},
		{"remove the only one", "[profiles.w]\n", remove("w"), ""},
		{"remove, keep what is said around it", "# above\n[profiles.w]\napi_url = 'https://a.example'\n# below\n", remove("w"), "# above\n# below\n"},
		{"remove, its neighbours' names begin alike", "[profiles.w]\n[profiles.ww]\n[profiles.w-w]\n", remove("w"), "[profiles.ww]\n[profiles.w-w]\n"},
		{"remove what is quoted", "[\"profiles\" . 'w']\n\"key_command\" = \"\"\"\\\n\na\"\"\" # a\n", remove("w"), ""},
		{"remove dotted ones", "profiles.w.api_url = 'https://a.example'\ndefault_profile = 'x'\nprofiles.w.key_command = 'k'\n[profiles.x]\n", remove("w"), "default_profile = 'x'\n[profiles.x]\n"},
		{"remove one in a table", "[profiles]\nw.api_url = 'https://a.example' # a\nx = {}\nw.key_command = 'k'\n", remove("w"), "[profiles]\nx = {}\n"},
		{"remove one inline", "[profiles]\nw = { key_command = \"k\" }\nx = {}\n", remove("w"), "[profiles]\nx = {}\n"},
		{"remove the default one", "default_profile = \"w\"\n\n[profiles.w]\n\n[ui]\nmouse = true\n", remove("w"), "[ui]\nmouse = true\n"},
		{"remove another than the default one", "default_profile = \"x\"\n[profiles.w]\n[profiles.x]\n", remove("w"), "default_profile = \"x\"\n[profiles.x]\n"},
		{"remove from CRLF", "[ui]\r\n\r\n[profiles.w]\r\nkey_command = 'k'\r\n", remove("w"), "[ui]\r\n"},
		{"remove the last line without its end", "[ui]\n[profiles.w]", remove("w"), "[ui]\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := settingsFile(t, tc.before)
			if err := tc.change(t.Context(), path); err != nil {
				t.Fatal(err)
			}
			if got := contentOf(t, path); got != tc.after {
				t.Errorf("got  %q\nwant %q", got, tc.after)
			}
			onlyFile(t, path)
		})
	}
}

func TestChangesThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, before string
		change       change
		is           error
	}{
		{"add twice", "[profiles.w]\n", add("w", ""), config.ErrProfileExists},
		{"add a name with a slash", "", add("a/b", ""), config.ErrProfileName},
		{"add no name", "", add("", ""), config.ErrProfileName},
		{"add a name with a line break", "", add("a]\nb", ""), config.ErrProfileName},
		{"add an address without TLS", "", add("w", "http://a.example"), client.ErrInsecure},
		{"add an address with a line break", "", add("w", "https://a.example/\"\nx = 1"), client.ErrInsecure},
		{"use one that is not there", "[profiles.w]\n", use("x"), config.ErrNoProfile},
		{"remove one that is not there", "[profiles.w]\n", remove("x"), config.ErrNoProfile},
		{"remove default, which is not there", "[profiles.w]\n", remove("default"), config.ErrNoProfile},
		{"a file that is wrong already", "nothing = 1\n", add("w", ""), errFile},
		{"all profiles in one value", "profiles = { a = {} }\n", add("w", ""), errFile},
		{"all profiles in one value, remove", "profiles = { a = {} }\n", remove("a"), errFile},
		{"a file that would get too large", "#" + strings.Repeat("x", 1<<20-3) + "\n", add("w", ""), errFile},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := settingsFile(t, tc.before)
			err := tc.change(t.Context(), path)
			var file *config.FileError
			if !errors.Is(err, tc.is) && (!errors.Is(tc.is, errFile) || !errors.As(err, &file)) {
				t.Errorf("got %v, want %v", err, tc.is)
			}
			if got := contentOf(t, path); got != tc.before {
				t.Errorf("the file has changed to %q", got)
			}
			onlyFile(t, path)
		})
	}
}

var errFile = errors.New("a *config.FileError")

func TestAFileThatIsMissingIsMadeForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "config.toml")
	for _, c := range []change{use("x"), remove("x"), add("../x", "")} {
		if err := c(t.Context(), path); err == nil {
			t.Fatal("it worked without a file")
		}
	}
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what failed has made a folder: %v", err)
	}
	if err := config.AddProfile(t.Context(), path, "w", ""); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		return // there the modes say nothing
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, dir: 0o700 | fs.ModeDir} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestTheModeStays(t *testing.T) {
	t.Parallel()
	path := settingsFile(t, "")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := config.AddProfile(t.Context(), path, "w", ""); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestAReadOnlyFileIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := settingsFile(t, "# made by a tool\n")
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(path, 0o600) }) // Windows removes no read-only file
	var wrong *config.FileError
	if err := config.AddProfile(t.Context(), path, "w", ""); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v, want a *config.FileError", err)
	}
	if got := contentOf(t, path); got != "# made by a tool\n" {
		t.Errorf("the file has %q", got)
	}
	onlyFile(t, path)
}

func TestALinkOfDotfilesStaysALink(t *testing.T) {
	t.Parallel()
	for _, there := range []bool{true, false} {
		home, dotfiles := t.TempDir(), t.TempDir()
		target, link := filepath.Join(dotfiles, "dashtray.toml"), filepath.Join(home, "config.toml")
		if there {
			writeFile(t, target, "# dotfile\n")
		}
		middle := filepath.Join(home, "middle")
		if err := errors.Join(os.Symlink(target, middle), os.Symlink("middle", link)); err != nil {
			t.Skip(err)
		}
		if err := config.AddProfile(t.Context(), link, "w", ""); err != nil {
			t.Fatal(err)
		}
		if to, err := os.Readlink(link); err != nil || to != "middle" {
			t.Errorf("the link is now %q, %v", to, err)
		}
		if got := contentOf(t, target); !strings.HasSuffix(got, "[profiles.w]\n") || there && !strings.HasPrefix(got, "# dotfile\n") {
			t.Errorf("the file has %q", got)
		}
		onlyFile(t, target)
	}
}

func TestWhatIsNoFileIsNotReplaced(t *testing.T) {
	t.Parallel()
	if err := config.AddProfile(t.Context(), "", "w", ""); !errors.Is(err, config.ErrNoHome) {
		t.Errorf("no path: got %v, want ErrNoHome", err)
	}
	paths := []string{t.TempDir()}
	if os.Geteuid() > 0 { // root would lose the device, if this went wrong
		paths = append(paths, os.DevNull)
	}
	for _, path := range paths {
		var wrong *config.FileError
		if err := config.AddProfile(t.Context(), path, "w", ""); !errors.As(err, &wrong) {
			t.Errorf("%s: got %v, want a *config.FileError", path, err)
		}
	}
}

func TestALinkToItselfEnds(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "config.toml")
	if err := os.Symlink("config.toml", link); err != nil {
		t.Skip(err)
	}
	if err := config.AddProfile(t.Context(), link, "w", ""); err == nil {
		t.Error("it worked")
	}
}

func TestManyChangesAtOnceLoseNothing(t *testing.T) {
	t.Parallel()
	path := settingsFile(t, "# mine\n[profiles.gone]\n")
	const many = 16
	errs := make([]error, many+1)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() { errs[i] = config.AddProfile(t.Context(), path, fmt.Sprintf("p%02d", i), "") })
	}
	wg.Go(func() { errs[many] = config.RemoveProfile(t.Context(), path, "gone") })
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parse(t, contentOf(t, path)).Profiles() {
		names = append(names, p.Name)
	}
	var want []string
	for i := range many {
		want = append(want, fmt.Sprintf("p%02d", i))
	}
	if !slices.Equal(names, want) {
		t.Errorf("got %v", names)
	}
	if !strings.HasPrefix(contentOf(t, path), "# mine\n") {
		t.Errorf("the comment is gone: %q", contentOf(t, path))
	}
	onlyFile(t, path)
}

func TestALockThatIsNeverLeftIsGivenUp(t *testing.T) {
	t.Parallel()
	path := settingsFile(t, "")
	other := flock.New(filepath.Join(filepath.Dir(path), ".config.toml.lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	synctest.Test(t, func(t *testing.T) {
		if err := config.AddProfile(t.Context(), path, "w", ""); !errors.Is(err, config.ErrFileBusy) {
			t.Errorf("got %v, want ErrFileBusy", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := config.AddProfile(ctx, path, "w", ""); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
	if got := contentOf(t, path); got != "" {
		t.Errorf("it wrote %q", got)
	}
}

func TestAFolderThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	path := settingsFile(t, "# mine\n")
	below := filepath.Join(path, "config.toml") // below a file nothing can be made, not even by root
	if err := config.AddProfile(t.Context(), below, "w", ""); err == nil {
		t.Error("it worked below a file")
	}
	if os.Geteuid() <= 0 {
		t.Skip("for root and on Windows no folder is read-only")
	}
	if err := os.Chmod(filepath.Dir(path), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
	if err := config.AddProfile(t.Context(), path, "w", ""); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v, want fs.ErrPermission", err)
	}
	if got := contentOf(t, path); got != "# mine\n" {
		t.Errorf("the file has %q", got)
	}
}
