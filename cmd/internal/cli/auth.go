package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
	"github.com/dashtray/dashtray-tui/tui/message"
)

func (a *app) authCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Keep an API key on this machine, look at it, or remove it",
		Long: "Keep an API key on this machine, look at it, or remove it.\n\n" +
			"A key belongs to a profile and to the address of its API: it is never sent to\n" +
			"another one. \"help environment\" tells where else a key is looked for, and in\n" +
			"which order.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, "auth takes a command: login, status or logout.")
		},
	}
	cmd.AddCommand(a.loginCommand(), a.statusCommand(), a.logoutCommand())
	return cmd
}

func (a *app) loginCommand() *cobra.Command {
	var store string
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Check an API key and keep it",
		Long: "Check an API key and keep it: in the system's keyring, or where there is none\n" +
			"and --store file asks for it, in a file that only you can read.\n\n" +
			"The key is typed at a prompt that does not show it, or comes from standard\n" +
			"input. Dashtray makes keys under Settings, API keys.",
		Example: "  dashtray-tui auth login\n" +
			"  dashtray-tui auth login --store file < key.txt\n" +
			"  pass show dashtray | dashtray-tui auth login --profile work",
		Args: keyIsNoArgument,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("store") {
				if err := oneOf(cmd, "store", store, secret.StoreKeyring, secret.StoreFile); err != nil {
					return err
				}
			}
			if err := a.needsKey(cmd); err != nil {
				return err
			}
			return a.login(cmd.Context(), store)
		},
	}
	word(cmd.Flags(), &store, "store", secret.StoreKeyring, "WHERE", "keep it in the keyring or in a file: keyring or file")
	completeWords(cmd, "store", secret.StoreKeyring, secret.StoreFile)
	return cmd
}

// needsKey refuses the demo, which has no keys to look after.
func (a *app) needsKey(cmd *cobra.Command) error {
	return a.refuseDemo(cmd, "The demo needs no key")
}

// keyIsNoArgument tells where a key goes, and does not repeat it: every user of
// the machine sees a command line, and a shell remembers it.
func keyIsNoArgument(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError(cmd, "%s takes no arguments: the key is typed at its prompt, or comes from standard input.", cmd.CommandPath())
	}
	return nil
}

// login finds the place first, so that nobody types a key in vain, and stores
// nothing that the API refuses.
func (a *app) login(ctx context.Context, store string) error {
	acc, err := a.account(a.settings, a.Env)
	if err != nil {
		return err
	}
	choice, err := a.choose(ctx, acc, store)
	if err != nil {
		return err
	}
	key, err := a.readKey(ctx)
	if err != nil {
		return notStored(ctx, err)
	}
	project, err := a.checkKey(ctx, acc, key)
	if err != nil {
		return notStored(ctx, err)
	}
	if project == (client.Project{}) {
		a.warn("the key was not checked, since the server has no call that tells whose it is; is " + acc.settings.APIURL.Value + " the API's address?")
	}
	if err := a.storeKey(ctx, acc, choice, key); err != nil {
		return err
	}
	a.warnOfOthers(acc, "as long as it is, the stored key is not looked at")
	a.warnOfNewProfile(acc)
	if a.json {
		return a.printDocument(loginDocument{acc.id.Profile, acc.id.Origin, choice.ID, choice.Store.Place(), projectOf(project)})
	}
	return a.say("The key of %s is kept in %s.", described(project, acc), choice.Store.Place())
}

// notStored has the words for a login that was interrupted: nothing of it is
// kept that another one could go on with.
func notStored(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return &message.Error{
		Message: message.Message{
			Code: message.Interrupted, Text: "Interrupted: no key was stored.",
			Hint: "Run the same command again to log in.",
		},
		Err: context.Cause(ctx),
	}
}

// warnOfNewProfile tells that a name alone is no profile yet: without any in the
// settings file every name is taken, and once there is one, no other is.
func (a *app) warnOfNewProfile(acc account) {
	name := acc.id.Profile
	if name == config.DefaultProfile || isProfile(a.file, name) {
		return
	}
	add := []string{"dashtray-tui", "profile", "add", name}
	if acc.settings.APIURL.Value != config.DefaultAPIURL {
		add = append(add, "--api-url", acc.settings.APIURL.Value)
	}
	a.warn(fmt.Sprintf("profile %s is not in the settings file, so profile list and backup --all-profiles do not know it: %s",
		name, host{goos: runtime.GOOS}.shellLine(add)))
}

// storeKey keeps a key in one place. An older one in another place goes: it
// would be found first, or live on unseen. Whoever has chosen the file is not
// asked for the keyring's password for that.
func (a *app) storeKey(ctx context.Context, acc account, choice secret.Choice, key client.Key) error {
	if err := choice.Store.Put(ctx, acc.id, key); err != nil {
		return err
	}
	a.log.Info("key stored", "place", choice.Store.Place())
	_, err := a.removeKey(ctx, acc, choice.ID)
	return err
}

// choose finds the store. One that cannot be used is an error that names the
// others: none is taken instead.
func (a *app) choose(ctx context.Context, acc account, store string) (secret.Choice, error) {
	var chosen, other secret.Choice
	for _, c := range secret.Choices(ctx, a.ring, acc.files) {
		if c.ID == store {
			chosen = c
		} else {
			other = c
		}
	}
	if chosen.Unavailable == "" {
		return chosen, nil
	}
	said := message.Message{Code: message.NoKey, Text: "The key was not stored. " + chosen.Unavailable}
	var ring *secret.KeyringError
	if store == secret.StoreKeyring && errors.As(a.ring.Probe(ctx), &ring) {
		said.Text, said.Hint = "The key was not stored, since "+ring.Error()+".", ring.Hint()+" "
	}
	if other.Unavailable == "" {
		said.Hint += fmt.Sprintf("What --store %s means: %s%s ", other.ID, strings.ToLower(other.What[:1]), other.What[1:])
	}
	said.Hint += "Or put the key into DASHTRAY_API_KEY, DASHTRAY_API_KEY_FILE or DASHTRAY_API_KEY_COMMAND."
	return secret.Choice{}, &message.Error{Message: said}
}

// readKey asks a person at the terminal, else standard input.
func (a *app) readKey(ctx context.Context) (client.Key, error) {
	from, do, in := "standard input",
		"Send it there, as in dashtray-tui auth login < key.txt, or run the command at a terminal, where it asks for the key.", a.In
	if a.InTerminal && a.ReadHidden != nil {
		_, _ = fmt.Fprint(a.Err, "API key (it is not shown): ")
		typed, err := a.ReadHidden(ctx)
		_, _ = fmt.Fprintln(a.Err)
		if err != nil {
			return client.Key{}, fmt.Errorf("read the key: %w", err)
		}
		from, do, in = "the prompt", "Run the command again, and paste the key and nothing else.", strings.NewReader(typed)
	}
	key, err := secret.Given(ctx, from, in)
	var none *secret.Error
	if errors.As(err, &none) {
		return key, &message.Error{Message: message.Message{
			Code: message.NoKey, Text: fmt.Sprintf("No API key came from %s: %v.", from, none.Err), Hint: do,
		}, Err: err}
	}
	return key, err
}

// checkKey asks the API whose key it is. A server without that call cannot say.
func (a *app) checkKey(ctx context.Context, acc account, key client.Key) (client.Project, error) {
	api, err := client.New(client.Options{
		BaseURL: acc.settings.APIURL.Value, Key: key, Transport: newTransport(a.roots), UserAgent: userAgent(), Now: a.Now, Log: a.log,
	})
	if err != nil {
		return client.Project{}, err
	}
	project, err := api.Project(ctx)
	if errors.Is(err, client.ErrNotFound) {
		return client.Project{}, nil
	}
	return project, err
}

// warnOfOthers tells of places that are asked before the stores.
func (a *app) warnOfOthers(acc account, then string) {
	for _, name := range []string{secret.EnvKey, secret.EnvKeyFile, secret.EnvKeyCommand} {
		if a.Env.Get(name) != "" {
			a.warn(name + " is set: " + then)
		}
	}
	if acc.settings.KeyCommand.Value != "" {
		a.warn("a key_command is set for profile " + acc.id.Profile + ": " + then)
	}
}

func (a *app) logoutCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Remove the stored API key",
		Long: "Remove the profile's API key from the keyring and from the file. The key itself\n" +
			"stays valid: revoke it where it was made.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.needsKey(cmd); err != nil {
				return err
			}
			return a.logout(cmd.Context())
		},
	}
}

func (a *app) logout(ctx context.Context) error {
	acc, err := a.account(a.settings, a.Env)
	if err != nil {
		return err
	}
	removed, err := a.removeKey(ctx, acc, "")
	if err != nil {
		return err
	}
	a.warnOfOthers(acc, "its key is used all the same")
	if a.json {
		return a.printDocument(logoutDocument{acc.id.Profile, acc.id.Origin, removed})
	}
	if len(removed) == 0 {
		return a.say("There was no stored key of %s.", accountWords(acc))
	}
	return a.say("The key of %s was removed from %s. It stays valid until it is revoked where it was made.", accountWords(acc), list(removed))
}

// removeKey takes the key from every store but one, and tells from which it
// did. A keyring that cannot be asked is a warning: it may still hold the key.
// It has a window shown only where the key is to go from all of them.
func (a *app) removeKey(ctx context.Context, acc account, but string) ([]string, error) {
	removed := []string{}
	stores := map[string]secret.Store{secret.StoreKeyring: a.ring, secret.StoreFile: acc.files}
	if acc.keyDir == "" {
		delete(stores, secret.StoreFile)
	}
	delete(stores, but)
	for _, id := range []string{secret.StoreKeyring, secret.StoreFile} {
		store, ok := stores[id]
		if !ok {
			continue
		}
		remove, left := store.Remove, "that is still there"
		if id == secret.StoreKeyring && but != "" {
			remove, left = a.ring.RemoveIfOpen, "that is still there, and is found first"
		}
		was, err := remove(ctx, acc.id)
		var broken *secret.KeyringError
		switch {
		case errors.As(err, &broken):
			a.log.Info("keyring not asked", "reason", broken.Reason)
			if broken.Reason == secret.Locked || broken.Reason == secret.TimedOut || broken.Reason == secret.Denied {
				a.warn(broken.Error() + ": if it has a key of this account, " + left)
			}
		case err != nil:
			return removed, err
		case was:
			removed = append(removed, store.Place())
		}
	}
	return removed, nil
}

// described names a project, or else the account.
func described(p client.Project, acc account) string {
	if p.Name == "" {
		return accountWords(acc)
	}
	return fmt.Sprintf("%q", p.Name.Safe())
}

func accountWords(acc account) string {
	return fmt.Sprintf("profile %s at %s", acc.id.Profile, acc.id.Origin)
}

type loginDocument struct {
	Profile string           `json:"profile"`
	Origin  string           `json:"origin"`
	Store   string           `json:"store"`
	Place   string           `json:"place"`
	Project *projectDocument `json:"project"`
}

type logoutDocument struct {
	Profile string   `json:"profile"`
	Origin  string   `json:"origin"`
	Removed []string `json:"removed"`
}

type projectDocument struct {
	ID   *string `json:"id"`
	Name *string `json:"name"`
	Slug *string `json:"slug"`
}

func projectOf(p client.Project) *projectDocument {
	if p == (client.Project{}) {
		return nil
	}
	return &projectDocument{known(p.ID.Raw()), known(p.Name.Raw()), known(p.Slug.Raw())}
}
