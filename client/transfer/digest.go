package transfer

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"slices"
	"strings"
)

// algorithm names a digest as people write it.
type algorithm string

// The digests that can be compared. SHA-256 is always made and CRC-32C comes
// out of the pieces' own, so these two cost nothing; the others need a hash of
// their own behind the transfer, and are used only where nothing else is told.
// The weak ones catch what is damaged, not what is forged.
const (
	algSHA256 algorithm = "SHA-256"
	algCRC32C algorithm = "CRC-32C"
	algCRC64  algorithm = "CRC-64/NVME"
	algMD5    algorithm = "MD5"
)

// digestField is what a header field calls an algorithm, and how many bytes its
// sums have.
type digestField struct {
	algorithm algorithm
	name      string
	size      int
}

// digestFields are in the order in which they are preferred.
func digestFields() []digestField {
	return []digestField{
		{algSHA256, "sha-256", sha256.Size},
		{algCRC32C, "crc32c", crc32.Size},
		{algCRC64, "crc64nvme", crc64.Size},
		{algMD5, "md5", md5.Size},
	}
}

// rank is less the better an algorithm is; for none it is the worst.
func (a algorithm) rank() int {
	fields := digestFields()
	if i := slices.IndexFunc(fields, func(f digestField) bool { return f.algorithm == a }); i >= 0 {
		return i
	}
	return len(fields)
}

// hash is what an algorithm needs beside SHA-256 and the CRCs of the pieces;
// nil if that is nothing.
func (a algorithm) hash() hash.Hash {
	switch a {
	case algCRC64:
		return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) // the polynomial of NVM Express, reflected
	case algMD5:
		return md5.New()
	}
	return nil
}

// digest is what somebody told of the whole object.
type digest struct {
	Algorithm algorithm `json:"algorithm"`
	Sum       string    `json:"sum"` // lower-case hex
}

// digestOf is the best digest of the whole object that an answer tells.
// Repr-Digest (RFC 9530, 3) and Google's hashes are of the whole, even with a
// part of it. Content-Digest (RFC 9530, 2), Content-MD5 (RFC 1864) and Amazon's
// checksums are of what came, and about the older Digest (RFC 3230, 4.3.2)
// servers differ, so these count with the whole alone; and Amazon's do not where
// they are made of the checksums of parts.
func digestOf(resp *http.Response) digest {
	h := resp.Header
	if codingOf(h) != "" {
		return digest{} // servers do not agree on what is digested then
	}
	fields := slices.Clone(h.Values("Repr-Digest"))
	if c := h.Get("X-Goog-Stored-Content-Encoding"); c == "" || c == "identity" {
		fields = append(fields, h.Values("X-Goog-Hash")...) // else it is that of the stored, compressed bytes
	}
	if resp.StatusCode == http.StatusOK {
		fields = slices.Concat(fields, h.Values("Content-Digest"), h.Values("Digest"), []string{"md5=" + h.Get("Content-MD5")})
		if h.Get("X-Amz-Checksum-Type") == "FULL_OBJECT" {
			fields = append(fields, "sha-256="+h.Get("X-Amz-Checksum-Sha256"),
				"crc32c="+h.Get("X-Amz-Checksum-Crc32c"), "crc64nvme="+h.Get("X-Amz-Checksum-Crc64nvme"))
		}
	}
	var best digest
	for _, field := range fields {
		for member := range strings.SplitSeq(field, ",") {
			if d := parseDigest(member); d.Algorithm.rank() < best.Algorithm.rank() {
				best = d
			}
		}
	}
	return best
}

// parseDigest reads "sha-256=:BASE64:" or "SHA-256=BASE64"; a digest of no
// algorithm is none.
func parseDigest(member string) digest {
	name, value, _ := strings.Cut(strings.TrimSpace(member), "=")
	if quoted, ok := strings.CutPrefix(value, ":"); ok {
		value, _, _ = strings.Cut(quoted, ":") // parameters may follow
	}
	for _, f := range digestFields() {
		if !strings.EqualFold(name, f.name) {
			continue
		}
		if sum, err := base64.StdEncoding.DecodeString(value); err == nil && len(sum) == f.size {
			return digest{f.algorithm, hex.EncodeToString(sum)}
		}
	}
	return digest{}
}

// wanted is what the whole file is compared with. The caller's digest comes
// before the server's.
func (p *Part) wanted() digest {
	if p.o.SHA256 != "" {
		return digest{algSHA256, p.o.SHA256}
	}
	return p.digest
}

// provable reports whether a digest tells whether all bytes are of one object,
// even against chance. Under Part.mu.
func (p *Part) provable() bool { return p.wanted().Algorithm == algSHA256 }

// told takes a digest over that is better than what is known, or newer. One that
// needs a hash of its own must be told before the first byte is hashed. Under
// data.hashing and Part.mu.
func (p *Part) told(d digest) {
	if d.Algorithm == "" || d.Algorithm.rank() > p.wanted().Algorithm.rank() {
		return
	}
	if d.Algorithm != p.digest.Algorithm {
		second := d.Algorithm.hash()
		if second != nil && p.data.front > 0 {
			return
		}
		p.data.second = second
	}
	p.digest = d
}

// digest is that of [0, front), by the algorithm of a digest that was told; ""
// if that is none. The caller holds hashing.
func (d *data) digest(a algorithm) string {
	switch {
	case a == algSHA256:
		return hex.EncodeToString(d.sum.Sum(nil))
	case a == algCRC32C:
		return hex.EncodeToString(d.crc32c())
	case d.second != nil:
		return hex.EncodeToString(d.second.Sum(nil))
	}
	return ""
}

// crc32c is that of [0, front), made of those of the pieces.
func (d *data) crc32c() []byte {
	var crc uint32
	next := crcShift(pieceSize)
	for _, piece := range d.crcs {
		crc = crcMultiply(crc, next) ^ piece
	}
	crc = crcMultiply(crc, crcShift(d.front%pieceSize)) ^ d.tail
	return []byte{byte(crc >> 24), byte(crc >> 16), byte(crc >> 8), byte(crc)}
}

// A CRC of two runs in a row is that of the first, times x to the number of bits
// in the second, plus that of the second: polynomials over GF(2), modulo
// Castagnoli's, with the highest power in the lowest bit.

// crcShift is x to the power of eight times n.
func crcShift(n int64) uint32 {
	power, square := uint32(1)<<31, uint32(1)<<(31-8)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			power = crcMultiply(power, square)
		}
		square = crcMultiply(square, square)
	}
	return power
}

func crcMultiply(a, b uint32) uint32 {
	var product uint32
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry != 0 {
			b ^= crc32.Castagnoli
		}
	}
	return product
}
