package sshd

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/tui/serve"
)

func publicKey(tb testing.TB) string {
	tb.Helper()
	pub, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return wire(tb, pub)
}

func wire(tb testing.TB, key any) string {
	tb.Helper()
	pub, err := ssh.NewPublicKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub)))
}

func TestParseGrant(t *testing.T) {
	t.Parallel()
	key := publicKey(t)
	for _, c := range []struct {
		line string
		want Grant
	}{
		{key, Grant{}},
		{key + " ada@example.com", Grant{Name: "ada@example.com"}},
		{`role=operator,name="Ada \"L\", Countess" ` + key + " x", Grant{Name: `Ada "L", Countess`, Role: serve.Operator}},
		{`role="admin",restrict ` + key, Grant{Role: serve.Admin}},
		{"name=\"\x1b[2J\u202e\" " + key, Grant{Name: `␛[2J\u{202e}`}},
		{`from="10.0.0.0/8,::1" ` + key, Grant{From: "10.0.0.0/8,::1"}},
		{`expiry-time="202701021504Z" ` + key, Grant{Expires: time.Date(2027, 1, 2, 15, 4, 0, 0, time.UTC)}},
		{`cert-authority,principals="a,b" ` + key, Grant{Authority: true, Principals: []string{"a", "b"}}},
	} {
		got, err := parseGrant([]byte(c.line))
		got.key = nil
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %+v, %v", c.line, got, err)
		}
	}
}

func TestParseGrantRefuses(t *testing.T) {
	t.Parallel()
	key := publicKey(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skip(err) // newer versions of Go make no such keys
	}
	for line, want := range map[string]string{
		"role=root " + key:                      "viewer, operator or admin",
		"role= " + key:                          "viewer, operator or admin",
		`command="x" ` + key:                    "command is not known",
		"permit-open=x " + key:                  "not known",
		"role=viewer,ROLE=admin " + key:         "role is given twice",
		"\x1b]0;x\a " + key:                     "",
		`from="*.example.com" ` + key:           "neither an address",
		`from="!10.0.0.1" ` + key:               "neither an address",
		`expiry-time="soon" ` + key:             "YYYYMMDD",
		`principals="a" ` + key:                 "cert-authority",
		`cert-authority,principals="a," ` + key: "empty",
		"ssh-ed25519 AAAA":                      "not a public key",
		"role=admin":                            "not a public key",
		wire(t, &weak.PublicKey):                "1024 bits",
	} {
		if _, err := parseGrant([]byte(line)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestReadKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "authorized_keys")
	if _, err := ReadKeys(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	one := publicKey(t)
	write := func(content string, at int64) {
		t.Helper()
		if err := errors.Join(os.WriteFile(path, []byte(content), 0o600), os.Chtimes(path, time.Unix(at, 0), time.Unix(at, 0))); err != nil {
			t.Fatal(err)
		}
	}
	write("# people\n\n"+one+"\n", 1)
	k, err := ReadKeys(path)
	if err != nil || k.Len() != 1 {
		t.Fatal(k, err)
	}
	if changed, err := k.Reload(); changed || err != nil {
		t.Error("nothing has changed", changed, err)
	}
	write("nonsense\n", 2)
	var bad *KeysError
	if changed, err := k.Reload(); changed || !errors.As(err, &bad) || bad.Line != 1 || k.Len() != 1 {
		t.Error("an error", changed, err, k.Len())
	}
	if changed, err := k.Reload(); changed || err != nil {
		t.Error("the same error is told twice", changed, err)
	}
	write(one+"\n"+one+"\n", 3)
	if _, err := k.Reload(); !errors.As(err, &bad) || bad.Line != 2 {
		t.Error("a key that stands there twice", err)
	}
	write(one+"\n"+publicKey(t)+"\n", 4)
	if changed, err := k.Reload(); !changed || err != nil || k.Len() != 2 {
		t.Error("two keys", changed, err, k.Len())
	}
	write("", 4)
	if changed, err := k.Reload(); changed || err == nil || k.Len() != 2 {
		t.Error("an editor that has not written yet", changed, err, k.Len())
	}
	write(strings.Repeat("#", maxKeysFile+1), 5)
	if _, err := k.Reload(); err == nil {
		t.Error("a giant file")
	}
	if runtime.GOOS != "windows" {
		write(one, 6)
		if err := os.Chmod(path, 0o664); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Reload(); err == nil || !strings.Contains(err.Error(), "others can write") {
			t.Error("a file that others can write", err)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if changed, err := k.Reload(); changed || err == nil || k.Len() != 2 {
		t.Error("the file is gone", changed, err, k.Len())
	}
}

func FuzzParseGrants(f *testing.F) {
	key := publicKey(f)
	f.Add([]byte(key))
	f.Add([]byte(`role=operator,name="Ada",from="10.0.0.0/8",expiry-time="20270101" ` + key + "\n# x\r\n"))
	f.Add([]byte(`cert-authority,principals="a,b" ` + key))
	f.Fuzz(func(t *testing.T, data []byte) {
		grants, err := parseGrants("keys", data)
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\n\a") {
			t.Errorf("%q", err)
		}
		for key, g := range grants {
			if key != string(g.key) || strings.ContainsAny(g.Name, "\x1b\n\a\u202e") || g.Role < serve.Viewer || g.Role > serve.Admin {
				t.Errorf("%+v", g)
			}
		}
	})
}

func TestActivated(t *testing.T) {
	t.Parallel()
	env := func(vars map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) {
			v, ok := vars[name]
			return v, ok
		}
	}
	for name, vars := range map[string]map[string]string{
		"nothing":           {},
		"of another":        {"LISTEN_FDS": "1", "LISTEN_PID": "1"},
		"of nobody":         {"LISTEN_FDS": "1"},
		"without a process": {"LISTEN_PID": "42"},
	} {
		if l, err := Activated(env(vars), 42); l != nil || err != nil {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
	if _, err := Activated(env(map[string]string{"LISTEN_FDS": "2", "LISTEN_PID": "42"}), 42); err == nil {
		t.Error("two sockets are taken")
	}
}

func TestSFTPCommand(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.1:2222": "sftp -P 2222 192.0.2.1", "[2001:db8::1]:22": "sftp -P 22 [2001:db8::1]",
	} {
		if got := (&Visit{Local: tcp(addr)}).SFTP(); got != want {
			t.Errorf("%s: %s", addr, got)
		}
	}
}
