package archive

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// kinds of metrics that take turns in the files below, as they do in exports.
func benchMetrics() [][4]string {
	return [][4]string{
		{"stripe_mrr", "Monthly Recurring Revenue", "USD", `{"currency":"usd","interval":"month"}`},
		{"stripe_churn_rate", "Monthly Churn Rate", "percent", `{"interval":"month"}`},
		{"github_stars", "Repository Stars", "stars", `{"repository":"northwind/app","branch":"main"}`},
		{"ga_sessions", "Sessions", "sessions", `{"property":"318204417","channel":"all"}`},
		{"intercom_csat", `Customer Satisfaction \"CSAT\"`, "percent", `{"scale":"1-5"}`},
		{"uptime", "Verfügbarkeit", "percent", `{"monitor":"api","region":"eu"}`},
	}
}

// bigJSON is an export of n metrics and n/10 audit logs in the page's form,
// indented as there or in one line.
func bigJSON(n int, indented bool) []byte {
	const record = `{"id":"m_%010x","metricId":"%s","metricName":"%s","value":%d.25,"unit":"%s",` +
		`"timestamp":%d,"service":"stripe","metadata":%s,"dataQuality":"%s","createdAt":%d}`
	var b bytes.Buffer
	b.WriteString(`{"exportedAt":1678901234000,"metrics":[`)
	for i := range int64(n) {
		if i > 0 {
			b.WriteByte(',')
		}
		m := benchMetrics()[i%6]
		quality := "synced"
		if i%20 == 0 {
			quality = "estimated"
		}
		fmt.Fprintf(&b, record, i*0x9e3779b1, m[0], m[1], i%100_000, m[2], 1670000000000+1000*i, m[3], quality, 1670000000000+1000*i)
	}
	b.WriteString(`],"connections":[],"dashboards":[],"auditLogs":[`)
	for i := range int64(n) / 10 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"log_%08x","userId":"user_123","action":"dashboard_created","resource":"dashboards","resourceId":"dash_%d","metadata":{"dashboardName":"Revenue Dashboard"},`+
			`"ipAddress":"192.168.1.1","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36","createdAt":%d}`, i, i, 1670000000000+i)
	}
	b.WriteString("]}\n")
	if indented {
		v := jsontext.Value(b.Bytes())
		if err := v.Indent(); err != nil {
			panic(err)
		}
		return v
	}
	return b.Bytes()
}

// unlikeJSON is an export in which no record is built like another.
func unlikeJSON(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"metrics":[`)
	for i := range int64(n) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"id":"m_%010x","metricId":"stripe_mrr","metricName":"Monthly Recurring Revenue","value":%d.25,"unit":"USD",`+
			`"timestamp":%d,"service":"stripe","metadata":{"customer_%d":"usd","interval":"month"},"dataQuality":"synced","createdAt":%d}`, i, i, 1670000000000+i, i, 1670000000000+i)
	}
	b.WriteString("]}\n")
	return b.Bytes()
}

func bigCSV(n int, quotes bool) []byte {
	var b bytes.Buffer
	b.WriteString(csvHead)
	for i := range int64(n) {
		m := benchMetrics()[i%4]
		if quotes {
			m[1] = fmt.Sprintf(`"%s, number %d"`, m[1], i)
		}
		at := fmt.Sprintf("2024-03-%02dT10:%02d:%02dZ", 1+i*28/int64(n), i/60%60, i%60)
		fmt.Fprintf(&b, "Metric,m_%010x,%s,%d.25,%s,%s,stripe,,%s\n", i*0x9e3779b1, m[1], i%100_000, m[2], at, at)
	}
	return b.Bytes()
}

// perByte reports nanoseconds a byte beside MB/s.
func perByte(b *testing.B, size int, one func()) {
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		one()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size), "ns/byte")
}

func benchmark(b *testing.B, file []byte) {
	perByte(b, len(file), func() {
		r, err := Check(b.Context(), bytes.NewReader(file), Expect{}, nil)
		if err != nil || !r.OK || len(r.Warnings) > 0 {
			b.Fatal(r, err)
		}
	})
}

func BenchmarkCheckJSON(b *testing.B) {
	b.Run("compact", func(b *testing.B) { benchmark(b, bigJSON(200_000, false)) })
	b.Run("indented", func(b *testing.B) { benchmark(b, bigJSON(200_000, true)) })
	b.Run("no two records alike", func(b *testing.B) { benchmark(b, unlikeJSON(200_000)) })
	b.Run("jsontext's tokens alone", func(b *testing.B) {
		file := bigJSON(200_000, false)
		perByte(b, len(file), func() {
			dec := jsontext.NewDecoder(bytes.NewReader(file))
			for {
				if _, err := dec.ReadToken(); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkCheckCSV(b *testing.B) {
	b.Run("plain", func(b *testing.B) { benchmark(b, bigCSV(400_000, false)) })
	b.Run("no two names alike, quoted", func(b *testing.B) { benchmark(b, bigCSV(400_000, true)) })
	b.Run("encoding/csv alone", func(b *testing.B) {
		file := bigCSV(400_000, false)
		perByte(b, len(file), func() {
			r := csv.NewReader(bytes.NewReader(file))
			r.ReuseRecord = true
			for {
				if _, err := r.Read(); errors.Is(err, io.EOF) {
					return
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkUnpack(b *testing.B) {
	plain := bigJSON(200_000, false)
	for name, file := range map[string][]byte{"gzip": gzipped(b, plain), "zstd": zstded(b, plain)} {
		b.Run(name, func(b *testing.B) {
			perByte(b, len(plain), func() {
				f, err := Open(bytes.NewReader(file), nil)
				if err != nil {
					b.Fatal(err)
				}
				defer f.Close()
				if r, err := CheckFile(b.Context(), f, Expect{}, nil); err != nil || !r.OK {
					b.Fatal(r.Problems, err)
				}
			})
		})
	}
}
