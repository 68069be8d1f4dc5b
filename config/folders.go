package config

import (
	"errors"
	"path/filepath"
)

// appFolder is our folder's name in each of the user's folders.
const appFolder = "dashtray-tui"

// ErrNoHome says that no variable names the user's home, so there is no place
// to keep anything. Set HOME, or the XDG variables.
var ErrNoHome = errors.New("no home folder")

// Folders of this program, absolute. None of them is made here.
type Folders struct {
	Config string // settings
	State  string // runs, history, logs, the demo's world
	Data   string // backups
	Cache  string
}

// Demo is where --demo lives: apart from everything that is real.
func (f Folders) Demo() string { return filepath.Join(f.State, "demo") }

// Log is the log's file when one is asked for without a name.
func (f Folders) Log() string { return filepath.Join(f.State, appFolder+".log") }

// FindFolders goes by the XDG Base Directory Specification 0.8 on every system:
// a variable that is not an absolute path is ignored, as it demands. Without
// the variables it takes what is usual on the system named goos (runtime.GOOS).
//
// This is written by hand and not left to a library because those read the
// process's environment once, when the program starts.
func FindFolders(goos string, env Lookup) (Folders, error) {
	base, known := usual(goos, env)
	var f Folders
	for _, d := range []struct {
		into     *string
		variable string
		usual    string
	}{
		{&f.Config, "XDG_CONFIG_HOME", base.Config},
		{&f.State, "XDG_STATE_HOME", base.State},
		{&f.Data, "XDG_DATA_HOME", base.Data},
		{&f.Cache, "XDG_CACHE_HOME", base.Cache},
	} {
		dir := env.Get(d.variable)
		if !filepath.IsAbs(dir) {
			if !known {
				return Folders{}, ErrNoHome
			}
			dir = d.usual
		}
		*d.into = filepath.Join(dir, appFolder)
	}
	return f, nil
}

// usual gives the system's own folders, and whether they are known at all.
func usual(goos string, env Lookup) (Folders, bool) {
	switch goos {
	case "windows":
		local, roaming := env.Get("LOCALAPPDATA"), env.Get("APPDATA")
		return Folders{Config: roaming, State: local, Data: local, Cache: filepath.Join(local, "cache")},
			filepath.IsAbs(local) && filepath.IsAbs(roaming)
	case "darwin":
		home := env.Get("HOME")
		support := filepath.Join(home, "Library", "Application Support")
		return Folders{Config: support, State: support, Data: support, Cache: filepath.Join(home, "Library", "Caches")},
			filepath.IsAbs(home)
	default:
		home := env.Get("HOME")
		return Folders{
			Config: filepath.Join(home, ".config"),
			State:  filepath.Join(home, ".local", "state"),
			Data:   filepath.Join(home, ".local", "share"),
			Cache:  filepath.Join(home, ".cache"),
		}, filepath.IsAbs(home)
	}
}
