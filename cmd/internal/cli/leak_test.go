package cli

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dashtray/dashtray-tui/client/sandbox"
)

// printed names the folder in which the programs of a script leave what they
// print and log, so that it can be searched for keys and signed links.
const printed = "DASHTRAY_TEST_PRINTED"

// recorded is the program with all that it says kept, its most talkative log
// among it.
func recorded(s Streams) int {
	args := os.Args[1:]
	dir := os.Getenv(printed)
	if dir == "" {
		return Main(args, s)
	}
	for _, w := range []*io.Writer{&s.Out, &s.Err} {
		f, err := os.CreateTemp(dir, "printed-*")
		if err != nil {
			panic(err)
		}
		*w = io.MultiWriter(*w, f)
	}
	logs := func(arg string) bool { return strings.HasPrefix(arg, "--log-") || strings.HasPrefix(arg, "__") }
	if !slices.ContainsFunc(args, logs) {
		args = append([]string{"--log-level", "debug", "--log-file", filepath.Join(dir, "log")}, args...)
	}
	return Main(args, s)
}

// traffic is what a server was asked.
type traffic struct {
	mu       sync.Mutex
	requests []string
	keyed    []string // the requests that had a key
	secrets  []string // signatures of links
}

func (tr *traffic) note(r *http.Request) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	line := r.Method + " " + r.URL.Path
	tr.requests = append(tr.requests, line)
	if r.Header.Get("Authorization") != "" {
		tr.keyed = append(tr.keyed, line)
	}
	if sig := r.URL.Query().Get("sig"); sig != "" {
		tr.secrets = append(tr.secrets, sig)
	}
}

func (tr *traffic) signatures() []string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.secrets)
}

// asked are the requests since the last time, and those of them with a key.
func (tr *traffic) asked() (all, keyed []string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	all, keyed = tr.requests, tr.keyed
	tr.requests, tr.keyed = nil, nil
	return all, keyed
}

// watched is a server whose requests are noted.
func watched(tb testing.TB, h http.Handler) (url string, tr *traffic) {
	tb.Helper()
	tr = &traffic{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tr.note(r)
		h.ServeHTTP(w, r)
	}))
	tb.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL, tr
}

func secretsOf(k sandbox.Keys) []string { return []string{k.Owner, k.Editor, k.Viewer, k.Free} }

// signed is a signed link of a sandbox, whichever it is.
var signed = regexp.MustCompile(`[?&]sig=[0-9a-f]{16}`)

// leaks are the files under dir that hold a secret. Those under the folders
// kept are the ones that are meant to.
func leaks(dir string, secrets []string, kept ...string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains(kept, path):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if what := leak(b, secrets); what != "" {
			found = append(found, fmt.Sprintf("%s holds %s", path, what))
		}
		return nil
	})
	return found, err
}

// leastSecret: what is shorter is no key of a sandbox, and in many a text.
const leastSecret = 16

// leak says what secret a text holds, without repeating it.
func leak(b []byte, secrets []string) string {
	for i, s := range secrets {
		if len(s) < leastSecret {
			return "nothing, but a secret that is searched for is too short to be one"
		}
		if bytes.Contains(b, []byte(s)) {
			return fmt.Sprintf("secret %d of %d", i+1, len(secrets))
		}
	}
	if signed.Match(b) {
		return "a signed link"
	}
	return ""
}

// A search that finds nothing proves nothing unless it would.
func TestLeaksAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const key, link = "dk_0123456789abcdefghij", "http://127.0.0.1/files/x?expires=1&sig=0123456789abcdef01"
	for name, content := range map[string]string{
		"state/history.db": "\x00\x01" + key + "\x02", "state/log": "GET " + link, "keys/default": key, "config.toml": "api_url = 1\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := leaks(dir, []string{key}, filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(found, "\n")
	if len(found) != 2 || !strings.Contains(all, "history.db holds secret 1 of 1") || !strings.Contains(all, "log holds a signed link") {
		t.Errorf("found:\n%s", all)
	}
	if strings.Contains(all, key) || signed.MatchString(all) {
		t.Errorf("what is found repeats the secret:\n%s", all)
	}
}
