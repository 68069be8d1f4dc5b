package history

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
)

// BenchmarkOpen10k is what a start of the Exports screen costs with 10,000
// remembered exports, of which the newest 100 are on the server's list and one
// in ten has a file here. The steps are reported one by one.
func BenchmarkOpen10k(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "history.db")
	served := fill(b, path, dir)
	var opening, listing, joining time.Duration
	for b.Loop() {
		start := time.Now()
		s, err := Open(b.Context(), path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		opened := time.Now()
		rows, err := s.List(b.Context(), origin, project().ID, 0)
		if err != nil || len(rows) != 10_000 {
			b.Fatal(len(rows), err)
		}
		listed := time.Now()
		if entries := Join(served, rows); len(entries) != 10_000 {
			b.Fatal(len(entries))
		}
		opening += opened.Sub(start)
		listing += listed.Sub(opened)
		joining += time.Since(listed)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	for name, took := range map[string]time.Duration{"ms-open": opening, "ms-list": listing, "ms-join": joining} {
		b.ReportMetric(float64(took.Microseconds())/1000/float64(b.N), name)
	}
}

// BenchmarkSaw is one look at the server's list in which nothing is new.
func BenchmarkSaw(b *testing.B) {
	dir := b.TempDir()
	path := filepath.Join(dir, "history.db")
	served := fill(b, path, dir)
	s, err := Open(b.Context(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for b.Loop() {
		if err := s.Saw(b.Context(), origin, project(), "work", served); err != nil {
			b.Fatal(err)
		}
	}
}

func fill(b *testing.B, path, dir string) []client.Export {
	s, err := Open(b.Context(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	all := make([]client.Export, 10_000)
	for i := range all {
		all[i] = export(fmt.Sprintf("exp_%032d", i), at.Add(-time.Duration(i)*time.Hour))
	}
	if err := s.Saw(b.Context(), origin, project(), "work", all); err != nil {
		b.Fatal(err)
	}
	for i := 0; i < len(all); i += 10 {
		r := Record{
			Origin: origin, ProjectID: project().ID, Export: client.Export{ID: all[i].ID},
			Path: filepath.Join(dir, fmt.Sprintf("dashtray-acme-%d.json", i)), State: StateDone, Bytes: 3,
		}
		if err := os.WriteFile(r.Path, []byte("{}\n"), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := s.Remember(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	return all[:100]
}
