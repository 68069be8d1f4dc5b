package cli

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

func TestAnswersOutliveTheConsole(t *testing.T) {
	t.Parallel()
	f := answersFile{filepath.Join(t.TempDir(), "state", "answers.json"), slog.New(slog.DiscardHandler)}
	if got := f.Load(); !reflect.DeepEqual(got, newexport.Answers{}) {
		t.Fatalf("answers before there are any: %+v", got)
	}
	want := newexport.Answers{Format: "csv", Range: "custom", From: "2026-01-01", To: "2026-01-31", Include: []string{"metrics"}, Folder: "~/x"}
	f.Save(newexport.Answers{Format: "json"})
	f.Save(want)
	if got := f.Load(); !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	if left, err := os.ReadDir(filepath.Dir(f.path)); err != nil || len(left) != 1 {
		t.Fatalf("litter beside the answers: %v %v", left, err)
	}
	for _, damaged := range []string{"", "{", "[1]", "\x00\x00"} {
		if err := os.WriteFile(f.path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := f.Load(); !reflect.DeepEqual(got, newexport.Answers{}) {
			t.Errorf("answers of %q: %+v", damaged, got)
		}
	}
}
