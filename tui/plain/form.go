package plain

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
)

// step is one question of the form.
type step int

const (
	askFormat step = iota
	askRange
	askFrom
	askTo
	askData
	askFolder
	summary
)

// form is the questions for a new export and the answers so far.
type form struct {
	c    *console
	a    newexport.Answers
	now  time.Time
	step step
	been []step // the way back
	// revising is set when one answer is changed of an export that is complete:
	// from there it goes to the summary.
	revising bool
	dir      string // where the file goes
	free     int64
}

// newExport asks for a new export, from the question at on, starts it, and
// follows it. With a preset the other answers are those of that job.
func (c *console) newExport(ctx context.Context, preset *job.Spec, at step) error {
	f := &form{c: c, now: c.d.Now(), step: at}
	if preset == nil {
		f.a = c.d.Answers.Load().Normal()
	} else {
		f.a = newexport.AnswersOf(*preset, c.d.Location)
		f.revising = true
		if _, err := f.a.Request(f.now, c.d.Location); err != nil {
			f.step = askRange
		}
	}
	if err := f.busy(ctx); err != nil {
		return err
	}
	for {
		f.now = c.d.Now()
		var err error
		switch f.step {
		case askFormat:
			err = f.format(ctx)
		case askRange:
			err = f.dateRange(ctx)
		case askFrom:
			err = f.from(ctx)
		case askTo:
			err = f.to(ctx)
		case askData:
			err = f.data(ctx)
		case askFolder:
			err = f.folder(ctx)
		case summary:
			var spec *job.Spec
			if spec, err = f.summary(ctx); spec != nil {
				c.d.Answers.Save(f.a)
				return c.follow(ctx, c.cur.Jobs.Start(*spec))
			}
		}
		if errors.Is(err, errBack) && len(f.been) > 0 {
			f.step, f.been = f.been[len(f.been)-1], f.been[:len(f.been)-1]
			continue
		}
		if err != nil {
			return err
		}
	}
}

// busy says whose turn it is when an export runs already.
func (f *form) busy(ctx context.Context) error {
	for _, s := range f.c.cur.Jobs.List() {
		if s.Step.Over() || s.Step == job.StepTransferring || s.Step == job.StepVerifying {
			continue
		}
		title := "An export is running for " + lasted(f.now.Sub(s.Started)) + ": " + subject(s) + ", " + stepName(s) + ". There can be one at a time; yours waits for its turn."
		n, err := f.c.choose(ctx, menu{
			title: title, items: []string{"Make a new one, which starts when that one ends", "Watch the running one"},
			help: []string{"The new export is asked for as soon as the running one has ended; until then this program waits."},
		})
		if err != nil || n == 0 {
			return err
		}
		if err := f.c.follow(ctx, s.Ref); err != nil {
			return err
		}
		return errBack
	}
	return nil
}

// advance goes on to a step, from which back leads here.
func (f *form) advance(s step) {
	f.been = append(f.been, f.step)
	if f.revising && f.step != askRange && f.step != askFrom {
		s = summary
	}
	if at := slices.Index(f.been, summary); s == summary && at >= 0 {
		f.been = f.been[:at] // what was changed is no way back
	}
	f.step = s
}

// one asks for one of some options.
func (f *form) one(ctx context.Context, title string, options []option, labels []string, usual string, help ...string) (string, error) {
	m := menu{title: title, items: labels, usual: max(0, indexOf(options, usual)), help: help}
	n, err := f.c.choose(ctx, m)
	if err != nil {
		return "", err
	}
	return options[n].value, nil
}

func labelsOf(options []option) []string {
	var labels []string
	for _, o := range options {
		labels = append(labels, o.label)
	}
	return labels
}

func (f *form) format(ctx context.Context) error {
	v, err := f.one(ctx, "Which format?", formats(), labelsOf(formats()), f.a.Format,
		"JSON keeps everything that Dashtray knows of each record. CSV can be opened in a spreadsheet.")
	if err != nil {
		return err
	}
	f.a.Format = v
	f.advance(askRange)
	return nil
}

func (f *form) dateRange(ctx context.Context) error {
	var labels []string
	for _, o := range ranges() {
		label := o.label
		if r, err := client.ParseRange(o.value, f.now, f.c.d.Location); err == nil && !r.From.IsZero() {
			label += ": " + days(r.From, r.To, f.c.d.Location)
		}
		labels = append(labels, label)
	}
	v, err := f.one(ctx, "Which date range? Days are those of "+f.c.zone()+".", ranges(), labels, f.a.Range,
		"The range is about the data in the export: metrics and audit logs of those days.")
	if err != nil {
		return err
	}
	f.a.Range = v
	switch {
	case v == newexport.Custom:
		f.advance(askFrom)
	case f.revising:
		f.advance(summary)
	default:
		f.advance(askData)
	}
	return nil
}

// dayHelp is how a day is written.
func (f *form) dayHelp() []string {
	return []string{"A day is written as year, month and day: 2026-01-31. It is a day of " + f.c.zone() + "."}
}

func (f *form) from(ctx context.Context) error {
	v, err := f.c.text(ctx, question{
		ask:   "From which day, in " + f.c.zone() + "? Type it as YYYY-MM-DD.",
		usual: f.a.From, help: f.dayHelp(),
		check: func(typed string) (string, string) { return f.day(typed, typed, typed) },
	})
	if err != nil {
		return err
	}
	f.a.From = v
	f.advance(askTo)
	return nil
}

func (f *form) to(ctx context.Context) error {
	usual := f.a.To
	if _, wrong := f.day(usual, f.a.From, usual); wrong != "" {
		usual = f.now.In(f.c.d.Location).Format(time.DateOnly)
	}
	v, err := f.c.text(ctx, question{
		ask:   "To which day, in " + f.c.zone() + "? It counts to its end. Type it as YYYY-MM-DD.",
		usual: usual, help: f.dayHelp(),
		check: func(typed string) (string, string) { return f.day(typed, f.a.From, typed) },
	})
	if err != nil {
		return err
	}
	f.a.To = v
	f.advance(askData)
	return nil
}

// day judges the days of a range and gives the one that was typed.
func (f *form) day(typed, from, to string) (day, wrong string) {
	if _, err := client.ParseRange(from+".."+to, f.now, f.c.d.Location); err != nil {
		return "", rangeWrong(err)
	}
	return typed, ""
}

func (f *form) data(ctx context.Context) error {
	c := f.c
	list := []string{"Which data?"}
	var usual []string
	for i, o := range dataTypes() {
		list = append(list, strconv.Itoa(i+1)+". "+o.label)
		if slices.Contains(f.a.Include, o.value) {
			usual = append(usual, strconv.Itoa(i+1))
		}
	}
	q := question{
		list:  list,
		ask:   "Type one or more numbers with blanks between, or all.",
		usual: strings.Join(usual, " "),
		help: []string{
			"1 3 means metrics, and dashboards and widgets. At least one is needed.",
			"Audit logs hold people's IP addresses.",
		},
		check: func(typed string) (string, string) {
			chosen, wrong := chosenTypes(typed)
			return strings.Join(chosen, " "), wrong
		},
	}
	if len(usual) == len(dataTypes()) {
		q.usual, q.usualName = "all", "all"
	}
	v, err := c.text(ctx, q)
	if err != nil {
		return err
	}
	f.a.Include = strings.Fields(v)
	f.advance(askFolder)
	return nil
}

// chosenTypes reads "1 3", "1,3" or "all".
func chosenTypes(typed string) (chosen []string, wrong string) {
	all := dataTypes()
	on := make([]bool, len(all))
	for _, word := range strings.FieldsFunc(strings.ToLower(typed), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		if word == "all" {
			for i := range on {
				on[i] = true
			}
			continue
		}
		n, err := strconv.Atoi(strings.TrimSuffix(word, "."))
		if err != nil || n < 1 || n > len(all) {
			return nil, "\"" + safe(word) + "\" is none of the data types. Type numbers from 1 to " + strconv.Itoa(len(all)) + ", or all."
		}
		on[n-1] = true
	}
	for i, o := range all {
		if on[i] {
			chosen = append(chosen, o.value)
		}
	}
	if len(chosen) == 0 {
		return nil, "Choose at least one data type."
	}
	return chosen, ""
}

// place finds out where a folder is, and the room there.
func (f *form) place(ctx context.Context, folder string) (dir string, free int64, err error) {
	c := f.c
	err = c.await(ctx, "", func(context.Context, func(string)) (err error) {
		dir, free, err = c.cur.Jobs.Folder(newexport.Answers{Folder: folder}.Output(c.d.Home))
		return err
	})
	if err != nil {
		return "", 0, err
	}
	return dir, free, nil
}

func (f *form) folder(ctx context.Context) error {
	usual, _, err := f.place(ctx, "")
	if isWay(err) || ctx.Err() != nil {
		return err
	}
	q := question{
		ask: "Save it in which folder?", usual: f.a.Folder, optional: true,
		help: []string{
			"Type a path, or a dot for the usual folder. A missing folder is made.",
			"The file gets a name of its own there; nothing is replaced.",
		},
		check: func(typed string) (string, string) {
			if typed == "." {
				return "", ""
			}
			return typed, ""
		},
	}
	if q.usual == "" {
		q.usualName = "the usual one, " + exact(usual)
		if usual == "" {
			q.usualName = "the usual one"
		}
	}
	for {
		v, err := f.c.text(ctx, q)
		if err != nil {
			return err
		}
		if f.dir, f.free, err = f.place(ctx, v); err == nil {
			f.a.Folder = v
			f.advance(summary)
			return nil
		}
		if err := f.c.tried(ctx, err); err != nil {
			return err
		}
	}
}

// summary tells everything that was chosen, and gives the job if it shall start.
func (f *form) summary(ctx context.Context) (*job.Spec, error) {
	c := f.c
	req, err := f.a.Request(f.now, c.d.Location)
	if err != nil { // the day has changed meanwhile
		c.out.line(rangeWrong(err))
		f.step = askRange
		return nil, nil
	}
	spec := job.Spec{Request: req, Output: f.a.Output(c.d.Home)}
	if f.dir == "" {
		if f.dir, f.free, err = f.place(ctx, f.a.Folder); err != nil {
			if err := c.tried(ctx, err); err != nil {
				return nil, err
			}
			f.step = askFolder
			return nil, nil
		}
	}
	f.tell(spec)
	to := func(s step) func(context.Context) error {
		return func(context.Context) error { f.been, f.step, f.revising = append(f.been, summary), s, true; return nil }
	}
	start := false
	_, err = c.pick(ctx, menu{title: "Start it?", help: []string{"Starting asks Dashtray for the export, waits for it, downloads its file and checks it."}}, []item{
		{"Start", func(context.Context) error { start = true; return nil }},
		{"Change the format", to(askFormat)},
		{"Change the range", to(askRange)},
		{"Change the data", to(askData)},
		{"Change the folder", to(askFolder)},
	})
	if err != nil || !start {
		return nil, err
	}
	return &spec, nil
}

// tell says what the job is going to be.
func (f *form) tell(spec job.Spec) {
	c, r := f.c, spec.Request.Range
	c.out.line("")
	c.out.line("Summary")
	c.out.line("Format: " + strings.ToUpper(f.a.Format))
	words := rangeName(r.Name)
	if f.a.Range == newexport.Custom {
		words = days(r.From, r.To, c.d.Location) + ", " + c.zone()
	} else if !r.From.IsZero() {
		words += ", " + days(r.From, r.To, c.d.Location) + ", " + c.zone()
	}
	c.out.line("Range: " + words)
	c.out.line("Data: " + types(spec.Request.Include))
	if spec.Request.Include.AuditLogs {
		c.out.line("Note: audit logs hold people's IP addresses.")
	}
	c.out.line("File: " + job.FileName(c.cur.project.Slug.Raw(), spec.Request, f.now))
	in := exact(f.dir)
	if f.free >= 0 {
		in += ", " + component.Size(f.free) + " free"
	}
	c.out.line("Folder: " + in)
	usual, _ := usually(-1)
	c.out.line("Usually it takes " + usual + ".")
	if cmd := c.cur.ShellCommand(spec); cmd != "" {
		c.out.line("The same as a shell command: " + exact(cmd))
	}
}
