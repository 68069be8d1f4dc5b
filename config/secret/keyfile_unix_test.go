//go:build unix

package secret_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config/secret"
)

func TestAStoredFileThatOthersCouldHaveAHandIn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		make func(t *testing.T, path string) error
		says string
	}{
		"group readable": {mode(0o640), "chmod 600"},
		"world readable": {mode(0o604), "chmod 600"},
		"group writable": {mode(0o620), "chmod 600"},
		"a link": {func(t *testing.T, path string) error {
			target := write(t, 0o600, "dk_x")
			return os.Symlink(target, path)
		}, "symbolic link"},
		"a dangling link": {func(_ *testing.T, path string) error { return os.Symlink("nowhere", path) }, "symbolic link"},
		"a pipe":          {func(_ *testing.T, path string) error { return unix.Mkfifo(path, 0o600) }, "regular"},
		"a folder that its group can write to": {func(_ *testing.T, path string) error {
			return errors.Join(os.WriteFile(path, []byte("dk_x"), 0o600), os.Chmod(filepath.Dir(path), 0o770))
		}, "chmod 700"},
		"a folder that all can write to": {func(_ *testing.T, path string) error {
			return errors.Join(os.WriteFile(path, []byte("dk_x"), 0o600), os.Chmod(filepath.Dir(path), 0o1777))
		}, "chmod 700"},
		"another owner": {func(t *testing.T, path string) error {
			if os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			return errors.Join(os.WriteFile(path, []byte("dk_x"), 0o600), os.Chown(path, 65534, 65534))
		}, "another user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := secret.NewKeyFile(keyDir(t))
			if err := tc.make(t, files.Path(account)); err != nil {
				t.Fatal(err)
			}
			_, err := secret.Find(context.Background(), secret.Places(secret.Options{
				Env: env(nil), Account: account, KeyDir: filepath.Dir(files.Path(account)),
			})...)
			var place *secret.Error
			if !errors.Is(err, secret.ErrUnsafeFile) || !errors.As(err, &place) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want ErrUnsafeFile and %q", err, tc.says)
			}
			// To log in again puts it right, whatever was there.
			if err := files.Put(context.Background(), account, client.NewKey("dk_new")); err != nil {
				t.Fatal(err)
			}
			if found, _, err := files.Find(context.Background(), account); err != nil || !found.Key.Equal(client.NewKey("dk_new")) {
				t.Errorf("after another login: %v", err)
			}
		})
	}
}

func TestAKeysFolderOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a folder away")
	}
	files := secret.NewKeyFile(keyDir(t))
	if err := files.Put(t.Context(), account, client.NewKey("dk_x")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Dir(files.Path(account)), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, _, err := files.Find(t.Context(), account); !errors.Is(err, secret.ErrUnsafeFile) || !strings.Contains(err.Error(), "folder belongs to another user") {
		t.Errorf("got %v, want ErrUnsafeFile", err)
	}
}

// TestAKeyWithASecondNameIsFound: backups by hard links make these, and whoever
// could make one in the folder of the keys is kept out of that.
func TestAKeyWithASecondNameIsFound(t *testing.T) {
	t.Parallel()
	files := secret.NewKeyFile(keyDir(t))
	if err := files.Put(t.Context(), account, client.NewKey("dk_x")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(files.Path(account), filepath.Join(t.TempDir(), "backup")); err != nil {
		t.Skip(err)
	}
	if found, _, err := files.Find(t.Context(), account); err != nil || !found.Key.Equal(client.NewKey("dk_x")) {
		t.Error(err)
	}
}

func mode(m os.FileMode) func(*testing.T, string) error {
	return func(_ *testing.T, path string) error {
		return errors.Join(os.WriteFile(path, []byte("dk_x"), 0o600), os.Chmod(path, m))
	}
}

func TestPutDoesNotWriteThroughALink(t *testing.T) {
	t.Parallel()
	files := secret.NewKeyFile(keyDir(t))
	victim := write(t, 0o600, "precious")
	if err := os.Symlink(victim, files.Path(account)); err != nil {
		t.Fatal(err)
	}
	if err := files.Put(context.Background(), account, client.NewKey("dk_x")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(victim); err != nil || string(got) != "precious" {
		t.Errorf("the link's target holds %q, %v", got, err)
	}
}

// A file that DASHTRAY_API_KEY_FILE names may be anything.
func TestAKeyFileThatIsNoFile(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{
		"/dev/zero": secret.ErrTooLong,
		"/dev/null": secret.ErrEmpty,
		pipe:        secret.ErrEmpty, // nobody writes to it
	} {
		if _, err := find(map[string]string{secret.EnvKeyFile: path}, "default"); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", path, err, want)
		}
	}
}

// TestAKeyFromAPipe is what a shell's <(command) gives.
func TestAKeyFromAPipe(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	o := options(map[string]string{secret.EnvKeyFile: fmt.Sprintf("/dev/fd/%d", r.Fd())}, "default")

	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("told to stop")
	found := make(chan error, 1)
	go func() {
		_, err := secret.Find(ctx, secret.Places(o)...)
		found <- err
	}()
	cancel(why) // the writer is there and silent
	if err := <-found; !errors.Is(err, why) {
		t.Errorf("a silent pipe: got %v, want the context's cause", err)
	}

	if _, err := w.WriteString("dk_piped\n"); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	got, err := secret.Find(context.Background(), secret.Places(o)...)
	if err != nil || !got.Key.Equal(client.NewKey("dk_piped")) {
		t.Errorf("a pipe: %v", err)
	}
}
