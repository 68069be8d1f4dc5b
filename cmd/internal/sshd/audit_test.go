package sshd_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

func fixed() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.FixedZone("", 3600)) }

func openLog(t *testing.T, path string) *sshd.Audit {
	t.Helper()
	a, err := sshd.OpenAudit(path, fixed, sshd.AuditSize)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func put(t *testing.T, a *sshd.Audit, actions ...string) {
	t.Helper()
	for _, action := range actions {
		who := serve.Who{Session: "s1", Name: "Ada", Key: "SHA256:x", Role: serve.Admin, From: "127.0.0.1:9"}
		if err := a.Record(who, serve.Event{Action: action, Object: "exp_1 <é>", Result: serve.Done, Bytes: 7}); err != nil {
			t.Fatal(err)
		}
	}
}

func check(t *testing.T, path string) sshd.AuditReport {
	t.Helper()
	r, err := sshd.VerifyAudit(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAuditLogIsAChain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "audit.jsonl")
	a := openLog(t, path)
	if r := check(t, path); !r.OK() || r.Lines != 0 || r.Head != "" {
		t.Errorf("empty: %+v", r)
	}
	put(t, a, "one", "two")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = openLog(t, path) // it goes on after a restart
	put(t, a, "three")
	r := check(t, path)
	if !r.OK() || r.Lines != 3 || !strings.Contains(lineOf(t, path, 3), `"hash":"`+r.Head+`"`) || r.Unfinished != 0 || !r.First.Equal(fixed().Truncate(time.Millisecond)) {
		t.Errorf("%+v", r)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"seq":1,"time":"2026-11-24T11:00:00.123Z","session":"s1","name":"Ada","key":"SHA256:x","role":"admin","from":"127.0.0.1:9",` +
		`"action":"one","object":"exp_1 \u003cé\u003e","result":"ok","bytes":7,"detail":"","prev":"","hash":"`
	if !strings.HasPrefix(string(content), want) {
		t.Errorf("first line: %s", content)
	}
}

func TestAnyChangeBreaksTheChain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "audit.jsonl")
	put(t, openLog(t, path), "one", "two", "three")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	join := func(at ...int) []byte {
		var b []byte
		for _, i := range at {
			b = append(b, lines[i]...)
		}
		return b
	}
	for name, c := range map[string]struct {
		content []byte
		line    uint64
	}{
		"a line is missing":       {join(0, 2), 2},
		"the first is missing":    {join(1, 2), 1},
		"two are swapped":         {join(1, 0, 2), 1},
		"one stands there twice":  {join(0, 0, 1, 2), 2},
		"a value is changed":      {bytes.Replace(whole, []byte("two"), []byte("ten"), 1), 2},
		"a field is added":        {bytes.Replace(whole, []byte(`{"seq":2`), []byte(`{"x":1,"seq":2`), 1), 2},
		"white space is added":    {bytes.Replace(whole, []byte(`"seq":3`), []byte(`"seq": 3`), 1), 3},
		"the last one is changed": {bytes.Replace(whole, []byte("three"), []byte("other"), 1), 3},
		"a line is empty":         {append([]byte("\n"), whole...), 1},
		"a line without end":      {append(bytes.Repeat([]byte("x"), 1<<20), whole...), 1},
	} {
		p := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(p, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if r := check(t, p); r.OK() || r.Line != c.line || r.Problem == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if err := os.WriteFile(path, bytes.Replace(whole, []byte("three"), []byte("other"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sshd.OpenAudit(path, fixed, sshd.AuditSize); !errors.Is(err, sshd.ErrBroken) {
		t.Errorf("opened: %v", err)
	}
}

// A process may be killed after any byte that it has written.
func TestTornLineIsHealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "whole")
	put(t, openLog(t, path), "one", "two\x1b")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for _, cut := range []int{1, 2, first - 1, first + 1, first + 40, len(whole) - 2, len(whole) - 1} {
		path := filepath.Join(dir, "torn")
		_ = os.Remove(path)
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		kept := uint64(0)
		torn := cut
		if cut > first {
			kept, torn = 1, cut-first
		}
		if r := check(t, path); !r.OK() || r.Lines != kept || r.Unfinished != torn {
			t.Errorf("cut at %d: %+v", cut, r)
		}
		put(t, openLog(t, path), "after")
		r := check(t, path)
		content, err := os.ReadFile(path)
		if err != nil || !r.OK() || r.Lines != kept+2 || r.Unfinished != 0 || !bytes.Contains(content, []byte(`"log.healed"`)) {
			t.Errorf("cut at %d: healed: %+v, %v\n%s", cut, r, err, content)
		}
	}
}

// Every restricted session is a process of its own, and all write to one log.
func TestSeveralWriteToOneLog(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var all sync.WaitGroup
	for range 4 {
		a := openLog(t, path)
		all.Go(func() {
			for range 10 {
				if err := a.Append(sshd.Entry{Action: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r := check(t, path); !r.OK() || r.Lines != 40 {
		t.Errorf("%+v", r)
	}
}

func TestLogThatOthersCanRead(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes")
	}
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sshd.OpenAudit(path, fixed, sshd.AuditSize); err == nil || !strings.Contains(err.Error(), "0644") {
		t.Errorf("opened: %v", err)
	}
}

func FuzzVerifyAudit(f *testing.F) {
	path := filepath.Join(f.TempDir(), "audit.jsonl")
	a, err := sshd.OpenAudit(path, fixed, sshd.AuditSize)
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(a.Append(sshd.Entry{Action: "one"}), a.Append(sshd.Entry{Action: "two"}), a.Close()); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, whole)
	f.Add(whole[:bytes.IndexByte(whole, '\n')+1], []byte{})
	f.Add(whole[:bytes.IndexByte(whole, '\n')+1], whole[bytes.IndexByte(whole, '\n')+1:])
	f.Add([]byte("{}\n"), []byte("\n\n{"))
	f.Fuzz(func(t *testing.T, old, content []byte) {
		path := filepath.Join(t.TempDir(), "audit.jsonl")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if len(old) > 0 {
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), "audit-000000000001.jsonl"), old, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before := check(t, path)
		a, err := sshd.OpenAudit(path, fixed, sshd.AuditSize)
		if err != nil {
			return
		}
		defer func() { _ = a.Close() }()
		if err := a.Append(sshd.Entry{Action: "x"}); err != nil {
			t.Fatal(err)
		}
		// A chain that held holds on.
		if after := check(t, path); before.OK() && !after.OK() {
			t.Errorf("%+v, then %+v", before, after)
		}
	})
}
