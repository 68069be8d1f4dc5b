// Package serve joins one session from afar and one console, with the rights of
// the session's role.
//
// A person who is served sits at a terminal that is not this machine's: what
// comes from it is bounded before the console reads it ([Terminal]), the size
// before the renderer sees it ([Clamp]), and what the person may do is decided
// where it is done, in the wrappers around [tui.Jobs], [tui.Accounts] and
// [tui.Files] ([Rights]), not by hiding keys. Jobs belong to the server and go
// on when a session ends; [Desk] writes down how they end.
//
// Nothing here starts a process, and nothing touches the process's own streams,
// signals or environment.
package serve

import (
	"errors"
	"fmt"
	"time"

	"github.com/dashtray/dashtray-tui/tui/message"
)

// Role is what a person may do. Each may do what those before it may.
type Role int

// The roles.
const (
	Viewer   Role = iota // sees the history and how jobs stand
	Operator             // makes exports and downloads, steers them, fetches files
	Admin                // changes profiles and keys, removes files, sees who is connected
)

func (r Role) String() string {
	switch r {
	case Viewer:
		return "viewer"
	case Operator:
		return "operator"
	case Admin:
		return "admin"
	}
	return fmt.Sprintf("role %d", int(r))
}

// ParseRole reads a role's name.
func ParseRole(s string) (Role, error) {
	for _, r := range []Role{Viewer, Operator, Admin} {
		if s == r.String() {
			return r, nil
		}
	}
	return Viewer, fmt.Errorf("role %q: it is viewer, operator or admin", s)
}

// Who is a person in a session, as it was proved at the end of the
// authentication. All strings are safe to show.
type Who struct {
	Session string // names the session in the audit log
	Name    string
	Key     string // the fingerprint of the key: "SHA256:…"
	Role    Role
	From    string // the address of the client
}

// Event is something that a person did or tried to do.
type Event struct {
	Action string // "export", "file.read", …
	Object string // an export's id or a file's name; "" is none
	Result string // one of the results below
	Bytes  int64  // of a file that was fetched
	Detail string // why it was refused or failed; what else there is to tell
}

// The results of an Event.
const (
	Done    = "ok"
	Refused = "refused"
	Failed  = "failed"
)

// Recorder writes an event down. What cannot be written down must not be done.
type Recorder func(Who, Event) error

// Session is somebody who is connected.
type Session struct {
	ID    string // one person may have several in one connection
	Who   Who
	Since time.Time
	Doing string // a few words, safe
}

// RefusedError is an action that the person's role does not allow: another
// person has to do it, or the role has to be changed.
type RefusedError struct {
	Action string // in words: "make exports"
	Role   Role
	Needs  Role
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("refused: a %s may not %s", e.Role, e.Action)
}

// ErrUnrecorded is an action that was not done because the audit log could not
// be written. Whoever runs the server has to mend that.
var ErrUnrecorded = errors.New("the audit log cannot be written")

// ErrPlace is an output outside of the folder of exports. Leave it empty.
var ErrPlace = errors.New("the place is outside of the folder of exports")

// Rights decides what one person may do, and writes it down.
type Rights struct {
	Who Who
	// Record may be nil, then nothing is written down.
	Record Recorder
}

// Allow gives nil if the person may do it and that is written down. words
// follow "may not" in what the person reads.
func (r Rights) Allow(needs Role, words string, e Event) error {
	if r.Who.Role >= needs {
		e.Result = Done
		return r.Write(e)
	}
	refused := &RefusedError{Action: words, Role: r.Who.Role, Needs: needs}
	e.Result, e.Detail = Refused, "needs "+needs.String()
	return &message.Error{
		Message: message.Message{
			Code: message.ForbiddenRole,
			Text: fmt.Sprintf("Refused: as %s you may not %s.", r.Who.Role, words),
			Hint: fmt.Sprintf("Ask for the role %s.", needs),
		},
		// A refusal that cannot be written down is one all the same.
		Err: errors.Join(refused, r.Write(e)),
	}
}

// Write writes an event down, for what needs no more right than to be here.
func (r Rights) Write(e Event) error {
	if r.Record == nil {
		return nil
	}
	err := r.Record(r.Who, e)
	if err == nil {
		return nil
	}
	return &message.Error{
		Message: message.Message{
			Code: message.Disk,
			Text: "Not done: the server's audit log cannot be written.",
			Hint: "Tell who runs this server.",
		},
		Err: fmt.Errorf("%w: %w", ErrUnrecorded, err),
	}
}
