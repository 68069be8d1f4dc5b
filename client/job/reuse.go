package job

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// reuse gives the file of an earlier run, if it is here and still verifies: it
// is read again, since a name proves nothing.
func (r *run) reuse(ctx context.Context, exp client.Export) (*Result, bool, error) {
	old, ok := r.earlier(exp)
	if !ok {
		return nil, false, nil
	}
	report, err := r.recheck(ctx, old.Path, exp)
	if err != nil {
		return nil, false, err
	}
	if !report.OK || report.SHA256 != old.SHA256 {
		r.warn("the file of an earlier download no longer verifies: %s", filepath.Base(old.Path))
		return nil, false, nil
	}
	report.Profile = nil
	res := r.result(exp)
	res.File, res.Bytes, res.SHA256, res.Report, res.Reused = old.Path, report.Bytes, report.SHA256, report, true
	res.Encrypted = len(r.recipients) > 0
	if err := r.kept(res); err != nil {
		return nil, false, err
	}
	if err := r.dropPart(old.Path); err != nil {
		return nil, false, err
	}
	rec := r.record
	rec.Path, rec.Bytes, rec.SHA256, rec.State = old.Path, report.Bytes, report.SHA256, history.StateDone
	rec.Verified = r.s.d.Now().UTC()
	r.remember()
	r.change(func(s *Snapshot) { s.File = old.Path })
	return res, true, nil
}

// recheck reads an earlier file. An encrypted one can only be compared with the
// digest that it had when it was written.
func (r *run) recheck(ctx context.Context, path string, exp client.Export) (archive.Report, error) {
	if len(r.recipients) == 0 {
		return r.verify(ctx, path, exp)
	}
	r.step(StepVerifying)
	sum, n, err := digest(ctx, path)
	if err != nil {
		return archive.Report{}, fmt.Errorf("verify: %w", err)
	}
	return archive.Report{OK: true, Bytes: n, SHA256: sum, Format: string(r.request(exp).Format)}, nil
}

// dropPart removes what a run left beside its file that was killed, or whose
// machine lost its power, between naming the file and tidying up.
func (r *run) dropPart(path string) error {
	id := r.s.d.API.Origin() + " " + r.record.ExportID
	found, err := transfer.Peek(path)
	if err != nil || found.Locked || found.State != transfer.StateNone && found.ID != id {
		return nil //nolint:nilerr // what cannot be looked at is not ours to remove
	}
	if found.State == transfer.StateNone {
		// The part went with the rename; its checkpoint and lock may be left.
		_, checkpoint := os.Lstat(path + ".part.json")
		_, lock := os.Lstat(path + ".part.lock")
		if checkpoint != nil && lock != nil {
			return nil
		}
	}
	err = discard(path, id)
	if errors.Is(err, transfer.ErrOtherObject) || errors.Is(err, transfer.ErrLocked) {
		return nil
	}
	return err
}

// earlier finds the file of an earlier download of this export where this one
// would go.
func (r *run) earlier(exp client.Export) (history.File, bool) {
	if r.record == nil || r.target.stdout || r.record.ExportID != exp.ID.Raw() {
		return history.File{}, false
	}
	candidates := r.record.files
	if r.record.State != history.StateInvalid {
		// Of a run that was killed between noting the file and telling of it.
		candidates = append([]history.File{{Path: r.record.Path, Bytes: r.record.Bytes, SHA256: r.record.SHA256}}, candidates...)
	}
	for _, f := range candidates {
		if len(r.recipients) > 0 != strings.HasSuffix(f.Path, seal.Suffix) && r.target.name == "" {
			continue
		}
		if f.SHA256 == "" || filepath.Dir(f.Path) != r.target.dir || (r.target.name != "" && filepath.Base(f.Path) != r.target.name) {
			continue
		}
		info, err := os.Lstat(f.Path)
		if err == nil && info.Mode().IsRegular() && info.Size() == f.Bytes {
			return f, true
		}
	}
	return history.File{}, false
}
