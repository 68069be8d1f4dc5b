package archive

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

func ms(n int64) time.Time { return time.UnixMilli(n).UTC() }

func TestProfileOfThePageJSON(t *testing.T) {
	t.Parallel()
	got := check(t, page(t, "page.json"), Expect{}).Profile
	at := ms(1678901234000)
	point := Point{at, 15000, true}
	want := &Profile{
		Metrics: []Metric{{
			Key: "stripe_mrr", Name: "Monthly Recurring Revenue", Unit: "USD", Service: "stripe",
			Points: 1, First: point, Last: point, Values: 1, Least: 15000, Most: 15000, Mean: 15000,
			Quality: []Tally{{Value: "synced", Count: 1}},
			Sketch:  []Bucket{{at, 1, 15000, 15000, 15000}}, Width: time.Millisecond,
		}},
		Connections: []Connection{{
			ID: "conn_abc123", Service: "stripe", Name: "Stripe", Category: "payment", AuthType: "oauth", Status: "active",
			LastSync: at, Created: ms(1670000000000),
		}},
		ByType:   []Tally{{Value: "oauth", Count: 1}},
		ByStatus: []Tally{{Value: "active", Count: 1}},
		Dashboards: []Dashboard{{
			ID: "dash_abc123", Name: "Revenue Dashboard", Type: "custom", Category: "payment",
			Created: ms(1670000000000), Updated: at, WidgetCount: 1,
			Widgets: []Widget{{ID: "widget_abc123", Type: "metric-card", Title: "MRR"}},
		}},
		Audit:   []AuditRow{{At: ms(1670000000000), User: "user_123", Action: "dashboard_created", Resource: "dashboards", Target: "dash_abc123"}},
		Actions: []Tally{{Value: "dashboard_created", Count: 1}},
		Users:   []Tally{{Value: "user_123", Count: 1}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestProfileOfThePageCSV(t *testing.T) {
	t.Parallel()
	got := check(t, page(t, "page.csv")+"Audit Log,log_1,dashboard_created,,,2024-03-16T10:30:00Z,,,\n", Expect{}).Profile
	at, created := time.Date(2024, 3, 15, 10, 30, 0, 0, time.UTC), time.Date(2023, 12, 1, 0, 0, 0, 0, time.UTC)
	point := Point{at, 15000, true}
	want := &Profile{
		Metrics: []Metric{{
			Key: "Monthly Recurring Revenue", Name: "Monthly Recurring Revenue", Unit: "USD", Service: "stripe",
			Points: 1, First: point, Last: point, Values: 1, Least: 15000, Most: 15000, Mean: 15000,
			Sketch: []Bucket{{at, 1, 15000, 15000, 15000}}, Width: time.Millisecond, Quality: []Tally{},
		}},
		Connections: []Connection{{ID: "conn_abc123", Name: "Stripe", Status: "active", Created: created}},
		ByType:      []Tally{},
		ByStatus:    []Tally{{Value: "active", Count: 1}},
		Dashboards:  []Dashboard{{ID: "dash_abc123", Name: "Revenue Dashboard", Type: "custom", Created: created, WidgetCount: 5, Widgets: []Widget{}}},
		Audit:       []AuditRow{{At: at.AddDate(0, 0, 1), Action: "dashboard_created"}},
		Actions:     []Tally{{Value: "dashboard_created", Count: 1}},
		Users:       []Tally{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// Points of several metrics, in no order, some without a value.
func TestProfileOfMetrics(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	type fact struct {
		points, values   int64
		first, last      int64
		least, most, sum float64
		quality          map[text.Untrusted]int64
	}
	facts := make(map[text.Untrusted]*fact)
	var b strings.Builder
	b.WriteString(`{"metrics":[`)
	for i := range 5000 {
		key := text.Untrusted(fmt.Sprintf("k%d", r.IntN(7)))
		f := facts[key]
		if f == nil {
			f = &fact{first: math.MaxInt64, least: math.Inf(1), most: math.Inf(-1), quality: map[text.Untrusted]int64{}}
			facts[key] = f
		}
		at, value, quality := 1.7e12+r.Int64N(1e9), math.Round(r.NormFloat64()*1e4)/100, text.Untrusted([]string{"synced", "estimated", "partial"}[r.IntN(3)])
		f.points++
		f.quality[quality]++
		f.first, f.last = min(f.first, int64(at)), max(f.last, int64(at))
		written := "null"
		if r.IntN(10) > 0 {
			written = fmt.Sprint(value)
			f.values++
			f.least, f.most, f.sum = min(f.least, value), max(f.most, value), f.sum+value
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"m_%d","metricId":"%s","metricName":"Metric \"%s\"","value":%s,"unit":"U","timestamp":%d,"service":"s","dataQuality":"%s"}`, i, key, key, written, int64(at), quality)
	}
	b.WriteString("]}")
	rep := check(t, b.String(), Expect{})
	if !rep.OK || len(rep.Profile.Metrics) != len(facts) {
		t.Fatalf("%v, %d metrics of %d", rep.Problems, len(rep.Profile.Metrics), len(facts))
	}
	for _, m := range rep.Profile.Metrics {
		f := facts[m.Key]
		if m.Points != f.points || m.Values != f.values || m.First.At != ms(f.first) || m.Last.At != ms(f.last) || m.Least != f.least || m.Most != f.most {
			t.Errorf("%s: %+v, want %+v", m.Key, m, f)
		}
		if mean := f.sum / float64(f.values); math.Abs(m.Mean-mean) > 1e-9*(1+math.Abs(mean)) {
			t.Errorf("%s: mean %v, want %v", m.Key, m.Mean, mean)
		}
		if string(m.Name) != `Metric "`+string(m.Key)+`"` || m.Unit != "U" || m.Service != "s" {
			t.Errorf("%s: %+v", m.Key, m)
		}
		for _, q := range m.Quality {
			if q.Count != f.quality[q.Value] {
				t.Errorf("%s: %d points are %s, want %d", m.Key, q.Count, q.Value, f.quality[q.Value])
			}
		}
		sane := sketchOf(m)
		if sane.points != f.values || sane.least != f.least || sane.most != f.most || len(m.Sketch) > MaxBuckets || len(m.Sketch) < MaxBuckets/4 {
			t.Errorf("%s: the sketch has %d buckets, %+v", m.Key, len(m.Sketch), sane)
		}
	}
}

type summed struct {
	points      int64
	least, most float64
}

// sketchOf sums up a sketch, which is in order.
func sketchOf(m Metric) summed {
	s := summed{least: math.Inf(1), most: math.Inf(-1)}
	for _, b := range m.Sketch {
		s.points += b.Points
		s.least, s.most = min(s.least, b.Least), max(s.most, b.Most)
	}
	if !slices.IsSortedFunc(m.Sketch, func(a, b Bucket) int { return a.At.Compare(b.At) }) {
		s.points = -1
	}
	return s
}

// FuzzSketch compares a sketch with buckets that are made when all points are known.
func FuzzSketch(f *testing.F) {
	f.Add(uint64(1), int64(1.7e12), int64(1e10), uint8(200), uint8(255))
	f.Add(uint64(2), int64(0), int64(1), uint8(3), uint8(8))
	f.Add(uint64(3), int64(maxMillis), int64(maxMillis), uint8(50), uint8(16))
	f.Add(uint64(4), int64(-1e12), int64(1.5e12), uint8(200), uint8(16))
	const yearZero = -62167219200000 // what RFC 3339 begins with
	f.Fuzz(func(t *testing.T, seed uint64, from, span int64, points, most uint8) {
		if from < yearZero || from > maxMillis || span < 1 || span > maxMillis || most < 8 {
			return
		}
		r := rand.New(rand.NewPCG(seed, 0))
		var k sketch
		all := make(map[int64][]float64)
		for range points {
			at, x := min(from+r.Int64N(span), maxMillis), r.NormFloat64()*math.Pow(10, float64(r.IntN(300)))
			k.add(at, x, int(most))
			all[at] = append(all[at], x)
		}
		if len(k.buckets) > int(most) {
			t.Fatalf("%d buckets of %d", len(k.buckets), most)
		}
		n := int64(0)
		for i, b := range k.buckets {
			var want stats
			for at, list := range all {
				if at>>k.shift-k.first == int64(i) {
					for _, x := range list {
						want.add(x)
					}
				}
			}
			if b.n != want.n || b.least != want.least || b.most != want.most || math.IsNaN(b.mean) || math.IsInf(b.mean, 0) {
				t.Fatalf("bucket %d: %+v, want %+v", i, b, want)
			}
			n += b.n
		}
		if n != int64(points) {
			t.Fatalf("%d points of %d", n, points)
		}
	})
}

func TestSketchGap(t *testing.T) {
	t.Parallel()
	var k sketch
	for i := range int64(100) {
		if i < 30 || i >= 60 {
			k.add(1<<40+i*1000, 1, MaxBuckets)
		}
	}
	from, to := k.gap()
	begin, end := ms(1<<40+29_000), ms(1<<40+60_000)
	if from.Before(begin) || to.After(end) || to.Sub(from) < end.Sub(begin)-2*k.width() {
		t.Errorf("a gap from %v to %v, buckets %v wide; it is from %v to %v", from, to, k.width(), begin, end)
	}
	var none sketch
	if from, to := none.gap(); !from.IsZero() || !to.IsZero() {
		t.Error("no points have a gap")
	}
}

// Values at the ends of float64 leave least, most and mean finite.
func TestStatsOfHugeValues(t *testing.T) {
	t.Parallel()
	var s, o stats
	for range 3 {
		s.add(math.MaxFloat64)
		s.add(-math.MaxFloat64)
		o.add(-math.MaxFloat64)
	}
	s.join(o)
	if math.IsInf(s.mean, 0) || math.IsNaN(s.mean) || s.mean > 0 || s.n != 9 {
		t.Errorf("%+v", s)
	}
}

func TestProfileIsBounded(t *testing.T) {
	t.Parallel()
	const n = 12_000
	var b strings.Builder
	list := func(name string, one func(i int) string) {
		b.WriteString(`"` + name + `":[`)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(one(i))
		}
		b.WriteString("],")
	}
	long := strings.Repeat("ä", 500)
	b.WriteByte('{')
	list("metrics", func(i int) string {
		return fmt.Sprintf(`{"id":"m%d","metricId":"%d%s","value":%d,"timestamp":%d,"dataQuality":"q%d"}`, i, i, long, i, 1000*i, i)
	})
	list("connections", func(i int) string { return fmt.Sprintf(`{"id":"c%d","service":"s%s","status":"x%d"}`, i, long, i) })
	list("dashboards", func(i int) string {
		return fmt.Sprintf(`{"id":"d%d","name":"%s","widgets":[{"id":"w%d"},{"id":"v%d"},{"id":"u%d"},{"id":"t%d"},{"id":"s%d"},{"id":"r%d"}]}`, i, long, i, i, i, i, i, i)
	})
	list("auditLogs", func(i int) string {
		return fmt.Sprintf(`{"id":"a%d","action":"a%d","userId":"%s","createdAt":%d}`, i, i%1500, long, 1000*((i*7919)%n))
	})
	b.WriteString(`"x":0}`)
	rep := check(t, b.String(), Expect{})
	p := rep.Profile
	if !rep.OK || rep.Records.Metrics != n || rep.Records.Widgets != 6*n {
		t.Fatalf("%+v %v", rep.Records, rep.Problems)
	}
	if len(p.Metrics) != MaxMetrics || p.MetricsBeyond != n-MaxMetrics || len(p.Connections) != MaxConnections || len(p.Dashboards) != MaxDashboards || len(p.Audit) != MaxAuditRows {
		t.Errorf("%d metrics and %d beyond, %d connections, %d dashboards, %d rows", len(p.Metrics), p.MetricsBeyond, len(p.Connections), len(p.Dashboards), len(p.Audit))
	}
	if len(p.Metrics[0].Key) > MaxText || len(p.Audit[0].User) > MaxText {
		t.Error("a text is longer than it may be")
	}
	widgets := 0
	for _, d := range p.Dashboards {
		widgets += len(d.Widgets)
	}
	if widgets != MaxWidgets || p.Dashboards[MaxDashboards-1].WidgetCount != 6 {
		t.Errorf("%d widgets", widgets)
	}
	for _, l := range [][]Tally{p.ByStatus, p.Actions} {
		rest := l[len(l)-1]
		total := int64(0)
		for _, x := range l {
			total += x.Count
		}
		if len(l) != MaxTallies+1 || !rest.Rest || total != n {
			t.Errorf("%d tallies, the last %+v, %d in all", len(l), rest, total)
		}
	}
	// The newest rows, newest first, whatever their order in the file.
	for i, row := range p.Audit {
		if want := ms(int64(1000 * (n - 1 - i))); row.At != want {
			t.Fatalf("row %d is of %v, want %v", i, row.At, want)
		}
	}
}
