package transfer

import "time"

const (
	// A rate is measured over half a second, or over as many round trips as tell
	// as much where those are short.
	growEvery  = 500 * time.Millisecond
	lookEvery  = 100 * time.Millisecond
	roundTrips = 8

	growAfter    = time.Minute // that a further connection was no help
	joinPatience = 3 * time.Second
	maxLosses    = 3
)

// growth decides how many connections there should be. It doubles their number
// while that helps: the rate must rise by half of the share that was added, so
// from two to four connections by half. If it has not after half a second, one
// goes, and there is peace for a minute.
type growth struct {
	most int           // connections at most
	want int           // now
	pace time.Duration // the shortest measurement

	before float64 // rate before the last doubling; 0: none is on trial
	from   int     // connections then
	since  time.Time
	bytes  int64     // that had come then
	rest   time.Time // no doubling before

	losses int // of connections, one soon after the other
	last   time.Time
	again  time.Time // no new connection before
}

// look is called often with the bytes that have come. While a new connection is
// still being made there is nothing to judge.
func (g *growth) look(now time.Time, bytes int64, joining, useful bool) {
	elapsed := now.Sub(g.since)
	if joining && elapsed < joinPatience || elapsed < g.pace || elapsed <= 0 {
		return
	}
	rate := float64(bytes-g.bytes) / elapsed.Seconds()
	if g.before > 0 {
		added := float64(g.want-g.from) / float64(g.from)
		if rate < g.before*(1+added/2) {
			if elapsed < growEvery {
				return // a new connection takes a while to come up to speed
			}
			g.want--
			g.rest = now.Add(growAfter)
		}
		g.before = 0
	}
	g.since, g.bytes = now, bytes
	if useful && rate > 0 && g.want < g.most && !now.Before(g.rest) {
		g.before, g.from = rate, g.want
		g.want = min(2*g.want, g.most)
	}
}

// measure begins the measurement anew: what was before does not count.
func (g *growth) measure(now time.Time, bytes int64) { g.since, g.bytes = now, bytes }

// lost takes a connection's failure into account. One that was lost is made
// again after a while; a server that says that it is too much gets half of them.
func (g *growth) lost(now time.Time, f *failure, live int) {
	if now.Sub(g.last) > growAfter {
		g.losses = 0
	}
	g.before, g.last = 0, now
	g.again = now.Add(max(f.after, backoff(g.losses)))
	g.losses++
	switch {
	case f.crowded:
		g.want = max(g.want/2, 1)
		g.rest = now.Add(max(f.after, growAfter))
	case g.losses%maxLosses == 0:
		g.want = max(live, 1)
		g.rest = now.Add(growAfter)
	}
}

// mayStart reports whether a connection may be made now.
func (g *growth) mayStart(now time.Time) bool { return !now.Before(g.again) }
