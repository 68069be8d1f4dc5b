package secret

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
)

// ErrUnsafeFile is a stored key file that others could read or exchange.
// The error's text says what to do about it.
var ErrUnsafeFile = errors.New("the file is not safe")

// KeyFile keeps keys as plain text, one file each, which their owner alone may
// read (mode 0600 in a folder of mode 0700; Windows protects the user's folders
// by access lists instead).
type KeyFile struct{ dir string }

// NewKeyFile keeps keys in the folder dir, which Put makes when it is missing.
func NewKeyFile(dir string) KeyFile { return KeyFile{dir} }

// Place names the store in a sentence.
func (k KeyFile) Place() string { return fmt.Sprintf("a file in %q", k.dir) }

// Path is the file of an account's key, "" for an account without a name.
func (k KeyFile) Path(a Account) string {
	if a.User() == "" {
		return ""
	}
	return filepath.Join(k.dir, fileName(a.User()))
}

// fileName makes a name for every file system of an account's, and a different
// one of each: the ':' of a port becomes '_', and whatever a path could not
// hold, or a file system without upper case would confuse, is written as %XX.
func fileName(user string) string {
	at := strings.LastIndexByte(user, '@')
	var b strings.Builder
	for i := range len(user) {
		switch c := user[i]; {
		case c == ':' && i > at:
			b.WriteByte('_')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '@', c == '-', c == '.' && i > 0, c == '_' && i < at:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Find reads an account's key; set is false if none is kept here. A file that
// others could read or have put there is an *Error and ErrUnsafeFile.
func (k KeyFile) Find(_ context.Context, a Account) (found Found, set bool, err error) {
	path := k.Path(a)
	if path == "" {
		return Found{}, true, &Error{k.Place(), ErrAccount}
	}
	place := fmt.Sprintf("%q", path)
	raw, err := readOwn(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Found{}, false, nil
	}
	if err != nil {
		return Found{}, true, &Error{place, bare(err)}
	}
	key, err := parse(place, raw)
	return Found{Key: key, Place: place}, true, err
}

// readOwn reads a file that nobody else can have a hand in.
func readOwn(path string) (string, error) {
	// The open refuses a link as well; this tells what is wrong in words.
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", fmt.Errorf("%w: it is a symbolic link; remove it and log in again", ErrUnsafeFile)
	}
	f, err := openKey(path, noFollow)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	if err := ownFolder(filepath.Dir(path)); err != nil {
		return "", err
	}
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	switch {
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%w: it is not a regular file; remove it and log in again", ErrUnsafeFile)
	case !ours(info):
		return "", fmt.Errorf("%w: it belongs to another user; remove it and log in again", ErrUnsafeFile)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%w: its mode is %04o, so that other users can get at it; run: chmod 600 %q",
			ErrUnsafeFile, info.Mode().Perm(), path)
	}
	return readBounded(f)
}

// ownFolder refuses a folder in which others could give one account's key the
// name of another's.
func ownFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return err
	case !ours(info):
		return fmt.Errorf("%w: its folder belongs to another user; move that away and log in again", ErrUnsafeFile)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("%w: other users can write to its folder, whose mode is %04o; run: chmod 700 %q",
			ErrUnsafeFile, info.Mode().Perm(), dir)
	}
	return nil
}

// Put stores a key in place of an older one. A crash leaves the old or the new
// one, never a half. Every error is a *StoreError, as those of Remove are.
func (k KeyFile) Put(_ context.Context, a Account, key client.Key) error {
	if err := k.put(a, key); err != nil {
		return notStored(k, err)
	}
	return nil
}

func (k KeyFile) put(a Account, key client.Key) (err error) {
	if a.User() == "" {
		return ErrAccount
	}
	if err := storable(key); err != nil {
		return err
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	dir, err := os.OpenRoot(k.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	if runtime.GOOS != "windows" { // the folder may be older than the rule
		if err := dir.Chmod(".", 0o700); err != nil {
			return err
		}
	}
	name := fileName(a.User())
	part := partName(name, rand.Text())
	if err := writeNew(dir, part, key.Reveal()+"\n"); err != nil {
		return err
	}
	if err := dir.Rename(part, name); err != nil {
		return errors.Join(err, dir.Remove(part))
	}
	if d, err := dir.Open("."); err == nil {
		_ = d.Sync() // some file systems cannot; the rename is in place all the same
		_ = d.Close()
	}
	return nil
}

// partName is a file on its way: hidden, and known by the name that it will
// get. No name that fileName makes has a '~' in it.
func partName(name, random string) string { return "." + name + "~" + random }

// writeNew makes a file durable under a name that nobody has used, or leaves none.
func writeNew(dir *os.Root, name, content string) error {
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = f.Chmod(0o600) // whatever the umask is
	if err == nil {
		_, err = f.WriteString(content)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, dir.Remove(name))
	}
	return nil
}

// Remove deletes an account's key, and what a crash left of one on its way.
func (k KeyFile) Remove(_ context.Context, a Account) (removed bool, err error) {
	if a.User() == "" {
		return false, notRemoved(k, ErrAccount)
	}
	dir, err := os.OpenRoot(k.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, notRemoved(k, err)
	}
	defer func() { _ = dir.Close() }()
	removed, err = removeKey(dir, fileName(a.User()))
	if err != nil {
		return removed, notRemoved(k, err)
	}
	return removed, nil
}

func removeKey(dir *os.Root, name string) (removed bool, err error) {
	err = dir.Remove(name)
	removed = err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	parts, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return removed, err
	}
	for _, p := range parts {
		if !strings.HasPrefix(p.Name(), partName(name, "")) {
			continue
		}
		if err := dir.Remove(p.Name()); err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// fileSource is the file that a login made.
type fileSource struct {
	files   KeyFile
	account Account
}

func (s fileSource) Find(ctx context.Context) (Found, bool, error) {
	return s.files.Find(ctx, s.account)
}
