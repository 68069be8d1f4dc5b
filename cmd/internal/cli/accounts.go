package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// accounts is how the console comes to its projects: what it may read and
// write of profiles and keys.
type accounts struct {
	a *app

	mu   sync.Mutex
	open map[string]*connection // by profile
	old  []*connection          // replaced by one with another key; their jobs go on
}

func newAccounts(a *app) *accounts { return &accounts{a: a, open: map[string]*connection{}} }

// Close stops the jobs of all profiles and keeps what arrived.
func (s *accounts) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	for _, c := range s.open {
		err = errors.Join(err, c.Close())
	}
	for _, c := range s.old {
		err = errors.Join(err, c.Close())
	}
	return err
}

// inDemo refuses what reads or changes a person's own profiles and keys: the demo
// lives apart from them.
func (s *accounts) inDemo() error {
	if !s.a.demo {
		return nil
	}
	return message.New(message.Usage, "The demo has no profiles.", "Start the program without --demo to come to yours.")
}

// demoName is the demo among the open accounts: no profile can be called so.
const demoName = "--demo"

// accountOf gives a profile's account. The one that the program was started
// with goes by the flags and variables, every other by its own settings alone.
func (s *accounts) accountOf(profile string) (account, error) {
	started := s.a.settings.Profile.Value
	if profile == "" || profile == started {
		return s.a.account(s.a.settings, s.a.Env)
	}
	s.mu.Lock()
	file := s.a.file
	s.mu.Unlock()
	settings, err := s.a.settingsIn(file, profile)
	if err != nil {
		return account{}, err
	}
	return s.a.account(settings, s.a.ownEnv())
}

// Open finds a profile's key. Nobody else is asked while a keyring is.
func (s *accounts) Open(ctx context.Context, profile string, notice func(string)) (tui.Account, error) {
	if s.a.demo {
		return s.Demo(ctx)
	}
	acc, err := s.accountOf(profile)
	if err != nil {
		return tui.Account{}, err
	}
	if c := s.opened(acc.id.Profile); c != nil {
		return s.console(acc, c), nil
	}
	found, err := s.a.findKey(ctx, acc, s.a.ring.Telling(notice))
	if err != nil {
		return tui.Account{}, err
	}
	return s.connect(ctx, acc, found)
}

func (s *accounts) opened(profile string) *connection {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[profile]
}

// connect wires an account. Where two asked at once, the first counts.
func (s *accounts) connect(ctx context.Context, acc account, found secret.Found) (tui.Account, error) {
	c, err := s.a.connectWith(ctx, acc, found, nil)
	if err != nil {
		return tui.Account{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.open[acc.id.Profile]; first != nil {
		return s.console(acc, first), c.Close()
	}
	s.open[acc.id.Profile] = c
	return s.console(acc, c), nil
}

// console is a connection as the console knows it.
func (s *accounts) console(acc account, c *connection) tui.Account {
	out := tui.Account{KeyFrom: c.keyFrom, Jobs: c.jobs, ShellCommand: s.command(false, acc.settings)}
	if acc.settings.Profile.Origin != config.FromDefault {
		out.Profile = acc.id.Profile
	}
	return out
}

// Demo opens the sandbox inside the program.
func (s *accounts) Demo(ctx context.Context) (tui.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.open[demoName]
	if c == nil {
		var err error
		if c, err = s.a.connectDemo(ctx, nil); err != nil {
			return tui.Account{}, err
		}
		s.open[demoName] = c
	}
	return tui.Account{Label: "demo", Jobs: c.jobs, ShellCommand: s.command(true, config.Settings{})}, nil
}

func (s *accounts) command(demo bool, settings config.Settings) func(job.Spec) string {
	return func(spec job.Spec) string { return s.a.shellCommand(demo, settings, spec) }
}

// Check asks the API whose project a key is.
func (s *accounts) Check(ctx context.Context, profile string, key client.Key) (client.Project, error) {
	if err := s.inDemo(); err != nil {
		return client.Project{}, err
	}
	acc, err := s.accountOf(profile)
	if err != nil {
		return client.Project{}, err
	}
	return s.a.checkKey(ctx, acc, key)
}

// Places are where a key can be kept here.
func (s *accounts) Places(ctx context.Context) []tui.Place {
	acc, err := s.accountOf("")
	if err != nil {
		return nil
	}
	var out []tui.Place
	for _, c := range secret.Choices(ctx, s.a.ring, acc.files) {
		out = append(out, tui.Place{ID: c.ID, Name: c.Name, What: c.What, Unavailable: c.Unavailable})
	}
	return out
}

// Keep stores a key and opens the profile with it. An open connection with
// another key makes room; its jobs go on until the program ends.
func (s *accounts) Keep(ctx context.Context, profile, place string, key client.Key) (tui.Account, error) {
	if err := s.inDemo(); err != nil {
		return tui.Account{}, err
	}
	acc, err := s.accountOf(profile)
	if err != nil {
		return tui.Account{}, err
	}
	found := secret.Found{Key: key, Place: "this session"}
	if place != "" {
		for _, c := range secret.Choices(ctx, s.a.ring, acc.files) {
			if c.ID == place {
				found.Place = c.Store.Place()
				err = s.a.storeKey(ctx, acc, c, key)
			}
		}
		if err != nil {
			return tui.Account{}, err
		}
	}
	s.setAside(acc.id.Profile)
	return s.connect(ctx, acc, found)
}

// setAside makes room for another connection of the profile.
func (s *accounts) setAside(profile string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.open[profile]; c != nil {
		s.old = append(s.old, c)
		delete(s.open, profile)
	}
}

// Profiles lists the profiles of the settings file, and "default". The one that
// the program was started with has the address that this run goes by.
func (s *accounts) Profiles(context.Context) ([]tui.Profile, error) {
	if err := s.inDemo(); err != nil {
		return nil, err
	}
	if err := s.reload(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	doc := s.a.profilesDocument()
	s.mu.Unlock()
	var out []tui.Profile
	for _, p := range doc.Profiles {
		known := tui.Profile{Name: p.Name, APIURL: p.APIURL, Default: p.Default, Current: p.Current}
		if acc, err := s.accountOf(p.Name); err == nil {
			known.APIURL, known.Key = acc.settings.APIURL.Value, s.keyOf(acc)
		}
		if known.APIURL == config.DefaultAPIURL {
			known.APIURL = ""
		}
		out = append(out, known)
	}
	return out, nil
}

// keyOf is where a profile's key is, as far as that is known without asking
// for it: an open one has told, of others the file and the settings tell.
func (s *accounts) keyOf(acc account) string {
	where := ""
	switch keyWithoutAsking(acc) {
	case "key_command":
		where = "key command"
	case secret.StoreFile:
		where = "key file"
	}
	c := s.opened(acc.id.Profile)
	ofFile := c != nil && (c.keyFrom == acc.files.Place() || c.keyFrom == fmt.Sprintf("%q", acc.files.Path(acc.id)))
	if c == nil || (ofFile && where != "") {
		return where // shorter than the path, which the line would cut
	}
	return c.keyFrom
}

func (s *accounts) reload() error {
	file, err := config.ReadFile(runtime.GOOS, s.a.Env)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.a.file = file
	s.mu.Unlock()
	return nil
}

// Add writes a new profile into the settings file.
func (s *accounts) Add(ctx context.Context, name, apiURL string) error {
	return s.edit(func(path string) error { return config.AddProfile(ctx, path, name, apiURL) })
}

// Use makes a profile the default one.
func (s *accounts) Use(ctx context.Context, name string) error {
	return s.edit(func(path string) error { return config.UseProfile(ctx, path, name) })
}

// Remove takes a profile and its stored key away. Its jobs go on until the
// program ends; a new profile of that name has a connection of its own.
func (s *accounts) Remove(ctx context.Context, name string) error {
	err := s.edit(func(path string) error {
		s.mu.Lock()
		file := s.a.file
		s.mu.Unlock()
		_, err := s.a.removeProfile(ctx, path, file, name)
		return err
	})
	if err == nil {
		s.setAside(name)
	}
	return err
}

func (s *accounts) edit(change func(path string) error) error {
	if err := s.inDemo(); err != nil {
		return err
	}
	path, _, err := config.FilePath(runtime.GOOS, s.a.Env)
	if err != nil {
		return err
	}
	if err := change(path); err != nil {
		return fmt.Errorf("change the profiles: %w", err)
	}
	return s.reload()
}
