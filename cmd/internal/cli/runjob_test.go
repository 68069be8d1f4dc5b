package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// fakeJobs is one job that goes through the given snapshots.
type fakeJobs struct {
	snaps    []job.Snapshot
	at       int
	result   job.Result
	err      error
	released bool
}

func (f *fakeJobs) Start(job.Spec) job.Ref { return 1 }

func (f *fakeJobs) Snapshot(job.Ref) (job.Snapshot, bool) { return f.snaps[f.at], true }

func (f *fakeJobs) Wait(ctx context.Context, version uint64) (uint64, error) {
	if f.at == len(f.snaps)-1 {
		<-ctx.Done()
		return version, ctx.Err()
	}
	f.at++
	return version + 1, nil
}

func (f *fakeJobs) Result(ctx context.Context, _ job.Ref) (job.Result, error) {
	if ctx.Err() != nil {
		return job.Result{}, context.Cause(ctx)
	}
	return f.result, f.err
}

func (f *fakeJobs) Release(job.Ref) error {
	f.released = true
	return nil
}

// steps are the snapshots of a job that goes through them.
func steps(id client.ID, through ...job.Step) []job.Snapshot {
	at := time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC)
	var all []job.Snapshot
	var s job.Snapshot
	s.Transfer.Size = -1
	for i, step := range through {
		at = at.Add(time.Minute)
		s.Step = step
		s.Steps = append(append([]job.StepTime(nil), s.Steps...), job.StepTime{Step: step, At: at})
		if i > 1 {
			s.Export.ID = id
		}
		all = append(all, s)
	}
	return all
}

func testApp(t *testing.T) (*app, *world) {
	t.Helper()
	w := newWorld(t)
	return &app{Streams: w.streams, color: colorAuto, log: slog.New(slog.DiscardHandler)}, w
}

func finished() job.Result {
	return job.Result{
		ExportID: "exp_1", Status: "completed", Format: client.JSON,
		Range: client.Range{
			Name: "2026-01-01..2026-01-31",
			From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600)),
			To:   time.Date(2026, 1, 31, 23, 59, 59, 999_999_999, time.UTC),
		},
		Include: client.Include{Metrics: true, AuditLogs: true},
		File:    "/exports/a.json", Bytes: 1234, SHA256: "abcd",
		Report: archive.Report{
			OK: true, Records: archive.Counts{Metrics: 1, Connections: 2, Dashboards: 3, Widgets: 4, AuditLogs: 5},
			Warnings: []archive.Finding{{Code: "formula_cell", Message: "a cell begins with =", At: "line 3"}},
		},
		ResumedFrom: 512, Attempts: 2,
		CreatedAt: time.Date(2026, 4, 15, 12, 0, 0, 123_456_789, time.UTC),
	}
}

const finishedDocument = `{
  "exportJobId": "exp_1",
  "status": "completed",
  "format": "json",
  "range": {
    "name": "2026-01-01..2026-01-31",
    "from": "2025-12-31T23:00:00Z",
    "to": "2026-01-31T23:59:59.999Z"
  },
  "include": [
    "metrics",
    "audit_logs"
  ],
  "file": "/exports/a.json",
  "bytes": 1234,
  "sha256": "abcd",
  "encrypted": false,
  "records": {
    "metrics": 1,
    "connections": 2,
    "dashboards": 3,
    "widgets": 4,
    "auditLogs": 5
  },
  "resumedFrom": 512,
  "attempts": 2,
  "warnings": [
    {
      "code": "note",
      "message": "the list was empty",
      "at": ""
    },
    {
      "code": "formula_cell",
      "message": "a cell begins with =",
      "at": "line 3"
    }
  ],
  "problems": [],
  "createdAt": "2026-04-15T12:00:00.123Z",
  "completedAt": null
}
`

func TestExportDocument(t *testing.T) {
	t.Parallel()
	a, w := testApp(t)
	a.json = true
	snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepDone)
	snaps[1].Warnings = []string{"the list was empty"}
	snaps[2].Warnings = snaps[1].Warnings
	if err := a.follow(context.Background(), &fakeJobs{snaps: snaps, result: finished()}, job.Spec{}); err != nil {
		t.Fatal(err)
	}
	if got := w.out.String(); got != finishedDocument {
		t.Errorf("got  %s\nwant %s", got, finishedDocument)
	}
	if want := "Warning: the list was empty\n"; strings.Count(w.err.String(), want) != 1 {
		t.Errorf("standard error %q has not once %q", w.err.String(), want)
	}
}

// Nothing is known of an export but its id: every field is there all the same.
func TestExportDocumentOfTheUnknown(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(exportResult(job.Result{ExportID: "x"}, nil)); err != nil {
		t.Fatal(err)
	}
	want := `{"exportJobId":"x","status":"","format":null,"range":{"name":null,"from":null,"to":null},"include":null,` +
		`"file":null,"bytes":0,"sha256":null,"encrypted":false,` +
		`"records":{"metrics":0,"connections":0,"dashboards":0,"widgets":0,"auditLogs":0},` +
		`"resumedFrom":0,"attempts":0,"warnings":[],"problems":[],"createdAt":null,"completedAt":null}` + "\n"
	if out.String() != want {
		t.Errorf("got  %s\nwant %s", out.String(), want)
	}
}

func TestTextOutputIsThePathAlone(t *testing.T) {
	t.Parallel()
	a, w := testApp(t)
	snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepQueued, job.StepTransferring, job.StepVerifying, job.StepDone)
	if err := a.follow(context.Background(), &fakeJobs{snaps: snaps, result: finished()}, job.Spec{}); err != nil {
		t.Fatal(err)
	}
	if got := w.out.String(); got != "/exports/a.json\n" {
		t.Errorf("standard output %q", got)
	}
	want := "Checking the key and the folder.\nAsking for the export.\nExport exp_1 is queued.\nDownloading.\nVerifying the file.\n"
	if got := w.err.String(); got != want {
		t.Errorf("standard error\ngot  %q\nwant %q", got, want)
	}
}

func TestQuietSaysNothingOnSuccess(t *testing.T) {
	t.Parallel()
	snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepDone)
	snaps[2].Warnings = []string{"hm"}
	for _, spec := range []job.Spec{{}, {Detach: true}} {
		a, w := testApp(t)
		a.quiet = true
		if err := a.follow(context.Background(), &fakeJobs{snaps: snaps, result: finished()}, spec); err != nil {
			t.Fatal(err)
		}
		if w.out.Len()+w.err.Len() > 0 {
			t.Errorf("%+v: output %q, %q", spec, w.out.String(), w.err.String())
		}
	}
	a, w := testApp(t)
	a.quiet, a.json = true, true
	if err := a.follow(context.Background(), &fakeJobs{snaps: snaps, result: finished()}, job.Spec{}); err != nil {
		t.Fatal(err)
	}
	if w.out.Len() == 0 || w.err.Len() > 0 {
		t.Errorf("--json: output %q, %q", w.out.String(), w.err.String())
	}
}

func TestDetach(t *testing.T) {
	t.Parallel()
	snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepDone)
	for _, tc := range []struct {
		json bool
		want string
	}{
		{false, "exp_1\n"},
		{true, "{\n  \"exportJobId\": \"exp_1\",\n  \"status\": \"queued\"\n}\n"},
	} {
		a, w := testApp(t)
		a.json = tc.json
		fake := &fakeJobs{snaps: snaps, result: job.Result{ExportID: "exp_1", Status: "queued"}}
		if err := a.follow(context.Background(), fake, job.Spec{Detach: true}); err != nil {
			t.Fatal(err)
		}
		if got := w.out.String(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

// A file that does not verify has the document of any other, and exit code 9.
func TestInvalidFile(t *testing.T) {
	t.Parallel()
	res := finished()
	res.File = "/exports/a.json.invalid"
	res.Report.OK = false
	res.Report.Problems = []archive.Finding{{Code: "truncated", Message: "the file ends in the middle", At: "byte 1234"}}
	snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepFailed)
	for _, asJSON := range []bool{false, true} {
		a, w := testApp(t)
		a.json = asJSON
		err := a.follow(context.Background(), &fakeJobs{
			snaps: snaps, result: res, err: &job.InvalidError{File: res.File, Report: res.Report},
		}, job.Spec{})
		a.report(err)
		if code := exitCode(err); code != 9 {
			t.Errorf("json %v: exit code %d, want 9", asJSON, code)
		}
		if !asJSON {
			if w.out.Len() > 0 || !strings.Contains(w.err.String(), `the file ends in the middle`) || !strings.Contains(w.err.String(), res.File) {
				t.Errorf("output %q, %q", w.out.String(), w.err.String())
			}
			continue
		}
		var doc exportDocument
		dec := json.NewDecoder(&w.out)
		if err := dec.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		if dec.More() {
			t.Error("there is a second document")
		}
		if doc.File == nil || *doc.File != res.File || len(doc.Problems) != 1 || doc.Problems[0] != res.Report.Problems[0] {
			t.Errorf("document %+v", doc)
		}
	}
}

func TestErrorsNameTheirExport(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		snaps []job.Snapshot
		err   error
		exit  int
		id    string
	}{
		{"before there is one", steps("", job.StepPreparing, job.StepFailed), client.ErrNetwork, 1, ""},
		{"busy with another", steps("", job.StepPreparing, job.StepFailed), &client.Error{Kind: client.ErrBusy, Running: "exp_7"}, 5, "exp_7"},
		{"timeout", steps("", job.StepPreparing, job.StepFailed), &job.TimeoutError{ID: "exp_1"}, 7, "exp_1"},
		{"transfer", steps("exp_1", job.StepPreparing, job.StepCreating, job.StepFailed), transfer.ErrGaveUp, 8, "exp_1"},
		{"disk full", steps("exp_1", job.StepPreparing, job.StepCreating, job.StepFailed), transfer.ErrDiskFull, 8, "exp_1"},
		{"hostile", steps("\x1b[2J", job.StepPreparing, job.StepCreating, job.StepFailed), job.ErrExpired, 6, "\x1b[2J"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a, w := testApp(t)
			a.json = true
			err := a.follow(context.Background(), &fakeJobs{snaps: tc.snaps, err: tc.err}, job.Spec{})
			a.report(err)
			if code := exitCode(err); code != tc.exit {
				t.Errorf("exit code %d, want %d", code, tc.exit)
			}
			if strings.ContainsRune(w.out.String()+w.err.String(), '\x1b') {
				t.Error("an escape sequence reached the output")
			}
			if f := w.failure(t); f.ID != tc.id {
				t.Errorf("export %q, want %q", f.ID, tc.id)
			}
		})
	}
}

func TestStandardOutput(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "verified")
	content := strings.Repeat("the file\n", 100_000)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	res := finished()
	res.File = path
	snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepDone)

	a, w := testApp(t)
	fake := &fakeJobs{snaps: snaps, result: res}
	if err := a.follow(context.Background(), fake, job.Spec{Output: "-"}); err != nil {
		t.Fatal(err)
	}
	if w.out.String() != content {
		t.Errorf("%d bytes came out, want %d", w.out.Len(), len(content))
	}
	if !fake.released {
		t.Error("the copy was not removed")
	}

	a, _ = testApp(t)
	a.Out = fullDisk{}
	fake = &fakeJobs{snaps: snaps, result: res}
	err := a.follow(context.Background(), fake, job.Spec{Output: "-"})
	if got := message.Of(err); got.Code != message.Disk || exitCode(err) != 1 {
		t.Errorf("an output that takes nothing: %+v, exit code %d", got, exitCode(err))
	}
	if !fake.released {
		t.Error("the copy was not removed")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestResultThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, asJSON := range []bool{false, true} {
		a, _ := testApp(t)
		a.Out, a.json = fullDisk{}, asJSON
		err := a.follow(context.Background(), &fakeJobs{
			snaps: steps("exp_1", job.StepPreparing, job.StepDone), result: finished(),
		}, job.Spec{})
		if code := exitCode(err); code != 1 {
			t.Errorf("json %v: exit code %d, want 1", asJSON, code)
		}
	}
}

func TestInterruptedJob(t *testing.T) {
	t.Parallel()
	a, w := testApp(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	snaps := steps("exp_1", job.StepPreparing, job.StepCreating, job.StepTransferring)
	fake := &fakeJobs{snaps: snaps, err: errors.New("must not be asked for")}
	cancel(&signalError{15})
	err := a.follow(ctx, fake, job.Spec{})
	a.report(err)
	if code := exitCode(err); code != 143 {
		t.Errorf("exit code %d, want 143", code)
	}
	if !strings.Contains(w.err.String(), "what arrived is kept") || !strings.Contains(w.err.String(), "same command") {
		t.Errorf("standard error %q", w.err.String())
	}
}
