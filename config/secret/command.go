package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"
)

// ErrCommandLine is a command that cannot be split like a shell line. Write it anew.
var ErrCommandLine = errors.New("it is not a command line")

// commandTimeout is how long a key command may take: long enough for a person
// to touch a token, short enough for a timer to notice.
const commandTimeout = 30 * time.Second

// command is a line that is split like a shell's and run without a shell; the
// key is the first line that it prints.
type command struct {
	place  string
	line   string
	stderr io.Writer
}

func (c command) Find(ctx context.Context) (Found, bool, error) {
	if c.line == "" {
		return Found{}, false, nil
	}
	argv, err := split(c.line)
	if err != nil {
		return Found{}, true, &Error{c.place, err}
	}
	out, err := run(ctx, argv, c.stderr)
	if err != nil {
		return Found{}, true, &Error{c.place, err}
	}
	first, _, _ := strings.Cut(out, "\n")
	key, err := parse(c.place, first)
	return Found{Key: key, Place: c.place}, true, err
}

// split never expands variables or backquotes: that would be a shell's work.
func split(line string) ([]string, error) {
	p := shellwords.NewParser()
	p.ParseEnv, p.ParseBacktick = false, false
	argv, err := p.Parse(line)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCommandLine, err)
	}
	if strings.TrimSpace(line) == "" {
		return nil, fmt.Errorf("%w: there is nothing in it but white space", ErrCommandLine)
	}
	// The parser stops at the first of ; & | < > and leaves the rest unread.
	if len(argv) == 0 || p.Position >= 0 {
		return nil, fmt.Errorf("%w: it is run without a shell, so ; & | < > have to be quoted", ErrCommandLine)
	}
	return argv, nil
}

// run gives what the command prints. Only the program's name gets into an
// error: its arguments may hold secrets.
func run(ctx context.Context, argv []string, stderr io.Writer) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	out := &capped{left: MaxBytes}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = out, stderr
	// A child that keeps the pipe open must not keep us.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; what it left running has nothing more to say
	}
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("%q gave no key within %s", argv[0], commandTimeout)
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case out.over:
		return "", ErrTooLong
	case err != nil:
		return "", fmt.Errorf("run %q: %w", argv[0], plainExec(err))
	}
	return out.buf.String(), nil
}

// plainExec drops the program's name that os/exec repeats.
func plainExec(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// capped keeps the first bytes of what a command prints. More than a key can
// have ends the command, by the error that its pipe gets.
type capped struct {
	buf  bytes.Buffer
	left int
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	if len(p) > c.left {
		c.over = true
		return 0, ErrTooLong
	}
	c.left -= len(p)
	return c.buf.Write(p)
}
