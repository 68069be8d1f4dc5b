package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/cmd/internal/sshd"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// served is what all served sessions have in common: the accounts with their
// jobs, and the desk that writes down how those end.
type served struct {
	a        *app
	open     *accounts
	desk     *serve.Desk
	record   serve.Recorder
	folder   string // of exports, absolute
	sessions func() []serve.Session
	limits   sshd.Limits
}

// openHost finds the key and wires the jobs, so that whatever is wrong is said
// before anybody comes.
func (a *app) openHost(ctx context.Context, record serve.Recorder) (*served, error) {
	a.patience = -1 // who watches decides for himself when it is enough
	folder, err := a.downloads()
	if err != nil {
		return nil, err
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return nil, err
	}
	h := &served{a: a, open: newAccounts(a), record: record, folder: folder, limits: sshd.DefaultLimits()}
	if _, err = h.account(ctx); err != nil {
		return nil, errors.Join(err, h.open.Close())
	}
	h.desk = serve.NewDesk(record)
	return h, nil
}

// Close stops all jobs, keeps what arrived, and writes down that they ended.
func (h *served) Close() error {
	err := h.open.Close()
	h.desk.Close()
	return err
}

// deps is what one session's console is made of.
func (h *served) deps() tui.Deps {
	d := h.a.consoleDeps(h.open)
	d.Answers = &newexport.InMemory{} // one person's answers are no other's
	d.LogFile, d.Tail = "", nil       // where the server is, and what it logs, is its own
	return d
}

// console shows the console in one session.
func (h *served) console(ctx context.Context, v *sshd.Visit, t serve.Terminal) error {
	longest, fetch := h.limits.Longest, ""
	if v.Local != nil { // not one behind OpenSSH's server, whose address we do not know
		longest, fetch = time.Until(v.Ends), v.SFTP()
	}
	return serve.Run(ctx, t, h.deps(), serve.Options{
		Rights: serve.Rights{Who: v.Who, Record: h.record}, Desk: h.desk, Doing: v.Does,
		Sessions: h.sessions, Fetch: fetch, Idle: h.limits.Idle, Longest: longest, JobsEnd: v.Local == nil,
	})
}

// account is the one that the server works with. An admin may have given it
// another key since it was opened.
func (h *served) account(ctx context.Context) (tui.Account, error) {
	return h.open.Open(ctx, h.a.settings.Profile.Value, h.a.notice)
}

// runHistory is history --json as the command here has it: the document, or that of
// its failure, on out, warnings on errOut, and the exit code.
func (h *served) runHistory(ctx context.Context, _ *sshd.Visit, out, errOut io.Writer) int {
	err := h.history(ctx, out, errOut)
	if err != nil {
		_ = text.EncodeJSON(out, errorDocumentOf(err)) // a client that is gone reads nothing
	}
	return exitCode(err)
}

// history writes the document of history --json.
func (h *served) history(ctx context.Context, out, errOut io.Writer) error {
	account, err := h.account(ctx)
	if err != nil {
		return err
	}
	l, err := account.Jobs.Exports(ctx)
	if err != nil {
		return err
	}
	source, entries := serverAndLocal, l.Entries
	if l.Offline != nil {
		source = localOnly
		_, _ = fmt.Fprintf(errOut, "Warning: %s\n", text.Untrusted(whyLocal(l.Offline)).Safe())
	}
	return text.EncodeJSON(out, historyResult(source, entries[:min(len(entries), defaultHistory)]))
}

// finished are the names of the verified files in the folder of exports: those
// that the history knows, and those of jobs that are done, which is all there
// is where there is no history. Exports of other profiles than the server's own
// are an admin's, as those profiles are, also when an admin has opened one.
func (h *served) finished(ctx context.Context, who serve.Who) ([]string, error) {
	var names []string
	take := func(path string) {
		if path != "" && filepath.Dir(path) == h.folder {
			names = append(names, filepath.Base(path))
		}
	}
	for profile, c := range h.open.connections() {
		switch {
		case who.Role < serve.Admin && profile != h.profile():
			continue
		case profile == demoName:
			profile = "demo"
		}
		for _, e := range job.Remembered(ctx, c.history, c.state, c.api.Origin(), profile).Entries {
			if e.LocalState == history.LocalVerified {
				take(e.LocalFile)
			}
		}
		for _, s := range c.jobs.List() {
			if s.Step == job.StepDone && s.Result != nil {
				take(s.Result.File)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// profile is the one that the server works with, among the open accounts.
func (h *served) profile() string {
	if h.a.demo {
		return demoName
	}
	return h.a.settings.Profile.Value
}

// connections are the open ones, by profile.
func (s *accounts) connections() map[string]*connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.open)
}
