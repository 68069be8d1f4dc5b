// Package secret finds the API key. The places are asked one after the other;
// the first that is set wins, and none after it is touched, so that a key in
// the environment never wakes a keyring.
//
// A place that is set and has no usable key is an error, not a reason to go on:
// whoever named it wants that key and not some other. A keyring is different:
// nobody named it, so one that is absent, locked or silent is passed over, and
// the reason is told only if no other place has a key.
//
// The package also keeps keys: in the system's keyring or in a file. It never
// chooses between the two by itself.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dashtray/dashtray-tui/client"
)

// What callers decide on.
var (
	// ErrNoKey: no place is set. Set one of them. Find wraps it in a *NoKeyError.
	ErrNoKey = errors.New("no API key")
	// ErrEmpty: the place is set and holds nothing. Put a key there.
	ErrEmpty = errors.New("there is no key in it")
	// ErrMalformed: what is there cannot be a key. Put the key there again.
	ErrMalformed = errors.New("what it holds is not a key")
	// ErrTooLong: more than MaxBytes. It is some other file.
	ErrTooLong = errors.New("it is too long for a key")
)

// MaxBytes is the most that is read from any place.
const MaxBytes = 64 << 10

// maxStored is the longest key that is stored: Windows keeps 2560 bytes, and
// macOS takes a command of 4096, the key in base64 being a part of it.
const maxStored = 2500

// Error is a place that is set and gives no key. It never holds what was read.
type Error struct {
	Place string // the variable's or file's name
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("read the API key from %s: %v", e.Place, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// NoKeyError is ErrNoKey with the places that could not be asked: one of them
// may hold the key. The caller shows why.
type NoKeyError struct{ Skipped []error }

func (e *NoKeyError) Error() string {
	var b strings.Builder
	b.WriteString(ErrNoKey.Error())
	for i, err := range e.Skipped {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap gives ErrNoKey and the reasons.
func (e *NoKeyError) Unwrap() []error { return append([]error{ErrNoKey}, e.Skipped...) }

// Found is a key and the place that it came from.
type Found struct {
	Key      client.Key
	Place    string
	Warnings []string // what is not right with the place; safe to show
}

// Source is one place that may hold a key.
type Source interface {
	// Find gives the key. set is false when the place is not in use: then the
	// next one is asked, and an error says why this one could not be. An error
	// with set ends the search.
	Find(ctx context.Context) (found Found, set bool, err error)
}

// Find asks the sources in their order. A *NoKeyError when none has a key.
func Find(ctx context.Context, sources ...Source) (Found, error) {
	none := &NoKeyError{}
	for _, s := range sources {
		found, set, err := s.Find(ctx)
		switch {
		case set && err != nil:
			return Found{}, err
		case set:
			return found, nil
		case err != nil:
			none.Skipped = append(none.Skipped, err)
		}
	}
	return Found{}, none
}

// parse makes a key of what a place holds. A key goes into an HTTP header, so
// it is visible ASCII and nothing else (RFC 6750, section 2.1, is stricter still).
func parse(place, raw string) (client.Key, error) {
	raw = strings.TrimPrefix(raw, byteOrderMark)
	switch s := trimmed(raw); {
	case s == "" || strings.EqualFold(s, "Bearer"):
		return client.Key{}, &Error{place, ErrEmpty}
	case !plain(s):
		return client.Key{}, &Error{place, ErrMalformed}
	}
	return client.NewKey(raw), nil
}

// byteOrderMark is what Windows' editors put before a text in UTF-8.
const byteOrderMark = "\ufeff"

// storable says why a key cannot be kept, nil if it can.
func storable(key client.Key) error {
	switch raw := key.Reveal(); {
	case key.IsZero():
		return ErrEmpty
	case len(raw) > maxStored:
		return ErrTooLong
	case !plain(raw):
		return ErrMalformed
	}
	return nil
}

// trimmed takes off what client.NewKey takes off.
func trimmed(raw string) string {
	s := strings.TrimSpace(raw)
	if len(s) > 7 && strings.EqualFold(s[:7], "Bearer ") {
		s = strings.TrimSpace(s[7:])
	}
	return s
}

func plain(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || r > unicode.MaxASCII || !unicode.IsGraphic(r) || r == ' ' {
			return false
		}
	}
	return true
}

// readBounded reads at most MaxBytes.
func readBounded(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return "", err
	}
	if len(b) > MaxBytes {
		return "", ErrTooLong
	}
	return string(b), nil
}
