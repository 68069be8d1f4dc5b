package history

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// remote reports whether a folder is on another machine's disk: a write-ahead
// log needs memory that all its users share.
func remote(dir string) bool {
	volume := filepath.VolumeName(dir)
	if strings.HasPrefix(volume, `\\`) {
		return true
	}
	root, err := windows.UTF16PtrFromString(volume + `\`)
	return err != nil || windows.GetDriveType(root) == windows.DRIVE_REMOTE
}
