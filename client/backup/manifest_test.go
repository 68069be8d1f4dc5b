package backup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lines are those of n nights.
func lines(t testing.TB, n int) []string {
	t.Helper()
	var all []string
	for i := range n {
		e := entryAt(night.AddDate(0, 0, i), "x")
		e.ModifiedAt = night
		b, err := encodeAdd(e)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	return all
}

func gone(t testing.TB, i int, content string) string {
	t.Helper()
	b, err := encodeRemove(entryAt(night.AddDate(0, 0, i), content), night)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestManifestLine(t *testing.T) {
	t.Parallel()
	const want = `{"v":1,"op":"add","file":"dashtray-acme-all_time-20260101T023000Z.json",` +
		`"sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","bytes":1,` +
		`"encrypted":false,"plainSha256":null,"recipients":[],"format":"json",` +
		`"range":{"name":"all_time","from":null,"to":null},` +
		`"include":["metrics","connections","dashboards","audit_logs"],` +
		`"records":{"metrics":5,"connections":4,"dashboards":3,"widgets":2,"auditLogs":1},` +
		`"exportJobId":"exp_20260101","project":{"id":"prj_1","slug":"acme"},"origin":"https://api.dashtray.com",` +
		`"createdAt":"2026-01-01T02:30:00Z","verifiedAt":"2026-01-01T02:31:00Z","modifiedAt":"2026-01-01T02:30:00Z"}` + "\n"
	same(t, "line", lines(t, 1)[0], want)
	const remove = `{"v":1,"op":"remove","file":"dashtray-acme-all_time-20260101T023000Z.json",` +
		`"sha256":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","bytes":1,` +
		`"removedAt":"2026-01-01T02:30:00Z"}` + "\n"
	same(t, "line", gone(t, 0, "x"), remove)
}

func TestParseManifest(t *testing.T) {
	t.Parallel()
	l := lines(t, 3)
	newer := strings.Replace(l[2], `"v":1`, `"v":2`, 1)
	for name, c := range map[string]struct {
		text  string
		files string // the nights whose files are there
		bad   []int  // numbers of lines
		anew  string // what the manifest is written anew as
		whole int    // bytes that a new line comes behind
		torn  bool
	}{
		"nothing":         {"", "", nil, "", 0, false},
		"two":             {l[0] + l[1], "01", nil, l[0] + l[1], len(l[0] + l[1]), false},
		"of Windows":      {strings.ReplaceAll(l[0]+l[1], "\n", "\r\n"), "01", nil, l[0] + l[1], len(l[0]+l[1]) + 2, false},
		"empty lines":     {"\n" + l[0] + "  \n\n" + l[1], "01", nil, l[0] + l[1], len(l[0]+l[1]) + 5, false},
		"one went":        {l[0] + l[1] + gone(t, 0, "x"), "1", nil, l[1], len(l[0] + l[1] + gone(t, 0, "x")), false},
		"came again":      {l[0] + gone(t, 0, "x") + l[1] + l[0], "10", nil, l[1] + l[0], len(l[0]+l[1]+l[0]) + len(gone(t, 0, "x")), false},
		"another went":    {l[0] + gone(t, 0, "y"), "0", nil, l[0], len(l[0] + gone(t, 0, "y")), false},
		"went first":      {gone(t, 0, "x") + l[0], "0", nil, l[0], len(l[0] + gone(t, 0, "x")), false},
		"the last counts": {l[0] + l[1] + l[0], "10", nil, l[1] + l[0], len(l[0] + l[1] + l[0]), false},
		"a torn end":      {l[0] + l[1][:70], "0", nil, l[0], len(l[0]), true},
		"a torn first":    {l[0][:3], "", nil, "", 0, true},
		"zeros at the end": {
			l[0] + strings.Repeat("\x00", 300), "0", nil, l[0], len(l[0]), true,
		},
		"no line feed":     {l[0] + strings.TrimSpace(l[1]), "01", nil, l[0] + l[1], len(l[0]+l[1]) - 1, false},
		"a torn middle":    {l[0][:70] + "\n" + l[1], "1", []int{1}, l[0][:70] + "\n" + l[1], len(l[1]) + 71, false},
		"somebody's note":  {l[0] + "my note\n" + l[1], "01", []int{2}, l[0] + "my note\n" + l[1], len(l[0]+l[1]) + 8, false},
		"a note at last":   {l[0] + "my note", "0", []int{2}, l[0] + "my note\n", len(l[0]) + 7, false},
		"a newer version":  {l[0] + newer, "0", []int{2}, l[0] + newer, len(l[0] + newer), false},
		"an endless line":  {strings.Repeat("x", maxLine+1) + "\n" + l[0], "0", []int{1}, strings.Repeat("x", maxLine+1) + "\n" + l[0], maxLine + 2 + len(l[0]), false},
		"an array":         {"[]\n", "", []int{1}, "[]\n", 3, false},
		"another op":       {strings.Replace(l[0], `"add"`, `"keep"`, 1), "", []int{1}, strings.Replace(l[0], `"add"`, `"keep"`, 1), len(l[0]) + 1, false},
		"version 0":        {"{}\n", "", []int{1}, "{}\n", 3, false},
		"not verified":     {strings.Replace(l[0], `"verifiedAt"`, `"x"`, 1), "", []int{1}, strings.Replace(l[0], `"verifiedAt"`, `"x"`, 1), len(l[0]) - 9, false},
		"bad types":        {strings.Replace(l[0], `"metrics",`, `"users",`, 1), "", []int{1}, strings.Replace(l[0], `"metrics",`, `"users",`, 1), len(l[0]) - 2, false},
		"bad plain sha256": {strings.Replace(l[0], `Sha256":null`, `Sha256":"x"`, 1), "", []int{1}, strings.Replace(l[0], `Sha256":null`, `Sha256":"x"`, 1), len(l[0]) - 1, false},
		"a later field":    {strings.Replace(l[0], `"op"`, `"note":"x","op"`, 1), "0", nil, strings.Replace(l[0], `"op"`, `"note":"x","op"`, 1), len(l[0]) + 11, false},
	} {
		m := parseManifest([]byte(c.text))
		var found, want []string
		for _, r := range m.rows {
			if r.entry.File != "" && !r.removed {
				found = append(found, r.entry.File)
			}
		}
		for _, i := range c.files {
			want = append(want, nameAt(night.AddDate(0, 0, int(i-'0'))))
		}
		same(t, name+": files", found, want)
		var bad []int
		for _, b := range m.bad() {
			bad = append(bad, b.Number)
			if b.Problem == "" {
				t.Errorf("%s: a line is bad without a reason", name)
			}
		}
		same(t, name+": bad lines", bad, c.bad)
		same(t, name+": written anew", string(m.bytes()), c.anew)
		if m.whole != int64(c.whole) || m.torn != c.torn {
			t.Errorf("%s: %d bytes are whole, want %d; torn %v", name, m.whole, c.whole, m.torn)
		}
	}
}

// Damage of any kind costs the line that it is in, and is healed or stays.
func TestDamagedManifest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(string) string
		bad    int
		want   []int // nights
	}{
		"torn end":     {func(s string) string { return s[:len(s)-40] }, 0, []int{0, 1, 3}},
		"no line feed": {func(s string) string { return s[:len(s)-1] }, 0, []int{0, 1, 2, 3}},
		"note at last": {func(s string) string { return s + "x" }, 1, []int{0, 1, 2, 3}},
		"torn middle":  {func(s string) string { return s[:100] + s[110:] }, 1, []int{1, 2, 3}},
		"gone":         {func(string) string { return "" }, 0, []int{3}},
	} {
		dir := t.TempDir()
		f := opened(t, dir)
		all := nights(t, f, 3)
		write(t, dir, ManifestName, c.damage(manifestOf(t, dir)))
		all = append(all, put(t, f, night.AddDate(0, 0, 3)))
		inv := inventory(t, f)
		var want []string
		for _, i := range c.want {
			want = append(want, all[i].File)
		}
		same(t, name, files(inv.Entries), want)
		if len(inv.Bad) != c.bad {
			t.Errorf("%s: %d bad lines: %v", name, len(inv.Bad), inv.Bad)
		}
		// A bad line outlives the manifest's being written anew.
		if _, err := f.Apply(t.Context(), all[1:2]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again := inventory(t, f)
		same(t, name+", anew", files(again.Entries), slices.DeleteFunc(want, func(n string) bool { return n == all[1].File }))
		if len(again.Bad) != c.bad {
			t.Errorf("%s, anew: %d bad lines", name, len(again.Bad))
		}
	}
}

func TestManifestTooLarge(t *testing.T) {
	t.Parallel()
	f := opened(t, t.TempDir())
	if err := os.Truncate(touch(t, f.dir, ManifestName), maxManifest+1); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(t.Context(), f.dir); !errors.Is(err, ErrManifest) {
		t.Error(err)
	}
	// It is not made larger than can be read again.
	if err := os.WriteFile(filepath.Join(f.dir, ManifestName), append([]byte(strings.Repeat("#", maxManifest-1)), '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	e := entryAt(night, "x")
	write(t, f.dir, e.File, "x")
	if err := f.Add(e); !errors.Is(err, ErrManifest) {
		t.Error(err)
	}
}

func touch(t testing.TB, dir, name string) string {
	t.Helper()
	write(t, dir, name, "")
	return filepath.Join(dir, name)
}

func FuzzManifest(f *testing.F) {
	l := lines(f, 3)
	for _, s := range []string{
		"", l[0] + l[1], l[0] + gone(f, 0, "x"), l[0] + l[1][:40], l[0] + "note\n\n" + l[0], strings.TrimSpace(l[2]),
		strings.Replace(l[0], "dashtray-", "../", 1), strings.Replace(l[0], `"bytes":1`, `"bytes":-1`, 1),
		strings.Replace(l[0], "2026-01-01T", "0000-00-00T", 1), "\x00\x00\n{", `{"v":1,"op":"add","file":"dashtray-x.json"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := parseManifest(b)
		if m.whole < 0 || m.whole > int64(len(b)) || m.torn && m.whole == int64(len(b)) {
			t.Fatalf("%d bytes of %d are whole, torn %v", m.whole, len(b), m.torn)
		}
		seen := map[string]bool{}
		for _, r := range m.rows {
			e := r.entry
			if e.File == "" {
				continue
			}
			if seen[e.File] || !filepath.IsLocal(e.File) || filepath.Base(e.File) != e.File || !strings.HasPrefix(e.File, "dashtray-") {
				t.Fatalf("file %q", e.File)
			}
			seen[e.File] = true
			// What was believed can be written again.
			again, err := encodeAdd(e)
			if err != nil {
				t.Fatalf("%+v: %v", e, err)
			}
			back, err := parseLine(again[:len(again)-1])
			if err != nil {
				t.Fatal(err)
			}
			same(t, "entry", back.entry, e)
		}
		// Written anew it says the same.
		anew := parseManifest(m.bytes())
		if anew.torn || anew.open || len(anew.bad()) != len(m.bad()) {
			t.Fatalf("written anew: torn %v, %d bad lines for %d", anew.torn, len(anew.bad()), len(m.bad()))
		}
		rows := slices.DeleteFunc(slices.Clone(m.rows), func(r row) bool { return r.removed })
		if len(rows) != len(anew.rows) {
			t.Fatalf("written anew: %d rows for %d", len(anew.rows), len(rows))
		}
	})
}
