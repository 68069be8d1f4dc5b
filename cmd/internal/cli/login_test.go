package cli

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	_ "modernc.org/sqlite" // the driver, to make a history of a later version

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// At a terminal the key is asked for, and never shown.
func TestLoginAtATerminal(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	for _, tc := range []struct {
		name, typed string
		err         error
		exit        int
		want        string
	}{
		{"a key", "Bearer " + keys.Owner + "\r", nil, 0, ""},
		{"nothing", "", nil, 3, "No API key came from the prompt: there is no key in it.\nRun the command again, "},
		{"two words", "dk one dk two", nil, 3, "No API key came from the prompt: what it holds is not a key.\nRun the command again, "},
		{"refused", "dk_wrong_key_of_nobody", nil, 3, "refused the API key"},
		{"no more input", "", errors.New("the terminal is gone"), 1, "the terminal is gone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "DASHTRAY_API_URL="+url)
			w.streams.InTerminal = true
			w.streams.ReadHidden = func(context.Context) (string, error) { return tc.typed, tc.err }
			if code := w.run("auth", "login", "--store", "file"); code != tc.exit {
				t.Errorf("exit code %d, want %d: %s", code, tc.exit, w.err.String())
			}
			if said := w.err.String(); !strings.HasPrefix(said, "API key (it is not shown): \n") || !strings.Contains(said, tc.want) {
				t.Errorf("standard error %q", said)
			}
			if strings.Contains(w.out.String()+w.err.String(), strings.TrimSpace(tc.typed)) && tc.typed != "" {
				t.Error("the key is shown")
			}
		})
	}
}

// Whoever leaves the prompt by ctrl+c is not told that something was kept, nor
// that a login goes on where it stopped; a pipe that stays open holds nobody.
func TestLoginIsInterrupted(t *testing.T) {
	t.Parallel()
	for name, terminal := range map[string]bool{"at the prompt": true, "at a pipe": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "DASHTRAY_API_URL=http://127.0.0.1:1")
			caught := make(chan os.Signal, 1)
			w.streams.Signals = func() (<-chan os.Signal, func()) { return caught, func() {} }
			w.streams.InTerminal = terminal
			w.streams.ReadHidden = func(ctx context.Context) (string, error) {
				caught <- syscall.SIGTERM
				<-ctx.Done()
				return "", context.Cause(ctx)
			}
			pipe, open := io.Pipe()
			defer func() { _ = open.Close() }()
			w.streams.In = readerFunc(func(b []byte) (int, error) {
				caught <- syscall.SIGTERM
				return pipe.Read(b)
			})
			if code := w.run("auth", "login", "--store", "file"); code != 143 {
				t.Errorf("exit code %d, want 143", code)
			}
			if said := w.err.String(); !strings.Contains(said, "Interrupted: no key was stored.") || strings.Contains(said, "goes on where") {
				t.Errorf("standard error %q", said)
			}
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// No keyring and no choice: nothing is stored, nobody types a key in vain, and
// the choices are named.
func TestLoginWithoutAKeyring(t *testing.T) {
	t.Parallel()
	url, _ := api(t)
	w := newWorld(t, "DASHTRAY_API_URL="+url, "DBUS_SESSION_BUS_ADDRESS=unix:path=/no/such/bus")
	w.streams.InTerminal = true
	w.streams.ReadHidden = func(context.Context) (string, error) {
		t.Error("the key was asked for")
		return "", nil
	}
	if code := w.run("auth", "login", "--json"); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	f := w.failure(t)
	for _, want := range []string{"--store file", "Plain text", "DASHTRAY_API_KEY_FILE"} {
		if !strings.Contains(strings.ToLower(f.Error.Hint), strings.ToLower(want)) {
			t.Errorf("the hint %q lacks %q", f.Error.Hint, want)
		}
	}
	if strings.Count(f.Error.Message+f.Error.Hint, "auth login --store file") != 1 {
		t.Errorf("it says so more than once: %q %q", f.Error.Message, f.Error.Hint)
	}
}

func TestLoginWithoutAPlaceForFiles(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	w := newWorld(t, "DASHTRAY_API_URL="+url, "HOME=", "XDG_STATE_HOME=")
	w.streams.In = strings.NewReader(keys.Owner)
	if code := w.run("auth", "login", "--store", "file", "--json"); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if f := w.failure(t); !strings.Contains(f.Error.Message, "XDG_CONFIG_HOME") {
		t.Errorf("document %+v", f)
	}
}

// A server that nobody vouches for gets no key, and nothing is stored for it.
func TestLoginOffline(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	w := newWorld(t, "DASHTRAY_API_URL="+strings.Replace(url, "http://", "https://", 1))
	w.streams.In = strings.NewReader(keys.Owner)
	if code := w.run("auth", "login", "--store", "file", "--json"); code != 1 {
		t.Errorf("exit code %d, want 1: %s", code, w.out.String())
	}
	if f := w.failure(t); f.Error.Code != "network" {
		t.Errorf("document %+v", f)
	}
	home, _ := w.streams.Env("HOME")
	if stored, err := filepath.Glob(filepath.Join(home, ".config", "dashtray-tui", "*", "*")); err != nil || len(stored) > 0 {
		t.Errorf("stored: %q, %v", stored, err)
	}
}

// A history of a later version stays as it is, is told, and is in nobody's way.
func TestHistoryOfALaterVersion(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	state := t.TempDir()
	path := filepath.Join(state, "dashtray-tui", "history.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE later (x); PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"history", "--json"}, {"export", "--detach"}} {
		w := newWorld(t, "DASHTRAY_API_URL="+url, "DASHTRAY_API_KEY="+keys.Owner, "XDG_STATE_HOME="+state)
		if code := w.run(args...); code != 0 {
			t.Errorf("%q: exit code %d", args, code)
		}
		if said := w.err.String(); !strings.Contains(said, "newer version of this program") || !strings.Contains(said, "update the program") {
			t.Errorf("%q: standard error %q", args, said)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed (%v)", err)
	}
}

// A profile that is made anew under an old name has nothing of the old one: not
// its open connection, and not its key.
func TestAProfileMadeAnewIsAnother(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	w := newWorld(t)
	a := &app{Streams: w.streams}
	if err := a.setUp(a.rootCommand(), nil); err != nil {
		t.Fatal(err)
	}
	open := newAccounts(a)
	defer func() {
		if err := open.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := t.Context()
	if err := open.Add(ctx, "work", url); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Keep(ctx, "work", "file", client.NewKey(keys.Owner)); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Open(ctx, "work", func(string) {}); err != nil {
		t.Fatal(err)
	}
	if err := open.Remove(ctx, "work"); err != nil {
		t.Fatal(err)
	}
	if err := open.Add(ctx, "work", url); err != nil {
		t.Fatal(err)
	}
	if acc, err := open.Open(ctx, "work", func(string) {}); err == nil {
		t.Errorf("it is open with the key from %s", acc.KeyFrom)
	}
}

// In a console that was started with --demo, "p" must not come to the person's
// own profiles: "x" there took a real profile and its stored key away.
func TestTheDemoLeavesRealProfilesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home, _ := w.streams.Env("HOME")
	path := filepath.Join(home, ".config", "dashtray-tui", "config.toml")
	const before = "[profiles.work]\n"
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(before), 0o600)); err != nil {
		t.Fatal(err)
	}
	a := &app{Streams: w.streams}
	root := a.rootCommand()
	if err := root.ParseFlags([]string{"--demo"}); err != nil {
		t.Fatal(err)
	}
	if err := a.setUp(root, nil); err != nil {
		t.Fatal(err)
	}
	open, ctx := newAccounts(a), t.Context()
	for name, do := range map[string]func() error{
		"list":   func() error { _, err := open.Profiles(ctx); return err },
		"add":    func() error { return open.Add(ctx, "other", "") },
		"use":    func() error { return open.Use(ctx, "work") },
		"remove": func() error { return open.Remove(ctx, "work") },
		"check":  func() error { _, err := open.Check(ctx, "work", client.NewKey("dk_x")); return err },
		"keep":   func() error { _, err := open.Keep(ctx, "work", "file", client.NewKey("dk_x")); return err },
	} {
		if m := message.Of(do()); m.Code != message.Usage || !strings.Contains(m.Hint, "without --demo") {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if code := w.run("profile", "remove", "work", "--demo"); code != 2 {
		t.Errorf("the command: exit code %d, want 2", code)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != before {
		t.Errorf("the settings are %q, were %q, %v", after, before, err)
	}
}

// The list of profiles tells where the key of each is: of the one that the
// program was started with it goes by the address of this run.
func TestProfilesTellWhereTheirKeysAre(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	w := newWorld(t, "DASHTRAY_API_URL="+url)
	a := &app{Streams: w.streams}
	if err := a.setUp(a.rootCommand(), nil); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	list := func(open *accounts, want map[string][2]string) {
		t.Helper()
		profiles, err := open.Profiles(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string][2]string{}
		for _, p := range profiles {
			got[p.Name] = [2]string{p.APIURL, p.Key}
		}
		if !maps.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	open := newAccounts(a)
	list(open, map[string][2]string{"default": {url, ""}})
	if _, err := open.Keep(ctx, "", "file", client.NewKey(keys.Owner)); err != nil {
		t.Fatal(err)
	}
	if err := open.Add(ctx, "work", url); err != nil {
		t.Fatal(err)
	}
	if _, err := open.Keep(ctx, "work", "", client.NewKey(keys.Owner)); err != nil {
		t.Fatal(err)
	}
	list(open, map[string][2]string{"default": {url, "key file"}, "work": {url, "this session"}})
	if err := open.Close(); err != nil {
		t.Error(err)
	}
	again := newAccounts(a) // nothing is open, but the file is there
	list(again, map[string][2]string{"default": {url, "key file"}, "work": {url, ""}})
}

// The API answers with another server's address: the key stays here.
func TestARedirectGetsNoKey(t *testing.T) {
	t.Parallel()
	other, asked := watched(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{"id": "p", "name": "Stolen"}})
	}))
	url, _ := watched(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	for _, args := range [][]string{{"auth", "status"}, {"history"}, {"export", "--detach"}} {
		w := newWorld(t, "DASHTRAY_API_URL="+url, "DASHTRAY_API_KEY=dk_0123456789abcdefghij")
		w.run(args...)
		if _, keyed := asked.asked(); len(keyed) > 0 {
			t.Errorf("%q: the key was sent: %q", args, keyed)
		}
	}
}
