package sshd

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

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

// maxHostKey bounds the file of a host key.
const maxHostKey = 64 << 10

// HostKey reads the server's key, and makes one (ed25519) if there is none: the
// key with mode 0600, and its public half beside it with ".pub" added.
func HostKey(path string) (key ssh.Signer, fresh bool, err error) {
	key, err = readHostKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeHostKey(path); err == nil {
			fresh = true
		} else if errors.Is(err, fs.ErrExist) { // another server was faster
			err = nil
		}
		if err == nil {
			key, err = readHostKey(path)
		}
	}
	if err != nil {
		return nil, false, &HostKeyError{path, bare(err)}
	}
	return key, fresh, nil
}

func readHostKey(path string) (ssh.Signer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("its mode is %04o: others can read it; chmod 600", info.Mode().Perm())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxHostKey))
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(data)
	if err != nil {
		// The library's words may quote the file.
		return nil, errors.New("not a private key without a passphrase")
	}
	if signer.PublicKey().Type() != ssh.KeyAlgoED25519 {
		return nil, fmt.Errorf("its type is %s, not %s", signer.PublicKey().Type(), ssh.KeyAlgoED25519)
	}
	return signer, nil
}

func makeHostKey(path string) error {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	block, err := ssh.MarshalPrivateKey(priv, "dashtray")
	if err != nil {
		return err
	}
	sshPub, err := ssh.NewPublicKey(pub)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // never over a key that is there
	if err != nil {
		return err
	}
	_, err = f.Write(pem.EncodeToMemory(block))
	err = errors.Join(err, f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return os.WriteFile(path+".pub", ssh.MarshalAuthorizedKey(sshPub), 0o644)
}

// bare drops the path that the error around it names anyway.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
