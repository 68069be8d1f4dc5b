package job

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/dashtray/dashtray-tui/client/seal"
	"github.com/dashtray/dashtray-tui/client/transfer"
)

// sealingSuffix is added to a part's name while its encrypted copy is written.
const sealingSuffix = ".age"

// encryption reads Spec.EncryptTo before anything is made.
func encryption(spec Spec) ([]seal.Recipient, error) {
	if spec.EncryptTo == "" {
		return nil, nil
	}
	to, err := seal.ParseRecipientsFile(strings.NewReader(spec.EncryptTo))
	if err == nil {
		err = seal.CheckRecipients(to)
	}
	if err != nil {
		return nil, fmt.Errorf("encrypt the file: %w", err)
	}
	return to, nil
}

// sealed is an encrypted copy of a part.
type sealed struct {
	path   string
	bytes  int64
	sha256 string
}

// encrypt writes an encrypted copy beside a part that is whole. The part stays
// until the copy has its name: cut off before that, the next run writes the
// copy anew. An earlier run's rest is written over.
func (r *run) encrypt(ctx context.Context, part *transfer.Part) (out sealed, err error) {
	out.path = part.File() + sealingSuffix
	if err := os.Remove(out.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return sealed{}, &TransferError{fmt.Errorf("encrypt the file: %w", full(err))}
	}
	from, err := os.Open(part.File())
	if err != nil {
		return sealed{}, fmt.Errorf("encrypt the file: %w", err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(out.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return sealed{}, fmt.Errorf("encrypt the file: %w", err)
	}
	w := &measured{w: to, sum: sha256.New()}
	err = errors.Join(r.sealInto(ctx, w, from), to.Sync(), to.Close())
	if err != nil {
		_ = os.Remove(out.path)
		return sealed{}, fmt.Errorf("encrypt the file: %w", err)
	}
	out.bytes, out.sha256 = w.n, hex.EncodeToString(w.sum.Sum(nil))
	return out, nil
}

func (r *run) sealInto(ctx context.Context, w io.Writer, from io.Reader) error {
	age, err := seal.Encrypt(w, r.recipients)
	if err != nil {
		return err
	}
	buf := make([]byte, 256<<10)
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := from.Read(buf)
		if _, werr := age.Write(buf[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return age.Close()
		}
		if err != nil {
			return err
		}
	}
}

// full makes of a disk that is full what the transfer makes of it: what arrived
// is kept, and the same command goes on when there is room.
func full(err error) error {
	if err != nil && transfer.IsFull(err) {
		return fmt.Errorf("%w: %w", transfer.ErrDiskFull, err)
	}
	return err
}

// measured counts and hashes what goes through it.
type measured struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (m *measured) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	_, _ = m.sum.Write(p[:n]) // never fails, by hash.Hash
	m.n += int64(n)
	return n, err
}

// digest is the SHA-256 of a file, for one that cannot be read otherwise.
func digest(ctx context.Context, path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = f.Close() }()
	m := &measured{w: io.Discard, sum: sha256.New()}
	buf := make([]byte, 256<<10)
	for {
		if ctx.Err() != nil {
			return "", 0, context.Cause(ctx)
		}
		n, err := f.Read(buf)
		_, _ = m.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(m.sum.Sum(nil)), m.n, nil
		}
		if err != nil {
			return "", 0, err
		}
	}
}
