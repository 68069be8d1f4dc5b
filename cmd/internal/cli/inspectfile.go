package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
)

// inspector reads exports of this machine, whatever packs and encrypts them:
// for the commands, and for the console.
type inspector struct {
	identities []seal.Identity // to decrypt with; none: encrypted files are refused
	expect     archive.Expect  // what the file has to be, as far as anybody told
}

// Inspect checks a file and tells what is in it. progress gets the bytes of the
// file that were read and all that it has. The error has words for a person;
// what is wrong with the file stands in the report.
func (i inspector) Inspect(ctx context.Context, path string, progress func(done, total int64)) (archive.Report, error) {
	r, err := i.check(ctx, path, progress)
	if err != nil {
		return archive.Report{}, unreadable(path, err)
	}
	return r, nil
}

func (i inspector) check(ctx context.Context, path string, progress func(done, total int64)) (archive.Report, error) {
	f, size, err := openExport(ctx, path)
	if err != nil {
		return archive.Report{}, err
	}
	defer func() { _ = f.Close() }()
	// A read of a pipe ends when its writer says so, or the file is closed.
	defer context.AfterFunc(ctx, func() { _ = f.Close() })()
	export, err := archive.Open(f, i.decrypt())
	if err != nil {
		return archive.Report{}, cmp.Or(ctx.Err(), err)
	}
	defer export.Close()
	return archive.CheckFile(ctx, export, i.expect, func(done int64) { progress(done, size) })
}

// openExport opens a file, or a pipe, whose size is 0. It waits for the writer
// of a pipe as long as ctx goes on. Devices have no end and are refused.
func openExport(ctx context.Context, path string) (_ *os.File, size int64, _ error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, 0, err
	case info.IsDir():
		return nil, 0, errors.New("it is a folder")
	case !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0:
		return nil, 0, errors.New("it is neither a file nor a pipe")
	}
	opened, failed := make(chan *os.File), make(chan error, 1)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			failed <- err
			return
		}
		select {
		case opened <- f:
		case <-ctx.Done():
			_ = f.Close()
		}
	}()
	select {
	case f := <-opened:
		return f, info.Size(), nil
	case err := <-failed:
		return nil, 0, err
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
}

// decrypt opens an encrypted layer; nil without identities.
func (i inspector) decrypt() func(io.Reader) (io.Reader, error) {
	if len(i.identities) == 0 {
		return nil
	}
	return func(r io.Reader) (io.Reader, error) {
		plain, err := seal.Open(r, i.identities)
		if errors.Is(err, seal.ErrDamaged) {
			// That is a verdict on the file: reading the layer gives it.
			return damaged{err}, nil
		}
		return plain, err
	}
}

// damaged is an encrypted layer whose head cannot be read.
type damaged struct{ err error }

func (d damaged) Read([]byte) (int, error) { return 0, d.err }

// unreadable is a file that cannot be checked: nothing is known of what is in it.
func unreadable(name string, err error) error {
	m := message.Message{
		Code: message.Disk,
		Text: fmt.Sprintf("The file %q cannot be read: %s.", name, text.Untrusted(bare(err).Error()).Safe()),
		Hint: "Check its name and who may read it.",
	}
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, fs.ErrNotExist):
		m = message.Message{
			Code: message.NotFound,
			Text: fmt.Sprintf("There is no file %q.", name),
			Hint: "Check its name and the folder.",
		}
	case errors.Is(err, archive.ErrEncrypted):
		m = message.Message{
			Code: message.Usage,
			Text: fmt.Sprintf("The file %q is encrypted.", name),
			Hint: "The commands verify and inspect open it with --identity FILE, the age identity or SSH key that it is encrypted to.",
		}
	case errors.Is(err, seal.ErrNoMatch):
		m = message.Message{
			Code: message.Usage,
			Text: fmt.Sprintf("The file %q is not encrypted to this identity.", name),
			Hint: "Name with --identity FILE the age identity or SSH key that it is encrypted to.",
		}
	case errors.Is(err, seal.ErrPassphrase):
		m = message.Message{
			Code: message.Usage,
			Text: fmt.Sprintf("The file %q is locked with a passphrase.", name),
			Hint: "Decrypt it with age -d first.",
		}
	}
	return &message.Error{Message: m, Err: err}
}
