package component

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Unknown stands where a number would, when nobody told one.
const Unknown = "?"

// Size is a number of bytes for people, in 1024ⁿ as --limit-rate has it: "512 B",
// "48.3 MiB", "1.21 GiB". A negative number is Unknown.
func Size(n int64) string {
	if n < 0 {
		return Unknown
	}
	return scaled(float64(n))
}

// CoarseSize is Size in three digits or four, "254 KiB", "1.25 GiB": at most
// eight cells, for a column.
func CoarseSize(n int64) string {
	if n < 0 {
		return Unknown
	}
	units := units()
	v, unit := float64(n), 0
	for unit < len(units)-1 && math.Round(v) >= 1024 {
		v /= 1024
		unit++
	}
	decimals := 2
	switch {
	case unit == 0 || roundTo(v, 1) >= 100:
		decimals = 0
	case roundTo(v, 2) >= 10:
		decimals = 1
	}
	return strconv.FormatFloat(v, 'f', decimals, 64) + " " + units[unit]
}

// Rate is bytes a second for people: "48.3 MiB/s". What is no rate (negative,
// not a number, infinite) is Unknown.
func Rate(perSecond float64) string {
	if !(perSecond >= 0) || math.IsInf(perSecond, 1) {
		return Unknown
	}
	return scaled(perSecond) + "/s"
}

func units() [7]string { return [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"} }

func scaled(v float64) string {
	units := units()
	decimals := [...]int{0, 1, 1, 2, 2, 2, 2}
	i := 0
	// What would round up to 1024 of a unit is 1 of the next one.
	for i < len(units)-1 && roundTo(v, decimals[i]) >= 1024 {
		v /= 1024
		i++
	}
	return strconv.FormatFloat(v, 'f', decimals[i], 64) + " " + units[i]
}

func roundTo(v float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(v*p) / p
}

// Percent is a fraction as "42%": cut, never rounded up, so that 100% means
// all of it. Outside 0 to 1 it is clamped.
func Percent(fraction float64) string {
	if math.IsNaN(fraction) {
		return Unknown
	}
	return strconv.Itoa(int(math.Floor(clamp01(fraction)*100+1e-9))) + "%"
}

// Count is a number with a comma between thousands: "1,234,567".
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	b.WriteString(sign)
	for i, r := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Plural is Count and a noun: "1 record", "2,000 records". The plural adds an s.
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return Count(n) + " " + noun + "s"
}

// Duration is a span for people in its two largest units, cut to whole
// seconds: "45 s", "1 m 20 s", "2 h 05 m", "3 d 04 h". Less than nothing is "0 s".
func Duration(d time.Duration) string {
	s := int64(d / time.Second)
	switch {
	case s <= 0:
		return "0 s"
	case s < 60:
		return strconv.FormatInt(s, 10) + " s"
	case s < 3600:
		return pair(s/60, "m", s%60, "s")
	case s < 86400:
		return pair(s/3600, "h", s%3600/60, "m")
	}
	return pair(s/86400, "d", s%86400/3600, "h")
}

// pair keeps two digits in the second unit, so that a running clock keeps its width.
func pair(a int64, unitA string, b int64, unitB string) string {
	pad := ""
	if b < 10 {
		pad = "0"
	}
	return strconv.FormatInt(a, 10) + " " + unitA + " " + pad + strconv.FormatInt(b, 10) + " " + unitB
}

// Typical says how long an export of that many records usually takes, and at
// most, by the product's page on data export. Records less than 0 are not
// known: then it tells all sizes. dash stands between two ends; [Labelled] wraps
// the words between sizes only.
func Typical(records int64, dash string) (words string, most time.Duration) {
	small, medium, large := "30"+dash+"60 seconds", "2"+dash+"5 minutes", "5"+dash+"15 minutes"
	switch {
	case records < 0:
		return Together(small+" under 10k records,") + " " + Together(medium+" to 100k,") + " " + Together(large+" above"), 15 * time.Minute
	case records < 10_000:
		return small + " for " + Plural(records, "record"), time.Minute
	case records <= 100_000:
		return medium + " for " + Plural(records, "record"), 5 * time.Minute
	}
	return large + " for " + Plural(records, "record"), 15 * time.Minute
}

// RangeWords is the name of a date range as people write it: "last 30 days",
// "2026-01-01 – 2026-03-31". The name is safe to show; dash stands between days.
func RangeWords(name, dash string) string {
	from, to, days := strings.Cut(name, "..")
	switch {
	case days && from == to:
		return from
	case days:
		return from + " " + dash + " " + to
	}
	return strings.ReplaceAll(name, "_", " ")
}

// Coarse is a span in its largest unit, for what is told once a minute:
// "less than a minute", "5 m", "23 h", "12 d".
func Coarse(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "less than a minute"
	case d < time.Hour:
		return strconv.FormatInt(int64(d/time.Minute), 10) + " m"
	case d < 48*time.Hour:
		return strconv.FormatInt(int64(d/time.Hour), 10) + " h"
	}
	return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + " d"
}

// Relative is a moment seen from now: "just now", "5 m ago", "in 23 h". The
// zero time is Unknown.
func Relative(t, now time.Time) string {
	if t.IsZero() {
		return Unknown
	}
	d := now.Sub(t)
	switch {
	case d <= -time.Minute:
		return "in " + Coarse(-d)
	case d < time.Minute:
		return "just now"
	}
	return Coarse(d) + " ago"
}

// Moment is a time as written in a detail: "2026-01-31 14:05:09". The zero
// time is Unknown; a nil location is UTC.
func Moment(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return Unknown
	}
	if loc == nil {
		loc = time.UTC
	}
	return t.In(loc).Format(time.DateTime)
}

func clamp01(f float64) float64 { return min(1, max(0, f)) }
