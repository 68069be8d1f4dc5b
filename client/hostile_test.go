package client

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// The server is whoever answers. These tests are servers that do their worst,
// over real connections where it is the connection that is abused.

// against makes a client of a server with the transport of its own.
func against(t *testing.T, h http.Handler) *Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, err := New(Options{BaseURL: srv.URL, Key: NewKey(testKey)})
	if err != nil {
		t.Fatal(err)
	}
	c.jitter = func(time.Duration) time.Duration { return 0 }
	return c
}

// counted lets a handler write for ever, and knows how much was taken.
type counted struct {
	http.ResponseWriter
	taken *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.taken.Add(int64(n))
	return n, err
}

// pour writes a piece again and again, until the client has gone or a gigabyte is out.
func pour(w io.Writer, begin, piece string) {
	_, _ = io.WriteString(w, begin)
	block := bytes.Repeat([]byte(piece), 1+64<<10/len(piece))
	for sent := 0; sent < 1<<30; sent += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

func TestAnAnswerWithoutEndIsLeft(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]struct{ begin, piece string }{
		"one text":   {`{"status":"`, "x"},
		"rows":       {`{"data":[`, `{"id":"e","status":"completed"},`},
		"empty rows": {`[`, `{},`},
		"brackets":   {``, `[`},
		"blanks":     {``, ` `},
		"fields":     {`{`, `"a":0,`},
		"a web page": {`<html>`, `<p>`},
		"zeros":      {``, "\x00"},
		"numbers":    {`[`, `0,`},
		"one number": {`{"fileSize":1`, `0`},
		"escapes":    {`{"status":"`, `\u001b`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var taken atomic.Int64
			c := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				pour(counted{w, &taken}, body.begin, body.piece)
			}))
			_, err := c.Export(t.Context(), "e1")
			onlyKind(t, err, ErrProtocol)
			for _, err := range c.Exports(t.Context()) {
				onlyKind(t, err, ErrProtocol)
			}
			// What the sockets hold comes on top of what was read.
			if n := taken.Load(); n > maxBody+maxListBody+32<<20 {
				t.Errorf("%d MiB were taken", n>>20)
			}
		})
	}
}

func TestACompressedBombIsLeft(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	pourN(zip, `{"status":"`, 16*maxBody)
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	c := against(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}))
	_, err := c.Export(t.Context(), "e1")
	onlyKind(t, err, ErrProtocol)
}

func pourN(w io.Writer, begin string, n int) {
	_, _ = io.WriteString(w, begin)
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range n / len(block) {
		_, _ = w.Write(block)
	}
}

// TestAListOfTooManyIsReadInPart: each element of a list takes far more than
// the bytes that it came in, so that no more are read than anybody has.
func TestAListOfTooManyIsReadInPart(t *testing.T) {
	t.Parallel()
	base := mustBase(t)
	for _, row := range []string{`0`, `{}`, `{"id":1}`, `[[]]`} {
		body := []byte("[" + strings.Repeat(row+",", 10*maxListed) + row + "]")
		list, rows, err := decodeList(body, base)
		if err != nil || rows != maxListed || len(list) > rows {
			t.Errorf("%s: %d exports of %d rows, %v", row, len(list), rows, err)
		}
	}
}

// raw answers each connection with what speak writes, which need not be HTTP.
func raw(t *testing.T, speak func(w io.Writer) error) *Client {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				if req, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = io.Copy(io.Discard, req.Body)
					_ = speak(conn)
				}
			}()
		}
	}()
	c, err := New(Options{BaseURL: "http://" + l.Addr().String(), Key: NewKey(testKey)})
	if err != nil {
		t.Fatal(err)
	}
	c.jitter = func(time.Duration) time.Duration { return 0 }
	return c
}

func TestHeadersWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string]string{
		"many": "X-A: b\r\n", "one": "b", "folded": "\r\n b", "informational": "\r\nHTTP/1.1 103 Early Hints\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := raw(t, func(w io.Writer) error {
				pour(w, "HTTP/1.1 200 OK\r\nX-B: ", piece)
				return nil
			})
			_, err := c.Export(t.Context(), "e1")
			onlyKind(t, err, ErrNetwork)
		})
	}
}

// TestAnswersThatAreBroken: whatever comes is one of the kinds, in one line
// that a terminal can have, and repeats neither the key nor a link.
func TestAnswersThatAreBroken(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\n"
	for name, answer := range map[string]string{
		"nothing":                 "",
		"no HTTP":                 "\x1b[2J SSH-2.0-x " + testKey + "\r\n",
		"another protocol":        "HTTP/9.9 200 OK\r\n\r\n{}",
		"no status":               "HTTP/1.1 \x1b]0;owned\x07\r\n\r\n{}",
		"a status beyond all":     "HTTP/1.1 99999 OK\r\n\r\n{}",
		"two lengths":             head + "Content-Length: 2\r\nContent-Length: 20\r\n\r\n{}",
		"a length below nothing":  head + "Content-Length: -1\r\n\r\n{}",
		"less than the length":    head + "Content-Length: 20\r\n\r\n{}",
		"a chunk without end":     head + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}",
		"chunks and a length":     head + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nzz\r\n",
		"an encoding of no use":   head + "Transfer-Encoding: \x1b[2J\r\n\r\n{}",
		"gzip that is none":       head + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
		"switching protocols":     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
		"no content":              "HTTP/1.1 204 No Content\r\n\r\n",
		"not modified":            "HTTP/1.1 304 Not Modified\r\n\r\n",
		"a list of choices":       "HTTP/1.1 300 Multiple Choices\r\nContent-Length: 0\r\n\r\n",
		"a place with a line":     "HTTP/1.1 302 Found\r\nLocation: https://a.test/\x01?sig=hunter2\r\n\r\n",
		"a place without a host":  "HTTP/1.1 302 Found\r\nLocation: https:///x?sig=hunter2\r\n\r\n",
		"a place of another kind": "HTTP/1.1 302 Found\r\nLocation: javascript:alert(1)\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := raw(t, func(w io.Writer) error { _, err := io.WriteString(w, answer); return err })
			_, err := c.Export(t.Context(), "e1")
			if errors.Is(err, ErrNetwork) == errors.Is(err, ErrProtocol) {
				t.Errorf("%v is neither that nothing came nor that it was no answer", err)
			}
			line := err.Error()
			if n := len([]rune(line)); n > 300 || strings.ContainsAny(line, "\x1b\x07\x01\n") ||
				strings.Contains(line, testKey) || strings.Contains(line, "hunter2") {
				t.Errorf("it says %+q", line)
			}
		})
	}
}

func TestARedirectToItselfEnds(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	c := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}))
	_, err := c.Export(t.Context(), "e1")
	onlyKind(t, err, ErrProtocol)
	if n := asked.Load(); n != maxRedirects+1 {
		t.Errorf("%d requests, want %d", n, maxRedirects+1)
	}
	asked.Store(0)
	_, err = c.Create(t.Context(), request())
	onlyKind(t, err, ErrProtocol)
	if n := asked.Load(); n != maxRedirects+1 {
		t.Errorf("%d POSTs, want %d", n, maxRedirects+1)
	}
}

// dripping is a body of which a byte comes each second, and no end.
type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	if err := sleep(d.ctx, time.Second); err != nil {
		return 0, err
	}
	return copy(p, " "), nil
}

type drip struct{}

func (drip) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(dripping{r.Context()}), Request: r}, nil
}

func TestABodyThatDripsIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := play(t).client(func(o *Options) { o.Transport = drip{} })
		began := time.Now()
		_, err := c.Export(t.Context(), "e1")
		onlyKind(t, err, ErrNetwork)
		// Four tries, and the waits of 2, 4 and 8 seconds between them.
		if took := time.Since(began); took != maxTries*attemptTime+14*time.Second {
			t.Errorf("it took %s", took)
		}
		_, err = c.Create(t.Context(), request())
		onlyKind(t, err, ErrLostAnswer, ErrNetwork)
	})
}

// TestAServerThatRepeatsTheKey: it knows the key anyway; what it must not do is
// to have this program write it into a name, an id or the history.
func TestAServerThatRepeatsTheKey(t *testing.T) {
	t.Parallel()
	// JSON has other spellings of the same text.
	for _, spelled := range []string{testKey, `\u0064` + testKey[1:], "x" + testKey + "/" + testKey} {
		all := strings.ReplaceAll(`{"id":"KEY","exportJobId":"KEY","name":"KEY","slug":"KEY","status":"KEY","error":"KEY","message":"KEY",`+
			`"dateRange":"KEY","format":"KEY","checksum":"KEY"}`, "KEY", spelled)
		p, err := play(t, says(200, all)).client().Project(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		exp, err := play(t, says(200, all)).client().Export(t.Context(), "e1")
		if err != nil {
			t.Fatal(err)
		}
		made, err := play(t, says(200, all)).client().Create(t.Context(), request())
		if err != nil {
			t.Fatal(err)
		}
		_, err = play(t, says(409, all)).client().Create(t.Context(), request())
		got := []any{p, exp, made, err, details(t, err).Running, details(t, err).Code, details(t, err).Message}
		for exp, err := range play(t, says(200, "["+all+"]")).client().Exports(t.Context()) {
			got = append(got, exp, err)
		}
		for _, v := range got {
			if said := fmt.Sprintf("%+v", v); strings.Contains(said, testKey) {
				t.Errorf("it is repeated: %s", said)
			}
		}
	}
}

func TestOfTwoFieldsOfOneNameTheLastCounts(t *testing.T) {
	t.Parallel()
	exp, err := play(t, says(200, `{"status":"completed","downloadUrl":"https://a.test/","Status":"x","status":"failed","downloadUrl":"https://b.test/"}`)).
		client().Export(t.Context(), "e1")
	if err != nil || exp.Stage != StageFailed || exp.Link.URL() != "https://b.test/" {
		t.Errorf("stage %v, %v", exp.Stage, err)
	}
}

// TestIDsOfAServerThatWantsMore: an id is one segment of a path, whatever it says.
func TestIDsOfAServerThatWantsMore(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{"../projects", "e1/../../projects", "e1?x=1", "e1#x", "\x00", "a\r\nX-Evil: 1", "%2e%2e", "..%2f", "\u202e\x1b[2J", "..\\x"} {
		var paths []string
		c := against(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			paths = append(paths, r.URL.Path)
			if r.Header.Get("X-Evil") != "" || r.URL.RawQuery != "" {
				t.Errorf("%q became %s with %v", id.Raw(), r.URL, r.Header)
			}
			_, _ = io.WriteString(w, `{"status":"processing"}`)
		}))
		if _, err := c.Export(t.Context(), id); err != nil {
			t.Errorf("%q: %v", id.Raw(), err)
		}
		if want := []string{"/api/v1/exports/" + id.Raw()}; !slices.Equal(paths, want) {
			t.Errorf("%q asked for %q", id.Raw(), paths)
		}
	}
	for _, id := range []ID{"", ".", ".."} {
		if _, err := play(t).client().Export(t.Context(), id); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", id.Raw(), err)
		}
	}
}
