//go:build linux || netbsd || openbsd || (freebsd && cgo) || (dragonfly && cgo)

package secret

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"
)

// Names of the Secret Service API, version 0.2, and of the D-Bus specification.
const (
	provider    = "org.freedesktop.secrets"
	servicePath = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	defaultPath = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")

	hasOwnerCall    = "org.freedesktop.DBus.NameHasOwner"
	activatableCall = "org.freedesktop.DBus.ListActivatableNames"
	startCall       = "org.freedesktop.DBus.StartServiceByName"
	propertyCall    = "org.freedesktop.DBus.Properties.Get"
	unlockCall      = "org.freedesktop.Secret.Service.Unlock"
	dismissCall     = "org.freedesktop.Secret.Prompt.Dismiss"
	serviceIface    = "org.freedesktop.Secret.Service"
	collectionIface = "org.freedesktop.Secret.Collection"
)

// startPatience is what a keyring's program gets to start in. Buses wait for
// two minutes, and the library asks twice.
const startPatience = 2 * time.Second

// needsDisplay: the Secret Service's window needs a display server.
const needsDisplay = true

// dialer opens a private connection to the session bus, and starts none.
type dialer func(context.Context) (*dbus.Conn, error)

// lookAtSystem asks the session bus of this process.
func lookAtSystem(ctx context.Context, start bool) error { return look(ctx, sessionBus, start) }

// look asks the same questions as the keyring library, in the same order, but
// on a connection that ends with ctx, and with the flag that keeps the bus from
// starting a program for them. nil means that the library will neither wait for
// a program to start nor for the keyring to be unlocked.
func look(ctx context.Context, dial dialer, start bool) error {
	conn, err := dial(ctx)
	if err != nil {
		return &KeyringError{Reason: NoBus, detail: said(err)}
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Auth(nil); err != nil {
		return &KeyringError{Reason: NoBus, detail: said(err)}
	}
	if err := conn.Hello(); err != nil {
		return &KeyringError{Reason: NoBus, detail: said(err)}
	}
	if err := running(ctx, conn, start); err != nil {
		return err
	}
	path := collection(ctx, conn)
	var value dbus.Variant
	err = call(ctx, conn, path, propertyCall, collectionIface, "Locked").Store(&value)
	locked, isBool := value.Value().(bool)
	switch {
	case err == nil && isBool && !locked:
		return nil
	case err != nil && reasonOf(err) == Denied:
		return &KeyringError{Reason: Denied, detail: said(err)}
	case err != nil && path == defaultPath:
		return &KeyringError{Reason: NoCollection}
	}
	return unlock(ctx, conn, path)
}

func call(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	return conn.Object(provider, path).CallWithContext(ctx, method, dbus.FlagNoAutoStart, args...)
}

// running makes sure that somebody offers the Secret Service, and starts them
// only if that is allowed.
func running(ctx context.Context, conn *dbus.Conn, start bool) error {
	bus := conn.BusObject()
	var owned bool
	if err := bus.CallWithContext(ctx, hasOwnerCall, 0, provider).Store(&owned); err != nil {
		return &KeyringError{Reason: reasonOf(err), detail: said(err)}
	}
	if owned {
		return nil
	}
	var names []string
	err := bus.CallWithContext(ctx, activatableCall, 0).Store(&names)
	switch {
	case err != nil:
		return &KeyringError{Reason: reasonOf(err), detail: said(err)}
	case !slices.Contains(names, provider):
		return &KeyringError{Reason: NoProvider}
	case !start:
		return &KeyringError{Reason: NotRunning}
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	err = bus.CallWithContext(ctx, startCall, 0, provider, uint32(0)).Err
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &KeyringError{Reason: NotRunning, detail: "it did not start within " + startPatience.String()}
	case err != nil:
		return &KeyringError{Reason: NotRunning, detail: said(err)}
	}
	return nil
}

// collection is the one that the library will use: "login" if there is one,
// else the default.
func collection(ctx context.Context, conn *dbus.Conn) dbus.ObjectPath {
	var value dbus.Variant
	if call(ctx, conn, servicePath, propertyCall, serviceIface, "Collections").Store(&value) != nil {
		return defaultPath
	}
	if paths, _ := value.Value().([]dbus.ObjectPath); slices.Contains(paths, loginPath) {
		return loginPath
	}
	return defaultPath
}

// unlock succeeds if that takes no person: a keyring with an empty password
// unlocks at once. A prompt that would be needed is sent away before it shows.
func unlock(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath) error {
	var unlocked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := call(ctx, conn, servicePath, unlockCall, []dbus.ObjectPath{path}).Store(&unlocked, &prompt); err != nil {
		return &KeyringError{Reason: Locked, detail: said(err)}
	}
	if prompt != "/" && prompt.IsValid() {
		_ = call(ctx, conn, prompt, dismissCall).Err // it was never shown; dismissing only tidies up
		return &KeyringError{Reason: Locked}
	}
	if len(unlocked) == 0 {
		return &KeyringError{Reason: Locked}
	}
	return nil
}

// reasonOf reads the name of a D-Bus error.
func reasonOf(err error) Reason {
	var answer dbus.Error
	if !errors.As(err, &answer) {
		return Other
	}
	switch answer.Name {
	case "org.freedesktop.DBus.Error.AccessDenied", "org.freedesktop.DBus.Error.AuthFailed":
		return Denied
	case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner":
		return NotRunning
	case "org.freedesktop.DBus.Error.NoReply", "org.freedesktop.DBus.Error.TimedOut", "org.freedesktop.DBus.Error.Timeout":
		return TimedOut
	case "org.freedesktop.Secret.Error.IsLocked":
		return Locked
	}
	return Other
}
