package archive

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// Ids are compared over the borders of batches, each with those of its type,
// and the findings stand in the order of the file.
func TestRepeatsOverBatches(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(csvHead)
	var want []string
	seen := make(map[string]bool)
	for i := range 5 * batchSize {
		id := fmt.Sprintf("m_%d", i)
		if i%800 == 799 {
			id = fmt.Sprintf("m_%d", i*i%9973%i) // somewhere before
		}
		if i%1000 == 500 { // the id of a row before, but of another type
			fmt.Fprintf(&b, "Connection,m_%d,Name,,,,stripe,active,\n", i-1)
			continue
		}
		if seen[id] {
			want = append(want, fmt.Sprintf("line %d: another metric before it has the id %q", i+2, id))
		}
		seen[id] = true
		fmt.Fprintf(&b, "Metric,%s,Name,1,,2024-03-15T10:30:00Z,stripe,,\n", id)
	}
	r := check(t, b.String(), Expect{})
	got := make([]string, 0, len(r.Warnings))
	for _, f := range r.Warnings {
		got = append(got, f.At+": "+f.Message)
	}
	if len(want) == 0 || !r.OK || !reflect.DeepEqual(got, want) {
		t.Errorf("OK=%v\n got %q\nwant %q", r.OK, got, want)
	}
}

// An id that is too long for a batch is compared in its turn.
func TestRepeatsOfLongIDs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long ", batchText/5+1)
	half := strings.Repeat("half ", batchText/10)
	row := func(id string) string { return "Metric," + id + ",Name,1,,2024-03-15T10:30:00Z,stripe,,\n" }
	r := check(t, csvHead+row("a")+row(long)+row("a")+row(half)+row(half+"er")+row(half)+row(long+"er")+row(long)+row("a"), Expect{})
	var at []string
	for _, f := range r.Warnings {
		at = append(at, f.At)
	}
	if got := strings.Join(at, ", "); got != "line 4, line 7, line 9, line 10" {
		t.Errorf("%s: %v", got, r.Warnings)
	}
}

// A finding names the id's place, whichever way its record was read.
func TestRepeatsInJSON(t *testing.T) {
	t.Parallel()
	const (
		metric = `{"id":"a","metricId":"m","value":1,"timestamp":1678901234000}`
		audit  = `{"id":"a","action":"x","createdAt":1678901234000}`
		board  = `{"id":"a","name":"n","widgets":[{"id":"a"},{"id":"b"},{"id":"a"}]}`
		conn   = `{"id":"a","service":"s"}`
	)
	list := func(record string) string { return "[" + strings.Repeat(record+",", 2) + record + "]" }
	r := check(t, `{"metrics":`+list(metric)+`,"connections":`+list(conn)+`,"dashboards":`+list(board)+`,"auditLogs":`+list(audit)+`}`, Expect{})
	var at []string
	for _, f := range r.Warnings {
		at = append(at, f.At)
	}
	want := "/metrics/1/id /metrics/2/id /connections/1/id /connections/2/id " +
		"/dashboards/0/widgets/2/id " +
		"/dashboards/1/id /dashboards/1/widgets/0/id /dashboards/1/widgets/1/id /dashboards/1/widgets/2/id " +
		"/dashboards/2/id /dashboards/2/widgets/0/id /dashboards/2/widgets/1/id /dashboards/2/widgets/2/id " +
		"/auditLogs/1/id /auditLogs/2/id"
	if got := strings.Join(at, " "); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
