package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// born is an export in a list, created that long after the test began (the
// bubble's clock starts at the year 2000), with more fields if given.
func born(id string, after time.Duration, more ...string) string {
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(after)
	return fmt.Sprintf(`{"id":%q,"status":"processing","createdAt":%d%s}`, id, at.UnixMilli(), strings.Join(append([]string{""}, more...), ","))
}

func listed(rows ...string) answer {
	return says(200, `{"data":[`+strings.Join(rows, ",")+`]}`)
}

func made(id string) answer { return says(201, `{"exportJobId":"`+id+`"}`) }

const busy = `{"error":"conflict","message":"Another export is in progress"}`

func TestCreate(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]ID{
		`{"exportJobId":"e1"}`: "e1", `{"id":"e1"}`: "e1", `{"exportJobId":17}`: "17", `{"data":{"exportJobId":"e1"}}`: "e1",
		`{"data":{"id":"e1"}}`: "e1", `{"export":{"id":"e1"}}`: "e1", `{"id":"other","exportJobId":"e1"}`: "e1",
	} {
		got, err := play(t, says(201, body)).client().Create(t.Context(), request())
		if err != nil || got.ID != want || got.Adopted {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
}

func TestCreatedAtIsTheServersTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ahead := 3 * time.Hour
		start := time.Now()
		a := made("e1")
		a.late, a.date = 5*time.Second, start.Add(ahead+5*time.Second)
		got, err := play(t, refusedDial(), a).client().Create(t.Context(), request())
		// Two seconds of backoff, then the POST that counts.
		if want := start.Add(ahead + 2*time.Second - 2*time.Second); err != nil || !got.At.Equal(want) {
			t.Errorf("at %s, %v; want %s", got.At, err, want)
		}
	})
}

// TestLostAnswer plays the lost-answer rule. requests spells out what may be
// sent: a POST too many would be an export too many.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	gone, none := brokenRead(), listed()
	old := born("old", -time.Hour)
	ours := born("ours", 0)
	cases := []struct {
		name     string
		answers  []answer
		requests string
		id       ID      // of what is found or made
		adopted  bool    // it was found
		kinds    []error // of the error
	}{
		{"connection broken, export there", []answer{gone, listed(ours, old)}, "POST GET", "ours", true, nil},
		{"gateway's 502", []answer{says(502, "<html>Bad gateway</html>"), listed(ours)}, "POST GET", "ours", true, nil},
		{"504, empty", []answer{says(504, ""), listed(ours)}, "POST GET", "ours", true, nil},
		{"503 of a proxy, without a time", []answer{says(503, "<html>"), listed(ours)}, "POST GET", "ours", true, nil},
		{"answer cut", []answer{{status: 201, body: `{"exportJ`, cut: true}, listed(ours)}, "POST GET", "ours", true, nil},
		{"answer that is no JSON", []answer{says(200, "<html>"), listed(ours)}, "POST GET", "ours", true, nil},
		{"answer without an id", []answer{says(201, `{}`), listed(ours)}, "POST GET", "ours", true, nil},
		{"answer too large", []answer{says(201, strings.Repeat(" ", maxBody+1)), listed(ours)}, "POST GET", "ours", true, nil},
		{"303", []answer{to(303, "/api/v1/exports/x"), listed(ours)}, "POST GET", "ours", true, nil},
		{"it shows up late", []answer{gone, listed(old), listed(old), listed(ours, old)}, "POST GET GET GET", "ours", true, nil},
		{"never made, made now", []answer{gone, none, none, none, none, made("new")}, "POST GET GET GET GET POST", "new", false, nil},
		{"lost twice, the first one shows up", []answer{gone, none, none, none, none, gone, listed(ours)}, "POST GET GET GET GET POST GET", "ours", true, nil},
		{"busy after all, with ours", []answer{gone, none, none, none, none, says(409, busy), listed(ours)}, "POST GET GET GET GET POST GET", "ours", true, nil},
		{"busy with another one", []answer{gone, none, none, none, none, says(409, busy), listed(old)}, "POST GET GET GET GET POST GET", "", false, []error{ErrBusy}},
		{"two that may be ours", []answer{gone, listed(ours, born("two", time.Second))}, "POST GET", "", false, []error{ErrLostAnswer}},
		{"two, but one differs", []answer{gone, listed(born("csv", 0, `"format":"csv"`), ours)}, "POST GET", "ours", true, nil},
		{"one without a time", []answer{gone, listed(`{"id":"x","status":"processing"}`)}, "POST GET", "", false, []error{ErrLostAnswer}},
		{"ours, and one without a time", []answer{gone, listed(ours, `{"id":"x","status":"processing"}`)}, "POST GET", "", false, []error{ErrLostAnswer}},
		{"one without a time, but long done", []answer{gone, listed(`{"id":"x","status":"completed","completedAt":"1999-12-31T00:00:00Z"}`, ours)}, "POST GET", "ours", true, nil},
		{"no list", []answer{gone, says(404, ""), made("new")}, "POST GET POST", "new", false, nil},
		{"no list, busy", []answer{gone, says(405, ""), says(409, `{"error":"busy","exportJobId":"run"}`)}, "POST GET POST", "", false, []error{ErrBusy, ErrLostAnswer}},
		{"no list, lost for good", []answer{gone, says(404, ""), gone, says(404, ""), gone, says(404, "")}, "POST GET POST GET POST GET", "", false, []error{ErrLostAnswer, ErrNetwork}},
		{"list refused", []answer{gone, says(401, "")}, "POST GET", "", false, []error{ErrLostAnswer, ErrUnauthorized}},
		{"list broken", []answer{gone, says(200, "<html>")}, "POST GET", "", false, []error{ErrLostAnswer, ErrProtocol}},
		{"second POST refused", []answer{gone, says(404, ""), says(403, "")}, "POST GET POST", "", false, []error{ErrForbiddenRole, ErrLostAnswer}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := play(t, c.answers...)
				got, err := s.client().Create(t.Context(), request())
				if s.methods() != c.requests {
					t.Errorf("sent %s, want %s", s.methods(), c.requests)
				}
				if len(c.kinds) > 0 {
					onlyKind(t, err, c.kinds...)
				} else if err != nil || got.ID != c.id || got.Adopted != c.adopted {
					t.Errorf("%+v, %v", got, err)
				}
			})
		})
	}
}

func TestBusyWithoutListNamesTheRunningExport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := play(t, brokenRead(), says(404, ""), says(409, `{"error":"busy","exportJobId":"run"}`))
		_, err := s.client().Create(t.Context(), request())
		if e := details(t, err); e.Running != "run" {
			t.Errorf("running is %q", e.Running)
		}
	})
}

// TestPostsThatNothingHandled are repeated by themselves, and never asked for in the list.
func TestPostsThatNothingHandled(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		answers  []answer
		requests string
		waits    []float64
		kinds    []error
	}{
		{"nobody listens", []answer{refusedDial(), refusedDial(), made("e")}, "POST POST POST", []float64{2, 4}, nil},
		{"429", []answer{says(429, "", "Retry-After", "5"), made("e")}, "POST POST", []float64{5.5}, nil},
		{"429 without a time", []answer{says(429, "<html>"), made("e")}, "POST POST", []float64{2}, nil},
		{"503 with a time", []answer{says(503, "<html>", "Retry-After", "0"), made("e")}, "POST POST", []float64{2}, nil},
		{"429 for long", []answer{says(429, "", "Retry-After", "3000")}, "POST", nil, []error{ErrRateLimited}},
		{"nobody ever listens", []answer{refusedDial(), refusedDial(), refusedDial(), refusedDial()}, "POST POST POST POST", []float64{2, 4, 8}, []error{ErrNetwork}},
		{"500 in the API's words", []answer{says(500, `{"error":"internal","message":"oops"}`)}, "POST", nil, []error{ErrServer}},
		{"503 in the API's words", []answer{says(503, `{"error":"maintenance"}`)}, "POST", nil, []error{ErrServer}},
		{"busy", []answer{says(409, busy)}, "POST", nil, []error{ErrBusy}},
		{"role", []answer{says(403, "")}, "POST", nil, []error{ErrForbiddenRole}},
		{"a proxy that wants a login", []answer{says(407, "<html>")}, "POST", nil, []error{ErrNetwork}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := play(t, c.answers...)
				got, err := s.client().Create(t.Context(), request())
				if s.methods() != c.requests {
					t.Errorf("sent %s, want %s", s.methods(), c.requests)
				}
				sameGaps(t, s, c.waits...)
				if len(c.kinds) > 0 {
					onlyKind(t, err, c.kinds...)
				} else if err != nil || got.ID != "e" {
					t.Errorf("%+v, %v", got, err)
				}
			})
		})
	}
}

// TestWhatIsOursByTheClock: the server's clock is three hours ahead of ours,
// and only its Date tells.
func TestWhatIsOursByTheClock(t *testing.T) {
	t.Parallel()
	const ahead = 3 * time.Hour
	for _, c := range []struct {
		name    string
		created time.Duration
		ours    bool
	}{
		{"just after", ahead + 300*time.Millisecond, true},
		{"cut to the second", ahead, true},
		{"within the grain of Date", ahead - 900*time.Millisecond, true},
		{"before", ahead - 2500*time.Millisecond, false},
		{"after by our clock only", time.Minute, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(250 * time.Millisecond)
				dated := func(a answer) answer {
					a.date = time.Now().Add(ahead)
					return a
				}
				s := play(t, brokenRead(), dated(listed(born("x", c.created))))
				if !c.ours {
					s.answers = append(s.answers, dated(says(404, "")), dated(made("new")))
				}
				got, err := s.client().Create(t.Context(), request())
				if err != nil || got.Adopted != c.ours {
					t.Errorf("%+v, %v", got, err)
				}
				if drift := got.At.Sub(time.Now().Add(ahead)).Abs(); drift > 3*time.Second {
					t.Errorf("at %s", got.At)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		undated := listed(born("x", 0))
		undated.undated = true
		_, err := play(t, brokenRead(), undated).client().Create(t.Context(), request())
		onlyKind(t, err, ErrLostAnswer)
	})
}

func TestWhatIsKnownToDiffer(t *testing.T) {
	t.Parallel()
	r := request()
	week := ExportRequest{Format: JSON, Include: IncludeAll(), Range: Range{Name: "last_7_days", From: r.Range.From, To: r.Range.To}}
	some := Include{Metrics: true}
	all := IncludeAll()
	dates := WireRange{From: r.Range.From, To: r.Range.To}
	cases := []struct {
		name string
		req  ExportRequest
		exp  Export
		want bool
	}{
		{"nothing told", r, Export{}, false},
		{"all the same", r, Export{Format: JSON, Include: &all, Range: dates}, false},
		{"format", r, Export{Format: CSV}, true},
		{"include", r, Export{Include: &some}, true},
		{"begins earlier", r, Export{Range: WireRange{From: dates.From.Add(-time.Hour), To: dates.To}}, true},
		{"ends earlier", r, Export{Range: WireRange{From: dates.From, To: dates.To.Add(-time.Hour)}}, true},
		{"cut to the second", r, Export{Range: WireRange{From: dates.From, To: dates.To.Truncate(time.Second)}}, false},
		{"another preset", r, Export{Range: WireRange{Name: "all_time"}}, true},
		{"a word of the server's", r, Export{Range: WireRange{Name: "custom"}}, false},
		{"the same word", week, Export{Range: WireRange{Name: "last_7_days"}}, false},
		{"another word", week, Export{Range: WireRange{Name: "all_time"}}, true},
		{"a word was sent, times came back", week, Export{Range: WireRange{From: dates.From.Add(-time.Hour), To: dates.To}}, false},
	}
	for _, c := range cases {
		if got := c.req.differs(c.exp); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestCreateEndsWithTheContext(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		answers []answer
		after   time.Duration
		kinds   []error
	}{
		{"before anything was sent", []answer{refusedDial()}, time.Second, nil},
		{"while the answer is out", []answer{{hang: true}}, time.Second, []error{ErrLostAnswer}},
		{"while looking", []answer{brokenRead(), listed()}, 500 * time.Millisecond, []error{ErrLostAnswer}},
		{"while the list is out", []answer{brokenRead(), {hang: true}}, time.Second, []error{ErrLostAnswer}},
		{"after the second POST failed to leave", []answer{brokenRead(), says(404, ""), refusedDial()}, time.Second, []error{ErrLostAnswer}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.after)
				defer cancel()
				_, err := play(t, c.answers...).client().Create(ctx, request())
				onlyKind(t, err, c.kinds...)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		})
	}
}
