//go:build unix

package transfer

import (
	"os"
	"testing"
)

// TestSyncOfWhatHasNoDisk: a pipe stands for the file systems that cannot sync.
func TestSyncOfWhatHasNoDisk(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = r.Close(), w.Close() }()
	if sure, err := (systemFile{w}).sync(); sure || err != nil {
		t.Errorf("a pipe is durable: %v, %v", sure, err)
	}
	f, err := os.Create(t.TempDir() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	if sure, err := (systemFile{f}).sync(); !sure || err != nil {
		t.Errorf("a file is not durable: %v, %v", sure, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := (systemFile{f}).sync(); err == nil {
		t.Error("a closed file is durable")
	}
}
