package archive

import (
	"cmp"
	"slices"
	"time"

	"github.com/dashtray/dashtray-tui/client/text"
)

// The bounds of a profile. What is beyond them is counted and checked, but not
// kept.
const (
	MaxMetrics     = 10_000
	MaxConnections = 2_000
	MaxDashboards  = 2_000
	MaxWidgets     = 10_000 // of all dashboards together
	MaxAuditRows   = 10_000
	// MaxTallies is how many different values (actions, users, types, …) are
	// counted one by one; the rest is counted together.
	MaxTallies = 1_000
	// MaxText is the most bytes of a text that a profile keeps.
	MaxText = 200
)

const maxQualities = 16

// Profile is what is in a file. Its texts are the file's, cut to [MaxText]
// bytes; its lists are never nil.
type Profile struct {
	Metrics []Metric `json:"metrics"` // in the order in which the file has them first
	// MetricsBeyond counts the points of metrics that are not in the list.
	MetricsBeyond int64        `json:"metricsBeyond"`
	Connections   []Connection `json:"connections"`
	ByType        []Tally      `json:"connectionsByType"`
	ByStatus      []Tally      `json:"connectionsByStatus"`
	Dashboards    []Dashboard  `json:"dashboards"`
	// Audit is the newest rows, newest first.
	Audit   []AuditRow `json:"audit"`
	Actions []Tally    `json:"actions"` // all rows of the file, most frequent first
	Users   []Tally    `json:"users"`
}

// Metric is one metric's series. Name, unit and service are as its first
// record has them.
type Metric struct {
	Key     text.Untrusted `json:"key"` // the metricId; in CSV, which has none, the name
	Name    text.Untrusted `json:"name"`
	Unit    text.Untrusted `json:"unit"`
	Service text.Untrusted `json:"service"`
	Points  int64          `json:"points"` // records, also those without a value
	// First and Last are the points with the earliest and the latest time.
	First Point `json:"first"`
	Last  Point `json:"last"`
	// Values is how many points have a value; Least, Most and Mean are of
	// these, and 0 if there are none.
	Values  int64   `json:"values"`
	Least   float64 `json:"least"`
	Most    float64 `json:"most"`
	Mean    float64 `json:"mean"`
	Quality []Tally `json:"quality"` // by dataQuality; CSV does not tell it
	// Sketch has the buckets that hold values, in the order of time, each
	// Width wide.
	Sketch []Bucket      `json:"sketch"`
	Width  time.Duration `json:"width"` // nanoseconds
	// GapFrom and GapTo are the longest stretch of whole empty buckets between
	// points; both are zero if there is none.
	GapFrom time.Time `json:"gapFrom"`
	GapTo   time.Time `json:"gapTo"`
}

// Point is a moment of a metric. Without a number (null, or an empty cell)
// HasValue is false; without a time At is zero.
type Point struct {
	At       time.Time `json:"at"`
	Value    float64   `json:"value"`
	HasValue bool      `json:"hasValue"`
}

// Tally says how often a value stands in the file. The last of a list may have
// Rest set: it counts all values that there was no room for.
type Tally struct {
	Value text.Untrusted `json:"value"`
	Count int64          `json:"count"`
	Rest  bool           `json:"rest,omitempty"`
}

// Connection is one connected service. CSV has no type, category and sync.
type Connection struct {
	ID       text.Untrusted `json:"id"`
	Service  text.Untrusted `json:"service"`
	Name     text.Untrusted `json:"name"`
	Category text.Untrusted `json:"category"`
	AuthType text.Untrusted `json:"authType"`
	Status   text.Untrusted `json:"status"`
	LastSync time.Time      `json:"lastSync"` // zero: never, or not told
	Created  time.Time      `json:"created"`
}

// Dashboard is one dashboard. CSV tells how many widgets it has, not which.
type Dashboard struct {
	ID          text.Untrusted `json:"id"`
	Name        text.Untrusted `json:"name"`
	Type        text.Untrusted `json:"type"`
	Category    text.Untrusted `json:"category"`
	Created     time.Time      `json:"created"`
	Updated     time.Time      `json:"updated"`
	WidgetCount int64          `json:"widgetCount"`
	Widgets     []Widget       `json:"widgets"`
}

// Widget is one widget of a dashboard.
type Widget struct {
	ID    text.Untrusted `json:"id"`
	Type  text.Untrusted `json:"type"`
	Title text.Untrusted `json:"title"`
}

// AuditRow is one row of the audit log. CSV has no user and no target.
type AuditRow struct {
	At       time.Time      `json:"at"`
	User     text.Untrusted `json:"user"`
	Action   text.Untrusted `json:"action"`
	Resource text.Untrusted `json:"resource"`
	Target   text.Untrusted `json:"target"` // the resourceId
}

// profiler gathers a profile while the file passes.
type profiler struct {
	metrics []*series
	byKey   map[string]*series
	last    *series // of the record before
	beyond  int64
	buckets int // each sketch may have

	connections    []Connection
	types, states  tallies
	dashboards     []Dashboard
	widgets        int      // in dashboards and pending
	pending        []Widget // of the dashboard that is being read
	pendingCount   int64
	audit          auditTail
	actions, users tallies
}

func newProfiler() *profiler {
	return &profiler{byKey: make(map[string]*series), buckets: MaxBuckets}
}

// series is a metric while it is gathered.
type series struct {
	key                 string
	name, unit, service text.Untrusted
	points              int64
	first, last         point
	dated               bool
	untimed             stats // values of points without a time; the others are in the sketch
	sketch              sketch
	qualities           []Tally
	rest                int64   // points of other qualities
	next                *series // which metric followed this one the last time
	row                 *rowShape
}

type point struct {
	ms    int64
	value float64
	has   bool
}

func (p point) export() Point {
	return Point{time.UnixMilli(p.ms).UTC(), p.value, p.has}
}

// clip keeps the first bytes of a text.
func clip(b []byte) text.Untrusted { return text.Untrusted(b[:min(len(b), MaxText)]) }

// find gives the series of a metric, or nil if there is no room for another.
// Exports that go round their metrics repeat the order; those that list one
// after the other repeat the metric.
func (p *profiler) find(r *record) *series {
	key := r.text[textKey]
	if key == nil {
		key = r.text[textName]
	}
	key = key[:min(len(key), MaxText)]
	if p.last != nil && p.last.next != nil && p.last.next.key == string(key) {
		p.last = p.last.next
		return p.last
	}
	s := p.byKey[string(key)]
	if s == nil {
		if len(p.metrics) == MaxMetrics {
			return nil
		}
		s = &series{
			key: string(key), name: clip(r.text[textName]), unit: clip(r.text[textUnit]), service: clip(r.text[textService]),
		}
		p.byKey[s.key] = s
		p.metrics = append(p.metrics, s)
		p.makeRoom()
	}
	p.follow(s)
	return s
}

// follow notes that a point of s came next.
func (p *profiler) follow(s *series) {
	if p.last != nil {
		p.last.next = s
	}
	p.last = s
}

// makeRoom halves the sketches when the metrics double, so that all of them
// together stay within 512 full ones.
func (p *profiler) makeRoom() {
	const full, least = 512, 8
	for p.buckets > least && len(p.metrics)*p.buckets > full*MaxBuckets {
		p.buckets /= 2
		for _, s := range p.metrics {
			s.sketch.shrink(p.buckets)
			s.sketch.buckets = slices.Clip(s.sketch.buckets)
		}
	}
}

// metric notes a point and gives its series, if there is room for it.
func (p *profiler) metric(r *record) *series {
	s := p.find(r)
	if s == nil {
		p.beyond++
		return nil
	}
	s.add(point{r.time[timeMoment], r.value, r.hasValue}, r.hasTime(timeMoment), p.buckets)
	if q := r.text[textQuality]; q != nil {
		s.quality(q)
	}
	return s
}

// add notes a point, whose time may be unknown.
func (s *series) add(at point, timed bool, buckets int) {
	s.points++
	switch {
	case at.has && timed:
		s.sketch.add(at.ms, at.value, buckets)
	case at.has:
		s.untimed.add(at.value)
	}
	if !timed {
		return
	}
	switch {
	case !s.dated:
		s.first, s.last, s.dated = at, at, true
	case at.ms < s.first.ms:
		s.first = at
	case at.ms >= s.last.ms:
		s.last = at
	}
}

// span is the first and the last time of a metric, as far as metrics are kept.
func (p *profiler) span() (first, last int64, dated bool) {
	for _, s := range p.metrics {
		switch {
		case !s.dated:
		case !dated:
			first, last, dated = s.first.ms, s.last.ms, true
		default:
			first, last = min(first, s.first.ms), max(last, s.last.ms)
		}
	}
	return first, last, dated
}

func (s *series) quality(q []byte) {
	q = q[:min(len(q), MaxText)]
	for i := range s.qualities {
		if t := &s.qualities[i]; string(t.Value) == string(q) {
			t.Count++
			return
		}
	}
	if len(s.qualities) == maxQualities {
		s.rest++
		return
	}
	s.qualities = append(s.qualities, Tally{Value: text.Untrusted(q), Count: 1})
}

func (p *profiler) connection(r *record) {
	if r.text[textType] != nil {
		p.types.add(r.text[textType])
	}
	if r.text[textStatus] != nil {
		p.states.add(r.text[textStatus])
	}
	if len(p.connections) == MaxConnections {
		return
	}
	p.connections = append(p.connections, Connection{
		ID: clip(r.text[textID]), Service: clip(r.text[textService]), Name: clip(r.text[textName]),
		Category: clip(r.text[textCategory]), AuthType: clip(r.text[textType]), Status: clip(r.text[textStatus]),
		LastSync: r.at(timeSync), Created: r.at(timeCreated),
	})
}

func (p *profiler) widget(r *record) {
	p.pendingCount++
	if p.widgets == MaxWidgets || len(p.dashboards) == MaxDashboards {
		return
	}
	p.widgets++
	p.pending = append(p.pending, Widget{clip(r.text[textID]), clip(r.text[textType]), clip(r.text[textName])})
}

// dashboard closes a dashboard; counted is how many widgets it says it has,
// where they are not listed.
func (p *profiler) dashboard(r *record, counted int64) {
	widgets, n := append([]Widget{}, p.pending...), p.pendingCount+counted
	p.pending, p.pendingCount = nil, 0
	if len(p.dashboards) == MaxDashboards {
		return
	}
	p.dashboards = append(p.dashboards, Dashboard{
		ID: clip(r.text[textID]), Name: clip(r.text[textName]), Type: clip(r.text[textType]), Category: clip(r.text[textCategory]),
		Created: r.at(timeCreated), Updated: r.at(timeUpdated), WidgetCount: n, Widgets: widgets,
	})
}

func (p *profiler) auditLog(r *record) {
	if r.text[textAction] != nil {
		p.actions.add(r.text[textAction])
	}
	if r.text[textUser] != nil {
		p.users.add(r.text[textUser])
	}
	p.audit.add(r)
}

// profile is what was gathered.
func (p *profiler) profile() *Profile {
	out := &Profile{
		Metrics: make([]Metric, 0, len(p.metrics)), MetricsBeyond: p.beyond,
		Connections: append([]Connection{}, p.connections...), ByType: p.types.list(), ByStatus: p.states.list(),
		Dashboards: append([]Dashboard{}, p.dashboards...), Audit: p.audit.list(), Actions: p.actions.list(), Users: p.users.list(),
	}
	for _, s := range p.metrics {
		out.Metrics = append(out.Metrics, s.export())
	}
	return out
}

func (s *series) export() Metric {
	values := s.untimed
	for _, b := range s.sketch.buckets {
		values.join(b)
	}
	m := Metric{
		Key: text.Untrusted(s.key), Name: s.name, Unit: s.unit, Service: s.service, Points: s.points,
		Values: values.n, Least: values.least, Most: values.most, Mean: values.mean,
		Quality: byCount(append([]Tally{}, s.qualities...), s.rest),
		Sketch:  s.sketch.list(), Width: s.sketch.width(),
	}
	if s.dated {
		m.First, m.Last = s.first.export(), s.last.export()
	}
	m.GapFrom, m.GapTo = s.sketch.gap()
	return m
}

// tallies count values, the first MaxTallies of them one by one.
type tallies struct {
	counts map[string]*int64
	rest   int64
}

func (t *tallies) add(value []byte) {
	value = value[:min(len(value), MaxText)]
	if n := t.counts[string(value)]; n != nil {
		*n++
		return
	}
	if len(t.counts) == MaxTallies {
		t.rest++
		return
	}
	if t.counts == nil {
		t.counts = make(map[string]*int64)
	}
	n := int64(1)
	t.counts[string(value)] = &n
}

func (t *tallies) list() []Tally {
	out := make([]Tally, 0, len(t.counts))
	for value, n := range t.counts {
		out = append(out, Tally{Value: text.Untrusted(value), Count: *n})
	}
	return byCount(out, t.rest)
}

// byCount sorts by frequency, and by value where that is the same.
func byCount(list []Tally, rest int64) []Tally {
	slices.SortFunc(list, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	if rest > 0 {
		list = append(list, Tally{Count: rest, Rest: true})
	}
	return list
}
