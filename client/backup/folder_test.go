package backup

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
)

func TestAddAndRead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "backups", "work")
	f, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Dir() != dir {
		t.Errorf("the folder is %s", f.Dir())
	}
	e := entryAt(night, "")
	e.File = strings.TrimSuffix(e.File, ".json") + "-1.csv.age"
	e.Format, e.Encrypted, e.PlainSHA256 = client.CSV, true, strings.Repeat("0a", 32)
	e.Recipients = []string{"SHA256:" + strings.Repeat("+/aZ09", 7) + "x"}
	e.Range = client.Range{Name: "2026-01-01..2026-01-31", From: night, To: night.Add(time.Millisecond)}
	e.Include = client.Include{Metrics: true, AuditLogs: true}
	e.ProjectID, e.ProjectSlug, e.ExportID = "\x1b]0;x\a", "a\u202eb\u009b<&>\U000e0001", "exp/\x7f"
	write(t, dir, e.File, "")
	if err := f.Add(e); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for i, c := range []byte(manifestOf(t, dir)) {
		if c < ' ' && c != '\n' || c > '~' {
			t.Errorf("byte %d of the manifest is %#x", i, c)
		}
	}
	inv, err := Read(t.Context(), dir)
	if err != nil || len(inv.Entries) != 1 || len(inv.Bad) > 0 {
		t.Fatalf("%+v, %v", inv, err)
	}
	got := inv.Entries[0]
	info, err := os.Lstat(filepath.Join(dir, e.File))
	if err != nil || !got.ModifiedAt.Equal(info.ModTime()) {
		t.Errorf("modified %s, %v", got.ModifiedAt, err)
	}
	got.ModifiedAt = time.Time{}
	same(t, "entry", got, e)
	if runtime.GOOS == "windows" {
		return
	}
	for name, mode := range map[string]fs.FileMode{".": 0o700, ManifestName: 0o600, lockName: 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestAddRefuses(t *testing.T) {
	t.Parallel()
	f := opened(t, t.TempDir())
	good := entryAt(night, "12345")
	write(t, f.dir, good.File, "12345")
	outside := filepath.Join(t.TempDir(), "dashtray-x.json")
	write(t, filepath.Dir(outside), "dashtray-x.json", "12345")
	link(t, outside, filepath.Join(f.dir, "dashtray-link.json"))
	if err := os.Mkdir(filepath.Join(f.dir, "dashtray-dir.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*Entry)
		want   error
	}{
		"a path":           {func(e *Entry) { e.File = "../" + e.File }, ErrName},
		"absolute":         {func(e *Entry) { e.File = outside }, ErrName},
		"the manifest":     {func(e *Entry) { e.File = ManifestName }, ErrName},
		"a part":           {func(e *Entry) { e.File += ".part" }, ErrName},
		"one that failed":  {func(e *Entry) { e.File += ".invalid" }, ErrName},
		"somebody else's":  {func(e *Entry) { e.File = "thesis.json" }, ErrName},
		"no stem":          {func(e *Entry) { e.File = "dashtray-.json" }, ErrName},
		"not there":        {func(e *Entry) { e.File = "dashtray-none.json" }, fs.ErrNotExist},
		"longer":           {func(e *Entry) { e.Bytes = 4 }, ErrChanged},
		"a link":           {func(e *Entry) { e.File = "dashtray-link.json" }, ErrChanged},
		"a folder":         {func(e *Entry) { e.File = "dashtray-dir.json" }, ErrChanged},
		"no checksum":      {func(e *Entry) { e.SHA256 = "" }, ErrEntry},
		"in capitals":      {func(e *Entry) { e.SHA256 = strings.ToUpper(e.SHA256) }, ErrEntry},
		"no format":        {func(e *Entry) { e.Format = "" }, ErrEntry},
		"counts below 0":   {func(e *Entry) { e.Records.Widgets = -1 }, ErrEntry},
		"a hostile range":  {func(e *Entry) { e.Range.Name = "\x1b[2J" }, ErrEntry},
		"an endless id":    {func(e *Entry) { e.ExportID = client.ID(strings.Repeat("x", maxText+1)) }, ErrEntry},
		"no recipient":     {func(e *Entry) { e.Recipients = []string{"age1…"} }, ErrEntry},
		"too many of them": {func(e *Entry) { e.Recipients = slices.Repeat([]string{"SHA256:" + strings.Repeat("x", 43)}, 2000) }, ErrEntry},
		"an endless year":  {func(e *Entry) { e.VerifiedAt = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) }, ErrEntry},
	} {
		e := good
		c.change(&e)
		if err := f.Add(e); !errors.Is(err, c.want) {
			t.Errorf("add, %s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := os.Lstat(filepath.Join(f.dir, ManifestName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a manifest was made: %v", err)
	}
}

func TestFilesThatAreNotWhatTheyWere(t *testing.T) {
	t.Parallel()
	f := opened(t, t.TempDir())
	all := nights(t, f, 7)
	at := func(i int) string { return filepath.Join(f.dir, all[i].File) }
	content, err := os.ReadFile(at(0))
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour)
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// 0: copied, so that only its time is new.
	step(os.Chtimes(at(0), later, later))
	// 1: as long, with another time.
	write(t, f.dir, all[1].File, strings.ToUpper(string(content)))
	step(os.Chtimes(at(1), later, later))
	// 2: longer. 3: gone. 4: a link that is as long. 5: a folder.
	write(t, f.dir, all[2].File, string(content)+" ")
	for i := range 6 {
		if i > 2 {
			step(os.Remove(at(i)))
		}
	}
	link(t, strings.Repeat("x", len(content)), at(4))
	step(os.Mkdir(at(5), 0o700))
	want := []State{Present, Changed, Changed, Missing, Changed, Changed, Present}
	for range 2 {
		for i, e := range inventory(t, f).Entries {
			if e.State != want[i] || e.File != all[i].File {
				t.Errorf("%s is %d, want %d", e.File, e.State, want[i])
			}
		}
	}
	inv, err := Read(t.Context(), f.dir)
	if err != nil || !inv.Entries[0].ModifiedAt.Equal(later.Truncate(0)) {
		t.Errorf("the new time of a copy is not noted: %v, %v", inv.Entries[0].ModifiedAt, err)
	}

	// What is not what it was stays, even if somebody says that it goes.
	done, err := f.Apply(t.Context(), all[:6])
	if err != nil {
		t.Fatal(err)
	}
	same(t, "removed", files(done.Removed), files(all[:1]))
	same(t, "forgotten", files(done.Forgotten), files(all[3:4]))
	var kept []string
	for _, k := range done.Kept {
		kept = append(kept, k.File+" "+k.Reason())
	}
	same(t, "kept", kept, []string{
		all[1].File + " changed", all[2].File + " changed", all[4].File + " changed", all[5].File + " changed",
	})
	same(t, "folder", backups(t, f.dir), files(append(all[1:3:3], all[4:]...)))
	same(t, "manifest", listed(t, f.dir), files(append(all[1:3:3], all[4:]...)))
}

func TestApplyTwice(t *testing.T) {
	t.Parallel()
	f := opened(t, t.TempDir())
	all := nights(t, f, 3)
	stranger := entryAt(night.AddDate(1, 0, 0), "x")
	write(t, f.dir, stranger.File, "x")
	replaced := all[2]
	replaced.SHA256 = stranger.SHA256
	for range 2 {
		done, err := f.Apply(t.Context(), append(all[:2:2], all[0], stranger, replaced))
		if err != nil || len(done.Forgotten) > 0 {
			t.Fatalf("%+v, %v", done, err)
		}
		same(t, "kept", done.Kept, []Kept{{all[2].File, []string{ReasonChanged}}})
		same(t, "folder", backups(t, f.dir), []string{all[2].File, stranger.File})
		same(t, "manifest", listed(t, f.dir), files(all[2:]))
	}
}

// A year of nightly backups in a folder, and the program starts anew each night.
func TestYear(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	berlin := zone(t, "Europe/Berlin")
	p := Policy{Last: 2, Daily: 7, Weekly: 5, Monthly: 12}
	write(t, dir, "thesis.json", "not ours")
	// What stays, by hand: months' ends, the leap day among them, the Sundays that
	// end weeks 49 to 52, and the days of week 53, which goes into the next year.
	stays := strings.Fields("02-29 03-31 04-30 05-31 06-30 07-31 08-31 09-30 10-31 11-30 12-06 12-13 12-20 12-27 12-28 12-29 12-30 12-31 01-01 01-02 01-03")
	var want []string
	for d := range 366 + 3 {
		f := opened(t, dir)
		at := time.Date(2020, 1, 1+d, 2, 30, 0, 0, berlin)
		e := put(t, f, at)
		if day := at.Format("01-02"); slices.Contains(stays, day) && (at.Year() == 2021) == strings.HasPrefix(day, "01") {
			want = append(want, e.File)
		}
		_, remove := Plan(inventory(t, f).Entries, p, at, berlin)
		if _, err := f.Apply(t.Context(), remove); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(want) != len(stays) {
		t.Fatalf("%d backups are to stay, want %d", len(want), len(stays))
	}
	same(t, "folder", backups(t, dir), append(want, "thesis.json"))
	same(t, "manifest", listed(t, dir), want)
	report, err := Verify(t.Context(), dir, nil)
	if err != nil || !report.OK || len(report.Files) != len(want) {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "file", "")
	if _, err := Open(filepath.Join(dir, "file", "backups"), Options{}); err == nil || errors.Is(err, ErrLocked) {
		t.Errorf("below a file: %v", err)
	}
	if _, err := Read(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not there: %v", err)
	}
	if inv, err := Read(t.Context(), dir); err != nil || len(inv.Entries) > 0 {
		t.Errorf("without a manifest: %+v, %v", inv, err)
	}
}

func TestLinksInPlaceOfOurFiles(t *testing.T) {
	t.Parallel()
	victim := filepath.Join(t.TempDir(), "victim")
	write(t, filepath.Dir(victim), "victim", "precious\n")
	dir := t.TempDir()
	link(t, victim, filepath.Join(dir, lockName))
	if f, err := Open(dir, Options{}); err == nil && runtime.GOOS != "windows" {
		_ = f.Close()
		t.Error("a link was taken for the lock")
	}
	if err := os.Remove(filepath.Join(dir, lockName)); err != nil {
		t.Fatal(err)
	}
	link(t, victim, filepath.Join(dir, ManifestName))
	f := opened(t, dir)
	e := entryAt(night, "x")
	write(t, dir, e.File, "x")
	if err := f.Add(e); !errors.Is(err, ErrManifest) {
		t.Errorf("a link was taken for the manifest: %v", err)
	}
	if _, err := f.Inventory(t.Context()); !errors.Is(err, ErrManifest) {
		t.Errorf("a link was read: %v", err)
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "precious\n" {
		t.Errorf("the victim has %q, %v", b, err)
	}
}
