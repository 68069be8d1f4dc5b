package secret_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
)

// TestMain makes the test binary its own key command: with KEYCOMMAND set it
// does what that says.
func TestMain(m *testing.M) {
	if do := os.Getenv("KEYCOMMAND"); do != "" {
		os.Exit(keyCommand(do))
	}
	os.Exit(m.Run())
}

func keyCommand(do string) int {
	if code, ok := strings.CutPrefix(do, "exit "); ok {
		n, err := strconv.Atoi(code)
		if err != nil {
			return 255
		}
		return n
	}
	if address, ok := strings.CutPrefix(do, "hold "); ok { // until the test is over
		if conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", address); err == nil {
			_, _ = io.Copy(io.Discard, conn)
		}
		return 0
	}
	switch do {
	case "print":
		fmt.Println(os.Args[len(os.Args)-1])
		fmt.Println("second line")
	case "leave a child":
		// It holds both pipes open, as an agent or a shared ssh connection does.
		child := exec.CommandContext(context.Background(), os.Args[0])
		child.Env = append(os.Environ(), "KEYCOMMAND=hold "+os.Args[len(os.Args)-1])
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if child.Start() != nil {
			return 1
		}
		fmt.Println("dk_from_the_parent")
	case "complain":
		fmt.Fprintln(os.Stderr, "the vault is locked")
		return 3
	case "flood":
		line := strings.Repeat("x", 1<<16)
		for range 1 << 10 {
			if _, err := fmt.Println(line); err != nil {
				return 1
			}
		}
	}
	return 0
}

func env(vars map[string]string) config.Lookup {
	return func(name string) (string, bool) {
		v, ok := vars[name]
		return v, ok
	}
}

func write(t *testing.T, mode os.FileMode, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func options(vars map[string]string, profile string) secret.Options {
	return secret.Options{
		Env:     env(vars),
		Account: secret.Account{Profile: profile, Origin: "https://api.dashtray.test"},
	}
}

func find(vars map[string]string, profile string) (secret.Found, error) {
	return secret.Find(context.Background(), secret.Places(options(vars, profile))...)
}

func TestTheFirstPlaceThatIsSetWins(t *testing.T) {
	t.Setenv("KEYCOMMAND", "print")
	self := os.Args[0]
	file := write(t, 0o600, "  Bearer dk_file\n")
	credentials := t.TempDir()
	for name, key := range map[string]string{"dashtray-api-key": "dk_any", "dashtray-api-key-work": "dk_work"} {
		if err := os.WriteFile(filepath.Join(credentials, name), []byte(key+"\n"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]string{
		secret.EnvKey: " dk_variable ", secret.EnvKeyFile: file,
		secret.EnvKeyCommand: "'" + self + "' 'dk_command'", secret.EnvCredentials: credentials,
	}
	without := func(names ...string) map[string]string {
		rest := map[string]string{}
		for k, v := range all {
			rest[k] = v
		}
		for _, n := range names {
			rest[n] = ""
		}
		return rest
	}
	for _, tc := range []struct {
		name, profile string
		vars          map[string]string
		want          string
	}{
		{"variable", "default", all, "dk_variable"},
		{"file", "default", without(secret.EnvKey), "dk_file"},
		{"command", "default", without(secret.EnvKey, secret.EnvKeyFile), "dk_command"},
		{"credential of the profile", "work", without(secret.EnvKey, secret.EnvKeyFile, secret.EnvKeyCommand), "dk_work"},
		{"credential of any profile", "default", without(secret.EnvKey, secret.EnvKeyFile, secret.EnvKeyCommand), "dk_any"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := find(tc.vars, tc.profile)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Key.Equal(client.NewKey(tc.want)) {
				t.Errorf("it is another key than %s, from %s", tc.want, got.Place)
			}
		})
	}
}

func TestNothingAfterTheFirstPlaceIsTouched(t *testing.T) {
	t.Parallel()
	_, err := find(map[string]string{
		secret.EnvKey:        "dk_variable",
		secret.EnvKeyFile:    filepath.Join(t.TempDir(), "absent"),
		secret.EnvKeyCommand: "no-such-command-anywhere",
	}, "default")
	if err != nil {
		t.Errorf("a later place was touched: %v", err)
	}
}

func TestNoPlaceIsSet(t *testing.T) {
	t.Parallel()
	for name, vars := range map[string]map[string]string{
		"nothing":                     nil,
		"empty variables":             {secret.EnvKey: "", secret.EnvKeyFile: "", secret.EnvKeyCommand: ""},
		"no credential in the folder": {secret.EnvCredentials: t.TempDir()},
	} {
		if _, err := find(vars, "default"); !errors.Is(err, secret.ErrNoKey) {
			t.Errorf("%s: got %v, want ErrNoKey", name, err)
		}
	}
}

func TestAPlaceWithoutAUsableKeyIsAnError(t *testing.T) {
	t.Setenv("KEYCOMMAND", "complain")
	self := "'" + os.Args[0] + "'"
	for _, tc := range []struct {
		name string
		vars map[string]string
		want error // nil: any
	}{
		{"white space", map[string]string{secret.EnvKey: " \t "}, secret.ErrEmpty},
		{"nothing after Bearer", map[string]string{secret.EnvKey: "Bearer  "}, nil},
		{"a line break inside", map[string]string{secret.EnvKey: "dk_a\ndk_b"}, secret.ErrMalformed},
		{"an escape sequence", map[string]string{secret.EnvKey: "dk_\x1b[31m"}, secret.ErrMalformed},
		{"no ASCII", map[string]string{secret.EnvKey: "dk_ключ"}, secret.ErrMalformed},
		{"no UTF-8", map[string]string{secret.EnvKey: "dk_\xff"}, secret.ErrMalformed},
		{"too long", map[string]string{secret.EnvKey: strings.Repeat("k", secret.MaxBytes+1)}, secret.ErrTooLong},
		{"no such file", map[string]string{secret.EnvKeyFile: filepath.Join(t.TempDir(), "absent")}, os.ErrNotExist},
		{"a folder", map[string]string{secret.EnvKeyFile: t.TempDir()}, nil},
		{"an empty file", map[string]string{secret.EnvKeyFile: write(t, 0o600, "\n")}, secret.ErrEmpty},
		{"a large file", map[string]string{secret.EnvKeyFile: write(t, 0o600, strings.Repeat("k", secret.MaxBytes+1))}, secret.ErrTooLong},
		{"an open quote", map[string]string{secret.EnvKeyCommand: "pass 'show"}, secret.ErrCommandLine},
		{"a pipe", map[string]string{secret.EnvKeyCommand: self + " | head -1"}, secret.ErrCommandLine},
		{"a semicolon at the end", map[string]string{secret.EnvKeyCommand: self + ";"}, secret.ErrCommandLine},
		{"a blank command", map[string]string{secret.EnvKeyCommand: " \t"}, secret.ErrCommandLine},
		{"no such command", map[string]string{secret.EnvKeyCommand: "no-such-command-anywhere"}, nil},
		{"a command that fails", map[string]string{secret.EnvKeyCommand: self}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// A key further down must not be taken instead.
			tc.vars[secret.EnvCredentials] = t.TempDir()
			other := filepath.Join(tc.vars[secret.EnvCredentials], "dashtray-api-key")
			if err := os.WriteFile(other, []byte("dk_other"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := find(tc.vars, "default")
			var place *secret.Error
			if !errors.As(err, &place) {
				t.Fatalf("got %v, want a *secret.Error", err)
			}
			if tc.want != nil && !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestErrorsDoNotRepeatWhatWasRead(t *testing.T) {
	t.Parallel()
	const dirty = "dk_secret\x01part"
	for name, vars := range map[string]map[string]string{
		"variable": {secret.EnvKey: dirty},
		"file":     {secret.EnvKeyFile: write(t, 0o600, dirty)},
		"command":  {secret.EnvKeyCommand: "no-such-command-anywhere --token dk_secret"},
	} {
		_, err := find(vars, "default")
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "dk_secret") {
			t.Errorf("%s: the error has the key: %v", name, err)
		}
	}
}

func TestAFileThatOthersMayReadIsAWarning(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no mode bits")
	}
	for mode, want := range map[os.FileMode]int{0o600: 0, 0o400: 0, 0o640: 1, 0o604: 1, 0o644: 1} {
		got, err := find(map[string]string{secret.EnvKeyFile: write(t, mode, "dk_x")}, "default")
		if err != nil {
			t.Fatalf("%o: %v", mode, err)
		}
		if len(got.Warnings) != want {
			t.Errorf("%o: warnings %q, want %d", mode, got.Warnings, want)
		}
	}
}

// systemd gives a credential of a service with User= the mode 0440: the group's
// bits are the mask of an access list that lets in nobody but that user.
func TestACredentialsModeIsNoWarning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "dashtray-api-key")
	if err := os.WriteFile(path, []byte("dk_x\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	got, err := find(map[string]string{secret.EnvCredentials: dir}, "default")
	if err != nil || len(got.Warnings) != 0 {
		t.Errorf("warnings %q, %v", got.Warnings, err)
	}
}

func TestTheCommandsWords(t *testing.T) {
	t.Setenv("KEYCOMMAND", "print")
	for _, tc := range []struct{ line, want string }{
		{`'` + os.Args[0] + `' dk_plain`, "dk_plain"},
		{`'` + os.Args[0] + `' "dk_$HOME"`, "dk_$HOME"},
		{`'` + os.Args[0] + `' 'dk_a|b;c'`, "dk_a|b;c"},
	} {
		got, err := find(map[string]string{secret.EnvKeyCommand: tc.line}, "default")
		if err != nil {
			t.Errorf("%s: %v", tc.line, err)
			continue
		}
		if !got.Key.Equal(client.NewKey(tc.want)) {
			t.Errorf("%s: it is another key than %s", tc.line, tc.want)
		}
	}
}

func TestTheCommandsComplaintsAreShown(t *testing.T) {
	t.Setenv("KEYCOMMAND", "complain")
	var shown bytes.Buffer
	vars := map[string]string{secret.EnvKeyCommand: "'" + os.Args[0] + "'"}
	o := options(vars, "default")
	o.Stderr = &shown
	_, err := secret.Find(context.Background(), secret.Places(o)...)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want exit status 3", err)
	}
	if shown.String() != "the vault is locked\n" {
		t.Errorf("standard error was %q", shown.String())
	}
}

// An agent that a key command starts, or the shared connection that ssh leaves,
// keeps the command's output open. The command has ended all the same.
func TestACommandMayLeaveAChildBehind(t *testing.T) {
	t.Setenv("KEYCOMMAND", "leave a child")
	until, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = until.Close() }()
	o := options(map[string]string{secret.EnvKeyCommand: "'" + os.Args[0] + "' " + until.Addr().String()}, "default")
	o.Stderr = io.Discard // as the console has it: one more pipe that is held open
	got, err := secret.Find(t.Context(), secret.Places(o)...)
	if err != nil || !got.Key.Equal(client.NewKey("dk_from_the_parent")) {
		t.Errorf("no key, or another one: %v", err)
	}
}

func TestACommandThatPrintsWithoutEndIsEnded(t *testing.T) {
	t.Setenv("KEYCOMMAND", "flood")
	_, err := find(map[string]string{secret.EnvKeyCommand: "'" + os.Args[0] + "'"}, "default")
	if !errors.Is(err, secret.ErrTooLong) {
		t.Errorf("got %v, want ErrTooLong", err)
	}
}

func TestACommandEndsWithItsContext(t *testing.T) {
	t.Setenv("KEYCOMMAND", "print")
	why := errors.New("told to stop")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(why)
	vars := map[string]string{secret.EnvKeyCommand: "'" + os.Args[0] + "' dk_x"}
	_, err := secret.Find(ctx, secret.Places(options(vars, "default"))...)
	if !errors.Is(err, why) {
		t.Errorf("got %v, want the context's cause", err)
	}
}

func FuzzCommandLine(f *testing.F) {
	for _, s := range []string{"", "pass show x", `a "b c" 'd'`, "a|b", `\`, "$(x)", "`x`", "a\x00b", "é ☃"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		argv, err := secret.Split(line)
		if err == nil && len(argv) == 0 {
			t.Errorf("%q gave neither words nor an error", line)
		}
		if err != nil && !errors.Is(err, secret.ErrCommandLine) {
			t.Errorf("%q: %v", line, err)
		}
	})
}
