package archive

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var someTime = time.UnixMilli(1678901234000)

func TestExpect(t *testing.T) {
	t.Parallel()
	json, csv := page(t, "page.json"), page(t, "page.csv")
	audit := csv + "Audit Log,log_1,dashboard_created,,,2024-03-16T10:30:00Z,,,\n"
	other := csv + "Goal,g_1,Reach 20k,,,,,,\n"
	all := []string{"metrics", "connections", "dashboards", "audit_logs"}
	at := time.UnixMilli
	for _, tt := range []struct {
		name, file string
		e          Expect
		problems   string
		warnings   string
		message    string // part of the first finding's
		at         string
	}{
		{"count without widgets", json, Expect{Records: ptr(4)}, "", "", "", ""},
		{"count with widgets", json, Expect{Records: ptr(5)}, "", "", "", ""},
		{"count too high", json, Expect{Records: ptr(6)}, "", CountMismatch, "4 records and 1 widget, the server told 6", ""},
		{"count zero", json, Expect{Records: ptr(0)}, "", CountMismatch, "told 0", ""},
		{"count of a cut file", json[:900], Expect{Records: ptr(4)}, Truncated, "", "ends inside", "byte 900"},
		{"CSV count without widgets", csv, Expect{Records: ptr(3)}, "", "", "", ""},
		{"CSV count with widgets", csv, Expect{Records: ptr(8)}, "", "", "", ""},
		{"CSV cut between rows", csv[:strings.Index(csv, "\nDashboard,")+1], Expect{Records: ptr(3)}, Truncated, CountMismatch, "ends with a row", ""},
		{"CSV cut between rows, all types asked for", csv[:strings.Index(csv, "\nDashboard,")+1], Expect{Records: ptr(3), Include: all[:3]}, Truncated, MissingData + " " + CountMismatch, "ends with a row", ""},
		{"CSV that may leave out audit logs", csv, Expect{Records: ptr(9), Include: all}, "", CountMismatch, "3 records and 5 widgets, the server told 9", ""},
		{"CSV with rows that nobody told of", csv, Expect{Records: ptr(2)}, "", CountMismatch, "the server told 2", ""},
		{"CSV shorter than told", csv, Expect{Bytes: ptr(int64(len(csv) + 9))}, Truncated, SizeMismatch, "but 9 bytes too early", fmt.Sprintf("byte %d", len(csv))},
		{"CSV longer than told", csv, Expect{Bytes: ptr(int64(len(csv) - 9))}, "", SizeMismatch, "the server told", ""},
		{"CSV count with other rows", other, Expect{Records: ptr(4)}, "", "", "", ""},

		{"bytes", json, Expect{Bytes: ptr(int64(len(json) + 1))}, "", SizeMismatch, "2050 bytes, the server told 2051", ""},
		{"checksum", json, Expect{SHA256: strings.Repeat("0", 64)}, ChecksumMismatch, "", "should be " + strings.Repeat("0", 64), ""},
		{"checksum that is none", json, Expect{SHA256: strings.Repeat("x", 80)}, ChecksumMismatch, "", "xxx…", ""},
		{"format", json, Expect{Format: "csv"}, Schema, "", "is JSON, not CSV", "byte 0"},
		{"format of CSV", csv, Expect{Format: "json"}, Schema, "", "is CSV, not JSON", "byte 0"},
		{"format of nothing", "", Expect{Format: "csv"}, Truncated, "", "empty", "byte 0"},
		{"CSV by order", "no commas here\n", Expect{Format: "csv"}, Schema, "", "header", "line 1"},

		{"range, to the millisecond", json, Expect{From: at(1670000000000), To: at(1678901234000)}, "", "", "", ""},
		{"range begins later", json, Expect{From: at(1670000000001)}, "", OutOfRange, "1 record lies", "/auditLogs/0/createdAt"},
		{"range ends before", json, Expect{To: at(1678901233999)}, "", OutOfRange, "1 record lies", "/metrics/0/timestamp"},
		{"range elsewhere", json, Expect{From: at(5), To: at(9)}, "", OutOfRange, "2 records lie", "/metrics/0/timestamp"},
		{"outside of its own range", strings.Replace(json, `"timestamp": 1678901234000`, `"timestamp": 1676309233999`, 1), Expect{}, "", OutOfRange, "begins 2023-02-13T17:27:14Z, its metrics 2023-02-13T17:27:13.999Z", "/dateRange/startDate"},
		{"outside of its own range that stands behind", `{"metrics":[{"id":"m","metricId":"x","value":1,"timestamp":9}],"dateRange":{"startDate":"1970-01-01T00:00:00Z","endDate":8}}`, Expect{}, "", OutOfRange, "ends 1970-01-01T00:00:00.008Z, its metrics 1970-01-01T00:00:00.009Z", "/dateRange/endDate"},
		{"outside of its own range, inside of what was asked for", strings.Replace(json, `"endDate": 1678901234000`, `"endDate": 1676309234001`, 1), Expect{From: at(1670000000000), To: at(1678901234000)}, "", "", "", ""},
		{"own range with open ends", strings.NewReplacer("1676309234000", "null", `"endDate": 1678901234000`, `"x": 1`).Replace(json), Expect{}, "", "", "", ""},
		{"CSV range", audit, Expect{To: time.Date(2024, 3, 15, 23, 59, 59, 999e6, time.UTC)}, "", OutOfRange, "1 record lies", "line 5"},

		{"all types", json, Expect{Include: all}, "", "", "", ""},
		{"CSV without audit logs", csv, Expect{Include: all}, "", "", "", ""},
		{"empty list of what was asked", `{"metrics":[],"auditLogs":[]}`, Expect{Include: []string{"metrics", "audit_logs"}}, "", "", "", ""},
		{"no list of what was asked", `{"metrics":[]}`, Expect{Include: all}, "", MissingData + " " + MissingData + " " + MissingData, "connections were asked for", ""},
		{"null is no list", `{"metrics":[],"auditLogs":null}`, Expect{Include: []string{"audit_logs"}}, "", MissingData, "audit_logs were asked for", ""},
		{"one list too many", json, Expect{Include: []string{"metrics", "connections", "audit_logs"}}, "", UnrequestedData, "dashboards were not asked for, but the file has 1", ""},
		{"empty list that was not asked for", `{"metrics":[],"auditLogs":[]}`, Expect{Include: []string{"metrics"}}, "", "", "", ""},
		{"CSV without metrics", csv[:60] + csv[strings.Index(csv, "Connection,"):], Expect{Include: all}, "", MissingData, "metrics were asked for", ""},
		{"CSV with audit logs", audit, Expect{Include: all[:3]}, "", UnrequestedData, "audit_logs were not asked for, but the file has 1", ""},

		{"id twice", strings.Replace(json, `"connections": [`, `"connections": [{"id": "conn_abc123", "service": "x"},`, 1), Expect{}, "", DuplicateID, `the id "conn_abc123"`, "/connections/1/id"},
		{"id of another type", strings.Replace(json, `"id": "conn_abc123"`, `"id": "m_abc123"`, 1), Expect{}, "", "", "", ""},
		{"CSV id twice", csv + csv[60:], Expect{}, "", strings.Repeat(" "+DuplicateID, 3)[1:], `the id "m_abc123"`, "line 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := check(t, tt.file, tt.e)
			if codes(r.Problems) != tt.problems || codes(r.Warnings) != tt.warnings || r.OK != (tt.problems == "") {
				t.Fatalf("OK=%v, problems %v, warnings %v", r.OK, r.Problems, r.Warnings)
			}
			for _, f := range append(r.Problems, r.Warnings...)[:min(1, len(r.Problems)+len(r.Warnings))] {
				if !strings.Contains(f.Message, tt.message) || f.At != tt.at {
					t.Errorf("%+v, want %q at %q", f, tt.message, tt.at)
				}
			}
		})
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	const n = 5000
	for name, file := range map[string]string{
		"JSON": `{"metrics":[` + strings.Repeat(`{"id":"x","metricId":1,"value":1,"timestamp":1,"a":1,"a":2},`, n-1) + `{}]}`,
		"CSV":  strings.Join(csvHeader(), ",") + "\n" + strings.Repeat("Metric,x,=f,y,,2024-03-15T10:30:00Z,,\xff,\n", n),
	} {
		r := check(t, file, Expect{})
		seen := make(map[string]int)
		more := make(map[string]string)
		for _, f := range append(r.Problems, r.Warnings...) {
			seen[f.Code]++
			more[f.Code] = f.Message
		}
		for code, k := range seen {
			if code == FormulaCell {
				if k != 1 || !strings.HasPrefix(more[code], "5000 cells begin") {
					t.Errorf("%s, %s: %d findings, %q", name, code, k, more[code])
				}
				continue
			}
			if k != MaxFindings+1 || !strings.HasPrefix(more[code], "and 49") && !strings.HasPrefix(more[code], "and 500") {
				t.Errorf("%s, %s: %d findings, the last %q", name, code, k, more[code])
			}
		}
		if len(seen) < 3 {
			t.Errorf("%s: codes %v", name, seen)
		}
	}
}

// What a stranger wrote reaches the report only in a form that is safe to show.
func TestReportIsSafeToShow(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"\x1b]0;owned\a", "\u202eabc", "a\u0085b", "line\nfeed", strings.Repeat("ä", 5000)} {
		enc := strings.NewReplacer("\x1b", `\u001b`, "\a", `\u0007`, "\n", `\n`).Replace(evil)
		files := []string{
			patched(t, `"unit": "USD"`, `"`+enc+`": {"secret": "abc123def456"}, "`+enc+`": 1`),
			patched(t, `1678901234000,`, `"`+enc+`",`),
			strings.Replace(page(t, "page.csv"), "15000", `"`+evil+`"`, 1),
			strings.Replace(page(t, "page.csv"), "2024-03-15T10:30:00Z", `"`+evil+`"`, 1),
		}
		for _, file := range files {
			r := check(t, file, Expect{Format: evil})
			if r.OK {
				t.Errorf("%q in %.40q…: no problem", evil, file)
			}
			for _, f := range r.Problems {
				if s := f.Message + f.At; strings.Contains(s, evil) || strings.ContainsAny(s, "\x1b\a\n\u202e\u0085") || len(s) > 1000 {
					t.Errorf("%q in %.40q…: %q", evil, file, f)
				}
			}
		}
	}
}
