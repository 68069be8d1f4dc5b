package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// defaultHistory is how many exports are listed when nobody says.
const defaultHistory = 100

// Where a listing comes from.
const (
	serverAndLocal = "server+local"
	localOnly      = "local"
)

func (a *app) historyCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List the exports that the server knows and those of this machine",
		Long: "List the exports that the server knows and those that this machine remembers,\n" +
			"together, the newest first, and how their files stand here.\n\n" +
			"Without a key, or while the server cannot be asked, it lists what this machine\n" +
			"remembers, and says so.",
		Example: "  dashtray-tui history\n" +
			"  dashtray-tui history --limit 5\n" +
			"  # the ids of what is here in part\n" +
			"  dashtray-tui history --json | jq -r '.exports[] | select(.localState == \"partial\") | .exportJobId'",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usageError(cmd, "--limit is 1 or more, not %d.", limit)
			}
			return a.history(cmd.Context(), limit)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", defaultHistory, "list at most so many")
	return cmd
}

func (a *app) history(ctx context.Context, limit int) error {
	l, source, err := a.listing(ctx)
	if err != nil {
		return err
	}
	entries := l.Entries
	if len(entries) > limit {
		entries = entries[:limit]
	}
	if a.json {
		return a.printDocument(historyResult(source, entries))
	}
	return a.printHistory(entries)
}

// listing asks the server where there is a key, else only this machine.
func (a *app) listing(ctx context.Context) (l job.Listing, source string, err error) {
	c, err := a.connect(ctx)
	if errors.Is(err, secret.ErrNoKey) {
		return a.remembered(ctx, err)
	}
	if err != nil {
		return l, "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if l, err = c.jobs.Exports(ctx); err != nil {
		return l, "", err
	}
	a.warnOfMemory(l.Memory)
	if l.Offline != nil {
		a.warn(whyLocal(l.Offline))
		return l, localOnly, nil
	}
	return l, serverAndLocal, nil
}

// whyLocal warns that a list is without the server's.
func whyLocal(err error) string {
	if errors.Is(err, client.ErrNotFound) {
		return "the server has no list of exports, so these are the ones that this machine remembers"
	}
	return "the server's list could not be had, so these are the exports that this machine remembers: " + why(err)
}

// why is an error as the end of another sentence.
func why(err error) string {
	said := strings.TrimSuffix(message.Of(err).Text, ".")
	for _, word := range []string{"The ", "There "} {
		if rest, ok := strings.CutPrefix(said, word); ok {
			return strings.ToLower(word) + rest
		}
	}
	return said
}

func (a *app) warnOfMemory(err error) {
	if err != nil {
		a.warn("the history could not be brought up to date: " + text.Untrusted(err.Error()).Safe())
	}
}

// remembered lists without a key: the project is the last that the profile had.
func (a *app) remembered(ctx context.Context, noKey error) (job.Listing, string, error) {
	acc, err := a.account(a.settings, a.Env)
	if err != nil {
		return job.Listing{}, "", err
	}
	if noKey != nil {
		a.warn("these are the exports that this machine remembers, since the server could not be asked: " + why(noKey))
	}
	store := a.openHistory(ctx, acc.folders.State)
	defer func() { _ = store.Close() }() // nothing was written
	l := job.Remembered(ctx, store, acc.folders.State, acc.id.Origin, acc.id.Profile)
	a.warnOfMemory(l.Memory)
	return l, localOnly, nil
}

// historyColumns: what is left at 80 columns says which export, when, how it
// stands, and whether it is here.
func historyColumns() []column {
	return []column{
		{title: "ID"},
		{title: "CREATED"},
		{title: "STATE", least: 9},
		{title: "FORMAT", drop: 5},
		{title: "RANGE", least: 12},
		{title: "DATA", drop: 6},
		{title: "RECORDS", right: true, drop: 3},
		{title: "SIZE", right: true, drop: 2},
		{title: "LINK", drop: 4},
		{title: "FILE"},
		{title: "PATH", drop: 7},
	}
}

// printHistory is the list as a table.
func (a *app) printHistory(entries []history.Entry) error {
	if a.quiet {
		return nil
	}
	if len(entries) == 0 {
		_, _ = fmt.Fprintln(a.Err, "No exports yet: dashtray-tui export makes one.")
		return nil
	}
	rows := make([][]string, len(entries))
	for i, e := range entries {
		rows[i] = a.historyRow(e)
	}
	if err := printTable(a.Out, historyColumns(), rows, a.tableWidth()); err != nil {
		return unwritable(err)
	}
	return nil
}

const nothing = "-"

func (a *app) historyRow(e history.Entry) []string {
	exp := e.Export
	created := nothing
	if !exp.CreatedAt.IsZero() {
		created = exp.CreatedAt.In(a.shownZone()).Format("2006-01-02 15:04")
	}
	records, size := nothing, nothing
	if exp.Records != nil {
		records = component.Count(*exp.Records)
	}
	if exp.Bytes != nil {
		size = component.Size(*exp.Bytes)
	} else if e.LocalSize > 0 {
		size = component.Size(e.LocalSize)
	}
	return []string{
		orNothing(exp.ID.Safe()), created, orNothing(exp.Status.Safe()), orNothing(string(exp.Format)),
		a.rangeWords(exp.Range), dataLetters(exp.Include), records, size, a.linkWords(exp),
		fileWords(e), orNothing(text.Untrusted(e.LocalFile).Safe()),
	}
}

// fileWords is how the file stands here; of a part, how much is, in the words
// of the console.
func fileWords(e history.Entry) string {
	if e.LocalState == history.LocalPartial && e.LocalSize > 0 {
		return "part " + component.Percent(float64(e.LocalDone)/float64(e.LocalSize))
	}
	return string(e.LocalState)
}

func orNothing(s string) string {
	if s == "" {
		return nothing
	}
	return s
}

// rangeWords is a range as --range takes it, where it can.
func (a *app) rangeWords(r client.WireRange) string {
	switch {
	case r.Name != "":
		return r.Name.Safe()
	case r.From.IsZero() || r.To.IsZero():
		return nothing
	}
	zone := a.shownZone()
	return r.From.In(zone).Format(time.DateOnly) + ".." + r.To.In(zone).Format(time.DateOnly)
}

// shownZone is the zone in which a person reads times.
func (a *app) shownZone() *time.Location { return a.settings.TimeZone.Location(a.Location) }

// dataLetters are the first letters of the types, as the console has them.
func dataLetters(in *client.Include) string {
	if in == nil {
		return nothing
	}
	var out []string
	for _, name := range in.Names() {
		out = append(out, strings.ToUpper(name[:1]))
	}
	return orNothing(strings.Join(out, " "))
}

// linkWords is how long the link lives.
func (a *app) linkWords(exp client.Export) string {
	end, known := exp.LinkEnd()
	switch left := end.Sub(a.Now()); {
	case exp.Stage == client.StageExpired:
		return "expired"
	case !known:
		return nothing
	case left <= 0:
		return "expired"
	default:
		return component.Coarse(left)
	}
}

type historyDocument struct {
	Source  string          `json:"source"`
	Exports []entryDocument `json:"exports"`
}

type entryDocument struct {
	ExportJobID string             `json:"exportJobId"`
	Status      *string            `json:"status"`
	Format      *string            `json:"format"`
	Range       rangeDocument      `json:"range"`
	Include     []string           `json:"include"`
	Records     *int64             `json:"records"`
	ServerBytes *int64             `json:"serverBytes"`
	CreatedAt   *string            `json:"createdAt"`
	CompletedAt *string            `json:"completedAt"`
	ExpiresAt   *string            `json:"expiresAt"`
	Error       *string            `json:"error"`
	LocalFile   *string            `json:"localFile"`
	LocalState  history.LocalState `json:"localState"`
}

func historyResult(source string, entries []history.Entry) historyDocument {
	doc := historyDocument{source, make([]entryDocument, 0, len(entries))}
	for _, e := range entries {
		exp := e.Export
		d := entryDocument{
			ExportJobID: exp.ID.Raw(), Status: known(exp.Status.Raw()), Format: known(string(exp.Format)),
			Range:   rangeDocument{known(exp.Range.Name.Raw()), moment(exp.Range.From), moment(exp.Range.To)},
			Records: exp.Records, ServerBytes: exp.Bytes,
			CreatedAt: moment(exp.CreatedAt), CompletedAt: moment(exp.CompletedAt), ExpiresAt: moment(exp.ExpiresAt),
			Error: known(exp.Error.Raw()), LocalFile: known(e.LocalFile), LocalState: e.LocalState,
		}
		if exp.Include != nil {
			d.Include = included(*exp.Include)
		}
		doc.Exports = append(doc.Exports, d)
	}
	return doc
}
