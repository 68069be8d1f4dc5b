package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
)

// Load takes each setting from the flag, else from the environment, else from
// the profile, else from the rest of the file, else the default. A flag that
// was written with an empty value is an error; an empty variable counts as not
// set. An error is an *Error, or a *FileError where the file is to blame; a
// nil file has no settings.
func Load(flags Flags, env Lookup, file *File) (Settings, error) {
	if file == nil {
		file = &File{}
	}
	l := loader{flags, env, file}
	var s Settings
	for _, step := range []func(*Settings) error{l.profile, l.api, l.transfer, l.backup} {
		if err := step(&s); err != nil {
			return Settings{}, err
		}
	}
	l.console(&s)
	return s, nil
}

type loader struct {
	flags Flags
	env   Lookup
	file  *File
}

// first gives the first setting that somebody has set.
func first(from ...Setting) Setting {
	for _, s := range from {
		if s.Origin != "" {
			return s
		}
	}
	return Setting{}
}

func fromFlag(name string, f Flag) Setting {
	if !f.Set {
		return Setting{}
	}
	return Setting{Value: f.Value, Origin: FromFlag, Name: name}
}

func (l loader) fromEnv(name string) Setting {
	if v := l.env.Get(name); v != "" {
		return Setting{Value: v, Origin: FromEnvironment, Name: name}
	}
	return Setting{}
}

func byDefault(value string) Setting { return Setting{Value: value, Origin: FromDefault} }

// fromFile is what the file says, else the default.
func (l loader) fromFile(key, otherwise string) Setting {
	return first(l.file.setting(FromFile, key).Setting, byDefault(otherwise))
}

func (l loader) listFromFile(key string) List {
	found := l.file.setting(FromFile, key)
	found.Setting = first(found.Setting, byDefault(""))
	return found
}

// filled refuses a flag that was written without a value.
func filled(s Setting) error {
	if s.Value == "" && s.Origin == FromFlag {
		return &Error{s, "is empty"}
	}
	return nil
}

func (l loader) profile(s *Settings) error {
	s.Profile = first(fromFlag("--profile", l.flags.Profile), l.fromEnv(EnvProfile), l.fromFile("default_profile", DefaultProfile))
	if err := filled(s.Profile); err != nil {
		return err
	}
	name := s.Profile.Value
	if !profileName.MatchString(name) {
		return &Error{s.Profile, notProfile}
	}
	// A file without any profile is that of a person who has all keys in the
	// environment: there the name only chooses among them.
	if l.flags.Demo || name == DefaultProfile || len(l.file.profiles) == 0 || l.file.profiles[name] {
		return nil
	}
	reason := "is no profile of " + strconv.Quote(l.file.Path) + ", which has " + l.known()
	if s.Profile.Origin == FromFile {
		return l.file.problem(s.Profile.Name, "names no profile of this file, which has "+l.known())
	}
	return &Error{s.Profile, reason}
}

// known lists the profiles, some of them if there are many.
func (l loader) known() string {
	names := slices.Sorted(maps.Keys(l.file.profiles))
	if more := len(names) - 8; more > 0 {
		return strings.Join(names[:8], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(names, ", ")
}

func (l loader) api(s *Settings) error {
	var p Profile
	if !l.flags.Demo {
		p = l.file.profile(s.Profile.Value)
	}
	own := first(p.APIURL, byDefault(DefaultAPIURL))
	s.APIURL = first(fromFlag("--api-url", l.flags.APIURL), l.fromEnv(EnvAPIURL), own)
	if err := filled(s.APIURL); err != nil {
		return err
	}
	switch {
	case p.KeyCommand.Origin == "":
	case sameOrigin(own.Value, s.APIURL.Value):
		s.KeyCommand = p.KeyCommand
	default:
		s.KeyCommandWithheld = true
	}
	return nil
}

// sameOrigin compares scheme, host and port (RFC 6454, section 5). An address
// that is none has no origin.
func sameOrigin(a, b string) bool {
	x, err := client.ParseBase(a)
	if err != nil {
		return false
	}
	y, err := client.ParseBase(b)
	return err == nil && x.Origin() == y.Origin()
}

func (l loader) transfer(s *Settings) error {
	s.Connections = first(fromFlag("--connections", l.flags.Connections),
		l.fromFile("transfer.connections", strconv.Itoa(DefaultConnections)))
	if n, err := strconv.Atoi(s.Connections.Value); err != nil || n < 1 || n > maxConnections {
		return &Error{s.Connections, "is not a number from 1 to " + strconv.Itoa(maxConnections)}
	}
	s.LimitRate = first(fromFlag("--limit-rate", l.flags.LimitRate), l.fromFile("transfer.limit_rate", ""))
	if _, ok := ParseRate(s.LimitRate.Value); !ok && s.LimitRate.Origin == FromFlag {
		return &Error{s.LimitRate, "is not a number of bytes such as 500K, 5M or 1G"}
	}
	var err error
	s.Folder, err = l.path("transfer.folder")
	return err
}

// inHome reports whether a path begins at the person's home.
func inHome(path string) bool {
	return path == "~" || strings.HasPrefix(path, "~/") || strings.HasPrefix(path, "~"+string(filepath.Separator))
}

// path gives a path of the file, with ~ as the person's home.
func (l loader) path(key string) (Setting, error) {
	s := l.fromFile(key, "")
	if !inHome(s.Value) {
		return s, nil
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := l.env.Get(name); filepath.IsAbs(home) {
			s.Value = filepath.Join(home, s.Value[1:])
			return s, nil
		}
	}
	return s, l.file.problem(key, "begins with ~, but no variable HOME says where that is")
}

func (l loader) backup(s *Settings) error {
	b := &s.Backup
	var err error
	if b.Dir, err = l.path("backup.dir"); err != nil {
		return err
	}
	if b.RecipientsFile, err = l.path("backup.recipients_file"); err != nil {
		return err
	}
	b.Format = l.fromFile("backup.format", "json")
	b.Range = l.fromFile("backup.range", "all_time")
	b.Include = l.fromFile("backup.include", "all")
	b.KeepLast = l.fromFile("backup.keep_last", "")
	b.KeepDaily = l.fromFile("backup.keep_daily", "")
	b.KeepWeekly = l.fromFile("backup.keep_weekly", "")
	b.KeepMonthly = l.fromFile("backup.keep_monthly", "")
	b.EncryptTo = l.listFromFile("backup.encrypt_to")
	return nil
}

func (l loader) console(s *Settings) {
	s.Theme = l.fromFile("ui.theme", "auto")
	s.ReducedMotion = l.fromFile("ui.reduced_motion", "false")
	s.Mouse = l.fromFile("ui.mouse", "false")
	s.TimeZone = l.fromFile("ui.time_zone", zoneLocal)
	s.Keys = map[string]List{}
	for key := range l.file.entries {
		if action, ok := strings.CutPrefix(key, "keys."); ok {
			s.Keys[action] = l.listFromFile(key)
		}
	}
	for _, h := range []struct {
		into *Hook
		key  string
	}{{&s.Hooks.OnSuccess, "hooks.on_success"}, {&s.Hooks.OnFailure, "hooks.on_failure"}} {
		found := l.listFromFile(h.key)
		*h.into = Hook{found.Setting, found.Values}
	}
}
