package tuitest

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// updating reads -update, which a test package defines with DefineUpdate.
func updating() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// DefineUpdate defines the -update flag; call it from a test package's
// TestMain, before it runs the tests.
func DefineUpdate() {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "write the golden files anew")
	}
}

// Golden compares the screen with testdata/NAME.golden of the test's package.
// With -update it writes that file instead.
func (t *Term) Golden(tb testing.TB, name string) {
	tb.Helper()
	Golden(tb, name, t.Screen())
}

// Golden compares a text with testdata/NAME.golden of the test's package.
// With -update it writes that file instead.
func Golden(tb testing.TB, name, got string) {
	tb.Helper()
	path := filepath.Join("testdata", name+".golden")
	got += "\n"
	if updating() {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		tb.Fatalf("no golden file; make it with -update. The screen is:\n%s", got)
	}
	if err != nil {
		tb.Fatal(err)
	}
	// A checkout on Windows may have made its own line ends.
	if w := strings.ReplaceAll(string(want), "\r\n", "\n"); w != got {
		tb.Errorf("screen is not %s\n got:\n%s\nwant:\n%s", path, got, w)
	}
}
