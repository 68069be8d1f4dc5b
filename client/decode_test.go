package client

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

func mustBase(t testing.TB) Base {
	t.Helper()
	b, err := ParseBase(testBase)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decoded(t *testing.T, body string) Export {
	t.Helper()
	exp, err := decodeExport([]byte(body), mustBase(t))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return exp
}

func TestDecodeFullExport(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0aF", 21) + "b"
	full := `{"exportJobId":"e1","status":"completed","format":"csv","dateRange":{"startDate":1676309234000,"endDate":"2023-03-15T10:47:14+02:00"},
		"includeMetrics":true,"includeConnections":false,"includeDashboards":true,"includeAuditLogs":false,
		"progress":{"processed":50,"total":200},"recordCount":48213,"fileSize":"10485760","createdAt":1678901234000,"startedAt":"1678901235000",
		"completedAt":"2023-03-15T17:27:16.5Z","expiresAt":1678987634000.0,"checksum":"SHA256:` + sum + `","downloadUrl":"/files/e1?sig=x","error":{"code":"c"}}`
	want := Export{
		ID: "e1", Status: "completed", Stage: StageCompleted, Format: CSV,
		Range:    WireRange{From: time.UnixMilli(1676309234000).UTC(), To: time.Date(2023, 3, 15, 8, 47, 14, 0, time.UTC)},
		Include:  &Include{Metrics: true, Dashboards: true},
		Progress: &Progress{Fraction: 0.25, Processed: 50, Total: 200},
		Records:  new(int64(48213)), Bytes: new(int64(10485760)),
		CreatedAt: time.UnixMilli(1678901234000).UTC(), StartedAt: time.UnixMilli(1678901235000).UTC(),
		CompletedAt: time.Date(2023, 3, 15, 17, 27, 16, 5e8, time.UTC), ExpiresAt: time.UnixMilli(1678987634000).UTC(),
		Link: NewLink(testBase + "/files/e1?sig=x"), SHA256: strings.ToLower(sum), Error: "c",
	}
	for _, body := range []string{full, `{"data":` + full + `}`, `{"export":` + full + `}`, `{"data":{"export":` + full + `}}`, "\ufeff " + full} {
		if got := decoded(t, body); !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
}

// TestWrongTypesFailNothing puts every kind of JSON value into every field:
// the status must come through, and the field be absent or sound.
func TestWrongTypesFailNothing(t *testing.T) {
	t.Parallel()
	fields := []string{
		"id", "exportJobId", "format", "dateRange", "includeAll", "includeMetrics", "includeConnections", "includeDashboards", "includeAuditLogs",
		"progress", "recordCount", "fileSize", "createdAt", "startedAt", "completedAt", "expiresAt", "checksum", "downloadUrl", "error",
	}
	values := []string{
		`null`, `true`, `false`, `""`, `"x"`, `"-1"`, `-1`, `0`, `1.5`, `1e300`, `1e999`, `9007199254740993`, `[]`, `[1]`, `{}`, `{"a":{"b":[]}}`,
		`{"processed":-1,"total":"x"}`, `{"startDate":[],"endDate":{}}`, `{"message":{}}`, `"2026-02-30T00:00:00Z"`, `"\ud800\u0000"`, `"NaN"`, `"+Inf"`, `"0x10"`,
	}
	for _, field := range fields {
		for _, value := range values {
			body := fmt.Sprintf(`{"status":"processing",%q:%s}`, field, value)
			exp := decoded(t, body)
			if exp.Stage != StageProcessing {
				t.Errorf("%s: stage %v", body, exp.Stage)
			}
			checkExport(t, exp)
		}
	}
	if exp := decoded(t, `{"id":"e1","status":17}`); exp.Stage != StageUnknown || exp.Status != "" {
		t.Errorf("a numeric status is %v %q", exp.Stage, exp.Status)
	}
}

// checkExport says what must hold of an export whatever was decoded.
func checkExport(t *testing.T, e Export) {
	t.Helper()
	if p := e.Progress; p != nil && (math.IsNaN(p.Fraction) || p.Fraction < 0 || p.Fraction > 1 || p.Processed < 0 || p.Total < 0) {
		t.Errorf("progress %+v", *p)
	}
	for _, n := range []*int64{e.Records, e.Bytes} {
		if n != nil && *n < 0 {
			t.Errorf("count %d", *n)
		}
	}
	for _, at := range []time.Time{e.CreatedAt, e.StartedAt, e.CompletedAt, e.ExpiresAt, e.Range.From, e.Range.To} {
		if !at.IsZero() && (at.Year() < 1970 || at.Year() > 9999 || at.Location() != time.UTC) {
			t.Errorf("time %s", at)
		}
	}
	if e.Format != "" && e.Format != JSON && e.Format != CSV {
		t.Errorf("format %q", e.Format)
	}
	if e.SHA256 != "" && (len(e.SHA256) != 64 || strings.Trim(e.SHA256, "0123456789abcdef") != "") {
		t.Errorf("digest %q", e.SHA256)
	}
	if len(e.ID) > maxID {
		t.Errorf("id of %d bytes", len(e.ID))
	}
	if u := e.Link.URL(); u != "" && !strings.HasPrefix(strings.ToLower(u), "http") {
		t.Errorf("link %q", u)
	}
}

func TestStages(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]Stage{
		"queued": StageQueued, "Pending": StageQueued, "processing": StageProcessing, "in-progress": StageProcessing, "IN_PROGRESS": StageProcessing,
		"collecting": StageCollecting, "generating": StageGenerating, "completed": StageCompleted, " complete ": StageCompleted, "done": StageCompleted,
		"failed": StageFailed, "cancelled": StageFailed, "expired": StageExpired,
		"": StageUnknown, "compressing": StageUnknown, "completed!": StageUnknown, "\x1b[2J": StageUnknown,
	} {
		body, err := json.Marshal(map[string]string{"id": "e", "status": word})
		if err != nil {
			t.Fatal(err)
		}
		if got := decoded(t, string(body)); got.Stage != want || got.Status.Raw() != word {
			t.Errorf("%q is %v %q, want %v and the word itself", word, got.Stage, got.Status.Raw(), want)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]*Progress{
		`0`: {}, `0.5`: {Fraction: 0.5}, `1.0`: {Fraction: 1}, `1`: {Fraction: 0.01}, `50`: {Fraction: 0.5}, `"62.5"`: {Fraction: 0.625},
		`100`: {Fraction: 1}, `250`: {Fraction: 1}, `-5`: nil, `"half"`: nil, `null`: nil, `[]`: nil, `{}`: nil,
		`{"processed":1,"total":4}`:   {Fraction: 0.25, Processed: 1, Total: 4},
		`{"processed":9,"total":4}`:   {Fraction: 1, Processed: 9, Total: 4},
		`{"processed":9,"total":0}`:   {Processed: 9},
		`{"processed":9}`:             {Processed: 9},
		`{"processed":"9","total":9}`: {Fraction: 1, Processed: 9, Total: 9},
		`{"total":9}`:                 nil,
	} {
		if got := decoded(t, `{"status":"x","progress":`+value+`}`).Progress; !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %+v, want %+v", value, got, want)
		}
	}
}

func TestSmallFields(t *testing.T) {
	t.Parallel()
	all := IncludeAll()
	sum := strings.Repeat("a", 64)
	cases := []struct {
		fields string
		want   Export
	}{
		{`"id":42`, Export{ID: "42"}},
		{`"id":12345678901234567890`, Export{ID: "12345678901234567890"}},
		{`"id":"\u202e1"`, Export{ID: "\u202e1"}},
		{`"id":"b","exportJobId":"a"`, Export{ID: "a"}},
		{`"includeAll":true,"includeMetrics":false`, Export{Include: &all}},
		{`"includeAll":false`, Export{}},
		{`"includeMetrics":true`, Export{}},
		{`"dateRange":"last_7_days"`, Export{Range: WireRange{Name: "last_7_days"}}},
		{`"dateRange":{"preset":"all_time"}`, Export{Range: WireRange{Name: "all_time"}}},
		{`"createdAt":0`, Export{}},
		{`"createdAt":1678901234`, Export{CreatedAt: time.UnixMilli(1678901234).UTC()}}, // never seconds
		{`"checksum":"` + sum + `"`, Export{SHA256: sum}},
		{`"checksum":"sha1:` + sum + `"`, Export{}},
		{`"checksum":"sha256:abc"`, Export{}},
		{`"error":"disk"`, Export{Error: "disk"}},
		{`"error":{"code":"c","message":"m"}`, Export{Error: "m"}},
		{`"format":"JSON"`, Export{Format: JSON}},
		{`"format":"xml"`, Export{}},
		{`"downloadUrl":"https://s3.test/f?X-Amz-Signature=a%2Fb"`, Export{Link: NewLink("https://s3.test/f?X-Amz-Signature=a%2Fb")}},
		{`"downloadUrl":"javascript:alert(1)"`, Export{}},
	}
	for _, c := range cases {
		got := decoded(t, `{"status":"zz",`+c.fields+`}`)
		if got.Link.URL() != c.want.Link.URL() {
			t.Errorf("%s: another link", c.fields)
		}
		c.want.Status, c.want.Link = "zz", got.Link
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.fields, got, c.want)
		}
	}
}

func FuzzExport(f *testing.F) {
	f.Add([]byte(`{"data":{"exportJobId":1,"status":"completed","downloadUrl":"//x","progress":{"processed":1,"total":3}}}`))
	f.Add([]byte(`{"status":"x","createdAt":"2026-01-01T00:00:00Z","expiresAt":1e15,"dateRange":{"startDate":"1","endDate":null},"checksum":"sha256:"}`))
	f.Add([]byte("\ufeff{\"status\":\"\\ud800\"}"))
	base := mustBase(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		exp, err := decodeExport(body, base)
		if err != nil {
			if len(err.Error()) > 100 {
				t.Errorf("the error repeats the body: %s", err)
			}
			return
		}
		checkExport(t, exp)
		if _, err := decodeProject(body); err != nil && len(err.Error()) > 100 {
			t.Errorf("the error repeats the body: %s", err)
		}
		if id, err := decodeCreated(body); err == nil && (id == "" || len(id) > maxID) {
			t.Errorf("created %q", id.Raw())
		}
	})
}

func FuzzErrorBody(f *testing.F) {
	f.Add([]byte(`{"error":"rate_limited","message":"slow","retryAfter":60}`), "120", 429)
	f.Add([]byte(`{"error":{"code":"busy","message":"Another export is in progress","id":1}}`), "", 409)
	f.Add([]byte(`<html>`), "Fri, 31 Dec 1999 23:59:59 GMT", 503)
	f.Add([]byte(`{"message":"/f?`+testKey+`","retryAfter":-1e308}`), "NaN", 403)
	f.Fuzz(func(t *testing.T, body []byte, after string, status int) {
		c := play(t).client()
		rep := reply{status: status, body: body, header: map[string][]string{"Retry-After": {after}}}
		out := c.judge(call{step: "read export"}, rep)
		if out.err == nil {
			if status < 200 || status > 299 {
				t.Errorf("status %d is fine", status)
			}
			return
		}
		e := details(t, out.err)
		if e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour || len(e.Running) > maxID {
			t.Errorf("%+v", e)
		}
		line := e.Error()
		if n := len([]rune(line)); n > 300 || text.Untrusted(line).Safe() != line || strings.Contains(line, testKey) {
			t.Errorf("%d runes: %+q", n, line)
		}
	})
}

func FuzzList(f *testing.F) {
	f.Add([]byte(rows(0, 3)))
	f.Add([]byte(`{"data":{"exports":[{"id":1},2,null]}}`))
	f.Add([]byte(`{"exports":null}`))
	base := mustBase(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		list, n, err := decodeList(body, base)
		if len(list) > n || n > len(body) || err != nil && len(list) > 0 {
			t.Errorf("%d exports of %d rows, %v", len(list), n, err)
		}
		for _, exp := range list {
			checkExport(t, exp)
			if exp.ID == "" {
				t.Error("an export without an id")
			}
		}
	})
}
