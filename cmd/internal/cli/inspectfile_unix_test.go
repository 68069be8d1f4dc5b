//go:build unix

package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A pipe is read to its end, as from `verify <(zcat x.json.gz)`.
func TestVerifyAPipe(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(path, []byte(smallExport), 0o600) }()
	w := newWorld(t)
	if code := w.run("verify", path, "--json"); code != 0 || !strings.Contains(w.out.String(), sum([]byte(smallExport))) {
		t.Errorf("exit code %d\n%s%s", code, w.out.String(), w.err.String())
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// Waiting for a pipe ends with the person's patience: before anybody writes to
// it, and in the midst of the file.
func TestGivingUpOnAPipe(t *testing.T) {
	t.Parallel()
	end := make(chan error, 1)
	inspect := func(ctx context.Context, path string) {
		_, err := inspector{}.Inspect(ctx, path, func(int64, int64) {})
		end <- err
	}
	ctx, cancel := context.WithCancel(t.Context())
	go inspect(ctx, fifo(t))
	cancel()
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Errorf("nobody writes: %v", err)
	}

	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	path := fifo(t)
	go inspect(ctx, path)
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = writer.WriteString(smallExport[:100])
		defer func() { _ = writer.Close() }()
	}
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-end; !errors.Is(err, context.Canceled) {
		t.Errorf("the writer writes no more: %v", err)
	}
}

func TestVerifyIsInterrupted(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	w := newWorld(t)
	w.signals <- syscall.SIGINT
	if code := w.run("verify", path); code != 130 || !strings.Contains(w.err.String(), "not checked to its end") {
		t.Errorf("exit code %d\n%s", code, w.err.String())
	}
}

func TestVerifyADevice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if code := w.run("verify", os.DevNull); code != 1 || !strings.Contains(w.err.String(), "neither a file nor a pipe") {
		t.Errorf("exit code %d\n%s", code, w.err.String())
	}
}
