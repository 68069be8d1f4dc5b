package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/message"
)

func (a *app) serveAuditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "The audit log of what people did over SSH",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, "serve audit takes a command: verify.")
		},
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Check the chain of the audit log",
		Long: "Check the chain of the audit log: every line has the hash of the one before it,\n" +
			"so that none can be changed or taken out of the middle. Note the last hash\n" +
			"elsewhere from time to time: with it, cutting off the end shows, too.\n\n" +
			"A file of 16 MiB is put aside as audit-NUMBER.jsonl, with the number of its last\n" +
			"line, and the chain goes on in a new one. None is ever removed here: take the\n" +
			"oldest elsewhere as you see fit; the chain is then checked from the first line\n" +
			"that is here.",
		Example: "  dashtray-tui serve audit verify\n" +
			"  dashtray-tui serve audit verify --json | jq -r .head",
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return a.verifyAudit() },
	})
	return cmd
}

// auditCheckDocument is the answer of serve audit verify.
type auditCheckDocument struct {
	File       string  `json:"file"`
	OK         bool    `json:"ok"`
	Lines      uint64  `json:"lines"`
	Bytes      int64   `json:"bytes"`
	Head       *string `json:"head"`
	First      *string `json:"first"`
	Last       *string `json:"last"`
	Line       *uint64 `json:"line"`
	Problem    *string `json:"problem"`
	Unfinished int     `json:"unfinished"`

	From   *uint64             `json:"from"`
	Files  []auditFileDocument `json:"files"`
	Broken *string             `json:"brokenFile"`
}

type auditFileDocument struct {
	File  string  `json:"file"`
	From  *uint64 `json:"from"`
	To    *uint64 `json:"to"`
	Bytes int64   `json:"bytes"`
}

func (a *app) verifyAudit() error {
	paths, err := a.servePaths(serving{})
	if err != nil {
		return err
	}
	r, err := sshd.VerifyAudit(paths.audit)
	if err != nil {
		return noAuditLog(paths.audit, err)
	}
	if r.Unfinished > 0 {
		a.warn(fmt.Sprintf("the last %d bytes are no whole line: a server was killed while it wrote, and the next one takes them out", r.Unfinished))
	}
	if before := r.Before(paths.audit); before != "" {
		a.warn(fmt.Sprintf("the log begins with line %d here: the lines before it, to the end of %s, are kept elsewhere or lost", r.From, before))
	}
	if err := a.printAudit(paths.audit, r); err != nil || r.OK() {
		return err
	}
	where, last := fmt.Sprintf("at line %d", r.Line), paths.audit
	if len(r.Files) > 1 {
		last = r.Files[len(r.Files)-1].Path
		where += " of " + clean(filepath.Base(last))
	}
	return &message.Error{
		Message: message.Message{
			Code: message.Invalid, Text: fmt.Sprintf("The audit log does not hold %s: %s.", where, r.Problem),
			Hint: fmt.Sprintf("What stands before it holds; keep %q for whoever looks into it.", clean(last)),
		},
		Err: sshd.ErrBroken,
	}
}

func (a *app) printAudit(path string, r sshd.AuditReport) error {
	if a.json {
		return a.printDocument(auditCheck(path, r))
	}
	if !r.OK() {
		return nil
	}
	head := r.Head
	if head == "" {
		head = "none yet"
	}
	lines := component.Plural(int64(r.Lines), "line")
	if len(r.Files) > 1 {
		lines += fmt.Sprintf(" in %d files", len(r.Files))
	}
	return a.printLine(fmt.Sprintf("The chain holds: %s, the last hash is %s.", lines, head))
}

func auditCheck(path string, r sshd.AuditReport) auditCheckDocument {
	doc := auditCheckDocument{
		File: path, OK: r.OK(), Lines: r.Lines, Bytes: r.Bytes, Head: known(r.Head),
		First: moment(r.First), Last: moment(r.Last), Line: numbered(r.Line), Problem: known(r.Problem), Unfinished: r.Unfinished,
		From: numbered(r.From), Files: []auditFileDocument{},
	}
	for _, f := range r.Files {
		doc.Files = append(doc.Files, auditFileDocument{f.Path, numbered(f.From), numbered(f.To), f.Bytes})
	}
	if !r.OK() {
		doc.Broken = &r.Files[len(r.Files)-1].Path
	}
	return doc
}

// numbered is a number that counts from 1, null if there is none.
func numbered(n uint64) *uint64 {
	if n == 0 {
		return nil
	}
	return &n
}

func noAuditLog(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &message.Error{
			Message: message.Message{
				Code: message.NotFound, Text: fmt.Sprintf("There is no audit log %q.", clean(path)),
				Hint: "It is begun by dashtray-tui serve; for another user's, set XDG_STATE_HOME as that one has it.",
			},
			Err: err,
		}
	}
	return &message.Error{
		Message: message.Message{Code: message.Disk, Text: sentenceCase(clean(err.Error())) + ".", Hint: "Get the right to read it."},
		Err:     err,
	}
}
