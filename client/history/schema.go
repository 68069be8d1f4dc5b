package history

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are the steps from an empty file to this version; the number of
// those that were taken is in the file's user_version. A step that a released
// version has taken never changes: a new one is added.
func migrations() []string {
	return []string{first}
}

// first makes the tables. NULL is "not told".
const first = `
CREATE TABLE exports (
	n INTEGER PRIMARY KEY,
	origin TEXT NOT NULL, project TEXT NOT NULL, id TEXT NOT NULL,
	status TEXT NOT NULL, stage INTEGER NOT NULL, format TEXT NOT NULL,
	range_name TEXT NOT NULL, range_from INTEGER, range_to INTEGER, include INTEGER,
	records INTEGER, bytes INTEGER,
	created INTEGER, started INTEGER, completed INTEGER, expires INTEGER,
	sha256 TEXT NOT NULL, error TEXT NOT NULL,
	path TEXT NOT NULL, state TEXT NOT NULL, file_bytes INTEGER NOT NULL, file_sha256 TEXT NOT NULL, verified INTEGER,
	match TEXT NOT NULL, begun INTEGER, updated INTEGER,
	UNIQUE (origin, id, project)
) STRICT;
CREATE INDEX newest ON exports (origin, project, created DESC, n DESC);
CREATE TABLE files (
	n INTEGER PRIMARY KEY,
	export INTEGER NOT NULL,
	path TEXT NOT NULL, state TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, verified INTEGER,
	UNIQUE (export, path)
) STRICT;
CREATE TABLE projects (
	origin TEXT NOT NULL, profile TEXT NOT NULL,
	id TEXT NOT NULL, name TEXT NOT NULL, slug TEXT NOT NULL, created INTEGER,
	PRIMARY KEY (origin, profile)
) STRICT;
`

// migrate takes the steps that are left, each in a transaction of its own.
func (s *Store) migrate(ctx context.Context, steps []string) error {
	version, err := userVersion(ctx, s.db)
	for err == nil && version < len(steps) {
		version, err = s.step(ctx, steps)
	}
	if err == nil && version > len(steps) {
		err = fmt.Errorf("%w (format %d, this one knows %d)", ErrNewer, version, len(steps))
	}
	return err
}

// step takes one step and gives the version after it. Another process may have
// been faster, so it looks again within the transaction.
func (s *Store) step(ctx context.Context, steps []string) (int, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback() }() // ErrTxDone after Commit
	version, err := userVersion(ctx, tx)
	if err != nil || version >= len(steps) {
		return version, err
	}
	if version == 0 {
		var strangers int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema`).Scan(&strangers); err != nil {
			return 0, err
		}
		if strangers > 0 {
			return 0, fmt.Errorf("%w: it is another program's database", ErrDamaged)
		}
	}
	if _, err := tx.ExecContext(ctx, steps[version]); err != nil {
		return 0, fmt.Errorf("migrate to format %d: %w", version+1, err)
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version+1)); err != nil {
		return 0, fmt.Errorf("migrate to format %d: %w", version+1, err)
	}
	return version + 1, tx.Commit()
}

type rowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// userVersion is less than 0 in no file of ours; such a one is damaged.
func userVersion(ctx context.Context, q rowQuerier) (version int, err error) {
	if err := q.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return 0, err
	}
	if version < 0 {
		return 0, fmt.Errorf("%w: its format is %d", ErrDamaged, version)
	}
	return version, nil
}
