package job

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// reserve is the room that must be left on the disk before an export is made;
// its size is not known yet.
const reserve = 16 << 20

// target is where a job's file goes.
type target struct {
	dir    string // absolute
	name   string // the person's own name for the file; "" when we make one
	force  bool
	stdout bool // the file is only on its way to standard output
}

// resolve finds out what Spec.Output means, makes a missing folder, and checks
// that a file can be written there: all of it before an export is made.
func (s *Service) resolve(output string, force bool) (target, error) {
	t, err := s.locate(output, force)
	if err != nil {
		return target{}, err
	}
	if t.stdout && s.d.StateDir == "" {
		if t.dir, err = s.makeTemporary(); err != nil {
			return target{}, err
		}
	}
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return target{}, &PathError{Kind: ErrFolder, Path: t.dir, Err: bare(err)}
	}
	if err := writable(t.dir); err != nil {
		return target{}, &PathError{Kind: ErrFolder, Path: t.dir, Err: bare(err)}
	}
	free, err := transfer.Free(t.dir)
	if err == nil && free < reserve {
		return target{}, &PathError{Kind: ErrNoRoom, Path: t.dir, Err: fmt.Errorf("%d bytes free", free)}
	}
	return t, nil
}

// locate decides what output names, without changing anything.
func (s *Service) locate(output string, force bool) (target, error) {
	t := target{force: force}
	switch {
	case output == "-":
		t.stdout, output = true, filepath.Join(cmp.Or(s.d.StateDir, os.TempDir()), "stdout")
	case output == "":
		output = s.d.Folder
	case os.IsPathSeparator(output[len(output)-1]):
	default:
		info, err := os.Stat(output)
		switch {
		case err == nil && info.IsDir():
		case err == nil && !info.Mode().IsRegular():
			return t, &PathError{Kind: ErrNoFile, Path: output}
		case err == nil && !force:
			return t, &PathError{Kind: ErrExists, Path: output}
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return t, &PathError{Kind: ErrFolder, Path: output, Err: bare(err)}
		case err != nil && !force && isLink(output):
			return t, &PathError{Kind: ErrExists, Path: output}
		default:
			t.name, output = filepath.Base(output), filepath.Dir(output)
		}
	}
	dir, err := filepath.Abs(output)
	if err != nil {
		return t, &PathError{Kind: ErrFolder, Path: output, Err: err}
	}
	t.dir = dir
	return t, nil
}

// isLink finds the link that leads nowhere: no file is there, but its name is taken.
func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// makeTemporary makes a folder for a file on its way to standard output, where there
// is no state folder. Everybody may write to the system's folder of such files,
// so that its name must be one that nobody can take before us. It goes with the
// Service.
func (s *Service) makeTemporary() (string, error) {
	dir, err := os.MkdirTemp("", "dashtray-tui-")
	if err != nil {
		return "", &PathError{Kind: ErrFolder, Path: os.TempDir(), Err: bare(err)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.temporary = append(s.temporary, dir)
	return dir, nil
}

// writable makes and removes a file: the only question whose answer can be
// trusted, whatever permissions, quotas and read-only mounts say.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".dashtray-*")
	if err != nil {
		return err
	}
	name := f.Name()
	err = f.Close()
	return errors.Join(err, os.Remove(name))
}

// bare drops the path that PathError names anyway.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Folder says where Output would put a file, and the bytes free there. The
// folder need not exist yet; nothing is made.
func (s *Service) Folder(output string) (dir string, free int64, err error) {
	t, err := s.locate(output, true)
	if err != nil {
		return "", 0, err
	}
	at := t.dir
	for {
		if _, err := os.Stat(at); err == nil || filepath.Dir(at) == at {
			break
		}
		at = filepath.Dir(at)
	}
	free, err = transfer.Free(at)
	if err != nil {
		return t.dir, 0, &PathError{Kind: ErrFolder, Path: t.dir, Err: bare(err)}
	}
	return t.dir, free, nil
}

// keptAs reports whether the output that exists is what an earlier download of
// this export left there: then it is the result, not an obstacle.
func (s *Service) keptAs(spec Spec) bool {
	path, err := filepath.Abs(spec.Output)
	if spec.ID == "" || err != nil {
		return false
	}
	rec := s.known(spec.ID)
	return rec != nil && slices.ContainsFunc(rec.files, func(f history.File) bool { return f.Path == path })
}
