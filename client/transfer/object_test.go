package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestValidators(t *testing.T) {
	t.Parallel()
	date := time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC)
	at := func(s int) string { return time.Date(2026, 1, 1, 0, 0, s, 0, time.UTC).Format(http.TimeFormat) }
	for _, c := range []struct {
		v    validator
		want string
	}{
		{validator{ETag: `"x"`}, `"x"`},
		{validator{ETag: `W/"x"`, LastModified: at(0), Date: date}, ""},
		{validator{LastModified: at(0), Date: date}, at(0)},
		{validator{LastModified: at(5), Date: date}, ""}, // may still change in that second
		{validator{LastModified: "yesterday", Date: date}, ""},
		{validator{}, ""},
	} {
		if got := c.v.strong(); got != c.want {
			t.Errorf("%+v: If-Range %q, want %q", c.v, got, c.want)
		}
	}
}

func TestNoValidatorComparesBytes(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]bool{"same": false, "changed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(3 * mib)
				s.etag, s.modified = "", time.Time{}
				s.tricks = []trick{cut(mib), func(s *server, req *http.Request, honest *http.Response) (*http.Response, error) {
					if !changes {
						return honest, nil
					}
					s.body = newServer(3*mib + 1).body[1:] // another object of the same size
					return s.honest(req), nil
				}}
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				if got := s.requests[1].Header.Get("Range"); got != "bytes=983040-" {
					t.Errorf("asked for %q, want the last 64 KiB again", got)
				}
			})
		})
	}
}

// TestOtherMarkWithAKnownDigest: the nodes of some stores mark the same object
// differently. Where the digest was told, the last bytes are compared and the
// rest is not fetched again.
func TestOtherMarkWithAKnownDigest(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]bool{"the same object": false, "another one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(4 * mib)
				s.tricks = []trick{cut(3 * mib), func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
					s.etag = `"another node"`
					if changes {
						s.body = newServer(4*mib + 1).body[1:]
					}
					return s.honest(req), nil
				}}
				o := options(s, dir)
				object := s.body
				if changes {
					object = newServer(4*mib + 1).body[1:]
				}
				sum := sha256.Sum256(object)
				o.SHA256 = hex.EncodeToString(sum[:])
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, object)
				if !changes && s.served > 4*mib+2*overlapSize {
					t.Errorf("%d bytes were served", s.served)
				}
			})
		})
	}
}

// TestAPassingAnswerAboutAnotherObjectCostsNothing: the bytes that are here are
// kept until a second answer says the same.
func TestAPassingAnswerAboutAnotherObjectCostsNothing(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]trick{
		"another size": answer(416, "", "Content-Range", "bytes */17"),
		"another mark": edit(func(h http.Header) { h.Set("ETag", `"x"`) }),
		"no file":      answer(200, `{"error":"log in"}`, "Content-Type", "application/json"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(4 * mib)
				s.tricks = append([]trick{cut(3 * mib), lie}, repeat(refuse(syscall.ECONNREFUSED), 50)...)
				p, err := get(t, options(s, dir))
				if !errors.Is(err, ErrGaveUp) {
					t.Fatal(err)
				}
				if done := p.Snapshot().Done; done != 3*mib {
					t.Errorf("%d bytes are kept", done)
				}
			})
		})
	}
}

func TestObjectThatNeverHoldsStill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(mib)
		for i := range 100 {
			s.tricks = append(s.tricks, func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
				s.etag = `"` + strings.Repeat("x", i+1) + `"`
				return cutBody(s.honest(req), 1000, io.ErrUnexpectedEOF), nil
			})
		}
		if _, err := get(t, options(s, dir)); !errors.Is(err, ErrGaveUp) {
			t.Error(err)
		}
	})
}

func TestWrongDigestAfterAResumeStartsOverOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(2 * mib)
		other := bytes.Clone(newServer(2*mib + 1).body[1:])
		copy(other[mib-overlapSize:], s.body[mib-overlapSize:]) // the overlap cannot tell
		sum := sha256.Sum256(s.body)
		good := s.body
		s.etag, s.modified, s.body = "", time.Time{}, other
		s.tricks = []trick{cut(mib)}
		o := options(s, dir)
		o.Retries = 1
		o.SHA256 = hex.EncodeToString(sum[:])
		p, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s.tricks = []trick{func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
			cancel()
			return cutBody(resp, mib, context.Canceled), nil
		}}
		_ = p.Fetch(ctx)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		found, _ := Peek(o.Path)
		s.body, s.tricks = good, nil
		p, err = get(t, o)
		if err != nil {
			t.Fatalf("%v (part had %d bytes)", err, found.Done)
		}
		same(t, p, good)
	})
}

// TestOtherBytesUnderTheSameMark: only the digest tells, and then all is fetched
// once more, whatever it was that brought them.
func TestOtherBytesUnderTheSameMark(t *testing.T) {
	t.Parallel()
	other := func(_ *server, req *http.Request, _ *http.Response) (*http.Response, error) {
		liar := newServer(40*mib + 1)
		liar.body = liar.body[1:]
		return liar.honest(req), nil
	}
	short := func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
		resp.ContentLength = -1 // and its end is that of the connection
		resp.Body = io.NopCloser(io.LimitReader(resp.Body, mib))
		return resp, nil
	}
	for name, c := range map[string]struct{ tricks, parts []trick }{
		"in the rest of a file":    {tricks: []trick{cut(mib), other}},
		"in one of its parts":      {parts: []trick{other}},
		"an end that is not one":   {tricks: []trick{short}},
		"and a cut the other time": {tricks: []trick{cut(mib), other, cut(mib)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := wide(40 * mib)
				s.tricks, s.parts = c.tricks, c.parts
				o := options(s, dir)
				sum := sha256.Sum256(s.body)
				o.SHA256 = hex.EncodeToString(sum[:])
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
				if n := p.Snapshot().Restarts; n != 1 {
					t.Errorf("%d restarts", n)
				}
			})
		})
	}
}

// TestDigestThatNothingHas: the file is fetched twice where it came in pieces,
// and once where it came as one.
func TestDigestThatNothingHas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tricks []trick
		served int64
	}{
		"as one":    {nil, 3 * mib},
		"in pieces": {[]trick{cut(mib), nil, cut(mib)}, 6 * mib},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(3 * mib)
				s.tricks = c.tricks
				o := options(s, dir)
				o.SHA256 = strings.Repeat("0", 64)
				p, err := get(t, o)
				if !errors.Is(err, ErrDigest) || s.served != c.served {
					t.Fatalf("%v, %d bytes were served", err, s.served)
				}
				same(t, p, s.body)
			})
		})
	}
}

// TestMarksVouchForNothingUncompared: bytes that came without a mark do not get
// one from an answer whose bytes were never compared with them. The object
// changes, is marked from then on, and the first answer about it is cut off.
func TestMarksVouchForNothingUncompared(t *testing.T) {
	t.Parallel()
	marked := func(head func(s *server, req *http.Request) *http.Response, n int64) trick {
		return func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
			s.body, s.etag = newServer(3*mib + 1).body[1:], `"two"`
			return cutBody(head(s, req), n, io.ErrUnexpectedEOF), nil
		}
	}
	all := func(s *server, req *http.Request) *http.Response {
		resp, _ := whole(s, req, nil)
		return resp
	}
	part := (*server).honest
	for name, c := range map[string]trick{
		"the whole, cut before its first byte": marked(all, 0),
		"a part, cut before its first byte":    marked(part, 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(3 * mib)
				s.etag, s.modified = "", time.Time{}
				s.tricks = []trick{cut(mib), c}
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
			})
		})
	}
}

// TestFirstPieceIsBadAndNothingMarksTheObject: there is nothing before the bad
// piece that could be compared, so all is asked for.
func TestFirstPieceIsBadAndNothingMarksTheObject(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]bool{"the same object": false, "another one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(20 * mib)
				s.etag, s.modified = "", time.Time{}
				d := newMemoryDisk()
				o := options(s, "/folder")
				o.disk = d
				p, err := get(t, o)
				if err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(p.save(StateActive, false), p.Close()); err != nil { // killed here
					t.Fatal(err)
				}
				d.names[o.Path+partSuffix].live[77] ^= 1
				if changes {
					s.body = newServer(20*mib + 1).body[1:]
				}
				if p, err = get(t, o); err != nil {
					t.Fatal(err)
				}
				if err := p.Commit(o.Path, false); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(d.read(o.Path), s.body) {
					t.Error("not the object")
				}
			})
		})
	}
}

// TestSizeThatIsToldLate: nobody told the size at first; then an answer tells
// one that the object cannot have, with what is here.
func TestSizeThatIsToldLate(t *testing.T) {
	t.Parallel()
	untold := func(n int64) trick {
		return func(_ *server, _ *http.Request, resp *http.Response) (*http.Response, error) {
			resp.ContentLength = -1
			return cutBody(resp, n, io.ErrUnexpectedEOF), nil
		}
	}
	shrink := func(to int, then trick) trick {
		return func(s *server, req *http.Request, _ *http.Response) (*http.Response, error) {
			s.body = newServer(to + 1).body[1:]
			return then(s, req, s.honest(req))
		}
	}
	same200 := func(s *server, req *http.Request, r *http.Response) (*http.Response, error) {
		return whole(s, req, r)
	}
	for name, c := range map[string]struct {
		marked bool
		then   trick
	}{
		"the whole is smaller than what is here":           {false, shrink(mib, same200)},
		"the whole is smaller, and has the same mark":      {true, shrink(mib, same200)},
		"a part of less than what is here":                 {false, shrink(2*mib-overlapSize+10, func(_ *server, _ *http.Request, r *http.Response) (*http.Response, error) { return r, nil })},
		"a range outside of less than what is here":        {false, shrink(mib, func(_ *server, _ *http.Request, r *http.Response) (*http.Response, error) { return r, nil })},
		"all of it is here, and the server has no more":    {true, func(_ *server, _ *http.Request, r *http.Response) (*http.Response, error) { return r, nil }},
		"all of it is here, of an object without any mark": {false, func(_ *server, _ *http.Request, r *http.Response) (*http.Response, error) { return r, nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(3 * mib)
				if !c.marked {
					s.etag, s.modified = "", time.Time{}
				}
				n := int64(2 * mib)
				if strings.HasPrefix(name, "all") {
					n = 3 * mib
				}
				s.tricks = []trick{untold(n), c.then}
				p, err := get(t, options(s, dir))
				if err != nil {
					t.Fatal(err)
				}
				same(t, p, s.body)
			})
		})
	}
}

// TestStoppedBeforeTheSizeWasTold: what the caller was told is no proof, so a
// resume goes on until the object ends.
func TestStoppedBeforeTheSizeWasTold(t *testing.T) {
	t.Parallel()
	for name, told := range map[string]int64{"nobody tells": -1, "told right": 3 * mib, "told less": 5, "told less than all": 2 * mib, "told more": 4 * mib} {
		for way, ranges := range map[string]bool{"ranges": true, "no ranges": false} {
			for end, killed := range map[string]bool{"stopped": false, "killed": true} {
				t.Run(name+", "+way+", "+end, func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					synctest.Test(t, func(t *testing.T) {
						s := newServer(3 * mib)
						chunked := func(then trick) trick {
							return func(s *server, req *http.Request, r *http.Response) (*http.Response, error) {
								if !ranges {
									r, _ = whole(s, req, r)
								}
								if r.StatusCode == http.StatusOK {
									r.ContentLength, r.TransferEncoding = -1, []string{"chunked"}
									r.Header.Del("Content-Length")
								}
								return then(s, req, r)
							}
						}
						s.tricks = append([]trick{chunked(stall(2*mib + 100))}, repeat(chunked(edit(func(http.Header) {})), 9)...)
						o := options(s, dir)
						o.Size = told
						stopAfter(t, o, 10*time.Second, killed)
						p, err := get(t, o)
						if err != nil {
							t.Fatal(err)
						}
						same(t, p, s.body)
					})
				})
			}
		}
	}
}
