package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/message"
)

func (a *app) verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify FILE",
		Short: "Check that an export's file is whole, consistent, and holds no credential",
		Long: "Check that an export's file (JSON or CSV) is whole, consistent, and holds no\n" +
			"credential. The file is read and never changed; exit code 9 says that it does\n" +
			"not verify.",
		Example: "  dashtray-tui verify dashtray-my-saas-app-all_time-20260301T040506Z.json",
		Args:    oneArg("the file's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verify(cmd.Context(), args[0])
		},
	}
}

func (a *app) verify(ctx context.Context, name string) error {
	path, err := filepath.Abs(name)
	if err != nil {
		return unreadable(name, err)
	}
	report, err := a.check(ctx, path)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return unreadable(name, err)
	}
	a.log.Info("verified", "file", path, "ok", report.OK, "problems", len(report.Problems))
	switch {
	case a.json:
		err = a.printDocument(verifyResult(path, report))
	case !a.quiet:
		err = a.printReport(path, report)
	}
	if !report.OK {
		err = errors.Join(&job.InvalidError{Report: report}, err)
	}
	return err
}

func (a *app) check(ctx context.Context, path string) (archive.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return archive.Report{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return archive.Report{}, err
	}
	if info.IsDir() {
		return archive.Report{}, errors.New("it is a folder")
	}
	p := a.newProgress()
	defer p.clear()
	return archive.Check(ctx, f, archive.Expect{}, func(done int64) {
		if p.redraws {
			s := job.Snapshot{Step: job.StepVerifying, Verified: done}
			s.Transfer.Size = info.Size()
			p.show(s)
		}
	})
}

// unreadable is a file that cannot be checked: nothing is known of what is in it.
func unreadable(name string, err error) error {
	m := message.Message{
		Code: message.Disk,
		Text: fmt.Sprintf("The file %q cannot be read: %s.", name, text.Untrusted(bare(err).Error()).Safe()),
		Hint: "Check its name and who may read it.",
	}
	if errors.Is(err, fs.ErrNotExist) {
		m = message.Message{
			Code: message.NotFound,
			Text: fmt.Sprintf("There is no file %q.", name),
			Hint: "Check its name and the folder.",
		}
	}
	return &message.Error{Message: m, Err: err}
}

// printReport is the verdict for people.
func (a *app) printReport(path string, r archive.Report) error {
	verdict := "whole and consistent"
	if !r.OK {
		verdict = "does not verify"
	}
	w := &sticky{w: a.Out}
	w.line("File", text.Untrusted(path).Safe())
	w.line("Verdict", verdict)
	if r.Format != "" {
		w.line("Format", r.Format)
	}
	w.line("Size", fmt.Sprintf("%s (%s)", component.Size(r.Bytes), component.Plural(r.Bytes, "byte")))
	w.line("SHA-256", r.SHA256)
	w.line("Records", fmt.Sprintf("metrics %s, connections %s, dashboards %s, widgets %s, audit logs %s",
		component.Count(r.Records.Metrics), component.Count(r.Records.Connections), component.Count(r.Records.Dashboards),
		component.Count(r.Records.Widgets), component.Count(r.Records.AuditLogs)))
	if !r.From.IsZero() {
		w.line("Data from", r.From.UTC().Format(time.RFC3339))
		w.line("Data to", r.To.UTC().Format(time.RFC3339))
	}
	for _, f := range r.Problems {
		w.line("Problem", findingLine(f))
	}
	for _, f := range r.Warnings {
		w.line("Warning", findingLine(f))
	}
	if w.err != nil {
		return unwritable(w.err)
	}
	return nil
}

func findingLine(f archive.Finding) string {
	s := f.Code + ": " + text.Untrusted(f.Message).Safe()
	if f.At != "" {
		s += " (at " + text.Untrusted(f.At).Safe() + ")"
	}
	return s
}

// sticky writes lines of a name and a value, and keeps the first error.
type sticky struct {
	w   io.Writer
	err error
}

func (s *sticky) line(name, value string) {
	if s.err == nil {
		_, s.err = fmt.Fprintf(s.w, "%-10s %s\n", name, value)
	}
}
