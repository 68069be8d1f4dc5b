package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// IncludeAll is all four data types.
func IncludeAll() Include {
	return Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}
}

// ParseInclude reads the data types as a person writes them:
// "metrics,connections", or "all". At least one is needed.
func ParseInclude(s string) (Include, error) {
	const valid = "it is all, or some of metrics,connections,dashboards,audit_logs"
	var in Include
	for word := range strings.SplitSeq(s, ",") {
		switch strings.ToLower(strings.TrimSpace(word)) {
		case "all":
			in = IncludeAll()
		case "metrics":
			in.Metrics = true
		case "connections":
			in.Connections = true
		case "dashboards":
			in.Dashboards = true
		case "audit_logs":
			in.AuditLogs = true
		case "":
			return Include{}, fmt.Errorf("data types %q: one is missing; %s", s, valid)
		default:
			return Include{}, fmt.Errorf("data type %q: %s", strings.TrimSpace(word), valid)
		}
	}
	return in, nil
}

// All reports whether all four types are in.
func (in Include) All() bool { return in == IncludeAll() }

// Names are the types that are in, always in the order metrics, connections,
// dashboards, audit_logs; never nil.
func (in Include) Names() []string {
	names := make([]string, 0, 4)
	for _, t := range []struct {
		in   bool
		name string
	}{
		{in.Metrics, "metrics"},
		{in.Connections, "connections"},
		{in.Dashboards, "dashboards"},
		{in.AuditLogs, "audit_logs"},
	} {
		if t.in {
			names = append(names, t.name)
		}
	}
	return names
}

// wireRequest is the body of the POST, field by field as the API page has it.
type wireRequest struct {
	Format             Format `json:"format"`
	DateRange          any    `json:"dateRange"`
	IncludeAll         bool   `json:"includeAll,omitempty"`
	IncludeMetrics     *bool  `json:"includeMetrics,omitempty"`
	IncludeConnections *bool  `json:"includeConnections,omitempty"`
	IncludeDashboards  *bool  `json:"includeDashboards,omitempty"`
	IncludeAuditLogs   *bool  `json:"includeAuditLogs,omitempty"`
}

// wireDates is a range in epoch milliseconds.
type wireDates struct {
	StartDate int64 `json:"startDate"`
	EndDate   int64 `json:"endDate"`
}

// body is the POST's body, or why there can be none. All four types go as
// includeAll, else the four are spelled out, so that no default matters.
func (r ExportRequest) body() ([]byte, error) {
	w := wireRequest{Format: r.Format, DateRange: r.Range.Name}
	switch {
	case r.Format != JSON && r.Format != CSV:
		return nil, fmt.Errorf("no such format: %q", r.Format)
	case r.Include == Include{}:
		return nil, errors.New("no data type chosen")
	case r.Range.OnWireAsWord():
	case r.Range.From.IsZero() || r.Range.To.IsZero() || r.Range.To.Before(r.Range.From):
		return nil, errors.New("no date range chosen")
	default:
		w.DateRange = wireDates{r.Range.From.UnixMilli(), r.Range.To.UnixMilli()}
	}
	if in := r.Include; in.All() {
		w.IncludeAll = true
	} else {
		w.IncludeMetrics, w.IncludeConnections = &in.Metrics, &in.Connections
		w.IncludeDashboards, w.IncludeAuditLogs = &in.Dashboards, &in.AuditLogs
	}
	return json.Marshal(w)
}
