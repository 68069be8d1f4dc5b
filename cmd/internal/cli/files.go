package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// localFiles is what the console may do with the files of exports.
type localFiles struct {
	a    *app
	goos string
}

// Verify checks a file against what the server told of its export.
func (f localFiles) Verify(ctx context.Context, path string, expect archive.Expect, progress func(read, size int64)) (archive.Report, error) {
	return inspector{expect: expect}.Inspect(ctx, path, progress)
}

// Inspect tells what is in a file, and whether that is what the server told.
func (f localFiles) Inspect(ctx context.Context, path string, expect archive.Expect, progress func(done, total int64)) (archive.Report, error) {
	return inspector{expect: expect}.Inspect(ctx, path, progress)
}

// openTimeout is how long the desktop may take to start its file manager.
const openTimeout = 10 * time.Second

// OpenFolder shows the folder of a file in the desktop's file manager. No shell
// takes part, and the path is no option, since it is absolute.
func (f localFiles) OpenFolder(path string) error {
	dir := filepath.Dir(path)
	if !filepath.IsAbs(dir) {
		return fmt.Errorf("open the folder of %q: it is no absolute path", path)
	}
	argv := []string{"xdg-open", dir}
	switch f.goos {
	case "darwin":
		argv = []string{"open", dir}
	case "windows":
		argv = []string{"explorer.exe", dir}
	}
	if _, err := exec.LookPath(argv[0]); err != nil || f.goos == "linux" && f.a.Env.Get("DISPLAY") == "" && f.a.Env.Get("WAYLAND_DISPLAY") == "" {
		return message.New(message.Internal, "There is no desktop here to show the folder on.", "It is "+dir+".")
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = withoutKeys(f.a.Environ())
	err := cmd.Run()
	var exit *exec.ExitError
	if f.goos == "windows" && errors.As(err, &exit) {
		return nil // the Explorer always says 1
	}
	if err != nil {
		return message.New(message.Internal, "The folder could not be shown: "+err.Error()+".", "It is "+dir+".")
	}
	return nil
}

// Remove deletes the file of an export, or the part of it with what lies beside.
func (f localFiles) Remove(path string) error {
	found, err := transfer.Peek(path)
	if err == nil && found.State != transfer.StateNone {
		part, err := transfer.Open(transfer.Options{Path: path, ID: found.ID})
		if err != nil {
			return fmt.Errorf("delete the part of %q: %w", path, err)
		}
		if err := part.Discard(); err != nil {
			return fmt.Errorf("delete the part of %q: %w", path, err)
		}
		_ = os.Remove(part.File() + seal.Suffix) // a copy that was being encrypted
	}
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("it is not a regular file")
	case err == nil:
		err = os.Remove(path)
	}
	if err != nil {
		return &message.Error{Message: message.Message{
			Code: message.Disk, Text: fmt.Sprintf("%q cannot be deleted: %v.", path, bare(err)), Hint: "Get the right to write in its folder.",
		}, Err: err}
	}
	return nil
}

// inspectionLines is what the inspect command prints, for whoever reads it line
// by line.
func (a *app) inspectionLines(path string, r archive.Report) ([]string, error) {
	var out strings.Builder
	reader := *a
	reader.Out, reader.OutTerminal, reader.color = &out, false, colorNever
	err := reader.printInspection(path, r)
	return strings.Split(strings.TrimRight(out.String(), "\n"), "\n"), err
}
