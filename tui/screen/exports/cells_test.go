package exports

import (
	"testing"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

func screen(now time.Time, zone *time.Location) *Model {
	return New(Deps{
		Theme: theme.New(false), Keys: keymap.Default(false), Now: func() time.Time { return now }, Location: zone,
		ShellCommand: func(job.Spec) string { return "" }, Message: func(error) (string, string) { return "", "" },
	})
}

func TestCells(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	zone := time.FixedZone("NPT", 5*3600+45*60)
	done := func(left time.Duration) client.Export {
		return client.Export{ID: "x", Stage: client.StageCompleted, CreatedAt: now.Add(-time.Hour), ExpiresAt: now.Add(left)}
	}
	midnight := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
	for name, tt := range map[string]struct {
		r                          row
		state, rng, data, lnk, loc string
	}{
		"nothing known": {row{entry: &history.Entry{}}, "○ ?", "?", "?", "–", "none"},
		"fresh": {
			row{entry: &history.Entry{Export: done(23*time.Hour + time.Minute), LocalState: history.LocalVerified}},
			"✓ ready", "?", "?", "23 h left", "verified",
		},
		"almost gone": {row{entry: &history.Entry{Export: done(59 * time.Second)}}, "✓ ready", "?", "?", "<1 m left", "none"},
		"gone":        {row{entry: &history.Entry{Export: done(0), LocalState: history.LocalMissing}}, "✓ ready", "?", "?", "expired", "missing"},
		"link's life by the page": {
			row{entry: &history.Entry{Export: client.Export{Stage: client.StageCompleted, CompletedAt: now.Add(-22 * time.Hour)}}},
			"✓ ready", "?", "?", "2 h left", "none",
		},
		"unknown word, days in this zone": {
			row{entry: &history.Entry{
				Export: client.Export{
					Status: "pondering", Stage: client.StageProcessing, Include: &client.Include{Connections: true},
					Range: client.WireRange{From: midnight.UTC(), To: midnight.AddDate(0, 1, 0).Add(-time.Millisecond).UTC()},
				},
				LocalState: history.LocalPartial, LocalDone: 999, LocalSize: 1000,
			}},
			"● pondering", "2026-01-01–01-31", ". C . .", "–", "part 99%",
		},
		"two years": {
			row{entry: &history.Entry{Export: client.Export{Stage: client.StageFailed, Range: client.WireRange{From: midnight.AddDate(-1, 0, 0), To: midnight}}}},
			"✗ failed", "2025-01-01–2026-01-01", "?", "–", "none",
		},
		"one day": {
			row{entry: &history.Entry{Export: client.Export{Stage: client.StageExpired, Range: client.WireRange{From: midnight, To: midnight.Add(time.Hour)}}}},
			"○ expired", "2026-01-01", "?", "expired", "none",
		},
		"a job before its export": {
			row{live: &job.Snapshot{Step: job.StepBusy, Started: now, Spec: job.Spec{Request: client.ExportRequest{
				Range: client.Range{Name: "last_7_days"}, Include: client.Include{Metrics: true},
			}}}},
			"⠋ waiting", "last 7 days", "M . . .", "–", "none",
		},
		"days as they were typed": {
			row{entry: &history.Entry{Export: client.Export{Range: client.WireRange{Name: "2026-02-01..2026-02-28"}}}},
			"○ ?", "2026-02-01–02-28", "?", "–", "none",
		},
		"a word that the server tells in days while the job runs": {
			row{live: &job.Snapshot{
				Step: job.StepCollecting, Started: now.Add(-61 * time.Minute),
				Export: client.Export{ID: "x", Range: client.WireRange{From: midnight, To: midnight.AddDate(0, 3, 0)}},
				Spec:   job.Spec{Request: client.ExportRequest{Range: client.Range{Name: "last_quarter"}}},
			}},
			"⠋ collecting", "last quarter", ". . . .", "–", "none",
		},
		"a paused job": {
			row{live: &job.Snapshot{Step: job.StepTransferring, Paused: true, Started: now}},
			"‖ paused", "?", ". . . .", "–", "part",
		},
		"a failed job": {row{live: &job.Snapshot{Step: job.StepFailed, Spec: job.Spec{ID: "x"}}}, "✗ failed", "?", "?", "–", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := screen(now, zone)
			cells := m.cells(tt.r)
			if len(cells) != len(m.table.Columns) {
				t.Fatalf("%d cells for %d columns", len(cells), len(m.table.Columns))
			}
			for i, want := range map[int]string{0: tt.state, 2: tt.rng, 3: tt.data, 6: tt.lnk, 7: tt.loc} {
				if cells[i].Text != want {
					t.Errorf("%s is %q, want %q", m.table.Columns[i].Title, cells[i].Text, want)
				}
			}
			if w := lipgloss.Width(cells[1].Text); w > m.table.Columns[1].Width {
				t.Errorf("created is %d cells wide: %q", w, cells[1].Text)
			}
		})
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0:00", 0: "0:00", 65 * time.Second: "1:05", time.Hour + 2*time.Minute + 3*time.Second: "1:02:03",
	} {
		if got := clock(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// What the server told is asked for again in words that --range understands.
func TestAgainAsksForTheSame(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("NPT", 5*3600+45*60)
	midnight := time.Date(2026, 1, 1, 0, 0, 0, 0, zone)
	for _, tt := range []struct {
		r    client.WireRange
		want string
	}{
		{client.WireRange{Name: "all_time"}, "all_time"},
		{client.WireRange{From: midnight.UTC(), To: midnight.AddDate(0, 1, 0).Add(-time.Millisecond).UTC()}, "2026-01-01..2026-01-31"},
	} {
		got := row{entry: &history.Entry{Export: client.Export{Range: tt.r}}}.again(zone).Request
		if got.Range.Name != tt.want || got.Format != client.JSON || got.Include != (client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}) {
			t.Errorf("%+v", got)
		}
	}
}
