package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/transfer"
)

// What lies beside the name of a download that is not finished.
const (
	partSuffix       = ".part"
	sealingSuffix    = ".part.age" // while it is encrypted
	checkpointSuffix = ".part.json"
	lockSuffix       = ".part.lock"
)

// partOf takes the endings of a download that is not finished from a name.
func partOf(name string) (stem string, ok bool) {
	for _, suffix := range []string{partSuffix, sealingSuffix, checkpointSuffix, lockSuffix} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			return stem, true
		}
	}
	return name, false
}

// Sweep removes what unfinished downloads left here, if nothing was added to it
// for longer than age, so that no run goes on with it: it takes room, and beside
// encrypted backups it is plain text. It goes only if a checkpoint or a lock
// says that this program wrote it, and if nobody works on it. removed are the
// names that the downloads would have got; after an error, too, the others are
// gone.
func (f *Folder) Sweep(age time.Duration) (removed []string, err error) {
	names, err := namesIn(f.root)
	if err != nil {
		return nil, err
	}
	var errs []error
	seen := make(map[string]bool)
	for _, name := range names {
		stem, ok := partOf(name)
		if !ok || seen[stem] || !validName(stem) {
			continue
		}
		seen[stem] = true
		if !f.abandoned(stem, age) {
			continue
		}
		switch err := f.discard(stem); {
		case err == nil:
			removed = append(removed, stem)
		case errors.Is(err, transfer.ErrLocked), errors.Is(err, transfer.ErrOtherObject): // somebody took it up meanwhile
		default:
			errs = append(errs, err)
		}
	}
	return removed, errors.Join(errs...)
}

// abandoned reports whether what lies beside a name is ours, and old.
func (f *Folder) abandoned(stem string, age time.Duration) bool {
	ours := false
	for _, suffix := range []string{partSuffix, sealingSuffix, checkpointSuffix, lockSuffix} {
		info, err := f.root.Lstat(stem + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !info.Mode().IsRegular() || f.now().Sub(info.ModTime()) <= age {
			return false
		}
		ours = ours || suffix == checkpointSuffix || suffix == lockSuffix
	}
	return ours
}

// discard takes the part's own lock first.
func (f *Folder) discard(stem string) error {
	path := filepath.Join(f.dir, stem)
	found, err := transfer.Peek(path)
	if err == nil {
		var part *transfer.Part
		if part, err = transfer.Open(transfer.Options{Path: path, ID: found.ID}); err == nil {
			err = part.Discard()
		}
	}
	if err == nil {
		if err = f.disk.remove(f.root, stem+sealingSuffix); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("remove what is left of %q: %w", stem, err)
	}
	return nil
}
