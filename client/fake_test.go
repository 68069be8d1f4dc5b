package client

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testBase = "https://api.example.test"
	testKey  = "dk_live_3f9a7c21"
)

// asked is a request as it came to the fake.
type asked struct {
	Method, URL, Body string
	Header            http.Header
	At                time.Time
}

// script answers requests in order, and fails the test on one too many.
type script struct {
	t       *testing.T
	mu      sync.Mutex
	answers []answer
	asked   []asked
}

// answer is one step of a script: a response, or an error of the network.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
	// cut ends the body with an error in place of its end.
	cut bool
	// hang lets the request wait for the end of its context.
	hang bool
	// late is how long the answer takes.
	late time.Duration
	// undated leaves the Date header out; date replaces it.
	undated bool
	date    time.Time
}

// says is an answer with a JSON body; headers come in pairs.
func says(status int, body string, headers ...string) answer {
	a := answer{status: status, body: body, header: http.Header{}}
	for i := 0; i+1 < len(headers); i += 2 {
		a.header.Set(headers[i], headers[i+1])
	}
	return a
}

func breaks(err error) answer { return answer{err: err} }

// refusedDial is what a dialler says when nobody listens: nothing was sent.
func refusedDial() answer {
	return breaks(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")})
}

// brokenRead is a connection that ends after the request was written.
func brokenRead() answer {
	return breaks(&net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")})
}

func play(t *testing.T, answers ...answer) *script {
	t.Helper()
	s := &script{t: t, answers: answers}
	t.Cleanup(func() {
		if len(s.answers) > 0 {
			t.Errorf("%d expected requests were not made", len(s.answers))
		}
	})
	return s
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		_ = r.Body.Close()
	}
	s.mu.Lock()
	s.asked = append(s.asked, asked{r.Method, r.URL.String(), string(body), r.Header.Clone(), time.Now()})
	if len(s.answers) == 0 {
		s.mu.Unlock()
		s.t.Errorf("unexpected request: %s %s", r.Method, r.URL)
		return nil, errors.New("unexpected request")
	}
	a := s.answers[0]
	s.answers = s.answers[1:]
	s.mu.Unlock()
	return a.play(r)
}

func (a answer) play(r *http.Request) (*http.Response, error) {
	if a.hang {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if err := sleep(r.Context(), a.late); err != nil {
		return nil, err
	}
	if a.err != nil {
		return nil, a.err
	}
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	switch {
	case a.undated:
	case !a.date.IsZero():
		header.Set("Date", a.date.UTC().Format(http.TimeFormat))
	default:
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	}
	var body io.Reader = strings.NewReader(a.body)
	if a.cut {
		body = io.MultiReader(body, cutOff{})
	}
	return &http.Response{
		StatusCode: a.status, Status: strconv.Itoa(a.status), Header: header,
		Body: io.NopCloser(body), Request: r, ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

type cutOff struct{}

func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// methods is what was asked, in short: "POST", "GET", …
func (s *script) methods() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, a := range s.asked {
		all = append(all, a.Method)
	}
	return strings.Join(all, " ")
}

// client speaks to the script. Its jitter is the longest wait there may be, so
// that times in tests are certain.
func (s *script) client(change ...func(*Options)) *Client {
	s.t.Helper()
	o := Options{BaseURL: testBase, Key: NewKey(testKey), Transport: s, UserAgent: "test/1"}
	for _, f := range change {
		f(&o)
	}
	c, err := New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	c.jitter = func(most time.Duration) time.Duration { return most }
	return c
}

// details gives the *Error in err.
func details(t *testing.T, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%v (%T) is no *Error", err, err)
	}
	return e
}
