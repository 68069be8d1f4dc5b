package schedule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Runner runs a program to its end and gives its standard output. A *RunError
// when it cannot be run or does not succeed.
type Runner func(ctx context.Context, argv ...string) (stdout string, err error)

// RunError is a program that did not do what it was asked for.
type RunError struct {
	Argv   []string
	Stderr string // the first line of what it said, from a stranger
	Err    error
}

func (e *RunError) Error() string {
	if e.Stderr != "" {
		return fmt.Sprintf("%s: %s", strings.Join(e.Argv, " "), e.Stderr)
	}
	return fmt.Sprintf("%s: %v", strings.Join(e.Argv, " "), e.Err)
}

// Unwrap gives the cause.
func (e *RunError) Unwrap() error { return e.Err }

const (
	runTimeout = 30 * time.Second
	maxOutput  = 64 << 10
)

var (
	errSlow   = fmt.Errorf("it was not done within %s", runTimeout)
	errTooBig = errors.New("it says more than it should")
)

// Exec runs programs of this machine with these variables (NAME=value). They
// speak English, and UTC, so that their answers can be read.
func Exec(environ []string) Runner {
	env := append(append([]string{}, environ...), "LC_ALL=C", "TZ=UTC", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")
	return func(ctx context.Context, argv ...string) (string, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, runTimeout, errSlow)
		defer cancel()
		stdout, stderr := &bounded{}, &bounded{}
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env, cmd.Stdout, cmd.Stderr = env, stdout, stderr
		cmd.WaitDelay = time.Second // a child that keeps the pipe open must not keep us
		err := cmd.Run()
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case err == nil && stdout.over:
			err = errTooBig
		}
		if err != nil {
			line, _, _ := strings.Cut(strings.TrimSpace(stderr.kept.String()), "\n")
			return "", &RunError{argv, line, err}
		}
		return stdout.kept.String(), nil
	}
}

// bounded keeps the first bytes of what is written and drops the rest. The
// buffer is not embedded: its ReadFrom would go round Write.
type bounded struct {
	kept bytes.Buffer
	over bool
}

func (b *bounded) Write(p []byte) (int, error) {
	keep := min(len(p), maxOutput-b.kept.Len())
	b.over = b.over || keep < len(p)
	_, _ = b.kept.Write(p[:keep]) // a buffer takes everything
	return len(p), nil
}
