package archive

import (
	"bytes"
	"time"
)

// maxMillis is the last millisecond of the year 9999, the end of what RFC 3339
// can write (section 1).
const maxMillis = 253402300799999

// parseMillis reads epoch milliseconds. A fraction of a millisecond is allowed
// and dropped: JavaScript's clocks have one.
func parseMillis(b []byte) (ms int64, ok bool) {
	i := 0
	if len(b) >= 8 {
		if ms, ok = eightDigits(b); ok {
			i = 8
		} else {
			ms = 0
		}
	}
	for ; i < len(b) && isDigit(b[i]); i++ {
		ms = ms*10 + int64(b[i]-'0')
		if ms > maxMillis {
			return 0, false
		}
	}
	if i == 0 {
		return 0, false
	}
	if i < len(b) {
		return ms, isFraction(b[i:])
	}
	return ms, true
}

// numberMillis is parseMillis of a JSON number, which may also be written with
// an exponent.
func numberMillis(b []byte) (ms int64, ok bool) {
	if ms, ok = parseMillis(b); ok || b[0] == '-' {
		return ms, ok
	}
	x, ok := floatOf(b)
	return int64(x), ok && x <= maxMillis
}

func isFraction(b []byte) bool {
	if len(b) < 2 || b[0] != '.' {
		return false
	}
	for _, c := range b[1:] {
		if !isDigit(c) {
			return false
		}
	}
	return true
}

// parseTime reads a time as text: RFC 3339 section 5.6, whose T and Z may be
// small, to the millisecond.
func parseTime(b []byte) (ms int64, ok bool) {
	if len(b) < len("2006-01-02T15:04:05Z") {
		return 0, false
	}
	if b[10] == 't' || b[len(b)-1] == 'z' {
		b = bytes.ToUpper(b)
	}
	var t time.Time
	if t.UnmarshalText(b) != nil {
		return 0, false
	}
	// The time package also takes an hour of one digit, a comma before the
	// fraction, and offsets that no clock has: https://go.dev/issue/54580.
	if b[13] != ':' || b[19] == ',' {
		return 0, false
	}
	if zone := b[len(b)-5:]; b[len(b)-1] != 'Z' && (string(zone[:2]) > "23" || string(zone[3:]) > "59") {
		return 0, false
	}
	return t.UnixMilli(), true
}

// isNumber reports whether b is a number by the grammar of JSON (RFC 8259
// section 6), and one that a float64 can hold.
func isNumber(b []byte) bool {
	rest := b
	if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
	}
	digits := countDigits(rest)
	if digits == 0 || digits > 1 && rest[0] == '0' {
		return false
	}
	rest = rest[digits:]
	if len(rest) > 0 && rest[0] == '.' {
		n := countDigits(rest[1:])
		if n == 0 {
			return false
		}
		rest = rest[1+n:]
	}
	if len(rest) > 0 && (rest[0] == 'e' || rest[0] == 'E') {
		rest = rest[1:]
		if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		n := countDigits(rest)
		if n == 0 {
			return false
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return false
	}
	_, ok := floatOf(b)
	return ok
}

func countDigits(b []byte) int {
	n := 0
	for n < len(b) && isDigit(b[n]) {
		n++
	}
	return n
}

func isDigit(c byte) bool { return c-'0' < 10 }
func isUpper(c byte) bool { return c-'A' < 26 }
func isLower(c byte) bool { return c-'a' < 26 }
func isAlnum(c byte) bool { return isDigit(c) || isLower(c|0x20) }
