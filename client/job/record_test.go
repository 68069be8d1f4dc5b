package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/text"
)

func testJournal(t *testing.T) journal {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return journal{dir: filepath.Join(t.TempDir(), "runs"), now: func() time.Time { return now }}
}

func TestUnfinishedRuns(t *testing.T) {
	t.Parallel()
	j := testJournal(t)
	const origin, project, match = "https://a.test", "p1", "json|all_time|all|/x"
	begin := func(edit func(*record)) *record {
		r, err := j.create(record{Origin: origin, ProjectID: project, Match: match, ExportID: "e1"})
		if err != nil {
			t.Fatal(err)
		}
		edit(r)
		if err := j.save(r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	find := func() *record { return j.unfinished(origin, project, match) }

	live := begin(func(*record) {})
	if got := find(); got != nil {
		t.Error("a run whose process lives was continued")
	}
	j.release(live)
	got := find()
	if got == nil || got.ExportID != "e1" {
		t.Fatalf("the cut-off run was not found: %+v", got)
	}
	if again := find(); again != nil {
		t.Error("it was found twice")
	}
	j.release(got)

	for name, edit := range map[string]func(*record){
		"origin":  func(r *record) { r.Origin = "https://b.test" },
		"project": func(r *record) { r.ProjectID = "p2" },
		"match":   func(r *record) { r.Match = "csv" },
		"done":    func(r *record) { r.State = history.StateDone },
		"old":     func(r *record) { r.Started = j.now().Add(-ContinueFor) },
		"future":  func(r *record) { r.Started = j.now().Add(ContinueFor + time.Hour) },
		"version": func(r *record) { r.Version = recordVersion + 1 },
	} {
		edit(got)
		if err := j.save(got); err != nil {
			t.Fatal(err)
		}
		if r := find(); r != nil {
			t.Errorf("%s: continued %+v", name, r)
			j.release(r)
		}
		*got = record{Version: recordVersion, Origin: origin, ProjectID: project, Match: match, ExportID: "e1", Started: j.now(), State: history.StateRunning, name: got.name}
	}
}

func TestDamagedRecordsAreSkipped(t *testing.T) {
	t.Parallel()
	j := testJournal(t)
	good, err := j.create(record{Origin: "o", ExportID: "good"})
	if err != nil {
		t.Fatal(err)
	}
	j.release(good)
	for name, b := range map[string]string{
		"empty": "", "zeros": strings.Repeat("\x00", 300), "torn": `{"version":1,"origin":"o"`,
		"huge": `{"version":1,"origin":"` + strings.Repeat("x", 2*maxRecord) + `"}`, "other": `[1,2]`,
	} {
		if err := os.WriteFile(j.path(name), []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", j.path("link")); err != nil {
		t.Fatal(err)
	}
	all := j.all()
	if len(all) != 1 || all[0].ExportID != "good" {
		t.Errorf("read %d records", len(all))
	}
}

func TestJournalWithoutAFolder(t *testing.T) {
	t.Parallel()
	j := journal{now: time.Now}
	r, err := j.create(record{Origin: "o"})
	if err != nil || r == nil {
		t.Fatal(err)
	}
	j.release(r)
	if len(j.all()) != 0 || j.unfinished("o", "", "") != nil {
		t.Error("remembered without a folder")
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 2, 3, 4, 5, 6, 7, time.FixedZone("", 3600))
	word := func(s string) client.ExportRequest {
		r, err := client.ParseRange(s, at, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		return client.ExportRequest{Format: client.JSON, Range: r}
	}
	csv := word("last_7_days")
	csv.Format = client.CSV
	for _, c := range []struct {
		slug string
		req  client.ExportRequest
		want string
	}{
		{"my-saas-app", word("all_time"), "dashtray-my-saas-app-all_time-20260203T030506Z.json"},
		{"My SaaS / App", csv, "dashtray-my-saas-app-last_7_days-20260203T030506Z.csv"},
		{"../../etc/passwd", word("2026-01-01..2026-01-31"), "dashtray-etc-passwd-2026-01-01_2026-01-31-20260203T030506Z.json"},
		{"\x1b]0;x\a", word("all_time"), "dashtray-0-x-all_time-20260203T030506Z.json"},
		{"日本", client.ExportRequest{}, "dashtray-project-export-20260203T030506Z.json"},
		{strings.Repeat("a-", 200), word("2026-01"), "dashtray-" + strings.TrimSuffix(strings.Repeat("a-", 30), "-") + "-2026-01-20260203T030506Z.json"},
	} {
		if got := FileName(c.slug, c.req, at); got != c.want {
			t.Errorf("FileName(%q) = %q, want %q", c.slug, got, c.want)
		}
	}
}

func TestServersRangeWordIsNoFileName(t *testing.T) {
	t.Parallel()
	for _, w := range []string{"../../x", "last_7_days/../..", "\x1b[2J", "tomorrow"} {
		if got := told(client.WireRange{Name: text.Untrusted(w)}).Name; got != "" {
			t.Errorf("%q was taken as %q", w, got)
		}
	}
	if got := told(client.WireRange{Name: "last_7_days"}).Name; got != "last_7_days" {
		t.Errorf("last_7_days became %q", got)
	}
}

// Killed over the writing of a record, a process leaves a file of no use.
func TestHalfWrittenRecordsAreRemoved(t *testing.T) {
	t.Parallel()
	j := testJournal(t)
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]time.Time{
		tempPrefix + "1": j.now().Add(-ContinueFor - time.Second), tempPrefix + "2": j.now(),
		"20260101T000000.000Z-0.json": j.now().AddDate(0, -2, 0),
	} {
		path := filepath.Join(j.dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	j.prune()
	left, err := os.ReadDir(j.dir)
	if err != nil || len(left) != 2 || left[0].Name() != tempPrefix+"2" {
		t.Errorf("%v, %v", left, err)
	}
}
