package config

import "slices"

// Nearest gives the name that word most likely was meant to be, "" when none
// is near: every third letter may be wrong, but not more than three.
func Nearest(word string, names []string) string {
	if len(word) > 64 {
		return ""
	}
	best, least := "", min(3, max(1, len(word)/3))+1
	for _, n := range slices.Sorted(slices.Values(names)) {
		if d := typos(word, n); d < least {
			best, least = n, d
		}
	}
	return best
}

// typos is how many letters have to be put in, left out, changed, or swapped
// with their neighbour to make b of a (the optimal string alignment distance).
func typos(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
