package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

const host = "http://sandbox.test"

// fast is a speed at which every stage is over within a millisecond.
const fast = 1e9

// kit is a sandbox with a client that reaches it in memory.
type kit struct {
	*Server
	t    *testing.T
	http *http.Client
}

func start(t *testing.T, cfg Config) *kit {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &kit{s, t, &http.Client{
		Transport:     s.Transport(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func faults(t *testing.T, words ...string) []Fault {
	t.Helper()
	out := make([]Fault, 0, len(words))
	for _, w := range words {
		f, err := ParseFault(w)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

// got is a whole answer; err is what reading its body ended with.
type got struct {
	*http.Response
	body []byte
	err  error
}

// do sends a request; url may be a path. Headers come in pairs.
func (k *kit) do(method, url, body string, header ...string) got {
	k.t.Helper()
	g, err := k.try(method, url, body, header...)
	if err != nil {
		k.t.Fatal(err)
	}
	return g
}

func (k *kit) try(method, url, body string, header ...string) (got, error) {
	k.t.Helper()
	if strings.HasPrefix(url, "/") {
		url = host + url
	}
	r, err := http.NewRequestWithContext(k.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		k.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := k.http.Do(r)
	if err != nil {
		return got{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return got{resp, raw, err}, nil
}

// api is a call with the owner's key.
func (k *kit) api(method, path, body string) got {
	k.t.Helper()
	return k.do(method, "/api/v1/"+path, body, "Authorization", "Bearer "+k.Keys().Owner)
}

func (g got) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(g.body, &m); err != nil {
		t.Fatalf("status %d, body is not JSON: %v\n%.200s", g.StatusCode, err, g.body)
	}
	return m
}

func (g got) want(t *testing.T, status int) got {
	t.Helper()
	if g.StatusCode != status {
		t.Fatalf("status %d, want %d: %.300s", g.StatusCode, status, g.body)
	}
	return g
}

// create makes an export and returns its id.
func (k *kit) create(body string) string {
	k.t.Helper()
	id, _ := k.api("POST", "exports", body).want(k.t, 200).json(k.t)["exportJobId"].(string)
	if id == "" {
		k.t.Fatal("no exportJobId")
	}
	return id
}

// await polls an export until it is completed or failed. Within a synctest
// bubble the wait takes no real time.
func (k *kit) await(id string) map[string]any {
	k.t.Helper()
	for {
		v := k.api("GET", "exports/"+id, "").want(k.t, 200).json(k.t)
		switch v["status"] {
		case "completed", "failed", "expired":
			return v
		}
		t := time.NewTimer(time.Second)
		select {
		case <-t.C:
		case <-k.t.Context().Done():
			k.t.Fatal("gave up waiting")
		}
	}
}

// awaitNow waits for an export at the speed "fast", outside of a bubble. It
// watches the state, since asking the API would use up the rate budget.
func (k *kit) awaitNow(id string) map[string]any {
	k.t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		j, err := k.lookup(id)
		if err != nil {
			k.t.Fatal(err)
		}
		if j.stage(k.now().UnixMilli()) == stageCompleted {
			return k.api("GET", "exports/"+id, "").want(k.t, 200).json(k.t)
		}
		select {
		case <-look.C:
		case <-k.t.Context().Done():
			k.t.Fatal("gave up waiting")
		}
	}
}

// export makes an export, waits for it, and downloads its file.
func (k *kit) export(body string) (view map[string]any, file []byte) {
	k.t.Helper()
	view = k.await(k.create(body))
	link, _ := view["downloadUrl"].(string)
	if link == "" {
		k.t.Fatalf("no link in %v", view)
	}
	g := k.do("GET", link, "").want(k.t, 200)
	if g.err != nil {
		k.t.Fatal(g.err)
	}
	return view, g.body
}

func everything(format, span string) string {
	return `{"format":"` + format + `","dateRange":"` + span + `","includeAll":true}`
}

// secrets are all credentials that the model stores.
func secrets(seed uint64) [][]byte {
	var out [][]byte
	for _, c := range connections(seed) {
		out = append(out, []byte(c.credential.value))
	}
	return out
}

func leaks(file []byte, seed uint64) bool {
	for _, s := range secrets(seed) {
		if bytes.Contains(file, s) {
			return true
		}
	}
	return false
}
