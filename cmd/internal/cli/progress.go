package cli

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/client/transfer"
	"github.com/dashtray/dashtray-tui/tui/component"
)

// progress tells how a job goes, on standard error: on a terminal one line that
// is drawn again and again, elsewhere one line for each step.
type progress struct {
	w       io.Writer
	redraws bool
	silent  bool
	width   func() int
	now     func() time.Time

	told  int // steps that have their line
	step  job.Step
	drawn time.Time // when the line was; zero while there is none
	waits time.Time // the next try that was told of
}

const (
	// drawEvery keeps a line readable, and a slow terminal free.
	drawEvery    = 250 * time.Millisecond
	defaultWidth = 80
	// longWait is what a person would ask about, with nothing on the screen.
	longWait = 20 * time.Second
	// maxStatus is how many runes of a server's own word for a status a line takes.
	maxStatus = 40
)

func (a *app) newProgress() *progress {
	return &progress{
		w: a.Err, now: a.Now, width: a.Width, silent: a.quiet,
		redraws: !a.quiet && a.ErrTerminal && a.Env.Get("TERM") != "dumb" && !a.speaks(),
	}
}

// show brings the display up to date.
func (p *progress) show(s job.Snapshot) {
	switch {
	case p.silent:
	case p.redraws:
		p.draw(s)
	default:
		for ; p.told < len(s.Steps); p.told++ {
			if line := stageLine(s.Steps[p.told].Step, s); line != "" {
				_, _ = fmt.Fprintln(p.w, line)
			}
		}
		p.budgetLine(s)
	}
}

func (p *progress) draw(s job.Snapshot) {
	now := p.now()
	if s.Step == p.step && now.Sub(p.drawn) < drawEvery {
		return
	}
	p.step = s.Step
	line := liveLine(s, now)
	if line == "" {
		return
	}
	width := p.width()
	if width <= 0 {
		width = defaultWidth
	}
	// The last column stays free: some terminals wrap when it is written.
	_, _ = fmt.Fprint(p.w, "\r", ansi.Truncate(line, width-1, "…"), "\x1b[K")
	p.drawn = now
}

// clear takes the line away, so that something else can be written there.
func (p *progress) clear() {
	if p.drawn.IsZero() {
		return
	}
	_, _ = fmt.Fprint(p.w, "\r\x1b[K")
	p.drawn = time.Time{}
}

// stageLine is what a step is called; "" for the ends, which have their own words.
func stageLine(step job.Step, s job.Snapshot) string {
	id := s.Export.ID.Safe()
	switch step {
	case job.StepPreparing:
		return "Checking the key and the folder."
	case job.StepBusy:
		return "Another export of this project is running; waiting for it to end."
	case job.StepCreating:
		return "Asking for the export."
	case job.StepQueued:
		return "Export " + id + " is queued."
	case job.StepCollecting:
		return "Export " + id + ": collecting the data."
	case job.StepGenerating:
		return "Export " + id + ": generating the file."
	case job.StepProcessing:
		if word := s.Export.Status.SafeN(maxStatus); s.Export.Stage == client.StageUnknown && word != "" {
			return "Export " + id + " is being made: " + strconv.Quote(word) + "." // as it came
		}
		return "Export " + id + " is being made."
	case job.StepTransferring:
		if s.File == "" {
			return "Downloading."
		}
		return "Downloading " + text.Untrusted(s.File).Safe() + "."
	case job.StepVerifying:
		return "Verifying the file."
	}
	return ""
}

// liveLine is how the job stands this moment.
func liveLine(s job.Snapshot, now time.Time) string {
	switch s.Step {
	case job.StepTransferring:
		return transferLine(s.Transfer, now)
	case job.StepVerifying:
		return "Verifying: " + component.Size(s.Verified) + of(s.Transfer.Size)
	}
	line := stageLine(s.Step, s)
	if line == "" {
		return ""
	}
	line = strings.TrimSuffix(line, ".")
	if n := len(s.Steps); n > 0 {
		line += " (" + component.Duration(now.Sub(s.Steps[n-1].At)) + ")"
	}
	switch wait := s.NextLook.Sub(now); {
	case errors.Is(s.LookErr, client.ErrRateLimited) && wait > 0:
		line += "; the hourly budget of requests is used up, next try in " + component.Duration(wait)
	case s.LookErr != nil:
		line += "; the server gives no answer, trying again"
	}
	return line
}

// budgetLine tells of a long wait for the project's budget, where no line shows
// how the time goes by.
func (p *progress) budgetLine(s job.Snapshot) {
	wait := s.NextLook.Sub(p.now())
	if !errors.Is(s.LookErr, client.ErrRateLimited) || wait < longWait || s.NextLook.Equal(p.waits) {
		return
	}
	p.waits = s.NextLook
	_, _ = fmt.Fprintf(p.w, "The project's hourly budget of requests is used up; the next try is in %s.\n", component.Duration(wait))
}

func transferLine(t transfer.Snapshot, now time.Time) string {
	parts := []string{"Downloading: " + component.Size(t.Done) + of(t.Size)}
	if t.Size > 0 {
		parts = append(parts, component.Percent(float64(t.Done)/float64(t.Size)))
	}
	switch t.Phase {
	case transfer.PhaseRechecking:
		return "Checking what is here already: " + component.Size(t.Done) + of(t.Size)
	case transfer.PhaseWaiting:
		wait := "next try in " + component.Duration(t.RetryAt.Sub(now))
		if t.LastError != "" {
			wait += " (" + text.Untrusted(t.LastError).Safe() + ")"
		}
		parts = append(parts, wait)
	case transfer.PhaseReceiving:
		parts = append(parts, component.Rate(t.Rate))
		if t.Left >= 0 {
			parts = append(parts, component.Duration(t.Left)+" left")
		}
	}
	return strings.Join(parts, "  ")
}

// of is the second half of "1 MiB of 5 MiB", if the whole is known.
func of(size int64) string {
	if size <= 0 {
		return ""
	}
	return " of " + component.Size(size)
}
