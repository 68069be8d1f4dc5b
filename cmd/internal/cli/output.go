package cli

import (
	"fmt"
	"io"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// printDocument writes the one document of --json.
func (a *app) printDocument(v any) error {
	if err := text.EncodeJSON(a.Out, v); err != nil {
		return unwritable(err)
	}
	return nil
}

// printLine writes the one line of a result, unless --quiet.
func (a *app) printLine(s string) error { return a.printText(s + "\n") }

// printText writes a result of several lines, each with its end, unless --quiet.
func (a *app) printText(s string) error {
	if a.quiet {
		return nil
	}
	if _, err := io.WriteString(a.Out, s); err != nil {
		return unwritable(err)
	}
	return nil
}

// say tells a person the result of a command that has no other.
func (a *app) say(format string, args ...any) error {
	return a.printLine(text.Untrusted(fmt.Sprintf(format, args...)).Safe())
}

// unwritable is an output that takes no result.
func unwritable(err error) error {
	return &message.Error{
		Message: message.Message{
			Code: message.Disk,
			Text: "The result could not be written to standard output: " + err.Error() + ".",
			Hint: "Check where standard output goes.",
		},
		Err: err,
	}
}
