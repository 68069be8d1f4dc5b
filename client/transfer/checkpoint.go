package transfer

import (
	"bytes"
	"crypto/sha256"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// pieceSize is the unit of the CRCs: what is fetched again when it is bad.
const pieceSize = 8 << 20

const (
	checkpointVersion = 3
	maxCheckpoint     = 16 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkpoint is what the file beside the part promises. It is one JSON line
// and one line with that line's CRC32, so that a torn or zero-filled file is
// no checkpoint at all. It may lag behind the data and never leads it. The
// signed link is not in it.
type checkpoint struct {
	Version    int       `json:"version"`
	Generation int       `json:"generation"` // grows when the object changed
	Owner      string    `json:"owner"`      // nonce of the process that writes
	Boot       string    `json:"boot"`       // of the machine, "" if it does not tell
	Clean      bool      `json:"clean"`      // written at an orderly end
	State      State     `json:"state"`
	ID         string    `json:"id"`
	Size       int64     `json:"size"` // -1 unknown
	Validator  validator `json:"validator"`
	Digest     digest    `json:"digest,omitzero"` // that the server told
	Inode      uint64    `json:"inode,omitempty"` // of the part, 0 if the system does not tell
	Piece      int64     `json:"piece"`
	// Frontier: bytes [0, Frontier) are there. CRCs has one CRC-32C for each
	// whole piece of them, and Tail that of the rest.
	Frontier int64    `json:"frontier"`
	CRCs     []uint32 `json:"crcs"`
	Tail     uint32   `json:"tail"`
	// Hash is the state of SHA-256 at Frontier, so that nothing is read twice.
	Hash []byte `json:"hash"`
	// Second is that of the hash which Digest needs, if it needs one.
	Second []byte `json:"second,omitempty"`
	// Extents are on the disk beyond Frontier, in order. One that the frontier
	// is in begins before it, since its CRC does.
	Extents []extent `json:"extents,omitempty"`
}

// extent is one run of bytes [From, To), within a piece.
type extent struct {
	From int64  `json:"from"`
	To   int64  `json:"to"`
	CRC  uint32 `json:"crc"`
}

// validator tells one version of an object from another (RFC 9110, 8.8).
type validator struct {
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"lastModified,omitempty"`
	Date         time.Time `json:"date,omitzero"`
	Coding       string    `json:"coding,omitempty"` // Content-Encoding, "" for none
}

func encodeCheckpoint(c checkpoint) ([]byte, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode checkpoint: %w", err)
	}
	sum := strconv.FormatUint(uint64(crc32.ChecksumIEEE(line)), 16)
	return slices.Concat(line, []byte{'\n'}, []byte(sum), []byte{'\n'}), nil
}

var errCheckpoint = errors.New("not a checkpoint")

func decodeCheckpoint(b []byte) (checkpoint, error) {
	line, rest, ok := bytes.Cut(b, []byte{'\n'})
	sum, err := strconv.ParseUint(string(bytes.TrimSuffix(rest, []byte{'\n'})), 16, 32)
	if !ok || err != nil || uint32(sum) != crc32.ChecksumIEEE(line) {
		return checkpoint{}, errCheckpoint
	}
	var c checkpoint
	if err := json.Unmarshal(line, &c); err != nil || !c.plausible() {
		return checkpoint{}, errCheckpoint
	}
	return c, nil
}

// plausible checks every number before anything is computed from it.
func (c checkpoint) plausible() bool {
	switch {
	case c.Version != checkpointVersion, c.Piece != pieceSize,
		c.State != StateActive && c.State != StateComplete,
		c.Frontier < 0, c.Size < -1, c.Size >= 0 && c.Frontier > c.Size,
		c.State == StateComplete && c.Frontier != c.Size,
		c.Digest != digest{} && c.Digest.Algorithm.rank() > algMD5.rank(),
		int64(len(c.CRCs)) != c.Frontier/pieceSize:
		return false
	}
	at := c.Frontier - c.Frontier%pieceSize
	for _, e := range c.Extents {
		if e.From < at || e.To <= e.From || e.To <= c.Frontier || e.To-e.From > pieceSize || c.Size >= 0 && e.To > c.Size {
			return false
		}
		at = e.To
	}
	return true
}

// trusted is the number of bytes that the checkpoint vouches for.
func (c checkpoint) trusted() int64 {
	n := c.Frontier
	for _, e := range c.Extents {
		n += e.To - max(e.From, c.Frontier)
	}
	return n
}

// end is the length that the part must have at least.
func (c checkpoint) end() int64 {
	if n := len(c.Extents); n > 0 {
		return c.Extents[n-1].To
	}
	return c.Frontier
}

// hashes are those of [0, Frontier). False: another Go made them.
func (c checkpoint) hashes() (sum, second hash.Hash, ok bool) {
	sum, second = sha256.New(), c.Digest.Algorithm.hash()
	ok = unmarshalHash(sum, c.Hash) && (second == nil || unmarshalHash(second, c.Second))
	return sum, second, ok
}

func readCheckpoint(d disk, path string) (checkpoint, error) {
	f, err := d.open(path, os.O_RDONLY)
	if err != nil {
		return checkpoint{}, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, maxCheckpoint+1))
	if err != nil {
		return checkpoint{}, fmt.Errorf("read checkpoint %q: %w", path, err)
	}
	if len(b) > maxCheckpoint {
		return checkpoint{}, fmt.Errorf("read checkpoint %q: %w", path, errCheckpoint)
	}
	c, err := decodeCheckpoint(b)
	if err != nil {
		return checkpoint{}, fmt.Errorf("read checkpoint %q: %w", path, err)
	}
	return c, nil
}

// writeCheckpoint replaces the checkpoint durably: after it returns the new
// one is on the disk, and a power cut before leaves the old one.
func writeCheckpoint(d disk, path string, c checkpoint) error {
	b, err := encodeCheckpoint(c)
	if err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := d.remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	f, err := d.open(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	_, err = f.Write(b)
	if err == nil {
		_, err = f.sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = d.rename(tmp, path)
	}
	if err == nil {
		err = d.syncDir(filepath.Dir(path))
	}
	if err != nil {
		_ = d.remove(tmp)
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}

// marshalHash and unmarshalHash carry a hash over a restart. A state that
// another Go version wrote may not load; the data is then read again.
func marshalHash(h hash.Hash) []byte {
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return nil
	}
	b, err := m.MarshalBinary()
	if err != nil {
		return nil
	}
	return b
}

func unmarshalHash(h hash.Hash, b []byte) bool {
	u, ok := h.(encoding.BinaryUnmarshaler)
	return ok && u.UnmarshalBinary(b) == nil
}
