package sshd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// sourceAddress is the permission whose addresses golang.org/x/crypto/ssh
// checks by itself.
const sourceAddress = "source-address"

// Algorithms, the best first; none of them uses SHA-1, and every cipher
// authenticates what it encrypts or has a MAC that does so first. The strict
// key exchange (OpenSSH's answer to CVE-2023-48795) is always offered.
func algorithms() ssh.Config {
	return ssh.Config{
		KeyExchanges: []string{
			ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519,
			ssh.KeyExchangeECDHP256, ssh.KeyExchangeECDHP384, ssh.KeyExchangeECDHP521,
		},
		Ciphers: []string{
			ssh.CipherChaCha20Poly1305, ssh.CipherAES256GCM, ssh.CipherAES128GCM, ssh.CipherAES256CTR, ssh.CipherAES128CTR,
		},
		MACs: []string{ssh.HMACSHA256ETM, ssh.HMACSHA512ETM},
	}
}

// keyFormats are the types of keys that may log in.
func keyFormats() []string {
	return []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSA,
	}
}

// signatures are the algorithms that a login may be signed with.
func signatures() []string {
	return []string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoSKECDSA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
	}
}

// proofKey is where the permissions of an authentication keep its proof.
type proofKey struct{}

// attempt is what happened before a connection was authenticated.
type attempt struct {
	user    string
	offered string // the fingerprint of the last key that was not accepted
	failed  bool   // a key or a signature, or another method, was tried in vain
	until   time.Time
	// hostKeys are those of the server when the connection came: the first of
	// them is its own for as long as it lasts.
	hostKeys []HostKey
}

// config is what one connection is authenticated by: public keys and nothing
// else. The proof goes with the permissions that x/crypto gives back for the
// key whose signature it has verified; nothing is remembered of keys that were
// only offered.
func (s *Server) config(a *attempt) *ssh.ServerConfig {
	c := &ssh.ServerConfig{
		Config:                  algorithms(),
		PublicKeyAuthAlgorithms: signatures(),
		MaxAuthTries:            s.o.Limits.Tries,
		ServerVersion:           "SSH-2.0-dashtray",
	}
	c.PublicKeyCallback = func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		a.user = safeWord(meta.User())
		p, err := s.o.Keys.check(meta.User(), key, s.o.Now())
		if err != nil {
			a.offered = ssh.FingerprintSHA256(key)
			return nil, err
		}
		perms := &ssh.Permissions{ExtraData: map[any]any{proofKey{}: p}}
		if p.from != "" {
			perms.CriticalOptions = map[string]string{sourceAddress: p.from}
		}
		return perms, within(key, meta.RemoteAddr())
	}
	c.AuthLogCallback = func(_ ssh.ConnMetadata, method string, err error) {
		// Every client asks with "none" for what there is.
		a.failed = a.failed || err != nil && method != "none"
	}
	c.AddHostKey(a.hostKeys[0])
	return c
}

// within checks the addresses that a certificate is bound to itself; those of
// its authority's line are checked by x/crypto.
func within(key ssh.PublicKey, from net.Addr) error {
	cert, ok := key.(*ssh.Certificate)
	if !ok || cert.CriticalOptions[sourceAddress] == "" {
		return nil
	}
	ap, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return errors.New("the client has no address to check")
	}
	for part := range strings.SplitSeq(cert.CriticalOptions[sourceAddress], ",") {
		p, err := parsePrefix(part)
		if err != nil {
			return err
		}
		if p.Contains(ap.Addr().Unmap().WithZone("")) {
			return nil
		}
	}
	return errors.New("the certificate is for other addresses")
}

// checkFrom accepts addresses and networks alone: names and patterns would be
// promises that the check of the connection does not keep.
func checkFrom(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		if _, err := parsePrefix(part); err != nil {
			return err
		}
	}
	return nil
}

func parsePrefix(s string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", safeWord(s))
	}
	return p, nil
}

// handshake authenticates a connection within the time that it has.
func (s *Server) handshake(nc net.Conn, a *attempt) (*ssh.ServerConn, <-chan ssh.NewChannel, <-chan *ssh.Request, error) {
	a.until = time.Now().Add(s.o.Limits.Handshake)
	if err := nc.SetDeadline(a.until); err != nil {
		return nil, nil, nil, err
	}
	if s.ctx.Err() != nil { // the deadline of the end may have come before ours
		return nil, nil, nil, context.Cause(s.ctx)
	}
	sc, chans, reqs, err := ssh.NewServerConn(nc, s.config(a))
	if err != nil {
		return nil, nil, nil, err
	}
	return sc, chans, reqs, nc.SetDeadline(time.Time{})
}

// proofOf is who authenticated.
func proofOf(sc *ssh.ServerConn) (*proof, error) {
	if sc.Permissions == nil {
		return nil, errors.New("no permissions")
	}
	p, ok := sc.Permissions.ExtraData[proofKey{}].(*proof)
	if !ok {
		return nil, errors.New("permissions without a proof")
	}
	return p, nil
}
