package client

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
)

const redacted = "[redacted]"

// secret is a value that cannot be printed, logged, formatted or marshalled:
// every way to do so gives "[redacted]". It holds a pointer, since printing a
// struct with an unexported field goes past all methods; then an address shows.
type secret struct{ v *string }

func (s secret) reveal() string {
	if s.v == nil {
		return ""
	}
	return *s.v
}

// IsZero reports whether there is none.
func (s secret) IsZero() bool { return s.v == nil }

func (secret) String() string               { return redacted }
func (secret) GoString() string             { return redacted }
func (secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
func (secret) LogValue() slog.Value         { return slog.StringValue(redacted) }

// Key is an API key. However it is printed, it is "[redacted]".
type Key struct{ secret }

// NewKey trims white space and a pasted "Bearer ". An empty key is the zero Key.
func NewKey(raw string) Key {
	s := strings.TrimSpace(raw)
	if len(s) > 7 && strings.EqualFold(s[:6], "Bearer") && unicode.IsSpace(rune(s[6])) {
		s = strings.TrimSpace(s[7:])
	}
	if s == "" {
		return Key{}
	}
	return Key{secret{&s}}
}

// Equal compares two keys.
func (k Key) Equal(o Key) bool { return k.reveal() == o.reveal() }

// Reveal is the key itself, for the place that keeps it and for nothing else.
func (k Key) Reveal() string { return k.reveal() }

// sendable reports whether a header can carry the key.
func (k Key) sendable() bool {
	for _, b := range []byte(k.reveal()) {
		if b <= ' ' || b > '~' {
			return false
		}
	}
	return true
}

// Link is a signed download link: whoever has it has the data, so it is
// printed no more than a Key is. URL gives it to the transfer.
type Link struct{ secret }

// NewLink keeps a link; an empty string is the zero Link.
func NewLink(raw string) Link {
	if raw == "" {
		return Link{}
	}
	return Link{secret{&raw}}
}

// URL is the link itself, for an HTTP request and nothing else.
func (l Link) URL() string { return l.reveal() }
