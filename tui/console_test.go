package tui_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/tuitest"
)

func TestMain(m *testing.M) {
	tuitest.DefineUpdate()
	os.Exit(m.Run())
}

// console is a console under test: its terminal and its jobs.
type console struct {
	*tuitest.Term
	jobs  *tuitest.Jobs
	model *tui.Model
}

var errOffline = fmt.Errorf("list the exports: %w", client.ErrNetwork)

func deps(jobs *tuitest.Jobs) tui.Deps {
	return tui.Deps{
		Jobs: jobs, Now: time.Now, Location: time.UTC, Home: "/home/u", Label: "demo", Version: "v0.1.0",
		Env: []string{"TERM=xterm-256color", "LANG=en_US.UTF-8"},
		ShellCommand: func(s job.Spec) string {
			if s.ID != "" {
				return "dashtray-tui download " + s.ID.Safe()
			}
			return fmt.Sprintf("dashtray-tui export --format %s --range %s", s.Request.Format, s.Request.Range.Name)
		},
		Message: func(err error) (string, string) {
			if errors.Is(err, errOffline) {
				return "The server did not answer.", "Check the network."
			}
			return "Something failed: " + text.Untrusted(err.Error()).Safe() + ".", "Try again."
		},
	}
}

// run runs a test of a console of w×h cells. prepare, if any, changes what it
// is made of, or puts jobs and a listing there.
func run(t *testing.T, w, h int, prepare func(*tui.Deps, *tuitest.Jobs), body func(t *testing.T, c console)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		jobs := tuitest.NewJobs(time.Now)
		d := deps(jobs)
		if prepare != nil {
			prepare(&d, jobs)
		}
		m := tui.New(d)
		body(t, console{tuitest.Start(t, m, w, h), jobs, m})
	})
}

func ptr[T any](v T) *T { return &v }

// listing is what most projects have: one of each kind.
func listing(now time.Time) job.Listing {
	all := &client.Include{Metrics: true, Connections: true, Dashboards: true, AuditLogs: true}
	some := &client.Include{Metrics: true, Dashboards: true}
	return job.Listing{
		Project: client.Project{ID: "j57abc123", Name: "My SaaS App", Slug: "my-saas-app"},
		Entries: []history.Entry{
			{
				Export: client.Export{
					ID: "exp_4", Status: "completed", Stage: client.StageCompleted, Format: client.JSON,
					Range: client.WireRange{Name: "last_7_days"}, Include: all,
					Records: ptr(int64(48213)), Bytes: ptr(int64(12_400_000)),
					CreatedAt: now.Add(-25 * time.Minute), CompletedAt: now.Add(-22 * time.Minute),
					ExpiresAt: now.Add(23*time.Hour + 30*time.Minute), SHA256: strings.Repeat("ab", 32),
				},
				LocalState: history.LocalVerified, LocalFile: "/home/u/exports/dashtray-my-saas-app-last_7_days-20000101T000000Z.json",
			},
			{
				Export: client.Export{
					ID: "exp_3", Status: "completed", Stage: client.StageCompleted, Format: client.CSV,
					Range:   client.WireRange{From: now.Add(-40 * 24 * time.Hour), To: now.Add(-10 * 24 * time.Hour)},
					Include: some, Records: ptr(int64(1204)), Bytes: ptr(int64(88_123)),
					CreatedAt: now.Add(-5 * time.Hour), CompletedAt: now.Add(-5 * time.Hour), ExpiresAt: now.Add(19 * time.Hour),
				},
				LocalState: history.LocalPartial, LocalDone: 37_000, LocalSize: 88_123,
				LocalFile: "/home/u/exports/dashtray-my-saas-app-x.csv",
			},
			{
				Export: client.Export{
					ID: "exp_2", Status: "failed", Stage: client.StageFailed, Format: client.JSON,
					Range: client.WireRange{Name: "all_time"}, Include: all, Error: "the export ran out of memory",
					CreatedAt: now.Add(-3 * 24 * time.Hour),
				},
			},
			{
				Export: client.Export{
					ID: "exp_1", Status: "expired", Stage: client.StageExpired,
					CreatedAt: now.Add(-20 * 24 * time.Hour), Records: ptr(int64(99)),
				},
				LocalState: history.LocalMissing, LocalFile: "/home/u/exports/gone.json",
			},
		},
	}
}

func listed(_ *tui.Deps, jobs *tuitest.Jobs) { jobs.SetListing(listing(time.Now()), nil, 0) }
