package plain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// pageSize is how many exports are told at once.
const pageSize = 10

// orders of the list, each with its words.
const (
	byCreated = iota
	bySize
	byState
	orders
)

func orderWords(o int) string {
	return [...]string{"newest first", "largest first", "by state"}[o]
}

// listView is the list of exports, and which part of it is told.
type listView struct {
	c      *console
	all    []history.Entry
	shown  []history.Entry // those that fit the filter, in the order
	filter string
	order  int
	from   int
	again  bool // the list is to be asked for anew
}

// exports lists the exports and leads to each of them.
func (c *console) exports(ctx context.Context) error {
	v := &listView{c: c, again: true}
	for {
		if v.again {
			v.again = false
			if err := v.load(ctx); err != nil {
				return err
			}
		}
		n, err := c.choose(ctx, v.menu())
		switch {
		case err != nil:
			return err
		case n < 0:
			continue
		}
		entry := v.shown[v.from+n]
		if err := c.details(ctx, &entry); err == nil {
			v.again = true // something was done with it
		} else if !errors.Is(err, errBack) {
			return err
		}
	}
}

// load asks for the list. A key that was refused is asked for anew.
func (v *listView) load(ctx context.Context) error {
	c := v.c
	var l job.Listing
	var refused error
	err := c.await(ctx, "Asking for the exports.", func(ctx context.Context, _ func(string)) error {
		var err error
		if l, err = c.cur.Jobs.Exports(ctx); ctx.Err() == nil {
			refused = err
			return nil
		}
		return err
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	switch {
	case errors.Is(refused, client.ErrUnauthorized) && !c.cur.demo:
		c.failed(refused)
		if err := c.enter(ctx, c.cur.asked, false); !errors.Is(err, errBack) {
			v.again = err == nil
			return err
		}
		c.out.line("Without a key only what this machine remembers can be listed.")
	case refused != nil:
		c.failed(refused)
	case l.Offline != nil:
		c.failed(l.Offline)
		c.out.line("What follows is what this machine remembers.")
	}
	c.budget(l.Budget)
	v.all = l.Entries
	v.arrange()
	return nil
}

// budget tells of the key's hourly requests when few are left.
func (c *console) budget(b client.Budget) {
	if b.Known && b.Remaining*10 < b.Limit {
		c.out.line(fmt.Sprintf("Only %s of the project's %d an hour are left, until %s.",
			plural(int64(b.Remaining), "request"), b.Limit, moment(b.Reset, c.d.Location)))
	}
}

// arrange filters and sorts, and begins at the top.
func (v *listView) arrange() {
	v.from = 0
	v.shown = v.shown[:0]
	for i := range v.all {
		if v.filter == "" || strings.Contains(strings.ToLower(v.c.entryWords(&v.all[i])+" "+v.all[i].Export.ID.Safe()), v.filter) {
			v.shown = append(v.shown, v.all[i])
		}
	}
	slices.SortStableFunc(v.shown, func(a, b history.Entry) int {
		n := 0
		switch v.order {
		case bySize:
			n = cmp.Compare(entrySize(&b), entrySize(&a))
		case byState:
			n = cmp.Compare(a.Export.Stage, b.Export.Stage)
		}
		return cmp.Or(n, b.Export.CreatedAt.Compare(a.Export.CreatedAt))
	})
}

func (v *listView) menu() menu {
	to := min(v.from+pageSize, len(v.shown))
	m := menu{from: v.from, usualWord: "back", word: v.word, title: v.title(to), help: v.help()}
	if to < len(v.shown) {
		m.usualWord = "more"
	}
	for i := v.from; i < to; i++ {
		m.items = append(m.items, v.c.entryWords(&v.shown[i]))
	}
	return m
}

func (v *listView) title(to int) string {
	switch {
	case len(v.all) == 0:
		return "There are no exports yet. New export in the main menu makes one."
	case len(v.shown) == 0:
		return "No export fits \"" + safe(v.filter) + "\". Type / alone to see all."
	}
	s := fmt.Sprintf("%s, %s.", capital(plural(int64(len(v.shown)), "export")), orderWords(v.order))
	if v.filter != "" {
		s = fmt.Sprintf("%d of %s fit \"%s\", %s.", len(v.shown), plural(int64(len(v.all)), "export"), safe(v.filter), orderWords(v.order))
	}
	if len(v.shown) > pageSize {
		s += fmt.Sprintf(" Here are %d to %d.", v.from+1, to)
	}
	return s
}

func (v *listView) help() []string {
	return []string{
		"A number tells more of that export and what can be done with it.",
		"more and less go through the list; sort changes its order; refresh asks for it anew.",
		"A slash and a word, such as /failed, shows only what has that word; a slash alone shows all.",
	}
}

// word takes the answers of the list that are no numbers.
func (v *listView) word(typed string) bool {
	switch word, isFilter := strings.CutPrefix(typed, "/"); {
	case isFilter:
		v.filter = strings.TrimSpace(word)
		v.arrange()
	case typed == "more" && v.from+pageSize < len(v.shown):
		v.from += pageSize
	case typed == "less" && v.from > 0:
		v.from -= pageSize
	case typed == "more" || typed == "less":
		v.c.out.line("There are no others.")
	case typed == "sort":
		v.order = (v.order + 1) % orders
		v.arrange()
	case typed == "refresh":
		v.again = true
	default:
		return false
	}
	return true
}

// entryWords is an export in a few short sentences.
func (c *console) entryWords(e *history.Entry) string {
	now := c.d.Now()
	said := []string{capital(stage(&e.Export, now)), "Made " + ago(e.Export.CreatedAt, now)}
	if s, ok := c.cur.job(e.Export.ID); ok {
		said = append(said, "Here: "+stepName(s))
	}
	if of := entryOf(&e.Export, c.d.Location); of != "" {
		said = append(said, capital(of))
	}
	if n := e.Export.Records; n != nil {
		said = append(said, plural(*n, "record"))
	}
	if n := entrySize(e); n >= 0 {
		said = append(said, component.Size(n))
	}
	if end, ok := e.Export.LinkEnd(); ok && now.Before(end) {
		said = append(said, "Link works for "+about(end.Sub(now)))
	}
	return strings.Join(append(said, capital(local(e))), ". ") + "."
}

// entryOf is what an export is of, as far as it is known.
func entryOf(e *client.Export, loc *time.Location) string {
	var parts []string
	if r := wireRange(e.Range, loc); r != "" {
		parts = append(parts, r)
	}
	if e.Format != "" {
		parts = append(parts, strings.ToUpper(safe(string(e.Format))))
	}
	if e.Include != nil {
		parts = append(parts, types(*e.Include))
	}
	return strings.Join(parts, ", ")
}

func entrySize(e *history.Entry) int64 {
	switch {
	case e.Export.Bytes != nil:
		return *e.Export.Bytes
	case e.LocalSize > 0:
		return e.LocalSize
	}
	return -1
}

// job is the job that works on an export now.
func (a *account) job(id client.ID) (job.Snapshot, bool) {
	if id == "" {
		return job.Snapshot{}, false
	}
	for _, s := range a.Jobs.List() {
		if s.Export.ID == id && !s.Step.Over() {
			return s, true
		}
	}
	return job.Snapshot{}, false
}

// details tells all of one export and offers what can be done with it. Nil says
// that something was done.
func (c *console) details(ctx context.Context, e *history.Entry) error {
	c.tellEntry(e)
	now := c.d.Now()
	var items []item
	running, isRunning := c.cur.job(e.Export.ID)
	switch {
	case isRunning:
		items = append(items, item{"Watch the job that works on it", func(ctx context.Context) error { return c.follow(ctx, running.Ref) }})
	case fetchable(e):
		label := "Download the file and check it"
		switch {
		case e.LocalState == history.LocalPartial:
			label = "Go on with the download, and check the file"
		case e.Export.Stage.Running():
			label = "Wait for it, download the file and check it"
		}
		items = append(items, item{label, func(ctx context.Context) error {
			return c.follow(ctx, c.cur.Jobs.Start(job.Spec{ID: e.Export.ID}))
		}})
	}
	if e.LocalState == history.LocalVerified || e.LocalState == history.LocalInvalid {
		for _, it := range c.fileItems(e.LocalFile, nav.Expected(e.Export)) {
			items = append(items, it.andStay())
		}
	}
	items = append(items, item{"Make the same export again", func(ctx context.Context) error {
		spec := again(&e.Export, now, c.d.Location)
		return c.newExport(ctx, &spec, summary)
	}})
	m := menu{title: "What shall be done with it?", usualWord: "back", help: []string{
		"A file can be downloaded for 24 hours; after that the same export can be made again.",
		"The server knows no way to end or delete an export.",
	}}
	for {
		if done, err := c.pick(ctx, m, items); done || err != nil {
			return err
		}
	}
}

// fetchable reports whether the file can be had, or waited for.
func fetchable(e *history.Entry) bool {
	return e.Export.ID != "" && e.LocalState != history.LocalVerified &&
		e.Export.Stage != client.StageFailed && e.Export.Stage != client.StageExpired
}

// tellEntry tells what is known of an export.
func (c *console) tellEntry(e *history.Entry) {
	c.out.line("")
	c.out.line("Export " + exact(e.Export.ID.Raw()))
	c.out.line(c.entryWords(e))
	for _, t := range []struct {
		label string
		at    time.Time
	}{{"Created", e.Export.CreatedAt}, {"Completed", e.Export.CompletedAt}, {"Link until", e.Export.ExpiresAt}} {
		if !t.at.IsZero() {
			c.out.line(t.label + ": " + moment(t.at, c.d.Location))
		}
	}
	if w := safeLong(e.Export.Error.Raw()); w != "" {
		c.out.line("The server says: " + w)
	}
	if e.LocalFile != "" {
		c.out.line("File: " + exact(e.LocalFile))
	}
	if cmd := c.cur.ShellCommand(job.Spec{ID: e.Export.ID}); cmd != "" && fetchable(e) {
		c.out.line("The same as a shell command: " + exact(cmd))
	}
}
