package transfer

import (
	"time"

	"github.com/dashtray/dashtray-tui/tui/component"
)

const (
	// leftSlack is how far an estimate may be off without being believed.
	leftSlack = 3 * time.Second
	// leftDoubt is how long a new estimate must stay away from the old one
	// before it takes its place.
	leftDoubt = 3 * time.Second
)

// steady is a time left that does not twitch. It counts down by itself, and
// takes a new estimate only when that has been off for a while.
type steady struct {
	known   bool
	left    time.Duration // at the moment of since
	since   time.Time
	doubted time.Time // since when estimates have been off; zero if they are not
}

// update hears an estimate; less than 0 is none.
func (s *steady) update(estimate time.Duration, now time.Time) {
	switch {
	case estimate < 0:
		*s = steady{}
		return
	case !s.known:
		*s = steady{known: true, left: estimate, since: now}
		return
	}
	expected := s.at(now)
	off := (estimate - expected).Abs()
	switch {
	case off <= max(leftSlack, expected/5):
		s.doubted = time.Time{}
	case s.doubted.IsZero():
		s.doubted = now
	case now.Sub(s.doubted) >= leftDoubt:
		*s = steady{known: true, left: estimate, since: now}
	}
}

func (s *steady) at(now time.Time) time.Duration {
	return max(0, s.left-max(0, now.Sub(s.since)))
}

// text is the time left in steps that grow with it, rounded up.
func (s *steady) text(now time.Time) string {
	if !s.known {
		return component.Unknown
	}
	left := s.at(now)
	step := time.Minute
	switch {
	case left <= 5*time.Second:
		return "a few seconds"
	case left <= time.Minute:
		step = 5 * time.Second
	case left <= 10*time.Minute:
		step = 10 * time.Second
	}
	return "about " + component.Duration((left + step - 1).Truncate(step))
}
