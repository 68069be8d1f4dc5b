// Package job is the one pipeline that the console and the commands share:
// create → wait → download → verify → keep. [Service] owns whatever runs.
//
// A job's end is a return value ([Service.Result]) and cannot be lost; its
// progress is a [Snapshot] that anyone may sample. [Service.Wait] blocks until
// a viewer could see something new, at most ten times a second while something
// moves and never when nothing does. Cancelling is the context; what arrived
// stays on disk.
package job

import (
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// Ref names a job of a Service; it is never given twice.
type Ref int

// IfBusy says what to do when another export of the project runs.
type IfBusy string

// The words of --if-busy.
const (
	BusyWait   IfBusy = "wait"
	BusyAttach IfBusy = "attach"
	BusyFail   IfBusy = "fail"
)

// Spec is what a person asked for.
type Spec struct {
	// Request is the export to make; ignored when ID is set.
	Request client.ExportRequest
	// ID of an export that exists already: only wait, download, verify.
	ID client.ID

	// Output: a file, a folder (ends in a separator, or exists), "-" for
	// standard output (the job then leaves the verified file in Result.File,
	// and Service.Release removes it), "" for the service's default folder.
	Output string
	Force  bool // replace Output if it is a file that exists
	Detach bool // make the export and leave
	New    bool // do not continue an unfinished run
	IfBusy IfBusy
	// Timeout of all waiting for the server; 0 is 30 minutes, less than 0 none.
	Timeout     time.Duration
	Connections int
	LimitRate   int64 // bytes a second, 0 none
	// EncryptTo are the public keys that the file is encrypted to, one a line,
	// as seal.ParseRecipientsFile reads them; "" leaves it as it comes.
	EncryptTo string
}

// Step is where a job stands.
type Step string

// Steps in their order. Failed and Stopped may follow any of them.
const (
	StepPreparing    Step = "preparing" // key, project, folder
	StepBusy         Step = "busy"      // another export runs; waiting for our turn
	StepCreating     Step = "creating"
	StepQueued       Step = "queued"
	StepCollecting   Step = "collecting"
	StepGenerating   Step = "generating"
	StepProcessing   Step = "processing" // the server tells no more than that
	StepTransferring Step = "transferring"
	StepVerifying    Step = "verifying"
	StepDone         Step = "done"
	StepFailed       Step = "failed"
	StepStopped      Step = "stopped" // by the person; the part is kept
)

// Over reports whether nothing more will happen by itself.
func (s Step) Over() bool { return s == StepDone || s == StepFailed || s == StepStopped }

// OnServer reports whether the job waits for the server's work.
func (s Step) OnServer() bool {
	return s == StepQueued || s == StepCollecting || s == StepGenerating || s == StepProcessing
}

// StepTime is when a step was first seen.
type StepTime struct {
	Step Step
	At   time.Time
}

// Snapshot is how a job stands.
type Snapshot struct {
	Ref     Ref
	Spec    Spec
	Project client.Project
	Step    Step
	Steps   []StepTime // those gone through, oldest first; the last is Step
	Started time.Time
	Ended   time.Time // zero while it runs
	Paused  bool      // the transfer, by the person

	Export    client.Export // last answer; ID is set as soon as it is known
	Adopted   bool          // found instead of made: the POST's answer was lost, or attach
	Continued bool          // goes on with an earlier run
	NextLook  time.Time     // of the next poll; zero when none is due
	LookErr   error         // the last poll went wrong; it is tried again

	File     string // the final path, once chosen
	Transfer transfer.Snapshot
	Verified int64 // bytes the check has read
	Warnings []string

	Result *Result // once over and there is one
	Err    error   // with StepFailed
}

// Result is what a job leaves.
type Result struct {
	ExportID    client.ID
	Status      string // the server's word, safe
	Format      client.Format
	Range       client.Range
	Include     client.Include
	Project     client.Project
	File        string // absolute; "" when detached
	Bytes       int64
	SHA256      string
	Report      archive.Report // records, problems, warnings, times; no profile: it is large, and in the file
	ResumedFrom int64
	Attempts    int
	Warnings    []string
	CreatedAt   time.Time
	CompletedAt time.Time
	Reused      bool // the verified file was here already
	Encrypted   bool // Bytes and SHA256 are of the encrypted file, Report is of what is in it
}

// Listing is what Service.Exports gives. Offline says why the server's list is
// absent; the entries are then this machine's alone. Memory says what kept this
// machine's own from being read or written; what else there is, is listed.
type Listing struct {
	Entries []history.Entry
	Project client.Project
	Offline error
	Memory  error
	Budget  client.Budget
	At      time.Time
}
