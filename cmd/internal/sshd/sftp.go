package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pkg/sftp"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/serve"
)

// Files are the files that may be fetched.
type Files struct {
	// Folder of the exports. It need not exist yet.
	Folder string
	// Finished are the names of those files in it that are whole and verified,
	// and that a person may have. Whatever else lies there does not exist for
	// that person.
	Finished func(ctx context.Context, who serve.Who) ([]string, error)
}

// maxOpen is how many files and listings a session may have open at once.
const maxOpen = 16

// sftp serves the files.
func (k *channel) sftp() int {
	rights := serve.Rights{Who: k.who, Record: k.s.o.Record}
	if err := rights.Allow(serve.Operator, "fetch files", serve.Event{Action: "sftp"}); err != nil {
		k.explain(err)
		return exitRefused
	}
	k.visit.Does("sftp")
	rw := struct {
		io.Reader
		io.Writer
		io.Closer
	}{heard{k.ch, k.conn}, k.out(k.ch), k.ch}
	if err := ServeFiles(k.ctx, rw, k.s.o.Files, rights, k.visit.Does); err != nil {
		k.s.o.Log.Info("sftp ended", "session", k.who.Session, "error", err)
		return exitFailed
	}
	return exitDone
}

// ServeFiles speaks SFTP (draft-ietf-secsh-filexfer-02) on rw, read-only, until
// the client leaves or ctx ends. The right to fetch files has been checked; what
// is fetched is written down. doing is told which file is read.
func ServeFiles(ctx context.Context, rw io.ReadWriteCloser, f Files, rights serve.Rights, doing func(string)) error {
	d := &share{ctx: ctx, files: f, rights: rights, doing: doing, no: newThinned()}
	server := sftp.NewRequestServer(rw, sftp.Handlers{FileGet: d, FilePut: d, FileCmd: d, FileList: d})
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	err := server.Serve()
	if err == nil || errors.Is(err, io.EOF) || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve files: %w", err)
}

// share is the folder as one session sees it: flat, and with nothing in it but
// finished files.
//
// Its methods are called from goroutines of the SFTP library, where a panic
// would end the server: each of them catches its own.
type share struct {
	ctx    context.Context
	files  Files
	rights serve.Rights
	doing  func(string)
	open   atomic.Int32
	no     *thinned // audit lines of refusals
}

// find gives the name and the state of a file that a path means. There is one
// folder, "/", and names in it; a path with anything else in it means nothing.
func (d *share) find(p string) (string, fs.FileInfo, error) {
	name := strings.TrimPrefix(p, "/")
	if !isName(name) {
		return "", nil, os.ErrNotExist
	}
	finished, err := d.files.Finished(d.ctx, d.rights.Who)
	if err != nil {
		return "", nil, errors.New("the list of files cannot be had")
	}
	if !slices.Contains(finished, name) {
		return "", nil, os.ErrNotExist
	}
	root, err := os.OpenRoot(d.files.Folder)
	if err != nil {
		return "", nil, os.ErrNotExist
	}
	defer func() { _ = root.Close() }()
	info, err := regular(root, name)
	return name, info, err
}

// isName refuses all that is no plain name: separators of any system, hidden
// files, and what a transfer keeps beside its file.
func isName(name string) bool {
	switch {
	case name == "", name[0] == '.', strings.ContainsAny(name, "/\\:\x00"):
		return false
	case name != path.Base(name), strings.Contains(name, ".part"):
		return false
	}
	return true
}

// regular gives the state of a file, if it is one and no link.
func regular(root *os.Root, name string) (fs.FileInfo, error) {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, os.ErrNotExist
	}
	return info, nil
}

// caught turns a panic into an error.
func caught(err *error) {
	if v := recover(); v != nil {
		*err = errors.New("internal error")
	}
}

// take counts one more open thing.
func (d *share) take() error {
	if d.open.Add(1) > maxOpen {
		d.open.Add(-1)
		return errors.New("too many open files")
	}
	return nil
}

// Fileread opens a file for reading.
func (d *share) Fileread(r *sftp.Request) (at io.ReaderAt, err error) {
	defer caught(&err)
	name, before, err := d.find(r.Filepath)
	if err != nil {
		d.denied("file.open", r.Filepath)
		return nil, err
	}
	root, err := os.OpenRoot(d.files.Folder)
	if err != nil {
		return nil, os.ErrNotExist
	}
	defer func() { _ = root.Close() }()
	f, err := root.Open(name)
	if err != nil {
		return nil, os.ErrNotExist
	}
	// A link may have been put there since: what was opened has to be what was looked at.
	if info, err := f.Stat(); err != nil || !os.SameFile(before, info) {
		_ = f.Close()
		return nil, os.ErrNotExist
	}
	err = d.take()
	if err == nil {
		if err = d.rights.Write(serve.Event{Action: "file.open", Object: text.Untrusted(name).Safe(), Result: serve.Done}); err != nil {
			d.open.Add(-1)
			err = errors.New(message.Of(err).Text) // the cause is the server's own business
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	d.doing("sftp " + text.Untrusted(name).SafeN(60))
	return &reading{f: f, d: d, name: text.Untrusted(name).Safe(), size: before.Size()}, nil
}

// denied writes down that somebody reached for what is not there for him.
func (d *share) denied(action, p string) {
	if _, write := d.no.take(time.Now()); !write {
		return
	}
	// Refused in any case.
	_ = d.rights.Write(serve.Event{Action: action, Object: text.Untrusted(p).SafeN(120), Result: serve.Refused})
}

// reading is an open file.
type reading struct {
	f    *os.File
	d    *share
	name string
	size int64
	sent atomic.Int64
	once sync.Once
}

func (r *reading) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.f.ReadAt(p, off)
	r.sent.Add(int64(n))
	return n, err
}

// Close tells what was fetched.
func (r *reading) Close() error {
	err := os.ErrClosed
	r.once.Do(func() {
		err = r.f.Close()
		r.d.open.Add(-1)
		r.d.doing("sftp")
		e := serve.Event{Action: "file.read", Object: r.name, Result: serve.Done, Bytes: r.sent.Load()}
		if e.Bytes < r.size {
			e.Result, e.Detail = serve.Failed, fmt.Sprintf("%d of %d bytes", e.Bytes, r.size)
		}
		_ = r.d.rights.Write(e) // it has been read; the next one is refused
	})
	return err
}

// Filewrite refuses: nothing is written here.
func (d *share) Filewrite(r *sftp.Request) (w io.WriterAt, err error) {
	defer caught(&err)
	d.denied("file.write", r.Filepath)
	return nil, sftp.ErrSSHFxPermissionDenied
}

// Filecmd refuses: nothing is changed here.
func (d *share) Filecmd(r *sftp.Request) (err error) {
	defer caught(&err)
	d.denied("file."+strings.ToLower(safeWord(r.Method)), r.Filepath)
	return sftp.ErrSSHFxPermissionDenied
}

// Filelist lists the folder, or tells of one file.
func (d *share) Filelist(r *sftp.Request) (l sftp.ListerAt, err error) {
	defer caught(&err)
	switch r.Method {
	case "List":
		if r.Filepath != "/" {
			return nil, os.ErrNotExist
		}
		if err := d.take(); err != nil {
			return nil, err
		}
		return &listing{entries: d.list(), d: d}, nil
	case "Stat":
		info, err := d.stat(r.Filepath)
		if err != nil {
			return nil, err
		}
		return oneEntry{info}, nil
	}
	return nil, sftp.ErrSSHFxOpUnsupported // there are no links to read
}

// Lstat is Stat: there are no links.
func (d *share) Lstat(r *sftp.Request) (l sftp.ListerAt, err error) {
	defer caught(&err)
	info, err := d.stat(r.Filepath)
	if err != nil {
		return nil, err
	}
	return oneEntry{info}, nil
}

func (d *share) stat(p string) (fs.FileInfo, error) {
	if p == "/" {
		return entry{name: "/", mode: fs.ModeDir | 0o500}, nil
	}
	name, info, err := d.find(p)
	if err != nil {
		return nil, err
	}
	return entry{name, info.Size(), 0o400, info.ModTime()}, nil
}

// list is the files that can be fetched. One that cannot be looked at is left out.
func (d *share) list() []fs.FileInfo {
	finished, err := d.files.Finished(d.ctx, d.rights.Who)
	if err != nil {
		return nil
	}
	root, err := os.OpenRoot(d.files.Folder)
	if err != nil {
		return nil
	}
	defer func() { _ = root.Close() }()
	slices.Sort(finished)
	var out []fs.FileInfo
	for _, name := range slices.Compact(finished) {
		if !isName(name) {
			continue
		}
		if info, err := regular(root, name); err == nil {
			out = append(out, entry{name, info.Size(), 0o400, info.ModTime()})
		}
	}
	return out
}

// entry is what a client learns of a file: nothing of its owner.
type entry struct {
	name string
	size int64
	mode fs.FileMode
	time time.Time
}

func (e entry) Name() string       { return e.name }
func (e entry) Size() int64        { return e.size }
func (e entry) Mode() fs.FileMode  { return e.mode }
func (e entry) ModTime() time.Time { return e.time }
func (e entry) IsDir() bool        { return e.mode.IsDir() }
func (e entry) Sys() any           { return nil }

// oneEntry lists one file.
type oneEntry [1]fs.FileInfo

func (o oneEntry) ListAt(to []os.FileInfo, off int64) (int, error) { return copyEntries(to, o[:], off) }

// listing is an open folder.
type listing struct {
	entries []fs.FileInfo
	d       *share
	once    sync.Once
}

func (l *listing) ListAt(to []os.FileInfo, off int64) (int, error) {
	return copyEntries(to, l.entries, off)
}

func (l *listing) Close() error {
	l.once.Do(func() { l.d.open.Add(-1) })
	return nil
}

func copyEntries(to, from []fs.FileInfo, off int64) (int, error) {
	if off < 0 || off >= int64(len(from)) {
		return 0, io.EOF
	}
	n := copy(to, from[off:])
	if n < len(to) {
		return n, io.EOF
	}
	return n, nil
}
