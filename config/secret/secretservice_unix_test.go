//go:build linux || netbsd || openbsd || (freebsd && cgo) || (dragonfly && cgo)

package secret_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config/secret"
)

const secretService = "org.freedesktop.secrets"

func TestWhatALookAtTheBusFinds(t *testing.T) {
	t.Parallel()
	installed := says([]string{"org.freedesktop.DBus", secretService})
	for name, tc := range map[string]struct {
		bus   func(*fakeBus)
		start bool
		want  secret.Reason
		never []string // methods that must not have been called
		calls []string // methods that must
	}{
		"ready":       {bus: func(*fakeBus) {}, start: true, never: []string{"Unlock", "StartServiceByName"}},
		"no provider": {bus: func(b *fakeBus) { b.set("NameHasOwner", says(false)) }, start: true, want: secret.NoProvider, never: []string{"StartServiceByName", "Get"}},
		"not running": {bus: func(b *fakeBus) {
			b.set("NameHasOwner", says(false))
			b.set("ListActivatableNames", installed)
		}, want: secret.NotRunning, never: []string{"StartServiceByName", "Get"}},
		"started": {bus: func(b *fakeBus) {
			b.set("NameHasOwner", says(false))
			b.set("ListActivatableNames", installed)
			b.set("StartServiceByName", says(uint32(1)))
		}, start: true, calls: []string{"StartServiceByName", "Get"}},
		"does not start": {bus: func(b *fakeBus) {
			b.set("NameHasOwner", says(false))
			b.set("ListActivatableNames", installed)
			b.set("StartServiceByName", reply{err: "org.freedesktop.DBus.Error.Spawn.ChildExited"})
		}, start: true, want: secret.NotRunning, never: []string{"Get"}},
		"locked": {bus: (*fakeBus).locked, start: true, want: secret.Locked, calls: []string{"Dismiss"}, never: []string{"Prompt"}},
		"locked, and the prompt cannot be dismissed": {bus: func(b *fakeBus) {
			b.locked()
			b.set("Dismiss", reply{err: "org.freedesktop.DBus.Error.Failed"})
		}, want: secret.Locked, never: []string{"Prompt"}},
		"locked with an empty password": {bus: func(b *fakeBus) {
			b.locked()
			b.set("Unlock", says([]dbus.ObjectPath{loginRing}, dbus.ObjectPath("/")))
		}, never: []string{"Prompt", "Dismiss"}},
		"locked, and unlocks nothing": {bus: func(b *fakeBus) {
			b.locked()
			b.set("Unlock", says([]dbus.ObjectPath{}, dbus.ObjectPath("/")))
		}, want: secret.Locked},
		"locked, and refuses": {bus: func(b *fakeBus) {
			b.locked()
			b.set("Unlock", reply{err: "org.freedesktop.DBus.Error.AccessDenied"})
		}, want: secret.Locked},
		"no collection":      {bus: func(b *fakeBus) { b.set("Get", reply{err: "org.freedesktop.DBus.Error.UnknownObject"}) }, want: secret.NoCollection, never: []string{"Unlock"}},
		"denied":             {bus: func(b *fakeBus) { b.set("Get", reply{err: "org.freedesktop.DBus.Error.AccessDenied"}) }, want: secret.Denied, never: []string{"Unlock"}},
		"a bus that refuses": {bus: func(b *fakeBus) { b.set("Hello", reply{err: "org.freedesktop.DBus.Error.LimitsExceeded"}) }, want: secret.NoBus},
		"a bus that denies":  {bus: func(b *fakeBus) { b.set("NameHasOwner", reply{err: "org.freedesktop.DBus.Error.AccessDenied"}) }, want: secret.Denied},
		"answers of the wrong kind": {bus: func(b *fakeBus) {
			b.set("Get", says(uint32(7)))
			b.set("Unlock", says("yes"))
		}, want: secret.Locked},
		"properties of the wrong kind": {bus: func(b *fakeBus) {
			b.set("Get", says(dbus.MakeVariant("yes")))
			b.set("Unlock", says([]dbus.ObjectPath{}, aPrompt))
		}, want: secret.Locked, never: []string{"Prompt"}},
		"no answers": {bus: func(b *fakeBus) { b.set("NameHasOwner", says()) }, want: secret.Other},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBus(t)
			tc.bus(b)
			err := secret.Look(context.Background(), b.dial, tc.start)
			if secret.ReasonOf(err) != tc.want || tc.want == "" && err != nil {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			made := b.members()
			for _, m := range tc.never {
				if slices.Contains(made, m) {
					t.Errorf("%s was called: %v", m, made)
				}
			}
			for _, m := range tc.calls {
				if !slices.Contains(made, m) {
					t.Errorf("%s was not called: %v", m, made)
				}
			}
			for _, c := range b.made() {
				if c.path != "/org/freedesktop/DBus" && c.flags&dbus.FlagNoAutoStart == 0 {
					t.Errorf("%s would start a program", c.member)
				}
			}
		})
	}
}

func TestALookEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for _, silent := range []string{"Hello", "NameHasOwner", "Get", "Unlock", "Dismiss"} {
		t.Run(silent, func(t *testing.T) {
			t.Parallel()
			b := newBus(t)
			b.locked()
			ctx, cancel := context.WithCancel(context.Background())
			b.on(silent, func(call) reply { cancel(); return reply{silent: true} })
			if err := secret.Look(ctx, b.dial, false); err == nil {
				t.Error("a keyring that said nothing is taken for ready")
			}
		})
	}
}

func TestThereIsNoBus(t *testing.T) {
	t.Parallel()
	absent := "unix:path=" + filepath.Join(t.TempDir(), "absent")
	for _, address := range []string{"disabled:", absent, absent + ";" + absent, "unix:", "unix:path=%zz", "\x1b[2J", ";"} {
		err := secret.Look(context.Background(), func(ctx context.Context) (*dbus.Conn, error) {
			return secret.DialBus(ctx, address)
		}, true)
		if secret.ReasonOf(err) != secret.NoBus || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: got %+q, want no_bus", address, err)
		}
	}
}

// TestOnlyASocketOfThisMachineIsABus: a key goes over the bus as it is.
func TestOnlyASocketOfThisMachineIsABus(t *testing.T) {
	t.Parallel()
	b := newBus(t)
	for _, address := range []string{
		"tcp:host=127.0.0.1,port=1", "nonce-tcp:host=127.0.0.1,port=1,noncefile=/dev/null", "unixexec:path=/bin/false",
		"launchd:env=X", "systemd:", "autolaunch:scope=*user",
		"tcp:host=127.0.0.1,port=1;" + b.address, b.address + ";tcp:host=127.0.0.1,port=1",
	} {
		if _, err := secret.DialBus(t.Context(), address); !errors.Is(err, secret.ErrNotLocal) {
			t.Errorf("%s: got %v, want that it is not local", address, err)
		}
	}
	// Of several sockets it is the first that answers, whatever else is said of it.
	for _, address := range []string{
		"unix:path=" + filepath.Join(t.TempDir(), "absent") + ";" + b.address,
		b.address + ",guid=0123456789abcdef0123456789abcdef",
		strings.Replace(b.address, "/", "%2f", 1),
	} {
		conn, err := secret.DialBus(t.Context(), address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = conn.Close()
	}
}

// TestTheLibraryThroughTheBus has the real keyring library talk to the fake
// service. The library's connection is the process's own: hence one test.
func TestTheLibraryThroughTheBus(t *testing.T) {
	b, ctx := newBus(t), context.Background()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", b.address)
	key := client.NewKey("dk_through_the_bus")
	fresh := func() *secret.Keyring { return secret.NewKeyring(alone()) }

	k := fresh()
	if err := k.Put(ctx, account, key); err != nil {
		t.Fatal(err)
	}
	found, set, err := k.Get(ctx, account)
	if err != nil || !set || !found.Key.Equal(key) {
		t.Errorf("set %v, %v", set, err)
	}
	if removed, err := k.Remove(ctx, account); !removed || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
	if _, set, err := k.Get(ctx, account); set || err != nil {
		t.Errorf("after the removal: set %v, %v", set, err)
	}

	// The library would panic at each of these.
	for name, broken := range map[string]func(){
		"no collections": func() {
			var looks int
			b.on("Get", func(call) reply {
				if looks++; looks > 2 {
					return says(dbus.MakeVariant(uint32(1))) // to the library
				}
				return says(dbus.MakeVariant(false)) // to the look
			})
		},
		"a secret of another kind": func() {
			b.set("SearchItems", says([]dbus.ObjectPath{anItem}))
			b.set("GetSecret", says("dk_x"))
		},
	} {
		broken()
		if _, set, err := fresh().Get(ctx, account); set || secret.ReasonOf(err) != secret.Other {
			t.Errorf("%s: set %v, %v", name, set, err)
		}
		b.ready()
	}

	b.locked()
	if _, _, err := fresh().Get(ctx, account); secret.ReasonOf(err) != secret.Locked || slices.Contains(b.members(), "Prompt") {
		t.Errorf("locked and alone: %v, calls %v", err, b.members())
	}

	// With a person there the library has the prompt shown, and waits for it;
	// the person leaves as soon as it is there.
	why := errors.New("another way was chosen")
	person, leave := context.WithCancelCause(ctx)
	b.on("Prompt", func(call) reply { leave(why); return says() })
	if _, _, err := secret.NewKeyring(atDesk(nil)).Get(person, account); !errors.Is(err, why) {
		t.Errorf("a prompt that nobody answers: %v", err)
	}
	b.ready()
}

// TestTheLibraryStartsNoBus puts a dbus-launch in the path that tells of itself.
func TestTheLibraryStartsNoBus(t *testing.T) {
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d", os.Getuid())); err == nil {
		t.Skip("this user's own session bus would be found")
	}
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	script := "#!/bin/sh\n: >'" + ran + "'\necho DBUS_SESSION_BUS_ADDRESS=unix:path=" + dir + "/none\n"
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, address := range []string{"", "autolaunch:", "autolaunch:scope=*user", "disabled:", "unixexec:path=" + dir + "/dbus-launch", "unix:path=" + dir + "/none;unixexec:path=" + dir + "/dbus-launch"} {
		t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
		for name, o := range map[string]secret.KeyringOptions{"alone": alone(), "at a desk": atDesk(nil)} {
			k := secret.NewKeyring(o)
			if _, set, err := k.Get(context.Background(), account); set || secret.ReasonOf(err) != secret.NoBus {
				t.Errorf("%q, %s: set %v, %v; want no_bus", address, name, set, err)
			}
			if err := k.Put(context.Background(), account, client.NewKey("dk_x")); secret.ReasonOf(err) != secret.NoBus {
				t.Errorf("%q, %s: %v; want no_bus", address, name, err)
			}
		}
		if got := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); got != address {
			t.Errorf("%q became %q", address, got)
		}
		if _, err := os.Stat(ran); err == nil {
			t.Fatalf("%q: dbus-launch was run", address)
		}
	}
}
