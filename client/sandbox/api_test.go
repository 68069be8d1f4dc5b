package sandbox

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestGates(t *testing.T) {
	k := start(t, Config{})
	keys := k.Keys()
	tests := []struct {
		name, key, method, path string
		status                  int
		word                    string
	}{
		{"no key", "", "GET", "/api/v1/projects", 401, "unauthorized"},
		{"wrong key", "dk_wrong", "GET", "/api/v1/exports", 401, "unauthorized"},
		{"wrong key posts", "dk_wrong", "POST", "/api/v1/exports", 401, "unauthorized"},
		{"owner's project", keys.Owner, "GET", "/api/v1/projects", 200, ""},
		{"older base", keys.Editor, "GET", "/v1/projects", 200, ""},
		{"viewer's project", keys.Viewer, "GET", "/api/v1/projects", 200, ""},
		{"viewer posts", keys.Viewer, "POST", "/api/v1/exports", 403, "forbidden"},
		{"viewer lists", keys.Viewer, "GET", "/api/v1/exports", 403, "forbidden"},
		{"viewer looks", keys.Viewer, "GET", "/api/v1/exports/x", 403, "forbidden"},
		{"free project", keys.Free, "GET", "/api/v1/projects", 200, ""},
		{"free posts", keys.Free, "POST", "/api/v1/exports", 403, "plan_required"},
		{"free lists", keys.Free, "GET", "/api/v1/exports", 403, "plan_required"},
		{"unknown export", keys.Owner, "GET", "/api/v1/exports/nope", 404, "not_found"},
		{"unknown call", keys.Owner, "GET", "/api/v1/metrics", 404, "not_found"},
		{"no id", keys.Owner, "GET", "/api/v1/exports/", 404, "not_found"},
		{"outside the API", keys.Owner, "GET", "/", 404, "not_found"},
		{"no delete", keys.Owner, "DELETE", "/api/v1/exports/x", 405, "method_not_allowed"},
		{"no put", keys.Owner, "PUT", "/api/v1/exports", 405, "method_not_allowed"},
		{"health needs no key", "", "GET", "/api/v1/health", 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			if tt.key != "" {
				header = []string{"Authorization", "Bearer " + tt.key}
			}
			g := k.do(tt.method, tt.path, everything("json", "all_time"), header...).want(t, tt.status)
			m := g.json(t)
			if word, _ := m["error"].(string); word != tt.word {
				t.Errorf("error %q, want %q", word, tt.word)
			}
			if tt.status != 200 && m["message"] == "" {
				t.Error("no message")
			}
			if strings.HasPrefix(tt.path, "/api/") && g.Header.Get("X-RateLimit-Limit") != "1000" {
				t.Error("no rate limit headers")
			}
		})
	}
}

func TestProjectShape(t *testing.T) {
	k := start(t, Config{})
	p, _ := k.api("GET", "projects", "").want(t, 200).json(t)["data"].(map[string]any)
	for _, f := range []string{"id", "name", "slug", "createdAt"} {
		if p[f] == nil || p[f] == "" {
			t.Errorf("project has no %s: %v", f, p)
		}
	}
}

func TestCreateReadsWhatThePageSends(t *testing.T) {
	all := include{true, true, true, true}
	tests := []struct {
		name, body string
		want       include
		rng        msRange
	}{
		{"first curl", `{"format": "json","dateRange": "all_time","includeAll": true}`, all, msRange{1_000_000 - 365*86_400_000, 1_000_000}},
		{"cron job: no include is all", `{"format":"json","dateRange":"last_7_days"}`, all, msRange{1_000_000 - 7*86_400_000, 1_000_000}},
		{"fetch sample", `{"format":"json","dateRange":{"startDate":5,"endDate":9},"includeMetrics":true,"includeConnections":true,"includeDashboards":true,"includeAuditLogs":true}`, all, msRange{5, 9}},
		{"one type", `{"format":"csv","dateRange":{"startDate":5,"endDate":5},"includeDashboards":true}`, include{Dashboards: true}, msRange{5, 5}},
		{"includeAll false alone adds nothing", `{"format":"csv","dateRange":{"startDate":5,"endDate":5},"includeAll":false,"includeMetrics":true}`, include{Metrics: true}, msRange{5, 5}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j, err := parseRequest([]byte(tt.body), 1_000_000)
			if err != nil {
				t.Fatal(err)
			}
			if j.Include != tt.want || j.Range != tt.rng {
				t.Errorf("got %+v %+v, want %+v %+v", j.Include, j.Range, tt.want, tt.rng)
			}
		})
	}
}

func TestCreateRefuses(t *testing.T) {
	k := start(t, Config{})
	for _, body := range []string{
		``, `[]`, `{`, `{"format":"json"}`, `{"dateRange":"all_time"}`,
		`{"format":"xml","dateRange":"all_time"}`,
		`{"format":"json","dateRange":"yesterday"}`,
		`{"format":"json","dateRange":7}`,
		`{"format":"json","dateRange":{"startDate":5}}`,
		`{"format":"json","dateRange":{"startDate":9,"endDate":5}}`,
		`{"format":"json","dateRange":{"startDate":-1,"endDate":5}}`,
		`{"format":"json","dateRange":{"startDate":1,"endDate":9e15}}`,
		`{"format":"json","dateRange":{"startDate":1.5,"endDate":5}}`,
		`{"format":"json","dateRange":"all_time","includeAll":false}`,
		`{"format":"json","dateRange":"all_time","includeAll":"yes"}`,
		strings.Repeat(" ", maxBody+1),
	} {
		m := k.api("POST", "exports", body).want(t, 400).json(t)
		if m["error"] != "bad_request" || m["message"] == "" {
			t.Errorf("%.60s: %v", body, m)
		}
	}
}

func TestFormContentType(t *testing.T) {
	k := start(t, Config{Speed: fast})
	k.do("POST", "/api/v1/exports", everything("json", "all_time"),
		"Authorization", "bearer  "+k.Keys().Editor, "Content-Type", "application/x-www-form-urlencoded").want(t, 200)
}

func TestTypicalSpans(t *testing.T) {
	for _, tt := range []struct {
		records    int64
		least, top time.Duration
	}{
		{0, 30 * time.Second, 60 * time.Second},
		{9_999, 30 * time.Second, 60 * time.Second},
		{10_000, 2 * time.Minute, 5 * time.Minute},
		{100_000, 2 * time.Minute, 5 * time.Minute},
		{100_001, 5 * time.Minute, 15 * time.Minute},
		{1_000_000_000, 5 * time.Minute, 15 * time.Minute},
	} {
		if d := typicalSpan(tt.records); d < tt.least || d > tt.top {
			t.Errorf("%d records take %v, the page says %v to %v", tt.records, d, tt.least, tt.top)
		}
	}
}

func TestStagesInRealTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000})
		began := time.Now()
		id := k.create(everything("json", "all_time"))
		var words []string
		last := -1.0
		for len(words) == 0 || words[len(words)-1] != "completed" {
			v := k.api("GET", "exports/"+id, "").want(t, 200).json(t)
			word, _ := v["status"].(string)
			if len(words) == 0 || words[len(words)-1] != word {
				words = append(words, word)
			}
			p, _ := v["progress"].(float64)
			if p < last || (p == 100) != (word == "completed") {
				t.Fatalf("progress %v after %v while %s", p, last, word)
			}
			last = p
			if (v["downloadUrl"] != nil) != (word == "completed") {
				t.Fatalf("link while %s", word)
			}
			time.Sleep(time.Second)
		}
		if got := strings.Join(words, " "); got != "queued collecting generating completed" {
			t.Errorf("stages: %s", got)
		}
		if took := time.Since(began); took < 30*time.Second || took > 62*time.Second {
			t.Errorf("took %v, the page says 30 to 60 s", took)
		}
	})
}

func TestSpeedDividesTheStages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000, Speed: 100})
		id := k.create(everything("json", "all_time"))
		time.Sleep(600 * time.Millisecond)
		if v := k.api("GET", "exports/"+id, "").json(t); v["status"] != "completed" {
			t.Errorf("status %v after 60 s/100", v["status"])
		}
	})
}

func TestOneExportAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000})
		id := k.create(everything("json", "all_time"))
		m := k.api("POST", "exports", everything("csv", "all_time")).want(t, 409).json(t)
		if m["message"] != "Another export is in progress" || m["exportJobId"] != id {
			t.Errorf("refusal %v, running %s", m, id)
		}
		k.await(id)
		k.create(everything("csv", "all_time"))
	})
}

func TestListPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000})
		var ids []string
		for range 5 {
			id := k.create(everything("csv", "last_7_days"))
			k.await(id)
			ids = append([]string{id}, ids...)
		}
		list := func(query string) (out []string) {
			m := k.api("GET", "exports"+query, "").want(t, 200).json(t)
			if m["total"] != 5.0 {
				t.Errorf("total %v", m["total"])
			}
			data, _ := m["data"].([]any)
			for _, d := range data {
				v, _ := d.(map[string]any)
				out = append(out, fmt.Sprint(v["id"]))
				if v["downloadUrl"] != nil {
					t.Error("the list holds a signed link")
				}
			}
			return out
		}
		for query, want := range map[string][]string{
			"": ids, "?limit=2": ids[:2], "?limit=2&offset=2": ids[2:4], "?offset=4": ids[4:], "?offset=9": nil,
		} {
			if got := list(query); strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%q: %v, want %v", query, got, want)
			}
		}
		for _, bad := range []string{"?limit=0", "?limit=101", "?limit=x", "?offset=-1"} {
			k.api("GET", "exports"+bad, "").want(t, 400)
		}
	})
}

func TestHistoryIsKeptThirtyDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000})
		id := k.create(everything("json", "all_time"))
		k.await(id)
		files := func() int {
			list, err := os.ReadDir(filepath.Join(k.cfg.Dir, "files"))
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		if files() != 1 {
			t.Fatalf("%d files, want 1", files())
		}
		time.Sleep(29 * 24 * time.Hour)
		k.api("GET", "exports/"+id, "").want(t, 200)
		time.Sleep(24 * time.Hour)
		k.api("GET", "exports/"+id, "").want(t, 404)
		if files() != 0 {
			t.Errorf("%d files are left", files())
		}
	})
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Faults: faults(t, "budget=3")})
		for left := 2; left >= 0; left-- {
			g := k.api("GET", "projects", "").want(t, 200)
			if got := g.Header.Get("X-RateLimit-Remaining"); got != fmt.Sprint(left) {
				t.Errorf("remaining %s, want %d", got, left)
			}
			if got := g.Header.Get("X-RateLimit-Reset"); got != fmt.Sprint(time.Now().Add(time.Hour).Unix()) {
				t.Errorf("reset %s", got)
			}
		}
		time.Sleep(10 * time.Minute)
		g := k.api("GET", "projects", "").want(t, 429)
		if m := g.json(t); m["retryAfter"] != 3000.0 || m["error"] == "" || m["message"] == "" || g.Header.Get("Retry-After") != "3000" {
			t.Errorf("refusal %v, Retry-After %q", m, g.Header.Get("Retry-After"))
		}
		k.do("GET", "/api/v1/projects", "", "Authorization", "Bearer "+k.Keys().Free).want(t, 200) // another project
		time.Sleep(50 * time.Minute)
		k.api("GET", "projects", "").want(t, 200)
	})
}

func TestRateLimitIsAThousandAnHour(t *testing.T) {
	var b budget
	for i := range callsPerHour {
		if _, ok := b.spend(http.Header{}, "p", callsPerHour, time.Unix(0, 0)); !ok {
			t.Fatalf("call %d is refused", i+1)
		}
	}
	if wait, ok := b.spend(http.Header{}, "p", callsPerHour, time.Unix(1, 0)); ok || wait != time.Hour-time.Second {
		t.Errorf("call 1001: %v %v", wait, ok)
	}
}

func TestNextExportHoldsTheAuditEntry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{Records: 1000})
		first := k.create(everything("csv", "last_30_days"))
		k.await(first)
		_, file := k.export(`{"format":"json","dateRange":"last_7_days","includeAuditLogs":true}`)
		var found []record
		for _, r := range decode(t, file).AuditLogs {
			if r["action"] == "export_created" {
				found = append(found, r)
			}
		}
		if len(found) != 1 || found[0]["resourceId"] != first || found[0]["userId"] == "" || found[0]["ipAddress"] != "127.0.0.1" {
			t.Errorf("audit entries of exports: %v, want one of %s", found, first)
		}
		if _, second := k.export(everything("csv", "last_7_days")); strings.Count(string(second), ",export_created,") != 2 {
			t.Error("the third export does not hold both entries")
		}
	})
}
