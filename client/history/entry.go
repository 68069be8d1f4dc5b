// Package history is the exports as the server lists them, joined with what
// this machine remembers of them.
//
// A [Store] is the memory: a SQLite database, keyed by the API's origin and the
// project, that several processes may use at once. [Join] puts it together
// with the server's list and looks at the files. The database holds no key and
// no signed link: it has no column for either. What is read from it is as
// hostile as an answer of the server, since any program may have written it.
package history

import "github.com/dashtray/dashtray-tui/client"

// LocalState of an export's file on this machine.
type LocalState string

// Local states.
const (
	LocalNone     LocalState = "none"
	LocalPartial  LocalState = "partial"
	LocalVerified LocalState = "verified"
	LocalMissing  LocalState = "missing"
	LocalInvalid  LocalState = "invalid"
)

// Entry is one export: the server's word and this machine's memory.
type Entry struct {
	Export     client.Export
	LocalFile  string // absolute, "" if none
	LocalState LocalState
	LocalDone  int64 // bytes of a part that are here
	LocalSize  int64 // of the whole file, 0 unknown
}
