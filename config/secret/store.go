package secret

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
)

// Store keeps keys.
type Store interface {
	// Place names the store in a sentence.
	Place() string
	// Put keeps a key in place of an older one.
	Put(ctx context.Context, a Account, key client.Key) error
	// Remove deletes a key; removed is false if there was none.
	Remove(ctx context.Context, a Account) (removed bool, err error)
}

// The stores' names, as auth login --store has them.
const (
	StoreKeyring = "keyring"
	StoreFile    = "file"
)

// StoreError is a store that did not take a key, or did not give it up. The
// caller has the person mend it, or choose another. The keyring's own troubles
// are a *KeyringError instead.
type StoreError struct {
	Place    string // the store's
	Removing bool   // the key was to be removed, else to be stored
	Err      error
}

func (e *StoreError) Error() string {
	if e.Removing {
		return fmt.Sprintf("remove the API key from %s: %v", e.Place, e.Err)
	}
	return fmt.Sprintf("store the API key in %s: %v", e.Place, e.Err)
}

// Unwrap gives the cause.
func (e *StoreError) Unwrap() error { return e.Err }

// The place says which file it is, so that the causes need not.
func notStored(s Store, err error) error  { return &StoreError{s.Place(), false, bare(err)} }
func notRemoved(s Store, err error) error { return &StoreError{s.Place(), true, bare(err)} }

// Choice is one store that a person may choose for a key.
type Choice struct {
	ID    string // StoreKeyring or StoreFile
	Name  string
	What  string // what keeping a key there means, one sentence
	Store Store
	// Unavailable is why it cannot be used here and what to do, "" if it can.
	Unavailable string
}

// Choices are the stores of this machine, the best first. It looks at the
// keyring and asks nobody. The person chooses: the file is never a silent
// substitute for the keyring.
func Choices(ctx context.Context, ring *Keyring, files KeyFile) []Choice {
	inRing := Choice{
		ID: StoreKeyring, Name: ringName(), Store: ring,
		What: "Encrypted by the system, and open to your programs while you are logged in.",
	}
	var fault *KeyringError
	switch err := ring.Probe(ctx); {
	case errors.As(err, &fault) && fault.Reason == Locked && ring.CanUnlock():
		inRing.What += " It is locked and will ask for its password."
	case errors.As(err, &fault):
		inRing.Unavailable = sentence(fault.Error()) + " " + fault.Remedy()
	case err != nil: // the ctx ended: nobody waits for this any more
		inRing.Unavailable = "The keyring was not asked."
	}
	inFile := Choice{
		ID: StoreFile, Name: "a file that only you can read", Store: files,
		What: fmt.Sprintf("Plain text in %q: whoever gets at your files or their backups has the key.", files.dir),
	}
	if files.dir == "" {
		inFile.What = "Plain text: whoever gets at your files or their backups has the key."
		inFile.Unavailable = "There is no folder for settings: set HOME or XDG_CONFIG_HOME."
	}
	return []Choice{inRing, inFile}
}

// ringName is what people call the system's keyring.
func ringName() string {
	switch runtime.GOOS {
	case "darwin":
		return "the Keychain"
	case "windows":
		return "the Credential Manager"
	}
	return "the keyring of this session"
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }
