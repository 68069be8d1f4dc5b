package transfer

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const noFollow = 0

func dataSync(f *os.File) error { return f.Sync() }

// dirSync does nothing: NTFS journals renames, and a folder cannot be flushed.
func dirSync(*os.File) error { return nil }

func renameExclusive(from, to string) error {
	a, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	b, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(a, b, windows.MOVEFILE_WRITE_THROUGH)
}

func ownedByUs(fs.FileInfo) bool { return true } // the folder's ACL decides

func isDiskFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

func bootID() string { return "" }

func infoOf(info fs.FileInfo) fileInfo {
	return fileInfo{size: info.Size(), allocated: info.Size()}
}
