package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dashtray/dashtray-tui/client/backup"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// TestScripts runs the program as a person's shell does, each script with an
// API of its own: $URL, and $OWNER, $VIEWER and $FREE for its keys. $OTHER is a
// server that is not the API, and refuses everything. After each script all
// that was printed, logged and stored is searched for keys and signed links.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpScript,
		Condition: func(name string) (bool, error) {
			if name != "root" {
				return false, fmt.Errorf("there is no condition %q", name)
			}
			return os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"asked":    asked,
			"conforms": conformsTo,
			"exits":    exits,
			"fails":    fails,
			"faults":   setFaults,
			"give":     give,
			"hold":     hold,
			"lacks":    lacks,
			"mode":     modeIs,
			"setenv":   setEnv,

			// Of clients of the served console.
			"audited":   audited,
			"auditlog":  auditLog,
			"keptout":   keptOut,
			"knocks":    knocks,
			"listening": listening,
			"neversent": neverSent,
			"peak":      peak,
			"people":    people,
			"resized":   resized,
			"sees":      seesOn,
			"ssh":       sshAs,
			"tame":      tame,
			"types":     typesOn,
		},
	})
}

// scriptWorld is what the commands of a script work on.
type scriptWorld struct {
	api   *sandbox.Server
	other *traffic
	far   *far
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *scriptWorld {
	w, ok := ts.Value(worldKey{}).(*scriptWorld)
	if !ok {
		ts.Fatalf("the script has no world")
	}
	return w
}

// given is the folder of what a person hands to the program.
const given = "given"

func setUpScript(env *testscript.Env) error {
	tb, ok := env.T().(testing.TB)
	if !ok {
		return errors.New("the script runs outside a test")
	}
	api, err := sandbox.New(sandbox.Config{Dir: tb.TempDir(), Records: 200, Speed: 1e6})
	if err != nil {
		return err
	}
	tb.Cleanup(func() {
		if err := api.Close(); err != nil {
			tb.Error(err)
		}
	})
	url, calls := watched(tb, api)
	otherURL, other := watched(tb, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	env.Values[worldKey{}] = &scriptWorld{api, other, newFar()}

	keys, at := api.Keys(), func(name ...string) string { return filepath.Join(append([]string{env.WorkDir}, name...)...) }
	for name, value := range map[string]string{
		"URL": url, "PORT": url[strings.LastIndexByte(url, ':')+1:], "OTHER": otherURL, "OWNER": keys.Owner, "VIEWER": keys.Viewer, "FREE": keys.Free, "TZ": "UTC",
		noBus:  "disabled:",
		"HOME": at("home"), "XDG_STATE_HOME": at("state"), "XDG_CONFIG_HOME": at("config"), printed: at("printed"),
	} {
		env.Setenv(name, value)
	}
	for _, dir := range []string{given, "printed"} {
		if err := os.Mkdir(at(dir), 0o700); err != nil {
			return err
		}
	}
	env.Defer(func() {
		found, err := leaks(env.WorkDir, append(secretsOf(keys), calls.signatures()...), at(given), at("config", "dashtray-tui", "keys"))
		if err != nil || len(found) > 0 {
			tb.Errorf("search for secrets: %v\n%s", err, strings.Join(found, "\n"))
		}
	})
	return nil
}

// asked checks that $OTHER was asked something since the last time, but never
// with a key: asked, or ! asked for nothing at all.
func asked(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) > 0 {
		ts.Fatalf("usage: [!] asked")
	}
	all, keyed := worldOf(ts).other.asked()
	if len(keyed) > 0 {
		ts.Fatalf("the other server was sent a key: %q", keyed)
	}
	if neg != (len(all) == 0) {
		ts.Fatalf("the other server was asked: %q", all)
	}
}

// conformsTo compares a document with its description: conforms stdout history.
func conformsTo(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: conforms FILE SCHEMA")
	}
	ts.Check(conforms([]byte(ts.ReadFile(args[0])), args[1]))
}

// setFaults has the API go wrong in these ways and no others: faults [FAULT…].
func setFaults(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: faults [FAULT…]")
	}
	api := worldOf(ts).api
	ts.Check(api.ClearFaults())
	for _, arg := range args {
		f, err := sandbox.ParseFault(arg)
		ts.Check(err)
		api.Inject(f)
	}
}

// give makes a file in the folder given, of which the text may have escapes of
// Go: give FILE TEXT.
func give(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: give FILE TEXT")
	}
	content, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(filepath.Join(given, args[0])), []byte(content), 0o600))
}

// exits runs a command and checks its exit code: exits 2 COMMAND [ARG…].
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// fails runs a command with --json, and checks its exit code, its document and
// the code in that: fails 3 no_key COMMAND [ARG…].
func fails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: fails EXIT CODE COMMAND [ARG…]")
	}
	exits(ts, false, append([]string{args[0], args[2], "--json"}, args[3:]...))
	document := []byte(ts.ReadFile("stdout"))
	ts.Check(conforms(document, "error"))
	var f failure
	ts.Check(json.Unmarshal(document, &f))
	if f.Error.Code != args[1] {
		ts.Fatalf("code %s, want %s", f.Error.Code, args[1])
	}
}

// hold is another process at work in a backup folder: hold FOLDER.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold FOLDER")
	}
	folder, err := backup.Open(ts.MkAbs(args[0]), backup.Options{})
	ts.Check(err)
	ts.Defer(func() { _ = folder.Close() })
}

// setEnv sets a variable to what a file holds: setenv NAME FILE.
func setEnv(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: setenv NAME FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// lacks checks that none of the texts is in a file: lacks FILE TEXT….
func lacks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: lacks FILE TEXT…")
	}
	content := ts.ReadFile(args[0])
	for _, text := range args[1:] {
		if text == "" || strings.Contains(content, text) {
			ts.Fatalf("%s has %q", args[0], text)
		}
	}
}

// modeIs checks the permissions of a file: mode 0600 FILE.
func modeIs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode 0600 FILE")
	}
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[0] && runtime.GOOS != "windows" {
		ts.Fatalf("%s has mode %s, want %s", args[1], got, args[0])
	}
}
