//go:build linux || netbsd || openbsd || (freebsd && cgo) || (dragonfly && cgo)

package secret_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/dashtray/dashtray-tui/config/secret"
)

// The names that a test's bus answers to.
const (
	loginRing   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	defaultRing = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	aPrompt     = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
	anItem      = dbus.ObjectPath("/org/freedesktop/secrets/collection/login/1")
	aSession    = dbus.ObjectPath("/org/freedesktop/secrets/session/s1")
)

// reply is what a bus answers to a call: a body, an error's name, or, with
// silent, nothing at all.
type reply struct {
	body   []any
	err    string
	silent bool
}

func says(body ...any) reply { return reply{body: body} }

// fakeBus is a session bus and a Secret Service in one, as far as this package
// and the keyring library talk to them. A test replaces the replies it is about.
type fakeBus struct {
	address string
	mu      sync.Mutex
	replies map[string]func(call) reply
	calls   []call
}

// call is a method call as it arrived.
type call struct {
	member string
	path   dbus.ObjectPath
	flags  dbus.Flags
	body   []any
}

// newBus is a bus with an unlocked keyring that is empty.
func newBus(t *testing.T) *fakeBus {
	t.Helper()
	// A socket's path may have 107 bytes at most, and t.TempDir() more.
	dir, err := os.MkdirTemp("", "bus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	b := &fakeBus{address: "unix:path=" + path, replies: map[string]func(call) reply{}}
	b.ready()
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			all.Go(func() { b.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return b
}

func (b *fakeBus) dial(ctx context.Context) (*dbus.Conn, error) {
	return secret.DialBus(ctx, b.address)
}

// set replaces the reply to a method.
func (b *fakeBus) set(member string, r reply) { b.on(member, func(call) reply { return r }) }

func (b *fakeBus) on(member string, answer func(call) reply) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replies[member] = answer
}

func (b *fakeBus) made() []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.calls)
}

func (b *fakeBus) members() []string {
	var names []string
	for _, c := range b.made() {
		names = append(names, c.member)
	}
	return names
}

// ready answers as an unlocked keyring does.
func (b *fakeBus) ready() {
	items := map[string]string{}
	for member, r := range map[string]reply{
		"Hello": says(":1.1"), "NameHasOwner": says(true), "ListActivatableNames": says([]string{}),
		"AddMatch": says(), "RemoveMatch": says(), "Close": says(), "Prompt": says(), "Dismiss": says(),
		"Unlock":      says([]dbus.ObjectPath{loginRing}, dbus.ObjectPath("/")),
		"OpenSession": says(dbus.MakeVariant(""), aSession),
	} {
		b.set(member, r)
	}
	b.on("Get", func(c call) reply {
		if c.body[1] == "Collections" {
			return says(dbus.MakeVariant([]dbus.ObjectPath{loginRing}))
		}
		return says(dbus.MakeVariant(false))
	})
	b.on("Unlock", func(c call) reply { return says(c.body[0], dbus.ObjectPath("/")) })
	b.on("SearchItems", func(c call) reply {
		if _, ok := items[c.body[0].(map[string]string)["username"]]; ok {
			return says([]dbus.ObjectPath{anItem})
		}
		return says([]dbus.ObjectPath{})
	})
	b.on("CreateItem", func(c call) reply {
		attributes := c.body[0].(map[string]dbus.Variant)["org.freedesktop.Secret.Item.Attributes"].Value().(map[string]string)
		items[attributes["username"]] = string(c.body[1].([]any)[2].([]byte))
		return says(anItem, dbus.ObjectPath("/"))
	})
	b.on("GetSecret", func(call) reply {
		for _, v := range items {
			return says(struct {
				Session           dbus.ObjectPath
				Parameters, Value []byte
				ContentType       string
			}{aSession, nil, []byte(v), "text/plain"})
		}
		return reply{err: "org.freedesktop.Secret.Error.NoSuchObject"}
	})
	b.on("Delete", func(call) reply { clear(items); return says(dbus.ObjectPath("/")) })
}

// locked answers as a keyring does that needs the person's password.
func (b *fakeBus) locked() {
	b.on("Get", func(c call) reply {
		if c.body[1] == "Collections" {
			return says(dbus.MakeVariant([]dbus.ObjectPath{loginRing}))
		}
		return says(dbus.MakeVariant(true))
	})
	b.set("Unlock", says([]dbus.ObjectPath{}, aPrompt))
}

// serve speaks the D-Bus protocol: the SASL exchange, then messages.
func (b *fakeBus) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	if authenticate(in, conn) != nil {
		return
	}
	for {
		msg, err := dbus.DecodeMessage(in)
		if err != nil {
			return
		}
		if msg.Type != dbus.TypeMethodCall {
			continue
		}
		if answer := b.answer(msg); answer != nil && answer.EncodeTo(conn, binary.LittleEndian) != nil {
			return
		}
	}
}

func authenticate(in *bufio.Reader, out io.Writer) error {
	if _, err := in.ReadByte(); err != nil { // the credentials' null byte
		return err
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		answer := "ERROR\r\n"
		switch line = strings.TrimSpace(line); {
		case line == "BEGIN":
			return nil
		case line == "AUTH":
			answer = "REJECTED EXTERNAL\r\n"
		case line == "AUTH EXTERNAL":
			answer = "DATA\r\n"
		case strings.HasPrefix(line, "AUTH EXTERNAL"), strings.HasPrefix(line, "DATA"):
			answer = "OK 0123456789abcdef0123456789abcdef\r\n"
		}
		if _, err := io.WriteString(out, answer); err != nil {
			return err
		}
	}
}

func (b *fakeBus) answer(msg *dbus.Message) *dbus.Message {
	member, _ := msg.Headers[dbus.FieldMember].Value().(string)
	path, _ := msg.Headers[dbus.FieldPath].Value().(dbus.ObjectPath)
	c := call{member, path, msg.Flags, msg.Body}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, c)
	r := reply{err: "org.freedesktop.DBus.Error.UnknownMethod"}
	if answer, ok := b.replies[member]; ok {
		r = answer(c)
	}
	if r.silent || msg.Flags&dbus.FlagNoReplyExpected != 0 {
		return nil
	}
	out := &dbus.Message{Type: dbus.TypeMethodReply, Body: r.body, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldReplySerial: dbus.MakeVariant(msg.Serial()),
		dbus.FieldSender:      dbus.MakeVariant("org.freedesktop.DBus"),
	}}
	if r.err != "" {
		out.Type, out.Headers[dbus.FieldErrorName] = dbus.TypeError, dbus.MakeVariant(r.err)
	}
	if len(r.body) > 0 {
		out.Headers[dbus.FieldSignature] = dbus.MakeVariant(dbus.SignatureOf(r.body...))
	}
	return out
}
