package archive

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// Eight bytes at a time: in a word of eight equal bytes, the lowest byte that
// a test marks is marked rightly, those above it perhaps not. Only the lowest
// is used. (Mycroft's test for a zero byte; Warren, Hacker's Delight, 6-1.)
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

func zeroBytes(x uint64) uint64 { return (x - ones) &^ x & highs }

// plainEnd gives the first index from i on of a byte that a JSON string cannot
// hold as it is or that needs a look: a quote, a backslash, a control
// character, or a byte beyond ASCII. It is len(b) if there is none.
func plainEnd(b []byte, i int) int {
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		m := zeroBytes(x^'"'*ones) | zeroBytes(x^'\\'*ones) | (x-' '*ones)&^x&highs | x&highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// verdict is what a scan has found.
type verdict uint8

const (
	good verdict = iota
	more         // the bytes end before that is clear
	bad
)

// scanString scans what follows the opening quote of a JSON string (RFC 8259
// section 7), from i on. It gives the index of the closing quote, or where it
// came to or what is wrong stands. Halves of surrogate pairs are let through,
// as JavaScript writes them and every parser takes them.
func scanString(b []byte, i int) (end int, escaped bool, v verdict) {
	for {
		i = plainEnd(b, i)
		if i == len(b) {
			return i, escaped, more
		}
		switch c := b[i]; {
		case c == '"':
			return i, escaped, good
		case c == '\\':
			n, v := scanEscape(b[i:])
			if v == bad {
				return i + n, true, bad
			}
			if v == more {
				return i, escaped, more
			}
			escaped = true
			i += n
		case c < ' ':
			return i, escaped, bad
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				if !utf8.FullRune(b[i:]) {
					return i, escaped, more
				}
				return i, escaped, bad
			}
			i += n
		}
	}
}

// scanEscape gives the length of the escape that b begins with, or the index
// of what is wrong with it.
func scanEscape(b []byte) (int, verdict) {
	if len(b) < 2 {
		return 0, more
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, good
	case 'u':
	default:
		return 1, bad
	}
	for i := 2; i < 6; i++ {
		if i == len(b) {
			return 0, more
		}
		if _, ok := hexDigit(b[i]); !ok {
			return i, bad
		}
	}
	return 6, good
}

func hexDigit(c byte) (rune, bool) {
	switch {
	case isDigit(c):
		return rune(c - '0'), true
	case 'a' <= c && c <= 'f':
		return rune(c-'a') + 10, true
	case 'A' <= c && c <= 'F':
		return rune(c-'A') + 10, true
	}
	return 0, false
}

// appendUnescaped adds the text of a JSON string that scanString found good.
// Half a surrogate pair becomes U+FFFD.
func appendUnescaped(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			dst = append(dst, raw[i])
			i++
			continue
		}
		switch c := raw[i+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, n := unescapeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
			continue
		default:
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}

// unescapeRune reads one \u escape, or the two of a surrogate pair.
func unescapeRune(raw []byte) (r rune, n int) {
	const surrogates, lows, after = 0xd800, 0xdc00, 0xe000
	r = escapedUnit(raw)
	if r < surrogates || r >= after {
		return r, 6
	}
	if r < lows && len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if low := escapedUnit(raw[6:]); low >= lows && low < after {
			return (r-surrogates)<<10 | (low - lows) + 0x10000, 12
		}
	}
	return utf8.RuneError, 6
}

func escapedUnit(raw []byte) (r rune) {
	for _, c := range raw[2:6] {
		d, _ := hexDigit(c)
		r = r<<4 | d
	}
	return r
}

// scanNumber scans a JSON number (RFC 8259 section 6) from i on, and gives
// where it ends or what is wrong stands. With more, it is a number as far as
// the bytes go if whole is true.
func scanNumber(b []byte, i int) (end int, v verdict, whole bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i == len(b):
		return i, more, false
	case b[i] == '0':
		i++
	default:
		n := countDigits(b[i:])
		if n == 0 {
			return i, bad, false
		}
		i += n
	}
	if i < len(b) && b[i] == '.' {
		if i, v = scanDigits(b, i+1); v != good {
			return i, v, false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i, v = scanDigits(b, i); v != good {
			return i, v, false
		}
	}
	if i == len(b) {
		return i, more, true
	}
	return i, good, true
}

// scanDigits scans at least one digit.
func scanDigits(b []byte, i int) (end int, v verdict) {
	n := countDigits(b[i:])
	switch {
	case n > 0:
		return i + n, good
	case i == len(b):
		return i, more
	}
	return i, bad
}

// floatOf is the value of a JSON number; ok is false if a float64 cannot hold it.
func floatOf(b []byte) (x float64, ok bool) {
	if x, ok = shortFloat(b); ok {
		return x, true
	}
	x, err := strconv.ParseFloat(string(b), 64)
	return x, err == nil
}

// shortFloat reads numbers without an exponent and with at most 15 digits,
// whose two halves are exact, so that their quotient is rounded once, and
// rightly (Clinger, How to Read Floating Point Numbers Accurately, 1990).
func shortFloat(b []byte) (float64, bool) {
	const most = 17 // 15 digits, a sign, a point
	if len(b) > most {
		return 0, false
	}
	mantissa, scale, divisor := int64(0), int64(1), int64(1)
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	for _, c := range b {
		switch {
		case isDigit(c):
			mantissa = mantissa*10 + int64(c-'0')
			divisor *= scale
		case c == '.':
			scale = 10
		default:
			return 0, false
		}
	}
	x := float64(mantissa)
	if divisor > 1 {
		x /= float64(divisor)
	}
	if negative {
		x = -x
	}
	return x, mantissa < 1e15
}

// plainFloat reads the number that begins at b[i] and gives its end. It is not
// ok unless the number is one of plainNumber.
func plainFloat(b []byte, i int) (x float64, end int, ok bool) {
	const most = 15 // digits: see shortFloat
	negative := i < len(b) && b[i] == '-'
	start := i
	if negative {
		i++
	}
	first := i
	mantissa, divisor := int64(0), int64(1)
	for ; i < len(b) && isDigit(b[i]) && i-first < most; i++ {
		mantissa = mantissa*10 + int64(b[i]-'0')
	}
	whole := i - first
	if i < len(b) && b[i] == '.' {
		for i++; i < len(b) && isDigit(b[i]) && i-first <= most; i++ {
			mantissa = mantissa*10 + int64(b[i]-'0')
			divisor *= 10
		}
	}
	if whole == 0 || whole > 1 && b[first] == '0' || i == len(b) || b[i-1] == '.' || isDigit(b[i]) || b[i]|0x20 == 'e' {
		if end, ok = plainNumber(b, start); ok {
			x, _ = floatOf(b[start:end]) // it fits
		}
		return x, end, ok
	}
	x = float64(mantissa)
	if divisor > 1 {
		x /= float64(divisor)
	}
	if negative {
		x = -x
	}
	return x, i, true
}

// eightDigits reads the first eight bytes of b as a decimal number, in three
// steps that each join neighbours.
func eightDigits(b []byte) (int64, bool) {
	x := binary.LittleEndian.Uint64(b) ^ '0'*ones
	if (x+0x76*ones|x)&highs != 0 {
		return 0, false
	}
	x = (x*10 + x>>8) & 0x00ff00ff00ff00ff
	x = (x*100 + x>>16) & 0x0000ffff0000ffff
	x = (x*10000 + x>>32) & 0xffffffff
	return int64(x), true
}
