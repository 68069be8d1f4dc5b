package verdict_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

// together is what stays on one line.
func together(words ...string) []string {
	for i, w := range words {
		words[i] = component.Together(w)
	}
	return words
}

func TestTallies(t *testing.T) {
	t.Parallel()
	got := verdict.Tallies([]archive.Tally{{Value: "active", Count: 1200}, {Count: 3}, {Value: "a\x1bb", Count: 2}, {Count: 1, Rest: true}})
	if want := together("1,200 active", "3 ?", "2 a␛b", "1 others"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestFirstAndFilled(t *testing.T) {
	t.Parallel()
	texts := []text.Untrusted{"", "a\a", "", "b"}
	if got := verdict.First(texts...); got != "a␇" {
		t.Errorf("%q", got)
	}
	if got := verdict.Filled(texts...); !slices.Equal(got, []string{"a␇", "b"}) {
		t.Errorf("%q", got)
	}
	if got := verdict.First("", ""); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	m := archive.Metric{
		First: archive.Point{Value: 2, HasValue: true}, Last: archive.Point{At: time.Unix(9, 0)},
		Values: 2, Least: -1.5, Most: 2, Mean: 0.25,
	}
	if got, want := verdict.Values(&m), together("first 2", "least -1.5", "most 2", "mean 0.25"); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := verdict.Values(&archive.Metric{Points: 3}); len(got) > 0 {
		t.Errorf("without a value: %q", got)
	}
}

func TestWrapping(t *testing.T) {
	t.Parallel()
	for want, layers := range map[string][]string{
		"":                                       nil,
		", packed with zstd":                     {archive.LayerZstd},
		", packed with gzip, encrypted with age": {archive.LayerAge, archive.LayerGzip},
	} {
		if got := verdict.Wrapping(archive.Report{Layers: layers}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCompared(t *testing.T) {
	t.Parallel()
	n := int64(1)
	for want, e := range map[string]archive.Expect{
		"with nothing: which export it is of is not known": {},
		"with the size of its export":                      {Bytes: &n},
		"with the range and checksum of its export":        {To: time.Unix(1, 0), SHA256: strings.Repeat("0", 64)},
		"with the format, range, types, records, size and checksum of its export": {
			Format: "csv", From: time.Unix(1, 0), Include: []string{}, Records: &n, Bytes: &n, SHA256: "x",
		},
	} {
		if got := verdict.Compared(e); got != want {
			t.Errorf("%+v: %q, want %q", e, got, want)
		}
	}
}
