package client

import (
	"fmt"
	"log/slog"
	"strings"
)

// Key is an API key. It cannot be printed, logged, formatted or marshalled:
// every way to do so gives "[redacted]".
type Key struct{ v *string }

// NewKey trims white space and a pasted "Bearer ". An empty key is the zero Key.
func NewKey(raw string) Key {
	s := strings.TrimSpace(raw)
	if len(s) > 7 && strings.EqualFold(s[:7], "Bearer ") {
		s = strings.TrimSpace(s[7:])
	}
	if s == "" {
		return Key{}
	}
	return Key{&s}
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.v == nil }

// Equal compares two keys.
func (k Key) Equal(o Key) bool { return k.reveal() == o.reveal() }

func (k Key) reveal() string {
	if k.v == nil {
		return ""
	}
	return *k.v
}

const redacted = "[redacted]"

func (Key) String() string               { return redacted }
func (Key) GoString() string             { return redacted }
func (Key) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Key) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Key) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
func (Key) LogValue() slog.Value         { return slog.StringValue(redacted) }

// Link is a signed download link: whoever has it has the data, so it is
// printed no more than a Key is. URL gives it to the transfer.
type Link struct{ v *string }

// NewLink keeps a link; an empty string is the zero Link.
func NewLink(raw string) Link {
	if raw == "" {
		return Link{}
	}
	return Link{&raw}
}

// IsZero reports whether there is no link.
func (l Link) IsZero() bool { return l.v == nil }

// URL is the link itself, for an HTTP request and nothing else.
func (l Link) URL() string {
	if l.v == nil {
		return ""
	}
	return *l.v
}

func (Link) String() string               { return redacted }
func (Link) GoString() string             { return redacted }
func (Link) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(redacted)) }
func (Link) MarshalText() ([]byte, error) { return []byte(redacted), nil }
func (Link) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }
func (Link) LogValue() slog.Value         { return slog.StringValue(redacted) }
