package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The layers that an export may lie in, as Report names them.
const (
	LayerGzip = "gzip" // RFC 1952
	LayerZstd = "zstd" // RFC 8878
	LayerAge  = "age"  // age-encryption.org/v1, armored too
)

// The bounds of what packs an export. More than they allow is a Schema problem.
const (
	// MaxLayers is how many layers may lie around an export.
	MaxLayers = 4
	// MaxRatio is how many times its size a file may become when it is
	// unpacked, beyond the first FreeUnpacked bytes. Exports become 10 to 30
	// times theirs.
	MaxRatio     = 200
	FreeUnpacked = 64 << 20
	// MaxWindow is the most bytes that a zstd file may look back. It is what
	// zstd uses up to level 22 without --ultra and --long.
	MaxWindow = 8 << 20
)

// ErrEncrypted says that a file is encrypted and Open was given no way to
// decrypt it: ask for the identity.
var ErrEncrypted = errors.New("the file is encrypted")

// File is an export in whatever packs and encrypts it. Its Read gives the
// export itself.
type File struct {
	raw    *rawFile
	plain  io.Reader
	layers []string
	close  []func()
}

// Open looks at the first bytes of r for the layers around an export, whatever
// the file's name says, and takes them off, one in another: x.json.gz.age is
// decrypted first and unpacked then. decrypt opens an age file; it is not
// called for others and may be nil, and then an encrypted file is ErrEncrypted.
// The package that knows keys is not known here, so that a command composes
// the two:
//
//	f, err := archive.Open(file, func(r io.Reader) (io.Reader, error) {
//		return seal.Open(r, identities...)
//	})
//	if err != nil { … }
//	defer f.Close()
//	report, err := archive.CheckFile(ctx, f, expect, progress)
//
// The error is of reading or of decrypt, as it came. A layer that is damaged
// further on is a problem in the report of CheckFile, Truncated or Syntax.
func Open(r io.Reader, decrypt func(io.Reader) (io.Reader, error)) (*File, error) {
	f := &File{raw: &rawFile{r: r, hash: sha256.New()}}
	f.plain = f.raw
	for {
		head, err := f.peek()
		if err != nil {
			f.Close()
			return nil, err
		}
		name := layerOf(head)
		if name == "" {
			return f, nil
		}
		if len(f.layers) == MaxLayers {
			f.plain = broken{&damage{Schema, fmt.Sprintf("more than %d layers lie around the export", MaxLayers)}}
			return f, nil
		}
		if err := f.unwrap(name, decrypt); err != nil {
			f.Close()
			return nil, err
		}
	}
}

// peek gives the first bytes of plain, which stay unread. A layer that is
// damaged so early has none.
func (f *File) peek() ([]byte, error) {
	head := make([]byte, len(ageArmor))
	n, err := io.ReadFull(f.plain, head)
	head = head[:n]
	var d *damage
	switch {
	case err == nil:
		f.plain = io.MultiReader(bytes.NewReader(head), f.plain)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.plain = bytes.NewReader(head)
	case errors.As(err, &d):
		f.plain = io.MultiReader(bytes.NewReader(head), broken{d})
	default:
		return nil, fmt.Errorf("read the export: %w", err)
	}
	return head, nil
}

const (
	ageHead  = "age-encryption.org/"
	ageArmor = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// layerOf names the layer that begins with head; "" is none.
func layerOf(head []byte) string {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has("\x1f\x8b"):
		return LayerGzip
	case has("\x28\xb5\x2f\xfd"), len(head) >= 4 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18":
		return LayerZstd
	case has(ageHead), has(ageArmor):
		return LayerAge
	}
	return ""
}

// unwrap puts the reader of a layer over plain.
func (f *File) unwrap(name string, decrypt func(io.Reader) (io.Reader, error)) error {
	f.layers = append(f.layers, name)
	l := &layer{name: name, raw: f.raw}
	switch name {
	case LayerGzip:
		z, err := gzip.NewReader(f.plain)
		if err != nil {
			f.plain = broken{l.fault(err)}
			return nil
		}
		l.r = z
	case LayerZstd:
		// Its decoder reads a frame of few bytes in as many reads.
		z, err := zstd.NewReader(bufio.NewReaderSize(f.plain, 64<<10), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(MaxWindow))
		if err != nil {
			f.plain = broken{l.fault(err)}
			return nil
		}
		f.close = append(f.close, z.Close)
		l.r = z
	case LayerAge:
		if decrypt == nil {
			return ErrEncrypted
		}
		plain, err := decrypt(f.plain)
		if err != nil {
			return err
		}
		l.r = plain
	}
	f.plain = l
	return nil
}

// Read reads the export.
func (f *File) Read(p []byte) (int, error) { return f.plain.Read(p) }

// Close gives back what the layers hold. It does not close the reader that
// Open was given.
func (f *File) Close() {
	for _, done := range f.close {
		done()
	}
}

// CheckFile is Check of an export in its layers. Size and checksum, in the
// report and of what is expected, are those of the file on disk, and progress
// counts its bytes; format, counts and places are those of the export in it.
func CheckFile(ctx context.Context, f *File, e Expect, progress func(bytes int64)) (Report, error) {
	if len(f.layers) == 0 {
		f.raw.hash = nil // the check does it on another core
		return Check(ctx, f, e, progress)
	}
	o := Options{Sum: func() (int64, string, error) { return f.raw.sum(ctx) }}
	if progress != nil {
		o.Progress = func(int64) { progress(f.raw.n.Load()) }
	}
	r, err := CheckWith(ctx, f, e, o)
	if err == nil {
		r.Layers = f.layers
	}
	return r, err
}

// rawFile counts and hashes the bytes of the file on disk.
type rawFile struct {
	r    io.Reader
	hash hash.Hash // nil: nobody wants it
	n    atomic.Int64
	err  error // of reading, io.EOF aside
}

func (f *rawFile) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.n.Add(int64(n))
	if f.hash != nil {
		_, _ = f.hash.Write(p[:n]) // a hash never fails
	}
	if err != nil && err != io.EOF { //nolint:errorlint // wrapped, it is a fault of some layer below
		f.err = err
	}
	return n, err
}

// sum reads what the layers have left.
func (f *rawFile) sum(ctx context.Context) (int64, string, error) {
	buf := make([]byte, 64<<10)
	for {
		if err := ctx.Err(); err != nil {
			return 0, "", err
		}
		_, err := f.Read(buf)
		if err == io.EOF { //nolint:errorlint // as above
			return f.n.Load(), hex.EncodeToString(f.hash.Sum(nil)), nil
		}
		if err != nil {
			return 0, "", fmt.Errorf("read the export: %w", err)
		}
	}
}

// layer is the reader of one layer. It tells damage from errors of reading,
// and stops what grows without end.
type layer struct {
	name string
	r    io.Reader
	raw  *rawFile
	out  int64
}

func (l *layer) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	l.out += int64(n)
	if l.out > FreeUnpacked && l.out/MaxRatio > l.raw.n.Load() {
		return 0, &damage{Schema, fmt.Sprintf("unpacked, the file becomes more than %d times its size", MaxRatio)}
	}
	if err != nil && err != io.EOF { //nolint:errorlint // as above
		err = l.fault(err)
	}
	return n, err
}

// fault is err as what it says of the file.
func (l *layer) fault(err error) error {
	var d *damage
	switch {
	case l.raw.err != nil:
		return l.raw.err
	case errors.As(err, &d):
		return d
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &damage{Truncated, "the file ends inside its " + l.name + " layer"}
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &damage{Schema, fmt.Sprintf("the zstd layer needs a window of more than %d MiB", MaxWindow>>20)}
	}
	return &damage{Syntax, "the " + l.name + " layer is damaged: its checksum or its structure is wrong"}
}

// damage is what is wrong with a layer: a finding, not an error of reading.
type damage struct{ code, message string }

func (d *damage) Error() string { return d.message }

// broken is the rest of a layer that cannot be read.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
