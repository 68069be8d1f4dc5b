package history

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// part makes what a download leaves when it is stopped: 100 bytes of 400.
func part(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, err := transfer.Open(transfer.Options{
		Path: path, ID: "exp_1", Size: 400,
		Link:      func(context.Context, bool) (string, error) { return "https://files.example.com/exp_1", nil },
		Transport: &hundred{cancel: cancel},
	})
	mustNot(t, err)
	if err := p.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("%v, want Canceled", err)
	}
	mustNot(t, p.Close())
}

// hundred answers with 100 bytes of 400; then the person stops the download.
type hundred struct {
	cancel context.CancelFunc
	sent   bool
}

func (h *hundred) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Length": {"400"}, "Etag": {`"1"`}},
		ContentLength: 400, Body: io.NopCloser(h), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

func (h *hundred) Read(b []byte) (int, error) {
	if !h.sent {
		h.sent = true
		return copy(b, make([]byte, 100)), nil
	}
	h.cancel()
	return 0, context.Canceled
}

func TestLocalState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := func(name string) string { return filepath.Join(dir, name) }
	put(t, place("here"), make([]byte, 7))
	put(t, place("short"), make([]byte, 3))
	part(t, place("cut"))
	part(t, place("here and cut"))
	put(t, place("here and cut"), make([]byte, 7))
	put(t, place("torn.part"), make([]byte, 9))
	put(t, place("torn.part.json"), []byte("{}\n0\n"))
	mustNot(t, os.Mkdir(place("folder"), 0o700))

	done := func(name string) File { return File{Path: place(name), State: StateDone, Bytes: 7} }
	cases := []struct {
		name string
		rec  Record
		want Entry
	}{
		{"only told", Record{}, Entry{LocalState: LocalNone}},
		{"running, nothing yet", Record{State: StateRunning}, Entry{LocalState: LocalNone}},
		{"running, no part yet", Record{State: StateRunning, Path: place("none")}, Entry{LocalState: LocalNone}},
		{"detached", Record{State: StateDetached}, Entry{LocalState: LocalNone}},
		{"over", Record{State: StateOver, Path: place("here")}, Entry{LocalState: LocalNone}},
		{"verified", Record{State: StateDone, Path: place("here"), Bytes: 7}, Entry{LocalFile: place("here"), LocalState: LocalVerified, LocalSize: 7}},
		{"another size", Record{State: StateDone, Path: place("short"), Bytes: 7}, Entry{LocalFile: place("short"), LocalState: LocalInvalid, LocalSize: 7}},
		{"did not verify", Record{State: StateInvalid, Path: place("here"), Bytes: 7}, Entry{LocalFile: place("here"), LocalState: LocalInvalid, LocalSize: 7}},
		{"missing", Record{State: StateDone, Path: place("none"), Bytes: 7}, Entry{LocalFile: place("none"), LocalState: LocalMissing, LocalSize: 7}},
		{"a folder is no file", Record{State: StateDone, Path: place("folder"), Bytes: 7}, Entry{LocalFile: place("folder"), LocalState: LocalInvalid, LocalSize: 7}},
		{"part", Record{State: StateRunning, Path: place("cut")}, Entry{LocalFile: place("cut"), LocalState: LocalPartial, LocalDone: 100, LocalSize: 400}},
		{"part of a run that ended", Record{State: StateOver, Path: place("cut")}, Entry{LocalFile: place("cut"), LocalState: LocalPartial, LocalDone: 100, LocalSize: 400}},
		{"part beside the file", Record{State: StateDone, Path: place("here and cut"), Bytes: 7}, Entry{LocalFile: place("here and cut"), LocalState: LocalPartial, LocalDone: 100, LocalSize: 400}},
		{"part without a checkpoint", Record{State: StateRunning, Path: place("torn")}, Entry{LocalState: LocalNone}},
		{"an earlier file", Record{State: StateOver, Path: place("none"), Files: []File{done("none"), done("here")}}, Entry{LocalFile: place("here"), LocalState: LocalVerified, LocalSize: 7}},
		{"an earlier file is gone too", Record{State: StateRunning, Files: []File{done("none"), done("gone")}}, Entry{LocalFile: place("none"), LocalState: LocalMissing, LocalSize: 7}},
		{"the newest is better than an earlier one", Record{State: StateDone, Path: place("short"), Bytes: 3, Files: []File{done("here")}}, Entry{LocalFile: place("short"), LocalState: LocalVerified, LocalSize: 3}},
		{"an earlier one is better than a missing one", Record{State: StateDone, Path: place("none"), Files: []File{done("here")}}, Entry{LocalFile: place("here"), LocalState: LocalVerified, LocalSize: 7}},
		{"a part is what goes on", Record{State: StateRunning, Path: place("cut"), Files: []File{done("here")}}, Entry{LocalFile: place("cut"), LocalState: LocalPartial, LocalDone: 100, LocalSize: 400}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.rec.Export = export("exp_1", at)
			c.rec.Export.Bytes = nil
			for _, served := range [][]client.Export{nil, {c.rec.Export}} {
				got := Join(served, []Record{c.rec})
				if len(got) != 1 {
					t.Fatalf("%d entries", len(got))
				}
				want := c.want
				want.Export = c.rec.Export
				if !reflect.DeepEqual(got[0], want) {
					t.Errorf("got  %+v\nwant %+v", got[0], want)
				}
			}
		})
	}
}

func TestJoinWords(t *testing.T) {
	t.Parallel()
	ours := Record{Export: export("exp_1", at)}
	ours.Export.Status, ours.Export.Stage = "processing", client.StageProcessing
	link := client.NewLink("https://files.example.com/x")
	served := client.Export{
		ID: "exp_1", Status: "failed", Stage: client.StageFailed, Error: "no", Link: link,
		Progress: &client.Progress{Fraction: 1}, Records: number(3),
	}
	got := Join([]client.Export{served}, []Record{ours})[0]
	want := ours.Export
	want.Status, want.Stage, want.Error, want.Link, want.Progress, want.Records = served.Status, served.Stage, served.Error, link, served.Progress, served.Records
	if !reflect.DeepEqual(got.Export, want) || got.LocalSize != 1<<40 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}

	ours.State, ours.Path = StateDone, filepath.Join(t.TempDir(), "a.json")
	if got := Join(nil, []Record{ours})[0].Export; got.Status != "completed" || got.Stage != client.StageCompleted {
		t.Errorf("what was fetched whole is %q", got.Status)
	}
	ours.Export.Status, ours.Export.Stage = "expired", client.StageExpired
	if got := Join(nil, []Record{ours})[0].Export; got.Status != "expired" {
		t.Errorf("the last word %q was changed", got.Status)
	}
	begun := Record{Export: client.Export{ID: "exp_9"}, State: StateRunning, Run: Run{Started: at}}
	if got := Join(nil, []Record{begun})[0].Export; !got.CreatedAt.Equal(at) || got.Status != "" {
		t.Errorf("%+v, want the time of our beginning and no word", got)
	}
}

func TestJoinOrder(t *testing.T) {
	t.Parallel()
	exp := func(id client.ID, hours int) client.Export {
		e := client.Export{ID: id}
		if hours > 0 {
			e.CreatedAt = at.Add(time.Duration(hours) * time.Hour)
		}
		return e
	}
	rec := func(id client.ID, hours int) Record { return Record{Export: exp(id, hours)} }
	cases := []struct {
		name       string
		served     []client.Export
		remembered []Record
		want       string
	}{
		{"nothing", nil, nil, "[]"},
		{"by time", []client.Export{exp("e", 5), exp("c", 3)}, []Record{rec("d", 4), rec("a", 1)}, "[e d c a]"},
		{"a list without times", []client.Export{exp("z", 0), exp("y", 0)}, []Record{rec("d", 4)}, "[z y d]"},
		{"one without a time stays in its place", []client.Export{exp("e", 5), exp("x", 0), exp("c", 3)}, []Record{rec("d", 4)}, "[e x d c]"},
		{"our time helps", []client.Export{exp("z", 0), exp("c", 3)}, []Record{rec("z", 1)}, "[c z]"},
		{"remembered without a time come last", nil, []Record{rec("d", 4), rec("x", 0), rec("y", 0)}, "[d x y]"},
		{"told twice", []client.Export{exp("c", 3), exp("c", 3)}, []Record{rec("a", 1), rec("a", 1)}, "[c a]"},
	}
	for _, c := range cases {
		var got []client.ID
		for _, e := range Join(c.served, c.remembered) {
			got = append(got, e.Export.ID)
		}
		if s := fmt.Sprint(got); s != c.want {
			t.Errorf("%s: %s, want %s", c.name, s, c.want)
		}
	}
}

// TestOfTwoRecordsTheNewerCounts: two projects may use one id.
func TestOfTwoRecordsTheNewerCounts(t *testing.T) {
	t.Parallel()
	newer := Record{ProjectID: "prj_2", Export: client.Export{ID: "exp_1", Format: client.CSV}}
	older := Record{ProjectID: "prj_1", Export: client.Export{ID: "exp_1", Format: client.JSON, SHA256: sum}}
	for _, served := range [][]client.Export{nil, {{ID: "exp_1"}}} {
		got := Join(served, []Record{newer, older})
		if len(got) != 1 || got[0].Export.Format != client.CSV || got[0].Export.SHA256 != "" {
			t.Errorf("%+v", got)
		}
	}
}
