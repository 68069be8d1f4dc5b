package config

import (
	"math"
	"strconv"
	"strings"
)

// ParseRate reads bytes a second as a person writes them: a number above 0,
// with K, M or G for 1024, 1024² and 1024³.
func ParseRate(s string) (int64, bool) {
	shift := 0
	switch {
	case s == "":
		return 0, false
	case strings.ContainsAny(s[len(s)-1:], "kK"):
		shift = 10
	case strings.ContainsAny(s[len(s)-1:], "mM"):
		shift = 20
	case strings.ContainsAny(s[len(s)-1:], "gG"):
		shift = 30
	}
	digits := s
	if shift > 0 {
		digits = s[:len(s)-1]
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n == 0 || n > math.MaxInt64>>shift {
		return 0, false
	}
	return int64(n) << shift, true
}

// FormatRate writes a rate as ParseRate reads it.
func FormatRate(n int64) string {
	for _, u := range []struct {
		shift  int
		letter string
	}{{30, "G"}, {20, "M"}, {10, "K"}} {
		if n>>u.shift > 0 && n>>u.shift<<u.shift == n {
			return strconv.FormatInt(n>>u.shift, 10) + u.letter
		}
	}
	return strconv.FormatInt(n, 10)
}
