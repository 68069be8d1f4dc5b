package archive

import (
	"math/rand/v2"
	"testing"
)

func addOne(s *idSet, h uint64) bool { return s.addGroup([]uint64{h}) != 0 }

func TestIDSet(t *testing.T) {
	t.Parallel()
	s := idSet{limit: 5000}
	r := rand.New(rand.NewPCG(1, 2))
	known := make(map[uint64]bool)
	for len(known) < 4999 {
		h := r.Uint64()
		if r.IntN(4) == 0 {
			h &^= (blockSlots - 1) << 24 // many that want the first slot of their block
		}
		if got := addOne(&s, h); got != known[h] {
			t.Fatalf("add(%x) after %d: %v", h, len(known), got)
		}
		known[h] = true
	}
	for h := range known {
		if !addOne(&s, h) {
			t.Fatalf("%x is forgotten", h)
		}
	}
}

// Past its limit the set never takes a new id for an old one, stays as large
// as it is, finds what was there shortly before, and of other copies as many
// as it promises.
func TestIDSetPastItsLimit(t *testing.T) {
	t.Parallel()
	const limit, ids = 5000, 200_000
	s := idSet{limit: limit}
	r := rand.New(rand.NewPCG(3, 4))
	var all []uint64
	for len(all) < ids {
		h := r.Uint64()
		all = append(all, h)
		if addOne(&s, h) {
			t.Fatalf("%x is new, number %d", h, len(all))
		}
		if n := len(all); n%1000 == 0 && !addOne(&s, all[n-10]) {
			t.Fatalf("%x, ten before number %d, is forgotten", all[n-10], n)
		}
	}
	if slots := len(s.blocks) * blockSlots; s.n > limit || slots > 4*limit {
		t.Errorf("%d hashes in %d slots", s.n, slots)
	}
	found := 0
	for _, h := range all[:ids/2] {
		if addOne(&s, h) {
			found++
		}
	}
	// 200,000 ids are 40 times the limit: one in 64 is in the sample.
	if least := ids / 2 / 64 / 2; found < least {
		t.Errorf("of %d copies %d were found, not even %d", ids/2, found, least)
	}
}

// A set that is full is thinned, and not made larger first.
func TestFullIDSetDoesNotGrow(t *testing.T) {
	t.Parallel()
	s := idSet{limit: 8 * blockSlots}
	r := rand.New(rand.NewPCG(5, 6))
	for range 3 * s.limit {
		addOne(&s, r.Uint64())
	}
	if slots := len(s.blocks) * blockSlots; slots > 2*s.limit {
		t.Errorf("%d slots for %d hashes", slots, s.limit)
	}
}

// Hashes that are added together are found like hashes that are added alone,
// also where a copy is in the same group, and where the sample begins or is
// halved.
func TestIDSetGroups(t *testing.T) {
	t.Parallel()
	alone, together := idSet{limit: 1000}, idSet{limit: 1000}
	r := rand.New(rand.NewPCG(5, 6))
	all := make([]uint64, 50_000)
	for i := range all {
		all[i] = r.Uint64()
		if i > 0 && r.IntN(10) == 0 {
			all[i] = all[max(0, i-1-r.IntN(1<<r.IntN(16)))]
		}
	}
	for i := 0; i < len(all); {
		n := min(together.group(), 1+r.IntN(groupSize), len(all)-i)
		got := together.addGroup(all[i : i+n])
		for j, h := range all[i : i+n] {
			if want := addOne(&alone, h); got>>j&1 == 1 != want {
				t.Fatalf("%x, number %d: alone %v, in a group not", h, i+j, want)
			}
		}
		i += n
	}
}
