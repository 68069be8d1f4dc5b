// Package backup keeps a folder of exports for years: what is in it, whether
// it is still what it was, and what may go.
//
// The folder holds the files and manifest.jsonl, which has one line for every
// file that was put there after it had been verified. Only such files are ever
// removed, and only while they still are what their line says; whatever else
// lies in the folder is never touched. Which ones go is decided by [Plan], a
// pure function of the manifest, a [Policy] and the time.
//
// [Open] holds the folder's lock, so that one run at a time changes it. [Read]
// and [Verify] need no lock and change nothing. A process that is killed at
// any point leaves a folder with which the next one goes on.
package backup

import (
	"errors"
	"fmt"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
)

// ManifestName is the manifest's name in the folder.
const ManifestName = "manifest.jsonl"

const (
	lockName = ".lock"
	// freshName is the manifest while it is written anew. There is one name for
	// it, so that runs that were killed leave one such file at most.
	freshName = ".manifest.jsonl.new"
)

// Errors that a caller decides on.
var (
	// ErrLocked means that another run works on the folder: let it end.
	ErrLocked = errors.New("another run works on the backup folder")
	// ErrManifest means that the manifest is no file of ours: too large, or not
	// a regular file. Move it away; the files in the folder then are strangers.
	ErrManifest = errors.New("the manifest cannot be used")
	// ErrChanged means that a file is not what it is said to be: it was not
	// taken in. Verify it again.
	ErrChanged = errors.New("the file is not the one that was verified")
	// ErrEntry means that an entry makes no sense, such as one with a format that
	// nobody knows: it was not taken in. ErrName is one of its kind.
	ErrEntry = errors.New("not what is known of a backup")
	// ErrName means that a file has no name that this program gives to exports:
	// it was not taken in.
	ErrName = fmt.Errorf("%w: its name is none that is given to exports", ErrEntry)
)

// Entry is one backup: what its line in the manifest says, and how it was found.
type Entry struct {
	File   string // its name in the folder, without the folder
	Bytes  int64  // of the file on disk
	SHA256 string // of the file on disk, lower-case hexadecimal

	Encrypted bool
	// PlainSHA256 is that of the export inside an encrypted file.
	PlainSHA256 string
	// Recipients are the fingerprints of the keys that open it.
	Recipients []string

	Format   client.Format
	Range    client.Range
	Include  client.Include
	Records  archive.Counts
	ExportID client.ID

	ProjectID   text.Untrusted
	ProjectSlug text.Untrusted
	Origin      text.Untrusted // of the API: scheme, host and port

	// CreatedAt is the moment that the backup stands for: when its export was
	// made. It is zero if nobody knows; VerifiedAt then counts.
	CreatedAt  time.Time
	VerifiedAt time.Time
	ModifiedAt time.Time // of the file, as the file system told it when it was put there

	// State is how the file was found. The manifest does not hold it.
	State State
}

// At is the moment by which backups are ordered.
func (e Entry) At() time.Time {
	if e.CreatedAt.IsZero() {
		return e.VerifiedAt
	}
	return e.CreatedAt
}

// State is how the file of an entry was found.
type State int

// States. The zero value is a file that is as it was put there.
const (
	Present    State = iota
	Missing          // there is no file of the name
	Changed          // the name is that of another file, or no file at all
	Unreadable       // it is there and cannot be read
)
