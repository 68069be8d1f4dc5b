package sandbox

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// now2026 is 2026-01-01, where the tests of the generator stand.
const now2026 = int64(1_767_225_600_000)

type record = map[string]any

type document struct {
	ExportedAt  int64    `json:"exportedAt"`
	DateRange   msRange  `json:"dateRange"`
	Metrics     []record `json:"metrics"`
	Connections []record `json:"connections"`
	Dashboards  []record `json:"dashboards"`
	AuditLogs   []record `json:"auditLogs"`
}

func decode(t *testing.T, file []byte) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(file, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func testJob(format string, records int64, r msRange) *job {
	return &job{
		ID: "testjob", CreatedAt: now2026, Format: format, PerYear: records, Seed: 7,
		Range: r, Include: include{true, true, true, true},
	}
}

func year() msRange { return msRange{now2026 - yearS*secondMS, now2026} }

func render(t testing.TB, j *job) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := contentOf(j, 0, now2026, nil).write(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// keyPaths lists the object keys of a document in their order, each once.
func keyPaths(t *testing.T, raw []byte) []string {
	t.Helper()
	var out []string
	seen := map[string]bool{}
	dec := json.NewDecoder(bytes.NewReader(raw))
	var walk func(path string)
	walk = func(path string) {
		tok, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch tok {
		case json.Delim('{'):
			for dec.More() {
				key, err := dec.Token()
				if err != nil {
					t.Fatal(err)
				}
				p := fmt.Sprintf("%s.%v", path, key)
				if !seen[p] {
					seen[p] = true
					out = append(out, p)
				}
				walk(p)
			}
			_, _ = dec.Token()
		case json.Delim('['):
			for dec.More() {
				walk(path + "[]")
			}
			_, _ = dec.Token()
		}
	}
	walk("")
	return out
}

func TestJSONIsAsThePageShows(t *testing.T) {
	page, err := os.ReadFile("testdata/page-export.json")
	if err != nil {
		t.Fatal(err)
	}
	free := func(paths []string) []string { // what depends on the record: metadata
		return slices.DeleteFunc(paths, func(p string) bool { return strings.Contains(p, ".metadata.") })
	}
	want, got := free(keyPaths(t, page)), free(keyPaths(t, render(t, testJob("json", 100, year()))))
	if !slices.Equal(got, want) {
		t.Errorf("fields\n%v\nwant\n%v", got, want)
	}
}

func TestCSVIsAsThePageShows(t *testing.T) {
	page, err := os.ReadFile("testdata/page-export.csv")
	if err != nil {
		t.Fatal(err)
	}
	want, err := csv.NewReader(bytes.NewReader(page)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	file := render(t, testJob("csv", 100, year()))
	if bytes.Contains(file, []byte("\r")) {
		t.Error("line ends are not LF")
	}
	got, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got[0], want[0]) {
		t.Errorf("header %v, want %v", got[0], want[0])
	}
	// Rows of a type fill the same cells as the page's row of that type.
	shape := func(row []string) (s string) {
		for _, cell := range row {
			s += map[bool]string{true: "-", false: "x"}[cell == ""]
		}
		return s
	}
	shapes := map[string]string{"Audit Log": "xxx--x--x"}
	for _, row := range want[1:] {
		shapes[row[0]] = shape(row)
	}
	counts := map[string]int{}
	for _, row := range got[1:] {
		counts[row[0]]++
		if shape(row) != shapes[row[0]] {
			t.Fatalf("row %v has cells %s, want %s", row, shape(row), shapes[row[0]])
		}
		if _, err := time.Parse("2006-01-02T15:04:05Z", row[8]); err != nil {
			t.Fatal(err)
		}
	}
	if w := map[string]int{"Metric": 100, "Connection": 12, "Dashboard": 6, "Audit Log": 365}; !maps.Equal(counts, w) {
		t.Errorf("rows %v, want %v", counts, w)
	}
}

func TestCSVHoldsTheJSONsNumbers(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(render(t, testJob("csv", 3000, year())))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	d := decode(t, render(t, testJob("json", 3000, year())))
	negative := false
	for i, m := range d.Metrics {
		row := rows[i+1]
		ms, _ := m["timestamp"].(float64)
		v, _ := m["value"].(float64)
		negative = negative || v < 0
		want := []string{
			"Metric", fmt.Sprint(m["id"]), fmt.Sprint(m["metricName"]), strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), "."),
			fmt.Sprint(m["unit"]), time.UnixMilli(int64(ms)).UTC().Format(time.RFC3339), fmt.Sprint(m["service"]), "",
		}
		if !slices.Equal(row[:8], want) {
			t.Fatalf("row %v, want %v", row, want)
		}
	}
	if !negative {
		t.Error("no metric is ever negative: the sign is not tested")
	}
}

func TestAppendDecimal(t *testing.T) {
	for v, want := range map[int64]string{0: "0", 5: "0.05", 50: "0.5", 100: "1", -5: "-0.05", -150: "-1.5", 1_500_001: "15000.01"} {
		if got := string(appendDecimal(nil, v, 2)); got != want {
			t.Errorf("%d: %s, want %s", v, got, want)
		}
	}
	if got := string(appendDecimal(nil, -42, 0)); got != "-42" {
		t.Error(got)
	}
}

func TestOnlyWhatWasAskedFor(t *testing.T) {
	for i, name := range []string{"metrics", "connections", "dashboards", "auditLogs"} {
		j := testJob("json", 100, year())
		j.Include = include{i == 0, i == 1, i == 2, i == 3}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(render(t, j), &got); err != nil {
			t.Fatal(err)
		}
		keys := slices.Sorted(maps.Keys(got))
		want := slices.Sorted(slices.Values([]string{"exportedAt", "dateRange", "project", name}))
		if !slices.Equal(keys, want) {
			t.Errorf("fields %v, want %v", keys, want)
		}
	}
}

func TestRecordsAreExactAndUnique(t *testing.T) {
	for _, n := range []int64{1, 27, 1000, 50_000} {
		j := testJob("json", n, year())
		d := decode(t, render(t, j))
		if int64(len(d.Metrics)) != n {
			t.Errorf("%d metrics, want %d", len(d.Metrics), n)
		}
		if got := contentOf(j, 0, now2026, nil).records(); got != n+12+6+365 {
			t.Errorf("%d records for %d metrics", got, n)
		}
		ids := map[any]bool{}
		for _, m := range d.Metrics {
			ids[m["id"]] = true
		}
		if len(ids) != len(d.Metrics) {
			t.Errorf("%d ids for %d metrics", len(ids), len(d.Metrics))
		}
	}
}

// TestBetween compares the arithmetic with a look at each record.
func TestBetween(t *testing.T) {
	const now = int64(400 * 86_400_000)
	for _, perYear := range []int64{1, 3, 365, 999, 40_000_000} {
		s := newSeries(1, perYear)
		newest, oldest := s.between(msRange{0, now}, now)
		newest, oldest = oldest, newest
		if newest-oldest+1 != perYear {
			t.Errorf("%d a year: all are %d", perYear, newest-oldest+1)
		}
		for _, r := range []msRange{
			{0, now},
			{now, now},
			{now - 1, now + 5},
			{now - 999, now},
			{now - 86_400_000, now - 1000},
			{now - 40*86_400_000, now - 39*86_400_000},
			{now - 365*86_400_000, now - 364*86_400_000},
			{0, 10},
			{now + 1, now + 2},
			{9, 8},
			{maxTime, maxTime},
		} {
			first, last := s.between(r, now)
			inside := func(k int64) bool {
				at := s.at(k) * secondMS
				return k >= oldest && k <= newest && at >= r.From && at <= min(r.To, now)
			}
			if perYear > 10_000 { // only the borders
				if last >= first && (!inside(first) || !inside(last) || inside(first-1) || inside(last+1)) {
					t.Errorf("%d a year, %v: %d to %d are not the borders", perYear, r, first, last)
				}
				continue
			}
			want := int64(0)
			for k := oldest - 2; k <= newest+2; k++ {
				if inside(k) {
					want++
				}
			}
			if got := last - first + 1; got != want || (want > 0 && !inside(first)) {
				t.Errorf("%d a year, %v: %d records from %d, want %d", perYear, r, got, first, want)
			}
		}
	}
}

func TestRangesAreHonoured(t *testing.T) {
	r := msRange{now2026 - 90*dayS*secondMS, now2026 - 60*dayS*secondMS - 1}
	d := decode(t, render(t, testJob("json", 36_500, r)))
	if d.DateRange != r || d.ExportedAt != now2026 {
		t.Errorf("dateRange %v, want %v", d.DateRange, r)
	}
	if len(d.Metrics) != 3000 || len(d.AuditLogs) != 30 {
		t.Errorf("%d metrics and %d audit logs in 30 of 365 days", len(d.Metrics), len(d.AuditLogs))
	}
	for _, x := range append(d.Metrics, d.AuditLogs...) {
		at, ok := x["timestamp"].(float64)
		if !ok {
			at, _ = x["createdAt"].(float64)
		}
		if int64(at) < r.From || int64(at) > r.To {
			t.Fatalf("%v is out of range", x)
		}
	}
}

func TestOverlappingExportsAgree(t *testing.T) {
	long := testJob("json", 5000, year())
	short := testJob("json", 5000, msRange{now2026 - 30*dayS*secondMS, now2026 + 3_600_000})
	short.CreatedAt += 3_600_000 // made an hour later
	byID := map[any]record{}
	for _, m := range decode(t, render(t, long)).Metrics {
		byID[m["id"]] = m
	}
	same := 0
	for _, m := range decode(t, render(t, short)).Metrics {
		if old, ok := byID[m["id"]]; ok {
			same++
			if !maps.EqualFunc(m, old, func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
				t.Fatalf("%v, before %v", m, old)
			}
		}
	}
	if same < 400 {
		t.Errorf("only %d records are in both", same)
	}
}

func TestSameSeedSameFile(t *testing.T) {
	a, b := testJob("json", 2000, year()), testJob("json", 2000, year())
	b.ID = "another"
	if !bytes.Equal(render(t, a), render(t, b)) {
		t.Error("two exports of one moment differ")
	}
	b.Seed++
	if bytes.Equal(render(t, a), render(t, b)) {
		t.Error("another seed makes the same file")
	}
}

func TestPlausibleValues(t *testing.T) {
	words := map[any]int{}
	for _, m := range decode(t, render(t, testJob("json", 50_000, year()))).Metrics {
		words[m["dataQuality"]]++
		v, _ := m["value"].(float64)
		if m["unit"] == "percent" && (v < 0 || v > 100) {
			t.Fatalf("%v", m)
		}
		if v < 0 && m["metricId"] != "stripe_net_new_mrr" {
			t.Fatalf("%v", m)
		}
	}
	if words["synced"] < 45_000 || words["estimated"] < 500 || words["partial"] < 100 || len(words) != 3 {
		t.Errorf("dataQuality: %v", words)
	}
}

func TestConstantMemory(t *testing.T) {
	allocs := func(n int64) float64 {
		c := contentOf(testJob("csv", n, year()), 0, now2026, nil)
		return testing.AllocsPerRun(3, func() {
			if err := c.write(context.Background(), io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	// One more a day: the date in the time stamps.
	if small, large := allocs(2_000), allocs(200_000); large > small+2 {
		t.Errorf("%v allocations for 2k records, %v for 200k", small, large)
	}
}

func TestGeneratorEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	n := 0
	err := contentOf(testJob("json", 100_000_000, year()), 0, now2026, nil).write(ctx, writerFunc(func(p []byte) (int, error) {
		if n++; n == 3 {
			cancel(stop)
		}
		return len(p), nil
	}))
	if !errors.Is(err, stop) || n > 3 {
		t.Errorf("%v after %d writes", err, n)
	}
}

func TestNoCredentialReachesAFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000, Seed: 3})
		for _, format := range []string{"json", "csv"} {
			if _, file := k.export(everything(format, "all_time")); leaks(file, 3) {
				t.Errorf("%s holds a credential", format)
			}
		}
		k.Inject(faults(t, "credential*2")[0])
		for _, format := range []string{"json", "csv"} {
			if _, file := k.export(everything(format, "all_time")); !leaks(file, 3) {
				t.Errorf("%s does not hold the credential that should leak", format)
			}
		}
	})
}

func benchmarkGenerate(b *testing.B, format string) {
	j := testJob(format, 500_000, year())
	b.SetBytes(int64(len(render(b, j))))
	b.ReportAllocs()
	for b.Loop() {
		if err := contentOf(j, 0, now2026, nil).write(context.Background(), io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGenerateJSON(b *testing.B) { benchmarkGenerate(b, "json") }
func BenchmarkGenerateCSV(b *testing.B)  { benchmarkGenerate(b, "csv") }
