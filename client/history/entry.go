// Package history is the exports as the server lists them, joined with what
// this machine remembers of them.
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
