package backup

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const holderDir = "BACKUP_TEST_DIR"

// TestHolderProcess is the other process of TestTwoProcesses.
func TestHolderProcess(t *testing.T) {
	dir := os.Getenv(holderDir)
	if dir == "" {
		t.Skip("runs as a child of TestTwoProcesses")
	}
	f := opened(t, dir)
	put(t, f, night)
	_, _ = os.Stdout.WriteString("held\n")
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "backups")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHolderProcess$", "-test.count=1")
	cmd.Env = append(os.Environ(), holderDir+"="+dir)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(out).ReadString('\n'); said != "held\n" {
		t.Fatalf("the other process says %q, %v", said, err)
	}
	if f, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("both have the lock: %v, %v", f, err)
	}
	// To read, no lock is needed.
	if report, err := Verify(t.Context(), dir, nil); err != nil || !report.OK || len(report.Files) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	f, err := Open(dir, Options{})
	if err != nil {
		t.Fatalf("after the other was killed: %v", err)
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("twice in one process: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	again, err := Open(dir, Options{})
	if err != nil {
		t.Fatalf("after it was closed: %v", err)
	}
	_ = again.Close()
}
