package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Codes of what [Verify] finds wrong with a file.
const (
	CodeMissing    = "missing"           // there is no such file
	CodeSize       = "size_mismatch"     // it has another size
	CodeChecksum   = "checksum_mismatch" // it has the size and other content
	CodeOther      = "not_regular"       // the name is that of a folder, a link, …
	CodeUnreadable = "unreadable"        // the system does not let it be read
)

// Checked is a file of the manifest and how it was found.
type Checked struct {
	Entry  Entry
	Code   string // "" if it is what the manifest says
	SHA256 string // what it is now; "" if it was not read to its end
	Bytes  int64
	Err    error // with CodeUnreadable: of the system
}

// Report is the verdict on a folder.
type Report struct {
	Dir   string    // absolute
	Files []Checked // in the order of the manifest
	OK    bool      // all of them are what the manifest says
	// Strangers are names in the folder that the manifest does not have, and
	// that are not the program's own. They are a warning: the folder may hold
	// other things.
	Strangers []string
	Bad       []BadLine // lines of the manifest that nobody can use: a warning too
}

// Progress of a verification, in bytes of files. Total is what the manifest
// says.
type Progress struct {
	File        string
	Done, Total int64
}

// Verify reads every file of a folder's manifest, and compares. It needs no
// lock and changes nothing, so that it can run beside a backup and on a disk
// that cannot be written. Encrypted files are compared as they are on disk,
// without a key.
//
// progress may be nil; it is called from Verify's goroutine, once a MiB at
// most. The error is of the folder or the manifest, or ctx.Err(); a folder
// without a manifest has nothing wrong with it.
func Verify(ctx context.Context, dir string, progress func(Progress)) (Report, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return Report{}, fmt.Errorf("verify the backup folder %q: %w", dir, err)
	}
	root, err := openFolder(abs)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = root.Close() }()
	m, err := readManifest(root)
	if err != nil {
		return Report{}, err
	}
	report := Report{Dir: abs, OK: true, Bad: m.bad()}
	v := &verification{root: root, progress: progress, now: Progress{Total: m.total()}}
	for _, r := range m.rows {
		if r.entry.File == "" || r.removed {
			continue
		}
		checked, err := v.check(ctx, r.entry)
		if err != nil {
			return Report{}, fmt.Errorf("verify the backup %q: %w", r.entry.File, err)
		}
		if checked.Code == CodeMissing && outdated(root, r.entry) {
			continue
		}
		report.OK = report.OK && checked.Code == ""
		report.Files = append(report.Files, checked)
	}
	report.Strangers, err = strangers(root)
	return report, err
}

func (m *manifest) total() int64 {
	var n int64
	for _, r := range m.rows {
		if !r.removed {
			n += r.entry.Bytes
		}
	}
	return n
}

// outdated reports whether a run that works on the folder now has taken the
// entry out of the manifest since it was read.
func outdated(root *os.Root, e Entry) bool {
	m, err := readManifest(root)
	return err == nil && !slices.ContainsFunc(m.rows, func(r row) bool { return r.entry.File == e.File && !r.removed })
}

type verification struct {
	root     *os.Root
	progress func(Progress)
	now      Progress
}

func (v *verification) check(ctx context.Context, e Entry) (Checked, error) {
	c := Checked{Entry: e}
	v.now.File = e.File
	begun := v.now.Done
	defer func() { v.now.Done = begun + e.Bytes }()
	info, err := v.root.Lstat(e.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Code, c.Entry.State = CodeMissing, Missing
		return c, nil
	case err != nil:
		c.Code, c.Entry.State, c.Err = CodeUnreadable, Unreadable, err
		return c, nil
	}
	c.Bytes = info.Size()
	switch {
	case !info.Mode().IsRegular():
		c.Code, c.Entry.State = CodeOther, Changed
		return c, nil
	case c.Bytes != e.Bytes:
		c.Code, c.Entry.State = CodeSize, Changed
		return c, nil
	}
	got, err := sumOf(ctx, v.root, e.File, v.moved)
	switch {
	case ctx.Err() != nil:
		return c, ctx.Err()
	case errors.Is(err, fs.ErrNotExist):
		c.Code, c.Entry.State = CodeMissing, Missing
	case err != nil:
		c.Code, c.Entry.State, c.Err = CodeUnreadable, Unreadable, err
	case got.hex != e.SHA256:
		c.Code, c.Entry.State, c.SHA256, c.Bytes = CodeChecksum, Changed, got.hex, got.bytes
	default:
		c.SHA256 = got.hex
	}
	return c, nil
}

func (v *verification) moved(n int) {
	v.now.Done += int64(n)
	if v.progress != nil {
		v.progress(v.now)
	}
}

// strangers reads the manifest once more: a run may have added files to it.
func strangers(root *os.Root) ([]string, error) {
	names, err := namesIn(root)
	if err != nil {
		return nil, err
	}
	m, err := readManifest(root)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(m.rows))
	for _, r := range m.rows {
		known[r.entry.File] = true
	}
	return slices.DeleteFunc(names, func(name string) bool { return known[name] || ownName(name) }), nil
}

// namesIn are the names in the folder, sorted.
func namesIn(root *os.Root) ([]string, error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("list the backup folder: %w", err)
	}
	names, err := d.Readdirnames(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return nil, fmt.Errorf("list the backup folder: %w", err)
	}
	slices.Sort(names)
	return names, nil
}

// ownName reports whether a name is one of the program's own files that are no
// backups: the manifest, the lock, and what lies beside a download.
func ownName(name string) bool {
	switch name {
	case ManifestName, freshName, lockName:
		return true
	}
	stem, found := partOf(name)
	return found && validName(stem)
}
