package client

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need zones wherever they run
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParseRange(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 15, 10, 30, 0, 123456789, time.UTC)
	const nowText = "2026-08-15T10:30:00.123Z"
	cases := []struct{ in, name, from, to, file string }{
		{"last_7_days", "last_7_days", "2026-08-08T10:30:00.123Z", nowText, "last_7_days"},
		{" Last_30_Days ", "last_30_days", "2026-07-16T10:30:00.123Z", nowText, "last_30_days"},
		{"last_90_days", "last_90_days", "2026-05-17T10:30:00.123Z", nowText, "last_90_days"},
		{"last_year", "last_year", "2025-08-15T10:30:00.123Z", nowText, "last_year"},
		{"all_time", "all_time", "", "", "all_time"},
		{"last_month", "last_month", "2026-07-01T00:00:00.000Z", "2026-07-31T23:59:59.999Z", "last_month"},
		{"last_quarter", "last_quarter", "2026-04-01T00:00:00.000Z", "2026-06-30T23:59:59.999Z", "last_quarter"},
		{"2025", "2025", "2025-01-01T00:00:00.000Z", "2025-12-31T23:59:59.999Z", "2025"},
		{"2026", "2026", "2026-01-01T00:00:00.000Z", nowText, "2026"},
		{"2026-03", "2026-03", "2026-03-01T00:00:00.000Z", "2026-03-31T23:59:59.999Z", "2026-03"},
		{"2024-02", "2024-02", "2024-02-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z", "2024-02"},
		{"2026-08", "2026-08", "2026-08-01T00:00:00.000Z", nowText, "2026-08"},
		{"2026-q1", "2026-Q1", "2026-01-01T00:00:00.000Z", "2026-03-31T23:59:59.999Z", "2026-Q1"},
		{"2025-Q4", "2025-Q4", "2025-10-01T00:00:00.000Z", "2025-12-31T23:59:59.999Z", "2025-Q4"},
		{"2026-01-01..2026-01-31", "2026-01-01..2026-01-31", "2026-01-01T00:00:00.000Z", "2026-01-31T23:59:59.999Z", "2026-01-01_2026-01-31"},
		{"2026-02-28 .. 2026-02-28", "2026-02-28..2026-02-28", "2026-02-28T00:00:00.000Z", "2026-02-28T23:59:59.999Z", "2026-02-28_2026-02-28"},
		{"2026-08-15..2026-08-15", "2026-08-15..2026-08-15", "2026-08-15T00:00:00.000Z", nowText, "2026-08-15_2026-08-15"},
		{"2026-08-01..2030-01-01", "2026-08-01..2030-01-01", "2026-08-01T00:00:00.000Z", nowText, "2026-08-01_2030-01-01"},
	}
	for _, c := range cases {
		r, err := ParseRange(c.in, now, time.UTC)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if r.Name != c.name || stamp(r.From) != c.from || stamp(r.To) != c.to || r.FileWord() != c.file {
			t.Errorf("%q is %q %s – %s, file %q", c.in, r.Name, stamp(r.From), stamp(r.To), r.FileWord())
		}
		if again, err := ParseRange(r.Name, now, time.UTC); err != nil || again != r {
			t.Errorf("%q does not read itself: %v, %v", r.Name, again, err)
		}
		if want := c.name == "all_time" || c.name == "last_7_days"; r.OnWireAsWord() != want {
			t.Errorf("%q goes as a word: %v", c.in, !want)
		}
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

func TestLastMonthAndQuarterOverTheYear(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, in, from, to string }{
		{"2026-01-31", "last_month", "2025-12-01", "2025-12-31"},
		{"2026-03-31", "last_month", "2026-02-01", "2026-02-28"},
		{"2026-02-10", "last_quarter", "2025-10-01", "2025-12-31"},
		{"2026-12-31", "last_quarter", "2026-07-01", "2026-09-30"},
	} {
		now, err := time.Parse(time.DateOnly, c.now)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ParseRange(c.in, now, time.UTC)
		if err != nil || r.From.Format(time.DateOnly) != c.from || r.To.Format(time.DateOnly) != c.to {
			t.Errorf("%s on %s is %s – %s, %v", c.in, c.now, r.From, r.To, err)
		}
	}
}

// TestDaysOfAZone: a day is as long as its zone makes it, and the last moment
// of one is a millisecond before the first of the next.
func TestDaysOfAZone(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	cases := []struct {
		zone, in, from, to string
	}{
		{"Europe/Berlin", "2026-03-29..2026-03-29", "2026-03-28T23:00:00.000Z", "2026-03-29T21:59:59.999Z"}, // 23 h
		{"Europe/Berlin", "2026-10-25..2026-10-25", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"}, // 25 h
		{"Europe/Berlin", "2026-03", "2026-02-28T23:00:00.000Z", "2026-03-31T21:59:59.999Z"},
		{"Pacific/Auckland", "2026-04-05..2026-04-05", "2026-04-04T11:00:00.000Z", "2026-04-05T11:59:59.999Z"},
		{"Pacific/Auckland", "2026-09-27..2026-09-27", "2026-09-26T12:00:00.000Z", "2026-09-27T10:59:59.999Z"},
		{"Asia/Kathmandu", "2026-01-01..2026-01-01", "2025-12-31T18:15:00.000Z", "2026-01-01T18:14:59.999Z"},
		{"America/St_Johns", "2026", "2026-01-01T03:30:00.000Z", "2027-01-01T00:00:00.000Z"},
		// Midnight does not exist: clocks went from 23:59:59 to 01:00.
		{"America/Sao_Paulo", "2018-11-04..2018-11-04", "2018-11-04T03:00:00.000Z", "2018-11-05T01:59:59.999Z"},
		{"America/Sao_Paulo", "2018-11-03..2018-11-03", "2018-11-03T03:00:00.000Z", "2018-11-04T02:59:59.999Z"},
		// Clocks went from 23:59:59 back to 23:00: the day before has 25 hours.
		{"America/Sao_Paulo", "2018-02-17..2018-02-17", "2018-02-17T02:00:00.000Z", "2018-02-18T02:59:59.999Z"},
		// Midnight came twice: from 00:59:59 back to 00:00.
		{"America/Havana", "2026-11-01..2026-11-01", "2026-11-01T04:00:00.000Z", "2026-11-02T04:59:59.999Z"},
	}
	for _, c := range cases {
		r, err := ParseRange(c.in, now, zone(t, c.zone))
		if err != nil || stamp(r.From) != c.from || stamp(r.To) != c.to {
			t.Errorf("%s in %s is %s – %s, %v\nwant %s – %s", c.in, c.zone, stamp(r.From), stamp(r.To), err, c.from, c.to)
		}
	}
	// Samoa went over the date line and had no 30 December 2011.
	_, err := ParseRange("2011-12-30..2011-12-30", now, zone(t, "Pacific/Apia"))
	if err == nil || !strings.Contains(err.Error(), "no such day") {
		t.Errorf("a day that never was: %v", err)
	}
}

// TestEveryMidnight holds the first moment of each day of 30 years, in zones
// with unruly clocks, to what a first moment is.
func TestEveryMidnight(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Europe/Berlin", "Pacific/Auckland", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"} {
		loc := zone(t, name)
		for d := date(2000, 1, 1); d.Year() < 2030; d = d.AddDate(0, 0, 1) {
			m := midnight(d, loc)
			before := m.Add(-time.Nanosecond).In(loc)
			if m.In(loc).Format(time.DateOnly) != d.Format(time.DateOnly) || before.Format(time.DateOnly) >= d.Format(time.DateOnly) {
				t.Errorf("%s: %s begins at %s, after %s", name, d.Format(time.DateOnly), m, before)
			}
		}
	}
}

func TestTheFutureIsAPlace(t *testing.T) {
	t.Parallel()
	// It is the 16th in Auckland while it is still the 15th in UTC.
	now := time.Date(2026, 8, 15, 13, 0, 0, 0, time.UTC)
	if _, err := ParseRange("2026-08-16..2026-08-16", now, zone(t, "Pacific/Auckland")); err != nil {
		t.Errorf("in Auckland: %v", err)
	}
	if _, err := ParseRange("2026-08-16..2026-08-16", now, time.UTC); err == nil {
		t.Error("in UTC it is tomorrow")
	}
}

func TestParseRangeRefuses(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 15, 10, 30, 0, 0, time.UTC)
	for in, problem := range map[string]string{
		"":                       "it is empty",
		"yesterday":              "it is no range that is known",
		"last_8_days":            "it is no range that is known",
		"2026-01-31..2026-01-01": "its first day is after its last one",
		"2026-02-30..2026-03-01": "there is no day 2026-02-30",
		"2026-01-01..2026-02-29": "there is no day 2026-02-29",
		"2026-13-01..2026-13-02": "there is no day 2026-13-01",
		"2026-01-00..2026-01-02": "there is no day 2026-01-00",
		"2026-08-16..2026-08-20": "it begins in the future",
		"2027":                   "it begins in the future",
		"2026-09":                "it begins in the future",
		"2026-Q4":                "it begins in the future",
		"2026-01-01..":           "its last day is missing",
		"..2026-01-01":           "its first day is missing",
		"..":                     "its first day is missing",
		"2026-01-01":             "its end is missing; one day is 2026-01-01..2026-01-01",
		"2026-1-1..2026-2-1":     `"2026-1-1" is no day; a day is YYYY-MM-DD`,
		"2026-01-01...2026-2-1":  `".2026-2-1" is no day; a day is YYYY-MM-DD`,
		"01.02.2026..2026-02-01": `"01.02.2026" is no day; a day is YYYY-MM-DD`,
		"2026-01-01..2026-01-٠٢": `"2026-01-٠٢" is no day; a day is YYYY-MM-DD`,
		"2026-00":                "a year has months 01 to 12",
		"2026-13":                "a year has months 01 to 12",
		"2026-Q0":                "a year has quarters Q1 to Q4",
		"2026-q5":                "a year has quarters Q1 to Q4",
		"2026-Q":                 "a year has quarters Q1 to Q4",
		"2026-Q11":               "a year has quarters Q1 to Q4",
		"2026-":                  "it is no range that is known",
		"226":                    "it is no range that is known",
		"-026":                   "it is no range that is known",
		"+026-01":                "it is no range that is known",
		"1969":                   "it begins before 1970",
		"0000":                   "it begins before 1970",
	} {
		r, err := ParseRange(in, now, time.UTC)
		var re *RangeError
		if !errors.As(err, &re) || re.Problem != problem || re.Hint == "" || r != (Range{}) {
			t.Errorf("%q: %v, %v; want %q", in, r, err, problem)
			continue
		}
		if !strings.HasPrefix(err.Error(), `date range "`) || !strings.HasSuffix(err.Error(), `": `+problem) {
			t.Errorf("%q says %s", in, err)
		}
	}
	_, err := ParseRange("\x1b[2J"+strings.Repeat("x", 500), now, time.UTC)
	if s := err.Error(); strings.Contains(s, "\x1b") || len(s) > 200 {
		t.Errorf("a hostile range is repeated: %q", s)
	}
}

func TestFileWordOfForeignNames(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	to := time.Date(2026, 1, 31, 23, 59, 59, 0, time.UTC)
	for _, c := range []struct {
		r    Range
		want string
	}{
		{Range{}, ""},
		{Range{From: from, To: to}, "2026-01-01_2026-01-31"},
		{Range{Name: "../../etc/passwd"}, ""},
		{Range{Name: "../x", From: from, To: to}, "2026-01-01_2026-01-31"},
		{Range{Name: "a\x1b[2J"}, ""},
		{Range{Name: strings.Repeat("x", 300)}, ""},
		{Range{Name: "custom"}, "custom"},
	} {
		if got := c.r.FileWord(); got != c.want {
			t.Errorf("%+q: %q, want %q", c.r.Name, got, c.want)
		}
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"2026-01-01..2026-01-31", "2026-q1", "last_quarter", "2026-02-30..", "all_time"} {
		f.Add(s, int64(1786789800000))
	}
	loc := zone(f, "America/Havana")
	f.Fuzz(func(t *testing.T, s string, ms int64) {
		now := time.UnixMilli(ms % lastMoment)
		r, err := ParseRange(s, now, loc)
		if err != nil {
			return
		}
		if r.Name != "all_time" && (r.To.Before(r.From) || r.To.After(now)) {
			t.Errorf("%q at %s is %s – %s", s, now, r.From, r.To)
		}
		if word := r.FileWord(); word == "" || strings.Trim(word, fileLetters) != "" {
			t.Errorf("%q has the file word %q", s, word)
		}
		if again, err := ParseRange(r.Name, now, loc); err != nil || again != r {
			t.Errorf("%q is %v, and its name %v, %v", s, r, again, err)
		}
	})
}
