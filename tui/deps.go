package tui

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
	"github.com/dashtray/dashtray-tui/tui/screen/sessions"
)

// Jobs is what the console needs of a [job.Service]. Its methods may be called
// from any goroutine.
type Jobs interface {
	Start(spec job.Spec) job.Ref
	Snapshot(ref job.Ref) (job.Snapshot, bool)
	List() []job.Snapshot
	Wait(ctx context.Context, version uint64) (uint64, error)
	Pause(ref job.Ref)
	Resume(ref job.Ref)
	Stop(ref job.Ref)
	Exports(ctx context.Context) (job.Listing, error)
	Remembered(ctx context.Context) job.Listing
	Project(ctx context.Context) (client.Project, error)
	Folder(output string) (dir string, free int64, err error)
}

// Deps is what a console is made of. Accounts or Jobs is required, ShellCommand
// and Message should be there; the zero value of every other field is useful.
type Deps struct {
	// Accounts finds keys and opens profiles, StartProfile as the first. With
	// it Jobs, Profile and Label are not looked at.
	Accounts     Accounts
	StartProfile string
	// Jobs are those of the one project of a console without Accounts.
	Jobs Jobs
	// ShellCommand is the command that does the same as a Spec.
	ShellCommand func(job.Spec) string
	// Message is what a person reads of an error: what happened, what to do.
	// Both are one line, and safe.
	Message func(error) (what, do string)
	// Answers remembers the last answers of the new export form; nil remembers
	// them as long as the console lives.
	Answers newexport.Memory

	// Profile is the name of the profile, for the header.
	Profile string
	// Label stands in the header too: "demo".
	Label string
	// Role of the person on a Remote console stands in the header: "viewer"; ""
	// is none.
	Role string
	// Version of the program, for the help.
	Version string

	Now      func() time.Time
	Location *time.Location
	// Env is the environment of the terminal ("NAME=value"): over SSH the
	// client's, not the server's.
	Env []string
	// Home is the person's home folder, what "~" stands for; the zero value is
	// what the system says, and nothing on Remote consoles.
	Home string
	// ReducedMotion stills the spinners.
	ReducedMotion bool
	// Remote consoles are served to another machine: they cannot be suspended,
	// and open no folder.
	Remote bool
	// JobsStay: the jobs go on when the console is left, so that nobody has to
	// be asked before.
	JobsStay bool
	// Sessions are those who are connected to the server of a Remote console;
	// nil where there is none. It may be called from any goroutine.
	Sessions func() ([]sessions.Session, error)
	// Fetch is the command that brings a finished file to where the person of a
	// Remote console sits; nil is none.
	Fetch func(file string) string
	// Files is what can be done with files that are here; nil is nothing.
	Files Files
	// InspectCommand is the command that tells what is in a file; nil is none.
	InspectCommand func(file string) string

	// Keys are other keys for actions, by their names; [keymap.Parse] judges
	// them, and is to be asked before: wrong ones are left out here.
	Keys map[string][]string
	// Theme is one of theme.Names; "" is "auto".
	Theme string
	// Mouse turns the mouse on from the start.
	Mouse bool

	// Log gets what went wrong in the console itself; nil is none.
	Log *slog.Logger
	// Tail keeps what goes to the log, for the person to look at; nil is
	// nothing. It should be the handler of Log and of all that works for the console.
	Tail *Tail
	// LogFile is where the log is, to be named when something broke; "" is nowhere.
	LogFile string
}

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Location == nil {
		d.Location = time.Local
	}
	if d.ShellCommand == nil {
		d.ShellCommand = func(job.Spec) string { return "" }
	}
	if d.Message == nil {
		d.Message = func(err error) (string, string) { return text.Untrusted(err.Error()).Safe(), "" }
	}
	if d.Answers == nil {
		d.Answers = &newexport.InMemory{}
	}
	if d.Home == "" && !d.Remote {
		d.Home, _ = os.UserHomeDir() // without one "~" stays a name like any other
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}
