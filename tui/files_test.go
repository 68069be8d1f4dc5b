package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// withFiles lists exports whose files can be worked with.
func withFiles(files *tuitest.Files) func(*tui.Deps, *tuitest.Jobs) {
	return func(d *tui.Deps, jobs *tuitest.Jobs) {
		listed(d, jobs)
		d.Files = files
	}
}

const verifiedFile = "/home/u/exports/dashtray-my-saas-app-last_7_days-20000101T000000Z.json"

func TestCheckShowsHowItGoesAndWhatCameOfIt(t *testing.T) {
	files := &tuitest.Files{Report: archive.Report{
		Bytes: 1 << 20, SHA256: strings.Repeat("cd", 32), Records: archive.Counts{Metrics: 7},
		Problems: []archive.Finding{{Code: "digest", Message: "it is another file"}},
	}}
	run(t, 80, 24, withFiles(files), func(t *testing.T, c console) {
		files.Go = make(chan struct{})
		c.Type("v")
		c.Settle(time.Second)
		c.Need(t, "Checking dashtray-my-saas-app", "512.0 KiB of 1.0 MiB", "esc stop the check")
		close(files.Go)
		c.Settle(time.Second)
		c.Need(t, "✗ The file does not verify", "digest: it is another file", "7 metrics", "cdcd")
		c.Type("y")
		c.Need(t, "Sent the path")
		c.Type(tuitest.Esc)
		c.NeedNot(t, "─ Check ")
		if n := c.jobs.Listed(); n != 2 {
			t.Errorf("the exports were listed %d times: what is known of the file is stale", n)
		}
	})
}

// What the server told of an export is what its file is held against, also
// where it is inspected.
func TestInspectExpectsWhatTheServerTold(t *testing.T) {
	files := &tuitest.Files{}
	run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
		withFiles(files)(d, jobs)
		d.InspectCommand = func(file string) string { return "dashtray-tui inspect " + file }
	}, func(t *testing.T, c console) {
		for name, keys := range map[string][]string{"list": {"i"}, "export's screen": {tuitest.Enter, tuitest.Enter, "i"}} {
			files.Expected = archive.Expect{}
			c.Keys(keys...)
			c.Settle(time.Second)
			c.Need(t, "→ Inspect", "Compared")
			if files.Expected.SHA256 == "" || files.Expected.Format != "json" {
				t.Errorf("from the %s it is held against %+v", name, files.Expected)
			}
			c.Type("Y")
			c.Need(t, "Sent the shell command")
			c.Keys(tuitest.Esc, tuitest.Esc, tuitest.Esc)
		}
	})
}

func TestCheckThatIsGivenUpSaysNothing(t *testing.T) {
	files := &tuitest.Files{Go: make(chan struct{})}
	run(t, 80, 24, func(d *tui.Deps, jobs *tuitest.Jobs) {
		files.Go = make(chan struct{})
		withFiles(files)(d, jobs)
	}, func(t *testing.T, c console) {
		c.Keys("v", tuitest.Esc)
		c.Settle(time.Second)
		c.NeedNot(t, "Check", "Something failed", "Verified")
	})
}

func TestDeleteAsksFirst(t *testing.T) {
	files := &tuitest.Files{}
	run(t, 80, 24, withFiles(files), func(t *testing.T, c console) {
		c.Type("x")
		c.Need(t, "Delete this file from the disk?", "dashtray-my-saas-app-last_7_days-", "20000101T000000Z.json", "▸ Keep")
		c.Keys(tuitest.Enter, "x", tuitest.Esc)
		if calls := files.Calls(); len(calls) != 0 {
			t.Fatalf("without a yes: %q", calls)
		}
		c.Keys("x", tuitest.Right, tuitest.Enter)
		c.Need(t, "✓ Deleted dashtray-my-saas-app")
		if calls := files.Calls(); len(calls) != 1 || calls[0] != "remove "+verifiedFile {
			t.Errorf("calls are %q", calls)
		}
		c.Keys(tuitest.Down, "x")
		c.Need(t, "Delete what has arrived of this file?")
	})
}

func TestFilesThatCannotBeReached(t *testing.T) {
	files := &tuitest.Files{FileErr: errors.New("permission denied"), Err: errors.New("unreadable")}
	run(t, 80, 24, withFiles(files), func(t *testing.T, c console) {
		c.Type("o")
		c.Need(t, "✗ Something failed: permission denied.")
		c.Type("v")
		c.Need(t, "Something failed: unreadable.")
		c.Keys(tuitest.Esc, tuitest.Down, tuitest.Down)
		c.NeedNot(t, "v verify", "o open", "x delete", "i inspect") // a failed export has no file
	})
}
