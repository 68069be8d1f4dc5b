package sshd_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

const export = "dashtray-acme-all_time-20261124T000000Z.json"

// withFiles puts a finished export into the folder, and around it what must
// not be had.
func withFiles(t *testing.T) (*world, *sftp.Client) {
	t.Helper()
	outside := filepath.Join(t.TempDir(), "secret")
	w := newWorld(t, func(w *world, o *sshd.Options) {
		put := func(path, content string) {
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		put(outside, "secret")
		put(filepath.Join(w.folder, export), strings.Repeat("finished", 100_000))
		put(filepath.Join(w.folder, "unverified.json"), "secret")
		put(filepath.Join(w.folder, export+".part"), "secret")
		put(filepath.Join(w.folder, ".hidden"), "secret")
		put(filepath.Join(w.folder, "sub", "x.json"), "secret")
		put(w.folder+"-beside/x.json", "secret") // begins like the folder
		if err := os.Symlink(outside, filepath.Join(w.folder, "link.json")); err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(export, filepath.Join(w.folder, "inside.json")); err != nil {
			t.Fatal(err)
		}
		o.Files.Finished = func(context.Context, serve.Who) ([]string, error) {
			// Even if somebody gets all of these into the list.
			return []string{
				export, "link.json", "inside.json", export + ".part", ".hidden", "sub/x.json", "sub", "../" + filepath.Base(w.folder) + "-beside/x.json",
				"gone.json", outside, "/etc/passwd", "..", ".", "",
			}, nil
		}
	})
	t.Cleanup(func() { _ = os.RemoveAll(w.folder + "-beside") })
	c, err := sftp.NewClient(w.dial(t, w.operator))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return w, c
}

func TestFetchAFile(t *testing.T) {
	t.Parallel()
	w, c := withFiles(t)
	list, err := c.ReadDir("/")
	if err != nil || len(list) != 1 || list[0].Name() != export || list[0].Size() != 800_000 || list[0].Mode() != 0o400 {
		t.Fatalf("listed: %v, %v", list, err)
	}
	for _, p := range []string{export, "/" + export, "./" + export, "x/../" + export} {
		f, err := c.Open(p)
		if err != nil {
			t.Fatal(p, err)
		}
		var got bytes.Buffer
		if _, err := f.WriteTo(&got); err != nil || got.Len() != 800_000 {
			t.Errorf("%s: %d bytes, %v", p, got.Len(), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if e := w.audit(t, "file.read", serve.Done); e.Object != export || e.Bytes < 800_000 || e.who.Name != "op@bastion" {
		t.Errorf("written down: %+v", e)
	}
	w.audit(t, "file.open", serve.Done)
}

func TestNoWayOutOfTheFolder(t *testing.T) {
	t.Parallel()
	w, c := withFiles(t)
	beside := filepath.Base(w.folder) + "-beside/x.json"
	for _, p := range []string{
		"unverified.json", export + ".part", ".hidden", "sub", "sub/x.json", "link.json", "inside.json", "gone.json",
		"../" + beside, "/../" + beside, "..", "../..", "/etc/passwd", "../../../../../../etc/passwd", w.folder + "/" + export,
		"..\\x", export + "/", export + "\x00", "C:\\x", export + ":x", "~", "//" + export + "/../../etc/passwd", "", strings.Repeat("a/", 2000),
	} {
		if f, err := c.Open(p); err == nil {
			got, _ := io.ReadAll(io.LimitReader(f, 100))
			_ = f.Close()
			if !strings.HasPrefix(string(got), "finished") || !strings.HasPrefix(strings.TrimLeft(p, "/"), export) {
				t.Errorf("opened %q: %q", p, got)
			}
		}
		if info, err := c.Stat(p); err == nil && info.Mode().IsRegular() && info.Name() != export {
			t.Errorf("told of %q: %v", p, info)
		}
		if list, err := c.ReadDir(p); err == nil && len(list) != 1 {
			t.Errorf("listed %q: %v", p, list)
		}
	}
	if e := w.audit(t, "file.open", serve.Refused); e.Object == "" {
		t.Errorf("written down: %+v", e)
	}
}

func TestNothingIsChangedOverSFTP(t *testing.T) {
	t.Parallel()
	w, c := withFiles(t)
	for name, do := range map[string]func() error{
		"create":   func() error { _, err := c.Create("new.json"); return err },
		"write":    func() error { _, err := c.OpenFile(export, os.O_WRONLY); return err },
		"append":   func() error { _, err := c.OpenFile(export, os.O_RDWR|os.O_APPEND); return err },
		"truncate": func() error { return c.Truncate(export, 0) },
		"chmod":    func() error { return c.Chmod(export, 0o777) },
		"remove":   func() error { return c.Remove(export) },
		"rename":   func() error { return c.Rename(export, "x") },
		"posix":    func() error { return c.PosixRename(export, "x") },
		"mkdir":    func() error { return c.Mkdir("d") },
		"symlink":  func() error { return c.Symlink("/etc/passwd", "p.json") },
		"link":     func() error { return c.Link(export, "l.json") },
		"readlink": func() error { _, err := c.ReadLink("link.json"); return err },
		"statvfs":  func() error { _, err := c.StatVFS("/"); return err },
	} {
		if err := do(); err == nil {
			t.Errorf("%s works", name)
		}
	}
	if content, err := os.ReadFile(filepath.Join(w.folder, export)); err != nil || len(content) != 800_000 {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	entries, err := os.ReadDir(w.folder)
	if err != nil || len(entries) != 7 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestViewersFetchNothing(t *testing.T) {
	t.Parallel()
	w, _ := withFiles(t)
	if c, err := sftp.NewClient(w.dial(t, w.viewer)); err == nil {
		if _, err := c.ReadDir("/"); err == nil {
			t.Error("a viewer sees the files")
		}
		_ = c.Close()
	}
	if e := w.audit(t, "sftp", serve.Refused); e.who.Role != serve.Viewer {
		t.Errorf("written down: %+v", e)
	}
	s, err := w.dial(t, w.viewer).NewSession()
	if err != nil {
		t.Fatal(err)
	}
	said, err := s.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RequestSubsystem("sftp"); err != nil {
		t.Fatal(err)
	}
	const want = "Refused: as viewer you may not fetch files. Ask for the role operator.\r\n"
	if got, err := io.ReadAll(said); err != nil || string(got) != want {
		t.Errorf("told: %q, %v", got, err)
	}
}

func TestOpenFilesAreBounded(t *testing.T) {
	t.Parallel()
	_, c := withFiles(t)
	opened := 0
	for range 40 {
		if _, err := c.Open(export); err == nil {
			opened++
		}
	}
	if opened != 16 {
		t.Errorf("%d files are open", opened)
	}
}

// What cannot be written down is not done.
func TestWithoutAnAuditLogNothingIsDone(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	var broken chan struct{}
	w := newWorld(t, func(w *world, o *sshd.Options) {
		broken = make(chan struct{})
		o.Record = func(who serve.Who, e serve.Event) error {
			select {
			case <-broken:
				return full
			default:
				return w.record(who, e)
			}
		}
	})
	c := w.dial(t, w.admin)
	w.audit(t, "login", serve.Done)
	close(broken)
	s := w.open(t, c, nil)
	w.see(t, s, "audit log cannot be written")
	var exit *ssh.ExitError
	if err := s.Wait(); !errors.As(err, &exit) || exit.ExitStatus() != 1 {
		t.Errorf("ended with %v", err)
	}
	if c, err := sftp.NewClient(c); err == nil {
		if _, err := c.ReadDir("/"); err == nil {
			t.Error("files are served")
		}
	}
	if c, err := ssh.Dial("tcp", w.addr, w.config(w.viewer)); err == nil {
		out := make(chan error, 1)
		go func() { out <- c.Wait() }()
		w.until(t, "the end of the connection", func() bool { return len(out) == 1 })
	}
}
