package job_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/sandbox"
)

func TestTheCheckReadsAlong(t *testing.T) {
	inWorld(t, sandbox.Config{Rate: 500_000, Records: 20_000}, func(w *world) {
		ref := w.svc.Start(w.spec())
		w.until(ref, "bytes that are checked while others are to come", func(s job.Snapshot) bool {
			return s.Step == job.StepTransferring && s.Verified > 0 && s.Transfer.Done < s.Transfer.Size
		})
		res, err := w.svc.Result(context.Background(), ref)
		if err != nil {
			t.Fatal(err)
		}
		w.whole(res)
		if !res.Report.OK || res.Report.Records.Metrics != 20_000 || res.Report.Bytes != res.Bytes {
			t.Errorf("report: %+v", res.Report)
		}
	})
}

// The file changes on the server while it is fetched: what was checked of the
// old one counts for nothing.
func TestTheCheckStartsOverWithTheTransfer(t *testing.T) {
	inWorld(t, sandbox.Config{Rate: 50_000}, func(w *world) {
		w.inject("bare") // else the checksum that was told tells of the change
		ref := w.svc.Start(w.spec())
		w.until(ref, "some bytes", transferring(60_000))
		w.inject("change-file", "cut=1000*1")
		w.svc.Pause(ref)
		w.svc.Resume(ref)
		res, err := w.svc.Result(context.Background(), ref)
		if err != nil {
			t.Fatalf("%v: %+v", err, res.Report.Problems)
		}
		w.whole(res)
		if !res.Report.OK {
			t.Errorf("report: %+v", res.Report)
		}
		if snap, _ := w.svc.Snapshot(ref); len(snap.Warnings) != 1 || !strings.Contains(snap.Warnings[0], "fetched again") {
			t.Errorf("warnings: %q", snap.Warnings)
		}
	})
}

// The power went after the file had its name and before its checkpoint was
// removed: the next run finds the file, and tidies up.
func TestLeftoversBesideAFinishedFileGo(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		res, _, err := w.do(w.spec())
		if err != nil {
			t.Fatal(err)
		}
		for _, left := range []string{".part.json", ".part.lock"} {
			if err := os.WriteFile(res.File+left, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		again, _, err := w.do(job.Spec{ID: res.ExportID})
		if err != nil || !again.Reused {
			t.Fatalf("%v, reused %v", err, again.Reused)
		}
		w.whole(again)
	})
}
