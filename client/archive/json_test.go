package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"
)

// patched is the page's sample with one text replaced.
func patched(t testing.TB, old, with string) string {
	t.Helper()
	file := page(t, "page.json")
	if strings.Count(file, old) == 0 {
		t.Fatalf("the page's sample has no %q", old)
	}
	return strings.Replace(file, old, with, 1)
}

func TestJSONStructure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, old, with string
		want            string // codes of problems
		at              string // of the first
	}{
		{"unknown members", `"unit": "USD",`, `"unit": 5, "extra": {"a": [1, null]},`, "", ""},
		{"optional absent", `"service": "stripe",
      "metadata"`, `"metadata"`, "", ""},
		{"value null", `"value": 15000`, `"value": null`, "", ""},
		{"value negative with exponent", `"value": 15000`, `"value": -1.5e-7`, "", ""},
		{"time as RFC 3339", `"timestamp": 1678901234000`, `"timestamp": "2023-03-15T17:27:14.000+00:00"`, "", ""},
		{"time with a fraction", `"timestamp": 1678901234000`, `"timestamp": 1678901234000.25`, "", ""},
		{"time with exponent", `"timestamp": 1678901234000`, `"timestamp": 1.678901234e12`, "", ""},
		{"time in small letters", `"timestamp": 1678901234000`, `"timestamp": "2023-03-15t17:27:14z"`, "", ""},
		{"no last sync", `"lastSyncedAt": 1678901234000`, `"lastSyncedAt": null`, "", ""},
		{"no widgets", `"widgets": [`, `"noWidgets": [`, "", ""},
		{"range null", `"dateRange": {`, `"dateRange": null, "x": {`, "", ""},
		{"escaped names", `"metrics": [`, `"\u006detrics": [`, "", ""},

		{"value string", `"value": 15000`, `"value": "15000"`, Schema, "/metrics/0/value"},
		{"value boolean", `"value": 15000`, `"value": true`, Schema, "/metrics/0/value"},
		{"value object", `"value": 15000`, `"value": {}`, Schema, "/metrics/0/value"},
		{"value beyond float64", `"value": 15000`, `"value": 1e999`, Schema, "/metrics/0/value"},
		{"value absent", `"value": 15000,`, ``, Schema, "/metrics/0"},
		{"id absent", `"id": "m_abc123",`, ``, Schema, "/metrics/0"},
		{"id empty", `"id": "m_abc123"`, `"id": ""`, Schema, "/metrics/0/id"},
		{"id number", `"id": "m_abc123"`, `"id": 7`, Schema, "/metrics/0/id"},
		{"id null", `"id": "m_abc123"`, `"id": null`, Schema, "/metrics/0/id"},
		{"metricId absent", `"metricId": "stripe_mrr",
      "metricName"`, `"metricName"`, Schema, "/metrics/0"},
		{"two absent", `"id": "log_abc123",
      "userId": "user_123",
      "action": "dashboard_created",`, ``, Schema + " " + Schema, "/auditLogs/0"},
		{"time a word", `"timestamp": 1678901234000`, `"timestamp": "yesterday"`, Schema, "/metrics/0/timestamp"},
		{"time without zone", `"timestamp": 1678901234000`, `"timestamp": "2023-03-15T17:27:14"`, Schema, "/metrics/0/timestamp"},
		{"time of no calendar", `"timestamp": 1678901234000`, `"timestamp": "2023-02-30T17:27:14Z"`, Schema, "/metrics/0/timestamp"},
		{"time negative", `"timestamp": 1678901234000`, `"timestamp": -5`, Schema, "/metrics/0/timestamp"},
		{"time beyond the year 9999", `"timestamp": 1678901234000`, `"timestamp": 253402300800000`, Schema, "/metrics/0/timestamp"},
		{"time beyond the year 9999 with exponent", `"timestamp": 1678901234000`, `"timestamp": 1e15`, Schema, "/metrics/0/timestamp"},
		{"time negative with exponent", `"timestamp": 1678901234000`, `"timestamp": -1.6e12`, Schema, "/metrics/0/timestamp"},
		{"time null where required", `"timestamp": 1678901234000`, `"timestamp": null`, Schema, "/metrics/0/timestamp"},
		{"optional time a boolean", `"lastSyncedAt": 1678901234000`, `"lastSyncedAt": false`, Schema, "/connections/0/lastSyncedAt"},
		{"exportedAt a list", `"exportedAt": 1678901234000`, `"exportedAt": [1]`, Schema, "/exportedAt"},
		{"range a word", `"startDate": 1676309234000`, `"startDate": "x"`, Schema, "/dateRange/startDate"},
		{"project a string", `"project": {`, `"project": "p", "x": {`, Schema, "/project"},
		{"metrics an object", `"metrics": [`, `"metrics": {}, "x": [`, Schema, "/metrics"},
		{"record a number", `"connections": [`, `"connections": [1,`, Schema, "/connections/0"},
		{"record null", `"connections": [`, `"connections": [null,`, Schema, "/connections/0"},
		{"record a list", `"connections": [`, `"connections": [[{}],`, Schema, "/connections/0"},
		{"widget without id", `"id": "widget_abc123",`, ``, Schema, "/dashboards/0/widgets/0"},
		{"widgets a number", `"widgets": [`, `"widgets": 5, "x": [`, Schema, "/dashboards/0/widgets"},
		{"name twice", `"unit": "USD"`, `"unit": "USD", "unit": "EUR"`, Syntax, "/metrics/0"},
		{"name twice, once escaped", `"unit": "USD"`, `"unit": "USD", "\u0075nit": "EUR"`, Syntax, "/metrics/0"},
		{"name twice, deep", `"interval": "month"`, `"a": {"b": 1, "c": 2, "b": 1}`, Syntax, "/metrics/0/metadata/a"},

		{"NaN", `15000`, `NaN`, Syntax, "byte 385"},
		{"leading zero", `15000`, `015000`, Syntax, "byte 386"},
		{"trailing comma", `"slug": "my-saas-app",
    "createdAt": 1670000000000`, `"slug": "my-saas-app",`, Syntax, "byte 210"},
		{"invalid UTF-8", `USD`, "US\xff", Syntax, "byte 409"},
		{"half a surrogate pair, as JavaScript writes one", `USD`, `\ud800`, "", ""},
		{"an escape that is none", `USD`, `\x`, Syntax, "byte 408"},
		{"an escape cut short", `USD`, `\u12"`, Syntax, "byte 411"},
		{"control in a string", `USD`, "U\x00D", Syntax, "byte 408"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := check(t, patched(t, tt.old, tt.with), Expect{})
			if got := codes(r.Problems); got != tt.want || r.OK != (tt.want == "") || r.Format != "json" {
				t.Fatalf("OK=%v, problems %v, want %q", r.OK, r.Problems, tt.want)
			}
			if tt.want != "" && r.Problems[0].At != tt.at {
				t.Errorf("At is %q, want %q", r.Problems[0].At, tt.at)
			}
			if len(r.Warnings) > 0 {
				t.Errorf("warnings %v", r.Warnings)
			}
		})
	}
}

func TestWholeFiles(t *testing.T) {
	t.Parallel()
	const header = "Type,ID,Name,Value,Unit,Timestamp,Service,Status,Created At\n"
	for _, tt := range []struct {
		name, file, format, want string
	}{
		{"empty", "", "", Truncated},
		{"white space", " \r\n\t", "", Truncated},
		{"much white space", strings.Repeat(" ", sniff+1), "json", Truncated},
		{"HTML", "\n<!DOCTYPE html><html>", "", Syntax},
		{"a word", "Not Found", "", Syntax},
		{"a JSON string", `"hello, world"`, "csv", Schema},
		{"null", "null", "", Syntax},
		{"random bytes", "\x1f\x8b\x08\x00\x00,\x00\n", "", Syntax},
		{"JSON with BOM", bom + `{"metrics":[]}`, "json", Syntax},
		{"JSON with BOM, and more wrong", bom + `{"metrics":[5]}`, "json", Syntax + " " + Schema},
		{"JSON with BOM, cut", bom + `{"metrics":[`, "json", Syntax + " " + Truncated},
		{"JSON in UTF-16", "{\x00}\x00", "json", Syntax},
		{"JSON in UTF-16 with BOM", "\xff\xfe{\x00}\x00", "", Syntax},
		{"a BOM alone", bom, "", Truncated},
		{"a list", `[{"id":"m_1"}]`, "json", Schema},
		{"an error of the API", `{"error":"not_found","message":"no such export"}`, "json", Schema},
		{"two documents", `{"metrics":[]} {"metrics":[]}`, "json", Syntax},
		{"bytes at the end", `{"metrics":[]} x`, "json", Syntax},
		{"a NUL at the end", `{"metrics":[]}` + "\x00", "json", Syntax},
		{"half a word at the end", `{"metrics":[]} tru`, "json", Syntax},
		{"smallest", `{"metrics":[]}`, "json", ""},
		{"brackets do not match", `{"metrics":[}`, "json", Syntax},
		{"no colon", `{"metrics"[]}`, "json", Syntax},
		{"name a number", `{1:[]}`, "json", Syntax},
		{"name a list", `{[]:1}`, "json", Syntax},
		{"CSV with BOM", bom + header, "csv", ""},
		{"CSV with quoted header", bom + strings.ReplaceAll(`"`+strings.TrimSpace(header)+`"`, ",", `","`) + "\r\n", "csv", ""},
		{"CSV of others", "id,name\n1,x\n", "csv", Schema},
		{"CSV with a column more", strings.TrimSpace(header) + ",Extra\n", "csv", Schema},
		{"CSV with other case", strings.ToLower(header), "csv", Schema},
		{"CSV with spaces", strings.ReplaceAll(header, ",", ", "), "csv", Schema},
	} {
		r := check(t, tt.file, Expect{})
		if codes(r.Problems) != tt.want || r.Format != tt.format || r.OK != (tt.want == "") {
			t.Errorf("%s: format %q, problems %v; want %q, %q", tt.name, r.Format, r.Problems, tt.format, tt.want)
		}
	}
}

// validJSON is the verdict of others: the standard library's on syntax and
// UTF-8, and no name twice in an object.
func validJSON(t testing.TB, file string) bool {
	t.Helper()
	if !json.Valid([]byte(file)) || !utf8.ValidString(file) {
		return false
	}
	dec := json.NewDecoder(strings.NewReader(file))
	dec.UseNumber() // a number beyond float64 is JSON too
	return uniqueNames(t, dec)
}

// uniqueNames reads one value of a valid document.
func uniqueNames(t testing.TB, dec *json.Decoder) bool {
	t.Helper()
	next := func() json.Token {
		tok, err := dec.Token()
		if err != nil {
			t.Fatalf("a valid document: %v", err)
		}
		return tok
	}
	unique := true
	switch next() {
	case json.Delim('{'):
		seen := make(map[string]bool)
		for dec.More() {
			name, _ := next().(string)
			unique = unique && !seen[name]
			seen[name] = true
			unique = uniqueNames(t, dec) && unique
		}
		next()
	case json.Delim('['):
		for dec.More() {
			unique = uniqueNames(t, dec) && unique
		}
		next()
	}
	return unique
}

// The verdict on syntax is that of others, for every byte in every place.
func TestEverySingleByteChange(t *testing.T) {
	t.Parallel()
	const file = `{"metrics":[{"id":"ä\n\ud83d\ude00","metricId":"b","value":-1.5e3,"timestamp":1}],"x":[true,null,{"y":{}, "z":0}]}` + "\n"
	for i := range len(file) {
		for c := range 256 {
			sameVerdict(t, file[:i]+string([]byte{byte(c)})+file[i+1:])
		}
	}
}

// The same where the records go by the shape of the first.
func TestEverySingleByteChangeOfShapedRecords(t *testing.T) {
	t.Parallel()
	const metric = `{"id":"ä%d","metricId":"b\n","value":-1.5,"timestamp":1%d,"m":{"n":1.5,"o":["p",{}]}}`
	file := `{"metrics":[` + fmt.Sprintf(metric, 1, 1) + "," + fmt.Sprintf(metric, 2, 2) + "," + fmt.Sprintf(metric, 3, 3) + `]}`
	if n := readInFull(t, file); n != 1 {
		t.Fatalf("%d records have no shape, want the first alone", n)
	}
	for i := strings.Index(file, "},{"); i < len(file); i++ {
		for _, c := range []byte("\x00\t\n !\"#+,-./019:AENZ[\\]_abefnrtux{|}~\x7f\x80\xbf\xc3\xff") {
			sameVerdict(t, file[:i]+string([]byte{c})+file[i+1:])
		}
	}
}

// readInFull is how many metrics of a document do not go by a shape.
func readInFull(t *testing.T, file string) int {
	t.Helper()
	f := newFeed(t.Context(), strings.NewReader(file), false, nil)
	c := newChecker(Expect{})
	w := window{feed: f}
	if _, err := w.head(sniff); err != nil {
		t.Fatal(err)
	}
	p := newJSONParser(c, w)
	if err := errors.Join(p.run(), f.drain()); err != nil {
		t.Fatal(err)
	}
	c.closeIDs()
	return p.shapes[metricObject].tries
}

func sameVerdict(t *testing.T, file string) {
	t.Helper()
	r := check(t, file, Expect{Format: "json"})
	all := codes(r.Problems)
	bad := strings.Contains(all, Syntax) || strings.Contains(all, Truncated)
	if valid := validJSON(t, file); bad == valid {
		t.Fatalf("%q: valid is %v, problems %v", file, valid, r.Problems)
	}
}

func TestDeepNesting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		depth int
		unit  string
		want  string
	}{
		{MaxDepth - 1, "[", ""},
		{MaxDepth, "[", Schema},
		{1_000_000, "[", Schema},
		{1_000_000, `{"a":`, Schema},
	} {
		file := `{"metrics":[],"x":` + strings.Repeat(tt.unit, tt.depth)
		if tt.want == "" {
			file += strings.Repeat("]", tt.depth) + "}"
		}
		if r := check(t, file, Expect{}); codes(r.Problems) != tt.want {
			t.Errorf("%d × %s: %v", tt.depth, tt.unit, r.Problems)
		}
	}
}

func TestTokenLength(t *testing.T) {
	t.Parallel()
	const file = `{"metrics":[],"x":@}`
	for _, tt := range []struct {
		name, token string
		want        string
	}{
		{"string at the bound", `"` + strings.Repeat("x", MaxToken-2) + `"`, ""},
		{"string over the bound", `"` + strings.Repeat("x", MaxToken-1) + `"`, Schema},
		{"long string", `"` + strings.Repeat("x", 2*MaxToken), Schema},
		{"long number", strings.Repeat("1", 2*MaxToken), Schema},
		{"much white space", strings.Repeat(" ", 2*MaxToken), Schema},
		{"a list longer than that", "[" + strings.Repeat("1,", MaxToken) + "1]", ""},
		{"long name", `{"` + strings.Repeat("x", maxNameLen) + `":1}`, Schema},
	} {
		r := check(t, strings.Replace(file, "@", tt.token, 1), Expect{})
		if codes(r.Problems) != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, r.Problems, tt.want)
		}
	}
}

// endless repeats unit between a head and a tail, n bytes of it.
func endless(head, unit string, n int64, tail string) io.Reader {
	n -= n % int64(len(unit))
	body := &repeat{unit: bytes.Repeat([]byte(unit), 1+4096/len(unit))}
	return io.MultiReader(strings.NewReader(head), io.LimitReader(body, n), strings.NewReader(tail))
}

// The heap, garbage included, stays under 48 MiB, however long the file and
// whatever it holds. Not parallel: it measures the process.
func TestMemoryIsFlat(t *testing.T) {
	const size = 18 << 20
	row := "Metric,m,name,1,USD,2024-03-15T10:30:00Z,s,,\n"
	header := strings.Join(csvHeader(), ",") + "\n"
	for _, tt := range []struct {
		name string
		file io.Reader
	}{
		{"records", endless(`{"metrics":[{}`, `,{"id":"m","metricId":"x","value":1,"timestamp":5}`, size, "]}")},
		{"wrong records", endless(`{"metrics":[{}`, `,{"id":5,"value":"x","timestamp":"y","a":1,"a":2}`, size, "]}")},
		{"one name a million times", endless(`{"x":{"a":1`, `,"a":1`, size, "}}")},
		{"one field a million times", endless(`{"metrics":[{"id":"m"`, `,"service":"stripe"`, size, "}]}")},
		{"long string", endless(`{"x":"`, "x", 100<<20, `"}`)},
		{"long string of escapes", endless(`{"x":"`, `\u0041`, size, `"}`)},
		{"names in names", endless(`{"x":`, `{"`+strings.Repeat("n", 60<<10)+`":`, size, "")},
		{"rows", endless(header, row, size, "")},
		{"wrong rows", endless(header, "Metric,,x,y,,z,,,w\nsk_live_4eC39HqLyjWDarjtT1zdp7dc\n", size, "")},
		{"commas", endless(header, ",", size, "")},
		{"open quote", endless(header+`"`, "x\n", size, "")},
		{"doubled quotes", endless(header+`"`, `""`, size, "")},
	} {
		runtime.GC()
		file := &heapWatch{r: tt.file}
		file.start = file.heap()
		r, err := Check(t.Context(), file, Expect{}, nil)
		if err != nil || r.Bytes < size/2 {
			t.Errorf("%s: %+v, %v", tt.name, r, err)
		}
		if used := file.peak - file.start; used > 48<<20 {
			t.Errorf("%s: a heap of %d MiB for a file of %d MiB", tt.name, used>>20, size>>20)
		}
	}
}

// heapWatch looks at the heap whenever the file is read.
type heapWatch struct {
	r           io.Reader
	start, peak int64
}

func (h *heapWatch) heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (h *heapWatch) Read(p []byte) (int, error) {
	h.peak = max(h.peak, h.heap())
	return h.r.Read(p)
}

// Names beyond what is compared cost nothing and are no fault.
func TestManyNames(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"metrics":[],"x":{"first":1`)
	for i := range 2 * maxNames {
		b.WriteString(`,"n` + strings.Repeat("i", i%7) + string(rune('a'+i%26)))
		b.WriteString(string(rune(0x4e00 + i%20000)))
		b.WriteString(string(rune(0x4e00 + i/20000)))
		b.WriteString(`":1`)
	}
	if r := check(t, b.String()+`}}`, Expect{}); !r.OK {
		t.Errorf("different names: %v", r.Problems)
	}
	if r := check(t, b.String()+`,"first":2},"metrics":[]}`, Expect{}); codes(r.Problems) != Syntax {
		t.Errorf("a name twice at the top, after many: %v", r.Problems)
	}
}
