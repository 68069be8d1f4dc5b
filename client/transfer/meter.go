package transfer

import "time"

const (
	meterSeconds = 60 // of history
	currentOver  = 4  // seconds that the current rate looks back
	etaAfter     = 3 * time.Second
	silentAfter  = 2 * time.Second
	etaWeight    = 0.1 // of a new second in the rate for the time left: about 10 s
)

// meter counts bytes from the network by the second. Bytes that were on the
// disk already are never speed.
type meter struct {
	start   time.Time
	last    time.Time // of the last byte
	total   int64
	second  int64               // index of the second under way
	buckets [meterSeconds]int64 // bytes by second, a ring
	smooth  float64             // bytes a second, for the time left
}

func (m *meter) reset(now time.Time) { *m = meter{start: now, last: now} }

func (m *meter) add(now time.Time, n int) {
	m.roll(now)
	m.buckets[m.second%meterSeconds] += int64(n)
	m.total += int64(n)
	m.last = now
}

// roll closes the seconds that have gone by.
func (m *meter) roll(now time.Time) {
	to := int64(now.Sub(m.start) / time.Second)
	for m.second < to {
		full := float64(m.buckets[m.second%meterSeconds])
		if m.second == 0 {
			m.smooth = full
		} else {
			m.smooth += etaWeight * (full - m.smooth)
		}
		m.second++
		m.buckets[m.second%meterSeconds] = 0
		if to-m.second > 2*meterSeconds {
			m.second = to - 2*meterSeconds // a long pause: nothing but zeros
		}
	}
}

// rate is the speed now, in bytes a second: 0 after two silent seconds.
func (m *meter) rate(now time.Time) float64 {
	m.roll(now)
	if now.Sub(m.last) >= silentAfter || m.total == 0 {
		return 0
	}
	from := max(m.second-currentOver, 0)
	var n int64
	for s := from; s <= m.second; s++ {
		n += m.buckets[s%meterSeconds]
	}
	over := now.Sub(m.start) - time.Duration(from)*time.Second
	return float64(n) / max(over.Seconds(), 0.2)
}

func (m *meter) average(now time.Time) float64 {
	if m.start.IsZero() {
		return 0
	}
	return float64(m.total) / max(now.Sub(m.start).Seconds(), 0.2)
}

// left is the time for so many bytes, -1 while nobody can tell.
func (m *meter) left(now time.Time, missing int64) time.Duration {
	m.roll(now)
	if missing < 0 || now.Sub(m.start) < etaAfter || now.Sub(m.last) >= silentAfter || m.smooth < 1 {
		return -1
	}
	return time.Duration(float64(missing) / m.smooth * float64(time.Second))
}

// history gives the closed seconds, newest last.
func (m *meter) history(now time.Time) []float64 {
	m.roll(now)
	from := max(m.second-meterSeconds+1, 0)
	out := make([]float64, 0, m.second-from)
	for s := from; s < m.second; s++ {
		out = append(out, float64(m.buckets[s%meterSeconds]))
	}
	return out
}
