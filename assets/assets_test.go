package assets_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dashtray/dashtray-tui/assets"
	"github.com/dashtray/dashtray-tui/config"
)

var (
	setting = regexp.MustCompile(`^# ([a-z_]+ = .+|\[[a-z.]+\])$`)
	header  = regexp.MustCompile(`^\[([a-z.]+)\]$`)
)

// uncommented is the sample with every setting in force.
func uncommented() string {
	var lines []string
	for line := range strings.Lines(assets.SampleConfig()) {
		line = strings.TrimSuffix(line, "\n")
		if m := setting.FindStringSubmatch(line); m != nil {
			line = m[1]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// named are the settings of the sample, as config.Keys names them.
func named() []string {
	var names []string
	table := ""
	for line := range strings.Lines(uncommented()) {
		line = strings.TrimSpace(line)
		if m := header.FindStringSubmatch(line); m != nil {
			table = m[1] + "."
			continue
		}
		name, _, ok := strings.Cut(line, " = ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		switch table {
		case "profiles.default.":
			name = "profiles.NAME." + name
		case "keys.":
			name = "keys.ACTION"
		default:
			name = table + name
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestTheSampleSettingsSayNothingAsTheyCome(t *testing.T) {
	t.Parallel()
	f, err := config.ParseFile("config.toml", []byte(assets.SampleConfig()))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Profiles(); len(got) > 0 {
		t.Errorf("it has profiles: %v", got)
	}
	for line := range strings.Lines(assets.SampleConfig()) {
		if line != "\n" && !strings.HasPrefix(line, "# ") && line != "#\n" {
			t.Errorf("not commented out: %q", line)
		}
	}
}

func TestTheSampleSettingsAreAllSettings(t *testing.T) {
	t.Parallel()
	if _, err := config.ParseFile("config.toml", []byte(uncommented())); err != nil {
		t.Errorf("uncommented, it is refused: %v", err)
	}
	if got, want := named(), config.Keys(); !slices.Equal(got, want) {
		t.Errorf("it has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The values that the sample calls the default are what a run without any file has.
func TestTheSampleSettingsTellTheDefaults(t *testing.T) {
	t.Parallel()
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"HOME": "/home/u"}[name]
		return v, ok
	}
	f, err := config.ParseFile("config.toml", []byte(uncommented()))
	if err != nil {
		t.Fatal(err)
	}
	sample, err := config.Load(config.Flags{}, env, f)
	if err != nil {
		t.Fatal(err)
	}
	bare, err := config.Load(config.Flags{}, env, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]config.Setting{
		"default_profile": {sample.Profile, bare.Profile},
		"api_url":         {sample.APIURL, bare.APIURL},
		"connections":     {sample.Connections, bare.Connections},
		"format":          {sample.Backup.Format, bare.Backup.Format},
		"range":           {sample.Backup.Range, bare.Backup.Range},
		"include":         {sample.Backup.Include, bare.Backup.Include},
		"theme":           {sample.Theme, bare.Theme},
		"reduced_motion":  {sample.ReducedMotion, bare.ReducedMotion},
		"mouse":           {sample.Mouse, bare.Mouse},
		"time_zone":       {sample.TimeZone, bare.TimeZone},
	} {
		if pair[0].Value != pair[1].Value {
			t.Errorf("%s: the sample has %q, the default is %q", name, pair[0].Value, pair[1].Value)
		}
		if pair[0].Origin == config.FromDefault {
			t.Errorf("%s: it is not taken from the sample", name)
		}
	}
}
