package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
)

// night is when the backups of the tests begin.
var night = time.Date(2026, 1, 1, 2, 30, 0, 0, time.UTC)

func nameAt(at time.Time) string {
	return "dashtray-acme-all_time-" + at.UTC().Format("20060102T150405Z") + ".json"
}

// entryAt is a backup made at a time, whose file holds content.
func entryAt(at time.Time, content string) Entry {
	sum := sha256.Sum256([]byte(content))
	return Entry{
		File: nameAt(at), Bytes: int64(len(content)), SHA256: hex.EncodeToString(sum[:]),
		Format: client.JSON, Range: client.Range{Name: "all_time"}, Include: client.IncludeAll(),
		Records:  archive.Counts{Metrics: 5, Connections: 4, Dashboards: 3, Widgets: 2, AuditLogs: 1},
		ExportID: client.ID("exp_" + at.Format("20060102")), ProjectID: "prj_1", ProjectSlug: "acme",
		Origin: "https://api.dashtray.com", CreatedAt: at, VerifiedAt: at.Add(time.Minute),
	}
}

// noSync is the system's disk that forgets nothing: the tests are many.
type noSync struct{ systemDisk }

func (noSync) sync(*os.File) error    { return nil }
func (noSync) syncDir(*os.Root) error { return nil }

func opened(t testing.TB, dir string) *Folder {
	t.Helper()
	return openedOn(t, dir, noSync{})
}

func openedOn(t testing.TB, dir string, d disk) *Folder {
	t.Helper()
	f, err := open(dir, Options{Now: func() time.Time { return night }}, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func write(t testing.TB, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// link makes a symbolic link, where the system lets it.
func link(t testing.TB, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Skip(err)
	}
}

// put is what a run does: the file first, then the line.
func put(t testing.TB, f *Folder, at time.Time) Entry {
	t.Helper()
	content := "export of " + at.String()
	e := entryAt(at, content)
	write(t, f.dir, e.File, content)
	if err := f.Add(e); err != nil {
		t.Fatal(err)
	}
	return e
}

// nights puts a backup for each of n nights.
func nights(t testing.TB, f *Folder, n int) []Entry {
	t.Helper()
	var all []Entry
	for i := range n {
		all = append(all, put(t, f, night.AddDate(0, 0, i)))
	}
	return all
}

func inventory(t testing.TB, f *Folder) Inventory {
	t.Helper()
	inv, err := f.Inventory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func files(entries []Entry) []string {
	names := []string{}
	for _, e := range entries {
		names = append(names, e.File)
	}
	return names
}

// backups are the names in a folder that are neither the manifest nor the lock.
func backups(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range list {
		if e.Name() != ManifestName && e.Name() != lockName {
			names = append(names, e.Name())
		}
	}
	return names
}

func manifestOf(t testing.TB, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// listed are the files that the lines of a manifest name, as any other program
// would read them.
func listed(t testing.TB, dir string) []string {
	t.Helper()
	names := []string{}
	for l := range strings.Lines(manifestOf(t, dir)) {
		_, rest, ok := strings.Cut(l, `"file":"`)
		name, _, ok2 := strings.Cut(rest, `"`)
		if !ok || !ok2 {
			t.Fatalf("the line names no file: %s", l)
		}
		names = append(names, name)
	}
	return names
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }
