package sandbox

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestOverASocket sees that net/http sends what the faults let through: the
// other tests of faults run in memory.
func TestOverASocket(t *testing.T) {
	k := start(t, Config{Records: 1000, Speed: fast})
	id := k.create(everything("json", "all_time"))
	k.awaitNow(id)
	srv := httptest.NewServer(k.Server)
	defer srv.Close()
	k.http = srv.Client()

	link, _ := k.do("GET", srv.URL+"/api/v1/exports/"+id, "", "Authorization", "Bearer "+k.Keys().Owner).json(t)["downloadUrl"].(string)
	if !strings.HasPrefix(link, srv.URL+"/files/") {
		t.Fatal("the link has another origin")
	}
	whole := k.do("GET", link, "").want(t, 200)
	if decode(t, whole.body); whole.err != nil {
		t.Fatal(whole.err)
	}
	tests := map[string]func(g got) bool{
		"cut=5000*1": func(g got) bool { return len(g.body) == 5000 && errors.Is(g.err, io.ErrUnexpectedEOF) },
		"cut=0*1":    func(g got) bool { return len(g.body) == 0 && errors.Is(g.err, io.ErrUnexpectedEOF) },
		"slow=10M*1": func(g got) bool { return bytes.Equal(g.body, whole.body) && g.err == nil },
	}
	for fault, ok := range tests {
		k.Inject(faults(t, fault)[0])
		if g := k.do("GET", link, "").want(t, 200); !ok(g) {
			t.Errorf("%s: %d of %d bytes, %v", fault, len(g.body), len(whole.body), g.err)
		}
	}
	k.do("GET", srv.URL+"/_sandbox/faults", "").want(t, 200)
}

func TestStallOverASocket(t *testing.T) {
	k := start(t, Config{Records: 1000, Speed: fast})
	id := k.create(everything("json", "all_time"))
	k.awaitNow(id)
	link := k.link(id)
	k.Inject(faults(t, "stall=5000")[0])
	srv := httptest.NewServer(k.Server)
	defer srv.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+strings.TrimPrefix(link, host), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.ReadFull(resp.Body, make([]byte, 5000)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if n, err := resp.Body.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("%d more bytes, %v", n, err)
	}
}

func TestManyPostsMakeOneExport(t *testing.T) {
	dir := t.TempDir()
	a, b := start(t, Config{Dir: dir}), start(t, Config{Dir: dir}) // as two processes
	var wg sync.WaitGroup
	var made, refused atomic.Int64
	for i := range 20 {
		k := a
		if i%2 == 1 {
			k = b
		}
		wg.Go(func() {
			g, err := k.try("POST", "/api/v1/exports", everything("json", "all_time"), "Authorization", "Bearer "+k.Keys().Owner)
			switch {
			case err != nil:
				t.Error(err)
			case g.StatusCode == 200:
				made.Add(1)
			case g.StatusCode == 409:
				refused.Add(1)
			}
		})
	}
	wg.Wait()
	if made.Load() != 1 || refused.Load() != 19 {
		t.Errorf("%d made, %d refused", made.Load(), refused.Load())
	}
}
