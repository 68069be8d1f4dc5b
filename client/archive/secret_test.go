package archive

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// knownSecrets are made up, each in a shape that its vendor uses. They are put
// together here so that no secret scanner takes this file for a leak.
func knownSecrets() map[string]string {
	return map[string]string{
		"Stripe live":       "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc",
		"Stripe test":       "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
		"Stripe restricted": "rk_live_" + "51HqLyjWDarjtT1zdp7dc",
		"Stripe webhook":    "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
		"GitHub ghp":        "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a",
		"GitHub gho":        "gho_" + "16C7e42F292c6912E7710c838347Ae178B4a",
		"GitHub pat":        "github_pat_" + "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789",
		"GitLab":            "glpat-" + "x9Ab3_kQ7zLm-2nRt5vW",
		"Slack bot":         "xoxb-" + "17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzzqgy",
		"Slack app":         "xapp-" + "1-A02-17653672481-pdFZKVeTuE8",
		"AWS":               "AKIA" + "IOSFODNN7EXAMPLE",
		"Google key":        "AIza" + "SyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe",
		"Google OAuth":      "ya29." + "a0AfH6SMBx3fJ8sK2",
		"Google refresh":    "1//0" + "4dXy9fJ3kLmNoPqRsTuVwXyZ0123456789abc",
		"SendGrid":          "SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tAmbihYzrnopKc-1s5cr",
		"Shopify":           "shpat_" + "c0ffee1234567890c0ffee1234567890",
		"OpenAI":            "sk-proj-" + "Ab3dEf6hIj9kLm2nOp5q",
		"Google client":     "GOCSPX-" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4",
		"Linear":            "lin_api_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789ABCD",
		"HubSpot":           "pat-na1-" + "1a2b3c4d-1a2b-3c4d-5e6f-1a2b3c4d5e6f",
		"PostHog":           "phx_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789ABCDE",
		"Sentry":            "sntrys_" + "eyJpYXQiOjE2ODczMzY1NDMuNjk4NTksInVybCI6bnVsbH0",
		"Intercom":          "dG9rO" + "jFhMmIzYzRkXzVlNmZfN2E4Yl85YzBkXzFlMmYzYTRiNWM2ZDoxOjA=",
		"Notion":            "ntn_" + "12345678901AbCdEfGhIjKlMnOpQrStUvWxYz01234567",
		"Notion, older":     "secret_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789ABCDEFG",
		"Atlassian":         "ATATT3" + "xFfGF0AbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
		"DigitalOcean":      "dop_v1_" + "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b",
		"Figma":             "figd_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789ABCD",
		"Supabase":          "sbp_" + "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b",
		"Slack webhook":     "https://hooks.slack.com/services/T01ABCDEF23/B01ABCDEF23/" + "AbCdEfGhIjKlMnOpQrStUvWx",
		"Discord webhook":   "https://discord.com/api/webhooks/123456789012345678/" + "AbCdEfGhIjKlMnOpQrStUvWxAbCdEfGhIj-KlMn_OpQrStUvWx1234567",
		"npm":               "npm_" + "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb3d",
		"age":               "AGE-SECRET-KEY-1" + "GQ9778VQXMMJVE8SK7J6VT8UJ4HDQAJUVSFCWCM02D8GEWQ72PVQ2Y5J33",
		"Dashtray dk":       "dk_live_" + "7f3kQ9xW2mZ8rT5vB1nC",
		"Dashtray pp":       "pp_" + "7f3kQ9xW2mZ8rT5vB1nC",
		"JWT":               "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
		"OpenAI service":    "sk-svcacct-" + "Ab3dEf6hIj9kLm2nOp5q",
		"PEM in base64":     "LS0tLS1CRUdJTi" + "BSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFcEFJQkFBS0NBUUVBdzZ0Y2F",
		"PEM":               "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA",
		"bearer":            "Bearer " + "mF_9.B5f-4.1JqM7dX2kQ",
		"URL":               "postgres://app:" + "s3cr3t-pw" + "@db.example.com/x",
	}
}

// plainTexts are in exports, and look a little like secrets.
func plainTexts() []string {
	return []string{
		"API key rotations", "sk_live_ keys rotated", "sk_live_key", "sk_test_mode", "whsec_rotated", "sk-bratislava-office-2024",
		"acct_1032D82eZvKYlo2C", "cus_NffrFeUfNV2Hib", "pk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "sub_1MowQVLkdIwHu7ixeRlqHVzs",
		"550e8400-e29b-41d4-a716-446655440000", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
		"https://app.dashtray.com/dashboards/j57abc123?from=1678901234000&to=1678901234000#a:b@c",
		"https://example.com:8443/path@2x.png", "mailto:someone@example.com", "http://user:****@example.com/",
		"https://docs.example.com/a:b@c", "2024-03-15T10:30:00.000Z", "eyJpZCI6MTIzNDU2Nzg5MH0=", "eyJpZCI6MTIzNDU2Nzg5MH0.and.more",
		"pp_dashboard_created_by_user_2", "dk_monthly_recurring_revenue_v2", "dk_2024_03_15_10_30_00_000_000",
		"LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUJ6RENDQVhLZ0F3SUJBZ0lRZm", "-----BEGIN CERTIFICATE-----\nMIIB", "-----BEGIN PUBLIC KEY-----\nMIIB", "AKIAXXXXXXXXXXXXXXXX", "AKIA is a prefix of keys",
		"sk_live_****************7dc", "sk_live_xxxxxxxxxxxxxxxxxxxxxxxx", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "Bearer token authentication v2",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709", `W/33a64df551425fcc55e4d42a148795d9f25f89d4`, "eyJpZCI6MTIzNDU2Nzg5MCwidCI6MTcwMDAwMDAwMH0=",
		"CPDAlvWDx70CEPDAlvWDx70CGAU=", "arn:aws:secretsmanager:us-east-1:123456789012:secret:MyTest-AbCdEf", "api_key.rotated",
		"webhook_secret_regenerated", "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHBYk5J1kGJX9M4hXo2n8w8gqz1V0j4N user@host", "git@github.com:northwind/app.git",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "4bf92f3577b34da6a3ce929d0e0e4736-usage", "phc_" + "AbCdEfGhIjKlMnOpQrStUvWxYz0123456789ABCDE",
		"https://hooks.slack.com/services/T01ABCDEF23/B01ABCDEF23/XXXXXXXXXXXXXXXXXXXXXXXX", "https://api.slack.com/messaging/webhooks-2024-03-15-intro",
		"https://x.example/?a=b:c@d.example", "secret_santa_campaign_2024", "pat-na1-office", "lin_api_docs", "figd_", "ntn_2024",
		"risk_live_4eC39HqLyjWDarjtT1zdp7dc", "日本語のダッシュボード名前", "xoxb-tokens-are-not-shown", "ya29.xxxxxxxxxxxxxxxx",
	}
}

func TestFindSecret(t *testing.T) {
	t.Parallel()
	for name, s := range knownSecrets() {
		for _, around := range []string{"%s", "the key is %s, keep it", `{"k":"%s"}`, "key=%s", "a_%s", `x\n%s`, `{"a":"{\"b\":\"\\n%s\"}"}`} {
			if name == "JWT" && around == "a_%s" {
				continue // "_" is one of its own characters
			}
			text := fmt.Sprintf(around, s)
			found, ok := findSecret([]byte(text))
			if !ok {
				t.Errorf("%s: not found in %q", name, text)
				continue
			}
			if part := text[found.start:found.end]; name != "PEM" && !strings.Contains(s, part) {
				t.Errorf("%s: found %q", name, part)
			}
		}
	}
	for _, s := range plainTexts() {
		if found, ok := findSecret([]byte(s)); ok {
			t.Errorf("%q: taken for %s", s, found.what)
		}
	}
}

// A text that is made of nothing but beginnings is looked at in linear time:
// a quadratic search would take minutes here.
func TestFindSecretIsLinear(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{
		"dk_", "sk-ant-", "whsec_/", "eyJ-", "eyJ.", "://a:b", "token=", `token:"`, "token=\\n", "token ", `token\"`, "LS0tLS1CRUdJTi",
	} {
		text := bytes.Repeat([]byte(unit), MaxToken/8/len(unit))
		if s, ok := findSecret(text); ok {
			t.Errorf("%q, many times: %s", unit, s.what)
		}
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for class, names := range map[nameClass][]string{
		tokenName: {
			"accessToken", "access_token", "ACCESS-TOKEN", "access token", "AccessTokens", "refresh_token", "oauthAccessToken2",
			"apiKey", "api_keys", "x-api-key", "stripeApiKey", "webhookSecret", "encryptionKey", "clientSecret", "client_secret",
			"privateKey", "secret", "secrets", "token", "tokens", "Authorization", "credentials", "signing_key", "jwt", "encryptedAccessToken",
			"accessTokenEncrypted", "access_token_v2", "apiKeyLive", "secret_key_prod", "private_key_pem", "tokenValue", "SESSION_KEY", "secretToken",
			"integration.stripe.configuration.settings.oauth2.production.accessToken",
		},
		passwordName: {"password", "Password", "oldPasscode", strings.Repeat("x", maxName) + "password", "db_password", "passwords", "pwd", "passphrase", "userPasswd"},
		aboutName:    {"tokenType", "apiKeyId", "secretName", "access_token_expires_at", "accountId", "scope"},
		plainName: {
			"", "key", "keys", "metricKey", "publishableKey", "publicKey", "syncToken", "nextPageToken", "maxTokens", "inputTokens",
			"passwordless", "secretary", "currency", "keyboard", "unit", "isSecretSet", "tokenCount", "日本語",
			"password" + strings.Repeat("x", maxName),
		},
	} {
		for _, name := range names {
			if got := classify([]byte(name)); got != class {
				t.Errorf("%q is of class %d, want %d", name, got, class)
			}
			if !hasStem([]byte(name)) && (class == tokenName || class == passwordName) {
				t.Errorf("%q has no stem: it is not looked for in texts", name)
			}
		}
	}
}

func TestLooksSecret(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		class nameClass
		want  bool
		vals  []string
	}{
		{tokenName, true, []string{
			"abc123def456", "4f9a1c7e2b8d", "supersecretvalue", "tok_8f3kQ9xW", "Bearer abc123def456", "Basic dXNlcjpwYXNzd29yZA==",
			"550e8400-e29b-41d4-a716-446655440000", `{"access":"abc123def456"}`, "0123456789abcdef",
			"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "dead-beef-cafe-0123", "xkcd-qwrt-zxcv-bnml",
		}},
		{tokenName, false, []string{
			"", "oauth", "active", "configured", "not_configured", "[redacted]", "<encrypted value>", "****************", "sk_live_****1234",
			"abcd…wxyz", "••••••••••••1234", "STRIPE_SECRET_KEY", "${STRIPE_SECRET_KEY}", "{{ stripe_secret_key }}", "tok_123",
			"rotated every 90 days", "revoked_by_administrator", "2024-03-15T10:30:00.000Z", "12345678901234567", "Jane.Doe2@example.com",
			"us-east-1-production", "production-v2-eu", "apiKey_masked", "$STRIPE_SECRET_KEY", "oauth2_client_credentials", "per-project-access", "api_key.rotated", "000000000000000000", "xxxxxxxxxxxxxxxxxxxx", "true", "2024-03-15",
		}},
		{passwordName, true, []string{"hunter2", "Changed1", "cHanged", "Tr0ub4dor&3", "correcthorsebattery", "P@ssw0rd", "correct-horse-battery"}},
		{passwordName, false, []string{"", "Changed", "Hidden", "$DB_PASSWORD", "changed", "enabled", "******", "(hidden)", "set by the owner", "bcrypt", "111111"}},
		{plainName, false, []string{"abc123def456ghi789"}},
		{aboutName, false, []string{"abc123def456ghi789"}},
	} {
		for _, v := range tt.vals {
			if got := looksSecret(tt.class, []byte(v)); got != tt.want {
				t.Errorf("class %d, %q: %v, want %v", tt.class, v, got, tt.want)
			}
		}
	}
}

func TestCredentialsInJSON(t *testing.T) {
	t.Parallel()
	const hidden = "9fK2mQ7xW4zR8tB1"
	for _, tt := range []struct {
		name, old, with string
		at              string // "" is no alarm
	}{
		{"by name", `"accountId": "acct_123"`, `"accessToken": "` + hidden + `"`, "/connections/0/accountInfo/accessToken"},
		{"by name, escaped", `"accountId": "acct_123"`, `"\u0061ccess_token": "` + hidden + `"`, "/connections/0/accountInfo/access_token"},
		{"by name, in a list", `"accountId": "acct_123"`, `"API-KEYS": ["x", "` + hidden + `"]`, "/connections/0/accountInfo/API-KEYS/1"},
		{"by the name above", `"accountId": "acct_123"`, `"tokens": {"access": "` + hidden + `"}`, "/connections/0/accountInfo/tokens/access"},
		{"far below the name", `"accountId": "acct_123"`, `"credentials": {"a": [{"b": "` + hidden + `"}]}`, "/connections/0/accountInfo/credentials/a/0/b"},
		{"beside a record's own", `"authType": "oauth",`, `"refresh_token": "` + hidden + `",`, "/connections/0/refresh_token"},
		{"at the top", `"exportedAt"`, `"webhookSecret": "` + hidden + `", "exportedAt"`, "/webhookSecret"},
		{"what is said about it", `"accountId": "acct_123"`, `"token": {"id": "` + hidden + `", "type": "` + hidden + `"}`, ""},
		{"number", `"accountId": "acct_123"`, `"tokens": 12, "password": 123456789012345, "secret": null, "apiKey": true, "token": {}`, ""},
		{"masked", `"accountId": "acct_123"`, `"apiKey": "sk_live_************1234", "secret": "[redacted]"`, ""},
		{"empty", `"accountId": "acct_123"`, `"apiKey": ""`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := check(t, patched(t, tt.old, tt.with), Expect{})
			if tt.at == "" {
				if !r.OK {
					t.Errorf("problems %v", r.Problems)
				}
				return
			}
			if codes(r.Problems) != Credential || r.Problems[0].At != tt.at {
				t.Fatalf("problems %v, want one at %s", r.Problems, tt.at)
			}
			if s := fmt.Sprintf("%+v", r); strings.Contains(s, hidden[:maxMask+1]) {
				t.Errorf("the report shows the secret: %s", s)
			}
		})
	}
}

func TestNoFalseAlarm(t *testing.T) {
	t.Parallel()
	for _, s := range plainTexts() {
		enc := strings.NewReplacer("\n", `\n`).Replace(s)
		if r := check(t, patched(t, "Monthly Recurring Revenue", enc), Expect{}); !r.OK {
			t.Errorf("%q in JSON: %v", s, r.Problems)
		}
		cell := `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		if r := check(t, strings.Replace(page(t, "page.csv"), "Monthly Recurring Revenue", cell, 1), Expect{}); !r.OK {
			t.Errorf("%q in CSV: %v", s, r.Problems)
		}
	}
}

// Wherever a secret stands, no part of the report shows more than its first characters.
func TestReportNeverShowsASecret(t *testing.T) {
	t.Parallel()
	places := map[string]func(secret string) string{
		"value": func(s string) string { return patched(t, `"USD"`, `"`+s+`"`) },
		"name": func(s string) string {
			return patched(t, `"unit": "USD"`, `"`+s+`": {"value": "`+s+`", "x": [1, "`+s+`"]}`)
		},
		"id twice": func(s string) string {
			return patched(t, `"connections": [`, `"connections": [{"id": "`+s+`", "service": "x"}, {"id": "`+s+`", "service": "x"},`)
		},
		"time":          func(s string) string { return patched(t, `1678901234000,`, `"`+s+`",`) },
		"wrong in name": func(s string) string { return patched(t, `"metrics": [`, `"`+s+`": {"a": 1, "a": 2}, "metrics": [`) },
		"cut after":     func(s string) string { return `{"` + s + `": {"x": "` + s },
		"syntax after":  func(s string) string { return `{"` + s + `": {"x": "` + s + `" ` + s },
		"cell":          func(s string) string { return strings.Replace(page(t, "page.csv"), "USD", `"`+s+`"`, 1) },
		"time cell": func(s string) string {
			return strings.Replace(page(t, "page.csv"), "2024-03-15T10:30:00Z", `"`+s+`"`, 1)
		},
		"value cell": func(s string) string { return strings.Replace(page(t, "page.csv"), "15000", `"`+s+`"`, 1) },
		"id cell": func(s string) string {
			return strings.ReplaceAll(page(t, "page.csv")+page(t, "page.csv")[60:], "m_abc123", `"`+s+`"`)
		},
		"row too long":   func(s string) string { return page(t, "page.csv") + strings.Repeat(s+",", 12) + "\n" },
		"row too short":  func(s string) string { return page(t, "page.csv") + s + "\n" },
		"stray quote":    func(s string) string { return page(t, "page.csv") + s + "\"\n" },
		"header":         func(s string) string { return "Type," + s + "\n" },
		"expected only":  func(string) string { return "" },
		"neither format": func(s string) string { return s },
	}
	for name, s := range knownSecrets() {
		head, tail := s[:maxMask+5], s[len(s)-8:]
		switch {
		case name == "URL":
			head, tail = "s3cr3", "cr3t-pw"
		case strings.HasPrefix(s, "https://"): // what is secret of it is its end
			head = s[strings.LastIndexByte(s, '/')+1:][:maxMask+1]
		}
		for place, build := range places {
			for _, form := range []string{s, jsonEscaped(s)} {
				r := check(t, build(form), Expect{Format: s, SHA256: s, From: someTime, To: someTime})
				if shown := fmt.Sprintf("%+v", r); r.OK || strings.Contains(shown, head) || strings.Contains(shown, tail) {
					t.Errorf("%s as %s: %s", name, place, shown)
				}
			}
		}
	}
}

// jsonEscaped writes every third character as an escape.
func jsonEscaped(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if i%3 == 0 || s[i] < ' ' {
			fmt.Fprintf(&b, `\u%04x`, s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
