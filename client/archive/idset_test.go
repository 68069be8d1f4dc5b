package archive

import (
	"math/rand/v2"
	"testing"
)

func TestIDSet(t *testing.T) {
	t.Parallel()
	s := idSet{limit: 5000}
	r := rand.New(rand.NewPCG(1, 2))
	known := make(map[uint64]bool)
	for len(known) < 4999 {
		h := r.Uint64()
		if r.IntN(4) == 0 {
			h <<= 32 // many that want the same slot
		}
		if got := s.add(h); got != known[h] {
			t.Fatalf("add(%x) after %d: %v", h, len(known), got)
		}
		known[h] = true
	}
	for h := range known {
		if !s.add(h) {
			t.Fatalf("%x is forgotten", h)
		}
	}
	if s.add(0) || !s.add(0) {
		t.Error("0 is a hash like others")
	}
	// Full: nothing is added, nothing is forgotten, nothing grows.
	slots := len(s.slots)
	for range 10_000 {
		h := r.Uint64()
		for range 2 {
			if s.add(h) {
				t.Fatalf("%x was taken by a full set", h)
			}
		}
	}
	for h := range known {
		if !s.add(h) {
			t.Fatalf("%x is forgotten by a full set", h)
		}
	}
	if s.n != 5000 || len(s.slots) != slots || slots > 4*5000 {
		t.Errorf("%d hashes in %d slots", s.n, len(s.slots))
	}
}
