// Package plain is the console as plain prompts and lines, for screen readers
// and for terminals that can do no more: numbered menus, questions that take
// one line each, and news in sentences.
//
// It does the whole job of the console (package tui) with the same accounts,
// jobs and messages. Nothing that it writes moves the cursor, has a colour or
// is written over: what comes out is printable text and line feeds, whatever a
// server says. While a job runs its progress is told at moments that leave time
// to listen: when something changes, and else each ten percent, but at most
// every half a minute.
package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

// Deps is what a console is made of. In, Out and Accounts are required; the
// zero value of every other field is useful.
type Deps struct {
	// In gives the person's answers, a line each. One goroutine reads it, and
	// only while an answer is awaited; a Read that blocks when Run returns is
	// left to the end of the program.
	In io.Reader
	// Out gets the lines. It is written to by one goroutine.
	Out io.Writer
	// ReadHidden reads a line from the person without showing it; nil where
	// that cannot be done: then no key can be typed. It is never called while
	// In is being read.
	ReadHidden func(ctx context.Context) (string, error)

	// Accounts finds keys and opens profiles, StartProfile as the first.
	Accounts     tui.Accounts
	StartProfile string
	// Message is what a person reads of an error: what happened, what to do.
	Message func(error) (what, do string)
	// Answers remembers the last answers of the form for a new export; nil
	// remembers them as long as the console lives.
	Answers newexport.Memory
	// Inspect tells what is in an export's file, and whether that is what was
	// expected, as lines; nil offers it nowhere.
	Inspect func(ctx context.Context, path string, expect archive.Expect) (lines []string, err error)
	// Verify checks a file on the disk once more, also against what is expected;
	// nil offers it nowhere.
	Verify func(ctx context.Context, path string, expect archive.Expect) (archive.Report, error)

	Now      func() time.Time
	Location *time.Location
	// Home is the person's home folder, what "~" stands for; "" leaves it as it is.
	Home string
	// Version of the program, for the first line.
	Version string
	// Log gets what went wrong in the console itself; nil is none.
	Log *slog.Logger
}

func (d Deps) withDefaults() Deps {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Location == nil {
		d.Location = time.Local
	}
	if d.Message == nil {
		d.Message = func(err error) (string, string) { return text.Untrusted(err.Error()).Safe(), "" }
	}
	if d.Answers == nil {
		d.Answers = &newexport.InMemory{}
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}

// Ways off a question, as errors that go up to whom they concern.
var (
	// errBack goes to where the question came from.
	errBack = errors.New("back")
	// errQuit goes to Run, which asks once more if something runs.
	errQuit = errors.New("quit")
	// errEnd is the end of the input: nobody can be asked any more.
	errEnd = errors.New("end of the input")
)

// console is one conversation. Only the goroutine of Run uses it.
type console struct {
	d    Deps
	in   *lines
	out  *speaker
	open []*account // those that were opened, in their order
	cur  *account   // the one that is worked with
}

// account is an open profile, and what was told of its jobs.
type account struct {
	tui.Account
	asked   string         // the profile's name as it was opened with
	demo    bool           // the sandbox, and no profile
	project client.Project // zero if it is not known
	// left are jobs that were left running, whose end has not been told.
	left map[job.Ref]bool
}

// Run talks with the person until he quits or the input ends (nil), or ctx
// ends (its cause), or the input or output fails. Jobs are left as they are:
// whoever owns them ends them. Signals are the caller's: they end ctx.
func Run(ctx context.Context, d Deps) (err error) {
	d = d.withDefaults()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	c := &console{d: d, in: newLines(reading, d.In), out: &speaker{w: d.Out}}
	defer func() {
		if p := recover(); p != nil {
			d.Log.Error("panic", "value", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = fmt.Errorf("internal error in the console: %s", text.Untrusted(fmt.Sprint(p)).Safe())
		}
		c.out.endLine()
	}()
	err = c.talk(ctx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, errEnd):
		c.out.endLine()
		c.farewell()
		return nil
	case errors.Is(err, errQuit):
		c.farewell()
		return nil
	}
	return err
}

// talk is the conversation from the first word to the wish to end it.
func (c *console) talk(ctx context.Context) error {
	c.greet()
	err := c.enter(ctx, c.d.StartProfile, true)
	for {
		switch {
		case errors.Is(err, errQuit):
			if err = c.mayQuit(ctx); err == nil {
				return errQuit
			}
			if !errors.Is(err, errBack) {
				return err
			}
		case err != nil && !errors.Is(err, errBack):
			return err
		}
		if c.cur == nil {
			err = c.enter(ctx, c.d.StartProfile, false)
			continue
		}
		err = c.home(ctx)
	}
}

func (c *console) greet() {
	name := "Dashtray exports, in plain lines."
	if v := safe(c.d.Version); v != "" {
		name = "Dashtray exports " + v + ", in plain lines."
	}
	c.out.line(name)
	c.out.line("At every question: ? explains it, back goes back, quit ends the program.")
}

func (c *console) farewell() {
	for _, a := range c.open {
		for _, s := range a.Jobs.List() {
			if !s.Step.Over() {
				c.out.line("What arrived is kept. Download the export again to go on where it stopped.")
				c.out.line("Goodbye.")
				return
			}
		}
	}
	c.out.line("Goodbye.")
}

// mayQuit asks before running jobs are ended. Nil is yes, errBack no.
func (c *console) mayQuit(ctx context.Context) error {
	running := 0
	for _, a := range c.open {
		running += a.running()
	}
	if running == 0 {
		return nil
	}
	what := plural(int64(running), "job") + " still running. Quitting stops downloads here; what arrived is kept. Exports go on at the server."
	n, err := c.choose(ctx, menu{
		title: "There " + isAre(running) + " " + what,
		items: []string{"Keep working", "Quit"},
		help:  []string{"A download that was stopped goes on where it ended when the export is downloaded again."},
	})
	switch {
	case errors.Is(err, errQuit): // asked twice, it is meant
		return nil
	case err != nil:
		return err
	case n == 0:
		return errBack
	}
	return nil
}

// running is how many jobs of the account are not over.
func (a *account) running() int {
	n := 0
	for _, s := range a.Jobs.List() {
		if !s.Step.Over() {
			n++
		}
	}
	return n
}

// failed tells of an error.
func (c *console) failed(err error) {
	what, do := c.d.Message(err)
	c.out.line("Error: " + safeLong(what))
	if do != "" {
		c.out.line(safeLong(do))
	}
}

// staying is nil when the person went back, which is then where he is.
func staying(err error) error {
	if errors.Is(err, errBack) {
		return nil
	}
	return err
}
