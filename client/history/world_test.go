package history

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
)

const origin = "https://api.example.com"

// at is some moment, to the millisecond.
var at = time.UnixMilli(1_790_000_000_123).UTC()

func project() client.Project {
	return client.Project{ID: "prj_1", Name: "Acme", Slug: "acme", CreatedAt: at.AddDate(-1, 0, 0)}
}

func number(n int64) *int64 { return &n }

// export is a finished one with all that a server may tell.
func export(id string, created time.Time) client.Export {
	return client.Export{
		ID: client.ID(id), Status: "completed", Stage: client.StageCompleted, Format: client.JSON,
		Range:   client.WireRange{Name: "last_30_days", From: created.AddDate(0, 0, -30), To: created},
		Include: &client.Include{Metrics: true, AuditLogs: true},
		Records: number(0), Bytes: number(1 << 40),
		CreatedAt: created, StartedAt: created.Add(time.Second), CompletedAt: created.Add(time.Minute), ExpiresAt: created.Add(time.Hour),
		SHA256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	}
}

func file(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "history.db") }

func opened(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path, Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func remember(t testing.TB, s *Store, r Record) {
	t.Helper()
	if err := s.Remember(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// list is everything of the origin.
func list(t testing.TB, s *Store) []Record {
	t.Helper()
	rows, err := s.List(t.Context(), origin, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func find(t testing.TB, s *Store, id client.ID) Record {
	t.Helper()
	r, ok, err := s.Find(t.Context(), origin, id)
	if err != nil || !ok {
		t.Fatalf("find %q: %v, %v", id, ok, err)
	}
	return r
}
