// Package accountstest has accounts for tests of the console: profiles and keys
// in memory, that answer when and as a test wants. It ships in no binary.
package accountstest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// Accounts is a [tui.Accounts]. Make it with New. All times are those of the
// synctest bubble that it is used in.
type Accounts struct {
	mu       sync.Mutex
	profiles []tui.Profile
	open     map[string]tui.Account // what Open gives, by profile
	fail     map[string]error       // what Open gives instead
	keep     func(profile string) tui.Account
	demo     tui.Account
	good     client.Key
	project  client.Project
	checkErr error
	places   []tui.Place
	notice   string
	delay    time.Duration
	change   error // of Add, Use and Remove
	list     error // of Profiles
	calls    []string
}

// SetPlaces is what Places gives.
func (a *Accounts) SetPlaces(places ...tui.Place) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.places = places
}

// New makes accounts without profiles and keys, that know two places to keep a
// key, one of them out of order.
func New() *Accounts {
	return &Accounts{
		open: map[string]tui.Account{}, fail: map[string]error{},
		project: client.Project{ID: "j57abc123", Name: "My SaaS App", Slug: "my-saas-app"},
		places: []tui.Place{
			{ID: "keyring", Name: "the keyring of this session", What: "It is encrypted, and unlocked when you log in.", Unavailable: "No session bus runs here."},
			{ID: "file", Name: "a file in the configuration folder", What: "Whoever may read your files can read it."},
		},
	}
}

// Has makes a profile whose key is known.
func (a *Accounts) Has(p tui.Profile, acct tui.Account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.profiles = append(a.profiles, p)
	a.open[p.Name] = acct
	if p.Default {
		a.open[""] = acct
	}
}

// Fails has Open of a profile fail; nil ends that.
func (a *Accounts) Fails(profile string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail[profile] = err
}

// Takes has Check accept this key, and Keep open acct with it.
func (a *Accounts) Takes(key client.Key, keep func(profile string) tui.Account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.good, a.keep = key, keep
}

// CheckFails has Check fail, whatever the key; nil ends that.
func (a *Accounts) CheckFails(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.checkErr = err
}

// ListFails has Profiles fail.
func (a *Accounts) ListFails(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = err
}

// ChangesFail has Add, Use and Remove fail; nil ends that.
func (a *Accounts) ChangesFail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.change = err
}

// Demos is what Demo opens.
func (a *Accounts) Demos(acct tui.Account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.demo = acct
}

// Slow has every call last that long; Open says notice first, if that is not empty.
func (a *Accounts) Slow(d time.Duration, notice string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.delay, a.notice = d, notice
}

// Calls are the calls in the order of their ends, without keys: "open work",
// "open work: context canceled".
func (a *Accounts) Calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

// done notes a call.
func (a *Accounts) done(err error, call string, args ...any) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := fmt.Sprintf(call, args...)
	if err != nil {
		s += ": " + err.Error()
	}
	a.calls = append(a.calls, s)
	return err
}

// wait lasts as long as Slow says.
func (a *Accounts) wait(ctx context.Context) error {
	a.mu.Lock()
	d := a.delay
	a.mu.Unlock()
	if d == 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Profiles is the [tui.Accounts]'s.
func (a *Accounts) Profiles(ctx context.Context) ([]tui.Profile, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.list != nil {
		return nil, a.list
	}
	return slices.Clone(a.profiles), nil
}

// Open is the [tui.Accounts]'s.
func (a *Accounts) Open(ctx context.Context, profile string, notice func(string)) (tui.Account, error) {
	a.mu.Lock()
	said := a.notice
	a.mu.Unlock()
	if said != "" {
		notice(said)
	}
	err := a.wait(ctx)
	a.mu.Lock()
	acct, ok := a.open[profile]
	if err == nil {
		err = a.fail[profile]
	}
	a.mu.Unlock()
	if err == nil && !ok {
		err = message.New(message.NoKey, "There is no API key.", "")
	}
	return acct, a.done(err, "open %s", profile)
}

// Demo is the [tui.Accounts]'s.
func (a *Accounts) Demo(ctx context.Context) (tui.Account, error) {
	err := a.wait(ctx)
	a.mu.Lock()
	acct := a.demo
	a.mu.Unlock()
	return acct, a.done(err, "demo")
}

// Check is the [tui.Accounts]'s.
func (a *Accounts) Check(ctx context.Context, profile string, key client.Key) (client.Project, error) {
	err := a.wait(ctx)
	a.mu.Lock()
	p := a.project
	switch {
	case err != nil:
	case a.checkErr != nil:
		err = a.checkErr
	case !key.Equal(a.good):
		err = &client.Error{Kind: client.ErrUnauthorized, Step: "look up the project", Status: 401}
	}
	a.mu.Unlock()
	return p, a.done(err, "check %s", profile)
}

// Places is the [tui.Accounts]'s.
func (a *Accounts) Places(context.Context) []tui.Place {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.places)
}

// Keep is the [tui.Accounts]'s.
func (a *Accounts) Keep(ctx context.Context, profile, place string, key client.Key) (tui.Account, error) {
	err := a.wait(ctx)
	a.mu.Lock()
	var acct tui.Account
	if err == nil && key.Equal(a.good) {
		acct = a.keep(profile)
		a.open[profile] = acct
	}
	a.mu.Unlock()
	return acct, a.done(err, "keep %s in %s", profile, place)
}

// changing is how Add, Use and Remove begin.
func (a *Accounts) changing(ctx context.Context) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.change
}

// Add is the [tui.Accounts]'s.
func (a *Accounts) Add(ctx context.Context, name, apiURL string) error {
	err := a.changing(ctx)
	if err == nil {
		a.mu.Lock()
		a.profiles = append(a.profiles, tui.Profile{Name: name, APIURL: apiURL})
		a.mu.Unlock()
	}
	return a.done(err, "add %s %s", name, apiURL)
}

// Use is the [tui.Accounts]'s.
func (a *Accounts) Use(ctx context.Context, name string) error {
	err := a.changing(ctx)
	if err == nil {
		a.mu.Lock()
		for i := range a.profiles {
			a.profiles[i].Default = a.profiles[i].Name == name
		}
		a.mu.Unlock()
	}
	return a.done(err, "use %s", name)
}

// Remove is the [tui.Accounts]'s.
func (a *Accounts) Remove(ctx context.Context, name string) error {
	err := a.changing(ctx)
	if err == nil {
		a.mu.Lock()
		a.profiles = slices.DeleteFunc(a.profiles, func(p tui.Profile) bool { return p.Name == name })
		delete(a.open, name)
		a.mu.Unlock()
	}
	return a.done(err, "remove %s", name)
}

var _ tui.Accounts = (*Accounts)(nil)
