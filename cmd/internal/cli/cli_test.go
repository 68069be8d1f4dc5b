package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// noBus is set so that no test ever asks the keyring of whoever runs it.
const noBus = "DBUS_SESSION_BUS_ADDRESS"

// TestMain makes the test binary the program itself, for the scripts. The tests
// hardly compute: they wait for exports, so many of them may run at once.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	if err := os.Setenv(noBus, "disabled:"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){
		"dashtray-tui":    func() { os.Exit(recorded(System())) },
		"dashtray-faulty": func() { os.Exit(recorded(faulty())) },
	})
}

// world is one run of the program inside this process.
type world struct {
	streams  Streams
	out, err bytes.Buffer
	signals  chan os.Signal
	released chan struct{} // closed when the program lets go of the signals
}

// newWorld has no terminal, no key, and folders of its own.
func newWorld(t *testing.T, vars ...string) *world {
	t.Helper()
	env := map[string]string{"HOME": t.TempDir(), "XDG_STATE_HOME": t.TempDir(), "TERM": "xterm"}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		env[name] = value
	}
	w := &world{signals: make(chan os.Signal, 1), released: make(chan struct{})}
	var out, err bytes.Buffer // all of it, whoever reads the others
	w.streams = Streams{
		In: strings.NewReader(""), Out: io.MultiWriter(&w.out, &out), Err: io.MultiWriter(&w.err, &err),
		Width: func() int { return 80 },
		Env: func(name string) (string, bool) {
			v, ok := env[name]
			return v, ok
		},
		Environ: func() []string { return nil },
		Signals: func() (<-chan os.Signal, func()) {
			return w.signals, func() { close(w.released) }
		},
		Now:      time.Now,
		Location: time.UTC,
	}
	t.Cleanup(func() { w.searched(t, env, &out, &err) })
	return w
}

// searched fails the test if a key of the sandbox or a signed link was printed,
// or stands in a file that is not for keys.
func (w *world) searched(t *testing.T, env map[string]string, printed ...*bytes.Buffer) {
	t.Helper()
	var secrets []string
	if key := env["DASHTRAY_API_KEY"]; len(key) >= leastSecret {
		secrets = append(secrets, key)
	}
	for i, b := range printed {
		if what := leak(b.Bytes(), secrets); what != "" {
			t.Errorf("stream %d has %s", i+1, what)
		}
	}
	for _, name := range []string{"HOME", "XDG_STATE_HOME"} {
		info, err := os.Stat(env[name])
		if err != nil || !info.IsDir() {
			continue
		}
		found, err := leaks(env[name], secrets, filepath.Join(env[name], ".config", "dashtray-tui", "keys"))
		if err != nil || len(found) > 0 {
			t.Errorf("search for secrets: %v\n%s", err, strings.Join(found, "\n"))
		}
	}
}

func (w *world) run(args ...string) int { return Main(args, w.streams) }

// api is a sandbox on loopback, fast, with few records.
func api(t testing.TB, faults ...string) (url string, keys sandbox.Keys) {
	t.Helper()
	cfg := sandbox.Config{Dir: t.TempDir(), Records: 200, Speed: 1e6}
	for _, s := range faults {
		f, err := sandbox.ParseFault(s)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Faults = append(cfg.Faults, f)
	}
	s, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL, s.Keys()
}

// failure is the error document.
type failure struct {
	Error struct{ Code, Message, Hint string }
	ID    string `json:"exportJobId"`
}

func (w *world) failure(t *testing.T) failure {
	t.Helper()
	var f failure
	dec := json.NewDecoder(&w.out)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		t.Fatalf("standard output is no error document: %v\nstandard error: %s", err, w.err.String())
	}
	return f
}

func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		args []string
		want string // part of the message
	}{
		{"no terminal", nil, "export"},
		{"unknown command", []string{"exprot"}, `did you mean "export"`},
		{"unknown command, nothing near", []string{"frobnicate"}, `no command "frobnicate"`},
		{"escape sequence as command", []string{"\x1b[2J"}, "no command"},
		{"unknown flag", []string{"export", "--bogus"}, "no flag --bogus"},
		{"unknown flag of the root", []string{"--bogus"}, "no flag --bogus"},
		{"unknown letter", []string{"export", "-x"}, "no flag -x"},
		{"a flag, nearly", []string{"export", "--rnge", "all_time"}, "did you mean --range?"},
		{"a command below, nearly", []string{"auth", "logn"}, `did you mean "dashtray-tui auth login"?`},
		{"a command below one that runs, nearly", []string{"backup", "verfy"}, `did you mean "dashtray-tui backup verify"?`},
		{"a topic, nearly", []string{"help", "exit-code"}, `did you mean "exit-codes"?`},
		{"flag without a value", []string{"export", "--format"}, "--format"},
		{"a key is no flag", []string{"export", "--api-key", "dk_secret"}, "--api-key"},
		{"argument where none is taken", []string{"export", "all"}, "takes no arguments"},
		{"argument missing", []string{"download"}, "the export's id"},
		{"empty argument", []string{"download", ""}, "the export's id"},
		{"too many arguments", []string{"verify", "a", "b"}, "one argument"},
		{"format", []string{"export", "--format", "xml"}, `json and csv, not "xml"`},
		{"range", []string{"export", "--range", "yesterday"}, "yesterday"},
		{"range in the future", []string{"export", "--range", "2999-01-01..2999-01-31"}, "2999"},
		{"range backwards", []string{"export", "--range", "2026-02-01..2026-01-01"}, "2026-02-01..2026-01-01"},
		{"impossible day", []string{"export", "--range", "2026-02-30..2026-03-01"}, "2026-02-30"},
		{"include", []string{"export", "--include", "metrics,logs"}, "logs"},
		{"include nothing", []string{"export", "--include", ""}, "--include"},
		{"if-busy", []string{"export", "--if-busy", "shrug"}, "wait, attach and fail"},
		{"no connections", []string{"export", "--connections", "0"}, "1 to 8"},
		{"many connections", []string{"export", "--connections", "9"}, "1 to 8"},
		{"connections in words", []string{"export", "--connections", "four"}, `a whole number: "four" cannot`},
		{"connections in other digits", []string{"export", "--connections", "٣"}, `a whole number: "٣" cannot`},
		{"connections beyond all bounds", []string{"export", "--connections", "99999999999999999999"}, "a whole number"},
		{"connections that clear the screen", []string{"export", "--connections", "\x1b[2J"}, "a whole number"},
		{"rate", []string{"export", "--limit-rate", "fast"}, "500K"},
		{"rate 0", []string{"download", "x", "--limit-rate", "0"}, "500K"},
		{"timeout without a unit", []string{"export", "--timeout", "30"}, "a time such as 90s, 30m or 24h"},
		{"timeout beyond all bounds", []string{"export", "--timeout", "99999999h"}, "a time such as"},
		{"timeout 0", []string{"export", "--timeout", "0"}, "above 0"},
		{"timeout below 0", []string{"download", "x", "--timeout", "-5m"}, "above 0"},
		{"empty output", []string{"export", "-o", ""}, "--output is empty"},
		{"output twice", []string{"export", "-o", "-", "--json"}, "both want standard output"},
		{"output of a file that will not be", []string{"export", "--detach", "-o", "-"}, "--detach"},
		{"color", []string{"version", "--color", "blue"}, "auto, always or never"},
		{"log level", []string{"version", "--log-level", "loud"}, "debug, info, warn and error"},
		{"log file", []string{"version", "--log-file", "/no/such/folder/log"}, "log"},
		{"log file without a name", []string{"version", "--log-file", ""}, "--log-file is empty"},
		{"cacert without a name", []string{"version", "--cacert", ""}, "--cacert is empty"},
		{"cacert missing", []string{"version", "--cacert", "/no/such/file"}, "--cacert"},
		{"cacert is none", []string{"version", "--cacert", "/dev/null"}, "no certificate"},
		{"profile", []string{"version", "--profile", "../x"}, "--profile"},
		{"two APIs", []string{"--demo", "export", "--api-url", "https://x.example"}, "--demo"},
		{"insecure API", []string{"export", "--api-url", "http://x.example"}, "address"},
		{"API without a host", []string{"export", "--api-url", "nonsense"}, "address"},
		{"sandbox for everybody", []string{"sandbox", "--addr", "0.0.0.0:0"}, "loopback"},
		{"sandbox on all addresses", []string{"sandbox", "--addr", ":8080"}, "loopback"},
		{"sandbox without a port", []string{"sandbox", "--addr", "127.0.0.1"}, "HOST:PORT"},
		{"sandbox speed", []string{"sandbox", "--speed", "NaN"}, "above 0"},
		{"sandbox records", []string{"sandbox", "--records", "-1"}, "above 0"},
		{"sandbox, too many records", []string{"sandbox", "--records", "99000000000"}, "ecords"},
		{"sandbox links", []string{"sandbox", "--link-ttl", "0"}, "above 0"},
		{"sandbox fault", []string{"sandbox", "--fault", "gremlins"}, "gremlins"},
		{"help on nothing", []string{"help", "frobnicate"}, "no help"},
		{"completion of no shell", []string{"completion"}, "bash, zsh, fish or powershell"},
		{"completion of two", []string{"completion", "bash", "zsh"}, "one argument"},
		{"switch in words", []string{"export", "--force=perhaps"}, "true or false"},
		{"version's argument", []string{"version", "now"}, "takes no arguments"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if code := w.run(tc.args...); code != 2 {
				t.Errorf("exit code %d, want 2", code)
			}
			if slices.Contains(tc.args, "--json") {
				return // it has its document
			}
			if w.out.Len() > 0 {
				t.Errorf("standard output has %q", w.out.String())
			}
			if got := w.err.String(); !strings.Contains(got, tc.want) || !strings.HasPrefix(got, "Error: ") {
				t.Errorf("standard error %q lacks %q", got, tc.want)
			}
			if strings.Contains(w.err.String(), "dk_secret") || strings.Contains(w.err.String(), "\x1b") {
				t.Errorf("standard error shows what it must not: %q", w.err.String())
			}

			// The same with --json, wherever it stands.
			for _, args := range [][]string{append([]string{"--json"}, tc.args...), append(tc.args, "--json")} {
				j := newWorld(t)
				if code := j.run(args...); code != 2 {
					t.Errorf("%q: exit code %d, want 2", args, code)
				}
				if f := j.failure(t); f.Error.Code != "usage" || f.Error.Message == "" {
					t.Errorf("%q: document %+v", args, f)
				}
				if j.err.Len() > 0 {
					t.Errorf("%q: standard error has %q", args, j.err.String())
				}
			}
		})
	}
}

func TestNoKey(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"export"}, {"download", "exp_1"}} {
		w := newWorld(t)
		if code := w.run(args...); code != 3 {
			t.Errorf("%q: exit code %d, want 3", args, code)
		}
		for _, want := range []string{"DASHTRAY_API_KEY", "--demo"} {
			if !strings.Contains(w.err.String(), want) {
				t.Errorf("%q: %q lacks %q", args, w.err.String(), want)
			}
		}
	}
}

// A service of the system may have no home: the export is made all the same.
func TestWithoutAHome(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	w := newWorld(t, "HOME=", "XDG_STATE_HOME=", "DASHTRAY_API_KEY="+keys.Owner, "DASHTRAY_API_URL="+url)
	if code := w.run("export", "--detach"); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if !strings.HasPrefix(w.err.String(), "Warning: there is no home folder") {
		t.Errorf("standard error %q", w.err.String())
	}
	if demo := newWorld(t, "HOME=", "XDG_STATE_HOME="); demo.run("--demo", "export") != 2 {
		t.Errorf("the demo needs a home: %q", demo.err.String())
	}
}

func TestDemoThatCannotKeepItsState(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "XDG_STATE_HOME="+file)
	if code := w.run("--demo", "export", "--json"); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if f := w.failure(t); f.Error.Code != "disk" || !strings.Contains(f.Error.Hint, "XDG_STATE_HOME") {
		t.Errorf("document %+v", f)
	}
}

func TestOutputOntoATerminal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.streams.OutTerminal = true
	if code := w.run("export", "-o", "-"); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		faults []string
		key    func(sandbox.Keys) string
		args   []string
		exit   int
		code   string
	}{
		{"wrong key", nil, func(sandbox.Keys) string { return "dk_wrong" }, []string{"export"}, 3, "unauthorized"},
		{"viewer", nil, func(k sandbox.Keys) string { return k.Viewer }, []string{"export"}, 4, "forbidden_role"},
		{"free plan", nil, func(k sandbox.Keys) string { return k.Free }, []string{"export"}, 4, "forbidden_plan"},
		{"busy", []string{"busy"}, owner, []string{"export", "--if-busy", "fail"}, 5, "busy"},
		{"attach, id unknown", []string{"busy"}, owner, []string{"export", "--if-busy", "attach"}, 5, "busy"},
		{"fails on the server", []string{"fail=out of memory"}, owner, []string{"export"}, 6, "export_failed"},
		{"unknown export", nil, owner, []string{"download", "exp_nobody"}, 6, "not_found"},
		{"never ready", []string{"stuck"}, owner, []string{"export", "--timeout", "300ms"}, 7, "timeout"},
		{"HTML", []string{"html-api"}, owner, []string{"export"}, 1, "network"},
		{"no such API", []string{"api-status=404"}, owner, []string{"export"}, 1, "network"},
		{"disk", nil, owner, []string{"export", "-o", "/dev/null/x/"}, 1, "disk"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			url, keys := api(t, tc.faults...)
			key := tc.key(keys)
			w := newWorld(t, "DASHTRAY_API_KEY="+key, "DASHTRAY_API_URL="+url)
			args := tc.args
			if !strings.Contains(strings.Join(args, " "), "-o ") {
				args = append(args, "-o", t.TempDir()+"/")
			}
			if code := w.run(append(args, "--json")...); code != tc.exit {
				t.Errorf("exit code %d, want %d\n%s%s", code, tc.exit, w.out.String(), w.err.String())
			}
			if strings.Contains(w.out.String()+w.err.String(), key) {
				t.Error("the key is in the output")
			}
			if f := w.failure(t); f.Error.Code != tc.code {
				t.Errorf("document %+v, want code %s", f, tc.code)
			}
		})
	}
}

func owner(k sandbox.Keys) string { return k.Owner }

func TestOutputExists(t *testing.T) {
	t.Parallel()
	url, keys := api(t)
	path := filepath.Join(t.TempDir(), "mine.json")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, "DASHTRAY_API_KEY="+keys.Owner, "DASHTRAY_API_URL="+url)
	if code := w.run("export", "-o", path, "--json"); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
	if f := w.failure(t); f.Error.Code != "exists" || f.ID != "" {
		t.Errorf("document %+v", f)
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != "precious" {
		t.Errorf("the file is now %q, %v", b, err)
	}
}

// stuckExport is a run that waits for an export that never gets ready, and says so.
func stuckExport(t *testing.T, s syscall.Signal) (*world, int) {
	t.Helper()
	url, keys := api(t, "stuck")
	w := newWorld(t, "DASHTRAY_API_KEY="+keys.Owner, "DASHTRAY_API_URL="+url)
	seen := &watcher{want: "is queued", seen: make(chan struct{})}
	w.streams.Err = seen
	done := make(chan int, 1)
	go func() { done <- w.run("export", "--json", "-o", t.TempDir()+"/") }()
	<-seen.seen
	w.signals <- s
	return w, <-done
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for sig, want := range map[syscall.Signal]int{syscall.SIGHUP: 129, syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			w, code := stuckExport(t, sig)
			if code != want {
				t.Errorf("exit code %d, want %d", code, want)
			}
			f := w.failure(t)
			if f.Error.Code != "interrupted" || f.ID == "" {
				t.Errorf("document %+v", f)
			}
			// A second signal has to find the system's own way to deal with it.
			select {
			case <-w.released:
			default:
				t.Error("the signals are still caught")
			}
		})
	}
}

// watcher tells when a text has been written.
type watcher struct {
	want string
	seen chan struct{}
	all  strings.Builder
	done bool
}

func (w *watcher) Write(p []byte) (int, error) {
	w.all.Write(p)
	if !w.done && strings.Contains(w.all.String(), w.want) {
		w.done = true
		close(w.seen)
	}
	return len(p), nil
}

// What a server says is shown without what it would do to a terminal.
func TestHostileWordsOfAServer(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"export"}, {"export", "--json"}} {
		url, keys := api(t, "escape", "fail=\x1b]52;c;ZXZpbA==\abad\u202e")
		w := newWorld(t, "DASHTRAY_API_KEY="+keys.Owner, "DASHTRAY_API_URL="+url)
		if code := w.run(append(args, "-o", t.TempDir()+"/")...); code != 6 {
			t.Errorf("%q: exit code %d, want 6\n%s", args, code, w.err.String())
		}
		both := w.out.String() + w.err.String()
		if !strings.Contains(both, "bad") {
			t.Errorf("%q: the server's reason is missing: %q", args, both)
		}
		for _, r := range both {
			if r != '\n' && unicode.IsControl(r) || r == '\u202e' {
				t.Errorf("%q: the output has %U: %q", args, r, both)
				break
			}
		}
	}
}
