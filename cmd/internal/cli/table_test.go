package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/config"
)

// shown is the history as a terminal of that width has it; 0 is none.
func shown(t *testing.T, width int, zone *time.Location, entries ...history.Entry) []string {
	t.Helper()
	return shownWith(t, width, zone, "local", entries...)
}

// shownWith is shown with ui.time_zone in the settings.
func shownWith(t *testing.T, width int, zone *time.Location, setting string, entries ...history.Entry) []string {
	t.Helper()
	var out bytes.Buffer
	a := &app{Streams: Streams{
		Out: &out, OutTerminal: width > 0, Width: func() int { return width }, Location: zone,
		Now: func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) },
	}}
	a.settings.TimeZone = config.Setting{Value: setting}
	if err := a.printHistory(entries); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func entries() []history.Entry {
	count, bytes := int64(1_234_567), int64(300<<20)
	made := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	return []history.Entry{
		{
			Export: client.Export{
				ID: "exp_abcdefghijklmnopqrstuv", Status: "completed", Stage: client.StageCompleted, Format: client.CSV,
				Range:   client.WireRange{From: made.AddDate(0, 0, -30), To: made},
				Include: &client.Include{Metrics: true, AuditLogs: true}, Records: &count, Bytes: &bytes,
				CreatedAt: made, ExpiresAt: made.Add(24 * time.Hour),
			},
			LocalFile: "/home/me/exports/dashtray-my-saas-app-2026-02.csv", LocalState: history.LocalPartial, LocalDone: 129 << 20, LocalSize: bytes,
		},
		{Export: client.Export{ID: "exp_2"}, LocalState: history.LocalNone},
	}
}

func TestHistoryFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for width, want := range map[int]string{
		0:   "ID CREATED STATE FORMAT RANGE DATA RECORDS SIZE LINK FILE PATH",
		80:  "ID CREATED STATE RANGE FILE",
		120: "ID CREATED STATE RANGE RECORDS SIZE LINK FILE",
		250: "ID CREATED STATE FORMAT RANGE DATA RECORDS SIZE LINK FILE PATH",
	} {
		lines := shown(t, width, time.UTC, entries()...)
		if got := strings.Join(strings.Fields(lines[0]), " "); got != want {
			t.Errorf("%d: columns %s, want %s", width, got, want)
		}
		for _, l := range lines {
			if n := ansi.StringWidth(l); width > 0 && n > width || strings.HasSuffix(l, " ") {
				t.Errorf("%d: %d cells: %q", width, n, l)
			}
		}
		if !strings.Contains(lines[1], "exp_abcdefghijklmnopqrstuv") || !strings.Contains(lines[1], "part 43%") {
			t.Errorf("%d: %q", width, lines[1])
		}
	}
}

func TestHistoryIsInTheZoneOfTheSettings(t *testing.T) {
	t.Parallel()
	local := time.FixedZone("", 2*60*60)
	for setting, want := range map[string][]string{
		"local": {"2026-03-02 01:30", "2026-01-31..2026-03-02", "1,234,567", "300.0 MiB", "23 h"},
		"UTC":   {"2026-03-01 23:30", "2026-01-30..2026-03-01", "23 h"},
	} {
		lines := shownWith(t, 0, local, setting, entries()...)
		for _, part := range want {
			if !strings.Contains(lines[1], part) {
				t.Errorf("%s: %q lacks %q", setting, lines[1], part)
			}
		}
	}
}

// What a server calls things moves no column and reaches no terminal.
func TestHistoryOfAHostileServer(t *testing.T) {
	t.Parallel()
	list := entries()
	list[1].Export.Status = client.ID("\x1b[2J\u202e完成しました" + client.ID(strings.Repeat("long ", 100)))
	list[1].Export.Range.Name = "完成しました\tここに\x00"
	list[1].LocalFile = "/tmp/\x1b]0;x\a\n名前.json"
	for _, width := range []int{0, 80, 120} {
		lines := shown(t, width, time.UTC, list...)
		if len(lines) != 3 {
			t.Fatalf("%d: %d lines", width, len(lines))
		}
		for _, l := range lines {
			if strings.ContainsAny(l, "\x1b\a\x00\t\u202e") {
				t.Errorf("%d: %q", width, l)
			}
			if n := ansi.StringWidth(l); width > 0 && n > width {
				t.Errorf("%d: %d cells: %q", width, n, l)
			}
		}
		at := ansi.StringWidth(lines[0][:strings.Index(lines[0], "FILE")])
		for i, state := range []string{"part", "none"} {
			before, _, found := strings.Cut(lines[i+1], state)
			if !found || ansi.StringWidth(before) != at {
				t.Errorf("%d: %s begins at cell %d, its title at %d", width, state, ansi.StringWidth(before), at)
			}
		}
	}
}

// A server that tells no end of a link has told when the export was complete:
// the table counts from there, as the console does.
func TestTheLinksEndWithoutAWordOfTheServers(t *testing.T) {
	t.Parallel()
	a := &app{Streams: Streams{Now: func() time.Time { return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC) }}}
	for _, tc := range []struct {
		before time.Duration
		stage  client.Stage
		want   string
	}{
		{2 * time.Hour, client.StageCompleted, "22 h"},
		{25 * time.Hour, client.StageCompleted, "expired"},
		{2 * time.Hour, client.StageFailed, "-"},
	} {
		got := a.linkWords(client.Export{Stage: tc.stage, CompletedAt: a.Now().Add(-tc.before)})
		if got != tc.want {
			t.Errorf("%s after its end, stage %v: %q, want %q", tc.before, tc.stage, got, tc.want)
		}
	}
}
