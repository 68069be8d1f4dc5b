package cli

import (
	"fmt"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dashtray/dashtray-tui/assets"
	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/config"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the settings, and where each comes from",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, "config takes a command: show or path.")
		},
	}
	cmd.AddCommand(a.configShow(), a.configPath())
	return cmd
}

func (a *app) configPath() *cobra.Command {
	return &cobra.Command{
		Use:         "path",
		Short:       "Print where the settings file is looked for",
		Annotations: marked(noSettings),
		Args:        noArgs,
		RunE: func(*cobra.Command, []string) error {
			path, _, err := config.FilePath(runtime.GOOS, a.Env)
			if err != nil {
				return err
			}
			if a.json {
				return a.printDocument(struct {
					Path string `json:"path"`
				}{path})
			}
			return a.printLine(text.Untrusted(path).Safe())
		},
	}
}

func (a *app) configShow() *cobra.Command {
	var sample bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show each setting with its origin",
		Long: "Show each setting with its value and where that comes from: a flag, a variable,\n" +
			"the profile, the settings file, or the default. --sample prints a settings file\n" +
			"that explains itself, to begin with.",
		Example: "  dashtray-tui config show\n" +
			"  dashtray-tui config show --sample > \"$(dashtray-tui config path)\"",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case sample && a.json:
				return usageError(cmd, "--sample is a settings file and not JSON.")
			case sample:
				return a.printText(assets.SampleConfig())
			}
			return a.showConfig()
		},
	}
	cmd.Flags().BoolVar(&sample, "sample", false, "print an annotated settings file instead")
	return cmd
}

type configDocument struct {
	Path     *string           `json:"path"` // of the settings file, which need not be there
	Settings []settingDocument `json:"settings"`
}

type settingDocument struct {
	Name   string        `json:"name"` // as in the settings file
	Value  *string       `json:"value"`
	Origin config.Origin `json:"origin"`
	Source *string       `json:"source"` // the flag or variable, or the key in the file
	Line   *int          `json:"line"`
}

func (a *app) showConfig() error {
	doc := configDocument{Settings: []settingDocument{}}
	if path, _, err := config.FilePath(runtime.GOOS, a.Env); err == nil {
		doc.Path = &path
	}
	for _, n := range namedSettings(a.settings) {
		if n.name == "api_url" {
			n.Value = shownAddress(n.Value)
		}
		d := settingDocument{Name: n.name, Value: known(n.Value), Origin: n.Origin, Source: known(n.Name)}
		if d.Origin == "" {
			d.Origin = config.FromDefault
		}
		if n.Line > 0 {
			d.Line = &n.Line
		}
		doc.Settings = append(doc.Settings, d)
	}
	if a.json {
		return a.printDocument(doc)
	}
	if a.quiet {
		return nil
	}
	w := tabwriter.NewWriter(a.Out, 0, 8, 2, ' ', 0)
	for _, d := range doc.Settings {
		value := nothing
		if d.Value != nil {
			value = text.Untrusted(*d.Value).Safe()
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\n", d.Name, value, d.from())
	}
	if err := w.Flush(); err != nil {
		return unwritable(err)
	}
	return nil
}

// shownAddress is what may be shown of an address that was given by a flag or a
// variable: a password or a token in it makes it one that is not used.
func shownAddress(raw string) string {
	if _, err := client.ParseBase(raw); err == nil {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "(no address)"
	}
	return u.Scheme + "://" + u.Host
}

// from is the origin in words.
func (d settingDocument) from() string {
	s := string(d.Origin)
	if d.Source != nil && (d.Origin == config.FromFlag || d.Origin == config.FromEnvironment) {
		s += " " + *d.Source
	}
	if d.Line != nil {
		s += ", line " + strconv.Itoa(*d.Line)
	}
	return s
}

type namedSetting struct {
	name string
	config.Setting
}

// namedSettings are all settings, called as in the settings file.
func namedSettings(s config.Settings) []namedSetting {
	list := []namedSetting{
		{"profile", s.Profile},
		{"api_url", s.APIURL},
		{"key_command", s.KeyCommand},
		{"transfer.connections", s.Connections},
		{"transfer.limit_rate", s.LimitRate},
		{"transfer.folder", s.Folder},
		{"backup.dir", s.Backup.Dir},
		{"backup.format", s.Backup.Format},
		{"backup.range", s.Backup.Range},
		{"backup.include", s.Backup.Include},
		{"backup.keep_last", s.Backup.KeepLast},
		{"backup.keep_daily", s.Backup.KeepDaily},
		{"backup.keep_weekly", s.Backup.KeepWeekly},
		{"backup.keep_monthly", s.Backup.KeepMonthly},
		{"backup.encrypt_to", s.Backup.EncryptTo.Setting},
		{"backup.recipients_file", s.Backup.RecipientsFile},
		{"ui.theme", s.Theme},
		{"ui.reduced_motion", s.ReducedMotion},
		{"ui.mouse", s.Mouse},
		{"ui.time_zone", s.TimeZone},
		{"hooks.on_success", s.Hooks.OnSuccess.Setting},
		{"hooks.on_failure", s.Hooks.OnFailure.Setting},
	}
	for _, action := range slices.Sorted(maps.Keys(s.Keys)) {
		list = append(list, namedSetting{"keys." + action, s.Keys[action].Setting})
	}
	return list
}
