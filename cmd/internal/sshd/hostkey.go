package sshd

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/crypto/ssh"
)

// HostKeyError is a host key that cannot be used. It is never replaced by a
// fresh one: everybody's client would warn of an attack.
type HostKeyError struct {
	Path string
	Err  error
}

func (e *HostKeyError) Error() string { return fmt.Sprintf("host key %q: %v", e.Path, e.Err) }

func (e *HostKeyError) Unwrap() error { return e.Err }

// ErrNoNext is a host key that is to be replaced before there is a next one:
// make that first, and let people learn it.
var ErrNoNext = errors.New("there is no next key")

// maxHostKey bounds the file of a host key.
const maxHostKey = 64 << 10

// HostKey is one key of the server.
type HostKey struct {
	ssh.Signer
	Made time.Time // as the file has it
}

// Fingerprint as ssh and ssh-keygen show it.
func (k HostKey) Fingerprint() string { return ssh.FingerprintSHA256(k.PublicKey()) }

// SSHFP is the data of the key's record in the domain name system: algorithm 4
// is Ed25519 (RFC 7479), fingerprint 2 the SHA-256 (RFC 6594) of the key in its
// wire form (RFC 4255 section 3.1). There is none with SHA-1.
func (k HostKey) SSHFP() string {
	return fmt.Sprintf("4 2 %x", sha256.Sum256(k.PublicKey().Marshal()))
}

func (k HostKey) same(other HostKey) bool {
	return bytes.Equal(k.PublicKey().Marshal(), other.PublicKey().Marshal())
}

// nextPath is where the key is that follows the one at path.
func nextPath(path string) string { return path + ".next" }

func readHostKey(path string) (HostKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return HostKey{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return HostKey{}, err
	case !info.Mode().IsRegular():
		return HostKey{}, errors.New("not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return HostKey{}, fmt.Errorf("its mode is %04o: others can read it; chmod 600", info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxHostKey))
	if err != nil {
		return HostKey{}, err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		// The library's words may quote the file.
		return HostKey{}, errors.New("not a private key without a passphrase")
	}
	if signer.PublicKey().Type() != ssh.KeyAlgoED25519 {
		return HostKey{}, fmt.Errorf("its type is %s, not %s", signer.PublicKey().Type(), ssh.KeyAlgoED25519)
	}
	return HostKey{Signer: signer, Made: info.ModTime()}, nil
}

// MakeNextHostKey makes the key that is to follow the one at path, beside it;
// made is false if there is one already. A server that runs tells it to its
// clients from then on.
func MakeNextHostKey(path string) (key HostKey, made bool, err error) {
	err = alone(path, func() error {
		if _, err := readHostKey(path); err != nil {
			return &HostKeyError{path, bare(err)}
		}
		key, made, err = ensureHostKey(nextPath(path), path)
		return err
	})
	return key, made, err
}

// UseNextHostKey puts the next key in the place of the one at path, which is
// gone then. A server that runs shows it to those who come after that. Without
// a next key: [ErrNoNext].
func UseNextHostKey(path string) (key HostKey, err error) {
	err = alone(path, func() error {
		next := nextPath(path)
		key, err = readHostKey(next)
		if errors.Is(err, fs.ErrNotExist) {
			return ErrNoNext
		}
		if err != nil {
			return &HostKeyError{next, bare(err)}
		}
		if err := os.Rename(next, path); err != nil {
			return &HostKeyError{next, bare(err)}
		}
		if err := syncFolder(filepath.Dir(path)); err != nil {
			return &HostKeyError{path, err}
		}
		if err := os.Remove(next + ".pub"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &HostKeyError{next, bare(err)}
		}
		return writePublic(path, key, path)
	})
	return key, err
}

// alone does something while no other process makes or moves these keys.
func alone(path string, do func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return &HostKeyError{path, bare(err)}
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	if _, err := lock.TryLockContext(ctx, 5*time.Millisecond); err != nil {
		return &HostKeyError{path, fmt.Errorf("lock it: %w", bare(err))}
	}
	return errors.Join(do(), lock.Close())
}

// ensureHostKey reads a key, and makes one (ed25519) if there is none, with
// mode 0600 and the owner of the file like.
func ensureHostKey(path, like string) (key HostKey, made bool, err error) {
	key, err = readHostKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeHostKey(path, like); err == nil {
			key, err = readHostKey(path)
			made = true
		}
		if err == nil {
			err = writePublic(path, key, like)
		}
	}
	if err != nil {
		return HostKey{}, false, &HostKeyError{path, bare(err)}
	}
	return key, made, nil
}

// makeHostKey makes a key where there is none. It is there as a whole or not at all.
func makeHostKey(path, like string) error {
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(priv, "dashtray")
	if err != nil {
		return err
	}
	return replace(path, like, pem.EncodeToMemory(block), 0o600)
}

// writePublic writes the public half beside a key, as OpenSSH does.
func writePublic(path string, key HostKey, like string) error {
	if hasPublic(path, key) {
		return nil
	}
	return replace(path+".pub", like, ssh.MarshalAuthorizedKey(key.PublicKey()), 0o644)
}

// hasPublic reports whether that is what it says.
func hasPublic(path string, key HostKey) bool {
	got, err := os.ReadFile(path + ".pub")
	return err == nil && bytes.Equal(got, ssh.MarshalAuthorizedKey(key.PublicKey()))
}

// replace puts a file into its place, durably.
func replace(path, like string, content []byte, mode fs.FileMode) error {
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) { // of one that was killed
		return err
	}
	f, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), ownAs(f, like), f.Sync(), f.Close()); err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(fresh))
	}
	return syncFolder(filepath.Dir(path))
}
