package sandbox

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// auditRow is one entry of the audit log as files hold it.
type auditRow struct {
	id, user, action, resource, resourceID string
	metadata                               string // JSON
	ip, agent                              string
	at                                     int64 // ms
}

// auditRows are the entries in r: one a day of the company's life, and one
// for each export that was made before job own, oldest first.
func auditRows(seed uint64, r msRange, now int64, made []auditEntry, own string) []auditRow {
	var rows []auditRow
	from, to := max(r.From, now-yearS*secondMS), min(r.To, now)
	for day := from / secondMS / dayS; day <= to/secondMS/dayS; day++ {
		if row := dailyRow(seed, day); row.at >= from && row.at <= to {
			rows = append(rows, row)
		}
	}
	for _, e := range made {
		if e.Job != own && e.At >= from && e.At <= to {
			rows = append(rows, e.row())
		}
	}
	slices.SortStableFunc(rows, func(a, b auditRow) int { return cmp.Compare(a.at, b.at) })
	return rows
}

// dailyRow is what somebody did on that day (number of days since 1970), in
// office hours. Addresses are of the ranges kept for documentation (RFC 5737,
// RFC 3849).
func dailyRow(seed uint64, day int64) auditRow {
	h := mix(mix(seed) ^ uint64(day) ^ 0xa0d17<<32)
	people := [...][2]string{
		{"user_4m8x2k", "203.0.113.24"},
		{"user_9qz71c", "198.51.100.7"},
		{"user_c0ffee", "2001:db8::5c:17"},
		{"user_7vb3nd", "192.0.2.118"},
	}
	agents := [...]string{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	}
	acts := [...][4]string{
		{"dashboard_created", "dashboards", "dash_", `{"dashboardName":"Revenue Dashboard"}`},
		{"dashboard_updated", "dashboards", "dash_", `{"changes":{"layout":"2 widgets moved"}}`},
		{"widget_added", "widgets", "widget_", `{"type":"metric-card","title":"MRR"}`},
		{"connection_created", "connections", "conn_", `{"service":"plausible"}`},
		{"connection_resynced", "connections", "conn_", `{"service":"hubspot","reason":"manual"}`},
		{"member_invited", "members", "user_", `{"role":"viewer"}`},
		{"member_role_changed", "members", "user_", `{"from":"viewer","to":"editor"}`},
		{"settings_updated", "projects", "j57", `{"changes":{"timezone":"Europe/Berlin"}}`},
	}
	who, act := people[h%4], acts[h>>8%8]
	return auditRow{
		id: "log_" + shortID(seed, 0x106, day), user: who[0], ip: who[1], agent: agents[h>>16%2],
		action: act[0], resource: act[1], resourceID: act[2] + shortID(seed, 0x107, day%17), metadata: act[3],
		at: (day*dayS + 8*3600 + int64(h>>20%(10*3600))) * secondMS,
	}
}

func (e auditEntry) row() auditRow {
	meta, err := json.Marshal(map[string]string{"format": e.Format, "dateRange": e.Range})
	if err != nil {
		meta = []byte("{}") // cannot be: a map of strings always has a JSON form
	}
	return auditRow{
		id: "log_" + e.Job[:min(10, len(e.Job))], user: e.User, action: "export_created", resource: "exports",
		resourceID: e.Job, metadata: string(meta), ip: e.IP, agent: e.Agent, at: e.At,
	}
}

// bounded cuts what a caller has sent to what an audit entry may hold.
func bounded(s string) string {
	const most = 256
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "\ufffd")
}
