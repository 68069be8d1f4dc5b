package archive

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

// without checks a file with every record read in full: no shapes.
func without(t testing.TB, file string) Report {
	t.Helper()
	f := newFeed(t.Context(), strings.NewReader(file), true, nil)
	c := newChecker(Expect{})
	w := window{feed: f}
	head, _ := w.head(sniff)
	c.format = guessFormat(head, "").format
	switch c.format {
	case formatJSON:
		p := newJSONParser(c, w)
		p.shapes = [objectCount]*shapes{}
		_ = p.run() // what is wrong stands in the report
	case formatCSV:
		p := newCSVParser(c, w)
		err := p.header()
		for err == nil {
			err = p.one()
		}
		if errors.Is(err, io.EOF) {
			_ = p.last()
		} else if !errors.Is(err, errStop) {
			_ = p.stop(err)
		}
	}
	c.closeIDs()
	if err := f.drain(); err != nil {
		t.Fatal(err)
	}
	return c.report(f.read, f.sum())
}

// FuzzShapes: the short way of JSON records comes to the same report as the
// long one, whatever the records.
func FuzzShapes(f *testing.F) {
	sample := page(f, "page.json")
	cut := func(list string) string {
		rest := sample[strings.Index(sample, `"`+list+`": [`):]
		return rest[strings.Index(rest, "{") : strings.Index(rest, "\n    }")+6]
	}
	metric := cut("metrics")
	f.Add("metrics", metric, strings.Replace(metric, "m_abc123", "m_abc124", 1))
	f.Add("auditLogs", cut("auditLogs"), strings.Replace(cut("auditLogs"), "log_abc123", "", 1))
	for _, pair := range [][2]string{
		{`"value": 15000`, `"value": null`},
		{`"value": 15000`, `"value": -1.5e400`},
		{`"value": 15000`, `"value": 12345678901234567890.5`},
		{`"value": 15000`, `"value": 015`},
		{`"USD"`, `"U\u0053D\n"`},
		{`"USD"`, `"` + `sk_live_` + `4eC39HqLyjWDarjtT1zdp7dc"`},
		{`"USD"`, `"\u0073k_live_` + `4eC39HqLyjWDarjtT1zdp7dc"`},
		{`"m_abc123"`, `"` + `AKIA` + `IOSFODNN7EXAMPLE"`},
		{`"m_abc123"`, `"\u006d_abc123"`},
		{`"metricId": "stripe_mrr"`, `"metricId": ""`},
		{`"timestamp": 1678901234000`, `"timestamp": "2024-03-15T10:30:00Z"`},
		{`"timestamp": 1678901234000`, `"timestamp": "2024-13-15T10:30:00Z"`},
		{`"timestamp": 1678901234000`, `"timestamp": 1678901234000.5`},
		{`"timestamp": 1678901234000`, `"timestamp": 99999999999999999`},
		{`"metadata": {`, `"metadata": {"secret": "x", `},
		{`"metadata": {`, `"service": ["stripe", 5, {"a": [true, null]}], "metadata": {`},
		{`"metricName"`, `"accessToken": "abcdef123456", "metricName"`},
	} {
		f.Add("metrics", metric, strings.Replace(metric, pair[0], pair[1], 1))
		f.Add("metrics", strings.Replace(metric, pair[0], pair[1], 1), metric)
	}
	f.Fuzz(func(t *testing.T, list, a, b string) {
		one := func(r string, id string) string { return strings.Replace(r, "abc123", id, 1) }
		file := `{"` + list + `":[` + strings.Join([]string{a, one(a, "1"), one(b, "2"), b, one(a, "3"), one(b, "4"), a}, ",") + `]}`
		got, want := check(t, file, Expect{}), without(t, file)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\n got %+v %+v\nwant %+v %+v", file, got, got.Profile, want, want.Profile)
		}
	})
}

// FuzzRowShapes is FuzzShapes for CSV.
func FuzzRowShapes(f *testing.F) {
	const row = "Metric,m_abc123,Monthly Recurring Revenue,15000,USD,2024-03-15T10:30:00Z,stripe,,2024-03-15T10:30:00Z\n"
	f.Add(row, strings.Replace(row, "abc123", "abc124", 1))
	for _, pair := range [][2]string{
		{",15000,", ",,"},
		{",15000,", ",-0.5,"},
		{",15000,", ",+5,"},
		{",15000,", ",1e999,"},
		{",15000,", ",\"5\","},
		{",USD,", ",=USD,"},
		{",USD,", ",\"US\nD\","},
		{",USD,", ",U\xffD,"},
		{"Monthly", "\"Monthly, \"\"and\"\" more\""},
		{"Monthly Recurring Revenue", "Köln"},
		{"m_abc123", "=m_abc123"},
		{"m_abc123", ""},
		{"m_abc123", "AKIA" + "IOSFODNN7EXAMPLE"},
		{"2024-03-15T10:30:00Z", "1710498600000"},
		{"2024-03-15T10:30:00Z", ""},
		{"2024-03-15T10:30:00Z", "2024-03-15T10:30:60Z"},
		{"00Z\n", "00Z\r\n"},
		{"00Z\n", "01Z\n"},
		{"00Z\n", "00Z"},
		{"00Z\n", "00Z,\n"},
		{",stripe,,", ",stripe,\n"},
		{"Metric,", "Metrics,"},
	} {
		f.Add(row, strings.Replace(row, pair[0], pair[1], 1))
		f.Add(strings.Replace(row, pair[0], pair[1], 1), row)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		one := func(r string, id string) string { return strings.Replace(r, "abc123", id, 1) }
		file := csvHead + a + one(a, "1") + one(b, "2") + b + one(a, "3") + one(b, "4") + a
		got, want := check(t, file, Expect{}), without(t, file)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q:\n got %+v %+v\nwant %+v %+v", file, got, got.Profile, want, want.Profile)
		}
	})
}
