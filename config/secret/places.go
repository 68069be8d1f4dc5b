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
	"time"

	"github.com/dashtray/dashtray-tui/config"
)

// The variables of the environment that lead to a key.
const (
	EnvKey         = "DASHTRAY_API_KEY"
	EnvKeyFile     = "DASHTRAY_API_KEY_FILE"
	EnvKeyCommand  = "DASHTRAY_API_KEY_COMMAND"
	EnvCredentials = "CREDENTIALS_DIRECTORY"
)

// errSilent is a pipe that nobody writes to.
var errSilent = fmt.Errorf("nothing came from it within %s", commandTimeout)

// credentialName is a systemd credential's, see systemd.exec(5), LoadCredential=.
const credentialName = "dashtray-api-key"

// Options say where a profile's key may be.
type Options struct {
	Env config.Lookup
	// Account is the profile and the origin that the key will be sent to.
	Account Account
	// KeyCommand is the profile's key_command, "" if it has none. The caller
	// gives it only when the profile's own address is the account's.
	KeyCommand string
	// OtherOrigin: the account's origin is not the one that the program was
	// started for. Then the credential that names no profile is not for it.
	OtherOrigin bool
	// Keyring is asked after all that somebody set by hand; nil for never.
	Keyring *Keyring
	// KeyDir is the folder of the stored key files, "" if there is none.
	KeyDir string
	// Stderr gets what a key command writes to its standard error.
	Stderr io.Writer
}

// Places are the sources of a profile's key, in the order in which they count.
func Places(o Options) []Source {
	places := []Source{
		variable{o.Env},
		file{o.Env},
		command{EnvKeyCommand, o.Env.Get(EnvKeyCommand), o.Stderr},
	}
	// systemd sets the folder and nobody else, so that it is asked for the
	// profile's own credential first.
	places = append(places, credential{o.Env, credentialName + "-" + o.Account.Profile})
	if !o.OtherOrigin {
		places = append(places, credential{o.Env, credentialName})
	}
	places = append(places, command{fmt.Sprintf("the key_command of profile %q", o.Account.Profile), o.KeyCommand, o.Stderr})
	if o.Keyring != nil {
		places = append(places, ringSource{o.Keyring, o.Account})
	}
	if o.KeyDir != "" {
		places = append(places, fileSource{NewKeyFile(o.KeyDir), o.Account})
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

func (f file) Find(ctx context.Context) (Found, bool, error) {
	path := f.env.Get(EnvKeyFile)
	if path == "" {
		return Found{}, false, nil
	}
	found, mode, err := fromFile(ctx, fmt.Sprintf("%q (%s)", path, EnvKeyFile), path)
	if othersMayRead(mode) {
		found.Warnings = append(found.Warnings,
			fmt.Sprintf("Other users of this machine may read the API key in %q: chmod 600 keeps them out.", path))
	}
	return found, true, err
}

// credential is a file that systemd made for this service. Its mode tells nothing:
// for a service with a user of its own it is 0440, the group's bits being the
// mask of the access list that lets in that user alone.
type credential struct {
	env  config.Lookup
	name string
}

func (c credential) Find(ctx context.Context) (Found, bool, error) {
	dir := c.env.Get(EnvCredentials)
	if dir == "" {
		return Found{}, false, nil
	}
	found, _, err := fromFile(ctx, "the credential "+c.name, filepath.Join(dir, c.name))
	if errors.Is(err, fs.ErrNotExist) {
		return Found{}, false, nil
	}
	return found, true, err
}

// fromFile takes a key from a file of any mode, and tells the mode.
func fromFile(ctx context.Context, place, path string) (found Found, mode fs.FileMode, err error) {
	f, err := openKey(path, 0)
	if err != nil {
		return Found{}, 0, &Error{place, bare(err)}
	}
	defer func() { _ = f.Close() }()
	raw, err := readPatiently(ctx, f)
	if err != nil {
		return Found{}, 0, &Error{place, bare(err)}
	}
	key, err := parse(place, raw)
	if err != nil {
		return Found{}, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return Found{}, 0, &Error{place, bare(err)}
	}
	return Found{Key: key, Place: place}, info.Mode(), nil
}

// readPatiently reads a file that may be a pipe, which a shell's <(command)
// makes: its writer gets as long as a key command does.
func readPatiently(ctx context.Context, f *os.File) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, commandTimeout, errSilent)
	defer cancel()
	if f.SetReadDeadline(time.Time{}) != nil {
		// It is nothing that can be waited for by the runtime: a regular file,
		// or on macOS a pipe. Reading it must not say "try again".
		setBlocking(f)
	}
	return readUntil(ctx, f)
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
func othersMayRead(mode fs.FileMode) bool {
	return runtime.GOOS != "windows" && mode.IsRegular() && mode.Perm()&0o077 != 0
}
