package sshd

import (
	"bytes"
	"slices"
	"testing"
)

// What a client asks proofs for is read whole or not at all.
func FuzzReadStrings(f *testing.F) {
	f.Add(slices.Concat(stringOf([]byte("a key")), stringOf(nil)))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		list, ok := readStrings(b, 2)
		var again []byte
		for _, s := range list {
			again = append(again, stringOf(s)...)
		}
		if len(list) > 2 || ok && !bytes.Equal(again, b) || !ok && list != nil {
			t.Errorf("%x: %x, %v", b, list, ok)
		}
	})
}
