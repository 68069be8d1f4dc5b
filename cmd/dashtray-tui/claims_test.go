package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the documents say of the repository is held here: the targets, the files
// and the modules that they name are there.

var (
	namedTarget = regexp.MustCompile("(?m)(?:^|`|run: )make ([a-z][a-z-]*)")
	madeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	namedFile   = regexp.MustCompile(`\]\(([^)#:]+)\)|(?:src|srcset)="([^":]+)"`)
	namedModule = regexp.MustCompile("`([a-z0-9.-]+\\.[a-z]+/[^`…]+)`")
)

// missingTargets are those that a text names and the Makefile has not.
func missingTargets(text, makefile string) []string {
	var made, missing []string
	for _, m := range madeTarget.FindAllStringSubmatch(makefile, -1) {
		made = append(made, m[1])
	}
	for _, m := range namedTarget.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(made, m[1]) {
			missing = append(missing, m[1])
		}
	}
	return missing
}

// missingFiles are those that a text links to and the repository has not.
func missingFiles(text string, repo fs.FS) []string {
	var missing []string
	for _, m := range namedFile.FindAllStringSubmatch(text, -1) {
		name := filepath.ToSlash(m[1] + m[2])
		if _, err := fs.Stat(repo, name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// needless are the modules of the table of dependencies that go.mod does not
// require directly.
func needless(text, gomod string) []string {
	var direct, found []string
	for _, m := range requirement.FindAllStringSubmatch(gomod, -1) {
		direct = append(direct, m[1])
	}
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 3 {
			continue
		}
		for _, m := range namedModule.FindAllStringSubmatch(cells[1], -1) {
			if !slices.Contains(direct, m[1]) {
				found = append(found, m[1])
			}
		}
	}
	return found
}

func readRoot(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTheDocumentsNameWhatIsThere(t *testing.T) {
	makefile, gomod := readRoot(t, "Makefile"), readRoot(t, "go.mod")
	for _, name := range []string{
		"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ".ci/run",
		".github/workflows/ci.yml", ".github/workflows/fuzz.yml", ".github/workflows/release.yml",
	} {
		text := readRoot(t, name)
		for _, target := range missingTargets(text, makefile) {
			t.Errorf("%s names make %s, which the Makefile has not", name, target)
		}
		for _, file := range missingFiles(text, os.DirFS(root)) {
			t.Errorf("%s links to %s, which is not there", name, file)
		}
	}
	for _, m := range needless(readRoot(t, "CONTRIBUTING.md"), gomod) {
		t.Errorf("CONTRIBUTING.md says why %s is needed, which go.mod does not require", m)
	}
}

func TestTheClaimsCanBeFoundWrong(t *testing.T) {
	const text = "`make lint`\nmake demo  # look\n      - run: make fly\n[a](law_test.go) <img src=\"none.svg\">\n| `example.com/x`, `example.com/y/v2` | why |\n"
	if got := missingTargets(text, "lint: bin ## check\ndemo:\n"); !slices.Equal(got, []string{"fly"}) {
		t.Errorf("missing targets %v, want fly", got)
	}
	if got := missingFiles(text, os.DirFS(".")); !slices.Equal(got, []string{"none.svg"}) {
		t.Errorf("missing files %v, want none.svg", got)
	}
	if got := needless(text, "require (\n\texample.com/x v1.0.0\n)\n"); !slices.Equal(got, []string{"example.com/y/v2"}) {
		t.Errorf("needless modules %v, want example.com/y/v2", got)
	}
}
