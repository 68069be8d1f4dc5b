package sandbox

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// maxTime is the largest moment of ECMAScript's Date, in ms.
const maxTime = 8_640_000_000_000_000

// parseRequest reads the body of POST exports, whatever its Content-Type: the
// page's first sample sends none of its own. No include field at all means
// everything, as the page's second script has it.
func parseRequest(raw []byte, now int64) (*job, error) {
	var q struct {
		Format      string          `json:"format"`
		DateRange   json.RawMessage `json:"dateRange"`
		All         *bool           `json:"includeAll"`
		Metrics     *bool           `json:"includeMetrics"`
		Connections *bool           `json:"includeConnections"`
		Dashboards  *bool           `json:"includeDashboards"`
		AuditLogs   *bool           `json:"includeAuditLogs"`
	}
	if err := json.Unmarshal(raw, &q); err != nil {
		return nil, errors.New("the body is not the JSON that this call takes")
	}
	j := &job{Format: q.Format}
	if j.Format != "json" && j.Format != "csv" {
		return nil, errors.New(`format must be "json" or "csv"`)
	}
	if err := j.setRange(q.DateRange, now); err != nil {
		return nil, err
	}
	is := func(b *bool) bool { return b != nil && *b }
	none := q.All == nil && q.Metrics == nil && q.Connections == nil && q.Dashboards == nil && q.AuditLogs == nil
	j.Include = include{is(q.Metrics), is(q.Connections), is(q.Dashboards), is(q.AuditLogs)}
	if none || is(q.All) {
		j.Include = include{true, true, true, true}
	}
	if j.Include == (include{}) {
		return nil, errors.New("select at least one data type")
	}
	return j, nil
}

// setRange takes a preset of the form, or two moments in ms.
func (j *job) setRange(raw json.RawMessage, now int64) error {
	const day = 24 * 3600 * 1000
	if len(raw) == 0 {
		return errors.New("dateRange is missing")
	}
	if raw[0] == '"' {
		days := map[string]int64{"last_7_days": 7, "last_30_days": 30, "last_90_days": 90, "last_year": 365, "all_time": 365}
		if err := json.Unmarshal(raw, &j.RangeWord); err != nil || days[j.RangeWord] == 0 {
			return errors.New("dateRange must be last_7_days, last_30_days, last_90_days, last_year, all_time, or {startDate, endDate}")
		}
		// The data begin a year ago, so that this is where all_time starts.
		j.Range = msRange{From: now - days[j.RangeWord]*day, To: now}
		return nil
	}
	var r struct {
		From *int64 `json:"startDate"`
		To   *int64 `json:"endDate"`
	}
	if err := json.Unmarshal(raw, &r); err != nil || r.From == nil || r.To == nil {
		return errors.New("dateRange needs startDate and endDate in milliseconds")
	}
	j.Range = msRange{*r.From, *r.To}
	switch {
	case j.Range.From < 0 || j.Range.To > maxTime:
		return errors.New("dateRange is out of bounds")
	case j.Range.From > j.Range.To:
		return errors.New("startDate is after endDate")
	}
	return nil
}

// wireRange is the range as it was asked for.
func (j *job) wireRange() any {
	if j.RangeWord != "" {
		return j.RangeWord
	}
	return j.Range
}

// rangeText is the range in the audit log.
func (j *job) rangeText() string {
	if j.RangeWord != "" {
		return j.RangeWord
	}
	text := func(ms int64) string {
		if ms > 253402300799999 { // year 9999, where RFC 3339 ends
			return strconv.FormatInt(ms, 10)
		}
		return time.UnixMilli(ms).UTC().Format(time.RFC3339)
	}
	return text(j.Range.From) + "/" + text(j.Range.To)
}
