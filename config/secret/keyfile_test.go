package secret_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config/secret"
)

func TestAStoredFile(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "settings", "keys")
	files := secret.NewKeyFile(dir)
	if _, set, err := files.Find(ctx, account); set || err != nil {
		t.Errorf("without a folder: set %v, %v", set, err)
	}
	if removed, err := files.Remove(ctx, account); removed || err != nil {
		t.Errorf("without a folder: removed %v, %v", removed, err)
	}
	for _, raw := range []string{"dk_first", "dk_second"} {
		if err := files.Put(ctx, account, client.NewKey(raw)); err != nil {
			t.Fatal(err)
		}
		found, set, err := files.Find(ctx, account)
		if err != nil || !set || !found.Key.Equal(client.NewKey(raw)) || len(found.Warnings) != 0 {
			t.Errorf("set %v, %q, %v", set, found.Warnings, err)
		}
	}
	path := filepath.Join(dir, "work@api.dashtray.test")
	if files.Path(account) != path {
		t.Errorf("the path is %q, want %q", files.Path(account), path)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{path: 0o600, dir: 0o700 | os.ModeDir, filepath.Dir(dir): 0o700 | os.ModeDir} {
			if info, err := os.Stat(name); err != nil || info.Mode() != want {
				t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
			}
		}
	}
	other := secret.Account{Profile: "work", Origin: "https://api.dashtray.test:8443"}
	if _, set, err := files.Find(ctx, other); set || err != nil {
		t.Errorf("another origin has a key: %v, %v", set, err)
	}
	// What a crash left of a key on its way is removed with it, and nothing else.
	for _, name := range []string{".work@api.dashtray.test~ABC", ".work@api.dashtray.test.example~ABC", "work@api.dashtray.test.example"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("dk_x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []bool{true, false} {
		if removed, err := files.Remove(ctx, account); removed != want || err != nil {
			t.Errorf("removed %v, %v; want %v", removed, err, want)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Errorf("left are %v, %v", left, err)
	}
}

func TestAFolderOpenToOthersIsClosed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no mode bits")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := secret.NewKeyFile(dir).Put(context.Background(), account, client.NewKey("dk_x")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
}

func TestAStoredFileThatSomebodyEdited(t *testing.T) {
	t.Parallel()
	files := secret.NewKeyFile(keyDir(t))
	for content, want := range map[string]error{
		"dk_x\r\n": nil, "\ufeffdk_x\r\n": nil, "\n\n  Bearer dk_x \n": nil, "dk_x": nil,
		"": secret.ErrEmpty, "\ufeff": secret.ErrEmpty, "dk_x\ndk_y\n": secret.ErrMalformed,
		"\xff\xfed\x00k\x00": secret.ErrMalformed, strings.Repeat("k", secret.MaxBytes+1): secret.ErrTooLong,
	} {
		if err := os.WriteFile(files.Path(account), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		found, set, err := files.Find(context.Background(), account)
		if !set || !errors.Is(err, want) || want == nil && !found.Key.Equal(client.NewKey("dk_x")) {
			t.Errorf("%.20q: set %v, %v; want %v", content, set, err, want)
		}
	}
}

func TestAFolderInAKeysPlace(t *testing.T) {
	t.Parallel()
	ctx, files := context.Background(), secret.NewKeyFile(keyDir(t))
	if err := os.MkdirAll(filepath.Join(files.Path(account), "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, set, err := files.Find(ctx, account); !set || err == nil {
		t.Errorf("found: set %v, %v", set, err)
	}
	if err := files.Put(ctx, account, client.NewKey("dk_secret")); err == nil || strings.Contains(err.Error(), "dk_secret") {
		t.Errorf("stored: %v", err)
	}
	if removed, err := files.Remove(ctx, account); removed || err == nil {
		t.Errorf("removed: %v, %v", removed, err)
	}
	left, err := os.ReadDir(filepath.Dir(files.Path(account)))
	if err != nil || len(left) != 1 {
		t.Errorf("left are %v, %v", left, err)
	}
}

// keyDir is a folder as Put makes it, whatever the umask is.
func keyDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
