package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t testing.TB, b []byte, opts ...zstd.EOption) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

// sealed stands for an encrypted file: age's first line, and the bytes turned over.
func sealed(_ testing.TB, b []byte) []byte {
	out := []byte(ageHead + "v1\n")
	for _, c := range b {
		out = append(out, ^c)
	}
	return out
}

// unseal opens what sealed made, and leaves it to the caller to end the stream.
func unseal(r io.Reader) (io.Reader, error) {
	if _, err := io.CopyN(io.Discard, r, int64(len(ageHead+"v1\n"))); err != nil {
		return nil, err
	}
	return turned{r}, nil
}

type turned struct{ r io.Reader }

func (t turned) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	for i := range p[:n] {
		p[i] = ^p[i]
	}
	return n, err
}

func checkFile(t testing.TB, file []byte, e Expect) Report {
	t.Helper()
	f, err := Open(bytes.NewReader(file), unseal)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := CheckFile(t.Context(), f, e, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLayers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"page.json", "page.csv"} {
		plain := []byte(page(t, name))
		for _, tt := range []struct {
			layers []string
			file   []byte
		}{
			{nil, plain},
			{[]string{LayerGzip}, gzipped(t, plain)},
			{[]string{LayerGzip}, slices.Concat(gzipped(t, plain[:100]), gzipped(t, plain[100:]))},
			{[]string{LayerZstd}, zstded(t, plain)},
			{[]string{LayerZstd}, slices.Concat([]byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), zstded(t, plain))},
			{[]string{LayerAge}, sealed(t, plain)},
			{[]string{LayerAge, LayerGzip}, sealed(t, gzipped(t, plain))},
			{[]string{LayerZstd, LayerAge, LayerGzip}, zstded(t, sealed(t, gzipped(t, plain)))},
		} {
			want := check(t, string(plain), Expect{})
			sum := sha256.Sum256(tt.file)
			want.Layers, want.Bytes, want.SHA256 = tt.layers, int64(len(tt.file)), hex.EncodeToString(sum[:])
			got := checkFile(t, tt.file, Expect{Bytes: &want.Bytes, SHA256: want.SHA256})
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s in %v\n got %+v\nwant %+v", name, tt.layers, got, want)
			}
		}
	}
}

// A packed file that is cut is truncated, one with a wrong byte does not
// verify, and size and checksum are those of the file all the same.
func TestDamagedLayers(t *testing.T) {
	t.Parallel()
	plain := []byte(page(t, "page.json"))
	for name, file := range map[string][]byte{
		"gzip": gzipped(t, plain), "zstd": zstded(t, plain), "gzip in zstd": zstded(t, gzipped(t, plain)),
	} {
		for n := 4; n < len(file); n++ {
			r := checkFile(t, file[:n], Expect{})
			if codes(r.Problems) != Truncated || r.Bytes != int64(n) {
				t.Fatalf("%s, the first %d bytes of %d: %d bytes, %v", name, n, len(file), r.Bytes, r.Problems)
			}
		}
		for i := range file {
			changed := slices.Clone(file)
			changed[i] ^= 0x10
			sum := sha256.Sum256(changed)
			r := checkFile(t, changed, Expect{})
			if r.Bytes != int64(len(file)) || r.SHA256 != hex.EncodeToString(sum[:]) {
				t.Fatalf("%s, byte %d: %d bytes, %s", name, i, r.Bytes, r.SHA256)
			}
			// Some bits say nothing of what is packed: a time, a name, what fills the last byte.
			if r.OK && !samePlain(t, changed, plain) {
				t.Errorf("%s, byte %d of %d changed: OK, layers %v", name, i, len(file), r.Layers)
			}
		}
	}
	if r := checkFile(t, append(gzipped(t, plain), "these are no gzip member"...), Expect{}); codes(r.Problems) != Syntax {
		t.Errorf("bytes after a gzip member: %v", r.Problems)
	}
}

func samePlain(t *testing.T, file, want []byte) bool {
	t.Helper()
	f, err := Open(bytes.NewReader(file), unseal)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := io.ReadAll(f)
	return err == nil && bytes.Equal(got, want)
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	file := sealed(t, []byte(page(t, "page.json")))
	if _, err := Open(bytes.NewReader(file), nil); !errors.Is(err, ErrEncrypted) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := Open(strings.NewReader(ageArmor+"\n"), nil); !errors.Is(err, ErrEncrypted) {
		t.Errorf("armored, without a key: %v", err)
	}
	wrong := errors.New("another key")
	if _, err := Open(bytes.NewReader(file), func(io.Reader) (io.Reader, error) { return nil, wrong }); !errors.Is(err, wrong) {
		t.Errorf("with another key: %v", err)
	}
	broken := errors.New("disk on fire")
	for _, file := range [][]byte{nil, gzipped(t, file)[:30], zstded(t, file)[:30], file} {
		r := io.MultiReader(bytes.NewReader(file), iotest.ErrReader(broken))
		f, err := Open(r, unseal)
		if err == nil {
			_, err = CheckFile(t.Context(), f, Expect{}, nil)
		}
		if !errors.Is(err, broken) {
			t.Errorf("%q: a file that cannot be read: %v", file[:min(4, len(file))], err)
		}
	}
}

// What grows without end when it is unpacked is stopped, and costs no memory.
func TestUnpackedSizeIsBounded(t *testing.T) {
	t.Parallel()
	bomb := func(mib int) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = io.WriteString(w, `{"metrics":[],"x":[0`)
		for range mib {
			_, _ = w.Write(bytes.Repeat([]byte(",0"), 1<<19))
		}
		_, _ = io.WriteString(w, "]}")
		_ = w.Close()
		return out.Bytes()
	}
	if r := checkFile(t, bomb(5), Expect{}); !r.OK {
		t.Errorf("a file that becomes 5 MiB: %v", r.Problems)
	}
	file := bomb(FreeUnpacked>>20 + 8)
	r := checkFile(t, file, Expect{})
	if codes(r.Problems) != Schema || r.Bytes != int64(len(file)) {
		t.Errorf("%d bytes that become %d MiB: %v", len(file), FreeUnpacked>>20+8, r.Problems)
	}
	nested := []byte("{}")
	for range MaxLayers + 1 {
		nested = gzipped(t, nested)
	}
	if r := checkFile(t, nested, Expect{}); codes(r.Problems) != Schema || len(r.Layers) != MaxLayers {
		t.Errorf("%d layers: %v, %v", MaxLayers+1, r.Layers, r.Problems)
	}
}

func TestZstdWindowIsBounded(t *testing.T) {
	t.Parallel()
	plain := []byte(`{"metrics":[],"x":[0` + strings.Repeat(",0", 10<<20) + "]}")
	for window, want := range map[int]string{MaxWindow: "", 2 * MaxWindow: Schema} {
		var out bytes.Buffer
		w, err := zstd.NewWriter(&out, zstd.WithWindowSize(window))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, bytes.NewReader(plain)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if r := checkFile(t, out.Bytes(), Expect{}); codes(r.Problems) != want {
			t.Errorf("a window of %d MiB: %v", window>>20, r.Problems)
		}
	}
}

func TestCheckFileProgress(t *testing.T) {
	t.Parallel()
	file := gzipped(t, bigJSON(20_000, false))
	f, err := Open(bytes.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	last := int64(-1)
	r, err := CheckFile(t.Context(), f, Expect{}, func(n int64) {
		if n < last || n > int64(len(file)) {
			t.Errorf("progress %d after %d, of %d", n, last, len(file))
		}
		last = n
	})
	if err != nil || !r.OK || last != int64(len(file)) {
		t.Errorf("%+v, %v, progress %d of %d", r.Problems, err, last, len(file))
	}
}

// FuzzOpen: whatever the bytes, there is an answer.
func FuzzOpen(f *testing.F) {
	sample := []byte(page(f, "page.json"))
	f.Add(gzipped(f, sample))
	f.Add(zstded(f, sample))
	f.Add(sealed(f, sample))
	f.Add(sealed(f, gzipped(f, zstded(f, sample))))
	f.Add([]byte("\x1f\x8b"))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Add([]byte("\x5f\x2a\x4d\x18\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		opened, err := Open(bytes.NewReader(file), unseal)
		if err != nil {
			return // of unseal
		}
		defer opened.Close()
		r, err := CheckFile(t.Context(), opened, Expect{}, nil)
		if err != nil || r.Bytes != int64(len(file)) || r.OK != (len(r.Problems) == 0) {
			t.Fatalf("%q: %+v, %v", file, r, err)
		}
	})
}
