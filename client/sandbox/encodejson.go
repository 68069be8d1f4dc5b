package sandbox

import (
	"encoding/json"
	"strconv"
)

// writeJSON writes the file as the product's page shows it: the names, order
// and nesting of its sample, one record a line. Types that were not asked for
// are left out; the page does not say what stands in their place.
func (c *content) writeJSON(s *sink) {
	j := c.job
	b := append(s.buf, `{"exportedAt":`...)
	b = strconv.AppendInt(b, j.CreatedAt, 10)
	b = appendField(b, ",\n\"dateRange\":{\"startDate\":", j.Range.From)
	b = appendField(b, `,"endDate":`, j.Range.To)
	b = appendText(b, "},\n\"project\":{\"id\":", c.project.id)
	b = appendText(b, `,"name":`, c.project.name)
	b = appendText(b, `,"slug":`, c.project.slug)
	b = appendField(b, `,"createdAt":`, c.project.createdAt)
	s.buf = append(b, '}')
	if j.Include.Metrics {
		c.metricsJSON(s)
	}
	if j.Include.Connections {
		writeArray(s, "connections", c.connections, c.connectionJSON)
	}
	if j.Include.Dashboards {
		writeArray(s, "dashboards", c.dashboards, c.dashboardJSON)
	}
	if j.Include.AuditLogs {
		writeArray(s, "auditLogs", c.audit, auditJSON)
	}
	s.buf = append(s.buf, "}\n"...)
}

// writeArray writes `,"name":[…]`.
func writeArray[T any](s *sink, name string, list []T, one func([]byte, *T) []byte) {
	s.buf = append(s.buf, ",\n\""+name+"\":["...)
	for i := range list {
		if i > 0 {
			s.buf = append(s.buf, ',')
		}
		s.buf = one(append(s.buf, '\n'), &list[i])
		if !s.full() {
			return
		}
	}
	s.buf = append(s.buf, "\n]"...)
}

// jsonParts are the constant stretches of one metric's records.
type jsonParts struct{ name, unit, service []byte }

func partsJSON(ms []metric) []jsonParts {
	out := make([]jsonParts, 0, len(ms))
	for _, m := range ms {
		name := appendText([]byte{'"'}, `,"metricId":`, m.id)
		name = append(appendText(name, `,"metricName":`, m.name), `,"value":`...)
		unit := append(appendText(nil, `,"unit":`, m.unit), `,"timestamp":`...)
		service := append(appendText(nil, `,"service":`, m.service), `,"metadata":`...)
		service = append(append(service, m.metadata...), `,"dataQuality":"`...)
		out = append(out, jsonParts{name, unit, service})
	}
	return out
}

// metricsJSON is the hot loop: appends only, no allocation.
func (c *content) metricsJSON(s *sink) {
	parts := partsJSON(c.series.metrics)
	s.buf = append(s.buf, ",\n\"metrics\":["...)
	for k := c.first; k <= c.last; k++ {
		sec := c.series.at(k)
		m, value, h := c.series.record(k, sec)
		p := &parts[m]
		b := s.buf
		if k > c.first {
			b = append(b, ',')
		}
		b = append(b, "\n{\"id\":\"m_"...)
		b = appendID(b, c.series.seed, uint64(k))
		b = append(b, p.name...)
		b = appendDecimal(b, value, c.series.metrics[m].decimals)
		b = append(b, p.unit...)
		at := len(b)
		b = strconv.AppendInt(b, sec*secondMS, 10)
		stamp := b[at:]
		b = append(b, p.service...)
		b = append(b, quality(h)...)
		b = append(b, `","createdAt":`...)
		b = append(b, stamp...)
		s.buf = append(b, '}')
		if !s.full() {
			return
		}
	}
	s.buf = append(s.buf, "\n]"...)
}

func (c *content) connectionJSON(b []byte, x *connection) []byte {
	b = appendText(b, `{"id":`, x.id)
	b = appendText(b, `,"service":`, x.service)
	b = appendText(b, `,"serviceName":`, x.name)
	b = appendText(b, `,"category":`, x.category)
	b = appendText(b, `,"authType":`, x.auth)
	b = appendText(b, `,"status":`, x.status)
	b = appendText(b, `,"accountInfo":{"accountId":`, x.accountID)
	b = append(appendText(b, `,"accountName":`, x.accountName), '}')
	if c.job.Leak {
		b = appendText(b, `,"config":{`+strconv.Quote(x.credential.field)+`:`, x.credential.value)
		b = append(b, '}')
	}
	if x.staleMinutes > 0 {
		b = appendField(b, `,"lastSyncedAt":`, c.job.CreatedAt-x.staleMinutes*60*secondMS)
	}
	b = appendField(b, `,"totalSyncsCompleted":`, x.syncs)
	return append(appendField(b, `,"createdAt":`, daysBefore(c.born, x.ageDays)), '}')
}

func (c *content) dashboardJSON(b []byte, x *dashboard) []byte {
	b = appendText(b, `{"id":`, x.id)
	b = appendText(b, `,"name":`, x.name)
	b = appendText(b, `,"slug":`, x.slug)
	b = appendText(b, `,"type":`, x.kind)
	b = appendText(b, `,"category":`, x.category)
	b = appendBool(b, `,"isDefault":`, x.isDefault)
	created := daysBefore(c.born, x.ageDays)
	b = appendField(b, `,"createdAt":`, created)
	b = appendField(b, `,"updatedAt":`, daysBefore(c.born, x.updatedDays))
	b = append(b, `,"widgets":[`...)
	for i := range x.widgets {
		if i > 0 {
			b = append(b, ',')
		}
		b = widgetJSON(b, &x.widgets[i], created)
	}
	return append(b, "]}"...)
}

func widgetJSON(b []byte, x *widget, created int64) []byte {
	b = appendText(b, `{"id":`, x.id)
	b = appendText(b, `,"type":`, x.kind)
	b = appendText(b, `,"title":`, x.title)
	b = appendField(b, `,"position":{"x":`, x.x)
	b = appendField(b, `,"y":`, x.y)
	b = appendField(b, `,"w":`, x.w)
	b = appendField(b, `,"h":`, x.h)
	b = appendBool(b, `},"visible":`, x.visible)
	b = appendText(b, `,"config":{"metricId":`, x.metric)
	b = appendText(b, `,"aggregation":`, x.aggregation)
	return append(appendField(b, `},"createdAt":`, created), '}')
}

func auditJSON(b []byte, x *auditRow) []byte {
	b = appendText(b, `{"id":`, x.id)
	b = appendText(b, `,"userId":`, x.user)
	b = appendText(b, `,"action":`, x.action)
	b = appendText(b, `,"resource":`, x.resource)
	b = appendText(b, `,"resourceId":`, x.resourceID)
	b = append(append(b, `,"metadata":`...), x.metadata...)
	b = appendText(b, `,"ipAddress":`, x.ip)
	b = appendText(b, `,"userAgent":`, x.agent)
	return append(appendField(b, `,"createdAt":`, x.at), '}')
}

func appendField(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(b, key...), n, 10)
}

func appendBool(b []byte, key string, v bool) []byte {
	return strconv.AppendBool(append(b, key...), v)
}

// appendText writes key and s as a JSON string.
func appendText(b []byte, key, s string) []byte {
	b = append(b, key...)
	raw, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // cannot be: a string always has a JSON form
	}
	return append(b, raw...)
}

// appendDecimal writes v·10^-decimals (0 to 2) without zeros at its end.
func appendDecimal(b []byte, v int64, decimals int) []byte {
	if decimals == 0 {
		return strconv.AppendInt(b, v, 10)
	}
	if v < 0 {
		b, v = append(b, '-'), -v
	}
	b = strconv.AppendInt(b, v/100, 10)
	tens, ones := byte(v/10%10), byte(v%10)
	switch {
	case ones != 0:
		return append(b, '.', '0'+tens, '0'+ones)
	case tens != 0:
		return append(b, '.', '0'+tens)
	}
	return b
}
