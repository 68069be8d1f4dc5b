package sandbox

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// viaBoth runs f against h behind net/http and behind the in-memory transport:
// a client must not be able to tell them apart.
func viaBoth(t *testing.T, h http.HandlerFunc, f func(t *testing.T, c *http.Client, url string)) {
	t.Helper()
	t.Run("net/http", func(t *testing.T) {
		srv := httptest.NewUnstartedServer(h)
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		srv.Start()
		defer srv.Close()
		f(t, srv.Client(), srv.URL)
	})
	t.Run("memory", func(t *testing.T) {
		k := start(t, Config{})
		f(t, &http.Client{Transport: transport{k.Server, h}}, "http://memory.test")
	})
}

func send(t *testing.T, c *http.Client, method, url, body string) (*http.Response, error) {
	t.Helper()
	var rd io.Reader
	if body != "" {
		rd = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, url, rd)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "identity")
	return c.Do(r)
}

func TestTransportAnswersAsNetHTTPDoes(t *testing.T) {
	tests := []struct {
		name, method string
		h            http.HandlerFunc
		status       int
		length       int64
		kind         string // Content-Type
		body         string
		err          error
	}{
		{"nothing", "GET", func(http.ResponseWriter, *http.Request) {}, 200, 0, "", "", nil},
		{"small", "GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }, 200, 5, "text/plain; charset=utf-8", "hello", nil},
		{"sniffed", "GET", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, 200, 6, "text/html; charset=utf-8", "<html>", nil},
		{"typed", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "a/b")
			w.WriteHeader(418)
			_, _ = io.WriteString(w, "tea")
		}, 418, 3, "a/b", "tea", nil},
		{"large", "GET", func(w http.ResponseWriter, _ *http.Request) {
			for range 1000 {
				_, _ = io.WriteString(w, "0123456789")
			}
		}, 200, -1, "text/plain; charset=utf-8", strings.Repeat("0123456789", 1000), nil},
		{"flushed", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "b")
		}, 200, -1, "text/plain; charset=utf-8", "ab", nil},
		{"declared", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			_, _ = io.WriteString(w, "abc")
		}, 200, 3, "text/plain; charset=utf-8", "abc", nil},
		{"less than declared", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9000")
			_, _ = io.WriteString(w, strings.Repeat("a", 5000))
		}, 200, 9000, "text/plain; charset=utf-8", strings.Repeat("a", 5000), io.ErrUnexpectedEOF},
		{"cut", "GET", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "abc")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, 200, -1, "text/plain; charset=utf-8", "abc", io.ErrUnexpectedEOF},
		{"head", "HEAD", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			_, _ = io.WriteString(w, "abc")
		}, 200, 3, "text/plain; charset=utf-8", "", nil},
		{"no content", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, 0, "", "", nil},
		{"not modified", "GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, 304, 0, "", "", nil},
		{"late header", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			w.Header().Set("Content-Type", "late/late")
			_, _ = io.WriteString(w, "x")
		}, 200, 1, "text/plain; charset=utf-8", "x", nil},
		{"first status counts", "GET", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(201)
			w.WriteHeader(202)
		}, 201, 0, "", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			viaBoth(t, tt.h, func(t *testing.T, c *http.Client, url string) {
				resp, err := send(t, c, tt.method, url, "")
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = resp.Body.Close() }()
				raw, err := io.ReadAll(resp.Body)
				if resp.StatusCode != tt.status || resp.ContentLength != tt.length || resp.Header.Get("Content-Type") != tt.kind {
					t.Errorf("status %d, length %d, type %q", resp.StatusCode, resp.ContentLength, resp.Header.Get("Content-Type"))
				}
				if string(raw) != tt.body || !errors.Is(err, tt.err) {
					t.Errorf("%d bytes %.20q, %v; want %d bytes, %v", len(raw), raw, err, len(tt.body), tt.err)
				}
			})
		})
	}
}

func TestTransportWriteErrors(t *testing.T) {
	viaBoth(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "3")
		if _, err := io.WriteString(w, "abcd"); !errors.Is(err, http.ErrContentLength) {
			t.Errorf("more than declared: %v", err)
		}
	}, func(t *testing.T, c *http.Client, url string) {
		if resp, err := send(t, c, "GET", url, ""); err == nil {
			_ = resp.Body.Close()
		}
	})
}

func TestTransportGivesTheRequest(t *testing.T) {
	viaBoth(t, func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.URL.Path != "/a b" || r.URL.EscapedPath() != "/a%20b" || r.URL.RawQuery != "c=d" || r.URL.Host != "" || r.RequestURI != "/a%20b?c=d" {
			t.Errorf("URL %#v, RequestURI %s", r.URL, r.RequestURI)
		}
		if r.Host == "" || r.RemoteAddr == "" || r.TLS != nil || r.Method != "POST" || r.ContentLength != 4 || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("request %+v", r)
		}
		_, _ = w.Write(raw)
	}, func(t *testing.T, c *http.Client, url string) {
		resp, err := send(t, c, "POST", url+"/a%20b?c=d", "body")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		if raw, err := io.ReadAll(resp.Body); string(raw) != "body" || err != nil {
			t.Errorf("%q, %v", raw, err)
		}
	})
}

func TestTransportCutBeforeTheAnswer(t *testing.T) {
	viaBoth(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "still held back")
		panic(http.ErrAbortHandler)
	}, func(t *testing.T, c *http.Client, url string) {
		if resp, err := send(t, c, "POST", url, "x"); !errors.Is(err, io.EOF) {
			t.Errorf("%v, want EOF", err)
			if err == nil {
				_ = resp.Body.Close()
			}
		}
	})
}

func TestTransportRecoversPanics(t *testing.T) {
	k := start(t, Config{})
	c := &http.Client{Transport: transport{k.Server, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })}}
	if resp, err := send(t, c, "GET", "http://memory.test", ""); err == nil {
		_ = resp.Body.Close()
		t.Error("no error")
	}
}

// endless writes until it is told to stop, and says why it ended.
func endless(ended chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		piece := make([]byte, 4096)
		for {
			if _, err := w.Write(piece); err != nil {
				ended <- r.Context().Err()
				return
			}
		}
	}
}

func TestTransportEndsItsHandlers(t *testing.T) {
	for name, end := range map[string]func(k *kit, cancel context.CancelFunc, body io.Closer){
		"body closed":    func(_ *kit, _ context.CancelFunc, body io.Closer) { _ = body.Close() },
		"context ended":  func(_ *kit, cancel context.CancelFunc, _ io.Closer) { cancel() },
		"sandbox closed": func(k *kit, _ context.CancelFunc, _ io.Closer) { _ = k.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := start(t, Config{})
				ended := make(chan error, 1)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, "GET", "http://memory.test", nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := transport{k.Server, endless(ended)}.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				if n, err := io.ReadFull(resp.Body, make([]byte, 10_000)); err != nil {
					t.Fatal(n, err)
				}
				synctest.Wait() // the handler waits for the reader
				select {
				case err := <-ended:
					t.Fatal("the handler did not wait", err)
				default:
				}
				end(k, cancel, resp.Body)
				if err := <-ended; err == nil {
					t.Error("the handler's context is still alive")
				}
				if _, err := io.ReadAll(resp.Body); err == nil {
					t.Error("the body ended as if it were whole")
				}
				_ = resp.Body.Close()
			})
		})
	}
}

func TestTransportContextEndsBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := start(t, Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "http://memory.test", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := transport{k.Server, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })}.RoundTrip(r)
		if err == nil {
			_ = resp.Body.Close()
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

func TestClosedSandbox(t *testing.T) {
	k := start(t, Config{})
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := k.try("GET", "/api/v1/health", ""); !errors.Is(err, errClosed) {
		t.Errorf("in memory: %v", err)
	}
	w := httptest.NewRecorder()
	k.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/api/v1/health", nil))
	if w.Code != 503 {
		t.Errorf("status %d", w.Code)
	}
}
