package transfer

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

const pageSize = 4 << 10

// memoryDisk keeps files in memory and knows which of their pages, and which
// names, a power cut would lose. It can be full, refuse to sync, and have a
// lock that locks nothing.
type memoryDisk struct {
	mu       sync.Mutex
	names    map[string]*inode
	durable  map[string]*inode
	journal  []change // of the names, since they were made durable
	locks    map[string]bool
	inodes   uint64
	lockless bool
	unsure   bool  // it cannot tell when data is durable
	room     int64 // bytes that are free; less than 0 is no limit
	syncErr  []error
	step     func(op string) // before each change
}

// change is one of the names: a file is made, removed or renamed. A power cut
// finds it done or not, and never half: journaling file systems promise that of
// a rename, and do the changes of one folder in their order.
type change struct {
	from, to string
	n        *inode
}

func (c change) do(names map[string]*inode) {
	delete(names, c.from)
	if c.to != "" {
		names[c.to] = c.n
	}
}

func (d *memoryDisk) change(c change) {
	c.do(d.names)
	d.journal = append(d.journal, c)
}

type inode struct {
	id      uint64
	live    []byte
	durable []byte
	dirty   map[int]bool // pages
}

func newMemoryDisk() *memoryDisk {
	return &memoryDisk{names: map[string]*inode{}, durable: map[string]*inode{}, locks: map[string]bool{}, room: -1}
}

// afterPowerCut is what the disk holds when the power goes now: of what was not
// made durable any part may be there, or not.
func (d *memoryDisk) afterPowerCut(r *rand.Rand) *memoryDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := newMemoryDisk()
	out.lockless, out.inodes = d.lockless, d.inodes
	names := maps.Clone(d.durable)
	for _, c := range d.journal[:r.IntN(len(d.journal)+1)] {
		c.do(names)
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out.names[name] = names[name].afterPowerCut(r)
	}
	out.durable = maps.Clone(out.names)
	return out
}

func (n *inode) afterPowerCut(r *rand.Rand) *inode {
	size := len(n.durable)
	if r.IntN(2) == 0 {
		size = len(n.live)
	}
	b := make([]byte, size)
	copy(b, n.durable)
	for _, page := range slices.Sorted(maps.Keys(n.dirty)) {
		if at := page * pageSize; r.IntN(2) == 0 && at < size && at < len(n.live) {
			copy(b[at:], n.live[at:min(at+pageSize, len(n.live))])
		}
	}
	return &inode{id: n.id, live: b, durable: bytes.Clone(b), dirty: map[int]bool{}}
}

// clone is what another process sees after this one was killed.
func (d *memoryDisk) clone() *memoryDisk {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := newMemoryDisk()
	out.inodes = d.inodes
	for name, n := range d.names {
		out.names[name] = &inode{id: n.id, live: bytes.Clone(n.live), durable: bytes.Clone(n.durable), dirty: maps.Clone(n.dirty)}
	}
	out.durable = maps.Clone(out.names)
	return out
}

func (d *memoryDisk) begin(op string) {
	if d.step != nil {
		d.step(op)
	}
	d.mu.Lock()
}

func (d *memoryDisk) open(path string, flag int) (file, error) {
	d.begin("open")
	defer d.mu.Unlock()
	n := d.names[path]
	switch {
	case n == nil && flag&os.O_CREATE == 0:
		return nil, fmt.Errorf("open %q: %w", path, fs.ErrNotExist)
	case n != nil && flag&os.O_EXCL != 0:
		return nil, fmt.Errorf("open %q: %w", path, fs.ErrExist)
	case n == nil:
		d.inodes++
		n = &inode{id: d.inodes, dirty: map[int]bool{}}
		d.change(change{to: path, n: n})
	}
	return &memoryFile{d: d, n: n}, nil
}

func (d *memoryDisk) stat(path string) (fileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[path]
	if n == nil {
		return fileInfo{}, fmt.Errorf("stat %q: %w", path, fs.ErrNotExist)
	}
	return fileInfo{inode: n.id, size: int64(len(n.live))}, nil
}

func (d *memoryDisk) rename(from, to string) error {
	d.begin("rename")
	defer d.mu.Unlock()
	n := d.names[from]
	if n == nil {
		return fmt.Errorf("rename %q: %w", from, fs.ErrNotExist)
	}
	d.change(change{from: from, to: to, n: n})
	return nil
}

func (d *memoryDisk) renameNew(from, to string) error {
	if _, err := d.stat(to); err == nil {
		return fs.ErrExist
	}
	return d.rename(from, to)
}

func (d *memoryDisk) remove(path string) error {
	d.begin("remove")
	defer d.mu.Unlock()
	if d.names[path] == nil {
		return fmt.Errorf("remove %q: %w", path, fs.ErrNotExist)
	}
	d.change(change{from: path})
	return nil
}

func (d *memoryDisk) syncDir(dir string) error {
	d.begin("sync folder")
	defer d.mu.Unlock()
	d.journal = slices.DeleteFunc(d.journal, func(c change) bool {
		done := filepath.Dir(cmp.Or(c.to, c.from)) == dir
		if done {
			c.do(d.durable)
		}
		return done
	})
	return nil
}

func (d *memoryDisk) free(string) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.room < 0 {
		return 1 << 50, nil
	}
	return d.room, nil
}

func (d *memoryDisk) lock(path string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locks[path] && !d.lockless {
		return nil, ErrLocked
	}
	d.locks[path] = true
	return unlocker(func() {
		d.mu.Lock()
		delete(d.locks, path)
		d.mu.Unlock()
	}), nil
}

type unlocker func()

func (u unlocker) Close() error {
	u()
	return nil
}

func (d *memoryDisk) locked(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.locks[path] && !d.lockless
}

func (d *memoryDisk) read(path string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n := d.names[path]; n != nil {
		return bytes.Clone(n.live)
	}
	return nil
}

// files lists the names, without the folder.
func (d *memoryDisk) files() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for name := range d.names {
		out = append(out, filepath.Base(name))
	}
	return strings.Join(out, " ")
}

type memoryFile struct {
	d  *memoryDisk
	n  *inode
	at int64
}

func (f *memoryFile) Read(b []byte) (int, error) {
	n, err := f.ReadAt(b, f.at)
	f.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *memoryFile) Write(b []byte) (int, error) {
	n, err := f.WriteAt(b, f.at)
	f.at += int64(n)
	return n, err
}

func (f *memoryFile) ReadAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if at >= int64(len(f.n.live)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.live[at:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memoryFile) WriteAt(b []byte, at int64) (int, error) {
	f.d.begin("write")
	defer f.d.mu.Unlock()
	var err error
	if grow := at + int64(len(b)) - int64(len(f.n.live)); f.d.room >= 0 && grow > 0 {
		if grow > f.d.room {
			b = b[:max(int64(len(b))-(grow-f.d.room), 0)]
			grow, err = f.d.room, syscall.ENOSPC
		}
		f.d.room -= grow
	}
	end := int(at) + len(b)
	if end > len(f.n.live) && len(b) > 0 {
		if end > cap(f.n.live) {
			f.n.live = append(make([]byte, 0, 2*end), f.n.live...)
		}
		f.n.live = f.n.live[:end]
	}
	n := copy(f.n.live[min(int(at), len(f.n.live)):], b)
	for page := int(at) / pageSize; page*pageSize < end; page++ {
		f.n.dirty[page] = true
	}
	return n, err
}

func (f *memoryFile) Truncate(size int64) error {
	f.d.begin("truncate")
	defer f.d.mu.Unlock()
	f.n.live = append([]byte(nil), f.n.live...)
	if int64(len(f.n.live)) > size {
		f.n.live = f.n.live[:size]
	}
	return nil
}

func (f *memoryFile) stat() (fileInfo, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return fileInfo{inode: f.n.id, size: int64(len(f.n.live)), allocated: int64(len(f.n.live))}, nil
}

// sync makes a file durable. If it fails, the pages are dropped, as a system
// does, and the next one would succeed.
func (f *memoryFile) sync() (bool, error) {
	f.d.begin("sync")
	defer f.d.mu.Unlock()
	if len(f.d.syncErr) > 0 {
		err := f.d.syncErr[0]
		f.d.syncErr = f.d.syncErr[1:]
		if err != nil {
			for page := range f.n.dirty {
				at := page * pageSize
				end := min(at+pageSize, len(f.n.live))
				if at < end {
					clear(f.n.live[at:end])
					copy(f.n.live[at:end], f.n.durable[min(at, len(f.n.durable)):])
				}
			}
			clear(f.n.dirty)
			return false, err
		}
	}
	if size := len(f.n.live); size <= cap(f.n.durable) {
		f.n.durable = f.n.durable[:size]
	} else {
		f.n.durable = append(make([]byte, 0, cap(f.n.live)), f.n.durable...)[:size]
	}
	for page := range f.n.dirty {
		at := page * pageSize
		if end := min(at+pageSize, len(f.n.live)); at < end {
			copy(f.n.durable[at:end], f.n.live[at:end])
		}
	}
	clear(f.n.dirty)
	return !f.d.unsure, nil
}

func (f *memoryFile) Close() error { return nil }
