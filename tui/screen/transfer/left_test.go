package transfer

import (
	"testing"
	"time"
)

var began = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func TestTimeLeftInSteps(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]string{
		0:                       "a few seconds",
		5 * time.Second:         "a few seconds",
		5100 * time.Millisecond: "about 10 s",
		10 * time.Second:        "about 10 s",
		58 * time.Second:        "about 1 m 00 s",
		61 * time.Second:        "about 1 m 10 s",
		83 * time.Second:        "about 1 m 30 s",
		10 * time.Minute:        "about 10 m 00 s",
		601 * time.Second:       "about 11 m 00 s",
		90 * time.Minute:        "about 1 h 30 m",
		-1:                      "?",
	} {
		var s steady
		s.update(left, began)
		if got := s.text(began); got != want {
			t.Errorf("%v left: %q, want %q", left, got, want)
		}
	}
}

// TestTimeLeftDoesNotTwitch: estimates that jump to and fro change what is
// shown no more often than the clock does, and never upwards.
func TestTimeLeftDoesNotTwitch(t *testing.T) {
	t.Parallel()
	var s steady
	last, changes := "", 0
	shown := time.Hour
	for i := range 600 { // a minute, ten times a second
		now := began.Add(time.Duration(i) * 100 * time.Millisecond)
		estimate := 120*time.Second - now.Sub(began)
		if i%2 == 0 {
			estimate = estimate * 115 / 100
		}
		if i%50 == 7 {
			estimate *= 3 // a hiccup
		}
		s.update(estimate, now)
		if got := s.text(now); got != last {
			last = got
			changes++
		}
		if left := s.at(now); left > shown {
			t.Fatalf("after %v: %v left, and %v before", now.Sub(began), left, shown)
		} else {
			shown = left
		}
	}
	if changes > 10 {
		t.Errorf("%d changes within a minute", changes)
	}
}

// TestTimeLeftBelievesALastingChange: a line that has become slow is not
// counted down to nothing.
func TestTimeLeftBelievesALastingChange(t *testing.T) {
	t.Parallel()
	var s steady
	s.update(60*time.Second, began)
	for i := range 50 {
		s.update(10*time.Minute, began.Add(time.Duration(i)*100*time.Millisecond))
	}
	if got := s.at(began.Add(5 * time.Second)); got < 9*time.Minute {
		t.Errorf("still %v left after five seconds of other estimates", got)
	}
	s.update(-1, began.Add(6*time.Second))
	if got := s.text(began.Add(6 * time.Second)); got != "?" {
		t.Errorf("nobody knows, and it says %q", got)
	}
}
