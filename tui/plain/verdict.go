package plain

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// result tells how a job ended.
func (c *console) result(s job.Snapshot) {
	c.out.line("")
	switch s.Step {
	case job.StepDone:
		c.done(s)
	case job.StepStopped:
		c.out.line("Stopped here.")
		c.kept(s)
	default:
		c.failed(s.Err)
		if bad := invalid(s.Err); bad != nil {
			var asked client.Include
			if s.Result != nil {
				asked = s.Result.Include
			}
			c.report(bad.File, bad.Report, asked)
			return
		}
		c.kept(s)
	}
}

func (c *console) done(s job.Snapshot) {
	r := s.Result
	if r == nil || r.File == "" {
		c.out.line("The export is made; its file was not fetched.")
		c.kept(s)
		return
	}
	verdict := "Done. The file is whole and verified"
	if r.Reused {
		verdict = "The verified file was here already"
	}
	if n := len(r.Report.Warnings); n > 0 {
		verdict += ", with " + plural(int64(n), "warning")
	}
	c.out.line(verdict + ".")
	c.report(r.File, r.Report, r.Include)
	if t := s.Transfer; t.Attempts > 0 {
		words := "Received: " + component.Size(t.Done)
		if t.ResumedFrom > 0 {
			words += ", " + component.Size(t.ResumedFrom) + " of it from an earlier run"
		}
		if t.Average > 0 {
			words += ", at " + component.Rate(t.Average)
		}
		c.out.line(words + ", " + plural(int64(t.Attempts), "request") + ".")
	}
}

// kept says what of a job that has no file is there.
func (c *console) kept(s job.Snapshot) {
	if s.Transfer.Done > 0 {
		c.out.line("Kept: " + ofWhole(s.Transfer.Done, s.Transfer.Size) + ". A new download goes on there.")
	}
	if id := s.Export.ID; id != "" {
		words := "Export: " + exact(id.Raw())
		if s.Step == job.StepStopped && s.Export.Stage.Running() {
			words += ". It goes on at the server."
		}
		c.out.line(words)
	}
}

// report is what the check found out about a file.
func (c *console) report(path string, r archive.Report, asked client.Include) {
	if path != "" {
		c.out.line("File: " + exact(path))
	}
	c.out.line("Size: " + component.Size(r.Bytes) + ", " + plural(r.Bytes, "byte"))
	c.out.line("Records: " + counts(r.Records, asked))
	c.out.line("Data: " + coverage(r.From, r.To, c.d.Location))
	if r.SHA256 != "" {
		c.out.line("SHA-256: " + exact(r.SHA256))
	}
	for _, f := range r.Problems {
		c.out.line("Problem: " + finding(f))
	}
	for _, f := range r.Warnings {
		c.out.line("Warning: " + finding(f))
	}
}

func finding(f archive.Finding) string {
	s := strings.ReplaceAll(safe(f.Code), "_", " ") + ": " + safeLong(f.Message)
	if f.At != "" {
		s += ", at " + safe(f.At)
	}
	return s
}

// counts tells the numbers of all types that were asked for or are there.
func counts(n archive.Counts, asked client.Include) string {
	var parts []string
	add := func(n int64, wanted bool, words string) {
		if n > 0 || wanted {
			parts = append(parts, words)
		}
	}
	add(n.Metrics, asked.Metrics, plural(n.Metrics, "metric"))
	add(n.Connections, asked.Connections, plural(n.Connections, "connection"))
	dashboards := plural(n.Dashboards, "dashboard")
	if n.Widgets > 0 {
		dashboards += " with " + plural(n.Widgets, "widget")
	}
	add(n.Dashboards, asked.Dashboards, dashboards)
	logs := component.Count(n.AuditLogs) + " audit log entries"
	if n.AuditLogs == 1 {
		logs = "1 audit log entry"
	}
	add(n.AuditLogs, asked.AuditLogs, logs)
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// coverage is the first and the last day that a file holds data of.
func coverage(from, to time.Time, loc *time.Location) string {
	if from.IsZero() || to.IsZero() {
		return "nothing in it has a date"
	}
	return days(from, to, loc) + ", " + to.In(loc).Format("MST")
}

// invalid is the error of a file that arrived and does not verify, or nil.
func invalid(err error) *job.InvalidError {
	var bad *job.InvalidError
	if errors.As(err, &bad) {
		return bad
	}
	return nil
}

// after offers what can be done when a job is over.
func (c *console) after(ctx context.Context, s job.Snapshot) error {
	items := []item{{"Main menu", func(context.Context) error { return nil }}}
	usual := 0
	if canFetch(s) {
		label := "Download the file"
		if s.Transfer.Done > 0 {
			label = "Go on with the download"
		}
		usual = len(items)
		items = append(items, item{label, func(ctx context.Context) error {
			spec := s.Spec
			spec.ID, spec.New, spec.Detach = s.Export.ID, false, false
			return c.follow(ctx, c.cur.Jobs.Start(spec))
		}})
	}
	if r := s.Result; r != nil && r.File != "" {
		for _, it := range c.fileItems(r.File, nav.Expected(s.Export)) {
			items = append(items, it.andStay())
		}
	}
	if spec, ok := c.againSpec(s); ok {
		anew := func(spec job.Spec, at step) func(context.Context) error {
			return func(ctx context.Context) error { return c.newExport(ctx, &spec, at) }
		}
		items = append(items, item{"Make the same export again", anew(spec, summary)})
		if tooLarge(s.Err) {
			items = append(
				items, item{"Make one with a shorter range", anew(shorter(spec, c.d.Now(), c.d.Location), askRange)},
				item{"Make one with fewer data types", anew(spec, askData)},
			)
		}
	}
	for {
		done, err := c.pick(ctx, menu{title: "What next?", usual: usual, help: []string{"The file, if there is one, stays where it is in every case."}}, items)
		if done || err != nil {
			return err
		}
	}
}

// canFetch reports whether the export of a job that is over may still give a file.
func canFetch(s job.Snapshot) bool {
	e := s.Export
	got := s.Result != nil && s.Result.File != ""
	return e.ID != "" && !got && invalid(s.Err) == nil && !errors.Is(s.Err, job.ErrExpired) &&
		e.Stage != client.StageFailed && e.Stage != client.StageExpired
}

// againSpec is what the form starts with for the same export; false if nobody
// knows what it was.
func (c *console) againSpec(s job.Snapshot) (job.Spec, bool) {
	if s.Spec.Request.Format != "" {
		spec := s.Spec
		spec.ID, spec.Detach = "", false
		return spec, true
	}
	if s.Export.Format == "" {
		return job.Spec{}, false
	}
	spec := again(&s.Export, c.d.Now(), c.d.Location)
	spec.Output = s.Spec.Output
	return spec, true
}

// tooLarge reports whether the server may have had too much to do.
func tooLarge(err error) bool {
	var failed *job.ExportFailedError
	var late *job.TimeoutError
	return errors.As(err, &failed) || (errors.As(err, &late) && late.ID != "")
}

// shorter is the next shorter of the form's ranges; one that is none of these
// stays as it is.
func shorter(s job.Spec, now time.Time, loc *time.Location) job.Spec {
	next := map[string]string{
		"all_time": "last_year", "last_year": "last_90_days",
		"last_90_days": "last_30_days", "last_30_days": "last_7_days",
	}
	if r, err := client.ParseRange(next[s.Request.Range.Name], now, loc); err == nil {
		s.Request.Range = r
	}
	return s
}

// verify checks a file on the disk.
func (c *console) verify(ctx context.Context, path string, expect archive.Expect) error {
	var r archive.Report
	err := c.await(ctx, "Checking the file.", func(ctx context.Context, _ func(string)) (err error) {
		r, err = c.d.Verify(ctx, path, expect)
		return err
	})
	if err != nil {
		return c.tried(ctx, err)
	}
	verdict := "The file is whole and consistent."
	if !r.OK {
		verdict = "The file does not verify."
	}
	c.out.line(verdict)
	c.report(path, r, client.Include{})
	return nil
}
