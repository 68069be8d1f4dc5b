package archive

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseMillis(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{
		"0": 0, "1678901234000": 1678901234000, "1678901234000.75": 1678901234000, "253402300799999": maxMillis,
		"253402300800000": -1, "99999999999999999999999": -1, "": -1, "-1": -1, "1e3": -1, "1.": -1, ".5": -1, "1.5.5": -1, "1 ": -1, "x": -1,
	} {
		got, ok := parseMillis([]byte(s))
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d, %v, want %d", s, got, ok, want)
		}
	}
}

// FuzzParseTime: a time is what the time package takes for one, as long as it
// has the form of RFC 3339.
func FuzzParseTime(f *testing.F) {
	form := regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$`)
	for _, s := range []string{
		"2024-03-15T10:30:00Z", "2024-03-15T10:30:00.123456789+05:30", "2024-02-30T00:00:00Z", "2024-03-15 10:30:00Z", "2024-03-15T10:30:00", "2024-03-15",
		"2024-03-15T24:00:00Z", "0000-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "2024-03-15T1:30:00Z", "2024-03-15T10:30:00,5Z", "2024-03-15T1:30:00.5Z",
		"2024-03-15T10:30:00+24:00", "2024-03-15T10:30:00-23:60", "2024-03-15T10:30:00-23:59", "2024-03-15t10:30:00z", "2024-03-15t10:30:00.5+01:00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, ok := parseTime([]byte(s))
		want, err := time.Parse(time.RFC3339, strings.ToUpper(s))
		if ok != (err == nil && form.MatchString(s)) || ok && ms != want.UnixMilli() {
			t.Errorf("%q: %d, %v; the time package has %v, %v", s, ms, ok, want, err)
		}
	})
}

// FuzzIsNumber: a number is what encoding/json takes for one, as long as it is finite.
func FuzzIsNumber(f *testing.F) {
	for _, s := range []string{"0", "-0", "-12.5", "1e400", "-1e-400", "1.", ".5", "01", "+1", "1e", "1e+", "0x1", "NaN", "1_000", "", "-", " 1", "1 ", "9e307"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 0 && (s[0] == ' ' || s[len(s)-1] == ' ' || s[0] != '-' && !isDigit(s[0]) || s[len(s)-1] < '!') {
			return // white space, or another kind of value: not what is compared
		}
		v, err := strconv.ParseFloat(s, 64)
		want := json.Valid([]byte(s)) && err == nil && !math.IsInf(v, 0)
		if got := isNumber([]byte(s)); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	})
}

// FuzzPlainFloat: a number is read in one go as it is in two.
func FuzzPlainFloat(f *testing.F) {
	for _, s := range []string{
		"0,", "-0,", "-0.0,", "00,", "01.5,", "12", "1.,", "1.5.5,", ".5,", "-,", "-.5,", "1e5,", "1.5E5,", "15,", "0.1,", "-99.96,", ",", "",
		"123456789012345,", "1234567890123456,", "12345678901234.5,", "123456789012345.6,", "1.23456789012345,", "0.00000000000001,", "0.000000000000001,", "0.0000000000000001,",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := []byte("x" + s)
		x, end, ok := plainFloat(b, 1)
		wantEnd, want := plainNumber(b, 1)
		if ok != want || end != wantEnd {
			t.Fatalf("%q: to %d, %v, want %d, %v", s, end, ok, wantEnd, want)
		}
		if !ok {
			return
		}
		if theirs, err := strconv.ParseFloat(string(b[1:end]), 64); err != nil || math.Float64bits(x) != math.Float64bits(theirs) {
			t.Fatalf("%q: %v, want %v, %v", s, x, theirs, err)
		}
	})
}
