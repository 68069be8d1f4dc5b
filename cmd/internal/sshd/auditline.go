package sshd

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Entry is one line of the audit log. Every string is safe to show.
type Entry struct {
	Seq     uint64    `json:"seq"` // 1, 2, 3, …
	Time    time.Time `json:"time"`
	Session string    `json:"session"`
	Name    string    `json:"name"`
	Key     string    `json:"key"` // fingerprint
	Role    string    `json:"role"`
	From    string    `json:"from"`
	Action  string    `json:"action"`
	Object  string    `json:"object"`
	Result  string    `json:"result"`
	Bytes   int64     `json:"bytes"`
	Detail  string    `json:"detail"`
	// Prev is the Hash of the line before, "" on the first.
	Prev string `json:"prev"`
	// Hash is the SHA-256 of this line with an empty Hash.
	Hash string `json:"hash"`
}

// Actions of lines that the log writes about itself.
const (
	// healed stands for a line that was cut off.
	healed = "log.healed"
	// continued is the first line of a file that goes on where another ended;
	// its object is the name which that one has, unless somebody moved it.
	continued = "log.continued"
	// notAside tells why a full file could not be put aside.
	notAside = "log.aside"
)

// maxLine bounds a line of the log, so that its end can be found from behind.
const maxLine = 16 << 10

// ErrBroken is an audit log whose chain does not hold: somebody has changed it.
// Keep it as it is, and have a new one begun elsewhere.
var ErrBroken = errors.New("the chain is broken")

// seal gives the line with its hash.
func (e Entry) seal() ([]byte, error) {
	e.Hash = ""
	open, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(open)
	e.Hash = hex.EncodeToString(sum[:])
	return json.Marshal(e)
}

// parseEntry reads a line, which has to be byte for byte what would be written.
func parseEntry(line []byte) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		return Entry{}, errors.New("not an entry")
	}
	again, err := e.seal()
	if err != nil || !bytes.Equal(again, line) {
		return Entry{}, errors.New("its hash is not that of its content")
	}
	return e, nil
}

// tail finds the last whole line of a file of size bytes, where it ends (0 if
// there is none), and what stands behind it.
func tail(f io.ReaderAt, size int64) (last Entry, end int64, rest []byte, err error) {
	b := make([]byte, min(size, 2*maxLine))
	from := size - int64(len(b))
	if _, err := f.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
		return Entry{}, 0, nil, err
	}
	at := bytes.LastIndexByte(b, '\n') + 1
	if at == 0 {
		if from > 0 {
			return Entry{}, 0, nil, fmt.Errorf("%w: its end is no line", ErrBroken)
		}
		return Entry{}, 0, b, nil
	}
	start := bytes.LastIndexByte(b[:at-1], '\n') + 1
	if start == 0 && from > 0 {
		return Entry{}, 0, nil, fmt.Errorf("%w: its last line is too long", ErrBroken)
	}
	if last, err = parseEntry(b[start : at-1]); err != nil {
		return Entry{}, 0, nil, fmt.Errorf("%w: its last line: %w", ErrBroken, err)
	}
	return last, from + int64(at), b[at:], nil
}

// lastOf is the last line of a file that nobody writes to any more.
func lastOf(path string) (Entry, error) {
	f, err := os.Open(path)
	if err != nil {
		return Entry{}, bare(err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return Entry{}, bare(err)
	}
	last, end, rest, err := tail(f, info.Size())
	if err == nil && (end == 0 || len(rest) > 0) {
		err = fmt.Errorf("%w: its end is no line", ErrBroken)
	}
	return last, err
}

// aside is a file of the log that is full.
type aside struct {
	path string
	last uint64 // the number of its last line, by its name
}

// asideName is what the file of a log is called once it is full.
func asideName(path string, last uint64) string {
	ext := filepath.Ext(path)
	return fmt.Sprintf("%s-%012d%s", strings.TrimSuffix(path, ext), last, ext)
}

// setAside are the full files of a log, the oldest first.
func setAside(path string) ([]aside, error) {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return nil, bare(err)
	}
	ext := filepath.Ext(base)
	var list []aside
	for _, e := range entries {
		number, before := strings.CutPrefix(e.Name(), strings.TrimSuffix(base, ext)+"-")
		number, after := strings.CutSuffix(number, ext)
		last, err := strconv.ParseUint(number, 10, 64)
		if !before || !after || err != nil || asideName(base, last) != e.Name() {
			continue // not one of ours
		}
		list = append(list, aside{filepath.Join(dir, e.Name()), last})
	}
	slices.SortFunc(list, func(a, b aside) int { return cmp.Compare(a.last, b.last) })
	return list, nil
}
