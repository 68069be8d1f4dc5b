package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
)

// account is a profile as this run goes by it, and where its key may be.
type account struct {
	settings config.Settings
	id       secret.Account
	env      config.Lookup
	files    secret.KeyFile
	keyDir   string
	folders  config.Folders // zero where there is no home
	// other: its origin is not that of the profile that the program was started
	// with, so that a key which names no profile is not for it.
	other bool
}

// account checks the address, before any key is looked for. An account without
// a home works, and is not remembered.
func (a *app) account(s config.Settings, env config.Lookup) (account, error) {
	base, err := client.ParseBase(s.APIURL.Value)
	if err != nil {
		return account{}, err
	}
	folders, err := a.folders()
	if err != nil && !errors.Is(err, config.ErrNoHome) {
		return account{}, err
	}
	started, err := client.ParseBase(a.settings.APIURL.Value)
	acc := account{
		settings: s, env: env, folders: folders,
		id:    secret.Account{Profile: s.Profile.Value, Origin: base.Origin()},
		other: err != nil || started.Origin() != base.Origin(),
	}
	if folders.Config != "" {
		acc.keyDir = filepath.Join(folders.Config, "keys")
	}
	acc.files = secret.NewKeyFile(acc.keyDir)
	return acc, nil
}

// findKey asks the places in their order. A nil ring is not asked.
func (a *app) findKey(ctx context.Context, acc account, ring *secret.Keyring) (secret.Found, error) {
	stderr := a.Err
	if a.onScreen {
		stderr = io.Discard
	}
	found, err := secret.Find(ctx, secret.Places(secret.Options{
		Env: acc.env, Account: acc.id, OtherOrigin: acc.other, KeyCommand: acc.settings.KeyCommand.Value,
		Keyring: ring, KeyDir: acc.keyDir, Stderr: stderr,
	})...)
	if err == nil {
		a.log.Info("key found", "place", found.Place)
	}
	return found, err
}

// withheld warns that a profile's key command was left out.
func (a *app) withheld(s config.Settings) {
	if s.KeyCommandWithheld {
		a.warn(fmt.Sprintf("the key command of profile %s was not run: its key is for that profile's own address, not for %s",
			s.Profile.Value, s.APIURL.Value))
	}
}

// notice tells a person what is waited for.
func (a *app) notice(s string) {
	if !a.quiet && !a.onScreen {
		_, _ = fmt.Fprintln(a.Err, text.Untrusted(s).Safe())
	}
}

// openHistory opens what this machine remembers, or warns that it cannot: then
// there is none, and everything else works.
func (a *app) openHistory(ctx context.Context, stateDir string) *history.Store {
	if stateDir == "" {
		return nil
	}
	path := filepath.Join(stateDir, "history.db")
	store, err := history.Open(ctx, path, history.Options{Now: a.Now})
	switch {
	case err == nil:
		return store
	case ctx.Err() != nil:
	case errors.Is(err, history.ErrNewer):
		a.warn(fmt.Sprintf("%q was made by a newer version of this program, so there is no history: update the program, or move the file away", path))
	case errors.Is(err, history.ErrDamaged):
		a.warn(fmt.Sprintf("%q is damaged, so there is no history: move it away, and a new one is made", path))
	default:
		a.warn(fmt.Sprintf("the history cannot be opened, so there is none: %v", err))
	}
	return nil
}
