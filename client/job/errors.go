package job

import (
	"errors"
	"fmt"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
)

// What callers decide on. Beside these a job ends with the errors of client
// and transfer, wrapped.
var (
	// ErrExists: the output file is there and Force was not set. Nothing was made.
	ErrExists = errors.New("output file exists")
	// ErrNoFile: the output is there and is no regular file, so that it is neither
	// written nor replaced. Nothing was made.
	ErrNoFile = errors.New("output is not a regular file")
	// ErrFolder: the output folder cannot be written. Nothing was made.
	ErrFolder = errors.New("folder cannot be written")
	// ErrNoRoom: the disk is too small, said before the export was made.
	ErrNoRoom = errors.New("not enough room on the disk")
	// ErrLocked: another process works on this export.
	ErrLocked = errors.New("another process works on this export")
	// ErrExpired: the export or its file is gone from the server. Make it anew.
	ErrExpired = errors.New("export has expired")
	// ErrStopped: stopped by the person; the part is kept.
	ErrStopped = errors.New("stopped")
)

// ExportFailedError means: the server says that the export failed.
type ExportFailedError struct {
	ID     client.ID
	Reason text.Untrusted
}

func (e *ExportFailedError) Error() string {
	return fmt.Sprintf("export %s failed on the server: %s", e.ID.Safe(), e.Reason.Safe())
}

// TimeoutError means: the waiting for the server took longer than allowed. ID is
// empty when no export was made, or none that is known of: Unheard says that
// the answer to the request was out. Else the export goes on.
type TimeoutError struct {
	ID      client.ID
	Step    Step
	Over    time.Duration
	Unheard bool
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("no finished export after %s", e.Over)
}

// InvalidError means: the file arrived whole and does not verify; it is kept as File.
type InvalidError struct {
	File   string
	Report archive.Report
}

func (e *InvalidError) Error() string { return "the file does not verify" }

// TransferError means: the file could not be brought here or kept. What arrived
// is kept. Err says why; for much of it there are errors of transfer and client.
type TransferError struct{ Err error }

func (e *TransferError) Error() string { return "transfer: " + e.Err.Error() }
func (e *TransferError) Unwrap() error { return e.Err }

// PathError is ErrExists, ErrNoFile, ErrFolder or ErrNoRoom with the path.
type PathError struct {
	Kind error
	Path string
	Err  error
}

func (e *PathError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%v: %q", e.Kind, e.Path)
	}
	return fmt.Sprintf("%v: %q: %v", e.Kind, e.Path, e.Err)
}

func (e *PathError) Unwrap() []error { return []error{e.Kind, e.Err} }
