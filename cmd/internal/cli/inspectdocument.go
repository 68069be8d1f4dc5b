package cli

import (
	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
)

// inspectDocument is that of verify, and what is in the file. Fields have the
// names that they have in an export.
type inspectDocument struct {
	verifyDocument
	Metrics []metricDocument `json:"metrics"`
	// MetricsBeyond counts the points of metrics that are not in the list.
	MetricsBeyond       int64                `json:"metricsBeyond"`
	Connections         []connectionDocument `json:"connections"`
	ConnectionsByType   []tallyDocument      `json:"connectionsByType"`
	ConnectionsByStatus []tallyDocument      `json:"connectionsByStatus"`
	Dashboards          []dashboardDocument  `json:"dashboards"`
	AuditLogs           []auditDocument      `json:"auditLogs"` // the newest rows, newest first
	AuditActions        []tallyDocument      `json:"auditActions"`
	AuditUsers          []tallyDocument      `json:"auditUsers"`
}

type metricDocument struct {
	MetricID   *string          `json:"metricId"` // null in CSV, which has none
	MetricName *string          `json:"metricName"`
	Unit       *string          `json:"unit"`
	Service    *string          `json:"service"`
	Points     int64            `json:"points"`
	Values     int64            `json:"values"`
	First      *pointDocument   `json:"first"`
	Last       *pointDocument   `json:"last"`
	Least      *float64         `json:"least"`
	Most       *float64         `json:"most"`
	Mean       *float64         `json:"mean"`
	Quality    []tallyDocument  `json:"dataQuality"`
	Gap        spanDocument     `json:"gap"`
	BucketMs   int64            `json:"bucketMs"`
	Buckets    []bucketDocument `json:"buckets"`
}

type pointDocument struct {
	Timestamp *string  `json:"timestamp"`
	Value     *float64 `json:"value"`
}

type bucketDocument struct {
	From   *string `json:"from"`
	Points int64   `json:"points"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
	Mean   float64 `json:"mean"`
}

// tallyDocument says how often a value stands in the file; null are all values
// that were not counted one by one.
type tallyDocument struct {
	Value *string `json:"value"`
	Count int64   `json:"count"`
}

type connectionDocument struct {
	ID           *string `json:"id"`
	Service      *string `json:"service"`
	ServiceName  *string `json:"serviceName"`
	Category     *string `json:"category"`
	AuthType     *string `json:"authType"`
	Status       *string `json:"status"`
	LastSyncedAt *string `json:"lastSyncedAt"`
	CreatedAt    *string `json:"createdAt"`
}

type dashboardDocument struct {
	ID          *string          `json:"id"`
	Name        *string          `json:"name"`
	Type        *string          `json:"type"`
	Category    *string          `json:"category"`
	CreatedAt   *string          `json:"createdAt"`
	UpdatedAt   *string          `json:"updatedAt"`
	WidgetCount int64            `json:"widgetCount"`
	Widgets     []widgetDocument `json:"widgets"`
}

type widgetDocument struct {
	ID    *string `json:"id"`
	Type  *string `json:"type"`
	Title *string `json:"title"`
}

type auditDocument struct {
	CreatedAt  *string `json:"createdAt"`
	UserID     *string `json:"userId"`
	Action     *string `json:"action"`
	Resource   *string `json:"resource"`
	ResourceID *string `json:"resourceId"`
}

func inspectResult(path string, r archive.Report) inspectDocument {
	p := r.Profile
	return inspectDocument{
		verifyDocument: verifyResult(path, r),
		Metrics:        each(p.Metrics, func(m archive.Metric) metricDocument { return metricResult(r.Format, m) }),
		MetricsBeyond:  p.MetricsBeyond,
		Connections: each(p.Connections, func(c archive.Connection) connectionDocument {
			return connectionDocument{
				ID: told(c.ID), Service: told(c.Service), ServiceName: told(c.Name), Category: told(c.Category),
				AuthType: told(c.AuthType), Status: told(c.Status), LastSyncedAt: moment(c.LastSync), CreatedAt: moment(c.Created),
			}
		}),
		ConnectionsByType:   tallyResult(p.ByType),
		ConnectionsByStatus: tallyResult(p.ByStatus),
		Dashboards:          each(p.Dashboards, dashboardResult),
		AuditLogs: each(p.Audit, func(l archive.AuditRow) auditDocument {
			return auditDocument{moment(l.At), told(l.User), told(l.Action), told(l.Resource), told(l.Target)}
		}),
		AuditActions: tallyResult(p.Actions),
		AuditUsers:   tallyResult(p.Users),
	}
}

func metricResult(format string, m archive.Metric) metricDocument {
	doc := metricDocument{
		MetricID: told(m.Key), MetricName: told(m.Name), Unit: told(m.Unit), Service: told(m.Service),
		Points: m.Points, Values: m.Values, First: pointResult(m.First), Last: pointResult(m.Last),
		Quality: tallyResult(m.Quality), Gap: spanDocument{moment(m.GapFrom), moment(m.GapTo)},
		BucketMs: m.Width.Milliseconds(),
		Buckets: each(m.Sketch, func(b archive.Bucket) bucketDocument {
			return bucketDocument{moment(b.At), b.Points, b.Least, b.Most, b.Mean}
		}),
	}
	if format == string(client.CSV) {
		doc.MetricID = nil
	}
	if m.Values > 0 {
		doc.Least, doc.Most, doc.Mean = &m.Least, &m.Most, &m.Mean
	}
	return doc
}

// pointResult is null where no point has a time.
func pointResult(p archive.Point) *pointDocument {
	if p.At.IsZero() {
		return nil
	}
	doc := &pointDocument{Timestamp: moment(p.At)}
	if p.HasValue {
		doc.Value = &p.Value
	}
	return doc
}

func dashboardResult(d archive.Dashboard) dashboardDocument {
	return dashboardDocument{
		ID: told(d.ID), Name: told(d.Name), Type: told(d.Type), Category: told(d.Category),
		CreatedAt: moment(d.Created), UpdatedAt: moment(d.Updated), WidgetCount: d.WidgetCount,
		Widgets: each(d.Widgets, func(w archive.Widget) widgetDocument {
			return widgetDocument{told(w.ID), told(w.Type), told(w.Title)}
		}),
	}
}

func tallyResult(list []archive.Tally) []tallyDocument {
	return each(list, func(t archive.Tally) tallyDocument {
		doc := tallyDocument{Count: t.Count}
		if !t.Rest {
			value := t.Value.Raw()
			doc.Value = &value
		}
		return doc
	})
}

// each makes the documents of a list; it is never null.
func each[T, D any](list []T, document func(T) D) []D {
	out := make([]D, 0, len(list))
	for _, x := range list {
		out = append(out, document(x))
	}
	return out
}

// told is a text of the file, null where it has none.
func told(s text.Untrusted) *string { return known(s.Raw()) }
