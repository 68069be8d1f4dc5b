package sandbox

import (
	"context"
	"io"
)

// content is everything that one file holds, found but not yet written.
type content struct {
	job         *job
	project     projectInfo
	born        int64
	series      *series
	first, last int64 // metric records, none if last < first
	connections []connection
	dashboards  []dashboard
	audit       []auditRow
}

// contentOf finds what belongs into the job's file. gen is the generation:
// another one holds other data.
func contentOf(j *job, gen, born int64, made []auditEntry) *content {
	seed := j.Seed + uint64(gen)
	c := &content{job: j, project: paidProject(born, j.Escape), born: born, series: newSeries(seed, j.PerYear), last: -1}
	if j.Include.Metrics {
		c.first, c.last = c.series.between(j.Range, j.CreatedAt)
	}
	if j.Include.Connections {
		c.connections = connections(seed)
		if j.Escape {
			c.connections[0].name = hostileText
		}
	}
	if j.Include.Dashboards {
		c.dashboards = dashboards(seed)
	}
	if j.Include.AuditLogs && (!j.Bare || j.Format == "json") {
		c.audit = auditRows(seed, j.Range, j.CreatedAt, made, j.ID)
	}
	return c
}

// records is what the API tells as recordCount: metrics, connections,
// dashboards and audit-log entries; widgets are part of their dashboard.
func (c *content) records() int64 {
	return c.last - c.first + 1 + int64(len(c.connections)+len(c.dashboards)+len(c.audit))
}

// write writes the file in constant memory.
func (c *content) write(ctx context.Context, w io.Writer) error {
	s := &sink{ctx: ctx, w: w, buf: make([]byte, 0, sinkSize+sinkSlack)}
	if c.job.Format == "csv" {
		c.writeCSV(s)
	} else {
		c.writeJSON(s)
	}
	s.flush()
	return s.err
}

const (
	sinkSize = 256 << 10
	// sinkSlack is room for the record that passes sinkSize; a longer one
	// (there is none but of hostile texts) only makes the buffer grow.
	sinkSlack = 16 << 10
)

// sink gathers appended bytes and writes them in large pieces. After an error
// it drops what comes, and the loops above it end.
type sink struct {
	ctx context.Context
	w   io.Writer
	buf []byte
	err error
}

// full is called after each record; false means that the writing is over.
func (s *sink) full() bool {
	if len(s.buf) >= sinkSize {
		s.flush()
	}
	return s.err == nil
}

func (s *sink) flush() {
	if s.err == nil {
		s.err = context.Cause(s.ctx)
	}
	if s.err == nil {
		_, s.err = s.w.Write(s.buf)
	}
	s.buf = s.buf[:0]
}
