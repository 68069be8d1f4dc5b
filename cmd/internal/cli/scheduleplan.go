package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// plan makes of the flags and of this run's settings what a system has to start.
func (a *app) plan(cmd *cobra.Command, on host, backup scheduledBackup, kind string) (schedule.Plan, error) {
	program, err := on.program()
	if err != nil {
		return schedule.Plan{}, err
	}
	folders, err := a.folders()
	if err != nil {
		return schedule.Plan{}, err
	}
	words, err := a.scheduledWords(cmd, backup.profiles == nil)
	if err != nil {
		return schedule.Plan{}, err
	}
	p := schedule.Plan{
		Argv:         append([]string{program}, words...),
		Env:          a.scheduledEnv(),
		Writes:       append(slices.Clone(backup.folders), folders.State),
		RunsCommands: a.runsCommands(backup.profiles),
	}
	if backup.profiles == nil {
		p.Profile = a.settings.Profile.Value
	}
	if a.logFile != "" {
		p.Writes = append(p.Writes, filepath.Dir(a.logFile))
	}
	slices.Sort(p.Writes)
	p.Writes = slices.Compact(p.Writes)
	if kind != bySystemd {
		p.Argv = append(p.Argv, "--quiet") // cron mails what is said; systemd's journal keeps it
	}
	if kind == byLaunchd {
		p.Log = filepath.Join(folders.State, schedule.Name(p.Profile)+".log")
	}
	if kind != byWindows && p.RunsCommands && a.Env.Get("PATH") != "" {
		p.Env = append(p.Env, schedule.Variable{Name: "PATH", Value: a.Env.Get("PATH")})
	}
	return p, nil
}

// pathFlags are the flags whose value is a file or a folder: a timer runs
// somewhere else, so they must not depend on where that is.
func pathFlags() []string { return []string{"dir", "recipients-file", "cacert", "log-file"} }

// scheduledWords is the command line of the backup: its flags as they were
// written, and what this run took from variables that a timer does not have.
func (a *app) scheduledWords(cmd *cobra.Command, one bool) ([]string, error) {
	words := []string{"backup"}
	if one {
		words = append(words, "--profile="+a.settings.Profile.Value)
	}
	switch a.settings.APIURL.Origin {
	case config.FromFlag, config.FromEnvironment:
		words = append(words, "--api-url="+a.settings.APIURL.Value)
	case config.FromProfile, config.FromFile, config.FromDefault: // a later run finds it there, too
	}
	var wrong error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "every", "at", "profile", "api-url", "json", "quiet", "color", "accessible":
			return
		}
		more, err := flagWords(f)
		wrong = errors.Join(wrong, err)
		words = append(words, more...)
	})
	return words, wrong
}

func flagWords(f *pflag.Flag) ([]string, error) {
	values := []string{f.Value.String()}
	if several, ok := f.Value.(*wordsValue); ok {
		values = *several.into
	}
	var words []string
	for _, v := range values {
		if slices.Contains(pathFlags(), f.Name) {
			abs, err := filepath.Abs(v)
			if err != nil {
				return nil, fmt.Errorf("find --%s: %w", f.Name, err)
			}
			v = abs
		}
		if f.Value.Type() == "bool" && v == "true" {
			words = append(words, "--"+f.Name)
		} else {
			words = append(words, "--"+f.Name+"="+v)
		}
	}
	return words, nil
}

// scheduledEnv are the variables of this run that change what a backup does and
// hold no key. A proxy with a password in it is not among them.
func (a *app) scheduledEnv() []schedule.Variable {
	var env []schedule.Variable
	for _, name := range []string{
		"DASHTRAY_CONFIG", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME",
		"HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
	} {
		value := a.Env.Get(name)
		switch {
		case value == "":
		case strings.EqualFold(name, "HTTPS_PROXY") && strings.Contains(value, "@"):
			a.warn(name + " has a password in it, which is not written into a schedule: the backup goes without that proxy")
		default:
			env = append(env, schedule.Variable{Name: name, Value: value})
		}
	}
	return env
}

// runsCommands says whether the backup runs commands of the person's.
func (a *app) runsCommands(profiles []string) bool {
	if a.settings.Hooks.OnSuccess.Argv != nil || a.settings.Hooks.OnFailure.Argv != nil {
		return true
	}
	for _, name := range a.profilesOf(profiles) {
		if s, err := a.settingsOf(name); err == nil && s.KeyCommand.Value != "" {
			return true
		}
	}
	return false
}

func (a *app) profilesOf(profiles []string) []string {
	if profiles == nil {
		return []string{a.settings.Profile.Value}
	}
	return profiles
}

// nightKeys makes sure that each profile's key is found by a run that has no
// person, no keyring and none of this shell's variables. It says where, and
// writes into the plan what leads there.
func (a *app) nightKeys(ctx context.Context, p *schedule.Plan, profiles []string, kind string, version int) ([]string, error) {
	if profiles == nil {
		place, handed, err := a.handedKey(ctx, p, kind, version)
		if handed || err != nil {
			return []string{place}, err
		}
	}
	var places []string
	for _, name := range a.profilesOf(profiles) {
		settings := a.settings
		if profiles != nil {
			var err error
			if settings, err = a.settingsOf(name); err != nil {
				return nil, err
			}
		}
		place, err := a.storedKey(ctx, settings)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	return places, nil
}

// handedKey is a file that the system can hand to the backup: a credential that
// systemd-creds has encrypted, or the file of DASHTRAY_API_KEY_FILE.
func (a *app) handedKey(ctx context.Context, p *schedule.Plan, kind string, version int) (place string, handed bool, err error) {
	id := "dashtray-api-key-" + a.settings.Profile.Value
	if kind == bySystemd && version >= schedule.VersionEncrypted {
		m, err := a.manager(host{})
		if err != nil {
			return "", false, err
		}
		path := filepath.Join(m.Dir, "..", "..", "credstore.encrypted", id)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			p.Credential = schedule.Credential{ID: id, Path: path, Encrypted: true}
			return fmt.Sprintf("the encrypted credential %q", path), true, nil
		}
	}
	path := a.Env.Get(secret.EnvKeyFile)
	if path == "" || kind == byWindows {
		return "", false, nil
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", false, fmt.Errorf("find %s: %w", secret.EnvKeyFile, err)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", false, noNightKey(fmt.Sprintf("%s names %q, which is no file that is still there at night", secret.EnvKeyFile, path))
	}
	only := func(name string) (string, bool) {
		if name == secret.EnvKeyFile {
			return path, true
		}
		return "", false
	}
	found, err := secret.Find(ctx, secret.Places(secret.Options{Env: only})...)
	if err != nil {
		return "", false, err
	}
	for _, w := range found.Warnings {
		a.warn(w)
	}
	if kind == bySystemd && schedule.CredentialsWork(version) {
		p.Credential = schedule.Credential{ID: id, Path: path}
	} else {
		p.Env = append(p.Env, schedule.Variable{Name: secret.EnvKeyFile, Value: path})
	}
	return fmt.Sprintf("%q", path), true, nil
}

// storedKey finds a key as a timer's run does.
func (a *app) storedKey(ctx context.Context, s config.Settings) (place string, err error) {
	own := a.ownEnv()
	night := func(name string) (string, bool) {
		if name == secret.EnvCredentials {
			return "", false
		}
		return own(name)
	}
	acc, err := a.account(s, night)
	if err != nil {
		return "", err
	}
	a.withheld(s)
	found, err := a.findKey(ctx, acc, nil)
	switch {
	case err == nil:
		return found.Place, nil
	case !errors.Is(err, secret.ErrNoKey):
		return "", err
	}
	for _, name := range []string{secret.EnvKey, secret.EnvKeyFile, secret.EnvKeyCommand} {
		if a.Env.Get(name) != "" {
			return "", noNightKey(fmt.Sprintf("The key of profile %s comes from %s, a variable of this shell that a timer does not have", s.Profile.Value, name))
		}
	}
	return "", noNightKey(fmt.Sprintf("Profile %s has no API key that is found without a keyring and without asking, as at night it must be", s.Profile.Value))
}

func noNightKey(what string) error {
	return message.New(message.NoKey, what+".",
		"Keep the key in a file with \"dashtray-tui auth login --store file\", give the profile a key_command, or set DASHTRAY_API_KEY_FILE to a file that stays.")
}
