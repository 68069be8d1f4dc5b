package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// maxListed bounds a listing; the server keeps 30 days of history.
const maxListed = 2000

// Exports lists the server's exports joined with what this machine remembers,
// newest first. The error is for what no list can follow (a refused key, a
// role, a plan); being offline, or a server without a list, is in the Listing.
func (s *Service) Exports(ctx context.Context) (Listing, error) {
	out := Listing{}
	project, err := s.Project(ctx)
	out.Project = project
	if err == nil {
		out.Entries, err = s.served(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return out, context.Cause(ctx)
	case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrForbiddenPlan), errors.Is(err, client.ErrForbiddenRole):
		return out, fmt.Errorf("list the exports: %w", err)
	case err != nil:
		out.Offline = err
	}
	s.join(&out)
	out.Budget, out.At = s.d.API.Budget(), s.d.Now()
	return out, nil
}

func (s *Service) served(ctx context.Context) ([]history.Entry, error) {
	var out []history.Entry
	for exp, err := range s.d.API.Exports(ctx) {
		if err != nil {
			return out, err
		}
		out = append(out, history.Entry{Export: exp, LocalState: history.LocalNone})
		if len(out) == maxListed {
			break
		}
	}
	return out, nil
}

// join adds what this machine knows: where the files are, and exports that the
// server's list does not have.
func (s *Service) join(l *Listing) {
	at := make(map[client.ID]int, len(l.Entries))
	for i, e := range l.Entries {
		at[e.Export.ID] = i
	}
	origin, seen := s.d.API.Origin(), map[string]bool{}
	for _, rec := range s.journal.all() { // newest first: the first record of an export counts
		if rec.Origin != origin || rec.ExportID == "" || seen[rec.ExportID] {
			continue
		}
		if l.Project.ID != "" && rec.ProjectID != "" && rec.ProjectID != l.Project.ID.Raw() {
			continue
		}
		seen[rec.ExportID] = true
		i, ok := at[client.ID(rec.ExportID)]
		if !ok {
			l.Entries = append(l.Entries, history.Entry{Export: rec.export()})
			i = len(l.Entries) - 1
		}
		rec.local(&l.Entries[i])
	}
	slices.SortStableFunc(l.Entries, func(a, b history.Entry) int {
		return b.Export.CreatedAt.Compare(a.Export.CreatedAt)
	})
}

// export is the record told as the server would.
func (rec *record) export() client.Export {
	exp := client.Export{
		ID: client.ID(rec.ExportID), Format: client.Format(rec.Format),
		CreatedAt: rec.CreatedAt, SHA256: rec.SHA256,
	}
	if exp.CreatedAt.IsZero() {
		exp.CreatedAt = rec.Started
	}
	exp.Range.Name, exp.Range.From, exp.Range.To = text.Untrusted(rec.Range.Name), rec.Range.From, rec.Range.To
	if inc, err := client.ParseInclude(strings.Join(rec.Include, ",")); err == nil {
		exp.Include = &inc
	}
	if rec.State == recordDone || rec.State == recordInvalid {
		exp.Status, exp.Stage = "completed", client.StageCompleted
	}
	return exp
}

// local looks at the files.
func (rec *record) local(e *history.Entry) {
	e.LocalState, e.LocalSize = history.LocalNone, cmp.Or(size(e.Export.Bytes), rec.Bytes)
	if rec.Path == "" {
		return
	}
	if part, err := transfer.Peek(rec.Path); err == nil && part.State != transfer.StateNone {
		e.LocalFile, e.LocalState, e.LocalDone = rec.Path, history.LocalPartial, part.Done
		if part.Size > 0 {
			e.LocalSize = part.Size
		}
		return
	}
	if rec.State != recordDone && rec.State != recordInvalid {
		return
	}
	e.LocalFile = rec.Path
	info, err := os.Lstat(rec.Path)
	switch {
	case err != nil:
		e.LocalState = history.LocalMissing
	case rec.State == recordInvalid || info.Size() != rec.Bytes:
		e.LocalState = history.LocalInvalid
	default:
		e.LocalState = history.LocalVerified
	}
}

func size(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
