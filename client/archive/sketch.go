package archive

import (
	"math"
	"time"
)

// MaxBuckets is the most buckets of one metric's sketch. With more than 512
// metrics in a file each has fewer, down to 8.
const MaxBuckets = 256

// Bucket sums up the points of a metric in a stretch of time.
type Bucket struct {
	At     time.Time `json:"at"` // where the stretch begins, in UTC
	Points int64     `json:"points"`
	Least  float64   `json:"least"`
	Most   float64   `json:"most"`
	Mean   float64   `json:"mean"`
}

// stats of numbers as they come.
type stats struct {
	n           int64
	least, most float64
	mean        float64
}

func (s *stats) add(x float64) {
	if s.n == 0 {
		*s = stats{1, x, x, x}
		return
	}
	n := s.n + 1
	s.n = n
	if x < s.least {
		s.least = x
	}
	if x > s.most {
		s.most = x
	}
	s.mean += slope(s.mean, x) / float64(n) * 2
}

// slope is half of the way from a to b: the whole may be beyond float64.
func slope(a, b float64) float64 { return b/2 - a/2 }

// join adds the numbers of o.
func (s *stats) join(o stats) {
	switch {
	case o.n == 0:
	case s.n == 0:
		*s = o
	default:
		n := s.n + o.n
		s.mean += slope(s.mean, o.mean) * (float64(o.n) / float64(n)) * 2
		s.n, s.least, s.most = n, math.Min(s.least, o.least), math.Max(s.most, o.most)
	}
}

// sketch is the course of one metric over time. Its buckets are 2^shift
// milliseconds wide and begin at multiples of that, counted from 1970. When a
// point lies outside of them, the width doubles until it does not, and pairs
// of buckets become one, wherever in time the file begins and in whatever
// order its points come.
type sketch struct {
	shift   uint
	first   int64 // the number of buckets[0]
	buckets []stats
}

// add notes a value at a time in milliseconds; most is how many buckets there
// may be.
func (k *sketch) add(ms int64, x float64, most int) {
	i := ms>>k.shift - k.first
	if uint64(i) >= uint64(len(k.buckets)) {
		i = k.reach(ms, most)
	}
	k.buckets[i].add(x)
}

// reach makes room for a time and gives the index of its bucket.
func (k *sketch) reach(ms int64, most int) int64 {
	if len(k.buckets) == 0 {
		k.first = ms >> k.shift
		k.buckets = make([]stats, 1, min(most, 16))
		return 0
	}
	for {
		at := ms >> k.shift
		last := k.first + int64(len(k.buckets)) - 1
		switch {
		case at-k.first >= int64(most) || last-at >= int64(most):
			k.coarsen()
		case at > last:
			k.buckets = append(k.buckets, make([]stats, at-last)...)
		case at < k.first:
			k.buckets = append(make([]stats, k.first-at, last-at+1), k.buckets...)
			k.first = at
		default:
			return at - k.first
		}
	}
}

// coarsen doubles the width of the buckets.
func (k *sketch) coarsen() {
	first := k.first >> 1
	n := 0
	for i, b := range k.buckets {
		to := int((k.first+int64(i))>>1 - first)
		if to == n {
			k.buckets[to] = b
			n++
		} else {
			k.buckets[to].join(b)
		}
	}
	clear(k.buckets[n:])
	k.buckets = k.buckets[:n]
	k.first = first
	k.shift++
}

// shrink coarsens until there are no more than most buckets.
func (k *sketch) shrink(most int) {
	for len(k.buckets) > most {
		k.coarsen()
	}
}

func (k *sketch) list() []Bucket {
	out := make([]Bucket, 0, len(k.buckets))
	for i, b := range k.buckets {
		if b.n > 0 {
			out = append(out, Bucket{k.start(i), b.n, b.least, b.most, b.mean})
		}
	}
	return out
}

func (k *sketch) start(i int) time.Time {
	return time.UnixMilli((k.first + int64(i)) << k.shift).UTC()
}

func (k *sketch) width() time.Duration { return time.Millisecond << k.shift }

// gap is the longest run of empty buckets.
func (k *sketch) gap() (from, to time.Time) {
	best, run := 0, 0
	for i, b := range k.buckets {
		if b.n > 0 {
			run = 0
			continue
		}
		if run++; run > best {
			best = run
			from, to = k.start(i-run+1), k.start(i+1)
		}
	}
	return from, to
}
