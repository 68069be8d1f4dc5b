package plain

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

// home is the main menu, until the person quits.
func (c *console) home(ctx context.Context) error {
	for {
		if _, err := c.pick(ctx, menu{title: "Main menu", first: true, help: mainHelp()}, c.mainItems()); err != nil {
			return err
		}
	}
}

func (c *console) mainItems() []item {
	items := []item{
		{"New export", func(ctx context.Context) error { return c.newExport(ctx, nil, askFormat) }},
		{"Exports: list, details, download, make again", c.exports},
	}
	if jobs := c.cur.Jobs.List(); len(jobs) > 0 {
		label := fmt.Sprintf("Jobs of this session: %d running, %d over", c.cur.running(), len(jobs)-c.cur.running())
		items = append(items, item{label, c.jobs})
	}
	if c.d.Inspect != nil || c.d.Verify != nil {
		items = append(items, item{"Look into a file", c.askFile})
	}
	return append(items,
		item{"Profiles and keys", c.profiles},
		item{"Help", func(context.Context) error { c.explain(mainHelp()); return nil }},
		item{"Quit", func(context.Context) error { return errQuit }},
	)
}

func mainHelp() []string {
	return []string{
		"New export asks for format, range, data and folder, makes the export at Dashtray, downloads its file and checks it.",
		"Exports lists what the server has and what this machine remembers; a file can be downloaded for 24 hours.",
		"A download that was interrupted goes on where it ended when it is started again.",
		"While a job runs, type p to pause, r to go on, s to stop, b to leave it running, or Enter alone to hear how it stands.",
		"Ctrl and c ends the program at once; what arrived is kept.",
	}
}

// jobs lists the jobs of this session.
func (c *console) jobs(ctx context.Context) error {
	for {
		list := c.cur.Jobs.List()
		m := menu{
			title: "Jobs of this session, newest first:", usualWord: "back",
			help: []string{"A job that runs can be watched; of one that is over the result is told again."},
		}
		for _, s := range list {
			m.items = append(m.items, capital(jobWords(s))+": "+subject(s)+".")
		}
		n, err := c.choose(ctx, m)
		if err != nil {
			return err
		}
		if err := staying(c.follow(ctx, list[n].Ref)); err != nil {
			return err
		}
	}
}

// jobWords is how a job stands, over or not.
func jobWords(s job.Snapshot) string {
	switch s.Step {
	case job.StepDone:
		return "done"
	case job.StepFailed:
		return "failed"
	case job.StepStopped:
		return "stopped"
	}
	return stepName(s)
}

// news tells of jobs that were left running and have ended meanwhile.
func (c *console) news() {
	for _, a := range c.open {
		if len(a.left) == 0 {
			continue
		}
		for _, s := range slices.Backward(a.Jobs.List()) {
			if a.left[s.Ref] && s.Step.Over() {
				delete(a.left, s.Ref)
				c.out.line("News: " + c.ended(s))
			}
		}
	}
}

// ended is the end of a job in one line.
func (c *console) ended(s job.Snapshot) string {
	what := capital(subject(s))
	switch {
	case s.Step == job.StepDone && s.Result != nil && s.Result.File != "":
		return what + ": the file is whole and verified, " + exact(s.Result.File)
	case s.Step == job.StepDone:
		return what + ": the export is made."
	case s.Step == job.StepStopped:
		return what + ": stopped; what arrived is kept."
	}
	said, _ := c.d.Message(s.Err)
	return what + ": failed. " + safeLong(said)
}

// askFile asks for a file's name and looks into it.
func (c *console) askFile(ctx context.Context) error {
	for {
		path, err := c.text(ctx, question{
			ask:   "Which file? Type its path.",
			help:  []string{"It is an export's file, as JSON or CSV. It is read and never changed."},
			check: func(typed string) (string, string) { return typed, "" },
		})
		if err != nil {
			return err
		}
		if err := staying(c.file(ctx, newexport.Expand(path, c.d.Home))); err != nil {
			return err
		}
	}
}

// file offers what can be done with one file.
func (c *console) file(ctx context.Context, path string) error {
	items := c.fileItems(path, archive.Expect{})
	if len(items) == 1 {
		return items[0].do(ctx)
	}
	for {
		_, err := c.pick(ctx, menu{title: "The file " + exact(path), help: []string{"Neither of these changes the file."}}, items)
		if err != nil {
			return err
		}
	}
}

// fileItems are what can be done with a file that is here, and of which the
// server told what is expected.
func (c *console) fileItems(path string, expect archive.Expect) []item {
	var items []item
	if path == "" {
		return nil
	}
	if c.d.Inspect != nil {
		items = append(items, item{"Tell what is in the file", func(ctx context.Context) error { return c.inspect(ctx, path, expect) }})
	}
	if c.d.Verify != nil {
		items = append(items, item{"Check the file once more", func(ctx context.Context) error { return c.verify(ctx, path, expect) }})
	}
	return items
}

// inspect tells what is in a file.
func (c *console) inspect(ctx context.Context, path string, expect archive.Expect) error {
	var lines []string
	err := c.await(ctx, "Reading the file.", func(ctx context.Context, _ func(string)) (err error) {
		lines, err = c.d.Inspect(ctx, path, expect)
		return err
	})
	if err != nil {
		return c.tried(ctx, err)
	}
	for _, l := range lines {
		if words := undrawn(exact(l)); words != "" {
			c.out.line(words)
		}
	}
	return nil
}

// tried tells of what went wrong with something that the person asked for; what
// is left is where he wishes to go.
func (c *console) tried(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case isWay(err):
		return err
	case errors.Is(err, context.Canceled):
		return errBack
	}
	c.failed(err)
	return nil
}
