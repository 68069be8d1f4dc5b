// Package secret finds the API key. The places are asked one after the other;
// the first that is set wins, and none after it is touched, so that a key in
// the environment never wakes a keyring.
//
// A place that is set and has no usable key is an error, not a reason to go on:
// whoever named it wants that key and not some other.
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
	// ErrNoKey: no place is set. Set one of them.
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

// Error is a place that is set and gives no key. It never holds what was read.
type Error struct {
	Place string // the variable's or file's name
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("read the API key from %s: %v", e.Place, e.Err) }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Found is a key and the place that it came from.
type Found struct {
	Key      client.Key
	Place    string
	Warnings []string // what is not right with the place; safe to show
}

// Source is one place that may hold a key.
type Source interface {
	// Find gives the key. set is false when the place is not in use: then the
	// next one is asked. Any error ends the search.
	Find(ctx context.Context) (found Found, set bool, err error)
}

// Find asks the sources in their order. ErrNoKey when none is set.
func Find(ctx context.Context, sources ...Source) (Found, error) {
	for _, s := range sources {
		found, set, err := s.Find(ctx)
		if err != nil {
			return Found{}, err
		}
		if set {
			return found, nil
		}
	}
	return Found{}, ErrNoKey
}

// parse makes a key of what a place holds. A key goes into an HTTP header, so
// it is visible ASCII and nothing else (RFC 6750, section 2.1, is stricter still).
func parse(place, raw string) (client.Key, error) {
	switch s := trimmed(raw); {
	case s == "" || strings.EqualFold(s, "Bearer"):
		return client.Key{}, &Error{place, ErrEmpty}
	case !plain(s):
		return client.Key{}, &Error{place, ErrMalformed}
	}
	return client.NewKey(raw), nil
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
