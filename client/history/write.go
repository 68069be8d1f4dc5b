package history

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
)

// Remember keeps what a run of this machine knows of its export. It adds to
// what is there: what r does not tell stays as it was, and so does a finished
// file when a new run of the same export goes elsewhere (see [Record.Files]).
// A record without State and Path tells nothing of a run. r.Files is not read.
func (s *Store) Remember(ctx context.Context, r Record) error {
	if s == nil {
		return nil
	}
	if err := r.storable(); err != nil {
		return fmt.Errorf("remember export: %w", err)
	}
	return s.write(ctx, func(w *writer) error {
		if err := w.put(ctx, r); err != nil {
			return err
		}
		return w.prune(ctx, r.Origin, r.ProjectID)
	})
}

// Saw keeps the server's list, newest first as it came, in one transaction,
// and the project as the last one of the origin and the profile. Exports that
// the list leaves out stay with their last word.
func (s *Store) Saw(ctx context.Context, origin string, project client.Project, profile string, exports []client.Export) error {
	if s == nil {
		return nil
	}
	return s.write(ctx, func(w *writer) error {
		if err := w.project(ctx, origin, project, profile); err != nil {
			return err
		}
		// The oldest is put first, so that exports without a time keep the
		// server's order.
		for _, exp := range slices.Backward(exports) {
			r := Record{Origin: origin, ProjectID: project.ID, Export: exp}
			if r.storable() != nil {
				continue
			}
			if err := w.put(ctx, r); err != nil {
				return err
			}
		}
		return w.prune(ctx, origin, project.ID)
	})
}

// Forget removes an export from the memory. Its files stay.
func (s *Store) Forget(ctx context.Context, origin string, id client.ID) error {
	if s == nil {
		return nil
	}
	return s.write(ctx, func(w *writer) error {
		if _, err := w.tx.ExecContext(ctx, `DELETE FROM files WHERE export IN (SELECT n FROM exports WHERE origin = ? AND id = ?)`,
			clip(origin), id.Raw()); err != nil {
			return err
		}
		_, err := w.tx.ExecContext(ctx, `DELETE FROM exports WHERE origin = ? AND id = ?`, clip(origin), id.Raw())
		return err
	})
}

// write runs f in a transaction that holds the lock from its beginning: one
// that began by reading could not wait for it.
func (s *Store) write(ctx context.Context, f func(*writer) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return s.fault("write", err)
	}
	w := &writer{s: s, tx: tx}
	if err := errors.Join(f(w), w.close()); err != nil {
		_ = tx.Rollback() // SQLite may have done so already
		return s.fault("write", err)
	}
	if err := tx.Commit(); err != nil {
		return s.fault("write", err)
	}
	return nil
}

// writer is one transaction.
type writer struct {
	s     *Store
	tx    *sql.Tx
	one   *sql.Stmt
	added int // rows
}

func (w *writer) close() error {
	if w.one == nil {
		return nil
	}
	return w.one.Close()
}

// put merges a record into its row. A row that stays as it is is not written.
func (w *writer) put(ctx context.Context, r Record) error {
	n, old, err := w.old(ctx, &r)
	if err != nil {
		return err
	}
	fresh := merge(old, r)
	fresh.UpdatedAt = w.s.now()
	values := fresh.values()
	switch {
	case n == 0:
		w.added++
		_, err = w.tx.ExecContext(ctx, `INSERT INTO exports (`+columns+`) VALUES (?`+strings.Repeat(", ?", len(values)-1)+`)`, values...)
		return err
	case same(values, old.values()):
		return nil
	}
	if err := w.setAside(ctx, n, &old, &fresh); err != nil {
		return err
	}
	_, err = w.tx.ExecContext(ctx, `UPDATE exports SET (`+columns+`) = (?`+strings.Repeat(", ?", len(values)-1)+`) WHERE n = ?`,
		append(values, n)...)
	return err
}

// old reads the row of a record; n is 0 if there is none. A row that makes no
// sense is as good as empty.
func (w *writer) old(ctx context.Context, r *Record) (n int64, old Record, err error) {
	if w.one == nil {
		w.one, err = w.tx.PrepareContext(ctx, `SELECT n, `+columns+` FROM exports WHERE origin = ? AND id = ? AND project = ?`)
		if err != nil {
			return 0, Record{}, err
		}
	}
	key := r.values()
	values := make([]any, len(key)+1)
	err = w.one.QueryRowContext(ctx, key[0], key[2], key[1]).Scan(pointers(values)...)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, Record{}, nil
	}
	if err != nil {
		return 0, Record{}, err
	}
	n, _ = values[0].(int64)
	if old.scan(values[1:]) != nil {
		old = Record{}
	}
	return n, old, nil
}

// setAside keeps the finished file of the old record when the new one is about
// another path, or about the same one before it is finished again.
func (w *writer) setAside(ctx context.Context, n int64, old, fresh *Record) error {
	if fresh.Path != "" && fresh.State.finished() {
		if _, err := w.tx.ExecContext(ctx, `DELETE FROM files WHERE export = ? AND path = ?`, n, fresh.Path); err != nil {
			return err
		}
	}
	f, ok := old.file()
	if !ok || (fresh.Path == old.Path && fresh.State.finished()) {
		return nil
	}
	if _, err := w.tx.ExecContext(ctx, `INSERT OR REPLACE INTO files (export, path, state, bytes, sha256, verified) VALUES (?, ?, ?, ?, ?, ?)`,
		n, f.Path, string(f.State), f.Bytes, f.SHA256, milli(f.Verified)); err != nil {
		return err
	}
	_, err := w.tx.ExecContext(ctx, `DELETE FROM files WHERE export = ? AND n NOT IN
		(SELECT n FROM files WHERE export = ? ORDER BY n DESC LIMIT ?)`, n, n, keepFiles)
	return err
}

// project keeps the last project of a profile. One that nobody told is none.
func (w *writer) project(ctx context.Context, origin string, p client.Project, profile string) error {
	if p == (client.Project{}) {
		return nil
	}
	_, err := w.tx.ExecContext(ctx, `INSERT INTO projects (origin, profile, id, name, slug, created) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET id = excluded.id, name = excluded.name, slug = excluded.slug, created = excluded.created
		WHERE (id, name, slug, created) IS NOT (excluded.id, excluded.name, excluded.slug, excluded.created)`,
		clip(origin), clip(profile), clip(p.ID.Raw()), clip(p.Name.Raw()), clip(p.Slug.Raw()), milli(p.CreatedAt))
	return err
}

// prune forgets the oldest exports of a project that has too many, but none
// that has a file or a run.
func (w *writer) prune(ctx context.Context, origin string, project client.ID) error {
	if w.added == 0 {
		return nil
	}
	origin, id := clip(origin), clip(project.Raw())
	var rows int
	if err := w.tx.QueryRowContext(ctx, `SELECT count(*) FROM exports WHERE origin = ? AND project = ?`, origin, id).Scan(&rows); err != nil {
		return err
	}
	if rows <= w.s.keep {
		return nil
	}
	_, err := w.tx.ExecContext(ctx, `DELETE FROM exports WHERE n IN (
		SELECT n FROM exports WHERE origin = ? AND project = ? AND path = '' AND state <> 'running'
			AND n NOT IN (SELECT export FROM files)
		ORDER BY created, n LIMIT ?)`, origin, id, rows-w.s.keep)
	return err
}

// merge adds what a new record tells to what an old one told.
func merge(old, fresh Record) Record {
	out := fresh
	out.Export = mergeExport(old.Export, fresh.Export)
	if fresh.State == StateNone && fresh.Path == "" {
		out.Path, out.State, out.Bytes, out.SHA256, out.Verified = old.Path, old.State, old.Bytes, old.SHA256, old.Verified
		out.Run = old.Run
		return out
	}
	if fresh.Path == "" {
		out.Path = old.Path
		if fresh.Bytes == 0 && fresh.SHA256 == "" {
			out.Bytes, out.SHA256, out.Verified = old.Bytes, old.SHA256, old.Verified
		}
	}
	out.Run.Match = cmp.Or(fresh.Run.Match, old.Run.Match)
	if fresh.Run.Started.IsZero() {
		out.Run.Started = old.Run.Started
	}
	return out
}
