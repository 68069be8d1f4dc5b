// Package message says what a person reads of each error: one sentence on what
// happened and one on what to do. The console and the commands share it, so
// that both say the same. Nothing here shows a key or a signed link, and what a
// server wrote is shown only in its safe form.
package message

// Code is an error's name for a machine.
type Code string

// Codes of the error document.
const (
	Usage         Code = "usage"
	Config        Code = "config"
	Exists        Code = "exists"
	NoKey         Code = "no_key"
	Unauthorized  Code = "unauthorized"
	ForbiddenPlan Code = "forbidden_plan"
	ForbiddenRole Code = "forbidden_role"
	Busy          Code = "busy"
	Locked        Code = "locked"
	NotFound      Code = "not_found"
	ExportFailed  Code = "export_failed"
	ExportExpired Code = "export_expired"
	Timeout       Code = "timeout"
	Transfer      Code = "transfer"
	Disk          Code = "disk"
	Network       Code = "network"
	Interrupted   Code = "interrupted"
	Internal      Code = "internal"
)

// Invalid is a file that does not verify. It stands in no error document: such
// a file has a report of its own.
const Invalid Code = "invalid"

// Message is an error as a person reads it. Text and Hint are one sentence
// each, on one line, safe for a terminal.
type Message struct {
	Code Code
	Text string // what happened
	Hint string // what to do
}

// Error is an error that brings its own words: for what only the caller knows,
// such as which flag is wrong.
type Error struct {
	Message Message
	Err     error // cause, may be nil
}

// New makes an Error.
func New(code Code, text, hint string) *Error {
	return &Error{Message: Message{code, text, hint}}
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message.Text
	}
	return e.Message.Text + " " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
