package main

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The law of the house: which package may know which, and what no file may do.
// Every rule carries an example that breaks it, so that a rule which can no
// longer fail is itself a failure.

// charm packages draw on terminals.
var charm = under("charm.land", "github.com/charmbracelet")

// firstGeneration packages ask the terminal for its colours before main runs.
var firstGeneration = under(
	"github.com/charmbracelet/bubbletea", "github.com/charmbracelet/bubbles",
	"github.com/charmbracelet/lipgloss", "github.com/charmbracelet/huh", "github.com/muesli/termenv",
)

func importRules() []importRule {
	return []importRule{
		{
			name:   "client never reaches the console, the settings, the commands or a Charm package",
			from:   under("./client"),
			never:  func(_, imp string) bool { return charm(imp) || under("./tui", "./config", "./cmd")(imp) },
			deep:   true,
			breaks: graph{"./client/job": {"example.com/x"}, "example.com/x": {"charm.land/lipgloss/v2"}},
			keeps:  graph{"./client/job": {"./client", "net/http"}},
		},
		{
			name:   "client imports of ours only client/text, and no files",
			from:   func(pkg string) bool { return pkg == "./client" },
			never:  func(_, imp string) bool { return own(imp) && imp != "./client/text" || imp == "os" },
			breaks: graph{"./client": {"./client/transfer"}},
			keeps:  graph{"./client": {"./client/text", "net/http"}},
		},
		{
			name:   "client/transfer and client/archive import of ours only client/text",
			from:   under("./client/transfer", "./client/archive"),
			never:  func(pkg, imp string) bool { return own(imp) && imp != "./client/text" && !under(pkg)(imp) },
			breaks: graph{"./client/transfer": {"./client"}},
			keeps:  graph{"./client/archive": {"./client/text", "encoding/json"}},
		},
		{
			name:   "client/text imports the standard library alone",
			from:   func(pkg string) bool { return pkg == "./client/text" },
			never:  func(_, imp string) bool { return !standard(imp) },
			breaks: graph{"./client/text": {"golang.org/x/text/width"}},
			keeps:  graph{"./client/text": {"unicode/utf8"}},
		},
		{
			name: "the console never reaches the commands, and of the settings only tui/message knows the errors",
			from: under("./tui"),
			never: func(pkg, imp string) bool {
				return under("./cmd")(imp) || under("./config")(imp) && pkg != "./tui/message"
			},
			breaks: graph{"./tui/screen/exports": {"./config"}},
			keeps:  graph{"./tui": {"./client/job"}, "./tui/message": {"./config/secret"}},
		},
		{
			name:   "the settings never reach the commands or the console",
			from:   under("./config"),
			never:  func(_, imp string) bool { return under("./cmd", "./tui")(imp) },
			deep:   true,
			breaks: graph{"./config/secret": {"./cmd/internal/cli"}},
			keeps:  graph{"./config": {"os"}},
		},
		{
			name: "a screen imports no other screen, no net/http, no os",
			from: under("./tui/screen"),
			never: func(pkg, imp string) bool {
				otherScreen := under("./tui/screen")(imp) && screenOf(pkg) != screenOf(imp)
				return otherScreen || under("net/http", "os")(imp)
			},
			breaks: graph{"./tui/screen/exports": {"./tui/screen/transfer"}},
			keeps:  graph{"./tui/screen/exports": {"./tui/component", "charm.land/bubbletea/v2"}},
		},
		{
			name: "tui/component imports of ours only tui/theme and tui/keymap",
			from: under("./tui/component"),
			never: func(_, imp string) bool {
				return own(imp) && !under("./tui/component", "./tui/theme", "./tui/keymap")(imp)
			},
			breaks: graph{"./tui/component": {"./client/job"}},
			keeps:  graph{"./tui/component": {"./tui/theme", "./tui/keymap"}},
		},
		{
			name: "only cmd/internal/cli knows flags",
			from: func(pkg string) bool { return own(pkg) && pkg != "./cmd/internal/cli" && !testHelper(pkg) },
			never: func(_, imp string) bool {
				return under("flag", "github.com/spf13/cobra", "github.com/spf13/pflag", "charm.land/fang")(imp)
			},
			breaks: graph{"./config": {"github.com/spf13/pflag"}},
			keeps:  graph{"./cmd/internal/cli": {"github.com/spf13/cobra"}},
		},
		{
			name:   "no first-generation Charm package is linked: it queries the terminal before main",
			from:   own,
			never:  func(_, imp string) bool { return firstGeneration(imp) && !strings.Contains(imp, "/v2") },
			deep:   true,
			breaks: graph{"./tui": {"charm.land/x"}, "charm.land/x": {"github.com/muesli/termenv"}},
			keeps:  graph{"./tui": {"charm.land/bubbletea/v2", "github.com/charmbracelet/x/ansi"}},
		},
		{
			name: "the program links no test helper",
			from: func(pkg string) bool { return pkg == "./cmd/dashtray-tui" },
			never: func(_, imp string) bool {
				return testHelper(imp) || under("testing", "net/http/httptest")(imp)
			},
			deep:   true,
			breaks: graph{"./cmd/dashtray-tui": {"./tui/tuitest"}},
			keeps:  graph{"./cmd/dashtray-tui": {"./client/sandbox"}},
		},
	}
}

// testHelper packages are named …test and ship in no binary.
func testHelper(pkg string) bool { return own(pkg) && strings.HasSuffix(pkg, "test") }

// screenOf is the x of ./tui/screen/x/….
func screenOf(pkg string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(pkg, "./tui/screen/"), "/")
	return name
}

var fileName = regexp.MustCompile(`^[a-z0-9]+(_(linux|darwin|windows|bsd|unix|other))?(_test)?\.go$`)

func sourceRules() []sourceRule {
	return []sourceRule{
		{
			name: "no file is longer than 600 lines",
			check: func(f sourceFile) []string {
				if f.lines <= 600 || ast.IsGenerated(f.file) {
					return nil
				}
				return []string{fmt.Sprintf("%s: %d lines", f.path, f.lines)}
			},
			breaks: map[string]string{"client/a.go": "package client\n" + strings.Repeat("\n", 600)},
			keeps:  map[string]string{"client/a.go": "package client\n" + strings.Repeat("\n", 599)},
		},
		{
			name: "file names are lower case, with no underscore but the system's and the test's",
			check: func(f sourceFile) []string {
				if fileName.MatchString(path.Base(f.path)) {
					return nil
				}
				return []string{f.path}
			},
			breaks: map[string]string{"client/date_range.go": "package client"},
			keeps:  map[string]string{"client/room_windows_test.go": "package client"},
		},
		{
			name: "a package is named for what it does",
			check: func(f sourceFile) []string {
				if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "shared"}, f.file.Name.Name) {
					return []string{f.path + ": package " + f.file.Name.Name}
				}
				return nil
			},
			breaks: map[string]string{"client/util/a.go": "package util"},
			keeps:  map[string]string{"client/text/a.go": "package text"},
		},
		{
			name: "no init: what runs is called from main",
			check: func(f sourceFile) []string {
				var found []string
				for _, d := range f.file.Decls {
					if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
						found = append(found, f.path)
					}
				}
				return found
			},
			breaks: map[string]string{"client/a.go": "package client\nfunc init() {}"},
			keeps:  map[string]string{"client/a.go": "package client\ntype t int\nfunc (t) init() {}"},
		},
		{
			name: "only main.go ends the process",
			check: func(f sourceFile) []string {
				if f.isTest() || f.path == "cmd/dashtray-tui/main.go" {
					return nil
				}
				return f.uses("os.Exit", "log.Fatal*", "syscall.Exit")
			},
			breaks: map[string]string{"cmd/internal/cli/a.go": "package cli\nimport \"os\"\nfunc f() { os.Exit(1) }"},
			keeps:  map[string]string{"cmd/dashtray-tui/main.go": "package main\nimport \"os\"\nfunc main() { os.Exit(1) }"},
		},
		{
			name: "only cmd knows the standard streams",
			check: func(f sourceFile) []string {
				if f.isTest() || under("./cmd/internal/cli", "./cmd/dashtray-tui")(f.pkg()) {
					return nil
				}
				return f.uses("os.Stdin", "os.Stdout", "os.Stderr", "fmt.Print*", "log.Print*")
			},
			breaks: map[string]string{"tui/a.go": "package tui\nimport sys \"os\"\nvar w = sys.Stdout"},
			keeps:  map[string]string{"tui/a.go": "package tui\nimport \"fmt\"\nvar s = fmt.Sprint(1)"},
		},
		{
			name: "client never reads the environment",
			check: func(f sourceFile) []string {
				if f.isTest() || !under("./client")(f.pkg()) {
					return nil
				}
				return f.uses("os.Getenv", "os.LookupEnv", "os.Environ", "os.ExpandEnv", "syscall.Getenv",
					"os.UserHomeDir", "os.UserConfigDir", "os.UserCacheDir", "net/http.ProxyFromEnvironment")
			},
			breaks: map[string]string{"client/a.go": "package client\nimport \"os\"\nvar v, ok = os.LookupEnv(\"A\")"},
			keeps:  map[string]string{"config/a.go": "package config\nimport \"os\"\nvar v, ok = os.LookupEnv(\"A\")"},
		},
		{
			name: "only the place that keeps a key reveals it",
			check: func(f sourceFile) []string {
				if f.isTest() || under("./config/secret")(f.pkg()) {
					return nil
				}
				return f.selects("Reveal")
			},
			breaks: map[string]string{"cmd/a.go": "package cmd\nfunc f(k key) string { return k.Reveal() }"},
			keeps:  map[string]string{"config/secret/a.go": "package secret\nfunc f(k key) string { return k.Reveal() }"},
		},
		{
			name:  "nothing sleeps, but a test in a synctest bubble",
			check: checkSleep,
			breaks: map[string]string{
				"client/a.go":      "package client\nimport \"time\"\nfunc f() { time.Sleep(1) }",
				"client/a_test.go": "package client\nimport \"time\"\nfunc f() { time.Sleep(1) }",
			},
			keeps: map[string]string{
				"client/a_test.go":  "package client\nimport (\"time\"; \"testing/synctest\")\nfunc f() { time.Sleep(1); synctest.Wait() }",
				"tui/tuitest/ab.go": "package tuitest\nimport (\"time\"; \"testing/synctest\")\nfunc f() { time.Sleep(1); synctest.Wait() }",
			},
		},
	}
}

func checkSleep(f sourceFile) []string {
	helper := f.isTest() || strings.HasSuffix(f.file.Name.Name, "test")
	if helper && f.bubbles {
		return nil
	}
	return f.uses("time.Sleep")
}

// rootEntries is all that the root may hold.
func rootEntries() []string {
	return []string{
		"cmd", "tui", "client", "config", "assets",
		"go.mod", "go.sum", "Makefile", ".goreleaser.yaml", "README.md",
		"LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ".gitignore", ".golangci.yml", ".github", ".ci",
	}
}

// notSource are folders that no checkout holds: git's own, and what make and
// goreleaser build.
func notSource(name string) bool { return name == ".git" || name == "bin" || name == "dist" }

func strangers(names []string) []string {
	var found []string
	for _, n := range names {
		if !notSource(n) && !slices.Contains(rootEntries(), n) {
			found = append(found, n)
		}
	}
	return found
}

func TestRootHoldsNothingElse(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	for _, name := range strangers(names) {
		t.Errorf("%s: the root holds %v and nothing else", name, rootEntries())
	}
	if got := strangers([]string{"cmd", "pkg", ".git"}); !slices.Equal(got, []string{"pkg"}) {
		t.Errorf("strangers of cmd, pkg, .git: %v, want pkg", got)
	}
}

var requirement = regexp.MustCompile(`(?m)^(?:require)?\s+([a-z0-9.]+\.[a-z]+/\S+) v\S+$`)

// unexplained are the modules that go.mod requires directly and the text does not name.
func unexplained(gomod, text string) []string {
	var found []string
	for _, m := range requirement.FindAllStringSubmatch(gomod, -1) {
		if !strings.Contains(text, "`"+m[1]+"`") {
			found = append(found, m[1])
		}
	}
	return found
}

func TestEveryDependencyHasItsReason(t *testing.T) {
	gomod, err := os.ReadFile(root + "/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(root + "/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range unexplained(string(gomod), string(text)) {
		t.Errorf("%s: CONTRIBUTING.md does not say why it is needed", m)
	}
	const example = "require (\n\tcharm.land/x/v2 v2.1.1\n\texample.com/y v0.1.0 // indirect\n)\nrequire example.com/z v1.0.0\n"
	if got := unexplained(example, "`example.com/z`"); !slices.Equal(got, []string{"charm.land/x/v2"}) {
		t.Errorf("unexplained in the example: %v, want charm.land/x/v2", got)
	}
}

func TestImportLaw(t *testing.T) {
	g := loadGraph(t, loadSource(t))
	for _, r := range importRules() {
		t.Run(r.name, func(t *testing.T) {
			for _, v := range r.violations(g) {
				t.Errorf("%s\nagainst: %s", v, r.name)
			}
			if len(r.violations(r.breaks)) == 0 {
				t.Errorf("the rule finds no fault with %v", r.breaks)
			}
			if v := r.violations(r.keeps); len(v) > 0 {
				t.Errorf("the rule finds fault where there is none: %v", v)
			}
		})
	}
}

func TestSourceLaw(t *testing.T) {
	files := loadSource(t)
	for _, r := range sourceRules() {
		t.Run(r.name, func(t *testing.T) {
			for _, f := range files {
				for _, v := range r.check(f) {
					t.Errorf("%s\nagainst: %s", v, r.name)
				}
			}
			for _, name := range slices.Sorted(maps.Keys(r.breaks)) {
				if len(r.check(mustParse(t, name, r.breaks[name]))) == 0 {
					t.Errorf("the rule finds no fault with %s:\n%s", name, r.breaks[name])
				}
			}
			for _, name := range slices.Sorted(maps.Keys(r.keeps)) {
				if v := r.check(mustParse(t, name, r.keeps[name])); len(v) > 0 {
					t.Errorf("the rule finds fault where there is none: %v", v)
				}
			}
		})
	}
}

func mustParse(t *testing.T, name, src string) sourceFile {
	t.Helper()
	f, err := parseSource(name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return f
}
