// Command keyringtest is a Secret Service that cannot be used, for the system
// tests. It offers itself on the session bus until that ends:
//
//	keyringtest prompt FILE   locked, with a prompt that nobody answers
//	keyringtest silent FILE   takes every question and answers none
//
// Each call is a line in FILE.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/godbus/dbus/v5"
)

const (
	service = dbus.ObjectPath("/org/freedesktop/secrets")
	login   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	prompt  = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
)

func main() {
	if len(os.Args) != 3 {
		panic("keyringtest prompt|silent FILE")
	}
	if err := offer(os.Args[1] == "silent", os.Args[2]); err != nil {
		panic(err)
	}
}

func offer(silent bool, file string) error {
	calls, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		return err
	}
	p := provider{ctx: conn.Context(), calls: calls, silent: silent}
	for path, iface := range map[dbus.ObjectPath]string{
		service: "org.freedesktop.Secret.Service", prompt: "org.freedesktop.Secret.Prompt",
	} {
		if err := conn.Export(p, path, iface); err != nil {
			return err
		}
	}
	for _, path := range []dbus.ObjectPath{service, login} {
		if err := conn.Export(p, path, "org.freedesktop.DBus.Properties"); err != nil {
			return err
		}
	}
	if _, err := conn.RequestName("org.freedesktop.secrets", dbus.NameFlagDoNotQueue); err != nil {
		return err
	}
	<-conn.Context().Done()
	return calls.Close()
}

// provider is every object at once. Its methods have the names and types of the
// Secret Service API, version 0.2.
type provider struct {
	ctx    context.Context // the bus's
	calls  *os.File
	silent bool
}

func (p provider) called(method string) *dbus.Error {
	if _, err := fmt.Fprintln(p.calls, method); err != nil {
		return dbus.MakeFailedError(err)
	}
	if p.silent {
		<-p.ctx.Done()
	}
	return nil
}

// Get is a property.
func (p provider) Get(_, name string) (dbus.Variant, *dbus.Error) {
	if name == "Collections" {
		return dbus.MakeVariant([]dbus.ObjectPath{login}), p.called("Get")
	}
	return dbus.MakeVariant(true), p.called("Get")
}

// Unlock leads to the prompt.
func (p provider) Unlock([]dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return []dbus.ObjectPath{}, prompt, p.called("Unlock")
}

// OpenSession works, so that it is the lock alone that is in the way.
func (p provider) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), "/org/freedesktop/secrets/session/s1", p.called("OpenSession")
}

// Prompt shows nothing and never completes.
func (p provider) Prompt(string) *dbus.Error { return p.called("Prompt") }

// Dismiss is how a prompt is sent away.
func (p provider) Dismiss() *dbus.Error { return p.called("Dismiss") }
