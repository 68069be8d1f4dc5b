package transfer

import (
	"fmt"
	"path/filepath"
)

// Install gives a file that was made beside a part its name, as Commit gives
// the part its own: durably, and without replace an existing name is ErrExists.
// Both names are of one folder, and the file's data is durable already.
func Install(from, to string, replace bool) error {
	d := systemDisk{}
	if replace {
		if err := d.rename(from, to); err != nil {
			return fmt.Errorf("rename to %q: %w", to, err)
		}
	} else if err := renameNew(d, from, to); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(to))
}

// IsFull reports whether an error of writing means that there is no room: on
// the disk, or in the user's share of it.
func IsFull(err error) bool { return isDiskFull(err) }
