package serve

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui"
)

// safeBase is a file's name without its folder.
func safeBase(path string) string {
	if path == "" {
		return ""
	}
	return text.Untrusted(filepath.Base(path)).Safe()
}

// accounts are the server's accounts as one person may use them. All but the
// one that the server works with are an admin's.
type accounts struct {
	inner   tui.Accounts
	start   string // the profile that the server works with
	rights  Rights
	desk    *Desk
	now     func() time.Time
	refused func(error)

	mu   sync.Mutex
	open map[tui.Jobs]*jobs // so that an account that was open is known again
}

func (a *accounts) wrap(acc tui.Account, err error) (tui.Account, error) {
	if err != nil {
		return tui.Account{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.open[acc.Jobs]
	if known == nil {
		known = newJobs(acc.Jobs, a.rights, a.desk, a.now, a.refused)
		a.open[acc.Jobs] = known
	}
	acc.Jobs = known
	return acc, nil
}

// jobs are those of all accounts that were opened.
func (a *accounts) jobs() []job.Snapshot {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []job.Snapshot
	for _, j := range a.open {
		all = append(all, j.List()...)
	}
	return all
}

func (a *accounts) admin(words, action, object string) error {
	return a.rights.Allow(Admin, words, Event{Action: action, Object: text.Untrusted(object).SafeN(80)})
}

// Profiles lists the profiles.
func (a *accounts) Profiles(ctx context.Context) ([]tui.Profile, error) {
	if err := a.admin("look at the profiles", "profile.list", ""); err != nil {
		return nil, err
	}
	return a.inner.Profiles(ctx)
}

// Open gives the account that the server works with, to an admin any other.
func (a *accounts) Open(ctx context.Context, profile string, notice func(string)) (tui.Account, error) {
	if profile != a.start && profile != "" {
		if err := a.admin("change to another profile", "profile.open", profile); err != nil {
			return tui.Account{}, err
		}
	}
	return a.wrap(a.inner.Open(ctx, profile, notice))
}

// Demo opens the sandbox inside the program.
func (a *accounts) Demo(ctx context.Context) (tui.Account, error) {
	if err := a.admin("start the demo", "profile.open", "demo"); err != nil {
		return tui.Account{}, err
	}
	return a.wrap(a.inner.Demo(ctx))
}

// Check asks the API whose project a key is.
func (a *accounts) Check(ctx context.Context, profile string, key client.Key) (client.Project, error) {
	if err := a.admin("give a key", "key.check", profile); err != nil {
		return client.Project{}, err
	}
	return a.inner.Check(ctx, profile, key)
}

// Places are where a key can be kept. Only who may keep one needs them.
func (a *accounts) Places(ctx context.Context) []tui.Place {
	if a.rights.Who.Role < Admin {
		return nil
	}
	return a.inner.Places(ctx)
}

// Keep stores a key that was checked.
func (a *accounts) Keep(ctx context.Context, profile, place string, key client.Key) (tui.Account, error) {
	if err := a.admin("keep a key", "key.keep", profile); err != nil {
		return tui.Account{}, err
	}
	return a.wrap(a.inner.Keep(ctx, profile, place, key))
}

// Add makes a profile.
func (a *accounts) Add(ctx context.Context, name, apiURL string) error {
	if err := a.admin("add profiles", "profile.add", name); err != nil {
		return err
	}
	return a.inner.Add(ctx, name, apiURL)
}

// Use makes a profile the default.
func (a *accounts) Use(ctx context.Context, name string) error {
	if err := a.admin("change the default profile", "profile.use", name); err != nil {
		return err
	}
	return a.inner.Use(ctx, name)
}

// Remove takes a profile away.
func (a *accounts) Remove(ctx context.Context, name string) error {
	if err := a.admin("remove profiles", "profile.remove", name); err != nil {
		return err
	}
	return a.inner.Remove(ctx, name)
}

// files are the server's files as one person may use them.
type files struct {
	inner  tui.Files
	rights Rights
}

// Verify checks a file, and reads all of it: not for who only looks.
func (f files) Verify(ctx context.Context, path string, expect archive.Expect, progress func(read, size int64)) (archive.Report, error) {
	if err := f.rights.Allow(Operator, "check files", Event{Action: "file.verify", Object: safeBase(path)}); err != nil {
		return archive.Report{}, err
	}
	return f.inner.Verify(ctx, path, expect, progress)
}

// Inspect reads all of a file: not for who only looks.
func (f files) Inspect(ctx context.Context, path string, expect archive.Expect, progress func(done, total int64)) (archive.Report, error) {
	if err := f.rights.Allow(Operator, "look into files", Event{Action: "file.inspect", Object: safeBase(path)}); err != nil {
		return archive.Report{}, err
	}
	return f.inner.Inspect(ctx, path, expect, progress)
}

// OpenFolder is for a desktop, which nobody here sits at.
func (f files) OpenFolder(string) error {
	return &RefusedError{Action: "open a folder of the server", Role: f.rights.Who.Role, Needs: Admin}
}

// Remove deletes the file of an export.
func (f files) Remove(path string) error {
	if err := f.rights.Allow(Admin, "delete files", Event{Action: "file.delete", Object: safeBase(path)}); err != nil {
		return err
	}
	return f.inner.Remove(path)
}
