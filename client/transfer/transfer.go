// Package transfer brings one URL into one file: resumable after anything,
// never wrong. It knows nothing of Dashtray.
package transfer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Options say what to fetch and where to.
type Options struct {
	// Path is the final file. Path.part, Path.part.json and Path.part.lock lie
	// beside it while the file arrives.
	Path string
	// ID names the object, whatever its link is today (API origin and export id).
	ID string
	// Link gives the signed link; renew is set when the last one no longer
	// works. It is asked once for all who wait. The link is never stored.
	Link func(ctx context.Context, renew bool) (string, error)
	// Size in bytes, -1 if not known. SHA256 in lower-case hex, "" if not known.
	// These are what somebody told; a size that the object itself contradicts
	// is not fatal, a digest is.
	Size   int64
	SHA256 string
	// Transport carries the requests. It must not add a key.
	Transport http.RoundTripper
	UserAgent string
	// LimitRate in bytes a second, all connections together; 0 is no limit.
	LimitRate int64
	// Connections at most, 1 to 8; 0 is 4. There is one at first, and more only
	// for a large file on a server that knows ranges, while they help.
	Connections int
	// Retries without any progress before the transfer gives up; 0 is 8.
	Retries int
	// RoomWait is how long a full disk is waited for without a byte of progress
	// before Fetch ends with ErrDiskFull; 0 does not wait.
	RoomWait time.Duration
	Now      func() time.Time
	Log      *slog.Logger

	disk disk // nil: the system's
}

// What callers decide on (errors.Is).
var (
	// ErrLocked: a live process holds this part. Leave it alone.
	ErrLocked = errors.New("another process has this file")
	// ErrOtherObject: the part on disk belongs to another object. Take another name.
	ErrOtherObject = errors.New("the part belongs to another export")
	// ErrGaveUp: all tries without progress are used up; the part is kept.
	ErrGaveUp = errors.New("transfer given up")
	// ErrDiskFull: no room; the part is kept, go on when there is room.
	ErrDiskFull = errors.New("disk full")
	// ErrGone: the link is dead and a fresh one is too; Link's error is wrapped.
	ErrGone = errors.New("the link no longer works")
	// ErrDigest: every byte arrived and the digest is not the one that was told.
	ErrDigest = errors.New("digest does not match")
	// ErrExists: Commit found the name taken and was not told to replace it.
	ErrExists = errors.New("file exists")
)

// TemporaryError is what Options.Link returns when asking again later may help:
// the transfer then waits and tries again, as after a network failure.
type TemporaryError struct{ Err error }

func (e *TemporaryError) Error() string { return e.Err.Error() }
func (e *TemporaryError) Unwrap() error { return e.Err }

// State of a part on disk.
type State string

// States of a checkpoint.
const (
	StateNone     State = ""         // no part
	StateActive   State = "active"   // bytes are missing
	StateComplete State = "complete" // all bytes are there and the digest fits
)

// Found is what Peek sees.
type Found struct {
	State  State
	ID     string
	Size   int64 // -1 unknown
	Done   int64 // bytes that may be trusted
	Locked bool  // by a live process
}

// Phase is what a transfer is doing now.
type Phase string

// Phases.
const (
	PhaseIdle       Phase = "idle"
	PhaseRechecking Phase = "rechecking" // reading what is on disk
	PhaseConnecting Phase = "connecting"
	PhaseReceiving  Phase = "receiving"
	PhaseWaiting    Phase = "waiting" // for the next try, see RetryAt
	PhaseDone       Phase = "done"
)

// Snapshot is how a transfer stands. All sizes in bytes.
type Snapshot struct {
	Phase       Phase
	Size        int64         // -1 unknown
	Done        int64         // on disk, contiguous or not
	ThisRun     int64         // from the network since Fetch began
	ResumedFrom int64         // bytes trusted when Fetch began
	Rate        float64       // bytes a second now (network only)
	Average     float64       // bytes a second over this run
	Left        time.Duration // -1 unknown
	Rates       []float64     // one a second, newest last, at most 60
	Parts       []PartState
	Connections int
	Attempts    int       // HTTP requests so far
	Retry       int       // tries in a row without progress
	RetryAt     time.Time // with PhaseWaiting
	LastError   string    // why the last try ended; safe to show, no link in it
	Restarts    int       // times that what was here was given up, since the object was another one
	SHA256      string    // hex, once done
	// Digest names what the whole file was compared with, once done: "SHA-256",
	// "CRC-32C", "CRC-64/NVME" or "MD5". "" means that nobody told a digest, so
	// that no more than the size vouches for it.
	Digest string
	// Unsure: the file system cannot tell whether data is durable, so a power
	// cut may cost what is here.
	Unsure bool
}

// PartState is one extent [From, To) and how much of it, from From on, is there.
type PartState struct{ From, To, Done int64 }
