package transfer

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"testing"
)

func FuzzCheckpoint(f *testing.F) {
	good, err := encodeCheckpoint(checkpoint{
		Version: checkpointVersion, Piece: pieceSize, State: StateActive, Size: 3 * pieceSize,
		Frontier: pieceSize + 5, CRCs: []uint32{7}, Extents: []extent{{From: pieceSize + 1, To: pieceSize + 50, CRC: 9}, {From: 2 * pieceSize, To: 3 * pieceSize}},
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}\n0\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCheckpoint(b)
		if err != nil {
			return
		}
		if c.Frontier < 0 || c.Size >= 0 && c.trusted() > c.Size {
			t.Errorf("vouches for %d of %d bytes", c.trusted(), c.Size)
		}
		again, err := encodeCheckpoint(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeCheckpoint(again); err != nil {
			t.Error("does not survive a round trip")
		}
	})
}

// TestDamagedCheckpointIsNone: every truncation, every run of zeros at the end,
// and every flipped byte make it none at all.
func TestDamagedCheckpointIsNone(t *testing.T) {
	t.Parallel()
	good, err := encodeCheckpoint(checkpoint{
		Version: checkpointVersion, Piece: pieceSize, State: StateActive, Size: 3 * pieceSize, Hash: marshalHash(sha256.New()),
		Frontier: pieceSize + 5, CRCs: []uint32{7}, Extents: []extent{{From: 2 * pieceSize, To: 3 * pieceSize}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeCheckpoint(good); err != nil {
		t.Fatal(err)
	}
	for i := range len(good) - 1 { // the last byte is a line end that may be missing
		zeros := make([]byte, len(good))
		copy(zeros, good[:i])
		flipped := bytes.Clone(good)
		flipped[i] ^= 0x04
		for what, b := range map[string][]byte{"cut": good[:i], "zeros": zeros, "flipped": flipped} {
			if _, err := decodeCheckpoint(b); !errors.Is(err, errCheckpoint) {
				t.Errorf("%s at byte %d of %d: %v", what, i, len(good), err)
			}
		}
	}
}

// TestCheckpointOutlastsAPowerCut: a written one is there, and while the next is
// being written it is the one or the other, so that none costs a whole file.
func TestCheckpointOutlastsAPowerCut(t *testing.T) {
	t.Parallel()
	const path = "/folder/data.json" + checkpointSuffix
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 6))
		d := newMemoryDisk()
		found := func(when string, disk *memoryDisk, least int) {
			t.Helper()
			c, err := readCheckpoint(disk, path)
			if err != nil || c.Generation < least {
				t.Errorf("seed %d, %s: %v, generation %d, want %d", seed, when, err, c.Generation, least)
			}
		}
		for n := range 3 {
			d.step = func(op string) {
				if n > 0 {
					found("before "+op, d.afterPowerCut(r), n-1)
				}
			}
			c := checkpoint{Version: checkpointVersion, Generation: n, Piece: pieceSize, State: StateActive, Size: -1}
			if err := writeCheckpoint(d, path, c); err != nil {
				t.Fatal(err)
			}
			found("written", d.afterPowerCut(r), n)
		}
	}
}

func TestImplausibleCheckpoints(t *testing.T) {
	t.Parallel()
	good := checkpoint{Version: checkpointVersion, Piece: pieceSize, State: StateActive, Size: 3 * pieceSize, Frontier: pieceSize + 5, CRCs: []uint32{7}}
	if !good.plausible() {
		t.Fatal("the good one is not")
	}
	for name, change := range map[string]func(c *checkpoint){
		"version":             func(c *checkpoint) { c.Version++ },
		"piece":               func(c *checkpoint) { c.Piece = 1 },
		"state":               func(c *checkpoint) { c.State = "done" },
		"frontier below 0":    func(c *checkpoint) { c.Frontier = -1 },
		"frontier past size":  func(c *checkpoint) { c.Size = pieceSize },
		"complete and is not": func(c *checkpoint) { c.State = StateComplete },
		"too few CRCs":        func(c *checkpoint) { c.CRCs = nil },
		"extent before":       func(c *checkpoint) { c.Extents = []extent{{From: 5, To: 6}} },
		"extent past size":    func(c *checkpoint) { c.Extents = []extent{{From: 3*pieceSize - 1, To: 3*pieceSize + 1}} },
		"extent empty":        func(c *checkpoint) { c.Extents = []extent{{From: 2 * pieceSize, To: 2 * pieceSize}} },
		"extent hashed":       func(c *checkpoint) { c.Extents = []extent{{From: pieceSize, To: pieceSize + 3}} },
		"extent too long":     func(c *checkpoint) { c.Extents = []extent{{From: pieceSize + 6, To: 2*pieceSize + 7}} },
		"extents overlap": func(c *checkpoint) {
			c.Extents = []extent{{From: pieceSize + 6, To: pieceSize + 9}, {From: pieceSize + 8, To: pieceSize + 10}}
		},
	} {
		c := good
		change(&c)
		if c.plausible() {
			t.Errorf("%s: believed", name)
		}
	}
}
