// Package config decides the program's settings: each is taken from the first
// place that names it, and remembers which place that was. It also knows the
// folders that the program keeps things in.
//
// Nothing here reads the process's environment by itself: the caller hands a
// lookup down, so that a test, and a session for somebody else, can have its own.
package config

import (
	"fmt"
	"regexp"
)

// Origin says where a setting's value comes from.
type Origin string

// Origins, the strongest first.
const (
	FromFlag        Origin = "flag"
	FromEnvironment Origin = "environment"
	FromDefault     Origin = "default"
)

// Names of the environment's variables that are settings.
const (
	EnvAPIURL  = "DASHTRAY_API_URL"
	EnvProfile = "DASHTRAY_PROFILE"
)

// What a setting is when nobody says otherwise.
const (
	DefaultAPIURL  = "https://api.dashtray.com"
	DefaultProfile = "default"
)

// Lookup gives an environment variable, as os.LookupEnv does.
type Lookup func(name string) (string, bool)

// Get is the variable's value, "" when it is not set.
func (l Lookup) Get(name string) string {
	v, _ := l(name)
	return v
}

// Setting is a value and where it was found: the flag's or variable's name,
// and nothing for a default.
type Setting struct {
	Value  string
	Origin Origin
	Name   string
}

// Settings are the values that the program works with.
type Settings struct {
	APIURL  Setting
	Profile Setting
}

// Flag is a flag of the command line: Set only if it was written there.
type Flag struct {
	Value string
	Set   bool
}

// Flags that are settings.
type Flags struct {
	APIURL  Flag
	Profile Flag
}

// Error is a setting that cannot be used. The caller has to have it changed
// where Setting says that it stands.
type Error struct {
	Setting Setting
	Reason  string
}

func (e *Error) Error() string {
	if e.Setting.Name == "" {
		return fmt.Sprintf("%q %s", e.Setting.Value, e.Reason)
	}
	return fmt.Sprintf("%s %q %s", e.Setting.Name, e.Setting.Value, e.Reason)
}

// Load takes each setting from the flag, else from the environment, else the
// default. A flag that was written with an empty value is an Error; an empty
// variable counts as not set.
func Load(flags Flags, env Lookup) (Settings, error) {
	var s Settings
	var err error
	if s.APIURL, err = pick("--api-url", flags.APIURL, EnvAPIURL, DefaultAPIURL, env); err != nil {
		return Settings{}, err
	}
	if s.Profile, err = pick("--profile", flags.Profile, EnvProfile, DefaultProfile, env); err != nil {
		return Settings{}, err
	}
	if !profileName.MatchString(s.Profile.Value) {
		return Settings{}, &Error{s.Profile, "is no name of a profile: letters, digits, - and _, up to 64"}
	}
	return s, nil
}

// A profile's name becomes part of file names (a systemd credential's, for
// one), so it must not be able to walk through folders.
var profileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func pick(flagName string, flag Flag, envName, byDefault string, env Lookup) (Setting, error) {
	if flag.Set {
		s := Setting{flag.Value, FromFlag, flagName}
		if flag.Value == "" {
			return s, &Error{s, "is empty"}
		}
		return s, nil
	}
	if v := env.Get(envName); v != "" {
		return Setting{v, FromEnvironment, envName}, nil
	}
	return Setting{byDefault, FromDefault, ""}, nil
}
