package secret

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config"
)

// Service is the name under which keyrings keep our keys.
const Service = "dashtray-tui"

const (
	patience         = 3 * time.Second // when nobody is there to answer
	attendedPatience = time.Minute     // long enough to find and type a password
	noticeAfter      = time.Second     // an answer that takes longer is explained
)

// KeyringOptions for NewKeyring.
type KeyringOptions struct {
	// Attended: a person is there, who can be asked to unlock the keyring.
	Attended bool
	// Env tells whether there is a display for the keyring's window; it is
	// needed when Attended. The bus's address is the process's own, since the keyring library goes by that.
	Env config.Lookup
	// Notice is told that a person may have to act, before they have to. It is
	// called from another goroutine; nil for nobody.
	Notice func(string)
}

// Keyring keeps keys in the system's keyring: the Secret Service of a desktop
// on Linux and BSD, the Keychain of macOS, the Credential Manager of Windows.
//
// Asking it never takes longer than three seconds, or a minute when a person is
// there and has a display, and never longer than the ctx. It starts no bus. It
// starts a keyring's program, and has it show a window, only for that person.
//
// Once it has failed it is not asked again: make a new Keyring for that. Only a
// Put asks a person once more to unlock it.
type Keyring struct {
	notice func(string)
	*ringState
}

// ringState is what the views of one keyring share.
type ringState struct {
	attended bool // by somebody who would see a window
	limit    time.Duration
	// look reports what keeps the keyring from being used, without ever asking
	// the person; start allows it to have the keyring's program started.
	look  func(ctx context.Context, start bool) error
	ring  ring
	turn  chan struct{} // taken by the one who asks
	fault *KeyringError // of the first failure; belongs to whose turn it is
}

// ring is the keyring library. It has no deadline, and some of its calls never return.
type ring interface {
	Get(service, user string) (string, error)
	Set(service, user, password string) error
	Delete(service, user string) error
}

type library struct{}

func (library) Get(service, user string) (string, error) { return keyring.Get(service, user) }
func (library) Set(service, user, password string) error { return keyring.Set(service, user, password) }
func (library) Delete(service, user string) error        { return keyring.Delete(service, user) }

// NewKeyring asks nothing yet.
func NewKeyring(o KeyringOptions) *Keyring { return newKeyring(o, lookAtSystem, library{}) }

func newKeyring(o KeyringOptions, look func(context.Context, bool) error, r ring) *Keyring {
	s := &ringState{look: look, ring: r, limit: patience, turn: make(chan struct{}, 1)}
	if o.Attended && hasWindows(o.Env) {
		s.limit, s.attended = attendedPatience, true
	}
	return (&Keyring{ringState: s}).Telling(o.Notice)
}

// Telling is the same keyring with somebody else to be told.
func (k *Keyring) Telling(notice func(string)) *Keyring {
	if notice == nil {
		notice = func(string) {}
	}
	return &Keyring{notice, k.ringState}
}

// Place names the store in a sentence.
func (k *Keyring) Place() string { return "the keyring" }

// Probe reports what keeps the keyring from being used: nil or a *KeyringError.
// It never asks the person. A keyring that is Locked can still be used when
// [Keyring.CanUnlock].
func (k *Keyring) Probe(ctx context.Context) error {
	_, err := k.ask(ctx, toLook, func() (string, error) { return "", nil })
	return err
}

// CanUnlock reports whether a person is there to whom the keyring's window can
// be shown.
func (k *Keyring) CanUnlock() bool { return k.attended }

// Get finds an account's key; set is false if the keyring has none. An error
// with set is an *Error: what the keyring has is not a key. Any other is a
// *KeyringError, or the ctx's cause.
func (k *Keyring) Get(ctx context.Context, a Account) (found Found, set bool, err error) {
	user := a.User()
	if user == "" {
		return Found{}, true, &Error{k.Place(), ErrAccount}
	}
	raw, err := k.ask(ctx, toUse, func() (string, error) { return k.ring.Get(Service, user) })
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return Found{}, false, nil
	case err != nil:
		return Found{}, false, err
	case len(raw) > MaxBytes:
		return Found{}, true, &Error{k.Place(), ErrTooLong}
	}
	key, err := parse(k.Place(), raw)
	return Found{Key: key, Place: k.Place()}, true, err
}

// Put stores a key in place of an older one, reads it back and compares. A key
// over 2500 bytes is a *StoreError and ErrTooLong: not every system could keep it.
func (k *Keyring) Put(ctx context.Context, a Account, key client.Key) error {
	user, err := a.User(), storable(key)
	if user == "" {
		err = ErrAccount
	}
	if err != nil {
		return notStored(k, err)
	}
	_, err = k.ask(ctx, toStore, func() (string, error) {
		if err := k.ring.Set(Service, user, key.Reveal()); err != nil {
			return "", withoutKey(err, key)
		}
		back, err := k.ring.Get(Service, user)
		if err != nil {
			return "", &KeyringError{Reason: Other, detail: "the key was stored and could not be read back"}
		}
		if back != key.Reveal() {
			return "", &KeyringError{Reason: Other, detail: "it gave back something else than was stored"}
		}
		return "", nil
	})
	return err
}

// Remove deletes an account's key.
func (k *Keyring) Remove(ctx context.Context, a Account) (removed bool, err error) {
	return k.remove(ctx, a, toUse)
}

// RemoveIfOpen is Remove that never asks the person: a keyring that is locked
// stays so, and is a *KeyringError.
func (k *Keyring) RemoveIfOpen(ctx context.Context, a Account) (removed bool, err error) {
	return k.remove(ctx, a, toLook)
}

func (k *Keyring) remove(ctx context.Context, a Account, why purpose) (removed bool, err error) {
	user := a.User()
	if user == "" {
		return false, notRemoved(k, ErrAccount)
	}
	_, err = k.ask(ctx, why, func() (string, error) { return "", k.ring.Delete(Service, user) })
	if errors.Is(err, keyring.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// purpose is what the keyring is asked for.
type purpose int

const (
	toLook  purpose = iota // never has a window shown
	toUse                  // has one shown, once
	toStore                // has one shown each time: the person has just chosen the keyring
)

// ask runs one question of the keyring under the deadline. The goroutine of a
// question that never returns is left to itself, and its answer dropped: there
// is no way to end it.
func (k *Keyring) ask(ctx context.Context, why purpose, question func() (string, error)) (string, error) {
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	defer func() { <-k.turn }()
	if k.fault != nil && (why != toStore || !k.unlockable(k.fault)) {
		return "", k.fault
	}
	limited, cancel := context.WithTimeout(ctx, k.limit)
	defer cancel()
	type answer struct {
		value string
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		defer func() { done <- a }()
		// The library takes the other side's answers for what they should be.
		defer func() {
			if recover() != nil {
				a.err = &KeyringError{Reason: Other, detail: "its answer could not be understood"}
			}
		}()
		a.value, a.err = k.lookAndAsk(limited, why, question)
	}()
	slow := time.NewTimer(noticeAfter)
	defer slow.Stop()
	for {
		select {
		case a := <-done:
			if a.err != nil && ctx.Err() != nil {
				return "", context.Cause(ctx)
			}
			if a.err != nil && limited.Err() != nil {
				a.err = late(k.limit)
			}
			return a.value, k.remember(a.err, why)
		case <-slow.C:
			if k.attended {
				k.notice("Waiting for the keyring; it may have opened a window.")
			}
		case <-limited.Done():
			if ctx.Err() != nil {
				return "", context.Cause(ctx)
			}
			return "", k.remember(late(k.limit), why)
		}
	}
}

// lookAndAsk asks the question if that cannot end in a window without a viewer.
func (k *Keyring) lookAndAsk(ctx context.Context, why purpose, question func() (string, error)) (string, error) {
	var locked *KeyringError
	if err := k.look(ctx, k.attended); err != nil {
		if !errors.As(err, &locked) || !k.unlockable(locked) || why == toLook {
			return "", err
		}
		k.notice("The keyring is locked; it asks for its password in a window.")
	}
	if ctx.Err() != nil { // nobody waits any more, so nothing may be changed
		return "", context.Cause(ctx)
	}
	value, err := question()
	if err != nil && locked != nil && !errors.Is(err, keyring.ErrNotFound) {
		return "", &KeyringError{Reason: Locked, detail: "it was not unlocked"}
	}
	return value, explain(err)
}

// remember keeps a failure, so that the next question costs no waiting. A
// locked keyring that was only looked at may still be unlocked.
func (k *Keyring) remember(err error, why purpose) error {
	var fault *KeyringError
	switch {
	case errors.As(err, &fault) && (why != toLook || !k.unlockable(fault)):
		k.fault = fault
	case err == nil:
		k.fault = nil
	}
	return err
}

// unlockable reports whether a person can do away with the fault.
func (k *Keyring) unlockable(fault *KeyringError) bool { return fault.Reason == Locked && k.attended }

// explain turns what the library says into a *KeyringError, but for ErrNotFound.
func explain(err error) error {
	var known *KeyringError
	var exit *exec.ExitError
	switch {
	case err == nil, errors.Is(err, keyring.ErrNotFound), errors.As(err, &known):
		return err
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return &KeyringError{Reason: Unsupported}
	case errors.As(err, &exit):
		return &KeyringError{Reason: ofSecurityCommand(exit.ExitCode()), detail: exit.Error()}
	}
	return &KeyringError{Reason: reasonOf(err), detail: said(err)}
}

// ofSecurityCommand reads the exit code of macOS's security(1): the last byte of
// a status of Security/SecBase.h.
func ofSecurityCommand(code int) Reason {
	switch code {
	case 36: // errSecInteractionNotAllowed, -25308: over SSH, or locked
		return Locked
	case 51, 128: // errSecAuthFailed, -25293; userCanceledErr, -128
		return Denied
	}
	return Other
}

// said is the other side's text, safe to show.
func said(err error) string { return text.Untrusted(err.Error()).SafeN(200) }

// withoutKey keeps the key out of an error of whoever was given it.
func withoutKey(err error, key client.Key) error {
	if strings.Contains(err.Error(), key.Reveal()) {
		return &KeyringError{Reason: reasonOf(err), detail: "its answer repeats the key and is not shown"}
	}
	return err
}

// hasWindows reports whether a window that the keyring opens is seen. macOS and
// Windows always have somebody at the screen, or say themselves that they have not.
func hasWindows(env config.Lookup) bool {
	return !needsDisplay || env.Get("DISPLAY") != "" || env.Get("WAYLAND_DISPLAY") != ""
}

// ringSource is the keyring as one of the places.
type ringSource struct {
	ring    *Keyring
	account Account
}

// Find passes over a keyring that cannot be used; only the ctx's end stops the
// search.
func (s ringSource) Find(ctx context.Context) (Found, bool, error) {
	found, set, err := s.ring.Get(ctx, s.account)
	if err != nil && ctx.Err() != nil {
		return Found{}, true, err
	}
	return found, set, err
}
