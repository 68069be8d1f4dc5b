package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// errorDocument is what --json gives when a command fails.
type errorDocument struct {
	Error struct {
		Code    message.Code `json:"code"`
		Message string       `json:"message"`
		Hint    string       `json:"hint"`
	} `json:"error"`
	ExportJobID string `json:"exportJobId,omitempty"`
}

// report prints an error: as a document where --json was asked for, else as two
// sentences. A file that does not verify has its document already, and so has
// whatever is a toldError.
func (a *app) report(err error) {
	if err == nil {
		return
	}
	m := message.Of(err)
	if !a.json {
		a.sayError(m)
		return
	}
	var told *toldError
	if m.Code == message.Invalid || errors.As(err, &told) {
		return
	}
	if err := text.EncodeJSON(a.Out, errorDocumentOf(err)); err != nil {
		a.sayError(m) // a full disk, or a reader that left, must not hide what happened
	}
}

func errorDocumentOf(err error) errorDocument {
	var doc errorDocument
	m := message.Of(err)
	doc.Error.Code, doc.Error.Message, doc.Error.Hint = m.Code, m.Text, m.Hint
	doc.ExportJobID = exportID(err).Raw()
	return doc
}

func (a *app) sayError(m message.Message) {
	word := "Error:"
	if a.colored(a.ErrTerminal) {
		word = "\x1b[1;31m" + word + "\x1b[0m"
	}
	_, _ = fmt.Fprintln(a.Err, word, m.Text)
	if m.Hint != "" {
		_, _ = fmt.Fprintln(a.Err, m.Hint)
	}
}

// warn tells of something that is not right and stops nothing. It is kept for
// the document of the command, too.
func (a *app) warn(w string) {
	if a.quiet && !a.onScreen {
		a.warnings = append(a.warnings, w)
		return
	}
	a.warnAloud(w)
}

// warnAloud warns with --quiet, too.
func (a *app) warnAloud(w string) {
	if a.onScreen { // where nothing else may write
		a.log.Warn(w)
		return
	}
	a.warnings = append(a.warnings, w)
	word := "Warning:"
	if a.colored(a.ErrTerminal) {
		word = "\x1b[1;33m" + word + "\x1b[0m"
	}
	_, _ = fmt.Fprintln(a.Err, word, text.Untrusted(w).Safe())
}

// toldError is an error that the command's own document tells: it still has an
// exit code.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }
func (e *toldError) Unwrap() error { return e.err }

// ofExport ties an error to the export that it is about.
type ofExport struct {
	id  client.ID
	err error
}

func (e *ofExport) Error() string { return e.err.Error() }

func (e *ofExport) Unwrap() error { return e.err }

// exportID is the export that an error is about, "" when there is none.
func exportID(err error) client.ID {
	var (
		tied   *ofExport
		late   *job.TimeoutError
		failed *job.ExportFailedError
		call   *client.Error
	)
	switch {
	case errors.As(err, &tied):
		return tied.id
	case errors.As(err, &late):
		return late.ID
	case errors.As(err, &failed):
		return failed.ID
	case errors.As(err, &call):
		return call.Running
	}
	return ""
}

// usageError is a mistake on the command line.
func usageError(cmd *cobra.Command, format string, args ...any) error {
	return message.New(message.Usage,
		text.Untrusted(fmt.Sprintf(format, args...)).Safe(),
		fmt.Sprintf("%q says more.", cmd.CommandPath()+" --help"))
}

// asksForJSON looks for --json on a line that perhaps could not be read.
func asksForJSON(args []string) bool {
	for _, arg := range args {
		if arg == "--" {
			return false
		}
		if arg == "--json" {
			return true
		}
		if v, ok := strings.CutPrefix(arg, "--json="); ok {
			if on, err := strconv.ParseBool(v); err == nil {
				return on
			}
		}
	}
	return false
}
