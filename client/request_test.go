package client

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// request is one that any server should take.
func request() ExportRequest {
	return ExportRequest{
		Format: JSON, Include: IncludeAll(),
		Range: Range{Name: "2026-01", From: time.UnixMilli(1767225600000).UTC(), To: time.UnixMilli(1769903999999).UTC()},
	}
}

func TestPostBody(t *testing.T) {
	t.Parallel()
	all, dates := IncludeAll(), request().Range
	cases := []struct {
		req  ExportRequest
		want string
	}{
		{ExportRequest{JSON, Range{Name: "all_time"}, all}, `{"format":"json","dateRange":"all_time","includeAll":true}`},
		{ExportRequest{CSV, Range{Name: "last_7_days", From: dates.From, To: dates.To}, all}, `{"format":"csv","dateRange":"last_7_days","includeAll":true}`},
		{ExportRequest{JSON, Range{Name: "last_30_days", From: dates.From, To: dates.To}, all}, `{"format":"json","dateRange":{"startDate":1767225600000,"endDate":1769903999999},"includeAll":true}`},
		{
			ExportRequest{CSV, dates, Include{Metrics: true, AuditLogs: true}},
			`{"format":"csv","dateRange":{"startDate":1767225600000,"endDate":1769903999999},"includeMetrics":true,"includeConnections":false,"includeDashboards":false,"includeAuditLogs":true}`,
		},
	}
	for _, c := range cases {
		s := play(t, says(201, `{"exportJobId":"e1"}`))
		if _, err := s.client().Create(t.Context(), c.req); err != nil {
			t.Error(err)
		}
		if got := s.asked[0]; got.Body != c.want || got.Method != "POST" || got.URL != testBase+"/api/v1/exports" {
			t.Errorf("%s %s\n got %s\nwant %s", got.Method, got.URL, got.Body, c.want)
		}
	}
}

func TestRequestsThatAreNotSent(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ExportRequest){
		"no format":      func(r *ExportRequest) { r.Format = "" },
		"unknown format": func(r *ExportRequest) { r.Format = "xml" },
		"no data type":   func(r *ExportRequest) { r.Include = Include{} },
		"no range":       func(r *ExportRequest) { r.Range = Range{} },
		"no end":         func(r *ExportRequest) { r.Range.To = time.Time{} },
		"backwards":      func(r *ExportRequest) { r.Range.From, r.Range.To = r.Range.To, r.Range.From },
	} {
		r := request()
		change(&r)
		_, err := play(t).client().Create(t.Context(), r)
		onlyKind(t, err, ErrBadRequest)
		if !strings.HasPrefix(err.Error(), "create export: request refused: no ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseInclude(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"all": "metrics,connections,dashboards,audit_logs", "metrics": "metrics", "audit_logs, Metrics": "metrics,audit_logs",
		"dashboards,connections,dashboards": "connections,dashboards", "metrics,all": "metrics,connections,dashboards,audit_logs",
		"metrics,connections,dashboards,audit_logs": "metrics,connections,dashboards,audit_logs",
	} {
		in2, err := ParseInclude(in)
		if got := strings.Join(in2.Names(), ","); err != nil || got != want {
			t.Errorf("ParseInclude(%q) = %s, %v; want %s", in, got, err, want)
		}
		if in2.All() != (len(in2.Names()) == 4) {
			t.Errorf("ParseInclude(%q).All() = %v", in, in2.All())
		}
	}
	for _, in := range []string{"", " ", ",", "metrics,", "metric", "auditlogs", "metrics connections"} {
		got, err := ParseInclude(in)
		if err == nil || !strings.Contains(err.Error(), "metrics,connections,dashboards,audit_logs") || got != (Include{}) {
			t.Errorf("ParseInclude(%q) = %v, %v; want an error that names the valid words", in, got, err)
		}
	}
	if names := (Include{}).Names(); names == nil || !slices.Equal(names, []string{}) {
		t.Errorf("no types are %#v", names)
	}
}
