package picture

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

// out is where the pictures go.
const out = ".."

func papers() map[string]paper {
	return map[string]paper{"dark": {"#e4e4e7", "#18181b"}, "light": {"#18181b", "#fafafa"}}
}

// folder is what a picture shows instead of the temporary one.
const folder = "/home/ada/exports"

// there are the jobs as somebody called Ada has them: the same files, in her
// folder.
type there struct {
	*job.Service
	dir string
}

func (j there) name(path string) string { return strings.Replace(path, j.dir, folder, 1) }

func (j there) see(s job.Snapshot) job.Snapshot {
	s.File = j.name(s.File)
	if s.Result != nil {
		r := *s.Result
		r.File = j.name(r.File)
		s.Result = &r
	}
	return s
}

func (j there) Snapshot(ref job.Ref) (job.Snapshot, bool) {
	s, ok := j.Service.Snapshot(ref)
	return j.see(s), ok
}

func (j there) List() []job.Snapshot {
	list := j.Service.List()
	for i := range list {
		list[i] = j.see(list[i])
	}
	return list
}

func (j there) Exports(ctx context.Context) (job.Listing, error) {
	l, err := j.Service.Exports(ctx)
	for i := range l.Entries {
		l.Entries[i].LocalFile = j.name(l.Entries[i].LocalFile)
	}
	return l, err
}

func (j there) Folder(output string) (string, int64, error) {
	dir, _, err := j.Service.Folder(strings.Replace(output, folder, j.dir, 1))
	return j.name(dir), 182 << 30, err
}

// Inspect and the rest make there the files of the console, too.
func (j there) Inspect(ctx context.Context, path string, e archive.Expect, progress func(done, total int64)) (archive.Report, error) {
	return j.Verify(ctx, path, e, progress)
}

func (j there) Verify(ctx context.Context, path string, e archive.Expect, progress func(done, total int64)) (archive.Report, error) {
	f, err := os.Open(strings.Replace(path, folder, j.dir, 1))
	if err != nil {
		return archive.Report{}, err
	}
	defer func() { _ = f.Close() }()
	return archive.Check(ctx, f, e, func(n int64) { progress(n, n) })
}

func (there) OpenFolder(string) error { return errors.New("no desktop in a picture") }
func (there) Remove(string) error     { return errors.New("nothing is deleted for a picture") }

// line is the way to the server: each request takes a moment on it. What the
// server sends and what the console does at its own ticks then never fall on
// the same instant, where their order would be another in each picture.
type line struct{ http.RoundTripper }

func (l line) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(17 * time.Millisecond):
		return l.RoundTripper.RoundTrip(r)
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

// shoot runs the console of a theme on a terminal of w×h cells, against a
// sandbox of its own, and has it photographed.
func shoot(t *testing.T, theme string, w, h int, act func(t *testing.T, term *tuitest.Term)) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 7) // ids and keys are the same in every picture
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 3, 9, 12, 0, 0, time.UTC)))
		api, err := sandbox.New(sandbox.Config{Dir: filepath.Join(dir, "sandbox"), Records: 60_000, Seed: 7, Speed: 4, Rate: 500_009})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = api.Close() }()
		calls := line{api.Transport()}
		c, err := client.New(client.Options{BaseURL: "https://demo.dashtray.invalid", Key: client.NewKey(api.Keys().Owner), Transport: calls})
		if err != nil {
			t.Fatal(err)
		}
		files := filepath.Join(dir, "exports")
		if err := os.Mkdir(files, 0o700); err != nil {
			t.Fatal(err)
		}
		jobs := there{job.New(job.Deps{
			API: c, Transport: calls, StateDir: filepath.Join(dir, "state"), Folder: files, Connections: 4,
			Jitter: func(most time.Duration) time.Duration { return most / 2 },
		}), files}
		defer jobs.Close()
		term := tuitest.Start(t, tui.New(tui.Deps{
			Jobs: jobs, Files: jobs, Profile: "work", Version: "v0.1.0", Location: time.UTC, Home: "/home/ada", Theme: theme,
			Env:          []string{"TERM=xterm-256color", "LANG=en_US.UTF-8"},
			ShellCommand: func(s job.Spec) string { return shellCommand(s) },
			Message: func(err error) (string, string) {
				m := message.Of(err)
				return m.Text, m.Hint
			},
		}), w, h, tea.WithColorProfile(colorprofile.TrueColor))
		term.Settle(2003 * time.Millisecond)
		act(t, term)
		term.Quit(t)
	})
}

func shellCommand(s job.Spec) string {
	if s.ID != "" {
		return "dashtray-tui download " + s.ID.Safe()
	}
	return fmt.Sprintf("dashtray-tui export --format %s --range %s", s.Request.Format, s.Request.Range.Name)
}

// until lets time pass, a little at a time, until a text is on the screen.
func until(t *testing.T, term *tuitest.Term, text string) {
	t.Helper()
	for range 2000 {
		if strings.Contains(term.Screen(), text) {
			return
		}
		term.Settle(250 * time.Millisecond)
	}
	t.Fatalf("%q never came:\n%s", text, term.Screen())
}

// keep writes a picture, if `make screenshots` asks for it.
func keep(t *testing.T, name, svg string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s is no picture: %v", name, err)
		}
	}
	if os.Getenv("DASHTRAY_PICTURES") == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(out, name+".svg"), []byte(svg), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestPictures(t *testing.T) {
	for theme, p := range papers() {
		t.Run(theme, func(t *testing.T) {
			shoot(t, theme, 110, 26, func(t *testing.T, term *tuitest.Term) {
				snap := func(name string) { keep(t, name+"-"+theme, still(term.Cells(), p)) }
				term.Keys("n", tuitest.Enter, tuitest.Down)
				snap("form")
				term.Keys(tuitest.Enter, tuitest.Enter, tuitest.Enter)
				until(t, term, "GiB free")
				snap("summary")
				term.Type(tuitest.Enter)
				until(t, term, "Collecting  done")
				term.Settle(time.Second)
				snap("export")
				until(t, term, "Receiving")
				term.Settle(3 * time.Second)
				snap("transfer")
				until(t, term, "whole and verified")
				snap("verdict")
				term.Keys("i")
				until(t, term, "Summary")
				term.Settle(2 * time.Second)
				term.Keys(tuitest.Right)
				snap("inspect")
				term.Keys(tuitest.Esc, tuitest.Esc)
				until(t, term, "→ Exports")
				snap("exports")
				term.Type(":")
				snap("palette")
			})
		})
	}
}

// recorded is how long the recording of an export is.
const recorded = 40 * time.Second

func TestRecording(t *testing.T) {
	for theme, p := range papers() {
		t.Run(theme, func(t *testing.T) {
			shoot(t, theme, 80, 24, func(t *testing.T, term *tuitest.Term) {
				var frames []frame
				begin := time.Now()
				film := func(d time.Duration) {
					for end := time.Now().Add(d); time.Now().Before(end); {
						frames = append(frames, frame{time.Since(begin), term.Cells()})
						term.Settle(500 * time.Millisecond)
					}
				}
				film(time.Second)
				for _, k := range []string{"n", tuitest.Enter, tuitest.Down, tuitest.Enter, tuitest.Enter, tuitest.Enter, tuitest.Enter} {
					term.Type(k)
					film(700 * time.Millisecond)
				}
				for time.Since(begin) < recorded-4*time.Second && !strings.Contains(term.Screen(), "whole and verified") {
					film(500 * time.Millisecond)
				}
				film(4 * time.Second)
				keep(t, "recording-"+theme, moving(frames, time.Since(begin), p))
			})
		})
	}
}
