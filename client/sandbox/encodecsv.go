package sandbox

import (
	"strconv"
	"strings"
	"time"
)

const csvHeader = "Type,ID,Name,Value,Unit,Timestamp,Service,Status,Created At\n"

// writeCSV writes the file as the product's page shows it: its header and its
// Metric, Connection and Dashboard rows, lines ended by LF, cells quoted as
// RFC 4180 section 2 says, times in UTC by the second. The page shows no row
// of the audit log; ours is `Audit Log,ID,ACTION,,,TIME,,,TIME`.
func (c *content) writeCSV(s *sink) {
	s.buf = append(s.buf, csvHeader...)
	c.metricsCSV(s)
	var t stamp
	for i := range c.connections {
		x := &c.connections[i]
		leaked := ""
		if c.job.Leak {
			leaked = x.credential.value
		}
		s.buf = appendRow(s.buf, "Connection", x.id, x.name, leaked, "", "", "", x.status)
		s.buf = append(t.append(s.buf, daysBefore(c.born, x.ageDays)/secondMS), '\n')
	}
	for i := range c.dashboards {
		x := &c.dashboards[i]
		s.buf = appendRow(s.buf, "Dashboard", x.id, x.name, strconv.Itoa(len(x.widgets)), "widgets", "", "", x.kind)
		s.buf = append(t.append(s.buf, daysBefore(c.born, x.ageDays)/secondMS), '\n')
	}
	for i := range c.audit {
		x := &c.audit[i]
		at := string(t.append(nil, x.at/secondMS))
		s.buf = appendRow(s.buf, "Audit Log", x.id, x.action, "", "", at, "", "")
		s.buf = append(append(s.buf, at...), '\n')
		if !s.full() {
			return
		}
	}
}

// metricsCSV is the hot loop: appends only, no allocation.
func (c *content) metricsCSV(s *sink) {
	type parts struct{ name, unit, service []byte }
	var ps []parts
	for _, m := range c.series.metrics {
		ps = append(ps, parts{
			name:    append(appendCell([]byte{','}, m.name), ','),
			unit:    append(appendCell([]byte{','}, m.unit), ','),
			service: append(appendCell([]byte{','}, m.service), ",,"...),
		})
	}
	var t stamp
	for k := c.first; k <= c.last; k++ {
		sec := c.series.at(k)
		m, value, _ := c.series.record(k, sec)
		p := &ps[m]
		b := append(s.buf, "Metric,m_"...)
		b = appendID(b, c.series.seed, uint64(k))
		b = append(b, p.name...)
		b = appendDecimal(b, value, c.series.metrics[m].decimals)
		b = append(b, p.unit...)
		at := len(b)
		b = t.append(b, sec)
		when := b[at:]
		b = append(b, p.service...)
		b = append(b, when...)
		s.buf = append(b, '\n')
		if !s.full() {
			return
		}
	}
}

// appendRow writes cells with a comma after each.
func appendRow(b []byte, cells ...string) []byte {
	for _, c := range cells {
		b = append(appendCell(b, c), ',')
	}
	return b
}

func appendCell(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

// stamp writes times as 2024-03-15T10:30:00Z and remembers the day, which
// seldom changes from one record to the next.
type stamp struct {
	day  int64
	date [11]byte // with the T
}

func (t *stamp) append(b []byte, sec int64) []byte {
	day := sec / dayS
	if day != t.day || t.date[0] == 0 {
		t.day = day
		copy(t.date[:], time.Unix(day*dayS, 0).UTC().Format("2006-01-02T"))
	}
	s := sec - day*dayS
	h, m, x := byte(s/3600), byte(s/60%60), byte(s%60)
	b = append(b, t.date[:]...)
	return append(b, '0'+h/10, '0'+h%10, ':', '0'+m/10, '0'+m%10, ':', '0'+x/10, '0'+x%10, 'Z')
}
