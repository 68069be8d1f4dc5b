// Package config decides the program's settings: each is taken from the first
// place that names it, and remembers which place that was. It also knows the
// folders that the program keeps things in, and the file of settings, which it
// reads and, for profiles, changes.
//
// Nothing here reads the process's environment by itself: the caller hands a
// lookup down, so that a test, and a session for somebody else, can have its own.
package config

import (
	"fmt"
	"strconv"
	"time"
)

// Origin says where a setting's value comes from.
type Origin string

// Origins, the strongest first.
const (
	FromFlag        Origin = "flag"
	FromEnvironment Origin = "environment"
	FromProfile     Origin = "profile"
	FromFile        Origin = "file"
	FromDefault     Origin = "default"
)

// Names of the environment's variables that are settings.
const (
	EnvAPIURL  = "DASHTRAY_API_URL"
	EnvProfile = "DASHTRAY_PROFILE"
)

// What a setting is when nobody says otherwise.
const (
	DefaultAPIURL      = "https://api.dashtray.com"
	DefaultProfile     = "default"
	DefaultConnections = 4
)

// Lookup gives an environment variable, as os.LookupEnv does.
type Lookup func(name string) (string, bool)

// Get is the variable's value, "" when it is not set.
func (l Lookup) Get(name string) string {
	v, _ := l(name)
	return v
}

// Setting is a value and where it was found: the name of the flag, of the
// variable or of the key in the file ("transfer.connections"), and nothing for
// a default. Path and Line are the file's, for what comes from one.
type Setting struct {
	Value  string
	Origin Origin
	Name   string
	Path   string
	Line   int
}

// Int is the value of a setting that is a number; 0 when it is none.
func (s Setting) Int() int {
	n, _ := strconv.Atoi(s.Value)
	return n
}

// Rate is the value of LimitRate in bytes a second; 0 when there is no limit.
func (s Setting) Rate() int64 {
	n, _ := ParseRate(s.Value)
	return n
}

// Bool is the value of a setting that is true or false.
func (s Setting) Bool() bool { return s.Value == "true" }

// Location is the value of TimeZone; local is what this machine's own is.
func (s Setting) Location(local *time.Location) *time.Location {
	if s.Value == zoneLocal {
		return local
	}
	loc, err := time.LoadLocation(s.Value)
	if err != nil { // the zone was there when the setting was read
		return local
	}
	return loc
}

// List is a setting with several values. Value has them all in one line.
type List struct {
	Setting
	Values []string // nil when nothing is set
}

// Hook is what is called when a backup has ended: a command, or an address if
// Argv is nil, which is then the Value; neither when nothing is set.
type Hook struct {
	Setting
	Argv []string
}

// Settings are the values that the program works with. A setting without a
// default has an empty Value when nobody says anything.
type Settings struct {
	APIURL  Setting
	Profile Setting
	// KeyCommand is the profile's command that prints its API key. It is empty
	// when there is none, and when this run may not use it: a key is bound to
	// the origin of its profile's own API and is never sent to another.
	KeyCommand Setting
	// KeyCommandWithheld says that the profile has a key command which was left
	// out, because APIURL is not of the profile's own origin.
	KeyCommandWithheld bool

	Connections Setting // at most, for one file
	LimitRate   Setting // as ParseRate reads it; "" is no limit
	Folder      Setting // for downloads, absolute; "" is the current folder

	Theme         Setting // auto, light, dark, high-contrast or mono
	ReducedMotion Setting
	Mouse         Setting
	TimeZone      Setting // an IANA name, UTC, or local

	Backup Backup
	// Keys are what the person wants the console's actions to be called by. The
	// names of actions and keys are the console's to judge.
	Keys  map[string]List
	Hooks struct{ OnSuccess, OnFailure Hook }
}

// Backup is what the backup command goes by when its flags say nothing else.
type Backup struct {
	Dir            Setting // absolute; "" is the profile's own under Folders.Data
	Format         Setting
	Range          Setting
	Include        Setting
	KeepLast       Setting // "" here and below: this rule is not set
	KeepDaily      Setting
	KeepWeekly     Setting
	KeepMonthly    Setting
	EncryptTo      List
	RecipientsFile Setting // absolute
}

// Flag is a flag of the command line: Set only if it was written there.
type Flag struct {
	Value string
	Set   bool
}

// Flags that are settings. Demo leaves out all that profiles say.
type Flags struct {
	APIURL, Profile        Flag
	Connections, LimitRate Flag
	Demo                   bool
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
