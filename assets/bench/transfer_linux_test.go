package bench

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const gib = 1 << 30

// TestTransferPeers: the transfer beside curl, aria2 and a plain Go stream.
func TestTransferPeers(t *testing.T) {
	onDemand(t, "nginx", "curl", "sha256sum")
	dir := t.TempDir()
	fetch := build(t, dir, "./assets/bench/testdata/fetch")
	random(t, filepath.Join(dir, "files", "file"), gib)
	base := web(t, dir, fmt.Sprintf(
		"location /free/ { alias %[1]s/files/; } location /capped/ { alias %[1]s/files/; limit_rate 20m; }", dir))

	line := func(format string, args ...any) string { return fmt.Sprintf(format, args...) }
	ours := func(n int, url string) contestant {
		return contestant{name: fmt.Sprintf("client/transfer, SHA-256, %d connections", n), line: line("%s -connections %d %s $OUT/f", fetch, n, url)}
	}
	free := []contestant{
		{name: "curl, then sha256sum", line: line("curl -sfo $OUT/f %s; sha256sum $OUT/f", base+"/free/file")},
		{name: "curl alone", line: line("curl -sfo $OUT/f %s", base+"/free/file")},
		{name: "one plain Go stream, fsync", line: line("%s -plain %s $OUT/f", fetch, base+"/free/file")},
		ours(1, base+"/free/file"), ours(4, base+"/free/file"), ours(8, base+"/free/file"),
	}
	table(t, "Free line, 1 GiB", free, race(t, dir, free))

	capped := []contestant{
		{name: "curl", line: line("curl -sfo $OUT/f %s", base+"/capped/file")},
		ours(4, base+"/capped/file"), ours(8, base+"/capped/file"),
	}
	if _, err := exec.LookPath("aria2c"); err == nil {
		capped = append(capped, contestant{
			name: "aria2c -x8 -s8 -k1M",
			line: line("aria2c -q -x8 -s8 -k1M --file-allocation=none -d $OUT -o f %s", base+"/capped/file"),
		})
	}
	table(t, "20 MB/s for each connection, 1 GiB", capped, race(t, dir, capped))
	killed(t, dir, fetch, base+"/capped/file", gib)
}

// killed tells what is fetched again after SIGKILL at nine tenths.
func killed(t *testing.T, dir, fetch, url string, size int64) {
	t.Helper()
	fmt.Println("\nKilled at 90 % and resumed, 1 GiB, 20 MB/s for each connection")
	for _, n := range []int{1, 4, 8} {
		path := filepath.Join(dir, fmt.Sprintf("killed-%d", n))
		cmd := exec.CommandContext(t.Context(), fetch, "-connections", fmt.Sprint(n), url, path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for allocated(path+".part") < size*9/10 {
			wait(t, 5*time.Millisecond)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		had := allocated(path + ".part")
		var sum string
		var whole, resumed, fetched int64
		out := run(t, dir, fetch, "-connections", fmt.Sprint(n), url, path)
		if _, err := fmt.Sscan(out, &sum, &whole, &resumed, &fetched); err != nil || whole != size {
			t.Fatalf("resumed: %q %v", out, err)
		}
		fmt.Printf("  %d connections: %.1f MiB on disk, %.1f trusted, %.1f fetched again\n",
			n, mib(had), mib(resumed), mib(had-(size-fetched)))
		_ = os.Remove(path)
	}
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// allocated is the bytes that are really there: parts leave holes.
func allocated(path string) int64 {
	out, err := exec.Command("du", "--block-size=1", path).Output() //nolint:noctx // a few milliseconds
	if err != nil {
		return 0
	}
	var n int64
	_, _ = fmt.Sscan(strings.TrimSpace(string(out)), &n)
	return n
}

func random(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	_, _ = rand.Read(block)
	for left := size; left > 0; left -= int64(len(block)) {
		binary.LittleEndian.PutUint64(block, uint64(left)) // no two blocks are alike
		if _, err := io.Copy(f, bytes.NewReader(block)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
