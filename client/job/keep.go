package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// invalidSuffix is added to the name of a file that does not verify.
const invalidSuffix = ".invalid"

// keep brings the file here: choose its name, fetch, verify, rename.
func (r *run) keep(ctx context.Context, exp client.Export) (*Result, error) {
	if res, ok, err := r.reuse(ctx, exp); ok || err != nil {
		return res, err
	}
	part, err := r.open(exp)
	if err != nil {
		return nil, err
	}
	defer func() { _ = part.Close() }() // its last checkpoint is one of many
	r.mu.Lock()
	r.part = part
	r.mu.Unlock()
	defer r.letGo(part)

	r.step(StepTransferring)
	along := r.readAlong(ctx, part, exp)
	defer along.stop()
	wrong := r.fetch(ctx, part)
	if wrong != nil && !errors.Is(wrong, transfer.ErrDigest) {
		return nil, wrong
	}
	if part.Snapshot().Restarts > 0 {
		r.warn("what had arrived was not of the file that the server has now, so all of it was fetched again")
	}
	report, ok := along.report(ctx)
	if !ok {
		if report, err = r.verify(ctx, part.File(), exp, part.Snapshot().Size); err != nil {
			return nil, err
		}
	}
	told := slices.ContainsFunc(report.Problems, func(f archive.Finding) bool { return f.Code == archive.ChecksumMismatch })
	if wrong != nil && !told {
		report.OK = false
		report.Problems = append(report.Problems, archive.Finding{Code: archive.ChecksumMismatch, Message: wrong.Error()})
	}
	return r.commit(ctx, part, exp, report)
}

// letGo keeps the last look at a transfer when its part is closed.
func (r *run) letGo(part *transfer.Part) {
	last := part.Snapshot()
	r.change(func(s *Snapshot) { s.Transfer, r.part = last, nil })
}

// open locks the part under the name that this export's file will have.
func (r *run) open(exp client.Export) (*transfer.Part, error) {
	o := transfer.Options{
		ID:          r.s.d.API.Origin() + " " + exp.ID.Raw(),
		Link:        r.link(exp),
		Size:        -1,
		SHA256:      exp.SHA256,
		Transport:   r.s.d.Transport,
		UserAgent:   r.s.d.UserAgent,
		LimitRate:   r.snap.Spec.LimitRate,
		Connections: r.snap.Spec.Connections,
		RoomWait:    r.s.d.RoomWait,
		Now:         r.s.d.Now,
		Log:         r.s.d.Log,
	}
	if exp.Bytes != nil {
		o.Size = *exp.Bytes
	}
	for n := r.firstName(o.ID); n < 1000; n++ {
		o.Path = r.candidate(exp, n)
		usable, err := r.usable(o.Path, o.ID)
		if err != nil {
			return nil, err
		}
		if !usable {
			continue
		}
		part, err := transfer.Open(o)
		if errors.Is(err, transfer.ErrOtherObject) && r.target.name == "" {
			continue // somebody was faster
		}
		if err != nil {
			return nil, r.opening(o.Path, err)
		}
		r.record.Path = o.Path
		r.remember()
		r.change(func(s *Snapshot) { s.File = o.Path })
		return part, nil
	}
	return nil, &PathError{Kind: ErrExists, Path: o.Path}
}

func (r *run) opening(path string, err error) error {
	if errors.Is(err, transfer.ErrLocked) {
		return fmt.Errorf("open the part of %q: %w: %w", path, ErrLocked, err)
	}
	return &TransferError{fmt.Errorf("open the part of %q: %w", path, err)}
}

// firstName is -1 when a part that an earlier run began is where this one would
// put it: it goes on under the name that it has.
func (r *run) firstName(id string) int {
	path := r.record.Path
	if path == "" || r.target.name != "" || filepath.Dir(path) != r.target.dir {
		return 0
	}
	if found, err := transfer.Peek(path); err != nil || found.State == transfer.StateNone || found.ID != id {
		return 0
	}
	return -1
}

// candidate is the nth name to try: the person's own, or one of our making,
// where "-1", "-2", … follow; -1 is the one that an earlier run chose.
func (r *run) candidate(exp client.Export, n int) string {
	if n < 0 {
		return r.record.Path
	}
	if r.target.name != "" {
		return filepath.Join(r.target.dir, r.target.name)
	}
	name := FileName(r.snap.Project.Slug.Raw(), r.request(exp), r.namedAt(exp))
	if len(r.recipients) > 0 {
		name += seal.Suffix
	}
	return filepath.Join(r.target.dir, numbered(name, n))
}

// usable reports whether the part beside path is ours or can be made. The
// person's own name is theirs to reuse: a part of another export there can
// never be finished, so it makes room.
func (r *run) usable(path, id string) (bool, error) {
	found, err := transfer.Peek(path)
	if err != nil {
		return false, &TransferError{fmt.Errorf("look for a part of %q: %w", path, err)}
	}
	ours := found.State != transfer.StateNone && found.ID == id
	switch {
	case ours && found.Locked:
		return false, r.opening(path, transfer.ErrLocked)
	case r.target.name != "":
		if found.State != transfer.StateNone && !ours {
			if found.Locked {
				return false, r.opening(path, transfer.ErrLocked)
			}
			r.warn("an unfinished download of another export under the same name was replaced")
			return true, discard(path, found.ID)
		}
		return true, nil
	case found.State != transfer.StateNone:
		return ours, nil
	}
	_, err = os.Lstat(path)
	return errors.Is(err, os.ErrNotExist), nil
}

func discard(path, id string) error {
	part, err := transfer.Open(transfer.Options{Path: path, ID: id})
	if err != nil {
		return fmt.Errorf("make room at %q: %w", path, err)
	}
	return part.Discard()
}

// link gives the signed link, and a fresh one when that no longer works.
func (r *run) link(exp client.Export) func(context.Context, bool) (string, error) {
	current := exp.Link
	return func(ctx context.Context, renew bool) (string, error) {
		if !renew {
			return current.URL(), nil
		}
		fresh, err := r.s.d.API.Export(ctx, exp.ID)
		switch {
		case errors.Is(err, client.ErrNotFound):
			return "", fmt.Errorf("renew the link of export %s: %w: %w", exp.ID.Safe(), ErrExpired, err)
		case err != nil:
			err = fmt.Errorf("renew the link of export %s: %w", exp.ID.Safe(), err)
			if passing(err) {
				return "", &transfer.TemporaryError{Err: err}
			}
			return "", err
		case fresh.Link.IsZero():
			return "", fmt.Errorf("renew the link of export %s: %w", exp.ID.Safe(), ErrExpired)
		}
		current = fresh.Link
		r.change(func(s *Snapshot) { s.Export = fresh; s.Export.ID = exp.ID })
		return current.URL(), nil
	}
}

// passing reports whether an API error may go away by itself.
func passing(err error) bool {
	return errors.Is(err, client.ErrNetwork) || errors.Is(err, client.ErrServer) ||
		errors.Is(err, client.ErrProtocol) || errors.Is(err, client.ErrRateLimited)
}

var errPaused = errors.New("paused")

// fetch runs the transfer until it is whole, through any number of pauses.
func (r *run) fetch(ctx context.Context, part *transfer.Part) error {
	stop := r.watch(part)
	defer stop()
	for {
		traffic, halt := context.WithCancelCause(ctx)
		r.mu.Lock()
		r.halt = halt
		paused, wake := r.snap.Paused, r.wake
		r.mu.Unlock()
		if !paused {
			err := part.Fetch(traffic)
			halt(nil)
			if err == nil {
				return nil
			}
			if ctx.Err() != nil || !errors.Is(context.Cause(traffic), errPaused) {
				return &TransferError{err}
			}
			continue
		}
		halt(nil)
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watch tells the viewers of progress, five times a second and only while
// there is some.
func (r *run) watch(part *transfer.Part) (stop func()) {
	done := make(chan struct{})
	r.s.running.Go(func() {
		tick := time.NewTicker(2 * beatEvery)
		defer tick.Stop()
		last := part.Snapshot()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				now := part.Snapshot()
				if now.Done != last.Done || now.Phase != last.Phase || now.Rate != last.Rate || now.Attempts != last.Attempts {
					r.s.beat.bump()
				}
				last = now
			}
		}
	})
	return func() { close(done) }
}

// verify reads a file from its first byte to its last. arrived is its size as
// the transfer saw it.
func (r *run) verify(ctx context.Context, path string, exp client.Export, arrived ...int64) (archive.Report, error) {
	r.step(StepVerifying)
	r.change(func(s *Snapshot) { s.Paused = false })
	f, err := os.Open(path)
	if err != nil {
		return archive.Report{}, fmt.Errorf("verify: %w", err)
	}
	defer func() { _ = f.Close() }()
	report, err := archive.Check(ctx, f, r.expect(exp, arrived...), func(n int64) {
		r.change(func(s *Snapshot) { s.Verified = n })
	})
	if err != nil {
		return report, fmt.Errorf("verify: %w", err)
	}
	r.change(func(s *Snapshot) { s.Verified = report.Bytes })
	return report, nil
}

// expect is what the file must be: what was asked for, and what the server
// told, of the export or else with the file.
func (r *run) expect(exp client.Export, arrived ...int64) archive.Expect {
	req := r.request(exp)
	e := archive.Expect{
		Format: string(req.Format), From: req.Range.From, To: req.Range.To,
		Records: exp.Records, Bytes: exp.Bytes, SHA256: exp.SHA256,
	}
	if req.Include != (client.Include{}) {
		e.Include = req.Include.Names()
	}
	if e.Bytes == nil && len(arrived) > 0 {
		e.Bytes = &arrived[0] // as its own server framed it
	}
	if req.Range.OnWireAsWord() {
		// The server decides what the word means, by its own clock.
		e.From, e.To = exp.Range.From, exp.Range.To
	}
	return e
}

// commit gives the file its name: the final one, or NAME.invalid. What was asked
// to be encrypted is, whether it verifies or not: no plain text stays.
func (r *run) commit(ctx context.Context, part *transfer.Part, exp client.Export, report archive.Report) (*Result, error) {
	report.Profile = nil
	kept := sealed{path: part.File(), bytes: report.Bytes, sha256: report.SHA256}
	if len(r.recipients) > 0 {
		var err error
		if kept, err = r.encrypt(ctx, part); err != nil {
			return nil, err
		}
	}
	final := r.record.Path
	if !report.OK {
		final += invalidSuffix
	}
	// Noted before the rename, so that a crash between the two finds the file.
	r.record.Path, r.record.Bytes, r.record.SHA256 = final, kept.bytes, kept.sha256
	r.remember()
	if err := r.rename(part, kept, exp, &final, report.OK); err != nil {
		return nil, err
	}
	snap := part.Snapshot()
	res := r.result(exp)
	res.File, res.Bytes, res.SHA256, res.Report = final, kept.bytes, kept.sha256, report
	res.Encrypted = len(r.recipients) > 0
	res.ResumedFrom, res.Attempts = snap.ResumedFrom, snap.Attempts
	if res.Format == "" {
		res.Format = client.Format(report.Format)
	}
	if err := r.kept(res); err != nil {
		return nil, err
	}
	r.record.Path, r.record.State, r.record.Verified = final, history.StateDone, r.s.d.Now().UTC()
	if !report.OK {
		r.record.State = history.StateInvalid
	}
	if r.target.stdout {
		r.record.State = history.StateOver // the file does not stay
	}
	r.remember()
	r.change(func(s *Snapshot) { s.File = final })
	res.Warnings = r.snapshot().Warnings
	if !report.OK {
		return res, &InvalidError{File: final, Report: report}
	}
	return res, nil
}

// kept tells whoever wants to know of a verified file.
func (r *run) kept(res *Result) error {
	if r.s.d.Kept == nil || !res.Report.OK {
		return nil
	}
	if err := r.s.d.Kept(*res); err != nil {
		return fmt.Errorf("note the file: %w", err)
	}
	return nil
}

// rename takes the next number when a name of our making was taken meanwhile.
func (r *run) rename(part *transfer.Part, kept sealed, exp client.Export, final *string, ok bool) error {
	replace := !ok || r.target.force
	for n := 1; ; n++ {
		err := install(part, kept, *final, replace)
		if err == nil {
			return nil
		}
		if !errors.Is(err, transfer.ErrExists) || r.target.name != "" || n == 1000 {
			return &TransferError{fmt.Errorf("keep the file: %w", err)}
		}
		*final = r.candidate(exp, n)
		r.record.Path = *final
		r.remember()
	}
}

// install names the part itself, or its encrypted copy, after which the part
// has served.
func install(part *transfer.Part, kept sealed, final string, replace bool) error {
	if kept.path == part.File() {
		return part.Commit(final, replace)
	}
	if err := transfer.Install(kept.path, final, replace); err != nil {
		return err
	}
	return part.Discard()
}

// CopyTo writes a job's file to w: the way to standard output.
func (res Result) CopyTo(w io.Writer) error {
	f, err := os.Open(res.File)
	if err != nil {
		return fmt.Errorf("copy the file: %w", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("copy the file: %w", err)
	}
	return nil
}
