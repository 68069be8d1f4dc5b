package plain_test

import (
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/accountstest"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/plain"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestMain(m *testing.M) {
	tuitest.DefineUpdate()
	os.Exit(m.Run())
}

// talk is a conversation with a console: what it writes, and what a person
// types, as a terminal would show both.
type talk struct {
	t    *testing.T
	acc  *accountstest.Accounts
	jobs *tuitest.Jobs // of the profile "work"

	ctx    context.Context
	cancel context.CancelCauseFunc
	typed  chan string // lines on their way in
	rest   []byte
	secret chan string // lines on their way into ReadHidden
	reads  atomic.Int32

	mu     sync.Mutex
	shown  strings.Builder // with what was typed
	ended  chan error
	failed error // of writing from now on
}

const goodKey = "dk_test_good"

func berlin() *time.Location { return time.FixedZone("CET", 3600) }

// words are an error's as the program has them.
func words(err error) (string, string) {
	m := message.Of(err)
	return m.Text, m.Hint
}

// open begins a conversation in a bubble. Its profile is "work"; setUp may
// change everything before the first word.
func open(t *testing.T, setUp func(*talk, *plain.Deps)) *talk {
	t.Helper()
	c := &talk{
		t: t, jobs: tuitest.NewJobs(time.Now),
		typed: make(chan string, 1024), secret: make(chan string, 16), ended: make(chan error, 1),
	}
	c.ctx, c.cancel = context.WithCancelCause(t.Context())
	c.acc = newAccounts(c)
	d := plain.Deps{
		In: inOf{c}, Out: outOf{c}, ReadHidden: c.readHidden, Accounts: c.acc, StartProfile: "work",
		Message: words, Now: time.Now, Location: berlin(), Home: "/home/u", Version: "1.2.3",
	}
	if setUp != nil {
		setUp(c, &d)
	}
	go func() { c.ended <- plain.Run(c.ctx, d) }()
	t.Cleanup(func() { _ = c.close() }) // how it ended is for the test to say
	c.settle(0)
	return c
}

// newAccounts have the profile "work", whose jobs are those of c.
func newAccounts(c *talk) *accountstest.Accounts {
	acc := accountstest.New()
	acc.Has(tui.Profile{Name: "work", Default: true, Current: true, Key: "keyring"}, c.account("work"))
	acc.Takes(client.NewKey(goodKey), func(string) tui.Account { return c.account("work") })
	acc.Demos(tui.Account{Label: "demo", Jobs: tuitest.NewJobs(time.Now), ShellCommand: command})
	return acc
}

func (c *talk) account(profile string) tui.Account {
	return tui.Account{Profile: profile, KeyFrom: "the keyring", Jobs: c.jobs, ShellCommand: command}
}

// command stands for the shell command of a job.
func command(s job.Spec) string {
	if s.ID != "" {
		return "dashtray-tui download " + s.ID.Safe()
	}
	return "dashtray-tui export --range " + s.Request.Range.Name
}

type inOf struct{ *talk }

func (c inOf) Read(p []byte) (int, error) {
	if c.reads.Add(1) != 1 {
		c.t.Error("two read the input at once")
	}
	defer c.reads.Add(-1)
	if len(c.rest) == 0 {
		s, ok := <-c.typed
		if !ok {
			return 0, io.EOF
		}
		c.rest = []byte(s)
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *talk) readHidden(ctx context.Context) (string, error) {
	if c.reads.Add(1) != 1 {
		c.t.Error("the input is read while a hidden line is")
	}
	defer c.reads.Add(-1)
	select {
	case s, ok := <-c.secret:
		if !ok {
			return "", io.EOF
		}
		return s, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

type outOf struct{ *talk }

func (c outOf) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed != nil {
		return 0, c.failed
	}
	checkBytes(c.t, string(p))
	c.shown.Write(p)
	return len(p), nil
}

var drawing = regexp.MustCompile(`[\x{2500}-\x{25ff}\x{2800}-\x{28ff}]`)

// checkBytes fails the test if a terminal could act upon what was written.
func checkBytes(t *testing.T, s string) {
	t.Helper()
	for i, r := range s {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == '\u202e' || r == '\u2028' {
			t.Errorf("%U at byte %d of %q", r, i, s)
		}
	}
	if m := drawing.FindString(s); m != "" {
		t.Errorf("%q draws with %q", s, m)
	}
}

// settle lets fake time pass and everything come to rest.
func (c *talk) settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// say types lines, each when the one before has been heard.
func (c *talk) say(lines ...string) {
	for _, l := range lines {
		c.mu.Lock()
		c.shown.WriteString(l + "\n")
		c.mu.Unlock()
		c.typed <- l + "\n"
		c.settle(0)
	}
}

// whisper types a line that is not shown.
func (c *talk) whisper(line string) {
	c.secret <- line
	c.settle(0)
}

// close ends the input, as ctrl+d does, and gives how the console ended.
func (c *talk) close() error {
	if c.typed != nil {
		close(c.typed)
		close(c.secret)
		c.typed = nil
		err := <-c.ended
		c.ended <- err
		synctest.Wait()
	}
	return c.result()
}

func (c *talk) result() error {
	select {
	case err := <-c.ended:
		c.ended <- err
		return err
	default:
		c.t.Fatal("the console has not ended")
		return nil
	}
}

func (c *talk) over() bool { return len(c.ended) > 0 }

func (c *talk) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown.String()
}

// mark forgets what was shown so far.
func (c *talk) mark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown.Reset()
}

func (c *talk) need(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if !strings.Contains(c.text(), w) {
			c.t.Fatalf("nowhere is said %q:\n%s", w, c.text())
		}
	}
}

func (c *talk) needNot(unwanted ...string) {
	c.t.Helper()
	for _, w := range unwanted {
		if strings.Contains(c.text(), w) {
			c.t.Fatalf("%q is said:\n%s", w, c.text())
		}
	}
}

func (c *talk) golden(name string) {
	c.t.Helper()
	tuitest.Golden(c.t, name, strings.TrimRight(c.text(), "\n"))
}

// inBubble runs a test in fake time.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// listing is what the server and this machine know: one export of each kind.
func listing(now time.Time) job.Listing {
	n, size := int64(12_345), int64(4_700_000)
	all := client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}
	made := func(id client.ID, ago time.Duration, stage client.Stage, e client.Export) client.Export {
		e.ID, e.Stage, e.CreatedAt = id, stage, now.Add(-ago)
		if stage == client.StageCompleted {
			e.CompletedAt, e.ExpiresAt = e.CreatedAt.Add(time.Minute), e.CreatedAt.Add(24*time.Hour)
		}
		return e
	}
	return job.Listing{Entries: []history.Entry{
		{
			Export: made("exp_4", 2*time.Hour, client.StageCompleted, client.Export{
				Format: client.JSON, Range: client.WireRange{Name: "last_7_days"}, Include: &all, Records: &n, Bytes: &size,
			}),
			LocalFile: "/home/u/exports/a.json", LocalState: history.LocalVerified,
		},
		{
			Export:     made("exp_3", 3*time.Hour, client.StageCompleted, client.Export{Format: client.CSV, Range: client.WireRange{From: now.AddDate(0, -1, 0), To: now}}),
			LocalState: history.LocalPartial, LocalDone: 300, LocalSize: 1000, LocalFile: "/home/u/exports/b.csv",
		},
		{Export: made("exp_2", 50*time.Hour, client.StageFailed, client.Export{Range: client.WireRange{Name: "all_time"}, Error: "the export ran out of memory"})},
		{Export: made("exp_1", 80*time.Hour, client.StageExpired, client.Export{}), LocalState: history.LocalMissing, LocalFile: "/home/u/exports/c.json"},
	}}
}

// many are so many exports that have no file here.
func many(now time.Time, n int) job.Listing {
	var l job.Listing
	for i := range n {
		l.Entries = append(l.Entries, history.Entry{Export: client.Export{
			ID: client.ID("exp_" + strings.Repeat("i", i+1)), Stage: client.StageExpired, CreatedAt: now.Add(-time.Duration(i+1) * time.Hour),
		}})
	}
	return l
}

var errTest = errors.New("the test's own error")
