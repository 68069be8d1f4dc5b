package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/dashtray/dashtray-tui/config"
)

// The variables of the environment that lead to a key.
const (
	EnvKey         = "DASHTRAY_API_KEY"
	EnvKeyFile     = "DASHTRAY_API_KEY_FILE"
	EnvKeyCommand  = "DASHTRAY_API_KEY_COMMAND"
	EnvCredentials = "CREDENTIALS_DIRECTORY"
)

// credentialName is a systemd credential's, see systemd.exec(5), LoadCredential=.
const credentialName = "dashtray-api-key"

// Places are the sources of a profile's key, in the order in which they count.
// What a key command writes to its standard error goes to stderr.
func Places(env config.Lookup, profile string, stderr io.Writer) []Source {
	places := []Source{
		variable{env},
		file{env},
		command{env, stderr},
	}
	// systemd sets the folder and nobody else, so that it is asked for the
	// profile's own credential first.
	for _, name := range []string{credentialName + "-" + profile, credentialName} {
		places = append(places, credential{env, name})
	}
	return places
}

// variable is DASHTRAY_API_KEY.
type variable struct{ env config.Lookup }

func (v variable) Find(context.Context) (Found, bool, error) {
	raw := v.env.Get(EnvKey)
	if raw == "" {
		return Found{}, false, nil
	}
	if len(raw) > MaxBytes {
		return Found{}, true, &Error{EnvKey, ErrTooLong}
	}
	key, err := parse(EnvKey, raw)
	return Found{Key: key, Place: EnvKey}, true, err
}

// file is DASHTRAY_API_KEY_FILE.
type file struct{ env config.Lookup }

func (f file) Find(context.Context) (Found, bool, error) {
	path := f.env.Get(EnvKeyFile)
	if path == "" {
		return Found{}, false, nil
	}
	found, err := fromFile(fmt.Sprintf("%q (%s)", path, EnvKeyFile), path)
	return found, true, err
}

// credential is a file that systemd made for this service.
type credential struct {
	env  config.Lookup
	name string
}

func (c credential) Find(context.Context) (Found, bool, error) {
	dir := c.env.Get(EnvCredentials)
	if dir == "" {
		return Found{}, false, nil
	}
	found, err := fromFile("the credential "+c.name, filepath.Join(dir, c.name))
	if errors.Is(err, fs.ErrNotExist) {
		return Found{}, false, nil
	}
	return found, true, err
}

// fromFile takes a key from a file of any mode; one that others may read is
// worth a warning.
func fromFile(place, path string) (Found, error) {
	f, err := os.Open(path)
	if err != nil {
		return Found{}, &Error{place, bare(err)}
	}
	defer func() { _ = f.Close() }()
	raw, err := readBounded(f)
	if err != nil {
		return Found{}, &Error{place, bare(err)}
	}
	found := Found{Place: place}
	if found.Key, err = parse(place, raw); err != nil {
		return Found{}, err
	}
	if info, err := f.Stat(); err == nil && othersMayRead(info) {
		found.Warnings = append(found.Warnings,
			fmt.Sprintf("Other users of this machine may read the API key in %q: chmod 600 keeps them out.", path))
	}
	return found, nil
}

// bare takes the path out of an error: the place says it already.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// othersMayRead goes by the mode's bits; Windows has none that mean this.
func othersMayRead(info fs.FileInfo) bool {
	return runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0
}
