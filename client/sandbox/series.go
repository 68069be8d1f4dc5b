package sandbox

const (
	secondMS = int64(1000)
	dayS     = int64(24 * 3600)
	yearS    = 365 * dayS
	// seriesStart is 2024-01-01, where the metrics' base values hold.
	seriesStart = int64(1_704_067_200)
)

// series is the company's metric records on a fixed grid of time: record k
// lies at k*step after 1970 and belongs to metric k modulo the number of
// metrics. So a record's values depend on its number alone, overlapping
// exports agree on what they share, and a range needs no search.
type series struct {
	seed    uint64
	step    int64 // ns
	perYear int64
	metrics []metric
	day     int64   // of level
	level   []int64 // value of each metric on that day, before noise
}

func newSeries(seed uint64, perYear int64) *series {
	ms := metrics()
	return &series{
		seed: mix(seed), step: yearS * 1e9 / perYear, perYear: perYear,
		metrics: ms, day: -1, level: make([]int64, len(ms)),
	}
}

// at is the moment of record k in whole seconds: CSV tells no more.
func (s *series) at(k int64) int64 { return k * s.step / 1e9 }

// between gives the first and last record in r, of those that exist at the
// moment now: the last perYear ones. last < first means none.
func (s *series) between(r msRange, now int64) (first, last int64) {
	end := now / secondMS
	newest := ceilDiv((end+1)*1e9, s.step) - 1
	oldest := max(0, newest-s.perYear+1)
	from := max(ceilDiv(r.From, secondMS), s.at(oldest))
	to := min(r.To/secondMS, end)
	if to < from {
		return 0, -1
	}
	return max(oldest, ceilDiv(from*1e9, s.step)), ceilDiv((to+1)*1e9, s.step) - 1
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// record computes record k: the number of its metric, and the value in units
// of 10^-decimals. h is k's hash, which the caller may use for more.
func (s *series) record(k, sec int64) (m int, value int64, h uint64) {
	if day := sec / dayS; day != s.day {
		s.toDay(day)
	}
	m = int(k % int64(len(s.metrics)))
	d := &s.metrics[m]
	h = mix(s.seed ^ uint64(k))
	noise := int64(h%2001) - 1000 // per mille of d.noise
	if d.zeroed {
		return m, s.level[m] * (300 + noise*d.noise/1000) / 1000, h
	}
	value = s.level[m] * (1_000_000 + noise*d.noise) / 1_000_000
	if d.unit == "percent" {
		value = min(value, 10_000)
	}
	return m, value, h
}

// toDay computes each metric's level: growth since seriesStart, and weekends.
func (s *series) toDay(day int64) {
	s.day = day
	age := max(0, day-seriesStart/dayS)
	weekday := (day + 4) % 7 // 1970-01-01 was a Thursday; 0 is Sunday
	for i := range s.metrics {
		m := &s.metrics[i]
		level := m.base * max(250, 1000+m.growth*age/365) / 1000
		if weekday == 0 || weekday == 6 {
			level = level * (1000 - m.week) / 1000
		}
		s.level[i] = level
	}
}

// quality is the record's dataQuality: nearly all are synced.
func quality(h uint64) string {
	switch q := h >> 40 % 100; {
	case q < 95:
		return "synced"
	case q < 99:
		return "estimated"
	default:
		return "partial"
	}
}
