package client

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// Range is a date range of the user's: a word or two days, and the moments it means.
type Range struct {
	// Name is what was written: "last_30_days", "2026-Q1", "2026-01-01..2026-01-31".
	Name string
	// From and To are inclusive, in milliseconds' precision, UTC; both zero for all_time.
	From, To time.Time
}

// RangeError is a range that cannot be meant. It is one sentence on what is
// wrong; Hint is one on what to write instead.
type RangeError struct {
	Input   string
	Problem string
	Hint    string
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("date range %q: %s", text.Untrusted(e.Input).SafeN(60), e.Problem)
}

const (
	allTime   = "all_time"
	rangeHint = "Write last_7_days, last_30_days, last_90_days, last_year, all_time, last_month, last_quarter, 2026, 2026-03, 2026-Q1, or 2026-01-01..2026-01-31."
	day       = 24 * time.Hour
)

// ParseRange reads a range as a person writes it (the words of the form, a
// year, a month, a quarter, FROM..TO). Days are days of loc, both inclusive;
// last_N_days are N times 24 hours up to now, last_year is 365 days. TO is
// clipped to now. Every error is a *RangeError.
func ParseRange(s string, now time.Time, loc *time.Location) (Range, error) {
	word := strings.ToLower(strings.TrimSpace(s))
	now = now.Truncate(time.Millisecond).UTC()
	if days, ok := wordDays(word); ok {
		if word == allTime {
			return Range{Name: word}, nil
		}
		return Range{Name: word, From: now.Add(-time.Duration(days) * day), To: now}, nil
	}
	span, problem := parseSpan(word, now.In(loc))
	if problem == "" {
		var r Range
		if r, problem = span.in(loc, now); problem == "" {
			return r, nil
		}
	}
	return Range{}, &RangeError{Input: s, Problem: problem, Hint: rangeHint}
}

// wordDays knows the presets of the product's form and their lengths in days;
// all_time has none.
func wordDays(word string) (days int, ok bool) {
	switch word {
	case "last_7_days":
		return 7, true
	case "last_30_days":
		return 30, true
	case "last_90_days":
		return 90, true
	case "last_year":
		return 365, true
	case allTime:
		return 0, true
	}
	return 0, false
}

// span is a range of calendar days, both inclusive, in no zone yet. The days
// are midnights in UTC, used for their date alone.
type span struct {
	name        string
	first, last time.Time
}

// months is the span of n months from a first of month on.
func months(name string, first time.Time, n int) span {
	return span{name: name, first: first, last: first.AddDate(0, n, -1)}
}

// parseSpan reads everything but the presets; problem is empty if it could.
func parseSpan(word string, today time.Time) (s span, problem string) {
	thisMonth := date(today.Year(), today.Month(), 1)
	thisQuarter := date(today.Year(), (today.Month()-1)/3*3+1, 1)
	switch word {
	case "":
		return span{}, "it is empty"
	case "last_month":
		return months(word, thisMonth.AddDate(0, -1, 0), 1), ""
	case "last_quarter":
		return months(word, thisQuarter.AddDate(0, -3, 0), 3), ""
	}
	if from, to, ok := strings.Cut(word, ".."); ok {
		return parseDays(strings.TrimSpace(from), strings.TrimSpace(to))
	}
	year, rest, dashed := strings.Cut(word, "-")
	y, ok := digits(year, 4)
	switch {
	case !ok:
		return span{}, "it is no range that is known"
	case !dashed:
		return months(word, date(y, time.January, 1), 12), ""
	}
	if q, ok := strings.CutPrefix(rest, "q"); ok {
		if n, ok := digits(q, 1); ok && n >= 1 && n <= 4 {
			return months(strings.ToUpper(word), date(y, time.Month(3*n-2), 1), 3), ""
		}
		return span{}, "a year has quarters Q1 to Q4"
	}
	if m, ok := digits(rest, 2); ok {
		if m < 1 || m > 12 {
			return span{}, "a year has months 01 to 12"
		}
		return months(word, date(y, time.Month(m), 1), 1), ""
	}
	if _, problem := parseDay(word); problem == "" {
		return span{}, "its end is missing; one day is " + word + ".." + word
	}
	return span{}, "it is no range that is known"
}

// parseDays reads FROM..TO.
func parseDays(from, to string) (s span, problem string) {
	switch {
	case from == "":
		return span{}, "its first day is missing"
	case to == "":
		return span{}, "its last day is missing"
	}
	if s.first, problem = parseDay(from); problem != "" {
		return span{}, problem
	}
	if s.last, problem = parseDay(to); problem != "" {
		return span{}, problem
	}
	if s.first.After(s.last) {
		return span{}, "its first day is after its last one"
	}
	s.name = from + ".." + to
	return s, ""
}

// parseDay reads YYYY-MM-DD and nothing that only looks like it.
func parseDay(s string) (d time.Time, problem string) {
	shown := text.Untrusted(s).SafeN(20)
	parts := strings.Split(s, "-")
	if len(parts) != 3 {
		return d, fmt.Sprintf("%q is no day; a day is YYYY-MM-DD", shown)
	}
	y, okY := digits(parts[0], 4)
	m, okM := digits(parts[1], 2)
	n, okD := digits(parts[2], 2)
	if !okY || !okM || !okD {
		return d, fmt.Sprintf("%q is no day; a day is YYYY-MM-DD", shown)
	}
	d = date(y, time.Month(m), n)
	if d.Year() != y || d.Month() != time.Month(m) || d.Day() != n {
		return d, fmt.Sprintf("there is no day %s", shown)
	}
	return d, ""
}

// digits is a number of exactly n decimal digits.
func digits(s string, n int) (int, bool) {
	if len(s) != n || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	v, err := strconv.Atoi(s)
	return v, err == nil
}

func date(y int, m time.Month, d int) time.Time {
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// in gives the days their moments in loc.
func (s span) in(loc *time.Location, now time.Time) (r Range, problem string) {
	from := midnight(s.first, loc)
	to := midnight(s.last.AddDate(0, 0, 1), loc).Add(-time.Millisecond)
	switch {
	case s.first.Year() < 1970:
		return Range{}, "it begins before 1970"
	case to.Before(from):
		return Range{}, "there is no such day in this time zone"
	case from.After(now):
		return Range{}, "it begins in the future"
	case to.After(now):
		to = now
	}
	return Range{Name: s.name, From: from.UTC(), To: to.UTC()}, ""
}

// midnight is the first moment of a day in loc: 00:00, the first of the two
// where clocks go back over midnight, and the moment of the change where they
// go forward over it.
func midnight(d time.Time, loc *time.Location) time.Time {
	noon := time.Date(d.Year(), d.Month(), d.Day(), 12, 0, 0, 0, loc)
	first := time.Time{}
	for _, near := range []time.Time{noon.Add(-day), noon} {
		_, offset := near.Zone()
		t := d.Add(-time.Duration(offset) * time.Second).In(loc)
		if t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 && t.Day() == d.Day() &&
			(first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if first.IsZero() {
		first, _ = noon.ZoneBounds()
	}
	return first
}

// FileWord is the range in a file's name: the word, or 2026-01-01_2026-01-31.
// A name that is no range of ours, such as a server's, gives the two days in
// UTC, or "" if they are not known either.
func (r Range) FileWord() string {
	word := strings.Replace(r.Name, "..", "_", 1)
	if word != "" && len(word) <= 32 && strings.Trim(word, fileLetters) == "" {
		return word
	}
	if r.From.IsZero() || r.To.IsZero() {
		return ""
	}
	return r.From.UTC().Format(time.DateOnly) + "_" + r.To.UTC().Format(time.DateOnly)
}

const fileLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// OnWireAsWord reports whether the range goes over the wire as its name
// (all_time, last_7_days) and not as milliseconds.
func (r Range) OnWireAsWord() bool { return r.Name == allTime || r.Name == "last_7_days" }
