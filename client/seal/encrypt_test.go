package seal

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/crypto/ssh"
)

// public is the text that names a key to whoever encrypts to it.
func (k key) public(t testing.TB) string {
	t.Helper()
	if s, ok := k.recipient.(fmt.Stringer); ok {
		return s.String()
	}
	signer, err := ssh.ParsePrivateKey([]byte(k.file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
}

func recipients(t testing.TB, texts ...string) []Recipient {
	t.Helper()
	var all []Recipient
	for _, s := range texts {
		r, err := ParseRecipient(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func sealed(t testing.TB, plain string, to []Recipient) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := Encrypt(&file, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, iotest.HalfReader(strings.NewReader(plain))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestEncrypt(t *testing.T) {
	t.Parallel()
	a, b, hybrid, ed, rsa := newAge(t), newAge(t), newHybrid(t), newEd25519(t, ""), newRSA(t)
	for name, keys := range map[string][]key{
		"age": {a}, "hybrid": {hybrid, newHybrid(t)}, "ssh": {ed, rsa}, "all that mix": {a, b, ed, rsa},
	} {
		var texts []string
		for _, k := range keys {
			texts = append(texts, k.public(t), " "+k.public(t)+"\n") // a key given twice is one
		}
		to := recipients(t, texts...)
		if err := CheckRecipients(to); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, size := range []int{0, 1, 64 << 10, 200_000} {
			plain := strings.Repeat("x", size)
			file := sealed(t, plain, to)
			if n := bytes.Count(file[:bytes.Index(file, []byte("\n---"))], []byte("-> ")); size == 0 && n < len(keys) || n > len(keys)+1 {
				t.Errorf("%s: %d stanzas for %d keys", name, n, len(keys)) // age may add one that means nothing
			}
			for _, k := range keys {
				r, err := Open(bytes.NewReader(file), identities(t, k.file))
				if err != nil {
					t.Errorf("%s, %d bytes: %v", name, size, err)
					continue
				}
				if got, err := io.ReadAll(r); err != nil || string(got) != plain {
					t.Errorf("%s, %d bytes: got %d, %v", name, size, len(got), err)
				}
			}
			if _, err := Open(bytes.NewReader(file), identities(t, newAge(t).file)); !errors.Is(err, ErrNoMatch) {
				t.Errorf("%s: a stranger opens it: %v", name, err)
			}
		}
	}
}

// A run that is killed while it encrypts leaves a file that nobody takes for a
// whole one.
func TestFileThatWasNotClosed(t *testing.T) {
	t.Parallel()
	k := newAge(t)
	for _, size := range []int{0, 10, 64 << 10, 200_000} {
		var file bytes.Buffer
		w, err := Encrypt(&file, recipients(t, k.public(t)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(make([]byte, size))
		r, err := Open(&file, identities(t, k.file))
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err == nil {
			t.Errorf("%d bytes: it reads as a whole file", size)
		}
	}
}

type full struct{ room int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	to := recipients(t, newAge(t).public(t))
	for _, room := range []int{0, 50, 1000, 100_000} {
		w, err := Encrypt(&full{room}, to)
		if err == nil {
			if _, err = w.Write(make([]byte, 150_000)); err == nil {
				err = w.Close()
			}
		}
		if !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v", room, err)
		}
	}
}

func TestRecipientsThatCannotBe(t *testing.T) {
	t.Parallel()
	a, hybrid := newAge(t).public(t), newHybrid(t).public(t)
	if _, err := Encrypt(io.Discard, nil); !errors.Is(err, ErrNoRecipient) {
		t.Errorf("none: %v", err)
	}
	if err := CheckRecipients([]Recipient{{}}); !errors.Is(err, ErrRecipient) {
		t.Errorf("zero: %v", err)
	}
	for _, texts := range [][]string{{a, hybrid}, {hybrid, a}, {newRSA(t).public(t), hybrid}} {
		if err := CheckRecipients(recipients(t, texts...)); !errors.Is(err, ErrMixed) {
			t.Errorf("mixed: %v", err)
		}
	}
	if err := CheckRecipients(recipients(t, lowOrder)); !errors.Is(err, ErrRecipient) {
		t.Errorf("a point of low order: %v", err)
	}
}

// lowOrder is a recipient whose point gives the same secret with every key.
const lowOrder = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z"

func TestParseRecipient(t *testing.T) {
	t.Parallel()
	small, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecdsaKey, err := ssh.NewPublicKey(&small.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	a := newAge(t)
	ed := newEd25519(t, "")
	edPublic := ed.public(t)
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":                    {"", ErrRecipient},
		"word":                     {"ops@example.com", ErrRecipient},
		"a mistyped letter":        {strings.Replace(a.public(t), "age1", "age1x", 1), ErrRecipient},
		"upper case":               {strings.ToUpper(a.public(t)), ErrRecipient},
		"two in one":               {a.public(t) + "\n" + a.public(t), ErrRecipient},
		"too long":                 {a.public(t) + strings.Repeat(" x", maxRecipient), ErrRecipient},
		"ecdsa":                    {string(ssh.MarshalAuthorizedKey(ecdsaKey)), ErrRecipient},
		"ssh without a key":        {"ssh-ed25519 AAAA", ErrRecipient},
		"options before a key":     {`command="id" ` + edPublic, ErrRecipient},
		"a public key in PEM":      {"-----BEGIN PUBLIC KEY-----", ErrRecipient},
		"plugin":                   {"age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", ErrPlugin},
		"plugin with digits":       {"age1fido2-hmac1qqpzry9x8gf", ErrPlugin},
		"tag":                      {"age1tag1qwe0kafsjrar4txm6heqnhpfuggzr0gvznz7fvygxrlq90u5mq2pysxtw6h", ErrPlugin},
		"identity":                 {strings.TrimSpace(a.file[strings.Index(a.file, "AGE-"):]), ErrPrivateKey},
		"identity in lower case":   {strings.ToLower(a.file[strings.Index(a.file, "AGE-"):]), ErrPrivateKey},
		"identity with a name":     {"key = " + strings.TrimSpace(a.file[strings.Index(a.file, "AGE-"):]), ErrPrivateKey},
		"hybrid identity":          {newHybrid(t).file, ErrPrivateKey},
		"plugin's identity":        {"AGE-PLUGIN-YUBIKEY-1QQPZRY9X8GF", ErrPrivateKey},
		"SSH private key":          {ed.file, ErrPrivateKey},
		"its first line":           {"-----BEGIN OPENSSH PRIVATE KEY-----", ErrPrivateKey},
		"its second line":          {strings.Split(ed.file, "\n")[1], ErrPrivateKey},
		"RSA private key":          {"-----BEGIN RSA PRIVATE KEY-----\nMIIE", ErrPrivateKey},
		"PuTTY's":                  {"PuTTY-User-Key-File-3: ssh-ed25519", ErrPrivateKey},
		"a public one, its remark": {edPublic + " on the age-plugin host", nil},
	} {
		r, err := ParseRecipient(c.text)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if c.want == nil && r.Fingerprint() != recipients(t, edPublic)[0].Fingerprint() {
			t.Errorf("%s: another fingerprint", name)
		}
		if c.want != nil {
			leaks(t, name, err, c.text)
		}
	}
}

// leaks fails if an error repeats a word of what was given.
func leaks(t *testing.T, name string, err error, text string) {
	t.Helper()
	for word := range strings.FieldsSeq(text) {
		if len(word) > 12 && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(word)) {
			t.Errorf("%s: the error repeats %q", name, word)
		}
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	a, b, ed := newAge(t).public(t), newAge(t).public(t), newEd25519(t, "").public(t)
	one := Canonical(recipients(t, a, ed, b))
	if other := Canonical(recipients(t, b, ed+" me@host", a, a)); one != other || strings.Count(one, ",") != 2 {
		t.Errorf("the same keys are told apart:\n%s\n%s", one, other)
	}
	if Canonical(recipients(t, a)) == Canonical(recipients(t, b)) {
		t.Error("different keys are not told apart")
	}
	if got := Canonical(nil); got != "" {
		t.Errorf("no keys: %q", got)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(ed))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(recipients(t, ed)[0]); got != ssh.FingerprintSHA256(public) {
		t.Errorf("%s is not what ssh-keygen shows, %s", got, ssh.FingerprintSHA256(public))
	}
}

func TestParseRecipientsFile(t *testing.T) {
	t.Parallel()
	a, ed, rsa := newAge(t), newEd25519(t, ""), newRSA(t)
	good := "\ufeff# the vault\r\n" + a.public(t) + "\r\n\n  \t\n" + ed.public(t) + " ops@example.com\n#\n" + rsa.public(t)
	got, err := ParseRecipientsFile(iotest.OneByteReader(strings.NewReader(good)))
	if err != nil || Canonical(got) != Canonical(recipients(t, a.public(t), ed.public(t), rsa.public(t))) {
		t.Errorf("%d recipients, %v", len(got), err)
	}
	broken := errors.New("broken disk")
	for name, c := range map[string]struct {
		file io.Reader
		want error
		says string
	}{
		"empty":         {strings.NewReader("\n# nobody\n"), ErrNoRecipient, ""},
		"identities":    {strings.NewReader("# public key: " + a.public(t) + "\n" + a.file), ErrPrivateKey, "line 4"},
		"SSH key":       {strings.NewReader(ed.file), ErrPrivateKey, "line 1"},
		"one bad line":  {strings.NewReader(a.public(t) + "\nage1nobody\n"), ErrRecipient, "line 2"},
		"plugin":        {strings.NewReader("age1tpm1qqpzry9x8gf\n"), ErrPlugin, "line 1"},
		"endless":       {endless{}, ErrRecipient, "256 KiB"},
		"unreadable":    {iotest.ErrReader(broken), broken, ""},
		"half readable": {io.MultiReader(strings.NewReader(a.public(t)+"\n"), iotest.ErrReader(broken)), broken, ""},
	} {
		got, err := ParseRecipientsFile(c.file)
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.says) || got != nil {
			t.Errorf("%s: %d recipients, %v, want %v", name, len(got), err, c.want)
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// The age of the system opens what is encrypted here.
func TestAgeOpensIt(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("age")
	if err != nil {
		t.Skip("age is not installed")
	}
	a, ed, rsa := newAge(t), newEd25519(t, ""), newRSA(t)
	plain := strings.Repeat(base64.StdEncoding.EncodeToString([]byte("an export")), 20_000)
	dir := t.TempDir()
	file := filepath.Join(dir, "export.json"+Suffix)
	to := recipients(t, a.public(t), ed.public(t), rsa.public(t))
	if err := os.WriteFile(file, sealed(t, plain, to), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, k := range []key{a, ed, rsa} {
		identity := filepath.Join(dir, fmt.Sprint("identity", i))
		if err := os.WriteFile(identity, []byte(strings.ReplaceAll(k.file, "\r\n", "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), tool, "-d", "-i", identity, file).Output()
		if err != nil || string(out) != plain {
			t.Errorf("identity %d: %d bytes, %v", i, len(out), err)
		}
	}
}

func FuzzParseRecipientsFile(f *testing.F) {
	a, ed := newAge(f), newEd25519(f, "")
	for _, s := range []string{
		"", "# none\n", a.public(f) + "\n" + ed.public(f) + " x\n", a.file, ed.file, lowOrder, "age1tpm1qqpzry9x8gf",
		"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ==", "age1pq1qq", "\xff\xfe", newHybrid(f).public(f),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := ParseRecipientsFile(bytes.NewReader(file))
		if (err == nil) != (len(got) > 0) {
			t.Fatalf("%d recipients, %v", len(got), err)
		}
		if err != nil {
			if n := len(err.Error()); n > 300 {
				t.Fatalf("the error has %d bytes", n)
			}
			return
		}
		// A key may look right and be of no use; that is an error, not a panic.
		for _, r := range got {
			again, err := ParseRecipientsFile(strings.NewReader(strings.Repeat("\n", 3) + string(file)))
			if err != nil || Canonical(again) != Canonical(got) {
				t.Fatalf("read again: %v", err)
			}
			if err := CheckRecipients([]Recipient{r}); err != nil && !errors.Is(err, ErrRecipient) {
				t.Fatal(err)
			}
		}
	})
}
