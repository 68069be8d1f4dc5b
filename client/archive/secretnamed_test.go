package archive

import (
	"strings"
	"testing"
)

// A credential without a shape is found by its name, also where the two stand
// in a text: in JSON within JSON, a URL, a setting, a header.
func TestCredentialsByNameInTexts(t *testing.T) {
	t.Parallel()
	const hidden = "9fK2mQ7xW4zR8tB1"
	for _, s := range []string{
		`{"apiKey":"%s"}`, `{"apiKey": "%s", "x": 1}`, `{"a":"{\"api_key\":\"%s\"}"}`, `{'webhookSecret': '%s'}`,
		"https://x.example/hook?id=3&api_key=%s", "s3://reader:%s@bucket.example/x", "https://x.example/hook?access_token=%s&x=1", "STRIPE_SECRET_KEY=%s", `export SECRET="%s"`,
		"X-Api-Key: %s", "Authorization: Basic %s", "config.stripe.live.accessToken=%s", "Server=db;Password=%s;Timeout=3",
	} {
		text := strings.ReplaceAll(s, "%s", hidden)
		found, ok := findSecret([]byte(text))
		if !ok || text[found.start:found.end] != hidden {
			t.Errorf("%q: found %v, %q", text, ok, text[found.start:found.end])
		}
	}
	for _, s := range []string{
		"token=none", "api_key=REDACTED", "api_key=${API_KEY}", "password=$DB_PASSWORD", "https://x.example/?token=****&a=1",
		"https://x.example/?page_token=" + hidden, "token: revoked-by-administrator", "password: see the vault", "reset password: user123",
		`{"token":"ETH","tokenCount":12345678901234567}`, `if token == "x"`, "token:", "password=", `"apiKey":""`, `{"apiKey":null}`,
		"the token: 2024-03-15T10:30:00.000Z", "at 10:30:00 the secret was rotated", "=", ":", `":"`, `{"apiKeyId":"` + hidden + `"}`,
	} {
		if found, ok := findSecret([]byte(s)); ok {
			t.Errorf("%q: taken for %s", s, found.what)
		}
	}
}

// A cell may hold JSON.
func TestCredentialByNameInACell(t *testing.T) {
	t.Parallel()
	const hidden = "9fK2mQ7xW4zR8tB1"
	r := check(t, csvHead+`Audit Log,log_1,"{""metadata"":{""api-key"":""`+hidden+`""}}",,,,,,2024-03-15T10:30:00Z`+"\n", Expect{})
	if codes(r.Problems) != Credential || r.Problems[0].At != "line 2" || strings.Contains(r.Problems[0].Message, hidden[:maxMask+1]) {
		t.Errorf("problems %v", r.Problems)
	}
}
