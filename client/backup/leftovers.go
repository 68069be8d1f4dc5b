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

// Leftover is the part of a download that did not end.
type Leftover struct {
	File       string // the name that the download would have got
	Done, Size int64  // bytes that arrived, and all of them; Size is -1 if unknown
	ModifiedAt time.Time
	Locked     bool // a process works on it
	// Stale means that nothing was added to it for long, so that no run will
	// go on with it: it only takes room. It is never removed by itself.
	Stale bool
}

// Leftovers are the parts of unfinished downloads in a folder, by name. One
// that was last written more than age before now, and that nobody works on, is
// stale: its export's links have expired, and a new run begins anew.
func Leftovers(dir string, now time.Time, age time.Duration) ([]Leftover, error) {
	root, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	names, err := namesIn(root)
	if err != nil {
		return nil, err
	}
	var found []Leftover
	for _, name := range names {
		stem, ok := strings.CutSuffix(name, ".part")
		if !ok || !validName(stem) {
			continue
		}
		info, err := root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was finished meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("look for parts: %w", err)
		}
		if !info.Mode().IsRegular() {
			continue
		}
		part, err := transfer.Peek(filepath.Join(dir, stem))
		if err != nil {
			return nil, fmt.Errorf("look for parts: %w", err)
		}
		found = append(found, Leftover{
			File: stem, Done: part.Done, Size: part.Size, ModifiedAt: info.ModTime(), Locked: part.Locked,
			Stale: !part.Locked && now.Sub(info.ModTime()) > age,
		})
	}
	return found, nil
}
