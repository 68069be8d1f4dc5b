package verdict

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
)

// Filled are those of the texts of a file that there are, safe to show.
func Filled(texts ...text.Untrusted) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t.Safe())
		}
	}
	return out
}

// First is the first of the texts that there is, safe to show; "" if there is none.
func First(texts ...text.Untrusted) string { return cmp.Or(texts...).Safe() }

// Tallies are counts in words: "12 active", each of which stays on one line.
func Tallies(list []archive.Tally) []string {
	words := make([]string, 0, len(list))
	for _, t := range list {
		value := cmp.Or(t.Value.Safe(), component.Unknown)
		if t.Rest {
			value = "others"
		}
		words = append(words, component.Together(component.Count(t.Count)+" "+value))
	}
	return words
}

// Values are a metric's first and last value, the least and the most of them,
// and their mean, as far as there are any: "first 15,000".
func Values(m *archive.Metric) []string {
	var words []string
	add := func(name string, v float64, known bool) {
		if known {
			words = append(words, component.Together(name+" "+component.Number(v)))
		}
	}
	add("first", m.First.Value, m.First.HasValue)
	add("last", m.Last.Value, m.Last.HasValue)
	add("least", m.Least, m.Values > 0)
	add("most", m.Most, m.Values > 0)
	add("mean", m.Mean, m.Values > 0)
	return words
}

// Course is what the chart and the trend of a metric are drawn from.
func Course(m *archive.Metric) []component.ChartPoint {
	points := make([]component.ChartPoint, len(m.Sketch))
	for i, b := range m.Sketch {
		points[i] = component.ChartPoint{At: b.At, Least: b.Least, Most: b.Most, Mean: b.Mean}
	}
	return points
}

// Wrapping is what an export's file lies in, to be said after its format:
// ", packed with gzip, encrypted with age"; "" if it lies in nothing.
func Wrapping(r archive.Report) string {
	words := ""
	for _, layer := range slices.Backward(r.Layers) {
		does := "packed"
		if layer == archive.LayerAge {
			does = "encrypted"
		}
		words += ", " + does + " with " + layer
	}
	return words
}

// Compared is what a file was held against beside itself.
func Compared(e archive.Expect) string {
	var known []string
	add := func(name string, is bool) {
		if is {
			known = append(known, name)
		}
	}
	add("format", e.Format != "")
	add("range", !e.From.IsZero() || !e.To.IsZero())
	add("types", e.Include != nil)
	add("records", e.Records != nil)
	add("size", e.Bytes != nil)
	add("checksum", e.SHA256 != "")
	switch n := len(known); n {
	case 0:
		return "with nothing: which export it is of is not known"
	case 1:
		return "with the " + known[0] + " of its export"
	default:
		return "with the " + strings.Join(known[:n-1], ", ") + " and " + known[n-1] + " of its export"
	}
}
