// Package cli is the command line: it reads flags, wires the parts together,
// runs one command, and says how it went. It alone knows the standard streams
// and the exit codes. One file is one command.
//
// A command returns its error; [Main] prints it and chooses the exit code, both
// in one place each (report.go, exit.go).
package cli

import (
	"context"
)

// Main runs the program with its arguments (without the program's name) and
// gives the exit code.
func Main(args []string, s Streams) int {
	ctx, stop := untilSignal(context.Background(), s.Signals)
	defer stop()

	a := &app{Streams: s}
	if s.StatusSignal != nil {
		// From the beginning: by default the signal would end the program.
		asked, release := s.StatusSignal()
		defer release()
		a.asked = asked
	}
	root := a.rootCommand()
	root.SetArgs(append([]string{}, args...)) // never nil, which would mean os.Args
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = a.helpErr
	}
	// Anywhere on the line, even on one that could not be read.
	a.json = a.json || err != nil && asksForJSON(args)
	a.report(err)
	return exitCode(err)
}
