package schedule

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrForeign is a file with a name of ours that somebody else has written, or
// that is masked. Move it away, or leave the schedule to it.
var ErrForeign = errors.New("it was not made by dashtray-tui schedule")

// maxFile is the most that is read of a file; ours are far smaller.
const maxFile = 64 << 10

// read gives a file of ours. fs.ErrNotExist if there is none, ErrForeign if it
// is not ours.
func read(path string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", &fs.PathError{Op: "read", Path: path, Err: ErrForeign}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(string(b), "# "+marker+"\n") {
		return "", &fs.PathError{Op: "read", Path: path, Err: ErrForeign}
	}
	return string(b), nil
}

// write puts a file in place, whole or not at all.
func write(dir, name, content string) (err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	part := "." + name + "~" + rand.Text()
	f, err := root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = root.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(part))
	}
	return nil
}

// restorer puts the files of a folder back as they were.
type restorer struct {
	dir    string
	before map[string]string // name → content; no entry for a file that was not there
	names  []string
}

// replaceAll writes the units and can undo that. Nothing is written if one of
// the names is not ours.
func replaceAll(dir string, units []Unit) (*restorer, error) {
	r := &restorer{dir: dir, before: map[string]string{}}
	for _, u := range units {
		was, err := read(filepath.Join(dir, u.Name))
		switch {
		case err == nil:
			r.before[u.Name] = was
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("look at the unit that is there: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of units: %w", err)
	}
	for _, u := range units {
		if err := write(dir, u.Name, u.Content); err != nil {
			return nil, errors.Join(fmt.Errorf("write unit %q: %w", u.Name, err), r.undo())
		}
		r.names = append(r.names, u.Name)
	}
	return r, nil
}

func (r *restorer) undo() error {
	var errs []error
	for _, name := range r.names {
		if was, had := r.before[name]; had {
			errs = append(errs, write(r.dir, name, was))
		} else {
			errs = append(errs, os.Remove(filepath.Join(r.dir, name)))
		}
	}
	return errors.Join(errs...)
}
