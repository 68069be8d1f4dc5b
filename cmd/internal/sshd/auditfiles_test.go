package sshd_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// smallFile is a size that three lines fill.
const smallFile = 800

func openSmall(t *testing.T, path string) *sshd.Audit {
	t.Helper()
	a, err := sshd.OpenAudit(path, fixed, smallFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// aside are the full files of a log, the oldest first.
func aside(t *testing.T, path string) []string {
	t.Helper()
	list, err := filepath.Glob(strings.TrimSuffix(path, ".jsonl") + "-*.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func lineOf(t *testing.T, path string, n int) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(b), "\n")[n-1]
}

// twelve is a log of three full files and one that is written to: of put's
// lines three fill a file, of which each but the first has one of its own.
func twelve(t *testing.T) (path string, old []string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "audit.jsonl")
	put(t, openSmall(t, path), "a", "b", "c", "d", "e", "f", "g", "h")
	old = aside(t, path)
	if len(old) != 3 {
		t.Fatalf("put aside: %q", old)
	}
	return path, old
}

func TestFullFilesArePutAside(t *testing.T) {
	t.Parallel()
	path, old := twelve(t)
	r := check(t, path)
	if !r.OK() || r.From != 1 || r.Lines != 11 || len(r.Files) != 4 || r.Before(path) != "" {
		t.Fatalf("%+v", r)
	}
	seq, bytesOfAll := uint64(0), int64(0)
	for i, f := range r.Files {
		if f.From != seq+1 || f.To < f.From {
			t.Errorf("file %d: %+v", i, f)
		}
		seq, bytesOfAll = f.To, bytesOfAll+f.Bytes
		info, err := os.Stat(f.Path)
		if err != nil || info.Size() != f.Bytes || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Path, info, err)
		}
		if i < 3 && (f.Path != old[i] || filepath.Base(f.Path) != fmt.Sprintf("audit-%012d.jsonl", f.To)) {
			t.Errorf("%s ends with line %d", f.Path, f.To)
		}
		if i > 0 && !strings.Contains(lineOf(t, f.Path, 1), `"action":"log.continued","object":"`+filepath.Base(old[i-1])+`"`) {
			t.Errorf("%s begins with %s", f.Path, lineOf(t, f.Path, 1))
		}
	}
	if seq != 11 || bytesOfAll != r.Bytes {
		t.Errorf("line %d, %d bytes of %d", seq, bytesOfAll, r.Bytes)
	}
	put(t, openSmall(t, path), "i") // after a restart
	if r := check(t, path); !r.OK() || r.Lines != 12 {
		t.Errorf("%+v", r)
	}
}

// Old files may be kept elsewhere; what is here is checked from its first line.
func TestOldFilesMayBeTakenAway(t *testing.T) {
	t.Parallel()
	path, old := twelve(t)
	for i, f := range old {
		last := check(t, path).Files[0].To
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
		r := check(t, path)
		if !r.OK() || r.From != last+1 || r.Before(path) != filepath.Base(f) || len(r.Files) != 3-i {
			t.Errorf("without %d: %+v", i+1, r)
		}
	}
	put(t, openSmall(t, path), "i") // and the chain goes on
	if r := check(t, path); !r.OK() {
		t.Errorf("%+v", r)
	}
}

func TestMissingFilesAndLines(t *testing.T) {
	t.Parallel()
	cut := func(path string, from, to int) error {
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		lines := bytes.SplitAfter(b, []byte("\n"))
		return os.WriteFile(path, bytes.Join(slices.Delete(lines, from, to), nil), 0o600)
	}
	for name, c := range map[string]struct {
		do      func(path string, old []string) error
		file    int // the one that does not hold
		line    uint64
		problem string
	}{
		"a file in the middle": {func(_ string, old []string) error { return os.Remove(old[1]) }, 1, 1, "the file before it is missing, with lines 4 to 6"},
		"the last full one":    {func(_ string, old []string) error { return os.Remove(old[2]) }, 2, 1, "the file before it is missing, with lines 7 to 9"},
		"the end of a file":    {func(_ string, old []string) error { return cut(old[1], 2, 3) }, 1, 3, "lines are missing from here to number 6"},
		"all of a file":        {func(_ string, old []string) error { return os.WriteFile(old[1], nil, 0o600) }, 1, 1, "lines are missing from here to number 6"},
		"half of a line":       {func(_ string, old []string) error { return os.Truncate(old[0], 700) }, 0, 3, "it is not finished"},
		"the begin of a file":  {func(_ string, old []string) error { return cut(old[1], 0, 1) }, 1, 1, "it does not follow"},
		"the begin of the log": {func(_ string, old []string) error { return cut(old[0], 0, 1) }, 0, 1, "it does not follow"},
		"the begin of the newest": {func(path string, old []string) error {
			return errors.Join(os.Remove(old[0]), os.Remove(old[1]), os.Remove(old[2]), cut(path, 0, 1))
		}, 0, 1, "it does not follow"},
		"two names swapped": {func(_ string, old []string) error {
			return errors.Join(os.Rename(old[0], old[0]+"x"), os.Rename(old[1], old[0]), os.Rename(old[0]+"x", old[1]))
		}, 0, 4, "number 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, old := twelve(t)
			if err := c.do(path, old); err != nil {
				t.Fatal(err)
			}
			r := check(t, path)
			if r.OK() || len(r.Files) != c.file+1 || r.Line != c.line || !strings.Contains(r.Problem, c.problem) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A process may die between the renaming and any byte of the first line.
func TestDeathBetweenTwoFiles(t *testing.T) {
	t.Parallel()
	whole, old := twelve(t)
	first := lineOf(t, whole, 1)
	for _, left := range []string{"none", "", first[:1], first[:len(first)-1], first} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		for _, f := range old {
			b, err := os.ReadFile(f)
			if err == nil {
				err = os.WriteFile(filepath.Join(filepath.Dir(path), filepath.Base(f)), b, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if left != "none" {
			if err := os.WriteFile(path, []byte(left), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if r := check(t, path); !r.OK() || r.Lines != 9 || r.Unfinished != max(0, len(left)) && left != "none" {
			t.Errorf("%.20q: %+v", left, r)
		}
		put(t, openSmall(t, path), "after")
		r := check(t, path)
		if !r.OK() || r.Unfinished != 0 || !strings.Contains(lineOf(t, path, 1), `"log.continued"`) {
			t.Errorf("%.20q, then: %+v", left, r)
		}
	}
}

// logrotate, or a person, moves the file away while the server runs.
func TestSomebodyMovesTheFileAway(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a := openLog(t, path)
	put(t, a, "one", "two")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	put(t, a, "three")
	r := check(t, path)
	if !r.OK() || r.From != 3 || r.Lines != 2 || r.Before(path) != "audit-000000000002.jsonl" {
		t.Errorf("%+v", r)
	}
	// Under the name that the first line tells, it is one chain again.
	if err := os.Rename(path+".1", filepath.Join(filepath.Dir(path), r.Before(path))); err != nil {
		t.Fatal(err)
	}
	if r := check(t, path); !r.OK() || r.From != 1 || r.Lines != 4 {
		t.Errorf("put back: %+v", r)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	put(t, a, "four")
	if r := check(t, path); r.OK() || !strings.Contains(r.Problem, "lines 3 to 4") {
		t.Errorf("emptied: %+v", r)
	}
}

// What cannot be the file before is not written on.
func TestUnusableFileBefore(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"garbage": "precious", "empty": "", "a line that is none": "{}\n"} {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "audit-000000000003.jsonl"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := sshd.OpenAudit(path, fixed, smallFile); !errors.Is(err, sshd.ErrBroken) || !strings.Contains(err.Error(), "audit-000000000003.jsonl") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A line matters more than the size of a file.
func TestFileThatCannotBePutAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	a := openSmall(t, path)
	put(t, a, "a", "b", "c")
	inTheWay := filepath.Join(filepath.Dir(path), "audit-000000000003.jsonl")
	if err := os.WriteFile(inTheWay, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, a, "d", "e")
	if b, err := os.ReadFile(inTheWay); err != nil || string(b) != "precious" {
		t.Fatalf("it was replaced: %q, %v", b, err)
	}
	if l := lineOf(t, path, 4); !strings.Contains(l, `"log.aside"`) || !strings.Contains(l, `"failed"`) || !strings.Contains(l, "audit-000000000003.jsonl is there already") {
		t.Errorf("line 4: %s", l)
	}
	if l := lineOf(t, path, 6); !strings.Contains(l, `"action":"e"`) {
		t.Errorf("it was said twice: %s", l)
	}
	if err := os.Remove(inTheWay); err != nil {
		t.Fatal(err)
	}
	put(t, a, "f", "g")
	if r := check(t, path); !r.OK() || len(r.Files) != 2 {
		t.Errorf("%+v", r)
	}
}

func TestOtherFilesAreNoneOfTheLog(t *testing.T) {
	t.Parallel()
	path, _ := twelve(t)
	for _, name := range []string{"audit-1.jsonl", "audit-x.jsonl", "audit-000000000001.jsonl.gz", "audit-+00000000001.jsonl", "audit-.jsonl", "other-000000000001.jsonl"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte("x\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if r := check(t, path); !r.OK() || len(r.Files) != 4 {
		t.Errorf("%+v", r)
	}
	if _, err := sshd.VerifyAudit(filepath.Join(t.TempDir(), "audit.jsonl")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no log at all: %v", err)
	}
}

func TestSeveralPutFilesAside(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var all sync.WaitGroup
	for range 4 {
		a := openSmall(t, path)
		all.Go(func() {
			for range 10 {
				if err := a.Append(sshd.Entry{Action: "x"}); err != nil {
					t.Error(err)
				}
				if r, err := sshd.VerifyAudit(path); err != nil || !r.OK() {
					t.Errorf("meanwhile: %+v, %v", r, err)
				}
			}
		})
	}
	all.Wait()
	r := check(t, path)
	if !r.OK() || r.From != 1 || r.Lines != 40+uint64(len(r.Files))-1 {
		t.Errorf("%+v", r)
	}
}

// writerPath tells the process of TestWriter where to write.
const writerPath = "DASHTRAY_TEST_AUDIT"

// TestWriter is no test: it is the process that TestKilledWriters kills. Each
// number that it prints is a line that is on the disk.
func TestWriter(t *testing.T) {
	path := os.Getenv(writerPath)
	if path == "" {
		t.Skip("for TestKilledWriters")
	}
	a, err := sshd.OpenAudit(path, fixed, smallFile)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		if err := a.Record(serve.Who{}, serve.Event{Action: "x", Bytes: int64(n)}); err != nil {
			t.Fatal(err)
		}
		fmt.Println("wrote", n)
	}
}

// Processes that are killed at any moment lose no line and break no chain.
func TestKilledWriters(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var mu sync.Mutex
	wrote := 0
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriter$")
			cmd.Env = append(os.Environ(), writerPath+"="+path)
			out, err := cmd.StdoutPipe()
			if err == nil {
				err = cmd.Start()
			}
			if err != nil {
				t.Error(err)
				return
			}
			n := 0
			for lines := bufio.NewScanner(out); lines.Scan(); {
				if _, ok := strings.CutPrefix(lines.Text(), "wrote "); !ok {
					continue
				}
				if n++; n == 5+3*i {
					_ = cmd.Process.Kill()
				}
			}
			_ = cmd.Wait() // it was killed
			if n < 5+3*i {
				t.Errorf("writer %d ended after %d lines", i, n)
			}
			mu.Lock()
			defer mu.Unlock()
			wrote += n
		})
	}
	all.Wait()
	put(t, openSmall(t, path), "after") // heals
	r := check(t, path)
	if !r.OK() || r.From != 1 || r.Unfinished != 0 || len(r.Files) < 10 {
		t.Fatalf("%+v", r)
	}
	there := 0
	for _, f := range r.Files {
		b, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		there += bytes.Count(b, []byte(`"action":"x"`))
	}
	if there < wrote || there > wrote+8 {
		t.Errorf("%d lines were written, %d are there", wrote, there)
	}
}
