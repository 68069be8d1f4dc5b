package backup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// maxManifest is the largest manifest, in bytes: a line a night for 50 years.
const maxManifest = 32 << 20

// BadLine is a line of the manifest that nobody can use. It stays where it is.
type BadLine struct {
	Number  int    // from 1
	Problem string // quotes nothing of the line
}

// manifest is the file, read.
type manifest struct {
	rows  []row // in the order of the file
	whole int64 // bytes of it that are whole lines of any kind
	open  bool  // the last of them lacks its line feed
	torn  bool  // behind them lies what a run could not finish writing
}

// row is a line that counts: the last one that adds a file, or a bad one.
type row struct {
	raw     []byte // without its line feed
	entry   Entry  // File is "" in a bad line
	removed bool   // a later line says that the file goes, or has gone
	bad     BadLine
}

// readManifest reads the manifest of a folder; none is an empty one.
func readManifest(root *os.Root) (manifest, error) {
	f, err := openManifest(root, os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return manifest{}, nil
	}
	if err != nil {
		return manifest{}, err
	}
	defer func() { _ = f.Close() }()
	return loadManifest(f)
}

// openManifest never follows a link, nor opens what blocks. It may make the file.
func openManifest(root *os.Root, flag int) (*os.File, error) {
	info, err := root.Lstat(ManifestName)
	switch {
	case errors.Is(err, fs.ErrNotExist) && flag&os.O_CREATE != 0:
		flag |= os.O_EXCL
	case err != nil:
		return nil, fmt.Errorf("open the manifest: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("open the manifest: %w: not a regular file", ErrManifest)
	default:
		flag &^= os.O_CREATE
	}
	f, err := root.OpenFile(ManifestName, flag|noFollow, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the manifest: %w", err)
	}
	opened, err := f.Stat()
	if err == nil && info != nil && !os.SameFile(info, opened) {
		err = fmt.Errorf("%w: it was replaced", ErrManifest)
	}
	if err != nil {
		return nil, fmt.Errorf("open the manifest: %w", errors.Join(err, f.Close()))
	}
	return f, nil
}

func loadManifest(f io.Reader) (manifest, error) {
	b, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	switch {
	case err != nil:
		return manifest{}, fmt.Errorf("read the manifest: %w", err)
	case len(b) > maxManifest:
		return manifest{}, fmt.Errorf("read the manifest: %w: more than %d MiB", ErrManifest, maxManifest>>20)
	}
	return parseManifest(b), nil
}

// parseManifest takes every line for itself: one that is damaged costs no
// other. The last line about a file counts.
func parseManifest(b []byte) manifest {
	var m manifest
	last := make(map[string]int) // row of a file
	n := 0
	for raw := range bytes.Lines(b) {
		n++
		text, ended := bytes.CutSuffix(raw, []byte("\n"))
		text = bytes.TrimSuffix(text, []byte("\r")) // an editor's
		got, err := parseLine(text)
		if err != nil && !ended && unfinished(text) {
			m.torn = true
			break
		}
		m.whole += int64(len(raw))
		m.open = !ended
		at, known := last[got.entry.File]
		switch {
		case len(bytes.TrimSpace(text)) == 0:
		case err != nil:
			m.rows = append(m.rows, row{raw: text, bad: BadLine{n, err.Error()}})
		case got.op == opRemove:
			// One that is about other content is about another file.
			if known && m.rows[at].entry.SHA256 == got.entry.SHA256 {
				m.rows[at].removed = true
			}
		default:
			if known {
				m.rows[at].raw = nil
			}
			last[got.entry.File] = len(m.rows)
			m.rows = append(m.rows, row{raw: text, entry: got.entry})
		}
	}
	m.rows = slices.DeleteFunc(m.rows, func(r row) bool { return r.raw == nil })
	return m
}

// marked reports whether there are lines about files that go.
func (m *manifest) marked() bool {
	return slices.ContainsFunc(m.rows, func(r row) bool { return r.removed })
}

// bytes is the manifest written anew, without the files that are gone.
func (m *manifest) bytes() []byte {
	var out []byte
	for _, r := range m.rows {
		if !r.removed {
			out = append(append(out, r.raw...), '\n')
		}
	}
	return out
}

// bad are the lines that nobody can use.
func (m *manifest) bad() []BadLine {
	var bad []BadLine
	for _, r := range m.rows {
		if r.entry.File == "" {
			bad = append(bad, r.bad)
		}
	}
	return bad
}

// unfinished reports whether a last line that makes no sense is what a run left
// that was killed, or found the disk full, while it wrote: a beginning of a
// line of ours, or the zeros of a block that was never written.
func unfinished(text []byte) bool {
	const head = `{"v":1,"op":"`
	return bytes.HasPrefix(text, []byte(head)) || bytes.HasPrefix([]byte(head), text) ||
		len(bytes.Trim(text, "\x00")) == 0
}
