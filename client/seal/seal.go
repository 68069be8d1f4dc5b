// Package seal encrypts exports at rest and reads them again, in the format of
// age: https://age-encryption.org/v1.
//
// Keys are age's own (X25519 and the hybrid with ML-KEM) and SSH's (Ed25519
// and RSA). A key that is itself locked with a passphrase is refused: this
// package asks nobody. Errors hold no part of a key.
package seal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"golang.org/x/crypto/ssh"
)

// Errors that a caller decides on.
var (
	// ErrNoMatch says that the file is for other identities: name one of those
	// that it was encrypted to.
	ErrNoMatch = errors.New("the file is not encrypted to this identity")
	// ErrPassphrase says that a passphrase locks the identity, or the file:
	// unlock it first, with ssh-keygen -p or age -d.
	ErrPassphrase = errors.New("it is locked with a passphrase")
	// ErrIdentity says that a file holds no identity: name another.
	ErrIdentity = errors.New("it holds no age identity and no SSH private key")
	// ErrDamaged says that the head of an encrypted file cannot be read.
	ErrDamaged = errors.New("the encrypted file is damaged")
)

// maxIdentities is the longest identity file, in bytes. An RSA key of 16384
// bits has 13 KB.
const maxIdentities = 256 << 10

// Identity is a key that decrypts. It has no text form, so that it cannot be
// printed by mistake.
type Identity struct{ key age.Identity }

// String hides the key.
func (Identity) String() string { return "[identity]" }

// GoString hides the key.
func (Identity) GoString() string { return "[identity]" }

// ParseIdentities reads an identity file: either one SSH private key in PEM,
// or age identities (AGE-SECRET-KEY-1…), one a line, with empty lines and
// comments between them. The error is ErrIdentity, ErrPassphrase, or of
// reading.
func ParseIdentities(file io.Reader) ([]Identity, error) {
	text, err := io.ReadAll(io.LimitReader(file, maxIdentities+1))
	if err != nil {
		return nil, fmt.Errorf("read the identities: %w", err)
	}
	switch {
	case len(text) > maxIdentities:
		return nil, fmt.Errorf("read the identities: more than %d KiB: %w", maxIdentities>>10, ErrIdentity)
	case bytes.HasPrefix(text, []byte("age-encryption.org/")), bytes.HasPrefix(text, []byte(armor.Header)):
		return nil, fmt.Errorf("read the identities: %w", ErrPassphrase)
	case bytes.Contains(text, []byte("-----BEGIN ")):
		id, err := parseSSH(text)
		if err != nil {
			return nil, fmt.Errorf("read the SSH key: %w", err)
		}
		return []Identity{id}, nil
	}
	return parseLines(string(text))
}

func parseSSH(text []byte) (Identity, error) {
	key, err := agessh.ParseIdentity(text)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return Identity{}, ErrPassphrase
	case err != nil: // not wrapped: it may quote the file
		return Identity{}, ErrIdentity
	}
	return Identity{key}, nil
}

func parseLines(text string) ([]Identity, error) {
	var ids []Identity
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		keys, err := age.ParseIdentities(strings.NewReader(line))
		if err != nil { // not wrapped: it may quote the key
			return nil, fmt.Errorf("read the identities: line %d: %w", n, ErrIdentity)
		}
		for _, k := range keys {
			ids = append(ids, Identity{k})
		}
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("read the identities: %w", ErrIdentity)
	}
	return ids, nil
}

// Open decrypts an age file, binary or armored, as a stream. The reader that
// it returns gives only bytes that are authentic; at the first that is not, or
// where the file was cut, it returns an error, and what it gave before is no
// whole file. Open's own error is ErrNoMatch, ErrPassphrase (the file has a
// passphrase and no recipient), ErrDamaged, or of reading.
func Open(r io.Reader, identities []Identity) (io.Reader, error) {
	src := &source{r: r}
	in := bufio.NewReader(src)
	var file io.Reader = in
	if head, _ := in.Peek(len(armor.Header)); string(head) == armor.Header {
		file = armor.NewReader(in)
	}
	keys := make([]age.Identity, 0, len(identities))
	for _, id := range identities {
		keys = append(keys, id.key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("decrypt: %w", ErrNoMatch)
	}
	plain, err := age.Decrypt(file, keys...)
	var noMatch *age.NoIdentityMatchError
	switch {
	case err == nil:
		return plain, nil
	case src.err != nil:
		return nil, fmt.Errorf("decrypt: %w", src.err)
	case errors.As(err, &noMatch) && slices.Contains(noMatch.StanzaTypes, "scrypt"):
		return nil, fmt.Errorf("decrypt: %w", ErrPassphrase)
	case errors.As(err, &noMatch):
		return nil, fmt.Errorf("decrypt: %w", ErrNoMatch)
	}
	return nil, fmt.Errorf("decrypt: %w", ErrDamaged)
}

// source keeps the error of reading apart from what is wrong with the file.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // wrapped, it is a fault of some layer below
		s.err = err
	}
	return n, err
}
