package cli

import (
	"errors"
	"fmt"
	"io/fs"

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
			"elsewhere from time to time: with it, cutting off the end shows, too.",
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
	if err := a.printAudit(paths.audit, r); err != nil || r.OK() {
		return err
	}
	return &message.Error{
		Message: message.Message{
			Code: message.Invalid, Text: fmt.Sprintf("The audit log does not hold at line %d: %s.", r.Line, r.Problem),
			Hint: fmt.Sprintf("The %d lines before it do; keep %q for whoever looks into it.", r.Lines, clean(paths.audit)),
		},
		Err: sshd.ErrBroken,
	}
}

func (a *app) printAudit(path string, r sshd.AuditReport) error {
	if a.json {
		doc := auditCheckDocument{
			File: path, OK: r.OK(), Lines: r.Lines, Bytes: r.Bytes, Head: known(r.Head),
			First: moment(r.First), Last: moment(r.Last), Problem: known(r.Problem), Unfinished: r.Unfinished,
		}
		if r.Line > 0 {
			doc.Line = &r.Line
		}
		return a.printDocument(doc)
	}
	if !r.OK() {
		return nil
	}
	head := r.Head
	if head == "" {
		head = "none yet"
	}
	return a.printLine(fmt.Sprintf("The chain holds: %s lines, the last hash is %s.", component.Count(int64(r.Lines)), head))
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
