package seal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// key is an identity file and who encrypts to it.
type key struct {
	file      string
	recipient age.Recipient
}

func newAge(t testing.TB) key {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return key{"# created: today\n\n" + id.String() + "\r\n", id.Recipient()}
}

func newHybrid(t testing.TB) key {
	t.Helper()
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return key{id.String(), id.Recipient()}
}

func newSSH(t testing.TB, private any, public ssh.PublicKey, passphrase string) key {
	t.Helper()
	block, err := ssh.MarshalPrivateKey(private, "a comment")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "a comment", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := agessh.ParseRecipient(string(ssh.MarshalAuthorizedKey(public)))
	if err != nil {
		t.Fatal(err)
	}
	return key{string(pem.EncodeToMemory(block)), r}
}

func newEd25519(t testing.TB, passphrase string) key {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return newSSH(t, private, p, passphrase)
}

func newRSA(t testing.TB) key {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ssh.NewPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return newSSH(t, private, p, "")
}

func encrypt(t testing.TB, plain string, armored bool, to ...age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	var dst io.Writer = &out
	if armored {
		a := armor.NewWriter(&out)
		dst = a
	}
	w, err := age.Encrypt(dst, to...)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(w, plain)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if a, ok := dst.(io.Closer); ok {
		_ = a.Close()
	}
	return out.Bytes()
}

func identities(t testing.TB, file string) []Identity {
	t.Helper()
	ids, err := ParseIdentities(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestOpen(t *testing.T) {
	t.Parallel()
	plain := strings.Repeat("an export, ", 20_000) // more than one chunk of 64 KiB
	other := newAge(t)
	for name, k := range map[string]key{
		"age": newAge(t), "hybrid": newHybrid(t), "ed25519": newEd25519(t, ""), "rsa": newRSA(t),
	} {
		for _, armored := range []bool{false, true} {
			to := []age.Recipient{k.recipient}
			if name != "hybrid" { // which age mixes with no other kind
				to = append(to, other.recipient)
			}
			file := encrypt(t, plain, armored, to...)
			r, err := Open(iotest.HalfReader(bytes.NewReader(file)), identities(t, k.file))
			if err != nil {
				t.Errorf("%s, armored %v: %v", name, armored, err)
				continue
			}
			if got, err := io.ReadAll(r); err != nil || string(got) != plain {
				t.Errorf("%s, armored %v: %d bytes, %v", name, armored, len(got), err)
			}
		}
		file := encrypt(t, plain, false, newAge(t).recipient)
		if _, err := Open(bytes.NewReader(file), identities(t, k.file)); !errors.Is(err, ErrNoMatch) {
			t.Errorf("%s, another's file: %v", name, err)
		}
	}
}

func TestSeveralIdentities(t *testing.T) {
	t.Parallel()
	first, second := newAge(t), newAge(t)
	ids := identities(t, first.file+second.file)
	if len(ids) != 2 {
		t.Fatalf("%d identities", len(ids))
	}
	for _, k := range []key{first, second} {
		if _, err := Open(bytes.NewReader(encrypt(t, "x", false, k.recipient)), ids); err != nil {
			t.Error(err)
		}
	}
}

func TestParseIdentitiesErrors(t *testing.T) {
	t.Parallel()
	good := newAge(t).file
	secret := strings.TrimSpace(good[strings.Index(good, "AGE-SECRET"):])
	pass, err := age.NewScryptRecipient("hunter2")
	if err != nil {
		t.Fatal(err)
	}
	pass.SetWorkFactor(10)
	for name, tt := range map[string]struct {
		file string
		want error
	}{
		"empty":                       {"", ErrIdentity},
		"comments":                    {"# nothing\n", ErrIdentity},
		"a recipient":                 {"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", ErrIdentity},
		"a key with a letter wrong":   {secret[:20] + "0" + secret[21:], ErrIdentity},
		"half a key":                  {secret[:40], ErrIdentity},
		"a second line wrong":         {good + "x", ErrIdentity},
		"too long":                    {strings.Repeat("#\n", maxIdentities), ErrIdentity},
		"PEM of something else":       {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ErrIdentity},
		"SSH with a passphrase":       {newEd25519(t, "hunter2").file, ErrPassphrase},
		"age with a passphrase":       {string(encrypt(t, good, false, pass)), ErrPassphrase},
		"age with one, armored":       {string(encrypt(t, good, true, pass)), ErrPassphrase},
		"an old SSH key, passphrase":  {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", ErrPassphrase},
		"an SSH key of no known kind": {"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", ErrIdentity},
	} {
		ids, err := ParseIdentities(strings.NewReader(tt.file))
		if !errors.Is(err, tt.want) || ids != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), secret[16:24]) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	broken := errors.New("disk on fire")
	if _, err := ParseIdentities(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

func TestIdentityIsNotPrinted(t *testing.T) {
	t.Parallel()
	k := newAge(t)
	for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
		if s := fmt.Sprintf(form, identities(t, k.file)); strings.Contains(s, "SECRET") || !strings.Contains(s, "[identity]") {
			t.Errorf("%s prints %s", form, s)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	k := newAge(t)
	ids := identities(t, k.file)
	file := encrypt(t, "plain", false, k.recipient)
	if _, err := Open(bytes.NewReader(file), nil); !errors.Is(err, ErrNoMatch) {
		t.Errorf("no identity: %v", err)
	}
	pass, err := age.NewScryptRecipient("hunter2")
	if err != nil {
		t.Fatal(err)
	}
	pass.SetWorkFactor(10)
	if _, err := Open(bytes.NewReader(encrypt(t, "plain", false, pass)), ids); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a passphrase: %v", err)
	}
	broken := errors.New("disk on fire")
	r := io.MultiReader(bytes.NewReader(file[:40]), iotest.ErrReader(broken))
	if _, err := Open(r, ids); !errors.Is(err, broken) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	for n := range file {
		r, err := Open(bytes.NewReader(file[:n]), ids)
		if err == nil {
			_, err = io.ReadAll(r)
		} else if !errors.Is(err, ErrDamaged) {
			t.Errorf("the first %d bytes: %v", n, err)
		}
		if err == nil {
			t.Errorf("the first %d bytes of %d are a whole file", n, len(file))
		}
	}
	for i := range file {
		changed := bytes.Clone(file)
		changed[i] ^= 1
		r, err := Open(bytes.NewReader(changed), ids)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if err == nil {
			t.Errorf("byte %d changed, and nobody says so", i)
		}
	}
}

// FuzzParseIdentities: whatever the file, keys or an error that shows none of it.
func FuzzParseIdentities(f *testing.F) {
	f.Add(newAge(f).file)
	f.Add(newEd25519(f, "").file)
	f.Add(newEd25519(f, "x").file)
	f.Add("-----BEGIN ")
	f.Add("AGE-SECRET-KEY-1")
	f.Fuzz(func(t *testing.T, file string) {
		ids, err := ParseIdentities(strings.NewReader(file))
		if (err == nil) != (len(ids) > 0) {
			t.Fatalf("%q: %d identities, %v", file, len(ids), err)
		}
		if err != nil && !errors.Is(err, ErrIdentity) && !errors.Is(err, ErrPassphrase) {
			t.Fatalf("%q: %v", file, err)
		}
	})
}

// FuzzOpen: whatever the bytes, a reader or an error that a caller can tell.
func FuzzOpen(f *testing.F) {
	k := newAge(f)
	ids := identities(f, k.file)
	f.Add(encrypt(f, "plain", false, k.recipient))
	f.Add(encrypt(f, "plain", true, k.recipient))
	f.Add([]byte("age-encryption.org/v1\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := Open(bytes.NewReader(file), ids)
		if err == nil {
			_, _ = io.Copy(io.Discard, r)
		} else if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNoMatch) && !errors.Is(err, ErrPassphrase) {
			t.Fatalf("%q: %v", file, err)
		}
	})
}
