package tui

import (
	"context"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/screen/apikey"
)

// Accounts is how the console comes to a project: profiles, their keys, and
// the way to the API. Its methods may block on a keyring or the network, so
// that they are called in Cmds; every one of them ends with its ctx. They may
// be called from any goroutine.
type Accounts interface {
	// Profiles lists the profiles in the order of their names.
	Profiles(ctx context.Context) ([]Profile, error)
	// Open finds the key of a profile and wires the way to the API; nothing is
	// sent. notice is told what is waited for ("Asking the keyring; it may show a window."),
	// from another goroutine. Where no key is to be had, message.Of(err) has
	// the code message.NoKey. Opening a profile again gives the same Account.
	Open(ctx context.Context, profile string, notice func(string)) (Account, error)
	// Demo opens the sandbox inside the program.
	Demo(ctx context.Context) (Account, error)
	// Check asks the API whose project a key is; the key is kept nowhere.
	Check(ctx context.Context, profile string, key client.Key) (client.Project, error)
	// Places are where a key can be kept here, the best first.
	Places(ctx context.Context) []Place
	// Keep stores a key that was checked and opens the profile with it. The
	// place "" keeps it for this session only.
	Keep(ctx context.Context, profile, place string, key client.Key) (Account, error)
	// Add, Use and Remove change the config file. Use makes a profile the
	// default. Remove takes its stored key with it.
	Add(ctx context.Context, name, apiURL string) error
	Use(ctx context.Context, name string) error
	Remove(ctx context.Context, name string) error
}

// Account is an open profile.
type Account struct {
	Profile string // for the header; "" is not shown
	Label   string // stands in the header, too: "demo"
	KeyFrom string // the place that the key came from
	// Jobs are a pointer: by it an account that was open is known again.
	Jobs Jobs
	// ShellCommand is the command that does the same as a Spec.
	ShellCommand func(job.Spec) string
}

// Profile is one project that the person has a key for.
type Profile struct {
	Name    string
	APIURL  string
	Current bool   // this console works with it
	Default bool   // without --profile it is this one
	Key     string // what is known of its key without asking for it: "key command", "keyring", "key file", ""
}

// Place is somewhere to keep a key.
type Place = apikey.Place
