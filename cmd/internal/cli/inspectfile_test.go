package cli

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	_ "time/tzdata" // the scripts' zones are there wherever they run

	"filippo.io/age"
	"github.com/charmbracelet/x/ansi"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/crypto/ssh"
)

const smallExport = `{"exportedAt":1772500000000,"dateRange":{"startDate":1772323200000,"endDate":1772495999999},
"project":{"id":"j57abc123","name":"My SaaS App","slug":"x","createdAt":1670000000000},
"metrics":[{"id":"m_1","metricId":"stripe_mrr","metricName":"MRR","value":15000,"unit":"USD","timestamp":1772323200000,
"service":"stripe","metadata":{},"dataQuality":"synced","createdAt":1772323200000}],"connections":[],"dashboards":[],"auditLogs":[]}`

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstandard(t *testing.T, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func sealed(t *testing.T, b []byte, to age.Recipient) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err == nil {
		_, err = w.Write(b)
		err = errors.Join(err, w.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func newIdentity(t *testing.T) (file string, to age.Recipient) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return written(t, "key.txt", []byte(id.String()+"\n")), id.Recipient()
}

func written(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPackedAndEncryptedFiles(t *testing.T) {
	t.Parallel()
	key, to := newIdentity(t)
	other, _ := newIdentity(t)
	export := []byte(smallExport)
	for name, content := range map[string][]byte{
		"x.json": export, "x.json.gz": gzipped(t, export), "x.json.zst": zstandard(t, export), "x.json.age": sealed(t, export, to),
		"x.json.gz.age": sealed(t, gzipped(t, export), to), "x.json.age.gz": gzipped(t, sealed(t, export, to)), "odd name": sealed(t, zstandard(t, export), to),
	} {
		file := written(t, name, content)
		for _, command := range []string{"verify", "inspect"} {
			w := newWorld(t)
			if code := w.run(command, file, "--identity", other, "--identity", key, "--json"); code != 0 {
				t.Errorf("%s %s: exit code %d\n%s", command, name, code, w.out.String())
				continue
			}
			if err := conforms(w.out.Bytes(), command); err != nil {
				t.Errorf("%s %s: %v", command, name, err)
			}
			var doc struct {
				File    string
				Bytes   int
				SHA256  string
				Records struct{ Metrics int }
			}
			if err := json.Unmarshal(w.out.Bytes(), &doc); err != nil {
				t.Fatal(err)
			}
			if doc.File != file || doc.Bytes != len(content) || doc.SHA256 != sum(content) || doc.Records.Metrics != 1 {
				t.Errorf("%s %s: %+v, want those of the file on disk", command, name, doc)
			}
		}
	}
}

func TestLayersInWords(t *testing.T) {
	t.Parallel()
	key, to := newIdentity(t)
	file := written(t, "x.json.gz.age", sealed(t, gzipped(t, []byte(smallExport)), to))
	for _, command := range []string{"verify", "inspect"} {
		w := newWorld(t)
		if code := w.run(command, file, "--identity", key); code != 0 || !strings.Contains(w.out.String(), "\nFormat     json, packed with gzip, encrypted with age\n") {
			t.Errorf("%s: exit code %d\n%s", command, code, w.out.String())
		}
	}
}

func TestEncryptedFilesThatStayClosed(t *testing.T) {
	t.Parallel()
	key, to := newIdentity(t)
	other, _ := newIdentity(t)
	pass, err := age.NewScryptRecipient("hunter2")
	if err != nil {
		t.Fatal(err)
	}
	pass.SetWorkFactor(10)
	file := written(t, "x.json.age", sealed(t, []byte(smallExport), to))
	locked := written(t, "x.json.age", sealed(t, []byte(smallExport), pass))
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no identity":               {[]string{file}, "is encrypted"},
		"another's":                 {[]string{file, "--identity", other}, "not encrypted to this identity"},
		"a passphrase":              {[]string{locked, "--identity", key}, "passphrase"},
		"no such identity":          {[]string{file, "--identity", "absent.txt"}, "no such file"},
		"a folder for an identity":  {[]string{file, "--identity", t.TempDir()}, "folder"},
		"no identity in it":         {[]string{file, "--identity", file}, "passphrase"}, // as age's own keys may be
		"an export for an identity": {[]string{file, "--identity", written(t, "x.json", []byte(smallExport))}, "no age identity"},
		"a locked identity":         {[]string{file, "--identity", written(t, "id_ed25519", lockedKey(t))}, "passphrase"},
	} {
		for _, command := range []string{"verify", "inspect"} {
			w := newWorld(t)
			if code := w.run(append([]string{command}, tc.args...)...); code != 2 || !strings.Contains(w.err.String(), tc.want) || w.out.Len() > 0 {
				t.Errorf("%s, %s: exit code %d, %q", command, name, code, w.err.String())
			}
			j := newWorld(t)
			if code := j.run(append([]string{command, "--json"}, tc.args...)...); code != 2 {
				t.Errorf("%s, %s: exit code %d", command, name, code)
			}
			if f := j.failure(t); f.Error.Code != "usage" {
				t.Errorf("%s, %s: document %+v", command, name, f)
			}
		}
	}
}

// lockedKey is an SSH key with a passphrase.
func lockedKey(t *testing.T) []byte {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

func TestDamagedLayers(t *testing.T) {
	t.Parallel()
	key, to := newIdentity(t)
	whole := sealed(t, []byte(smallExport), to)
	broken := slices.Clone(whole)
	broken[len(broken)-1] ^= 1
	head := slices.Clone(whole)
	head[bytes.Index(head, []byte("\n--- "))+10] ^= 1
	packed := gzipped(t, []byte(smallExport))
	for name, content := range map[string][]byte{
		"the last byte of age": broken, "the head of age": head, "age without its end": whole[:len(whole)-20],
		"a third of the head of age": whole[:60], "half of gzip": packed[:len(packed)/2],
	} {
		file := written(t, "x", content)
		for _, command := range []string{"verify", "inspect"} {
			w := newWorld(t)
			if code := w.run(command, file, "--identity", key, "--json"); code != 9 {
				t.Errorf("%s, %s: exit code %d\n%s", command, name, code, w.out.String())
			}
			if err := conforms(w.out.Bytes(), command); err != nil {
				t.Errorf("%s, %s: %v", command, name, err)
			}
			if !strings.Contains(w.out.String(), sum(content)) {
				t.Errorf("%s, %s: the checksum is not that of the file on disk", command, name)
			}
		}
	}
}

// The progress of a check is drawn on a terminal, and nothing of it stays.
func TestProgressOfACheck(t *testing.T) {
	t.Parallel()
	file := written(t, "x.json", []byte(smallExport))
	for _, command := range []string{"verify", "inspect"} {
		w := newWorld(t)
		w.streams.ErrTerminal = true
		if code := w.run(command, file); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if got := w.err.String(); !strings.Contains(got, "Verifying: ") || !strings.HasSuffix(got, "\r\x1b[K") {
			t.Errorf("%s: %q", command, got)
		}
	}
}

func TestInspectionTakesTheTerminalsWidth(t *testing.T) {
	t.Parallel()
	file := written(t, "x.json", []byte(strings.ReplaceAll(smallExport, `"MRR"`, `"`+strings.Repeat("Revenue 漢字 ", 10)+`"`)))
	for _, tc := range []struct{ told, want int }{{0, 80}, {50, 50}, {120, 120}, {10, 40}, {500, 160}} {
		w := newWorld(t)
		w.streams.OutTerminal, w.streams.Width = true, func() int { return tc.told }
		if code := w.run("inspect", file, "--color", "never"); code != 0 {
			t.Errorf("exit code %d", code)
		}
		widest := 0
		for _, line := range strings.Split(w.out.String(), "\n") {
			if !strings.HasPrefix(line, "File ") { // a path is not broken
				widest = max(widest, ansi.StringWidth(line))
			}
		}
		if widest > tc.want || tc.want <= 120 && widest < tc.want-20 {
			t.Errorf("%d cells: the widest line has %d, want at most %d:\n%s", tc.told, widest, tc.want, w.out.String())
		}
	}
}

// What is read aloud has no pictures in it.
func TestInspectionWithoutPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "ACCESSIBLE=1")
	if code := w.run("inspect", written(t, "x.json", []byte(smallExport))); code != 0 {
		t.Errorf("exit code %d", code)
	}
	lines := w.out.String()
	if !strings.Contains(lines, "\n  MRR (USD, stripe)\n    1 point") {
		t.Error(lines)
	}
	for _, c := range lines {
		if c > 0x7e {
			t.Errorf("%q is drawn", c)
		}
	}
}

func TestHostileWordsOfAFile(t *testing.T) {
	t.Parallel()
	content := strings.NewReplacer(`"MRR"`, `"\u001b]52;c;aGk=\u0007\u202eevil"`, `"USD"`, `"\u009b31m\r\n"`).Replace(smallExport)
	file := written(t, "x.json", []byte(content))
	for _, args := range [][]string{{"inspect", file}, {"inspect", file, "--json"}} {
		w := newWorld(t)
		if code := w.run(args...); code != 0 {
			t.Errorf("exit code %d", code)
		}
		for _, bad := range []string{"\x1b", "\a", "\u202e", "\u009b", "\r"} {
			if strings.Contains(w.out.String(), bad) {
				t.Errorf("%v: the output has %q", args, bad)
			}
		}
	}
}

// A person who gives up is told so, not that the file cannot be read.
func TestInspectIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := inspector{}.Inspect(ctx, written(t, "x.json", []byte(smallExport)), func(int64, int64) {})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestInspectToAFullDisk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.streams.Out = fullDisk{}
	if code := w.run("inspect", written(t, "x.json", []byte(smallExport))); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
