package seal

import (
	"fmt"
	"io"

	"filippo.io/age"
)

// Suffix is added to the name of a file that is encrypted.
const Suffix = ".age"

// CheckRecipients finds out whether a file can be encrypted to these
// recipients, so that it is known before there is anything to encrypt: the
// error is that of [Encrypt].
func CheckRecipients(recipients []Recipient) error {
	_, err := Encrypt(io.Discard, recipients)
	return err
}

// Encrypt begins an age file, binary, that every one of the recipients can
// open alone. It writes the head to w, and then what is written to the writer
// that it returns, in chunks of 64 KiB. The file is whole only after Close
// returned nil; Close does not close w. A file that was not closed does not
// decrypt to its end: whoever reads it sees that it was cut off.
//
// The error of Encrypt is ErrNoRecipient, ErrMixed, ErrRecipient (a key that
// looks right and cannot encrypt), or that of w.
func Encrypt(w io.Writer, recipients []Recipient) (io.WriteCloser, error) {
	keys, err := keysOf(recipients)
	if err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	dst := &sink{w: w}
	file, err := age.Encrypt(dst, keys...)
	switch {
	case err == nil:
		return file, nil
	case dst.err != nil:
		return nil, fmt.Errorf("encrypt: %w", dst.err)
	}
	return nil, fmt.Errorf("encrypt: %w", ErrRecipient)
}

// keysOf takes every key once: a second stanza for it would serve nobody.
func keysOf(recipients []Recipient) ([]age.Recipient, error) {
	if len(recipients) == 0 {
		return nil, ErrNoRecipient
	}
	var keys []age.Recipient
	seen := make(map[[32]byte]bool, len(recipients))
	for _, r := range recipients {
		if r.key == nil {
			return nil, ErrRecipient
		}
		if r.hybrid != recipients[0].hybrid {
			return nil, ErrMixed
		}
		if !seen[r.sum] {
			seen[r.sum] = true
			keys = append(keys, r.key)
		}
	}
	return keys, nil
}

// sink keeps the error of writing apart from what is wrong with a key.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}
