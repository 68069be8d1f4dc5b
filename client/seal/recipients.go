package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
)

// Errors of recipients. None of them repeats what was given: it may be a
// private key that somebody took for the public one.
var (
	// ErrRecipient says that a text is no recipient: correct it.
	ErrRecipient = errors.New("it is no recipient: give an age1… recipient, or an ssh-ed25519 or ssh-rsa public key")
	// ErrPrivateKey says that a private key was given for a public one: give the
	// public one, and make a new pair if others could have seen it.
	ErrPrivateKey = errors.New("it is a private key: give the public one that belongs to it")
	// ErrPlugin says that a recipient needs a plugin of age. This package runs
	// none: encrypt to a key of age's own, or to an SSH key.
	ErrPlugin = errors.New("it needs a plugin of age, and none is run here: give an age1… recipient without a plugin, or an SSH key")
	// ErrMixed says that the recipients cannot share a file: give only age1pq1…
	// recipients, or none of them.
	ErrMixed = errors.New("post-quantum recipients (age1pq1…) and others cannot share a file: give one kind")
	// ErrNoRecipient says that there is nobody to encrypt to: give a recipient.
	ErrNoRecipient = errors.New("it names no recipient")
)

const (
	// maxRecipient is the longest recipient, in bytes. One of age's hybrid
	// kind has 2 KB, an RSA key of 16384 bits 3 KB, and a comment may follow.
	maxRecipient = 8 << 10
	// maxRecipients is the longest recipients file, in bytes.
	maxRecipients = 256 << 10
)

// Recipient is a public key to encrypt to.
type Recipient struct {
	key    age.Recipient
	hybrid bool
	sum    [sha256.Size]byte
}

// Fingerprint names the key whatever its spelling and comment: "SHA256:" and
// the unpadded base64 of a SHA-256. That of an SSH key is the one that
// ssh-keygen -l prints; that of an age key is over its age1… text.
func (r Recipient) Fingerprint() string {
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(r.sum[:])
}

// String is the fingerprint.
func (r Recipient) String() string { return r.Fingerprint() }

// Canonical is one text for a set of recipients: their fingerprints, each
// once, sorted, with commas between them. Two runs encrypt to the same keys if
// and only if their texts are the same; no recipient at all is "".
func Canonical(recipients []Recipient) string {
	return strings.Join(Fingerprints(recipients), ",")
}

// Fingerprints are those of the recipients, each once, sorted; never nil.
func Fingerprints(recipients []Recipient) []string {
	sums := make([]string, 0, len(recipients))
	for _, r := range recipients {
		sums = append(sums, r.Fingerprint())
	}
	slices.Sort(sums)
	return slices.Compact(sums)
}

// ParseRecipient reads one recipient: age's own (age1…, age1pq1…), or a line of
// an SSH public key (ssh-ed25519, ssh-rsa). The error is ErrRecipient,
// ErrPrivateKey or ErrPlugin.
func ParseRecipient(s string) (Recipient, error) {
	r, err := parseRecipient(strings.TrimSpace(s))
	if err != nil {
		return Recipient{}, fmt.Errorf("read the recipient: %w", err)
	}
	return r, nil
}

func parseRecipient(s string) (Recipient, error) {
	lower := strings.ToLower(s)
	switch {
	case secret(lower):
		return Recipient{}, ErrPrivateKey
	case len(s) > maxRecipient, strings.ContainsAny(s, "\r\n"):
		return Recipient{}, ErrRecipient
	case strings.HasPrefix(s, "ssh-"):
		return parseSSHRecipient(s)
	case strings.HasPrefix(lower, "age1pq1"):
		key, err := age.ParseHybridRecipient(s)
		if err != nil { // not wrapped: it quotes the text
			return Recipient{}, ErrRecipient
		}
		return Recipient{key: key, hybrid: true, sum: sha256.Sum256([]byte(key.String()))}, nil
	case strings.HasPrefix(lower, "age1"):
		key, err := age.ParseX25519Recipient(s)
		switch {
		case err == nil:
			return Recipient{key: key, sum: sha256.Sum256([]byte(key.String()))}, nil
		case pluginName(lower):
			return Recipient{}, ErrPlugin
		}
	}
	return Recipient{}, ErrRecipient
}

// secret reports whether a text, in lower case, is a private key, or the
// beginning of one, in any of the forms that people have in files.
func secret(lower string) bool {
	return strings.Contains(lower, "age-secret-key-") || strings.HasPrefix(lower, "age-plugin-") ||
		strings.Contains(lower, "-----begin") && !strings.Contains(lower, "public key-----") ||
		strings.HasPrefix(lower, "putty-user-key-file") ||
		strings.HasPrefix(lower, "b3blbnnzac1rzxktdjea") // "openssh-key-v1" in base64, its PEM head lost
}

// pluginName reports whether a text in lower case has the form age1NAME1DATA,
// which age leaves to the plugin age-plugin-NAME. The "1" is no letter of the
// data.
func pluginName(lower string) bool {
	name, data, ok := strings.Cut(strings.TrimPrefix(lower, "age1"), "1")
	if i := strings.LastIndexByte(data, '1'); i >= 0 { // a name may hold digits
		data = data[i+1:]
	}
	return ok && name != "" && len(data) >= 6 && strings.Trim(data, "qpzry9x8gf2tvdw0s3jn54khce6mua7l") == ""
}

func parseSSHRecipient(s string) (Recipient, error) {
	key, err := agessh.ParseRecipient(s)
	if err != nil { // not wrapped: it quotes the text
		return Recipient{}, ErrRecipient
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(s))
	if err != nil {
		return Recipient{}, ErrRecipient
	}
	return Recipient{key: key, sum: sha256.Sum256(public.Marshal())}, nil
}

// ParseRecipientsFile reads a recipients file as age -R does: one recipient a
// line, with empty lines and comments (#) between them. At least one is
// needed, and none is left out: a line that is no recipient is an error, which
// tells its number. The errors are those of [ParseRecipient], ErrNoRecipient,
// or of reading.
func ParseRecipientsFile(file io.Reader) ([]Recipient, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxRecipients+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the recipients: %w", err)
	case len(text) > maxRecipients:
		return nil, fmt.Errorf("read the recipients: more than %d KiB: %w", maxRecipients>>10, ErrRecipient)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // what some editors put first
	var all []Recipient
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		r, err := parseRecipient(line)
		if err != nil {
			return nil, fmt.Errorf("read the recipients: line %d: %w", n, err)
		}
		all = append(all, r)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read the recipients: %w", ErrNoRecipient)
	}
	return all, nil
}
