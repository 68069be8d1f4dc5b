package cli

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/config"
	"github.com/dashtray/dashtray-tui/config/secret"
)

func (a *app) profileCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "profile",
		Short: "Work with several projects, a key each",
		Long: "Work with several projects, a key each. A profile is a name, an address of the\n" +
			"API, and a key that is bound to both; --profile or DASHTRAY_PROFILE chooses one.",
		Example: "  dashtray-tui profile add work\n" +
			"  dashtray-tui auth login --profile work\n" +
			"  dashtray-tui profile use work",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, "profile takes a command: add, list, use or remove.")
		},
	}
	cmd.AddCommand(a.profileAdd(), a.profileList(), a.profileUse(), a.profileRemove())
	return cmd
}

func (a *app) profileAdd() *cobra.Command {
	return &cobra.Command{
		Use:   "add NAME",
		Short: "Add a profile",
		Long: "Add a profile to the settings file; --api-url is its address, if that is not\n" +
			"Dashtray's own. Its key comes with auth login --profile NAME.",
		Annotations: marked(makeSettings),
		Args:        oneArg("the profile's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			url := ""
			if cmd.Flags().Changed("api-url") {
				url = a.apiURL
			}
			return a.editProfiles(cmd, func(ctx context.Context, path string) (string, error) {
				return fmt.Sprintf("Added profile %s. Give it a key: dashtray-tui auth login --profile %[1]s", args[0]),
					config.AddProfile(ctx, path, args[0], url)
			})
		},
	}
}

func (a *app) profileUse() *cobra.Command {
	return &cobra.Command{
		Use:   "use NAME",
		Short: "Make a profile the default one",
		Args:  oneArg("the profile's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.editProfiles(cmd, func(ctx context.Context, path string) (string, error) {
				return fmt.Sprintf("Profile %s is the default one now.", args[0]), config.UseProfile(ctx, path, args[0])
			})
		},
		ValidArgsFunction: a.completeProfiles,
	}
}

func (a *app) profileRemove() *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a profile and its stored key",
		Long: "Remove a profile from the settings file, and its stored key. Exports, files and\n" +
			"the history stay.",
		Args: oneArg("the profile's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.editProfiles(cmd, func(ctx context.Context, path string) (string, error) {
				return a.removeProfile(ctx, path, a.file, args[0])
			})
		},
		ValidArgsFunction: a.completeProfiles,
	}
}

// removeProfile takes the key first: a profile without a key does no harm, a
// key without a profile is forgotten. A profile that the file does not have
// keeps its key.
func (a *app) removeProfile(ctx context.Context, path string, file *config.File, name string) (string, error) {
	said := fmt.Sprintf("Removed profile %s.", name)
	if isProfile(file, name) {
		s, err := a.settingsIn(file, name)
		if err != nil {
			return "", err
		}
		acc, err := a.account(s, a.ownEnv())
		if err != nil {
			return "", err
		}
		removed, err := a.removeKey(ctx, acc, "")
		if err != nil {
			return "", err
		}
		if len(removed) > 0 {
			said = fmt.Sprintf("Removed profile %s, and its key from %s.", name, list(removed))
		}
	}
	return said, config.RemoveProfile(ctx, path, name)
}

func isProfile(file *config.File, name string) bool {
	return slices.ContainsFunc(file.Profiles(), func(p config.Profile) bool { return p.Name == name })
}

// editProfiles changes the settings file and tells what was done.
func (a *app) editProfiles(cmd *cobra.Command, edit func(ctx context.Context, path string) (string, error)) error {
	if err := a.refuseDemo(cmd, "The demo has no profiles"); err != nil {
		return err
	}
	path, _, err := config.FilePath(runtime.GOOS, a.Env)
	if err != nil {
		return err
	}
	said, err := edit(cmd.Context(), path)
	if err != nil {
		return err
	}
	if a.json {
		if a.file, err = config.ReadFile(runtime.GOOS, a.Env); err != nil {
			return err
		}
		return a.printDocument(a.profilesDocument())
	}
	return a.say("%s", said)
}

// settingsOf are the settings of a profile by its own: what this run's flags
// and variables say is about the one that it was started with.
func (a *app) settingsOf(profile string) (config.Settings, error) {
	return a.settingsIn(a.file, profile)
}

func (a *app) settingsIn(file *config.File, profile string) (config.Settings, error) {
	return config.Load(config.Flags{Profile: config.Flag{Value: profile, Set: true}}, a.ownEnv(), file)
}

// ownEnv is the environment without what names one key or one address: those
// belong to the profile that the program was started with and to no other.
func (a *app) ownEnv() config.Lookup {
	return func(name string) (string, bool) {
		switch name {
		case config.EnvAPIURL, config.EnvProfile, secret.EnvKey, secret.EnvKeyFile, secret.EnvKeyCommand:
			return "", false
		}
		return a.Env(name)
	}
}

func (a *app) profileList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the profiles",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			doc := a.profilesDocument()
			if a.json {
				return a.printDocument(doc)
			}
			if a.quiet {
				return nil
			}
			return a.printProfiles(doc)
		},
	}
}

func (a *app) printProfiles(doc profilesDocument) error {
	var rows [][]string
	for _, p := range doc.Profiles {
		row := []string{p.Name, p.APIURL, "in the keyring, or none", ""}
		if p.Key != nil {
			row[2] = *p.Key
		}
		switch {
		case p.Default:
			row[3] = "default"
		case p.Current:
			row[3] = "this run"
		}
		rows = append(rows, row)
	}
	columns := []column{{title: "NAME"}, {title: "API"}, {title: "KEY"}, {title: "USED"}}
	if err := printTable(a.Out, columns, rows, a.tableWidth()); err != nil {
		return unwritable(err)
	}
	return nil
}

func (a *app) completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	file, err := config.ReadFile(runtime.GOOS, a.Env)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, p := range file.Profiles() {
		names = append(names, p.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

type profilesDocument struct {
	Profiles []profileDocument `json:"profiles"`
}

type profileDocument struct {
	Name    string  `json:"name"`
	APIURL  string  `json:"apiUrl"`
	Default bool    `json:"default"`
	Current bool    `json:"current"`
	Key     *string `json:"key"` // what is known without asking: "key_command", "file"; null else
}

// profilesDocument lists the profiles of the file, and "default", which there
// always is.
func (a *app) profilesDocument() profilesDocument {
	doc := profilesDocument{[]profileDocument{}}
	byFile, err := config.Load(config.Flags{}, a.ownEnv(), a.file)
	if err != nil {
		byFile.Profile.Value = config.DefaultProfile
	}
	names := []string{}
	for _, p := range a.file.Profiles() {
		names = append(names, p.Name)
	}
	for _, name := range withDefault(names) {
		s, err := a.settingsOf(name)
		if err != nil {
			continue
		}
		key := ""
		if acc, err := a.account(s, a.ownEnv()); err == nil {
			key = keyWithoutAsking(acc)
		}
		doc.Profiles = append(doc.Profiles, profileDocument{
			Name: name, APIURL: s.APIURL.Value, Default: name == byFile.Profile.Value,
			Current: name == a.settings.Profile.Value, Key: known(key),
		})
	}
	return doc
}

// withDefault adds the default profile to a sorted list that lacks it.
func withDefault(names []string) []string {
	for i, n := range names {
		if n == config.DefaultProfile {
			return names
		}
		if n > config.DefaultProfile {
			return append(append(append([]string{}, names[:i]...), config.DefaultProfile), names[i:]...)
		}
	}
	return append(names, config.DefaultProfile)
}

// keyWithoutAsking is what is known of an account's key before any keyring or
// command is asked.
func keyWithoutAsking(acc account) string {
	if acc.settings.KeyCommand.Value != "" {
		return "key_command"
	}
	if acc.keyDir == "" {
		return ""
	}
	if _, set, err := acc.files.Find(context.Background(), acc.id); set || err != nil {
		return secret.StoreFile
	}
	return ""
}
