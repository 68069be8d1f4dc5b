package archive

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dashtray/dashtray-tui/client/text"
)

// sane holds for every report, whatever the file.
func sane(t *testing.T, file string, r Report) {
	t.Helper()
	if r.OK != (len(r.Problems) == 0) || r.Bytes != int64(len(file)) || r.From.After(r.To) {
		t.Fatalf("%q: %+v", file, r)
	}
	seen := make(map[string]int)
	for _, f := range append(r.Problems, r.Warnings...) {
		if seen[f.Code]++; seen[f.Code] > MaxFindings+1 || f.Message == "" {
			t.Fatalf("%q: %+v", file, r)
		}
		for _, s := range []string{f.Message, f.At} {
			if len(s) > 4096 || s != text.Untrusted(s).SafeN(len(s)) {
				t.Fatalf("%q: %q is not safe to show", file, s)
			}
		}
	}
	slow, err := Check(t.Context(), iotest.HalfReader(strings.NewReader(file)), Expect{}, nil)
	if err != nil || slow.OK != r.OK || codes(slow.Problems) != codes(r.Problems) || slow.Records != r.Records {
		t.Fatalf("%q: in pieces %+v, %v; at once %+v", file, slow, err, r)
	}
}

func FuzzCheckJSON(f *testing.F) {
	sample := page(f, "page.json")
	f.Add(sample)
	f.Add(sample[:700])
	for _, s := range []string{
		"", "{}", `{"metrics":[{"id":"a","metricId":"b","value":1,"timestamp":1}]}`, `{"metrics":[{"id":"a","id":"b"}]}`, `[[[[`, `{"a":"\ud800"}`, `{"\ud800":1,"\udfff":2}`, `{"a":"\ud83d\ude00\u"}`, `{"a":1e999,"b":-0.0e-0}`,
		`{"metrics":[],"a":{"token":"abc123def456"}}`, `{"metrics":[1e999]} {}`, `{"auditLogs":[{"createdAt":"2024-01-01T00:00:00Z"},null,[],"x"]}`, bom + "{}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		r := check(t, file, Expect{})
		sane(t, file, r)
		// Where the checker has nothing to say on syntax, others have not, and
		// the other way round.
		if r.Format != formatJSON {
			return
		}
		bad := strings.Contains(codes(r.Problems), Syntax) || strings.Contains(codes(r.Problems), Truncated)
		valid := validJSON(t, file)
		deep := strings.Count(file, "[")+strings.Count(file, "{") > MaxDepth
		if !deep && bad == valid {
			t.Fatalf("%q: valid is %v, problems %v", file, valid, r.Problems)
		}
		// jsontext is stricter on one point: half a surrogate pair.
		if !deep && !bad && !jsontext.Value(file).IsValid(jsontext.AllowInvalidUTF8(true)) {
			t.Fatalf("%q: jsontext does not take it", file)
		}
	})
}

func FuzzCheckCSV(f *testing.F) {
	sample := page(f, "page.csv")
	f.Add(sample)
	f.Add(sample[:200])
	f.Add(strings.ReplaceAll(sample, "\n", "\r\n"))
	for _, s := range []string{
		"Goal,,\"a\nb\",,,,,,\n", "Metric,a,=b,-1,,2024-03-15T10:30:00Z,,,\n", "Dashboard,d,,99999999999999999999,,,,,\n", ",,,,,,,,", "\"", "a,b\n\n", "AUDIT-LOG,a,,,,1,,,\xff\n",
	} {
		f.Add(csvHead + s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		r := check(t, file, Expect{})
		sane(t, file, r)
		if !r.OK || r.Format != formatCSV {
			return
		}
		theirs := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, bom)))
		theirs.FieldsPerRecord = colCount
		rows := int64(-1) // the header
		for {
			_, err := theirs.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q: OK, but encoding/csv says %v", file, err)
			}
			rows++
		}
		c := r.Records
		if n := c.Metrics + c.Connections + c.Dashboards + c.AuditLogs + r.OtherRecords; n != rows {
			t.Fatalf("%q: %d records, encoding/csv has %d", file, n, rows)
		}
	})
}
