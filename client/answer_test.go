package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// kinds are all sentinels, so that a test can say that no other one matches.
func kinds() []error {
	return []error{
		ErrUnauthorized, ErrForbiddenPlan, ErrForbiddenRole, ErrBusy, ErrNotFound, ErrRateLimited,
		ErrBadRequest, ErrServer, ErrNetwork, ErrProtocol, ErrLostAnswer, ErrInsecure,
	}
}

func onlyKind(t *testing.T, err error, want ...error) {
	t.Helper()
	for _, kind := range kinds() {
		expected := false
		for _, w := range want {
			expected = expected || errors.Is(w, kind)
		}
		if errors.Is(err, kind) != expected {
			t.Errorf("%v: is %q: %v, want %v", err, kind, !expected, expected)
		}
	}
}

func TestRefusalsBecomeKinds(t *testing.T) {
	t.Parallel()
	const page = "<!doctype html><title>upgrade your plan: export in progress</title>"
	cases := []struct {
		name   string
		status int
		body   string
		kind   error
		text   string
	}{
		{"key refused", 401, `{"error":"unauthorized","message":"Invalid API key"}`, ErrUnauthorized, "read export: key refused (HTTP 401): Invalid API key"},
		{"key refused, empty", 401, "", ErrUnauthorized, "read export: key refused (HTTP 401)"},
		{"401 is never busy", 401, `{"error":"export in progress"}`, ErrUnauthorized, ""},
		{"payment", 402, `{}`, ErrForbiddenPlan, "read export: plan does not allow exports (HTTP 402)"},
		{"plan by text", 403, `{"error":"forbidden","message":"Exports need the Scale plan."}`, ErrForbiddenPlan, ""},
		{"plan by code", 403, `{"error":{"code":"PLAN_REQUIRED","message":"no"}}`, ErrForbiddenPlan, ""},
		{"plan by camel code", 403, `{"error":"upgradeRequired"}`, ErrForbiddenPlan, ""},
		{"subscription", 403, `{"message":"Your subscription has ended"}`, ErrForbiddenPlan, ""},
		{"role", 403, `{"error":"forbidden","message":"Viewers cannot export data"}`, ErrForbiddenRole, "read export: role does not allow exports (HTTP 403): Viewers cannot export data"},
		{"no plan in an explanation", 403, `{"message":"see the explanation"}`, ErrForbiddenRole, ""},
		{"a page is no plan", 403, page, ErrForbiddenRole, ""},
		{"not found", 404, `{"error":"not_found"}`, ErrNotFound, "read export: not found (HTTP 404): not_found"},
		{"no such call", 405, "", ErrNotFound, ""},
		{"gone", 410, "", ErrNotFound, ""},
		{"busy by code", 409, `{"error":"conflict"}`, ErrBusy, ""},
		{"busy by text", 400, `{"error":"Another export is in progress"}`, ErrBusy, "read export: another export is in progress (HTTP 400): Another export is in progress"},
		{"busy as a plain sentence", 400, "Another export is in progress.\n", ErrBusy, "read export: another export is in progress (HTTP 400): Another export is in progress."},
		{"busy as a JSON string", 422, `"Another export is in progress"`, ErrBusy, "read export: another export is in progress (HTTP 422): Another export is in progress"},
		{"busy as a page", 423, "<html><body><h1>Another export is in progress</h1></body></html>", ErrBusy, "read export: another export is in progress (HTTP 423)"},
		{"plan as a plain sentence", 403, "Data export needs the Scale plan", ErrForbiddenPlan, ""},
		{"busy in a long text", 400, "Another export is in progress" + strings.Repeat(" ", maxSentence) + ".", ErrBadRequest, "read export: request refused (HTTP 400)"},
		{"busy by word", 403, `{"error":"EXPORT_IN_PROGRESS","message":"Upgrade your plan for more"}`, ErrBusy, ""},
		{"busy as 429", 429, `{"message":"An export is already running for this project"}`, ErrBusy, ""},
		{"bad parameters", 400, `{"error":"bad_request","message":"format"}`, ErrBadRequest, ""},
		{"unprocessable", 422, `{"error":{"message":"dateRange"}}`, ErrBadRequest, "read export: request refused (HTTP 422): dateRange"},
		{"teapot", 418, page, ErrBadRequest, ""},
		{"not implemented", 501, `{"message":"later"}`, ErrServer, "read export: server error (HTTP 501): later"},
		{"proxy login", 407, page, ErrNetwork, "read export: no answer (HTTP 407): the proxy asks for a login"},
		{"not modified", 304, "", ErrProtocol, "read export: not an API answer"},
		{"array", 404, `[]`, ErrNotFound, ""},
		{"deep", 404, strings.Repeat("[", 20000), ErrNotFound, ""},
		{"too large", 404, `{"message":"` + strings.Repeat("x", maxBody) + `"}`, ErrNotFound, "read export: not found (HTTP 404)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			api := play(t, says(c.status, c.body)).client()
			_, err := api.Export(t.Context(), "e1")
			onlyKind(t, err, c.kind)
			if c.text != "" && err.Error() != c.text {
				t.Errorf("says %q, want %q", err, c.text)
			}
			if e := details(t, err); e.Step != "read export" || c.status >= 400 && e.Status != c.status {
				t.Errorf("step %q, status %d", e.Step, e.Status)
			}
		})
	}
}

func TestAnswersThatAreNotTheAPIs(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"page": "<html>Welcome to the hotel's network</html>", "empty": "", "blank": " \n", "text": "OK",
		"cut": `{"status":"comp`, "array": `[]`, "null": `null`, "number": `1`, "two": `{"status":"x"} {}`,
		"another object": `{"hello":"world"}`, "empty envelope": `{"data":{}}`, "data is a string": `{"data":"x"}`,
		"envelopes without end": strings.Repeat(`{"data":`, 50) + `{"status":"x"}` + strings.Repeat("}", 50),
		"too large":             `{"status":"completed","pad":"` + strings.Repeat("x", maxBody) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := play(t, says(200, body)).client()
			_, err := api.Export(t.Context(), "e1")
			onlyKind(t, err, ErrProtocol)
			if n := len(err.Error()); n > 100 {
				t.Errorf("the error has %d bytes: %s", n, err)
			}
		})
	}
}

func TestErrorsHoldNothingSecretOrHostile(t *testing.T) {
	t.Parallel()
	said := `{"error":"x","message":"key ` + testKey + ` at https://s3.test/f?sig=hunter2&x=1 or /f?sig=hunter2 (why?) \u001b[2J\u202e"}`
	_, err := play(t, says(400, said)).client().Export(t.Context(), "e1")
	const want = "read export: request refused (HTTP 400): key [redacted] at https://s3.test/f?[redacted] or /f?[redacted] (why?) ␛[2J\\u{202e}"
	if err.Error() != want {
		t.Errorf("says %+q\nwant %+q", err, want)
	}
	if raw := details(t, err).Message.Raw(); strings.Contains(raw, "hunter2") || strings.Contains(raw, testKey) {
		t.Errorf("message keeps a secret: %q", raw)
	}

	inner := errors.New("tls: \x1b[2J broken at /f?sig=hunter2")
	_, err = play(t, says(200, `{"error":"x"}`)).client().Export(t.Context(), "e1")
	onlyKind(t, err, ErrProtocol)
	for _, cause := range []error{inner, &url.Error{Op: "Get", URL: "https://x.test/?sig=hunter2", Err: inner}} {
		c := play(t).client()
		e := &Error{Kind: ErrNetwork, Step: "s", Err: c.clean(cause)}
		if got := e.Error(); got != "s: no answer: tls: ␛[2J broken at /f?[redacted]" {
			t.Errorf("says %+q", got)
		}
	}
}

func TestErrorChain(t *testing.T) {
	t.Parallel()
	e := &Error{Kind: ErrNetwork, Step: "s", Err: io.ErrUnexpectedEOF}
	if !errors.Is(e, ErrNetwork) || !errors.Is(e, io.ErrUnexpectedEOF) || errors.Is(e, ErrServer) {
		t.Errorf("%v does not match what it wraps", e)
	}
	var none *url.Error
	if errors.As(&Error{Kind: ErrServer}, &none) {
		t.Error("matches an error that is not there")
	}
}

func TestServerErrorTextIsScrubbedInExports(t *testing.T) {
	t.Parallel()
	const job = `{"id":"e1","status":"failed","error":"cannot write https://s3.test/f?sig=hunter2 with ` + testKey + `"}`
	want := "cannot write https://s3.test/f?[redacted] with [redacted]"
	exp, err := play(t, says(200, job)).client().Export(t.Context(), "e1")
	if err != nil || exp.Error.Raw() != want {
		t.Errorf("Export: %q, %v", exp.Error.Raw(), err)
	}
	for exp, err := range play(t, says(200, "["+job+"]")).client().Exports(t.Context()) {
		if err != nil || exp.Error.Raw() != want {
			t.Errorf("Exports: %q, %v", exp.Error.Raw(), err)
		}
	}
}

func TestBusyNamesTheRunningExport(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]ID{
		`{"error":"busy","exportJobId":"e7"}`:                       "e7",
		`{"error":{"code":"busy","runningExportId":"e7"}}`:          "e7",
		`{"error":"busy","data":{"id":"e7"}}`:                       "e7",
		`{"error":"busy","id":12345678901234567890}`:                "12345678901234567890",
		`{"error":"busy"}`:                                          "",
		`{"error":"busy","exportJobId":{"a":1}}`:                    "",
		`{"error":"busy","id":"` + strings.Repeat("x", 1000) + `"}`: "",
		`<html>`: "",
	} {
		_, err := play(t, says(409, body)).client().Create(t.Context(), request())
		onlyKind(t, err, ErrBusy)
		if got := details(t, err).Running; got != want {
			t.Errorf("%s: running is %q, want %q", body, got.Raw(), want.Raw())
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const used = `{"error":"rate_limited","message":"slow down","retryAfter":3600}`
	at := func(d time.Duration) string {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(d).Format(http.TimeFormat)
	}
	cases := []struct {
		name string
		a    answer
		want time.Duration
	}{
		{"body", says(429, used), time.Hour},
		{"body, quoted", says(429, `{"retryAfter":"120"}`), 2 * time.Minute},
		{"body, under error", says(429, `{"error":{"retryAfter":120}}`), 2 * time.Minute},
		{"header first", says(429, used, "Retry-After", "60"), time.Minute},
		{"header, fractions", says(429, "", "Retry-After", "60.5"), 60*time.Second + 500*time.Millisecond},
		{"date", says(429, used, "Retry-After", at(90*time.Second)), 90 * time.Second},
		{
			"date by the server's clock, which is an hour ahead",
			answer{status: 429, date: time.Date(2000, 1, 1, 1, 0, 0, 0, time.UTC), header: http.Header{"Retry-After": {at(time.Hour + time.Minute)}}},
			time.Minute,
		},
		{"nonsense in the header", says(429, used, "Retry-After", "soon"), time.Hour},
		{"beyond all reason", says(429, "", "Retry-After", "1e300"), 24 * time.Hour},
		{"from the budget", says(429, "", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", "946685700"), 15 * time.Minute},
		{"503", says(503, used), time.Hour},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				// More than the cap: told at once, and not asked again.
				api := play(t, c.a).client()
				began := time.Now()
				_, err := api.Export(t.Context(), "e1")
				if got := details(t, err).RetryAfter; got != c.want {
					t.Errorf("retry after %s, want %s", got, c.want)
				}
				if waited := time.Since(began); waited != 0 {
					t.Errorf("waited %s", waited)
				}
			})
		})
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC()
		ok := func(headers ...string) answer { return says(200, `{"status":"processing"}`, headers...) }
		limits := func(limit, left, reset string) answer {
			return ok("X-RateLimit-Limit", limit, "X-RateLimit-Remaining", left, "X-RateLimit-Reset", reset)
		}
		steps := []struct {
			a    answer
			want Budget
		}{
			{ok(), Budget{}},
			{limits("1000", "998", "946688400"), Budget{1000, 998, now.Add(time.Hour), true}},
			{ok(), Budget{1000, 998, now.Add(time.Hour), true}},
			{limits(" 1000 ", "997", "946688400000"), Budget{1000, 997, now.Add(time.Hour), true}},
			{limits("many", "996", "60"), Budget{0, 996, now.Add(time.Minute), true}},
			{limits("1000", "none", "60"), Budget{0, 996, now.Add(time.Minute), true}},
			{limits("1000", "-1", "60"), Budget{0, 996, now.Add(time.Minute), true}},
			{limits("99999999999", "0", "9999999999999999"), Budget{0, 0, time.Time{}, true}},
		}
		s := play(t)
		api := s.client()
		for i, step := range steps {
			s.answers = []answer{step.a}
			if _, err := api.Export(t.Context(), "e"); err != nil {
				t.Fatal(err)
			}
			if got := api.Budget(); got != step.want {
				t.Errorf("step %d: %+v, want %+v", i, got, step.want)
			}
		}
		s.answers = []answer{says(200, "{}", "X-RateLimit-Remaining", "5")}
		if err := api.Health(t.Context()); err != nil || api.Budget().Remaining != 0 {
			t.Errorf("health: %v; its budget is nobody's, but %+v", err, api.Budget())
		}
	})
}

func TestServerTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ahead := time.Now().Add(90 * time.Minute).UTC()
		s := play(t, answer{status: 200, body: `{"status":"x"}`, date: ahead})
		api := s.client()
		if got := api.ServerTime(); !got.Equal(time.Now()) {
			t.Errorf("before the first answer %s", got)
		}
		if _, err := api.Export(t.Context(), "e"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got := api.ServerTime(); !got.Equal(ahead.Add(10 * time.Second)) {
			t.Errorf("server time %s, want %s", got, ahead.Add(10*time.Second))
		}
		s.answers = []answer{{status: 200, body: `{"status":"x"}`, undated: true}}
		if _, err := api.Export(t.Context(), "e"); err != nil {
			t.Fatal(err)
		}
		if got := api.ServerTime(); !got.Equal(ahead.Add(10 * time.Second)) {
			t.Errorf("an answer without Date moved the clock to %s", got)
		}
	})
}

// TestExportKeepsTheIDThatWasAsked: the machine goes on with its own spelling.
func TestExportKeepsTheIDThatWasAsked(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"status":"x"}`, `{"status":"x","id":"another"}`, `{"data":{"exportJobId":7,"status":"x"}}`} {
		exp, err := play(t, says(200, body)).client().Export(t.Context(), "e/1")
		if err != nil || exp.ID != "e/1" {
			t.Errorf("%s: id %q, %v", body, exp.ID, err)
		}
	}
}

func TestProjectAndHealth(t *testing.T) {
	t.Parallel()
	want := Project{ID: "j57abc123", Name: "My SaaS App", Slug: "my-saas-app", CreatedAt: time.UnixMilli(1670000000000).UTC()}
	const bare = `{"id":"j57abc123","name":"My SaaS App","slug":"my-saas-app","createdAt":1670000000000}`
	for _, body := range []string{bare, `{"data":` + bare + `}`, `{"project":` + bare + `}`, `{"data":{"project":` + bare + `}}`} {
		s := play(t, says(200, body))
		got, err := s.client().Project(t.Context())
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
		if s.asked[0].URL != testBase+"/api/v1/projects" {
			t.Errorf("asked %s", s.asked[0].URL)
		}
	}
	_, err := play(t, says(200, `{"data":[]}`)).client().Project(t.Context())
	onlyKind(t, err, ErrProtocol)

	for body, kind := range map[string]error{"": nil, "OK": nil, `{"status":"ok"}`: nil, " <html>": ErrProtocol} {
		s := play(t, says(200, body))
		err := s.client(func(o *Options) { o.Key = Key{} }).Health(context.Background())
		if !errors.Is(err, kind) {
			t.Errorf("health %q: %v", body, err)
		}
		if s.asked[0].Header.Get("Authorization") != "" || s.asked[0].URL != testBase+"/api/v1/health" {
			t.Errorf("health asked %s with %v", s.asked[0].URL, s.asked[0].Header)
		}
	}
}
