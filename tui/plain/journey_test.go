package plain_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/plain"
)

// world is the sandbox, a machine, and the conversation.
type world struct {
	*talk
	root string
	sb   *sandbox.Server
	svc  *job.Service
}

// inWorld opens the console on the real job service and the sandbox, whose
// projects, answers and files it then shows.
func inWorld(t *testing.T, cfg sandbox.Config, f func(w *world)) {
	t.Helper()
	t.Parallel()
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cfg.Dir = filepath.Join(root, "sandbox")
		sb, err := sandbox.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		api, err := client.New(client.Options{
			BaseURL: "https://api.dashtray.test", Key: client.NewKey(sb.Keys().Owner), Transport: sb.Transport(),
		})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{root: root, sb: sb, svc: job.New(job.Deps{
			API: api, Transport: sb.Transport(), StateDir: filepath.Join(root, "state"), Folder: filepath.Join(root, "files"),
		})}
		w.talk = open(t, func(c *talk, d *plain.Deps) {
			c.acc.Has(tui.Profile{Name: "work"}, tui.Account{Profile: "work", Jobs: w.svc, ShellCommand: command})
			d.Home = root
		})
		f(w)
		if err := w.close(); err != nil {
			t.Error(err)
		}
		w.svc.Close()
		if err := sb.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (w *world) inject(faults ...string) {
	w.t.Helper()
	for _, s := range faults {
		f, err := sandbox.ParseFault(s)
		if err != nil {
			w.t.Fatal(err)
		}
		w.sb.Inject(f)
	}
}

func (w *world) files(pattern string) []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.root, "files", pattern))
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// varying is what is another in each run: ids, speeds, and which of the
// server's stages was seen.
var varying = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b[0-9a-z]{26}\b`), "EXPORT"},
	{regexp.MustCompile(`(?m)^(Export EXPORT is queued|The server is) .*\n`), ""},
	{regexp.MustCompile(`ready after [^.]*\.`), "ready after TIMES."},
	{regexp.MustCompile(`[0-9.]+ [KMGT]?i?B free`), "ROOM free"},
	{regexp.MustCompile(`at [0-9.]+ [KMGT]?i?B/s`), "at SPEED"},
	{regexp.MustCompile(`SHA-256: [0-9a-f]{64}`), "SHA-256: DIGEST"},
}

func (w *world) steady() string {
	s := strings.ReplaceAll(w.text(), w.root, "ROOT")
	s = strings.ReplaceAll(s, string(filepath.Separator), "/")
	for _, v := range varying {
		s = v.what.ReplaceAllString(s, v.with)
	}
	return s
}

// The whole job: make, watch, download, check, find it in the list, quit.
func TestWholeJourney(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 2000}, func(w *world) {
		w.settle(40 * 24 * time.Hour)
		w.say("1", "2", "1", "1 2", "")
		w.need("Start it?")
		w.say("1")
		for i := 0; i < 30 && !strings.Contains(w.text(), "What next?"); i++ {
			w.settle(10 * time.Second)
		}
		w.need("Done. The file is whole and verified.")
		if n := len(w.files("*.csv")); n != 1 {
			t.Errorf("%d files", n)
		}
		w.say("", "2", "1", "b", "b", "q")
		w.needNot(w.sb.Keys().Owner, "https://")
		goldenText(t, "journey", w.steady())
	})
}

// A transfer that is cut, left, stopped by quitting, and goes on later.
func TestJourneyWithResume(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 20_000, Rate: 20 << 10, Speed: 10}, func(w *world) {
		w.inject("cut=64K*2")
		w.say("1", "", "5", "", "", "1")
		for i := 0; i < 100 && !strings.Contains(w.text(), "interrupted"); i++ {
			w.settle(time.Second)
		}
		w.need("Downloading to ", "The download was interrupted")
		w.settle(10 * time.Second)
		w.mark()
		w.say("")
		w.need("Downloaded: ", " left.", "Speed: ")
		w.say("p")
		w.settle(time.Minute)
		w.need("Paused at ")
		w.say("r", "s")
		w.settle(time.Second)
		w.need("Stopped here.", "Kept: ", "2. Go on with the download")
		w.say("")
		w.settle(time.Minute)
		w.need("are here already from an earlier run.")
		w.settle(time.Hour)
		w.need("Done. The file is whole and verified.", "of it from an earlier run")
		if n := len(w.files("*.json")); n != 1 {
			t.Errorf("%d files", n)
		}
		if n := strings.Count(w.text(), "Downloaded: "); n < 2 || n > 12 {
			t.Errorf("progress is told %d times", n)
		}
	})
}

func TestJourneyWithFailures(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 500, Speed: 10}, func(w *world) {
		w.inject("fail=no room*1")
		w.say("1", "", "5", "", "", "1")
		w.settle(time.Minute)
		w.need("failed on the server: no room.")
		w.say("3") // a shorter range
		w.need("Enter means 4:")
		w.say("", "")
		w.settle(time.Minute)
		w.need("Range: last year", "Done.")
		w.say("2", "") // the same again
		w.inject("credential*1")
		w.settle(time.Minute)
		if err := w.sb.ClearFaults(); err != nil {
			t.Fatal(err)
		}
		w.inject("api-status=503")
		w.say("", "2")
		w.settle(5 * time.Minute)
		w.need("What follows is what this machine remembers.")
	})
}

func TestJourneyWhereAnotherRuns(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 500}, func(w *world) {
		w.say("1", "", "5", "", "", "1")
		w.settle(5 * time.Second)
		w.say("b", "1")
		w.need("An export is running for 5 seconds: JSON, all time, all data types", "yours waits for its turn.")
		w.say("1", "2", "5", "", "", "1")
		w.settle(time.Second)
		w.need("Yours starts by itself when that one has ended.")
		w.settle(5 * time.Minute)
		w.need("Done. The file is whole and verified.")
		w.say("1")
		w.need("News: JSON, all time, all data types: the file is whole and verified")
		if n := len(w.files("*")); n != 2 {
			t.Errorf("%d files: %q", n, w.files("*"))
		}
	})
}

// What a hostile server says reaches the terminal only as plain text; the
// checks are in Write.
func TestHostileServer(t *testing.T) {
	inWorld(t, sandbox.Config{Records: 300, Speed: 10}, func(w *world) {
		w.inject("escape", "fail=\x1b[2J\x1b]0;x\x07\u202egone\u2588*1")
		w.say("1", "", "5", "", "", "1")
		w.settle(time.Minute)
		w.need("failed on the server")
		w.say("2", "1")
		w.settle(time.Minute)
		w.need("Done. The file is whole")
		w.say("", "2", "1", "b", "2", "b", "/\x1b[31m\u2588", "/", "\x1b[A\x1b[B\x07", "b", "3")
		if !strings.Contains(w.text(), "\u241b") {
			t.Error("the server's escape sequences are not shown as what they are")
		}
		if entries, err := os.ReadDir(filepath.Join(w.root, "files")); err != nil || len(entries) != 1 {
			t.Errorf("files: %v, %v", entries, err)
		}
	})
}

func TestPagingOfAWholeHistory(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		c := open(t, nil)
		c.jobs.SetListing(many(time.Now(), 300), nil, 0)
		c.say("2")
		for i := 1; i < 30; i++ {
			c.say("")
		}
		c.need(fmt.Sprintf("Here are %d to %d.", 291, 300))
	})
}
