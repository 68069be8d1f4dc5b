package sshd

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// Bounds of a file of keys.
const (
	maxKeysFile = 1 << 20
	maxKeys     = 10_000
	minRSA      = 2048 // bits
)

// Grant is one line of a file of keys: what its key may do.
type Grant struct {
	Name       string // safe; the line's comment where no name is given
	Role       serve.Role
	From       string    // addresses it may come from, as OpenSSH's from= without names; "" is any
	Expires    time.Time // zero is never
	Authority  bool      // the key signs users' certificates
	Principals []string  // of a certificate; none is the user name of the login
	key        []byte
}

// KeysError is a file of keys that cannot be used; what was read before stays.
type KeysError struct {
	Path string
	Line int // 0 is the file as a whole
	Err  error
}

func (e *KeysError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("read keys %q: %v", e.Path, e.Err)
	}
	return fmt.Sprintf("read keys %q: line %d: %v", e.Path, e.Line, e.Err)
}

func (e *KeysError) Unwrap() error { return e.Err }

// Keys are the keys of a file in the format of OpenSSH's authorized_keys
// (sshd(8)), with options of our own:
//
//	role=operator,name="Ada" ssh-ed25519 AAAA… comment
//	cert-authority,role=viewer,principals="dashtray" ssh-ed25519 AAAA…
//
// A line without a role is a viewer's. Options are role, name, from,
// expiry-time, cert-authority and principals; any other makes the file invalid,
// since it would promise what is not kept. restrict is understood, for it is
// how things are here in any case.
type Keys struct {
	path string

	mu     sync.Mutex
	grants map[string]Grant // by the key's wire form
	at     fileMark
	failed fileMark // of the content that could not be used
}

// fileMark tells whether a file is still the same.
type fileMark struct {
	modified time.Time
	size     int64
}

// ReadKeys reads a file of keys.
func ReadKeys(path string) (*Keys, error) {
	k := &Keys{path: path}
	if _, err := k.Reload(); err != nil {
		return nil, err
	}
	return k, nil
}

// Len is how many keys there are.
func (k *Keys) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.grants)
}

// Reload reads the file anew if it has changed. After an error the keys are
// what they were; the same error is given once.
func (k *Keys) Reload() (changed bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	info, err := os.Stat(k.path)
	if err != nil {
		return false, k.unusable(fileMark{size: -1}, &KeysError{Path: k.path, Err: bare(err)})
	}
	mark := fileMark{info.ModTime(), info.Size()}
	if mark == k.at && k.grants != nil {
		return false, nil
	}
	grants, err := readGrants(k.path)
	if err != nil {
		return false, k.unusable(mark, err)
	}
	k.grants, k.at, k.failed = grants, mark, fileMark{}
	return true, nil
}

func (k *Keys) unusable(mark fileMark, err error) error {
	if mark == k.failed && k.grants != nil {
		return nil
	}
	k.failed = mark
	return err
}

func readGrants(path string) (map[string]Grant, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &KeysError{Path: path, Err: bare(err)}
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, &KeysError{Path: path, Err: bare(err)}
	case !info.Mode().IsRegular():
		return nil, &KeysError{Path: path, Err: errors.New("not a regular file")}
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0:
		return nil, &KeysError{Path: path, Err: fmt.Errorf("its mode is %04o: others can write it; chmod 600", info.Mode().Perm())}
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeysFile+1))
	switch {
	case err != nil:
	case len(data) > maxKeysFile:
		err = fmt.Errorf("more than %d bytes", maxKeysFile)
	case len(data) == 0: // as it is for a moment while an editor saves it
		err = errors.New("it is empty; a comment alone is a file without keys")
	}
	if err != nil {
		return nil, &KeysError{Path: path, Err: bare(err)}
	}
	return parseGrants(path, data)
}

// parseGrants reads the content of a file of keys.
func parseGrants(path string, data []byte) (map[string]Grant, error) {
	grants := map[string]Grant{}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		g, err := parseGrant(line)
		if err == nil && len(grants) == maxKeys {
			err = fmt.Errorf("more than %d keys", maxKeys)
		}
		if _, twice := grants[string(g.key)]; err == nil && twice {
			err = errors.New("the key stands in the file twice")
		}
		if err != nil {
			return nil, &KeysError{Path: path, Line: n, Err: err}
		}
		grants[string(g.key)] = g
	}
	return grants, nil
}

func parseGrant(line []byte) (Grant, error) {
	key, comment, options, rest, err := ssh.ParseAuthorizedKey(line)
	if err != nil || len(rest) > 0 {
		return Grant{}, errors.New("not a public key with its options")
	}
	if err := usable(key); err != nil {
		return Grant{}, err
	}
	g := Grant{Name: text.Untrusted(comment).SafeN(maxName), key: key.Marshal()}
	given := map[string]bool{}
	for _, o := range options {
		name, val, _ := strings.Cut(o, "=")
		name = strings.ToLower(name)
		if given[name] { // which of two roles would it be?
			return Grant{}, fmt.Errorf("option %s is given twice", text.Untrusted(name).SafeN(40))
		}
		given[name] = true
		if err := g.option(name, val); err != nil {
			return Grant{}, err
		}
	}
	if len(g.Principals) > 0 && !g.Authority {
		return Grant{}, errors.New("principals go with cert-authority")
	}
	return g, nil
}

// maxName is how many characters of a name are kept.
const maxName = 64

// option takes an option by its name in lower case.
func (g *Grant) option(name, val string) error {
	val = strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(val, `"`), `"`), `\"`, `"`)
	var err error
	switch name {
	case "role":
		g.Role, err = serve.ParseRole(val)
	case "name":
		g.Name = text.Untrusted(val).SafeN(maxName)
	case "from":
		g.From, err = val, checkFrom(val)
	case "expiry-time":
		g.Expires, err = parseExpiry(val)
	case "cert-authority":
		g.Authority = true
	case "principals":
		g.Principals = strings.Split(val, ",")
		if slices.Contains(g.Principals, "") {
			err = errors.New("principals has an empty name")
		}
	case "restrict":
	default:
		err = fmt.Errorf("option %s is not known here", text.Untrusted(name).SafeN(40))
	}
	return err
}

// parseExpiry reads OpenSSH's YYYYMMDD[HHMM[SS]], of the local zone, or of UTC with a Z.
func parseExpiry(s string) (time.Time, error) {
	zone := time.Local
	if t, ok := strings.CutSuffix(s, "Z"); ok {
		s, zone = t, time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(s) == len(layout) {
			if t, err := time.ParseInLocation(layout, s, zone); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, errors.New("expiry-time is YYYYMMDD or YYYYMMDDHHMM")
}

// usable refuses keys that are too weak.
func usable(key ssh.PublicKey) error {
	if !slices.Contains(keyFormats(), key.Type()) {
		return fmt.Errorf("keys of the type %s are not accepted", text.Untrusted(key.Type()).SafeN(60))
	}
	if crypto, ok := key.(ssh.CryptoPublicKey); ok {
		if r, ok := crypto.CryptoPublicKey().(*rsa.PublicKey); ok && r.N.BitLen() < minRSA {
			return fmt.Errorf("the RSA key has %d bits, fewer than %d", r.N.BitLen(), minRSA)
		}
	}
	return nil
}

// proof is what an authentication proved.
type proof struct {
	who  serve.Who     // without session and address
	key  ssh.PublicKey // as it was presented: a key or a certificate
	user string
	from string // addresses it may come from
}

// check finds out what a key may do that its owner has yet to prove to have.
func (k *Keys) check(user string, key ssh.PublicKey, now time.Time) (*proof, error) {
	cert, signed := key.(*ssh.Certificate)
	known := key
	if signed {
		known = cert.SignatureKey
	}
	k.mu.Lock()
	g, ok := k.grants[string(known.Marshal())]
	k.mu.Unlock()
	switch {
	case !ok, g.Authority != signed:
		return nil, errors.New("the key is not in the file")
	case !g.Expires.IsZero() && !now.Before(g.Expires):
		return nil, errors.New("the key has expired")
	}
	p := &proof{
		who: serve.Who{Name: g.Name, Key: ssh.FingerprintSHA256(key), Role: g.Role}, key: key, user: user, from: g.From,
	}
	if signed {
		if err := usable(cert.Key); err != nil {
			return nil, err
		}
		p.who.Key = ssh.FingerprintSHA256(cert.Key)
		p.who.Name = text.Untrusted(cert.KeyId).SafeN(maxName)
		return p, checkCertificate(cert, g, user, now)
	}
	return p, nil
}

// checkCertificate is OpenSSH's way: a certificate without principals is
// nobody's, and one with an option that is not understood is not used.
func checkCertificate(cert *ssh.Certificate, g Grant, user string, now time.Time) error {
	if cert.CertType != ssh.UserCert {
		return errors.New("the certificate is not a user's")
	}
	wanted := g.Principals
	if len(wanted) == 0 {
		wanted = []string{user}
	}
	at := slices.IndexFunc(wanted, func(p string) bool { return slices.Contains(cert.ValidPrincipals, p) })
	if at < 0 {
		return errors.New("the certificate is for other principals")
	}
	checker := ssh.CertChecker{
		Clock:                    func() time.Time { return now },
		SupportedCriticalOptions: []string{sourceAddress},
	}
	return checker.CheckCert(wanted[at], cert)
}

// still reports whether a proof would be given again.
func (k *Keys) still(p *proof, now time.Time) bool {
	again, err := k.check(p.user, p.key, now)
	return err == nil && again.who.Role == p.who.Role && again.from == p.from
}
