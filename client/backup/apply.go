package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Applied is what [Folder.Apply] did.
type Applied struct {
	Removed   []Entry // files that are gone now
	Forgotten []Entry // entries whose files were gone already
	// Kept are those of the entries that stay all the same: their files have
	// changed since they were looked for.
	Kept []Kept
}

// Apply removes the entries that [Plan] said go, and their lines. Each file is
// looked for once more, and stays if it is not what the manifest says. That
// they go is written down before the first is removed, and a run that is killed
// in between leaves files that are either gone or still backups.
//
// On an error Applied tells what was done until then, and the same call later
// does the rest. ctx is heeded between two files.
func (f *Folder) Apply(ctx context.Context, remove []Entry) (Applied, error) {
	var done Applied
	if len(remove) == 0 {
		return done, nil
	}
	m, err := readManifest(f.root)
	if err != nil {
		return done, err
	}
	if _, _, err := takeInventory(ctx, f.root, &m); err != nil {
		return done, err
	}
	doomed := m.doomed(remove, &done)
	if len(doomed) == 0 {
		return done, nil
	}
	if err := f.markRemoved(doomed); err != nil {
		return done, err
	}
	err = f.removeFiles(ctx, doomed, &done)
	if syncErr := f.disk.syncDir(f.root); syncErr != nil {
		return done, errors.Join(err, syncErr) // the marks stay, so a file that comes back is known
	}
	return done, errors.Join(err, f.rewrite(&m))
}

// doomed are the rows of what goes: those that still are what was looked at.
func (m *manifest) doomed(remove []Entry, done *Applied) []*row {
	rows := make(map[string]*row, len(m.rows))
	for i := range m.rows {
		if r := &m.rows[i]; r.entry.File != "" {
			rows[r.entry.File] = r
		}
	}
	var doomed []*row
	for _, e := range remove {
		r, ok := rows[e.File]
		delete(rows, e.File) // once is enough
		switch {
		case !ok || r.removed: // it has gone already
		case r.entry.SHA256 != e.SHA256 || r.entry.State == Changed:
			done.Kept = append(done.Kept, Kept{e.File, []string{ReasonChanged}})
		case r.entry.State == Unreadable:
			done.Kept = append(done.Kept, Kept{e.File, []string{ReasonUnreadable}})
		default:
			doomed = append(doomed, r)
		}
	}
	return doomed
}

// markRemoved writes down that the files go.
func (f *Folder) markRemoved(doomed []*row) error {
	var marks []byte
	for _, r := range doomed {
		mark, err := encodeRemove(r.entry, f.now())
		if err != nil {
			return fmt.Errorf("remove the backup: %w", err)
		}
		marks = append(marks, mark...)
	}
	return f.append(marks)
}

// removeFiles goes on past a file that cannot be removed: it stays a backup.
func (f *Folder) removeFiles(ctx context.Context, doomed []*row, done *Applied) error {
	var errs []error
	for _, r := range doomed {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		err := fs.ErrNotExist
		if r.entry.State == Present {
			err = f.disk.remove(f.root, r.entry.File)
		}
		switch {
		case err == nil:
			done.Removed = append(done.Removed, r.entry)
		case errors.Is(err, fs.ErrNotExist):
			done.Forgotten = append(done.Forgotten, r.entry)
		default:
			errs = append(errs, fmt.Errorf("remove the backup: %w", err))
			continue
		}
		r.removed = true
	}
	return errors.Join(errs...)
}
