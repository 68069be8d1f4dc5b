package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
)

// maxListed bounds a listing; the server keeps 30 days of history.
const maxListed = 10_000

// Exports lists the server's exports joined with what this machine remembers,
// newest first. The error is for what no list can follow (a refused key, a
// role, a plan); what this machine remembers is in the Listing all the same.
// Being offline, or a server without a list, is no error, but in the Listing.
func (s *Service) Exports(ctx context.Context) (Listing, error) {
	var served []client.Export
	project, err := s.Project(ctx)
	if err == nil {
		served, err = s.served(ctx)
	}
	if ctx.Err() != nil {
		return Listing{}, context.Cause(ctx)
	}
	out := s.listed(ctx, project, served, err == nil)
	out.Budget, out.At = s.d.API.Budget(), s.d.Now()
	switch {
	case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrForbiddenPlan), errors.Is(err, client.ErrForbiddenRole):
		return out, fmt.Errorf("list the exports: %w", err)
	case err != nil:
		out.Offline = err
	}
	return out, nil
}

func (s *Service) served(ctx context.Context) ([]client.Export, error) {
	var out []client.Export
	for exp, err := range s.d.API.Exports(ctx) {
		if err != nil {
			return out, err
		}
		out = append(out, exp)
		if len(out) == maxListed {
			break
		}
	}
	return out, nil
}

// listed joins the server's list, as far as it came, with the memory. A memory
// that fails costs what it would have added.
func (s *Service) listed(ctx context.Context, project client.Project, served []client.Export, whole bool) Listing {
	origin, store := s.d.API.Origin(), s.d.History
	var unwritten error
	if project.ID != "" || whole {
		if err := store.Saw(ctx, origin, project, s.d.Profile, served); err != nil {
			s.d.Log.Warn("the server's list is not remembered", "error", err)
			unwritten = err
		}
	}
	out := remembered(ctx, store, s.journal, origin, s.d.Profile, project, served)
	if out.Memory != nil {
		s.d.Log.Warn("the history cannot be read", "error", out.Memory)
	} else {
		out.Memory = unwritten
	}
	return out
}

// Remembered lists what this machine remembers of the project, without asking
// the server: it is there at once.
func (s *Service) Remembered(ctx context.Context) Listing {
	var project client.Project
	s.mu.Lock()
	if s.project != nil {
		project = *s.project
	}
	s.mu.Unlock()
	return remembered(ctx, s.d.History, s.journal, s.d.API.Origin(), s.d.Profile, project, nil)
}

// Remembered lists what this machine remembers of a profile's last project,
// for whom has no key to ask the server with. No store is one that is empty.
func Remembered(ctx context.Context, store *history.Store, stateDir, origin, profile string) Listing {
	return remembered(ctx, store, journal{dir: runsFolder(stateDir)}, origin, profile, client.Project{}, nil)
}

func remembered(ctx context.Context, store *history.Store, j journal, origin, profile string,
	project client.Project, served []client.Export,
) Listing {
	var unread error
	if project.ID == "" {
		last, ok, err := store.LastProject(ctx, origin, profile)
		if ok {
			project = last
		}
		unread = err
	}
	records, err := memories(ctx, store, j, origin, project.ID)
	return Listing{Project: project, Entries: history.Join(served, records), Memory: cmp.Or(err, unread)}
}
