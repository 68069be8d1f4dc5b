package job_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// TestStandardOutputWithoutAStateFolder: the file is where nobody else can have
// made the folder before, and nothing of it stays.
func TestStandardOutputWithoutAStateFolder(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.st = ""
		w.boot()
		spec := w.spec()
		spec.Output = "-"
		first, _, err := w.do(spec)
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := w.do(spec)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Dir(first.File)
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 || filepath.Dir(second.File) == dir {
			t.Errorf("folders %q and %q: %v, %v", dir, filepath.Dir(second.File), info, err)
		}
		w.svc.Close()
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("the folder stays: %v", err)
		}
	})
}
