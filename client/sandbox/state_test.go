package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestARestartGoesOn(t *testing.T) {
	// The first process ends in each of the stages.
	for name, after := range map[string]time.Duration{"queued": time.Second, "collecting": 10 * time.Second, "generating": 25 * time.Second, "completed": time.Minute} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				a := start(t, Config{Dir: dir, Records: 1000})
				keys, id := a.Keys(), a.create(everything("json", "all_time"))
				time.Sleep(after)
				if v := a.api("GET", "exports/"+id, "").json(t); v["status"] != name {
					t.Fatalf("status %v, want %s", v["status"], name)
				}
				if err := a.Close(); err != nil {
					t.Fatal(err)
				}
				// Other settings do not change what has been asked for.
				b := start(t, Config{Dir: dir, Records: 5000, Seed: 99, Speed: 50})
				if b.Keys() != keys {
					t.Error("the keys are new")
				}
				v := b.await(id)
				if v["recordCount"] != 1000.0+12+6+365 {
					t.Errorf("records %v", v["recordCount"])
				}
				created, _ := v["createdAt"].(float64)
				began := time.UnixMilli(int64(created))
				if took := time.Since(began); took > 2*time.Minute {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestLinksOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, Config{Dir: dir, Records: 1000})
		v, file := a.export(everything("json", "all_time"))
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		b := start(t, Config{Dir: dir})
		link, _ := v["downloadUrl"].(string)
		if g := b.do("GET", link, "").want(t, 200); !bytes.Equal(g.body, file) {
			t.Error("the file is another one")
		}
	})
}

// TestAHalfFileIsMadeAgain leaves what a killed generator leaves.
func TestAHalfFileIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, Config{Dir: dir, Records: 1000})
		id := a.create(everything("json", "all_time"))
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		half := filepath.Join(dir, "files", id+"-0.json-1234.tmp")
		nameless := filepath.Join(dir, "files", id+"-0.json") // renamed, but not in the state
		for _, f := range []string{half, nameless} {
			if err := os.WriteFile(f, []byte(`{"exportedAt":1`), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		b := start(t, Config{Dir: dir, Records: 1000})
		link, _ := b.await(id)["downloadUrl"].(string)
		if d := decode(t, b.do("GET", link, "").want(t, 200).body); len(d.Metrics) != 1000 {
			t.Errorf("%d metrics", len(d.Metrics))
		}
		if _, err := os.Stat(half); !os.IsNotExist(err) {
			t.Errorf("the half file is still there: %v", err)
		}
	})
}

func TestTwoProcessesOnOneFolder(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, Config{Dir: dir, Records: 1000})
		b := start(t, Config{Dir: dir, Records: 1000})
		if a.Keys() != b.Keys() {
			t.Fatal("two sets of keys")
		}
		id := a.create(everything("json", "all_time"))
		if m := b.api("POST", "exports", everything("csv", "all_time")).want(t, 409).json(t); m["exportJobId"] != id {
			t.Errorf("refusal %v", m)
		}
		// The one that made the export dies; the other one sees it through.
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		link, _ := b.await(id)["downloadUrl"].(string)
		b.do("GET", link, "").want(t, 200)
		b.await(b.create(everything("csv", "all_time")))
	})
}

func TestBothProcessesGenerateOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, Config{Dir: dir, Records: 1000})
		b := start(t, Config{Dir: dir, Records: 1000})
		id := a.create(everything("json", "all_time"))
		b.api("GET", "exports/"+id, "") // now b has a worker too
		va, vb := a.await(id), b.await(id)
		if va["checksum"] != vb["checksum"] || va["checksum"] == nil {
			t.Errorf("checksums %v and %v", va["checksum"], vb["checksum"])
		}
		list, err := os.ReadDir(filepath.Join(dir, "files"))
		if err != nil || len(list) != 1 {
			t.Errorf("files %v, %v", list, err)
		}
	})
}

func TestStateIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes on Windows")
	}
	k := start(t, Config{Dir: filepath.Join(t.TempDir(), "new", "demo"), Records: 1000, Speed: fast})
	k.awaitNow(k.create(everything("json", "all_time")))
	err := filepath.WalkDir(k.cfg.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err == nil && fi.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, fi.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestBrokenStateIsAnError(t *testing.T) {
	for _, raw := range []string{"", "{", `{"version":2}`, "\x00\x00\x00\x00"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(Config{Dir: dir})
		if err == nil {
			_ = s.Close()
			t.Errorf("%q is taken", raw)
		} else if !strings.Contains(err.Error(), "state.json") {
			t.Errorf("the error does not name the file: %v", err)
		}
	}
}

func TestTemporaryFolderGoesWithClose(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	dir := s.cfg.Dir
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

func TestBadConfig(t *testing.T) {
	for _, cfg := range []Config{{Records: -1}, {Records: maxRecords + 1}, {Speed: -1}, {LinkTTL: -1}, {Rate: -1}} {
		if s, err := New(cfg); err == nil {
			_ = s.Close()
			t.Errorf("%+v is taken", cfg)
		}
	}
}

func TestAuditIsBounded(t *testing.T) {
	if s := bounded(strings.Repeat("ä", 1000)); len(s) > 260 || !strings.HasPrefix(s, "ää") {
		t.Errorf("%d bytes", len(s))
	}
	if s := bounded("a\xffb"); s != "a\ufffdb" {
		t.Errorf("%q", s)
	}
}
