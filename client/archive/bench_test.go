package archive

import (
	"bytes"
	"fmt"
	"testing"
)

// bigJSON is an export of n metrics and n/10 audit logs, indented as on the
// page or in one line.
func bigJSON(n int, indented bool) []byte {
	record := `{"id":"m_%08x","metricId":"stripe_mrr","metricName":"Monthly Recurring Revenue","value":%d.25,"unit":"USD",` +
		`"timestamp":%d,"service":"stripe","metadata":{"currency":"usd","interval":"month"},"dataQuality":"synced","createdAt":%d}`
	if indented {
		record = "    {\n      \"id\": \"m_%08x\",\n      \"metricId\": \"stripe_mrr\",\n      \"metricName\": \"Monthly Recurring Revenue\",\n" +
			"      \"value\": %d.25,\n      \"unit\": \"USD\",\n      \"timestamp\": %d,\n      \"service\": \"stripe\",\n      \"metadata\": {\n" +
			"        \"currency\": \"usd\",\n        \"interval\": \"month\"\n      },\n      \"dataQuality\": \"synced\",\n      \"createdAt\": %d\n    }"
	}
	var b bytes.Buffer
	b.WriteString(`{"exportedAt":1678901234000,"metrics":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, record, i, i, 1670000000000+i, 1670000000000+i)
	}
	b.WriteString(`],"connections":[],"dashboards":[],"auditLogs":[`)
	for i := range n / 10 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"log_%08x","userId":"user_123","action":"dashboard_created","resource":"dashboards","resourceId":"dash_%d","metadata":{"dashboardName":"Revenue Dashboard"},`+
			`"ipAddress":"192.168.1.1","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36","createdAt":%d}`, i, i, 1670000000000+i)
	}
	b.WriteString("]}\n")
	return b.Bytes()
}

func bigCSV(n int) []byte {
	var b bytes.Buffer
	b.WriteString("Type,ID,Name,Value,Unit,Timestamp,Service,Status,Created At\n")
	for i := range n {
		fmt.Fprintf(&b, "Metric,m_%08x,Monthly Recurring Revenue,%d.25,USD,2024-03-15T10:%02d:00Z,stripe,,2024-03-15T10:%02d:00Z\n", i, i, i%60, i%60)
	}
	return b.Bytes()
}

func benchmark(b *testing.B, file []byte) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := Check(b.Context(), bytes.NewReader(file), Expect{}, nil)
		if err != nil || !r.OK || len(r.Warnings) > 0 {
			b.Fatal(r, err)
		}
	}
}

func BenchmarkCheckJSON(b *testing.B) {
	b.Run("compact", func(b *testing.B) { benchmark(b, bigJSON(100_000, false)) })
	b.Run("indented", func(b *testing.B) { benchmark(b, bigJSON(100_000, true)) })
}

func BenchmarkCheckCSV(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmark(b, bigCSV(250_000)) })
}
