package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/dashtray/dashtray-tui/config"
)

// Streams is everything that the program has from its surroundings, so that a
// test can run it inside its own process.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	// Which of them are terminals.
	InTerminal, OutTerminal, ErrTerminal bool
	// ReadHidden reads a line from the terminal at In without showing it; nil
	// where there is none.
	ReadHidden func(ctx context.Context) (string, error)
	// Width of the terminal at Err, else of that at Out, in cells; 0 when it is
	// not known.
	Width func() int
	// Env looks up a variable, Environ lists them all (NAME=value).
	Env     config.Lookup
	Environ func() []string
	// Signals begins to catch the signals that end the program; stop gives them
	// back to the system, whose own way is to end the program at once.
	Signals func() (caught <-chan os.Signal, stop func())
	// StatusSignal begins to catch the one that asks how a run stands (SIGUSR1);
	// nil where the system has none.
	StatusSignal func() (asked <-chan os.Signal, stop func())

	Now      func() time.Time
	Location *time.Location
}

// System is the streams of this process.
func System() Streams {
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		Width: func() int {
			for _, f := range []*os.File{os.Stderr, os.Stdout} {
				if w, _, err := term.GetSize(int(f.Fd())); err == nil {
					return w
				}
			}
			return 0
		},
		ReadHidden: func(ctx context.Context) (string, error) { return readHidden(ctx, int(os.Stdin.Fd())) },

		Env:     os.LookupEnv,
		Environ: os.Environ,
		Signals: catchSignals,

		StatusSignal: statusSignal(),
		Now:          time.Now,
		Location:     time.Local,
	}
}

func catchSignals() (<-chan os.Signal, func()) {
	caught := make(chan os.Signal, 1)
	which := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	// Under nohup a hangup is to be ignored, and stays so.
	if !signal.Ignored(syscall.SIGHUP) {
		which = append(which, syscall.SIGHUP)
	}
	signal.Notify(caught, which...)
	return caught, func() { signal.Stop(caught) }
}

// readHidden reads a line with the echo off. When ctx ends first, the terminal
// is put back as it was; the reading goroutine ends with the program.
func readHidden(ctx context.Context, fd int) (string, error) {
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	type answer struct {
		line string
		err  error
	}
	done := make(chan answer, 1)
	go func() {
		b, err := term.ReadPassword(fd)
		done <- answer{string(b), err}
	}()
	select {
	case a := <-done:
		return a.line, a.err
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		return "", context.Cause(ctx)
	}
}
