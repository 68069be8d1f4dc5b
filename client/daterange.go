package client

import "time"

// Range is a date range of the user's: a word or two days, and the moments it means.
type Range struct {
	// Name is what was written: "last_30_days", "2026-Q1", "2026-01-01..2026-01-31".
	Name string
	// From and To are inclusive, in milliseconds' precision, UTC; both zero for all_time.
	From, To time.Time
}

// ParseRange reads a range as a person writes it (the words of the form, a
// year, a month, a quarter, FROM..TO). Days are days of loc; TO is clipped to now.
func ParseRange(s string, now time.Time, loc *time.Location) (Range, error) { panic("unbuilt") }

// FileWord is the range in a file's name: the word, or 2026-01-01_2026-01-31.
func (r Range) FileWord() string { panic("unbuilt") }

// OnWireAsWord reports whether the range goes over the wire as its name
// (all_time, last_7_days) and not as milliseconds.
func (r Range) OnWireAsWord() bool { return r.Name == "all_time" || r.Name == "last_7_days" }
