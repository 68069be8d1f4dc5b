package component_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/tui/component"
)

func TestSize(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		-1: "?", 0: "0 B", 1: "1 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB",
		1<<20 - 1: "1.0 MiB", 1<<20 - 51: "1.0 MiB", 1<<20 - 52: "1023.9 KiB", 1 << 20: "1.0 MiB",
		117_440_512: "112.0 MiB", 1<<30 - 1: "1.00 GiB", 1_300_000_000: "1.21 GiB",
		1 << 40: "1.00 TiB", 1 << 50: "1.00 PiB", math.MaxInt64: "8.00 EiB",
	} {
		if got := component.Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCoarseSizeFitsAColumn(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		-1: "?", 0: "0 B", 1023: "1023 B", 1024: "1.00 KiB", 10_234: "9.99 KiB", 10_235: "10.0 KiB", 102_348: "99.9 KiB", 102_350: "100 KiB",
		259_584: "254 KiB", 1<<20 - 513: "1023 KiB", 1<<20 - 1: "1.00 MiB", 1_300_000_000: "1.21 GiB", math.MaxInt64: "8.00 EiB",
	} {
		if got := component.CoarseSize(n); got != want || len(got) > 8 {
			t.Errorf("CoarseSize(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestRate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate float64
		want string
	}{
		{0, "0 B/s"},
		{0.4, "0 B/s"},
		{1023.6, "1.0 KiB/s"},
		{12.34 * (1 << 20), "12.3 MiB/s"},
		{-1, "?"},
		{math.NaN(), "?"},
		{math.Inf(1), "?"},
		{math.Inf(-1), "?"},
	} {
		if got := component.Rate(c.rate); got != c.want {
			t.Errorf("Rate(%v) = %q, want %q", c.rate, got, c.want)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fraction float64
		want     string
	}{
		{0, "0%"},
		{0.29, "29%"}, // 0.29×100 is 28.999… in binary
		{0.999999, "99%"},
		{1, "100%"},
		{7, "100%"},
		{-3, "0%"},
		{math.NaN(), "?"},
	} {
		if got := component.Percent(c.fraction); got != c.want {
			t.Errorf("Percent(%v) = %q, want %q", c.fraction, got, c.want)
		}
	}
}

func TestCountAndPlural(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1: "-1", -1000: "-1,000",
		math.MinInt64: "-9,223,372,036,854,775,808", math.MaxInt64: "9,223,372,036,854,775,807",
	} {
		if got := component.Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 records", 1: "1 record", 2000: "2,000 records"} {
		if got := component.Plural(n, "record"); got != want {
			t.Errorf("Plural(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second:                    "0 s",
		0:                               "0 s",
		999 * time.Millisecond:          "0 s",
		59 * time.Second:                "59 s",
		time.Minute:                     "1 m 00 s",
		80 * time.Second:                "1 m 20 s",
		59*time.Minute + 59*time.Second: "59 m 59 s",
		2*time.Hour + 5*time.Minute:     "2 h 05 m",
		24 * time.Hour:                  "1 d 00 h",
		100*24*time.Hour + 3*time.Hour:  "100 d 03 h",
	} {
		if got := component.Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestRelative(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{
		0:                     "just now",
		59 * time.Second:      "just now",
		-59 * time.Second:     "just now",
		time.Minute:           "1 m ago",
		59 * time.Minute:      "59 m ago",
		47 * time.Hour:        "47 h ago",
		48 * time.Hour:        "2 d ago",
		-time.Minute:          "in 1 m",
		-23*time.Hour - 1:     "in 23 h",
		-30 * 24 * time.Hour:  "in 30 d",
		400 * 24 * time.Hour:  "400 d ago",
		-400 * 24 * time.Hour: "in 400 d",
	} {
		if got := component.Relative(now.Add(-d), now); got != want {
			t.Errorf("%v ago is %q, want %q", d, got, want)
		}
	}
	if got := component.Relative(time.Time{}, now); got != component.Unknown {
		t.Errorf("the zero time is %q", got)
	}
	if got := component.Coarse(59 * time.Second); got != "less than a minute" {
		t.Errorf("Coarse(59 s) = %q", got)
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 23, 5, 9, 0, time.UTC)
	for want, loc := range map[string]*time.Location{
		"2026-01-31 23:05:09": nil,
		"2026-02-01 04:50:09": time.FixedZone("NPT", 5*3600+45*60),
	} {
		if got := component.Moment(at, loc); got != want {
			t.Errorf("Moment in %v = %q, want %q", loc, got, want)
		}
	}
	if got := component.Moment(time.Time{}, nil); got != component.Unknown {
		t.Errorf("the zero time is %q", got)
	}
}

func TestTypical(t *testing.T) {
	t.Parallel()
	for records, want := range map[int64]string{
		-1: "30–60 seconds under 10k records, 2–5 minutes to 100k, 5–15 minutes above", 0: "30–60 seconds for 0 records", 1: "30–60 seconds for 1 record",
		9_999: "30–60 seconds for 9,999 records", 10_000: "2–5 minutes for 10,000 records", 100_000: "2–5 minutes for 100,000 records",
		100_001: "5–15 minutes for 100,001 records",
	} {
		words, most := component.Typical(records, "–")
		if got := strings.ReplaceAll(words, "\u00a0", " "); got != want {
			t.Errorf("%d records: %q, want %q", records, got, want)
		}
		if long := strings.Contains(want, "15 minutes"); long != (most == 15*time.Minute) {
			t.Errorf("%d records: at most %v", records, most)
		}
	}
}

func TestRangeWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "", "last_30_days": "last 30 days", "2026-Q1": "2026-Q1",
		"2026-01-01..2026-03-31": "2026-01-01 – 2026-03-31", "2026-01-01..2026-01-01": "2026-01-01",
	} {
		if got := component.RangeWords(name, "–"); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
