package sandbox

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Rate limits by the page's API reference: calls an hour and project.
const (
	callsPerHour = 1_000
	budgetWindow = time.Hour
)

// budget counts the calls of each project in windows of an hour. It lives in
// memory: a new process starts new windows.
type budget struct {
	mu      sync.Mutex
	windows map[string]*window
}

type window struct {
	end  time.Time
	used int
}

// spend counts one call of the project and sets the three headers. When the
// budget is used up it returns how long to wait.
func (b *budget) spend(h http.Header, project string, limit int, now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.windows == nil {
		b.windows = map[string]*window{}
	}
	w := b.windows[project]
	if w == nil || !now.Before(w.end) {
		w = &window{end: now.Add(budgetWindow)}
		b.windows[project] = w
	}
	ok = w.used < limit
	if ok {
		w.used++
	}
	rateHeaders(h, limit, limit-w.used, w.end)
	return w.end.Sub(now), ok
}

func rateHeaders(h http.Header, limit, left int, reset time.Time) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, left)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(ceilDiv(reset.UnixMilli(), 1000), 10))
}
