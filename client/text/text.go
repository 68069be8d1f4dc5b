// Package text holds strings that a stranger wrote: API answers, server
// errors, CSV cells, names in an export.
//
// A wire string is an [Untrusted] from the decoder on. Only [Untrusted.Safe]
// may be shown on a terminal, written to a log, or put into a title or a
// notice; [Untrusted.Raw] is for the machine (URLs, comparisons, lookups).
// [EncodeJSON] writes documents for other programs: the values stay exact, and
// nothing in the output can drive the terminal it may end up on.
// The package imports nothing of ours, and everything of ours may import it.
package text

import "log/slog"

// Untrusted is a string from outside, byte for byte.
type Untrusted string

// Raw is the string as it came, for the machine only: never for a screen.
func (u Untrusted) Raw() string { return string(u) }

// String is Safe, so that a stray %s or %v shows nothing harmful.
func (u Untrusted) String() string { return u.Safe() }

// LogValue is Safe, so that no log handler writes the string as it came.
func (u Untrusted) LogValue() slog.Value { return slog.StringValue(u.Safe()) }
