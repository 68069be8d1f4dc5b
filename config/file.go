package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/dashtray/dashtray-tui/client/text"
)

// EnvFile names the settings file, if it is not the one in the folder of settings.
const EnvFile = "DASHTRAY_CONFIG"

const (
	fileName = "config.toml"
	maxBytes = 1 << 20
	// The decoder compares each name with all others of its table: with as many
	// names as fit into maxBytes that takes ten seconds.
	maxSettings = 10_000
	bom         = "\ufeff"
)

// File is the settings file as it was read. The zero File has no settings.
type File struct {
	// Path is where it is, or would be if it were there; "" where there is no
	// place for one.
	Path     string
	lines    lines
	entries  map[string]entry
	profiles map[string]bool
}

// entry is one setting of the file.
type entry struct {
	read
	name, offset int // where its name is, and its value
}

// Profile is a project that the file knows. What the file does not say has an
// empty Setting.
type Profile struct {
	Name               string
	APIURL, KeyCommand Setting
}

// Profiles are the file's profiles, sorted by name.
func (f *File) Profiles() []Profile {
	profiles := make([]Profile, 0, len(f.profiles))
	for _, name := range slices.Sorted(maps.Keys(f.profiles)) {
		profiles = append(profiles, f.profile(name))
	}
	return profiles
}

func (f *File) profile(name string) Profile {
	table := "profiles." + name + "."
	return Profile{
		Name:       name,
		APIURL:     f.setting(FromProfile, table+"api_url").Setting,
		KeyCommand: f.setting(FromProfile, table+"key_command").Setting,
	}
}

// setting is what the file says of a key; the zero List if it does not.
func (f *File) setting(origin Origin, key string) List {
	e, ok := f.entries[key]
	if !ok {
		return List{}
	}
	return List{
		Setting: Setting{Value: e.value, Origin: origin, Name: key, Path: f.Path, Line: f.lines.line(e.offset)},
		Values:  e.list,
	}
}

// problem is a fault that shows only when a setting is used.
func (f *File) problem(key, reason string) *FileError {
	line, column := f.lines.position(f.entries[key].offset)
	return &FileError{Path: f.Path, Line: line, Column: column, Key: key, Reason: reason}
}

// Wrong is a fault of a setting's name that its user finds, such as an action
// that the console does not have.
func (f *File) Wrong(key, reason string) *FileError {
	e, ok := f.entries[key]
	if !ok {
		return &FileError{Path: f.Path, Key: key, Reason: reason}
	}
	line, column := f.lines.position(e.name)
	return &FileError{Path: f.Path, Line: line, Column: column, Key: key, Reason: reason}
}

// FilePath is where the settings file is looked for on the system named goos,
// and whether DASHTRAY_CONFIG says so; ErrNoHome where there is no such place.
func FilePath(goos string, env Lookup) (path string, named bool, err error) {
	if path := env.Get(EnvFile); path != "" {
		return path, true, nil
	}
	folders, err := FindFolders(goos, env)
	if err != nil {
		return "", false, err
	}
	return filepath.Join(folders.Config, fileName), false, nil
}

// ReadFile reads the settings file. A file that is not there has no settings,
// unless DASHTRAY_CONFIG names it. Every error is a *FileError.
func ReadFile(goos string, env Lookup) (*File, error) {
	path, named, err := FilePath(goos, env)
	if err != nil { // ErrNoHome: a service needs no file
		return &File{}, nil
	}
	data, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !named {
			return &File{Path: path}, nil
		}
		return nil, &FileError{Path: path, Reason: "there is no such file, but " + EnvFile + " names it", Err: err}
	}
	if err != nil {
		return nil, err
	}
	return ParseFile(path, data)
}

// load gives the file's bytes. Every error is a *FileError.
func load(path string) ([]byte, error) {
	wrong := func(err error) error {
		return &FileError{Path: path, Reason: "it cannot be read: " + bare(err).Error(), Err: err}
	}
	// A pipe would be waited for, and a device may have no end.
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, wrong(err)
	case info.IsDir():
		return nil, &FileError{Path: path, Reason: "it is a folder"}
	case !info.Mode().IsRegular() && path != os.DevNull:
		return nil, &FileError{Path: path, Reason: "it is not a regular file"}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, wrong(err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, wrong(err)
	}
	return data, nil
}

// bare takes the path out of an error of the file system: it is named anyway.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// ParseFile reads the content of the settings file (TOML 1.0). Every error is
// a *FileError: the first problem, with the others in it.
func ParseFile(path string, data []byte) (*File, error) {
	if len(data) > maxBytes {
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("it is larger than %d bytes", maxBytes)}
	}
	data = bytes.TrimPrefix(data, []byte(bom))
	if countSettings(data) > maxSettings {
		return nil, &FileError{Path: path, Reason: fmt.Sprintf("it has more than %d settings", maxSettings)}
	}
	var all map[string]any
	if err := toml.Unmarshal(data, &all); err != nil {
		return nil, malformed(path, data, err)
	}
	f := &File{Path: path, lines: newLines(data), entries: map[string]entry{}, profiles: map[string]bool{}}
	w := walker{file: f, schema: schema()}
	w.walk(data)
	if len(w.problems) > 0 {
		first := w.problems[0]
		first.Others = w.problems[1:]
		return nil, first
	}
	return f, nil
}

// malformed is what is no TOML.
func malformed(path string, data []byte, err error) *FileError {
	wrong := &FileError{Path: path, Line: 1, Column: 1}
	var decode *toml.DecodeError
	if errors.As(err, &decode) {
		l := newLines(data)
		wrong.Line, wrong.Column = l.position(l.offset(decode.Position()))
	}
	wrong.Reason = "it is not TOML: " + text.Untrusted(strings.TrimPrefix(err.Error(), "toml: ")).SafeN(160)
	return wrong
}
