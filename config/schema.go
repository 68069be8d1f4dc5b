package config

import (
	"maps"
	"regexp"
	"slices"
)

// section is a place in the file: a table with names of its own (sub), a table
// whose names the person chooses (each), or a value (check).
type section struct {
	check check
	sub   map[string]section
	each  *section
	// What each's names have to look like, and what is wrong with one that does not.
	names  *regexp.Regexp
	unlike string
}

func (s section) table() bool { return s.check == nil }

const (
	notProfile     = "is no name of a profile: letters, digits, - and _, up to 64"
	maxConnections = 8
	mostKept       = 100_000
	keyOrKeys      = `a key such as "ctrl+r", or a list of them`
)

var (
	// A profile's name becomes part of file names (a systemd credential's, for
	// one), so it must not be able to walk through folders.
	profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)
	actionName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// schema is every setting that the file may have.
func schema() section {
	value := func(c check) section { return section{check: c} }
	kept := value(number(0, mostKept))
	return section{sub: map[string]section{
		"default_profile": value(words("the name of a profile", unfitProfile)),
		"profiles": {
			names: profileName, unlike: notProfile,
			each: &section{sub: map[string]section{
				"api_url":     value(words("an address", unfitAPIURL)),
				"key_command": value(words("a command line", nil)),
			}},
		},
		"transfer": {sub: map[string]section{
			"connections": value(number(1, maxConnections)),
			"limit_rate":  value(rate),
			"folder":      value(words("a path", unfitPath)),
		}},
		"backup": {sub: map[string]section{
			"dir":             value(words("a path", unfitPath)),
			"format":          value(oneOf("json", "csv")),
			"range":           value(words("a date range", unfitRange)),
			"include":         value(words("the names of data types", unfitInclude)),
			"keep_last":       kept,
			"keep_daily":      kept,
			"keep_weekly":     kept,
			"keep_monthly":    kept,
			"encrypt_to":      value(list("a list of recipients", false, unfitRecipient)),
			"recipients_file": value(words("a path", unfitPath)),
		}},
		"ui": {sub: map[string]section{
			"theme":          value(oneOf("auto", "light", "dark", "high-contrast", "mono")),
			"reduced_motion": value(truth),
			"mouse":          value(truth),
			"time_zone":      value(words("the name of a time zone", unfitZone)),
		}},
		"keys": {
			names: actionName, unlike: "is no name of an action",
			each: &section{check: list(keyOrKeys, true, nil)},
		},
		"hooks": {sub: map[string]section{
			"on_success": value(hook),
			"on_failure": value(hook),
		}},
	}}
}

// Keys are the names of all settings that the file may have, sorted; NAME and
// ACTION stand for what the person chooses.
func Keys() []string { return keysBelow("", schema()) }

func keysBelow(path string, s section) []string {
	if !s.table() {
		return []string{path}
	}
	subs := maps.Clone(s.sub)
	if s.each != nil {
		placeholder := "NAME"
		if !s.each.table() {
			placeholder = "ACTION"
		}
		subs = map[string]section{placeholder: *s.each}
	}
	var keys []string
	for name, sub := range subs {
		if path != "" {
			name = path + "." + name
		}
		keys = append(keys, keysBelow(name, sub)...)
	}
	slices.Sort(keys)
	return keys
}

// unknown says of a name that stands in s that it is none, and what may be
// meant: a name like it in the same table, or the same name in another one.
func (s section) unknown(name string) string {
	switch name {
	case "api_key", "apikey", "key", "api_token", "token", "secret", "password":
		return "is no setting: a key is not kept in this file; see key_command, or dashtray-tui auth login"
	}
	if near := Nearest(name, slices.Collect(maps.Keys(s.sub))); near != "" {
		return "is no setting (did you mean " + near + "?)"
	}
	for _, key := range Keys() {
		if table, last := splitKey(key); last == name && table != "" {
			return "is no setting here (did you mean the one in [" + table + "]?)"
		}
	}
	return "is no setting"
}
