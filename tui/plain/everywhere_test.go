package plain_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/plain"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func goldenText(t *testing.T, name, s string) {
	t.Helper()
	tuitest.Golden(t, name, strings.TrimRight(s, "\n"))
}

var numbered = regexp.MustCompile(`(?m)^(\d+)\. (.*)$`)

// choices are the items of the last menu that was told.
func (c *talk) choices() map[string]string {
	s := c.text()
	if i := strings.LastIndex(s, "\n\n"); i >= 0 {
		s = s[i:]
	}
	items := map[string]string{}
	for _, m := range numbered.FindAllStringSubmatch(s, -1) {
		items[m[1]] = m[2]
	}
	return items
}

// Every item of every menu is gone to, by every way of up to four choices, and
// does something.
func TestEveryItemIsReachable(t *testing.T) {
	seen := map[string]bool{}
	step := job.StepTransferring
	setUp := func(c *talk, d *plain.Deps) {
		withFiles(c, d)
		c.acc.Has(tui.Profile{Name: "home"}, tui.Account{Profile: "home", Jobs: tuitest.NewJobs(time.Now)})
		c.jobs.SetListing(listing(time.Now()), nil, 0)
		over := c.jobs.Start(job.Spec{Request: client.ExportRequest{Format: client.JSON, Range: client.Range{Name: "last_year"}, Include: client.Include{Metrics: true}}})
		c.jobs.Change(over, func(s *job.Snapshot) {
			s.Err, s.Export = &job.TimeoutError{ID: "exp_4", Over: time.Minute}, client.Export{ID: "exp_4"}
		})
		c.jobs.Step(over, job.StepFailed)
		running := c.jobs.Start(job.Spec{ID: "exp_3"})
		c.jobs.Step(running, step)
	}
	var walk func(path []string)
	walk = func(path []string) {
		var next map[string]string
		synctest.Test(t, func(t *testing.T) {
			c := open(t, setUp)
			c.say(path...)
			if len(path) > 0 && strings.Contains(c.text(), "none of the choices") {
				t.Errorf("%q is told and does nothing:\n%s", path, c.text())
			}
			if c.over() || strings.Contains(c.text(), "While it runs") {
				return
			}
			next = c.choices()
		})
		for _, n := range slices.Sorted(maps.Keys(next)) {
			seen[next[n]] = true
			if len(path) < 4 && !strings.HasPrefix(next[n], "Last ") { // one of the ranges is enough
				walk(append(slices.Clone(path), n))
			}
		}
	}
	walk(nil)
	step = job.StepCollecting // then a new export has to wait for its turn
	walk([]string{"1"})
	for _, want := range []string{
		"New export", "Exports: list, details, download, make again", "Jobs of this session: 1 running, 1 over", "Look into a file",
		"Profiles and keys", "Help", "Quit", "Keep working",
		"Make a new one, which starts when that one ends",
		"JSON: all metadata, for scripts and databases", "CSV: one flat table, for Excel and Google Sheets", "All time", "Other days, that you type", "Metrics",
		"Tell what is in the file", "Check the file once more", "Make the same export again", "Watch the job that works on it",
		"Start", "Change the format", "Change the range", "Change the data", "Change the folder",
		"Main menu", "Download the file", "Make one with a shorter range", "Make one with fewer data types",
		"Add a profile", "Open the demo", "Switch to it", "Give it another key", "Make it the default", "Remove it", "Keep it",
		"Type or paste an API key; it stays hidden", "Look around in the demo, without a key", "Look for a stored key again",
	} {
		if !seen[want] {
			t.Errorf("nothing leads to %q; seen are %q", want, slices.Sorted(maps.Keys(seen)))
		}
	}
}

// hostile is text that would do something to a terminal, or to a reader.
const hostile = "a\x1b[2J\x1b]0;t\x07\x9b31m\u202eb\u2028c\r\nd\u2588\u28ff\x00\xff\u200b"

// Every field that comes from outside is hostile; the checks are in Write.
func TestHostileStrings(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, func(c *talk, d *plain.Deps) {
			u := text.Untrusted(hostile)
			c.acc.Has(tui.Profile{Name: hostile, APIURL: hostile, Key: hostile}, tui.Account{Profile: hostile})
			c.acc.Has(tui.Profile{Name: "work", Default: true}, tui.Account{
				Profile: hostile, Label: hostile, KeyFrom: hostile, Jobs: c.jobs, ShellCommand: func(job.Spec) string { return hostile },
			})
			c.acc.SetPlaces(tui.Place{ID: "a", Name: hostile, What: hostile}, tui.Place{ID: "b", Name: hostile, Unavailable: hostile})
			c.acc.Slow(time.Second, hostile)
			c.jobs.SetProject(client.Project{ID: u, Name: u, Slug: u}, nil)
			c.jobs.SetFolder(func(string) (string, int64, error) { return "/" + hostile, -1, nil })
			c.jobs.SetListing(job.Listing{Entries: []history.Entry{{
				Export:    client.Export{ID: u, Status: u, Format: hostile, Range: client.WireRange{Name: u}, Error: u},
				LocalFile: hostile, LocalState: history.LocalVerified,
			}}, Offline: errors.New(hostile)}, nil, 0)
			d.Inspect = func(context.Context, string, archive.Expect) ([]string, error) { return []string{hostile}, nil }
			d.Message = func(error) (string, string) { return hostile, hostile }
			d.Version = hostile
			d.Location = time.FixedZone(hostile, 0)
		})
		c.settle(time.Minute)
		c.acc.Slow(0, hostile)
		c.say("2", "1", "1", "b", "b", "3", hostile, "b", "4", "2", "?", "2", "1")
		c.whisper(goodKey)
		c.settle(time.Minute)
		c.say("1", "b", "b", "b", "b", "1", "", "", "", "", "1")
		if len(c.jobs.List()) == 0 {
			t.Fatalf("no job was started:\n%s", c.text())
		}
		ref := c.jobs.List()[0].Ref
		c.jobs.Change(ref, func(s *job.Snapshot) {
			s.Export = client.Export{ID: text.Untrusted(hostile), Status: hostile}
			s.File, s.Warnings, s.LookErr = hostile, []string{hostile}, errors.New(hostile)
			s.Transfer = transfer.Snapshot{Phase: transfer.PhaseWaiting, LastError: hostile}
		})
		for _, step := range []job.Step{job.StepQueued, hostile, job.StepTransferring} {
			c.jobs.Step(ref, step)
			c.settle(time.Minute)
			c.say("", hostile)
		}
		c.jobs.Change(ref, func(s *job.Snapshot) { s.Err = errors.New(hostile) })
		c.jobs.Step(ref, job.StepFailed)
		c.settle(0)
		c.need("What next?")
	})
}

// FuzzTyped has somebody type anything at all: the console ends with the
// input, and never writes what a terminal acts upon.
func FuzzTyped(f *testing.F) {
	for _, s := range []string{
		"", "\n\n\n\n\n\n\n\n", "1\n2\n8\nx\n2000-01-01\n\n1,2\n\n1\np\n\nb\nq\n", "2\n/x\n/\nsort\nmore\n1\n1\n", "3\n1\nback\n4\n2\nname\n\n1\n",
		"q\n", "\x1b[A\x00\xff\n", "1\n1\n5\nall\n~\n1\ns\n\n", "?\n?\n3\n?\nquit\n1\n", strings.Repeat("1\n", 50), strings.Repeat("9", 70_000) + "\n1\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		c := &talk{t: t, jobs: tuitest.NewJobs(time.Now)}
		var out bytes.Buffer
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		c.jobs.SetListing(listing(now), nil, 0)
		acc := newAccounts(c)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := plain.Run(ctx, plain.Deps{
			In: strings.NewReader(typed), Out: &out, Accounts: acc, StartProfile: "work", Message: words,
			ReadHidden: func(context.Context) (string, error) { return "", io.EOF },
			Now:        func() time.Time { return now }, Location: berlin(),
			Inspect: func(context.Context, string, archive.Expect) ([]string, error) { return []string{"Metrics: 3"}, nil },
		})
		if err != nil {
			t.Errorf("ended with %v", err)
		}
		checkBytes(t, out.String())
		if !strings.HasSuffix(out.String(), "Goodbye.\n") {
			t.Errorf("no goodbye:\n%s", out.String())
		}
	})
}
