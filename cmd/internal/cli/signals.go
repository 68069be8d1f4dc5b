package cli

import (
	"context"
	"fmt"
	"os"
	"syscall"
)

// signalError is the cause of a context that a signal ended. It counts as
// context.Canceled, so that it is taken for what it is wherever it is wrapped.
type signalError struct{ sig syscall.Signal }

func (e *signalError) Error() string { return fmt.Sprintf("ended by %s", signalName(e.sig)) }

func (e *signalError) Unwrap() error { return context.Canceled }

// exitCode is the shell's way to tell of a signal.
func (e *signalError) exitCode() int { return 128 + int(e.sig) }

func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGHUP:
		return "SIGHUP"
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	}
	return s.String()
}

// untilSignal gives a context that the first signal ends. The second one finds
// nobody who catches it, so it ends the program at once.
func untilSignal(parent context.Context, signals func() (<-chan os.Signal, func())) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	if signals == nil {
		return ctx, func() { cancel(nil) }
	}
	caught, release := signals()
	go func() {
		select {
		case s := <-caught:
			release()
			sig, ok := s.(syscall.Signal)
			if !ok {
				sig = syscall.SIGINT
			}
			cancel(&signalError{sig})
		case <-ctx.Done():
			release()
		}
	}()
	return ctx, func() { cancel(nil) }
}
