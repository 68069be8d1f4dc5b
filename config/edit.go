package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/dashtray/dashtray-tui/client"
)

// What changes of the profiles can fail for.
var (
	// ErrProfileExists: take another name, or remove that profile first.
	ErrProfileExists = errors.New("there is such a profile already")
	// ErrNoProfile: take the name of one that File.Profiles has.
	ErrNoProfile = errors.New("there is no such profile")
	// ErrProfileName: letters, digits, - and _, up to 64, a letter or digit first.
	ErrProfileName = errors.New(notProfile)
)

// WriteError is a settings file that could not be changed: a folder without the
// right to write, a full disk. It is as it was. The person has to make room, or
// get the right.
type WriteError struct {
	Path string
	Err  error // names the step
}

func (e *WriteError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *WriteError) Unwrap() error { return e.Err }

// AddProfile writes a new profile at the end of the settings file; without an
// apiURL it is one of Dashtray's own API. A file that is not there is made,
// mode 0600. ErrProfileName, ErrProfileExists, client.ErrInsecure for an
// address that no key may be sent to.
//
// All that a person wrote stays as it is, byte for byte; this holds for
// UseProfile and RemoveProfile, too. A file that cannot be read is a
// *FileError, one that cannot be written a *WriteError, ErrFileBusy says that
// another program does not let go of it, and ErrNoHome that path is empty,
// because there is no place for the file.
func AddProfile(ctx context.Context, path, name, apiURL string) error {
	if !profileName.MatchString(name) {
		return fmt.Errorf("add profile %q: %w", name, ErrProfileName)
	}
	apiURL = strings.TrimSpace(apiURL)
	if apiURL != "" {
		if _, err := client.ParseBase(apiURL); err != nil {
			return fmt.Errorf("add profile %q: %w", name, err)
		}
	}
	return edit(ctx, path, func(doc *document) error {
		if doc.file.profiles[name] {
			return fmt.Errorf("add profile %q: %w", name, ErrProfileExists)
		}
		doc.file.profiles[name] = true
		if apiURL != "" {
			doc.expect("profiles."+name+".api_url", apiURL)
		}
		return doc.addProfile(name, apiURL)
	})
}

// UseProfile makes a profile the default one. ErrNoProfile if there is no such
// profile; "default" there always is.
func UseProfile(ctx context.Context, path, name string) error {
	return edit(ctx, path, func(doc *document) error {
		if !doc.file.profiles[name] && name != DefaultProfile {
			return fmt.Errorf("use profile %q: %w", name, ErrNoProfile)
		}
		if doc.file.entries[keyDefault].value == name {
			return nil
		}
		doc.expect(keyDefault, name)
		return doc.setDefault(name)
	})
}

// RemoveProfile takes a profile out of the settings file; if it was the
// default one, there is none set afterwards. ErrNoProfile. Its API key is
// elsewhere and is not touched.
func RemoveProfile(ctx context.Context, path, name string) error {
	return edit(ctx, path, func(doc *document) error {
		if !doc.file.profiles[name] {
			return fmt.Errorf("remove profile %q: %w", name, ErrNoProfile)
		}
		delete(doc.file.profiles, name)
		wasDefault := doc.file.entries[keyDefault].value == name
		maps.DeleteFunc(doc.file.entries, func(key string, _ entry) bool {
			return strings.HasPrefix(key, "profiles."+name+".") || wasDefault && key == keyDefault
		})
		return doc.removeProfile(name, wasDefault)
	})
}

const keyDefault = "default_profile"

// expect notes what a setting has to be after the change.
func (d *document) expect(key, value string) {
	d.file.entries[key] = entry{read: read{value: value}}
}

// sameSettings compares what two files mean.
func sameSettings(a, b *File) bool {
	return maps.Equal(a.profiles, b.profiles) && maps.EqualFunc(a.entries, b.entries, func(x, y entry) bool {
		return x.value == y.value && slices.Equal(x.list, y.list)
	})
}

// edit changes the file at path under its lock. The change says in doc.file
// what the file has to mean afterwards, and nothing is written that does not.
func edit(ctx context.Context, path string, change func(*document) error) error {
	if path == "" { // as File.Path is where there is no place for one
		return fmt.Errorf("change settings: %w", ErrNoHome)
	}
	target, err := followLinks(path)
	if err != nil {
		return err
	}
	// Reading from os.DevNull is fine, putting a file into its place is not.
	if info, err := os.Lstat(target); err == nil {
		switch {
		case !info.Mode().IsRegular():
			return &FileError{Path: path, Reason: "it is not a regular file"}
		case info.Mode().Perm()&0o200 == 0: // the folder alone would allow it
			return &FileError{Path: path, Reason: "it is read-only, and is left as it is"}
		}
	}
	// Once without the lock, so that what cannot be done leaves nothing behind,
	// no folder either.
	if _, same, err := changed(path, target, change); err != nil || same {
		return err
	}
	release, err := lockFile(ctx, target)
	switch {
	case errors.Is(err, ErrFileBusy) || err != nil && ctx.Err() != nil:
		return err
	case err != nil:
		return &WriteError{path, err}
	}
	defer release()
	data, same, err := changed(path, target, change)
	if err != nil || same {
		return err
	}
	if err := replace(target, data); err != nil {
		return &WriteError{path, err}
	}
	return nil
}

// changed is the file's content after the change; same if that is what it has.
func changed(path, target string, change func(*document) error) (after []byte, same bool, err error) {
	before, err := loadOrNothing(target)
	if err != nil {
		return nil, false, err
	}
	doc, err := newDocument(path, before)
	if err != nil {
		return nil, false, err
	}
	if err := change(doc); err != nil {
		return nil, false, err
	}
	after = doc.bytes()
	if bytes.Equal(before, after) {
		return nil, true, nil
	}
	got, err := ParseFile(path, after)
	if err != nil {
		return nil, false, fmt.Errorf("change settings: %w", err)
	}
	if !sameSettings(got, doc.file) {
		return nil, false, fmt.Errorf("change settings %q: what would come out means something else", path)
	}
	return after, false, nil
}
