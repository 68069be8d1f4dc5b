package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// obtain gets an export id: the one that was asked for, that of an unfinished
// run, or a new one.
func (r *run) obtain(ctx context.Context) error {
	spec := r.snap.Spec
	if spec.ID != "" {
		return r.obtainKnown(spec.ID)
	}
	if !spec.New && !spec.Detach {
		if rec := r.unfinished(); rec != nil {
			r.record = rec
			if rec.ExportID != "" {
				r.change(func(s *Snapshot) { s.Export.ID, s.Continued = client.ID(rec.ExportID), true })
				return nil
			}
			return r.create(ctx) // it was cut off before the answer came
		}
	}
	r.begin(r.newRecord())
	return r.create(ctx)
}

// begin makes the record of a new run. Without one the job works all the same.
func (r *run) begin(fresh record) {
	rec, err := r.s.journal.create(fresh)
	r.record = rec
	if err != nil {
		r.unremembered(err)
	}
}

// afterall decides what becomes of an unfinished run whose export is no longer
// to be had: the file may be here whole, else the export is made anew.
func (r *run) afterall(ctx context.Context, exp client.Export, err error) (client.Export, error) {
	var failed *ExportFailedError
	if !errors.Is(err, client.ErrNotFound) && !errors.Is(err, ErrExpired) && !errors.As(err, &failed) {
		return exp, err
	}
	if part, perr := transfer.Peek(r.record.Path); perr == nil && part.State == transfer.StateComplete {
		return r.record.remembered().Export, nil
	}
	r.warn("the export of an unfinished run is gone (%v), so a new one was made", err)
	r.record.State = history.StateOver
	r.remember()
	r.s.letGoOf(r.record)
	r.change(func(s *Snapshot) { s.Continued, s.Export = false, client.Export{} })
	r.begin(r.newRecord())
	if err := r.create(ctx); err != nil {
		return exp, err
	}
	return r.await(ctx)
}

func (r *run) obtainKnown(id client.ID) error {
	old := r.s.known(id)
	if old != nil && old.name != "" {
		ok, err := r.s.journal.tryLock(old)
		if err == nil && !ok {
			return fmt.Errorf("take over the run of export %s: %w", id.Safe(), ErrLocked)
		}
		if err == nil {
			r.record = old
			return nil
		}
	}
	fresh := r.newRecord()
	if old != nil {
		fresh = *old
		fresh.name = ""
		fresh.ProjectID = cmp.Or(r.snap.Project.ID.Raw(), old.ProjectID)
	}
	fresh.ExportID = id.Raw()
	r.begin(fresh)
	return nil
}

func (r *run) unfinished() *record {
	return r.s.journal.unfinished(r.s.d.API.Origin(), r.snap.Project.ID.Raw(), matchKey(r.snap.Spec, r.target, r.recipients))
}

func (r *run) newRecord() record {
	spec := r.snap.Spec
	rec := record{Origin: r.s.d.API.Origin(), ProjectID: r.snap.Project.ID.Raw()}
	if spec.ID == "" {
		rec.Match = matchKey(spec, r.target, r.recipients)
		rec.Format = string(spec.Request.Format)
		rec.Range = spec.Request.Range
		rec.Include = spec.Request.Include.Names()
	}
	return rec
}

// create makes the export, by the policy for a busy project.
func (r *run) create(ctx context.Context) error {
	for {
		r.step(StepCreating)
		var made client.Created
		err := r.allowed(ctx, func() (err error) {
			made, err = r.ask(ctx)
			return err
		})
		if err == nil {
			return r.made(made.ID, made.At, made.Adopted)
		}
		if !errors.Is(err, client.ErrBusy) {
			return fmt.Errorf("create the export: %w", err)
		}
		if errors.Is(err, client.ErrLostAnswer) {
			r.warnOnce("the answer to the request was lost; the export that runs now may be this one or somebody else's")
		}
		switch r.snap.Spec.IfBusy {
		case BusyFail:
			return fmt.Errorf("create the export: %w", err)
		case BusyAttach:
			return r.attach(ctx, err)
		}
		if err := r.waitTurn(ctx, err); err != nil {
			return err
		}
	}
}

// ask sends the request. It is noted before it goes out: what kills this process
// before the answer leaves the next run of the same command a reason to look
// for the export, where it would else make another one.
func (r *run) ask(ctx context.Context) (client.Created, error) {
	req, rec := r.snap.Spec.Request, r.record
	if !rec.Asked.IsZero() {
		sent := req
		sent.Range = rec.Range // of that moment, to which a server's echo is compared
		if made, err := r.s.d.API.Find(ctx, sent, rec.Asked); made.ID != "" || err != nil {
			return made, r.heard(ctx, err)
		}
	}
	rec.Asked, rec.Range = r.s.d.Now(), req.Range
	r.remember()
	made, err := r.s.d.API.Create(ctx, req)
	return made, r.heard(ctx, err)
}

// heard takes the note back, unless the answer may still be had: this run ended
// before it came, or nobody could be asked. A list that does not tell which
// export is the one will not tell the next run either.
func (r *run) heard(ctx context.Context, err error) error {
	unheard := errors.Is(err, client.ErrLostAnswer) && !errors.Is(err, client.ErrBusy) &&
		(ctx.Err() != nil || errors.Is(err, client.ErrNetwork) || errors.Is(err, client.ErrServer) || errors.Is(err, client.ErrRateLimited))
	if !unheard {
		r.record.Asked = time.Time{}
	}
	return err
}

func (r *run) made(id client.ID, at time.Time, adopted bool) error {
	r.record.ExportID, r.record.CreatedAt = id.Raw(), at
	r.fresh = true
	r.remember()
	now := r.s.d.Now()
	r.change(func(s *Snapshot) {
		s.Export.ID, s.Adopted = id, adopted
		s.enter(StepQueued, now)
	})
	return nil
}

// attach adopts the running export, whatever it is. One whose id nobody tells
// cannot be adopted.
func (r *run) attach(ctx context.Context, busy error) error {
	running, ok := r.whoRuns(ctx, busy)
	if !ok {
		return fmt.Errorf("attach to the running export, whose id is not known: %w", busy)
	}
	exp, err := r.s.d.API.Export(ctx, running.ID)
	if err != nil {
		return fmt.Errorf("attach to export %s: %w", running.ID.Safe(), err)
	}
	exp = joined(exp, running)
	// From here on the job is that export, as if it had been asked for by id:
	// what nobody tells of it is not known, whatever was asked for.
	r.attached = true
	r.record.Format, r.record.Range, r.record.Include = string(exp.Format), told(exp.Range), nil
	if exp.Include != nil {
		r.record.Include = exp.Include.Names()
	}
	r.warnOfOther(exp)
	r.change(func(s *Snapshot) { s.Spec.ID, s.Export = running.ID, exp })
	return r.made(running.ID, exp.CreatedAt, true)
}

// warnOfOther says once how a running export that was taken over differs from
// what was asked for, as far as the server has told by now.
func (r *run) warnOfOther(exp client.Export) {
	req := r.snap.Spec.Request
	if exp.Format != "" && exp.Format != req.Format {
		r.warnOnce(fmt.Sprintf("the running export is %s, not %s", exp.Format, req.Format))
	}
	if exp.Range != (client.WireRange{}) && differs(exp.Range, req.Range) {
		r.warnOnce("the running export has another date range than " + req.Range.Name)
	}
}

func differs(told client.WireRange, asked client.Range) bool {
	if told.Name != "" && asked.OnWireAsWord() {
		return told.Name.Raw() != asked.Name
	}
	if told.From.IsZero() || asked.From.IsZero() {
		return told.From.IsZero() != asked.From.IsZero() && told.Name.Raw() != asked.Name
	}
	return told.From.Sub(asked.From).Abs() > time.Minute || told.To.Sub(asked.To).Abs() > time.Minute
}

// whoRuns finds the running export, by its id in the refusal, or in the list,
// which may tell more of it.
func (r *run) whoRuns(ctx context.Context, busy error) (client.Export, bool) {
	var refused *client.Error
	if errors.As(busy, &refused) && refused.Running != "" {
		return client.Export{ID: refused.Running}, true
	}
	n := 0
	for exp, err := range r.s.d.API.Exports(ctx) {
		if err != nil {
			break
		}
		if exp.Stage.Running() {
			return exp, true
		}
		if n++; n == 20 { // a running one is among the newest
			break
		}
	}
	return client.Export{}, false
}

// waitTurn waits for the running export to end: by looking at it where its id
// is known, else for a while. The next POST is the only sure question.
func (r *run) waitTurn(ctx context.Context, busy error) error {
	running, known := r.whoRuns(ctx, busy)
	r.step(StepBusy)
	r.remember() // that nothing is on its way
	if !known {
		return r.pauseFor(ctx, 10*time.Second)
	}
	for look := 0; ; look++ {
		if err := r.pauseFor(ctx, r.pace(look)); err != nil {
			return err
		}
		exp, err := r.s.d.API.Export(ctx, running.ID)
		if err != nil || !exp.Stage.Running() {
			// It ended, or it cannot be looked at: ask for our turn.
			return ctx.Err()
		}
	}
}
