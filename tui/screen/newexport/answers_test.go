package newexport

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
)

func TestAnswersOfAJob(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("NPT", 5*3600+45*60)
	for name, tt := range map[string]struct {
		spec job.Spec
		want Answers
	}{
		"a word": {
			job.Spec{Output: "/x/", Request: client.ExportRequest{
				Format: client.CSV, Range: client.Range{Name: "last_quarter"}, Include: client.Include{Connections: true, AuditLogs: true},
			}},
			Answers{Format: "csv", Range: "last_quarter", Include: []string{"connections", auditLogs}, Folder: "/x/"},
		},
		"days": {
			job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: client.Range{Name: "2026-01-01..2026-01-31"}, Include: client.Include{Metrics: true}}},
			Answers{Format: "json", Range: Custom, From: "2026-01-01", To: "2026-01-31", Include: []string{"metrics"}},
		},
		"a quarter, told in moments": {
			job.Spec{Request: client.ExportRequest{Format: client.JSON, Include: client.Include{Metrics: true}, Range: client.Range{
				Name: "2026-Q1",
				From: time.Date(2026, 1, 1, 0, 0, 0, 0, zone).UTC(),
				To:   time.Date(2026, 3, 31, 23, 59, 59, 0, zone).UTC(),
			}}},
			Answers{Format: "json", Range: Custom, From: "2026-01-01", To: "2026-03-31", Include: []string{"metrics"}},
		},
		"nothing": {
			job.Spec{},
			Answers{Format: "json", Range: "last_30_days", Include: []string{"metrics", "connections", "dashboards", auditLogs}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := AnswersOf(tt.spec, zone)
			if got.Format != tt.want.Format || got.Range != tt.want.Range || got.From != tt.want.From ||
				got.To != tt.want.To || got.Folder != tt.want.Folder || !slices.Equal(got.Include, tt.want.Include) {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestNormalAnswers(t *testing.T) {
	t.Parallel()
	got := Answers{Format: "xml", Range: "last_eon", Include: []string{"audit_logs", "secrets", "metrics"}}.Normal()
	if got.Format != "json" || got.Range != "last_30_days" || !slices.Equal(got.Include, []string{"metrics", auditLogs}) {
		t.Errorf("%+v", got)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	sep := string(filepath.Separator)
	for _, tt := range []struct{ typed, home, want string }{
		{"", "/home/u", ""},
		{"  ", "/home/u", ""},
		{"/data/exports", "/home/u", "/data/exports" + sep},
		{"/data/exports/", "/home/u", "/data/exports/"},
		{"here", "/home/u", "here" + sep},
		{"~", "/home/u", "/home/u" + sep},
		{"~/exports", "/home/u", "/home/u/exports" + sep},
		{"~other/x", "/home/u", "~other/x" + sep},
		{"~/exports", "", "~/exports" + sep},
	} {
		if got := (Answers{Folder: tt.typed}).Output(tt.home); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.typed, got, tt.want)
		}
	}
}

func TestCommonPrefix(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ a, b, want string }{
		{"", "", ""},
		{"abc", "abd", "ab"},
		{"ab", "abc", "ab"},
		{"漢字", "漢語", "漢"},
		{"x", "y", ""},
		{"\xff\xfea", "\xff\xfeb", "\xff\xfe"},
	} {
		if got := commonPrefix(tt.a, tt.b); got != tt.want {
			t.Errorf("%q, %q: %q", tt.a, tt.b, got)
		}
	}
}

func TestMemoryInMemory(t *testing.T) {
	t.Parallel()
	var m InMemory
	if a := m.Load(); a.Format != "" {
		t.Errorf("the first time: %+v", a)
	}
	m.Save(Answers{Format: "csv"})
	if a := m.Load(); a.Format != "csv" {
		t.Errorf("the second time: %+v", a)
	}
}
