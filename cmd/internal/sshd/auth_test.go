package sshd

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"testing"

	"golang.org/x/crypto/ssh"
)

// The library tells of a bad signature by its words alone.
func TestBadSignaturesAreKnown(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	prime, err := rsa.GenerateKey(rand.Reader, minRSA)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []any{ed, curve, prime} {
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := signer.Sign(rand.Reader, []byte("this"))
		if err != nil {
			t.Fatal(err)
		}
		if err := signer.PublicKey().Verify([]byte("that"), sig); err == nil || !isBadSignature(fmt.Errorf("handshake: %w", err)) {
			t.Errorf("%s: %v", signer.PublicKey().Type(), err)
		}
	}
	if isBadSignature(io.EOF) {
		t.Error("who leaves is taken for a forger")
	}
}
