package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
)

// List gives what is remembered of a project's exports, newest first by the
// server's times; those that the server gave no time come last. Without a
// projectID it gives those of every project of the origin. A limit of 0 or
// less is no limit. Rows that make no sense are left out.
func (s *Store) List(ctx context.Context, origin string, projectID client.ID, limit int) ([]Record, error) {
	if s == nil {
		return nil, nil
	}
	if limit <= 0 {
		limit = -1
	}
	if projectID == "" {
		return s.read(ctx, "list", s.all, clip(origin), limit)
	}
	return s.read(ctx, "list", s.list, clip(origin), clip(projectID.Raw()), limit)
}

// Find gives what is remembered of one export. Should two projects have used
// the id, it is the newer one.
func (s *Store) Find(ctx context.Context, origin string, id client.ID) (Record, bool, error) {
	if s == nil {
		return Record{}, false, nil
	}
	found, err := s.read(ctx, "search", s.find, clip(origin), id.Raw(), -1)
	if err != nil || len(found) == 0 {
		return Record{}, false, err
	}
	return found[0], true, nil
}

// LastProject is the project that the profile's key was last seen to belong
// to: for a screen that has no answer, or no key.
func (s *Store) LastProject(ctx context.Context, origin, profile string) (client.Project, bool, error) {
	if s == nil {
		return client.Project{}, false, nil
	}
	values := make([]any, 4)
	err := s.db.QueryRowContext(ctx, `SELECT id, name, slug, created FROM projects WHERE origin = ? AND profile = ?`,
		clip(origin), clip(profile)).Scan(pointers(values)...)
	if errors.Is(err, sql.ErrNoRows) {
		return client.Project{}, false, nil
	}
	if err != nil {
		return client.Project{}, false, s.fault("read", err)
	}
	c := cells{rest: values}
	p := client.Project{
		ID: client.ID(c.text(maxText)), Name: text.Untrusted(c.text(maxText)), Slug: text.Untrusted(c.text(maxText)),
		CreatedAt: c.time(),
	}
	if c.bad {
		return client.Project{}, false, nil
	}
	return p, true, nil
}

// read runs one of the prepared questions and adds the earlier files.
func (s *Store) read(ctx context.Context, step string, stmt *sql.Stmt, args ...any) ([]Record, error) {
	found, rows, err := records(ctx, stmt, args...)
	if err == nil && len(found) > 0 {
		err = s.addFiles(ctx, s.files, found, rows)
	}
	if err != nil {
		return nil, s.fault(step, err)
	}
	return found, nil
}

// records reads the rows of a question, with the number of each.
func records(ctx context.Context, stmt *sql.Stmt, args ...any) (found []Record, numbers []int64, err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]any, 1+strings.Count(columns, ",")+1)
	into := pointers(values)
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, nil, fmt.Errorf("read row: %w", err)
		}
		n, ok := values[0].(int64)
		r := Record{}
		if !ok || r.scan(values[1:]) != nil {
			continue
		}
		if len(found) == cap(found) {
			found = slices.Grow(found, max(len(found), 16)) // records are large: twice the room, not a quarter more
		}
		found, numbers = append(found, r), append(numbers, n)
	}
	return found, numbers, rows.Err()
}

// addFiles gives each record its earlier files. They are few, since most
// exports are fetched once, so all of them are read.
func (s *Store) addFiles(ctx context.Context, stmt *sql.Stmt, found []Record, numbers []int64) (err error) {
	rows, err := stmt.QueryContext(ctx, keepRows)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]any, 6)
	into := pointers(values)
	var at map[int64]int
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		if at == nil {
			at = make(map[int64]int, len(numbers))
			for i, n := range numbers {
				at[n] = i
			}
		}
		n, _ := values[0].(int64)
		i, ok := at[n]
		f := File{}
		if !ok || f.scan(values[1:]) != nil || len(found[i].Files) == keepFiles {
			continue
		}
		found[i].Files = append(found[i].Files, f)
	}
	return rows.Err()
}

func pointers(values []any) []any {
	out := slices.Clone(values)
	for i := range values {
		out[i] = &values[i]
	}
	return out
}
