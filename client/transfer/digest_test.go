package transfer

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sums are an object's digests, as header fields have them.
type sums map[string]string

func sumsOf(b []byte) sums {
	of := func(h hash.Hash) string {
		_, _ = h.Write(b)
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	return sums{
		"sha-256":   of(sha256.New()),
		"crc32c":    of(crc32.New(castagnoli)),
		"crc64nvme": of(algCRC64.hash()),
		"md5":       of(md5.New()),
	}
}

// TestDigestOf: which of the fields mean the whole object, and which of them is
// the best.
func TestDigestOf(t *testing.T) {
	t.Parallel()
	right := sumsOf([]byte("right"))
	wrong := sumsOf([]byte("wrong"))
	full := []string{"X-Amz-Checksum-Type", "FULL_OBJECT"}
	for name, c := range map[string]struct {
		status int
		header []string
		want   algorithm
	}{
		"none":                             {200, nil, ""},
		"Repr-Digest":                      {200, []string{"Repr-Digest", "sha-256=:" + right["sha-256"] + ":"}, algSHA256},
		"Repr-Digest of a part":            {206, []string{"Repr-Digest", "sha-256=:" + right["sha-256"] + ":"}, algSHA256},
		"Repr-Digest with a parameter":     {200, []string{"Repr-Digest", "sha-256=:" + right["sha-256"] + ":;x=1"}, algSHA256},
		"Repr-Digest of what nobody knows": {200, []string{"Repr-Digest", "sha-512=:" + right["sha-256"] + ":, adler=:AAAA:"}, ""},
		"Repr-Digest of two kinds":         {200, []string{"Repr-Digest", "md5=:" + wrong["md5"] + ":, sha-256=:" + right["sha-256"] + ":"}, algSHA256},
		"Repr-Digest on two lines":         {200, []string{"Repr-Digest", "md5=:" + wrong["md5"] + ":", "Repr-Digest", "sha-256=:" + right["sha-256"] + ":"}, algSHA256},
		"Content-Digest":                   {200, []string{"Content-Digest", "sha-256=:" + right["sha-256"] + ":"}, algSHA256},
		"Content-Digest of a part":         {206, []string{"Content-Digest", "sha-256=:" + wrong["sha-256"] + ":"}, ""},
		"Digest":                           {200, []string{"Digest", "md5=" + wrong["md5"] + ",SHA-256=" + right["sha-256"]}, algSHA256},
		"Digest of a part":                 {206, []string{"Digest", "SHA-256=" + wrong["sha-256"]}, ""},
		"Content-MD5":                      {200, []string{"Content-MD5", right["md5"]}, algMD5},
		"Content-MD5 of a part":            {206, []string{"Content-MD5", wrong["md5"]}, ""},
		"Google's":                         {200, []string{"X-Goog-Hash", "crc32c=" + right["crc32c"], "X-Goog-Hash", "md5=" + wrong["md5"]}, algCRC32C},
		"Google's on one line, of a part":  {206, []string{"X-Goog-Hash", "md5=" + wrong["md5"] + ",crc32c=" + right["crc32c"]}, algCRC32C},
		"Google's MD5 alone":               {200, []string{"X-Goog-Hash", "md5=" + right["md5"]}, algMD5},
		"Google's of what it unpacked":     {200, []string{"X-Goog-Hash", "crc32c=" + wrong["crc32c"], "X-Goog-Stored-Content-Encoding", "gzip"}, ""},
		"Google's of what is not packed":   {200, []string{"X-Goog-Hash", "crc32c=" + right["crc32c"], "X-Goog-Stored-Content-Encoding", "identity"}, algCRC32C},
		"Amazon's SHA-256":                 {200, append([]string{"X-Amz-Checksum-Sha256", right["sha-256"]}, full...), algSHA256},
		"Amazon's CRC-32C":                 {200, append([]string{"X-Amz-Checksum-Crc32c", right["crc32c"]}, full...), algCRC32C},
		"Amazon's CRC-64":                  {200, append([]string{"X-Amz-Checksum-Crc64nvme", right["crc64nvme"]}, full...), algCRC64},
		"Amazon's of a part":               {206, append([]string{"X-Amz-Checksum-Sha256", wrong["sha-256"]}, full...), ""},
		"Amazon's of its parts' sums":      {200, []string{"X-Amz-Checksum-Sha256", wrong["sha-256"] + "-7", "X-Amz-Checksum-Type", "COMPOSITE"}, ""},
		"Amazon's of its parts, unsaid":    {200, append([]string{"X-Amz-Checksum-Sha256", wrong["sha-256"] + "-7"}, full...), ""},
		"Amazon's without a type":          {200, []string{"X-Amz-Checksum-Sha256", wrong["sha-256"]}, ""},
		"a mark like an MD5":               {200, []string{"ETag", `"d41d8cd98f00b204e9800998ecf8427e"`}, ""},
		"compressed":                       {200, []string{"Digest", "SHA-256=" + wrong["sha-256"], "Content-Encoding", "gzip"}, ""},
		"too short":                        {200, []string{"Digest", "SHA-256=" + wrong["md5"]}, ""},
		"no Base64":                        {200, []string{"Repr-Digest", "sha-256=:****:, sha-256, =, ,", "Digest", ",,=,SHA-256"}, ""},
	} {
		h := http.Header{}
		for i := 0; i < len(c.header); i += 2 {
			h.Add(c.header[i], c.header[i+1])
		}
		got := digestOf(&http.Response{StatusCode: c.status, Header: h})
		sum := ""
		for _, f := range digestFields() {
			if f.algorithm == c.want {
				b, err := base64.StdEncoding.DecodeString(right[f.name])
				if err != nil {
					t.Fatal(err)
				}
				sum = hex.EncodeToString(b)
			}
		}
		if got != (digest{c.want, sum}) {
			t.Errorf("%s: %+v, want %s %s", name, got, c.want, sum)
		}
	}
}

// TestDigestOfTheServer: each kind of digest, right and wrong, also of a transfer
// that is stopped or killed between.
func TestDigestOfTheServer(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]func(s sums) []string{
		"SHA-256": func(s sums) []string { return []string{"Repr-Digest", "sha-256=:" + s["sha-256"] + ":"} },
		"CRC-32C": func(s sums) []string { return []string{"X-Goog-Hash", "crc32c=" + s["crc32c"]} },
		"CRC-64/NVME": func(s sums) []string {
			return []string{"X-Amz-Checksum-Crc64nvme", s["crc64nvme"], "X-Amz-Checksum-Type", "FULL_OBJECT"}
		},
		"MD5": func(s sums) []string { return []string{"Content-Md5", s["md5"]} },
		"":    func(sums) []string { return nil },
	} {
		for _, way := range []string{"at one go", "at one go, and wrong", "stopped", "killed", "killed, with a bad piece"} {
			if name == "" && way != "at one go" {
				continue
			}
			t.Run(name+", "+way, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newServer(18 * mib)
					s.perConnection = 8 * mib
					told := sumsOf(s.body)
					right := !strings.HasSuffix(way, "wrong")
					if !right {
						told = sumsOf([]byte("another object"))
					}
					head := field(told)
					s.tricks = []trick{edit(func(h http.Header) {
						for i := 0; i < len(head); i += 2 {
							h.Set(head[i], head[i+1])
						}
					})}
					d := newMemoryDisk()
					o := options(s, "/folder")
					o.disk = d
					if !strings.HasPrefix(way, "at one go") {
						stopAfter(t, o, 1700*time.Millisecond, way != "stopped")
					}
					if strings.HasSuffix(way, "bad piece") {
						d.names[o.Path+partSuffix].live[mib] ^= 1
					}
					p, err := get(t, o)
					if right != (err == nil) || !right && !errors.Is(err, ErrDigest) {
						t.Fatal(err)
					}
					if snap := p.Snapshot(); snap.Digest != name || snap.Phase != PhaseDone || snap.SHA256 == "" {
						t.Errorf("%+v", snap)
					}
					if err := p.Commit(o.Path, false); err != nil { // complete all the same
						t.Error(err)
					}
					if !bytes.Equal(d.read(o.Path), s.body) {
						t.Error("not the object")
					}
				})
			})
		}
	}
}

// TestWeakDigestThatIsToldLate needs a hash from the first byte on, so it is
// left; one that is made of the pieces' is not.
func TestWeakDigestThatIsToldLate(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"md5": "", "crc32c": "CRC-32C"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(10 * mib)
				s.tricks = []trick{stall(9 * mib), edit(func(h http.Header) { h.Set("X-Goog-Hash", name+"="+sumsOf(s.body)[name]) })}
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				if got := p.Snapshot().Digest; got != want {
					t.Errorf("compared with %q", got)
				}
			})
		})
	}
}

// TestTheCallersDigestComesFirst: the server's says nothing against it.
func TestTheCallersDigestComesFirst(t *testing.T) {
	t.Parallel()
	s := newServer(mib)
	s.tricks = []trick{edit(func(h http.Header) {
		h.Set("Digest", "SHA-256="+sumsOf(nil)["sha-256"])
		h.Set("X-Goog-Hash", "crc32c="+sumsOf(nil)["crc32c"])
	})}
	o := options(s, t.TempDir())
	sum := sha256.Sum256(s.body)
	o.SHA256 = hex.EncodeToString(sum[:])
	p, err := get(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Snapshot().Digest; got != "SHA-256" {
		t.Errorf("compared with %q", got)
	}
}

// TestCRCOfTheWholeOutOfThePieces beside that of the same bytes at one go, and
// the check value that the catalogues of CRCs have.
func TestCRCOfTheWholeOutOfThePieces(t *testing.T) {
	t.Parallel()
	body := newServer(3*pieceSize + 5).body
	for _, n := range []int{0, 1, 4, pieceSize - 1, pieceSize, pieceSize + 1, 2 * pieceSize, 3*pieceSize + 5} {
		d := newData(nil, int64(n), "")
		d.advance(body[:n])
		if got, want := d.crc32c(), crc32.Checksum(body[:n], castagnoli); binary.BigEndian.Uint32(got) != want {
			t.Errorf("%d bytes: %x, want %x", n, got, want)
		}
	}
	h := algCRC64.hash()
	_, _ = h.Write([]byte("123456789"))
	if got := hex.EncodeToString(h.Sum(nil)); got != "ae8b14860a799888" {
		t.Errorf("CRC-64/NVME of 123456789 is %s", got)
	}
}

func FuzzDigest(f *testing.F) {
	s := sumsOf([]byte("x"))
	for _, v := range []string{"sha-256=:" + s["sha-256"] + ":", "SHA-256=" + s["sha-256"], "crc32c=" + s["crc32c"] + ",md5=" + s["md5"], "sha-256", "=", "sha-256=:", "sha-256=::"} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v string) {
		h := http.Header{"Repr-Digest": {v}, "X-Goog-Hash": {v}, "Digest": {v}}
		d := digestOf(&http.Response{StatusCode: http.StatusOK, Header: h})
		for _, k := range digestFields() {
			if d.Algorithm == k.algorithm && len(d.Sum) == 2*k.size {
				return
			}
		}
		if d != (digest{}) {
			t.Errorf("%q: %+v", v, d)
		}
	})
}
