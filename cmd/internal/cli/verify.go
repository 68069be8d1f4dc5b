package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

func (a *app) verifyCommand() *cobra.Command {
	var keys identityFiles
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check that an export's file is whole, consistent, and holds no credential",
		Long: "Check that an export's file (JSON or CSV) is whole, consistent, and holds no\n" +
			"credential. It may be packed (gzip, zstd) and encrypted (age), one in another.\n" +
			"The file is read and never changed; exit code 9 says that it does not verify.\n\n" +
			"A CSV that ends too early, but with a whole row, tells nothing of that itself:\n" +
			"the check at the end of a download knows what the server told of it.",
		Example: "  dashtray-tui verify dashtray-my-saas-app-all_time-20260301T040506Z.json\n" +
			"  dashtray-tui verify export.json.age --identity key.txt",
		Args: oneArg("the file's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.verify(cmd, args[0], keys)
		},
	}
	keys.register(cmd)
	return cmd
}

func (a *app) verify(cmd *cobra.Command, name string, keys identityFiles) error {
	path, report, err := a.readExport(cmd, name, keys)
	if err != nil {
		return err
	}
	a.log.Info("verified", "file", path, "ok", report.OK, "problems", len(report.Problems))
	switch {
	case a.json:
		err = a.printDocument(verifyResult(path, report))
	case !a.quiet:
		err = a.printReport(path, report)
	}
	return errors.Join(invalid(report), err)
}

// readExport checks a file, with its progress on standard error. The path is
// absolute.
func (a *app) readExport(cmd *cobra.Command, name string, keys identityFiles) (path string, r archive.Report, err error) {
	ctx := cmd.Context()
	identities, err := keys.read(cmd)
	if err != nil {
		return "", r, err
	}
	if path, err = filepath.Abs(name); err != nil {
		return "", r, unreadable(name, err)
	}
	p := a.newProgress()
	defer p.clear()
	// A check keeps what it knows of ids, some 20 MiB, for as long as it goes
	// on. By default the collector would let garbage grow to as much again.
	const percent = 25
	defer debug.SetGCPercent(debug.SetGCPercent(percent))
	r, err = inspector{identities: identities}.Inspect(ctx, name, func(done, total int64) {
		if p.redraws {
			s := job.Snapshot{Step: job.StepVerifying, Verified: done}
			s.Transfer.Size = total
			p.show(s)
		}
	})
	if err != nil && ctx.Err() != nil {
		err = &message.Error{
			Message: message.Message{
				Code: message.Interrupted,
				Text: "Interrupted: the file was not checked to its end.",
				Hint: "Run the same command again: it begins anew, and changes nothing.",
			},
			Err: context.Cause(ctx),
		}
	}
	return path, r, err
}

// invalid is the error of a file that does not verify, nil for others.
func invalid(r archive.Report) error {
	if r.OK {
		return nil
	}
	return &job.InvalidError{Report: r}
}

// printReport is the verdict for people.
func (a *app) printReport(path string, r archive.Report) error {
	w := &sticky{w: a.Out}
	for _, f := range reportFacts(path, r) {
		w.line(f.name, f.value)
	}
	if w.err != nil {
		return unwritable(w.err)
	}
	return nil
}

// fact is a line of a name and a value.
type fact struct{ name, value string }

// The names of facts that are drawn in colours.
const (
	verdictFact = "Verdict"
	problemFact = "Problem"
	warningFact = "Warning"
)

// reportFacts are what the check found out.
func reportFacts(path string, r archive.Report) []fact {
	said := "whole and consistent"
	if !r.OK {
		said = "does not verify"
	}
	facts := []fact{{"File", text.Untrusted(path).Safe()}, {verdictFact, said}}
	add := func(name, value string) { facts = append(facts, fact{name, value}) }
	if r.Format != "" {
		add("Format", r.Format+verdict.Wrapping(r))
	}
	add("Size", fmt.Sprintf("%s (%s)", component.Size(r.Bytes), component.Plural(r.Bytes, "byte")))
	add("SHA-256", r.SHA256)
	records := fmt.Sprintf("metrics %s, connections %s, dashboards %s, widgets %s, audit logs %s",
		component.Count(r.Records.Metrics), component.Count(r.Records.Connections), component.Count(r.Records.Dashboards),
		component.Count(r.Records.Widgets), component.Count(r.Records.AuditLogs))
	if r.OtherRecords > 0 { // in CSV, which may have more types than the page shows
		records += ", other types " + component.Count(r.OtherRecords)
	}
	add("Records", records)
	if !r.From.IsZero() {
		add("Data from", r.From.UTC().Format(time.RFC3339))
		add("Data to", r.To.UTC().Format(time.RFC3339))
	}
	for _, f := range r.Problems {
		add(problemFact, findingLine(f))
	}
	for _, f := range r.Warnings {
		add(warningFact, findingLine(f))
	}
	return facts
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
