package history

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
)

const sum = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// whole is a record that tells all there is.
func whole(dir string) Record {
	return Record{
		Origin: origin, ProjectID: project().ID, Export: export("exp_1", at),
		Path: filepath.Join(dir, "a.json"), State: StateDone, Bytes: 7, SHA256: sum, Verified: at.Add(time.Hour),
		Run: Run{Match: "json|last_30_days", Started: at.Add(-time.Second)}, UpdatedAt: at,
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hostile := text.Untrusted("\x1b]0;x\x07\x00 '\"; DROP TABLE exports; -- \xff\xfe\u202e")
	strange := whole(dir)
	strange.Export.ID, strange.Export.Status, strange.Export.Error, strange.ProjectID = "id"+hostile, hostile, hostile, hostile
	strange.Export.Stage, strange.Export.Range = client.StageFailed, client.WireRange{Name: hostile}
	strange.Run.Match, strange.Path = hostile.Raw(), filepath.Join(dir, "\x1b\xff'\u202e")
	early := whole(dir)
	early.Export.CreatedAt, early.Export.ExpiresAt = time.UnixMilli(-1).UTC(), time.UnixMilli(maxMilli).UTC()
	early.Export.Range = client.WireRange{From: time.UnixMilli(0).UTC()}
	early.Export.Records, early.Export.Bytes = number(math.MaxInt64), nil
	early.Export.Include = &client.Include{Connections: true, Dashboards: true}
	cases := map[string]Record{
		"whole":   whole(dir),
		"bare":    {Origin: origin, Export: client.Export{ID: "exp_1"}, UpdatedAt: at},
		"hostile": strange,
		"edges":   early,
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := file(t)
			s := opened(t, path)
			remember(t, s, want)
			mustNot(t, s.Close())
			s = opened(t, path)
			if got := find(t, s, want.Export.ID); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			got, err := s.List(t.Context(), origin, want.ProjectID, 0)
			if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				t.Errorf("listed %+v, %v", got, err)
			}
			for _, other := range []struct {
				origin  string
				project client.ID
			}{{"https://other.example", want.ProjectID}, {origin, "prj_2"}} {
				if got, err := s.List(t.Context(), other.origin, other.project, 0); err != nil || len(got) != 0 {
					t.Errorf("%v has %+v, %v", other, got, err)
				}
			}
		})
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	s := opened(t, file(t))
	long := strings.Repeat("a", maxText-1) + "ü…"
	r := whole(t.TempDir())
	r.Export.ID = client.ID(strings.Repeat("i", maxID))
	r.Export.Error, r.Export.Range.Name, r.Run.Match = text.Untrusted(long), text.Untrusted(long), long
	r.State = StateRunning
	remember(t, s, r)
	got := find(t, s, r.Export.ID)
	if want := long[:maxText-1]; got.Export.Error.Raw() != want || got.Run.Match != want {
		t.Errorf("kept %d and %d bytes, want %d", len(got.Export.Error), len(got.Run.Match), len(want))
	}
	for name, spoil := range map[string]func(*Record){
		"no id":            func(r *Record) { r.Export.ID = "" },
		"long id":          func(r *Record) { r.Export.ID += "i" },
		"relative path":    func(r *Record) { r.Path = "a.json" },
		"long path":        func(r *Record) { r.Path += strings.Repeat("a", maxPath) },
		"path with a zero": func(r *Record) { r.Path += "\x00" },
		"unknown state":    func(r *Record) { r.State = "odd" },
		"unknown format":   func(r *Record) { r.Export.Format = "xml" },
		"unknown stage":    func(r *Record) { r.Export.Stage = 99 },
		"less than none":   func(r *Record) { r.Bytes = -1 },
		"no digest":        func(r *Record) { r.SHA256 = "AA" },
	} {
		bad := r
		spoil(&bad)
		if err := s.Remember(t.Context(), bad); err == nil {
			t.Errorf("%s: remembered", name)
		}
		if name == "long id" || name == "unknown stage" {
			mustNot(t, s.Saw(t.Context(), origin, project(), "work", []client.Export{bad.Export}))
		}
	}
	if n := len(list(t, s)); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestStagesAreStoredAsNumbers: whoever changes one makes a migration.
func TestStagesAreStoredAsNumbers(t *testing.T) {
	t.Parallel()
	stages := []client.Stage{
		client.StageUnknown, client.StageQueued, client.StageProcessing, client.StageCollecting,
		client.StageGenerating, client.StageCompleted, client.StageFailed, client.StageExpired,
	}
	for want, stage := range stages {
		if int(stage) != want {
			t.Errorf("stage %d was %d in every database so far", stage, want)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.json"), filepath.Join(dir, "b.json")
	fileA := File{Path: a, State: StateDone, Bytes: 7, SHA256: sum, Verified: at.Add(time.Hour)}
	with := func(change func(*Record)) Record { r := whole(dir); change(&r); return r }
	id := client.Export{ID: "exp_1"}
	cases := []struct {
		name  string
		steps []Record // after a whole one
		want  Record
	}{
		{"nothing new", []Record{{Export: id}}, whole(dir)},
		{
			"a new word of the server's",
			[]Record{{Export: client.Export{ID: "exp_1", Status: "expired", Stage: client.StageExpired, Error: "gone"}}},
			with(func(r *Record) {
				r.Export.Status, r.Export.Stage, r.Export.Error = "expired", client.StageExpired, "gone"
			}),
		},
		{"an error ends with its word", []Record{
			{Export: client.Export{ID: "exp_1", Status: "failed", Stage: client.StageFailed, Error: "no"}},
			{Export: client.Export{ID: "exp_1", Status: "completed", Stage: client.StageCompleted}},
		}, whole(dir)},
		{
			"a new run, no path yet",
			[]Record{{Export: id, State: StateRunning, Run: Run{Started: at}}},
			with(func(r *Record) { r.State, r.Run.Started, r.Files = StateRunning, at, []File{fileA} }),
		},
		{
			"a new run elsewhere",
			[]Record{{Export: id, State: StateRunning, Path: b, Run: Run{Match: "m", Started: at}}},
			with(func(r *Record) {
				r.State, r.Path, r.Bytes, r.SHA256, r.Verified = StateRunning, b, 0, "", time.Time{}
				r.Run, r.Files = Run{"m", at}, []File{fileA}
			}),
		},
		{
			"and it ends without a file",
			[]Record{{Export: id, State: StateRunning, Path: b}, {Export: id, State: StateOver}},
			with(func(r *Record) {
				r.State, r.Path, r.Bytes, r.SHA256, r.Verified = StateOver, b, 0, "", time.Time{}
				r.Files = []File{fileA}
			}),
		},
		{
			"and back again",
			[]Record{{Export: id, State: StateDone, Path: b, Bytes: 9}, {Export: id, State: StateDone, Path: a, Bytes: 8, SHA256: sum}},
			with(func(r *Record) {
				r.Bytes, r.Verified = 8, time.Time{}
				r.Files = []File{{Path: b, State: StateDone, Bytes: 9}}
			}),
		},
		{
			"the same file no longer verifies",
			[]Record{{Export: id, State: StateInvalid, Path: a, Bytes: 7}},
			with(func(r *Record) { r.State, r.SHA256, r.Verified = StateInvalid, "", time.Time{} }),
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := opened(t, file(t))
			remember(t, s, whole(dir))
			for _, r := range c.steps {
				r.Origin, r.ProjectID = origin, project().ID
				remember(t, s, r)
			}
			if got := find(t, s, "exp_1"); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestMergeRange(t *testing.T) {
	t.Parallel()
	from, to := at.AddDate(0, 0, -7), at
	ours := client.WireRange{Name: "2026-Q1", From: from, To: to}
	cases := map[string]struct{ told, want client.WireRange }{
		"nothing told":     {client.WireRange{}, ours},
		"the moments":      {client.WireRange{From: from, To: to}, ours},
		"the name":         {client.WireRange{Name: "2026-Q1"}, ours},
		"another name":     {client.WireRange{Name: "all_time"}, client.WireRange{Name: "all_time"}},
		"other moments":    {client.WireRange{From: from, To: from}, client.WireRange{From: from, To: from}},
		"all of something": {client.WireRange{Name: "x", From: to, To: to}, client.WireRange{Name: "x", From: to, To: to}},
	}
	for name, c := range cases {
		if got := mergeRange(ours, c.told); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestFilesAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := opened(t, file(t))
	for i := range keepFiles + 5 {
		remember(t, s, Record{
			Origin: origin, Export: client.Export{ID: "exp_1"},
			Path: filepath.Join(dir, fmt.Sprint(i)), State: StateDone, Bytes: int64(i),
		})
	}
	got := find(t, s, "exp_1")
	if len(got.Files) != keepFiles || got.Bytes != keepFiles+4 || got.Files[0].Bytes != keepFiles+3 || got.Files[keepFiles-1].Bytes != 4 {
		t.Errorf("%d files: %+v", len(got.Files), got)
	}
	if n := ask[int](t, s.db, `SELECT count(*) FROM files`); n != keepFiles {
		t.Errorf("%d rows", n)
	}
	mustNot(t, s.Forget(t.Context(), origin, "exp_1"))
	if _, ok, err := s.Find(t.Context(), origin, "exp_1"); ok || err != nil {
		t.Error("found after Forget", err)
	}
	if n := ask[int](t, s.db, `SELECT count(*) FROM files`); n != 0 {
		t.Errorf("%d files of a forgotten export", n)
	}
}

func ids(rows []Record) (out []string) {
	for _, r := range rows {
		out = append(out, r.Export.ID.Raw())
	}
	return out
}

func TestNewestFirstByTheServersTimes(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := opened(t, path)
	clock := at
	s.now = func() time.Time { return clock }
	server := []client.Export{
		{ID: "d", CreatedAt: at.Add(3 * time.Hour)},
		{ID: "c", CreatedAt: at.Add(2 * time.Hour)},
		{ID: "timeless newer"},
		{ID: "timeless older"},
	}
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", server))
	clock = at.AddDate(-30, 0, 0) // the clock was set back
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", append([]client.Export{{ID: "e", CreatedAt: at.Add(4 * time.Hour)}}, server...)))
	remember(t, s, Record{
		Origin: origin, ProjectID: project().ID, Export: client.Export{ID: "c", Status: "expired", Stage: client.StageExpired},
		State: StateRunning, Run: Run{Match: "m", Started: clock},
	})
	remember(t, s, Record{
		Origin: origin, ProjectID: project().ID, Export: client.Export{ID: "b", CreatedAt: at.Add(time.Hour)},
		State: StateRunning, Run: Run{Match: "m", Started: at.AddDate(1, 0, 0)},
	})
	want := []string{"e", "d", "c", "b", "timeless newer", "timeless older"}
	if got := ids(list(t, s)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if c := find(t, s, "c"); c.Export.Status != "expired" || !c.UpdatedAt.Equal(clock) || !c.Run.Started.Equal(clock) {
		t.Errorf("what was told last does not count: %+v", c)
	}
	first, err := s.List(t.Context(), origin, project().ID, 2)
	if got := ids(first); err != nil || !slices.Equal(got, want[:2]) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestSawWritesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	path := file(t)
	s, other := opened(t, path), opened(t, path)
	exports := []client.Export{export("exp_2", at.Add(time.Hour)), export("exp_1", at)}
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", exports))
	before := ask[int](t, other.db, `PRAGMA data_version`)
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", exports))
	if after := ask[int](t, other.db, `PRAGMA data_version`); after != before {
		t.Error("the same list was written twice")
	}
	exports[1].Status = "expired"
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", exports))
	if after := ask[int](t, other.db, `PRAGMA data_version`); after == before {
		t.Error("a new word was not written")
	}
}

func TestLastProject(t *testing.T) {
	t.Parallel()
	s := opened(t, file(t))
	saw := func(origin, profile string, p client.Project) {
		mustNot(t, s.Saw(t.Context(), origin, p, profile, nil))
	}
	check := func(origin, profile string, want client.Project, known bool) {
		t.Helper()
		if p, ok, err := s.LastProject(t.Context(), origin, profile); err != nil || ok != known || p != want {
			t.Errorf("%s %s: %+v, %v, %v; want %+v", origin, profile, p, ok, err, want)
		}
	}
	check(origin, "work", client.Project{}, false)
	saw(origin, "work", project())
	other := client.Project{ID: "prj_2", Name: "\x1b[2J"}
	saw(origin, "home", other)
	check(origin, "work", project(), true)
	check(origin, "home", other, true)
	check("https://other.example", "work", client.Project{}, false)
	saw(origin, "work", client.Project{}) // not told this time
	check(origin, "work", project(), true)
	saw(origin, "work", other)
	check(origin, "work", other, true)
	do(t, s.db, `UPDATE projects SET created = 9223372036854775807`)
	check(origin, "work", client.Project{}, false)
}

func TestPrune(t *testing.T) {
	t.Parallel()
	s := opened(t, file(t))
	s.keep = 5
	dir := t.TempDir()
	p := project()
	remember(t, s, Record{Origin: origin, ProjectID: p.ID, Export: client.Export{ID: "file", CreatedAt: at}, State: StateDone, Path: filepath.Join(dir, "a")})
	remember(t, s, Record{Origin: origin, ProjectID: p.ID, Export: client.Export{ID: "run", CreatedAt: at.Add(1)}, State: StateRunning})
	remember(t, s, Record{Origin: origin, ProjectID: "prj_2", Export: client.Export{ID: "other", CreatedAt: at}})
	for i := range 6 {
		mustNot(t, s.Saw(t.Context(), origin, p, "work", []client.Export{{ID: client.ID(fmt.Sprint(i)), CreatedAt: at.Add(time.Duration(i+1) * time.Hour)}}))
	}
	if got, want := ids(list(t, s)), []string{"5", "4", "3", "run", "file", "other"}; !slices.Equal(sorted(got), sorted(want)) {
		t.Errorf("%q, want %q", got, want)
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// TestNoLinkIsStored scans the files as they are while the database is in use
// and after it.
func TestNoLinkIsStored(t *testing.T) {
	t.Parallel()
	const secret = "0f7c2e-signature-that-nobody-may-see"
	path := file(t)
	s := opened(t, path)
	exp := export("exp_1", at)
	exp.Link = client.NewLink("https://files.example.com/exp_1.json?signature=" + secret)
	exp.Progress = &client.Progress{Fraction: 0.5}
	mustNot(t, s.Saw(t.Context(), origin, project(), "work", []client.Export{exp}))
	exp.ID = "exp_2"
	remember(t, s, Record{Origin: origin, ProjectID: project().ID, Export: exp})
	scan := func() {
		t.Helper()
		seen := false
		files, err := filepath.Glob(path + "*")
		mustNot(t, err)
		for _, name := range files {
			b, err := os.ReadFile(name)
			mustNot(t, err)
			seen = seen || bytes.Contains(b, []byte("exp_2"))
			if bytes.Contains(b, []byte(secret)) || bytes.Contains(b, []byte("files.example.com")) {
				t.Errorf("%s holds a link", filepath.Base(name))
			}
		}
		if !seen {
			t.Error("the scan does not see what was written")
		}
	}
	for _, r := range list(t, s) {
		if !r.Export.Link.IsZero() || r.Export.Progress != nil {
			t.Errorf("%s came back with a link or a progress", r.Export.ID)
		}
	}
	mustNot(t, s.Close())
	scan()
}
