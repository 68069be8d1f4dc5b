package secret

import (
	"context"
	"errors"
)

// Split is split, for the fuzzer.
func Split(line string) ([]string, error) { return split(line) }

// FileName is fileName, for the fuzzer.
func FileName(user string) string { return fileName(user) }

// MaxStored is the longest key that a store takes.
const MaxStored = maxStored

// NeedsDisplay is needsDisplay.
const NeedsDisplay = needsDisplay

// Ring is what a test puts in the keyring library's place.
type Ring = ring

// KeyringWith is a keyring with both of its sides replaced. look gives the
// Reason for which the keyring cannot be used, "" if it can.
func KeyringWith(o KeyringOptions, look func(ctx context.Context, start bool) Reason, r Ring) *Keyring {
	return newKeyring(o, func(ctx context.Context, start bool) error {
		if reason := look(ctx, start); reason != "" {
			return &KeyringError{Reason: reason}
		}
		return nil
	}, r)
}

// ReasonOf is the reason of a keyring's error, "" if it is none.
func ReasonOf(err error) Reason {
	var fault *KeyringError
	if errors.As(err, &fault) {
		return fault.Reason
	}
	return ""
}

// Explain is explain.
func Explain(err error) error { return explain(err) }
