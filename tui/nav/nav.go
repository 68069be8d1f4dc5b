// Package nav is the words of navigation: what a screen is, and what screens
// say to the root model and it to them. Screens never import one another; they
// ask the root with these messages.
package nav

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/keymap"
)

// Screen is one page of the console. Only the root is a tea.Model.
//
// View is pure: no I/O, no clock, no randomness; exactly w×h cells or less.
// Update does no I/O: it returns a tea.Cmd, and a Cmd touches no field.
type Screen interface {
	Init() tea.Cmd
	Update(msg tea.Msg) tea.Cmd
	SetSize(w, h int)
	View() string
	// Keys are the bindings that work now, for the footer and the help overlay.
	Keys() []keymap.Group
	// Title is the breadcrumb, e.g. "New export".
	Title() string
}

// TextScreen is a Screen that may take text.
type TextScreen interface {
	Screen
	// Typing reports whether a field takes text now: single letters are then
	// text, not commands.
	Typing() bool
	// Cursor is where the real cursor belongs, relative to the screen; nil hides it.
	Cursor() *tea.Cursor
}

// Leaver is a Screen that wants "esc" for itself now (to clear a filter, to go
// one step back in a form) and not as "back".
type Leaver interface{ HoldsEsc() bool }

// Counter is a Screen that may show a countdown: while Counting, it gets a
// Tick once a minute even when no job runs.
type Counter interface{ Counting() bool }

// Waiter is a Screen that may show a spinner of its own: while Waiting, it gets
// Ticks as if a job ran.
type Waiter interface{ Waiting() bool }

// Kind names a screen.
type Kind int

// The screens.
const (
	Exports Kind = iota
	NewExport
	Export
	Transfer
	Transfers
	Key
	Inspect
	Sessions
)

// Question is one that the form for a new export asks.
type Question int

// The questions that a form can begin at.
const (
	First Question = iota // with a Preset: none, the summary at once
	AskRange
	AskData
)

// Open asks the root to push a screen.
type Open struct {
	Kind Kind
	// Replace drops the screen that asks, so that "back" does not lead to it.
	// One that others lie upon is replaced where it lies.
	Replace bool
	Ref     job.Ref        // of Export and Transfer
	Entry   *history.Entry // of Export, for one that is no job of ours
	File    string         // of Inspect: the path of the file
	Of      *client.Export // of Inspect: which export the file is of; nil if that is not known
	Preset  *job.Spec      // of NewExport: the same again
	At      Question       // of NewExport: where it begins
	Profile string         // of Key: whose key; "" is that of the one in use
	Find    bool           // of Key: look for a stored key before asking for one
	Note    string         // of Key: why it is asked for, one line, safe
}

// Back leaves the screen that asks.
type Back struct{}

// Level of a Toast.
type Level int

// Levels.
const (
	Info Level = iota
	Success
	Warning
	Failure
)

// Toast is a short notice; it is also kept in the log that L shows.
type Toast struct {
	Level Level
	Text  string // one line, safe
}

// Copy asks the root to put text on the terminal's clipboard (OSC 52).
type Copy struct {
	What string // "path", "shell command", "export id"
	Text string
}

// Check asks the root to check a file of this machine, and to show how that
// goes and what comes of it.
type Check struct {
	File   string
	Expect archive.Expect
}

// Folder asks the root to open the folder of a file in the desktop's way.
type Folder struct{ File string }

// Delete asks the root to delete a file, or the part of one; it asks the person
// first.
type Delete struct {
	File string
	Part bool // no more than a part of it is here
}

// Changed tells all live screens that something was done to a file, so that
// what is known of it has to be asked for anew.
type Changed struct {
	File string
	Gone bool // it was deleted
}

// Expected is what is known of the file of an export beforehand.
func Expected(e client.Export) archive.Expect {
	x := archive.Expect{
		Format: string(e.Format), From: e.Range.From, To: e.Range.To,
		Records: e.Records, Bytes: e.Bytes, SHA256: e.SHA256,
	}
	if e.Include != nil {
		x.Include = e.Include.Names()
	}
	return x
}

// Jobs tells all live screens how the jobs stand. It comes at most ten times a
// second while something moves, and never when nothing does.
type Jobs struct {
	Version uint64
	List    []job.Snapshot // newest first
	Now     time.Time
}

// Find is the snapshot of one job.
func (j Jobs) Find(ref job.Ref) (job.Snapshot, bool) {
	for _, s := range j.List {
		if s.Ref == ref {
			return s, true
		}
	}
	return job.Snapshot{}, false
}

// Tick tells the time: four times a second while a job runs or a Waiter waits
// and motion is allowed, once a second if it is not, once a minute while a
// countdown is on the screen, else never. Frame counts the spinner on.
type Tick struct {
	Now   time.Time
	Frame int
}

// Listed is the answer to a listing of exports. Gen is the question's generation.
type Listed struct {
	Gen     int
	Listing job.Listing
	Err     error
}

// KindOf is the screen that shows most of a job: the transfer's as soon as
// something of the file is here, else the export's.
func KindOf(s job.Snapshot) Kind {
	switch {
	case s.Step == job.StepTransferring, s.Step == job.StepVerifying, s.Step == job.StepDone:
		return Transfer
	case s.Step.Over() && (s.Transfer.Done > 0 || s.Result != nil):
		return Transfer
	}
	return Export
}

// Running reports whether one of these jobs is not over.
func Running(list []job.Snapshot) bool {
	for _, s := range list {
		if !s.Step.Over() {
			return true
		}
	}
	return false
}

// SameID finds the job that works on an export.
func SameID(list []job.Snapshot, id client.ID) (job.Snapshot, bool) {
	for _, s := range list {
		if id != "" && s.Export.ID == id {
			return s, true
		}
	}
	return job.Snapshot{}, false
}
