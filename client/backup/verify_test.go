package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	all := nights(t, f, 6)
	at := func(i int) string { return filepath.Join(dir, all[i].File) }
	content, err := os.ReadFile(at(1))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(at(1))
	if err != nil {
		t.Fatal(err)
	}
	// One bit, and nothing else: not even the time tells.
	content[3] ^= 1
	write(t, dir, all[1].File, string(content))
	if err := os.Chtimes(at(1), info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	write(t, dir, all[2].File, "short")
	for i := 3; i < 5; i++ {
		if err := os.Remove(at(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(at(4), 0o700); err != nil {
		t.Fatal(err)
	}
	foreign := []string{
		".hidden", "notes.txt", all[0].File + ".invalid", "thesis.json.part", nameAt(night.AddDate(1, 0, 0)),
	}
	own := []string{all[0].File + ".part", all[0].File + ".part.json", all[0].File + ".part.lock", freshName}
	for _, name := range append(own, foreign...) {
		write(t, dir, name, "x")
	}

	before := manifestOf(t, dir)
	names := backups(t, dir)
	var seen []Progress
	report, err := Verify(t.Context(), dir, func(p Progress) { seen = append(seen, p) })
	if err != nil {
		t.Fatal(err)
	}
	if report.OK || report.Dir != dir || len(report.Bad) > 0 {
		t.Errorf("%+v", report)
	}
	var codes []string
	for i, c := range report.Files {
		codes = append(codes, c.Code)
		if c.Entry.File != all[i].File || (c.Code == "") != (c.SHA256 == c.Entry.SHA256) || (c.Code == "") != (c.Entry.State == Present) {
			t.Errorf("%d: %+v", i, c)
		}
	}
	same(t, "codes", strings.Join(codes, ";"), ";checksum_mismatch;size_mismatch;missing;not_regular;")
	same(t, "strangers", report.Strangers, sorted(foreign))
	if len(seen) == 0 || !slices.IsSortedFunc(seen, func(a, b Progress) int { return int(a.Done - b.Done) }) ||
		seen[len(seen)-1].Done != seen[0].Total || seen[len(seen)-1].File != all[5].File {
		t.Errorf("progress: %+v", seen)
	}
	same(t, "manifest", manifestOf(t, dir), before)
	same(t, "folder", backups(t, dir), names)
}

// A folder on a disk that cannot be written is read without a trace.
func TestVerifyLeavesNoTrace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	all := nights(t, f, 2)
	_ = f.Close()
	if err := os.Remove(filepath.Join(dir, lockName)); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, all[0].File), later, later); err != nil {
		t.Fatal(err)
	}
	// What would be healed stays: a torn end, and a file that was about to go.
	damaged := manifestOf(t, dir) + gone(t, 0, "export of "+night.String()) + `{"v":1,"op":"add"`
	write(t, dir, ManifestName, damaged)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if report, err := Verify(t.Context(), dir, nil); err != nil || !report.OK {
		t.Errorf("%+v, %v", report, err)
	}
	inv, err := Read(t.Context(), dir)
	if err != nil {
		t.Error(err)
	}
	same(t, "entries", files(inv.Entries), files(all))
	same(t, "manifest", manifestOf(t, dir), damaged)
	if _, err := os.Lstat(filepath.Join(dir, lockName)); err == nil {
		t.Error("a lock was made")
	}
	if os.Geteuid() > 0 {
		if _, err := Open(dir, Options{}); !errors.Is(err, os.ErrPermission) {
			t.Errorf("open: %v", err)
		}
	}
}

func TestVerifyNothing(t *testing.T) {
	t.Parallel()
	report, err := Verify(t.Context(), t.TempDir(), nil)
	if err != nil || !report.OK || len(report.Files) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := Verify(t.Context(), filepath.Join(t.TempDir(), "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// A backup that runs meanwhile removes what its policy says; that is no fault.
func TestVerifyBesideABackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	all := nights(t, f, 3)
	report, err := Verify(t.Context(), dir, func(p Progress) {
		if p.File != all[0].File {
			return
		}
		if _, err := f.Apply(t.Context(), all[1:2]); err != nil {
			t.Error(err)
		}
		put(t, f, night.AddDate(1, 0, 0))
	})
	if err != nil || !report.OK || len(report.Strangers) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := opened(t, dir)
	all := nights(t, f, 3)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Verify(ctx, dir, func(Progress) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("verify: %v", err)
	}
	if done, err := f.Apply(ctx, all[:2]); !errors.Is(err, context.Canceled) || len(done.Removed) > 0 {
		t.Errorf("apply: %+v, %v", done, err)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, all[0].File), later, later); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Inventory(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("inventory: %v", err)
	}
	same(t, "entries", files(inventory(t, f).Entries), files(all))
}
