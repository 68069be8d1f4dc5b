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
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/dashtray/dashtray-tui/config/secret"
)

// busOf is a bus of which every connection is spoken to by speak.
func busOf(t *testing.T, speak func(in *bufio.Reader, out io.Writer)) (address string) {
	t.Helper()
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
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				speak(bufio.NewReader(conn), conn)
			}()
		}
	}()
	return "unix:path=" + path
}

// TestABusThatNeverComesToAnEnd: the deadline ends the talk, wherever it is.
func TestABusThatNeverComesToAnEnd(t *testing.T) {
	t.Parallel()
	const enough = 64 // writes, after which the deadline is over
	message := func(m *dbus.Message) string {
		var s strings.Builder
		if err := m.EncodeTo(&s, binary.LittleEndian); err != nil {
			t.Fatal(err)
		}
		return s.String()
	}
	reply := func(serial uint32, body ...any) string {
		return message(&dbus.Message{Type: dbus.TypeMethodReply, Body: body, Headers: map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(serial), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(body...)),
		}})
	}
	signal := message(&dbus.Message{Type: dbus.TypeSignal, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldInterface: dbus.MakeVariant("a.b"), dbus.FieldMember: dbus.MakeVariant("C"), dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/")),
	}})
	lost := message(&dbus.Message{Type: dbus.TypeSignal, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldInterface: dbus.MakeVariant("org.freedesktop.DBus"), dbus.FieldSender: dbus.MakeVariant("org.freedesktop.DBus"),
		dbus.FieldMember: dbus.MakeVariant("NameLost"), dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/")),
	}})
	call := message(&dbus.Message{Type: dbus.TypeMethodCall, Headers: map[dbus.HeaderField]dbus.Variant{
		dbus.FieldMember: dbus.MakeVariant("Ping"), dbus.FieldPath: dbus.MakeVariant(dbus.ObjectPath("/")),
	}})
	// A header that tells of more than ever comes.
	long := []byte(reply(1, "x"))
	binary.LittleEndian.PutUint32(long[4:], 100<<20)
	for name, tc := range map[string]struct {
		first, again string
		before       bool // it does not come to the messages
	}{
		"no greeting":             {first: "", before: true},
		"a greeting without end":  {again: "REJECTED ", before: true},
		"mechanisms without end":  {again: "REJECTED X\r\n", before: true},
		"questions without end":   {first: "REJECTED EXTERNAL\r\n", again: "DATA\r\n", before: true},
		"nothing after it":        {},
		"signals without end":     {again: signal},
		"a name lost, but which":  {again: lost}, // the library would panic
		"calls without end":       {again: call},
		"answers to nobody":       {again: reply(4711, true)},
		"an answer without end":   {first: string(long), again: "x"},
		"zeros":                   {again: "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		"another protocol":        {again: "HTTP/1.1 200 OK\r\n\r\n"},
		"an answer of many paths": {first: reply(1, ":1.1"), again: reply(2, make([]bool, 1000))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, deadline := context.WithCancel(t.Context())
			defer deadline()
			address := busOf(t, func(in *bufio.Reader, out io.Writer) {
				defer deadline()
				if !tc.before && authenticate(in, out) != nil {
					return
				}
				_, err := io.WriteString(out, tc.first)
				for range enough {
					if tc.again == "" || err != nil {
						break
					}
					_, err = io.WriteString(out, tc.again)
				}
				deadline()
				_, _ = io.Copy(io.Discard, in)
			})
			err := secret.Look(ctx, func(ctx context.Context) (*dbus.Conn, error) { return secret.DialBus(ctx, address) }, true)
			if err == nil {
				t.Error("a bus that answered nothing is taken for ready")
			} else if strings.ContainsAny(err.Error(), "\x00\x1b\r\n") {
				t.Errorf("it says %+q", err)
			}
		})
	}
}
