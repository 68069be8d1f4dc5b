package plain

import (
	"errors"
	"testing"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

func TestSpansAreReadAloud(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		-time.Second:               {"0 seconds", "less than a minute"},
		time.Second:                {"1 second", "less than a minute"},
		61 * time.Second:           {"1 minute 1 second", "1 minute"},
		2 * time.Minute:            {"2 minutes", "2 minutes"},
		90 * time.Minute:           {"1 hour 30 minutes", "1 hour"},
		47 * time.Hour:             {"1 day 23 hours", "47 hours"},
		(24*400 + 5) * time.Hour:   {"400 days 5 hours", "400 days"},
		time.Hour + 59*time.Second: {"1 hour", "1 hour"},
	} {
		if got := [2]string{lasted(d), about(d)}; got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
	for left, want := range map[time.Duration]time.Duration{
		0: 5 * time.Second, 7 * time.Second: 10 * time.Second, time.Minute: time.Minute,
		61 * time.Second: 70 * time.Second, 11*time.Minute + 1: 12 * time.Minute,
	} {
		if got := roughly(left); got != want {
			t.Errorf("%s left is %s, want %s", left, got, want)
		}
	}
}

func TestWordsForStates(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		e    client.Export
		want string
	}{
		{client.Export{Stage: client.StageCompleted, CompletedAt: now}, "ready"},
		{client.Export{Stage: client.StageCompleted, CompletedAt: now.Add(-24 * time.Hour)}, "ready, but its link has expired"},
		{client.Export{Stage: client.StageFailed}, "failed"},
		{client.Export{Stage: client.StageExpired}, "expired"},
		{client.Export{Status: "warming up"}, "running: warming up"},
		{client.Export{}, "state unknown"},
	} {
		if got := stage(&x.e, now); got != x.want {
			t.Errorf("%+v is %q, want %q", x.e, got, x.want)
		}
	}
	for state, want := range map[history.LocalState]string{
		history.LocalNone: "no file here", history.LocalVerified: "file verified", history.LocalInvalid: "file does not verify",
		history.LocalMissing: "file was here and is missing now", history.LocalPartial: "file partly here",
	} {
		if got := local(&history.Entry{LocalState: state}); got != want {
			t.Errorf("%s is %q, want %q", state, got, want)
		}
	}
	for step, want := range map[job.Step]string{
		job.StepPreparing: "getting ready", job.StepBusy: "waiting for its turn", job.StepCreating: "asking for the export",
		job.StepGenerating: "generating", job.StepTransferring: "downloading, 0 B", job.StepVerifying: "checking the file",
		job.StepDone: "done", job.StepFailed: "failed", job.StepStopped: "stopped",
	} {
		if got := jobWords(job.Snapshot{Step: step}); got != want {
			t.Errorf("%s is %q, want %q", step, got, want)
		}
	}
}

func TestEndsInOneLine(t *testing.T) {
	c := &console{d: Deps{}.withDefaults()}
	for want, s := range map[string]job.Snapshot{
		"Export exp_1: the file is whole and verified, /x": {Step: job.StepDone, Result: &job.Result{File: "/x"}},
		"Export exp_1: the export is made.":                {Step: job.StepDone},
		"Export exp_1: stopped; what arrived is kept.":     {Step: job.StepStopped},
		"Export exp_1: failed. no luck":                    {Step: job.StepFailed, Err: errors.New("no luck")},
	} {
		s.Export.ID = "exp_1"
		if got := c.ended(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFolders(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "  ": "", "/a/b": "/a/b/", "/a/": "/a/", "~/x": "/home/u/x/", "~": "/home/u/", "~other/x": "~other/x/",
	} {
		if got := (newexport.Answers{Folder: in}).Output("/home/u"); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	if got := (newexport.Answers{Folder: "~/x"}).Output(""); got != "~/x/" {
		t.Errorf("without a home: %q", got)
	}
}

func TestAgainKeepsWhatIsKnown(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	loc := time.FixedZone("CET", 3600)
	metrics := client.Include{Metrics: true}
	e := client.Export{
		Format: client.CSV, Include: &metrics,
		Range: client.WireRange{From: now.AddDate(0, 0, -9), To: now.AddDate(0, 0, -1)},
	}
	a := newexport.AnswersOf(again(&e, now, loc), loc)
	if a.Format != "csv" || a.Range != newexport.Custom || a.From != "2026-03-01" || a.To != "2026-03-09" || len(a.Include) != 1 {
		t.Errorf("days: %+v", a)
	}
	e.Range = client.WireRange{Name: "last_90_days"}
	if a := newexport.AnswersOf(again(&e, now, loc), loc); a.Range != "last_90_days" {
		t.Errorf("a word: %+v", a)
	}
	if _, err := newexport.AnswersOf(again(&client.Export{}, now, loc), loc).Request(now, loc); err != nil {
		t.Errorf("nothing known: %v", err)
	}
}
