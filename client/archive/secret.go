package archive

import (
	"bytes"
	"encoding/base64"
)

// secret is a part of a text that has the shape of a known kind of secret.
type secret struct {
	start, end int
	what       string
}

// minSecret is the shortest text that can hold a secret with a known shape, and
// minNamed the shortest with a credential and its name. Most texts are shorter.
const (
	minSecret = 14
	minNamed  = 10
)

// findSecret finds the first secret in b by its shape, wherever in b it
// begins at the start of a word. The shapes are those that vendors publish for
// secret scanning: a fixed head, and so many random characters after it that
// no word, identifier or checksum has it.
//
// A text may hold others, with names in them: JSON, the query of a URL, a
// header. There a credential is found by its name, too, and a word may begin
// after an escape.
func findSecret(b []byte) (secret, bool) {
	if len(b) < minNamed {
		return secret{}, false
	}
	inWord := false
	i := 0
	for ; i+minSecret <= len(b); i++ {
		c := b[i]
		switch {
		case c == ':' || c == '=':
			if s, ok := afterSign(b, i); ok {
				return s, true
			}
		case c == '\\': // \n, \r, \t of the text that is in this one
			if e := b[i+1]; e == 'n' || e == 'r' || e == 't' {
				i++
			}
			inWord = false
			continue
		case !inWord && isHead(c) && (c != 'e' || i == 0 || b[i-1] != '-' && b[i-1] != '_'):
			// A JSON web token has no bound in length: it begins only where its
			// characters do, so that no text is looked at twice.
			if n, what := matchSecret(b[i:]); n > 0 {
				return secret{i, i + n, what}, true
			}
		}
		inWord = isAlnum(c)
	}
	for ; i < len(b); i++ { // too near to the end for a shape
		if c := b[i]; c == ':' || c == '=' {
			if s, ok := afterSign(b, i); ok {
				return s, true
			}
		}
	}
	return secret{}, false
}

// afterSign looks at what stands around the colon or equals sign b[i].
func afterSign(b []byte, i int) (secret, bool) {
	if b[i] == ':' && i+1 < len(b) && b[i+1] == '/' {
		if start, end := urlPassword(b, i); end > 0 {
			return secret{start, end, "a password in a URL"}, true
		}
		if start, end := webhook(b, i); end > 0 {
			return secret{start, end, "the token of a webhook's URL"}, true
		}
	}
	if i > 0 && isDigit(b[i-1]) { // the hours of a time, most often, and no name
		return secret{}, false
	}
	return named(b, i)
}

// isHead reports whether a shape of matchSecret begins with c.
func isHead(c byte) bool {
	const digits = uint64(1<<'-' | 1<<'1')
	const letters = uint64(1<<('A'-64) | 1<<('B'-64) | 1<<('G'-64) | 1<<('L'-64) | 1<<('S'-64) | 1<<('b'-64) | 1<<('d'-64) | 1<<('e'-64) |
		1<<('f'-64) | 1<<('g'-64) | 1<<('l'-64) | 1<<('n'-64) | 1<<('p'-64) | 1<<('r'-64) | 1<<('s'-64) | 1<<('w'-64) | 1<<('x'-64) | 1<<('y'-64))
	switch c >> 6 {
	case 0:
		return digits>>c&1 != 0
	case 1:
		return letters>>(c-64)&1 != 0
	}
	return false
}

// matchSecret gives the length and the kind of the secret that b begins with;
// the length is 0 if there is none.
func matchSecret(b []byte) (n int, what string) {
	switch b[0] {
	case '-':
		return matchPEM(b), "a private key"
	case '1':
		return token(b, "1//0", tokenish, 30), "a Google refresh token"
	case 'A':
		return matchCapitalA(b)
	case 'B', 'b':
		return max(token(b, "Bearer ", base64ish, 20), token(b, "bearer ", base64ish, 20)), "a bearer token"
	case 'G':
		return token(b, "GOCSPX-", tokenish, 20), "a Google client secret"
	case 'L':
		return matchPackedPEM(b), "a private key"
	case 'S':
		return token(b, "SG.", dotted, 16), "a SendGrid key"
	case 'd':
		return matchSmallD(b)
	case 'f':
		return token(b, "figd_", tokenish, 30), "a Figma token"
	case 'l':
		return max(token(b, "lin_api_", alnum, 30), token(b, "lin_oauth_", alnum, 30)), "a Linear key"
	case 'p':
		return matchSmallP(b)
	case 'e':
		return matchJWT(b), "a JSON web token"
	case 'g':
		return matchGit(b)
	case 'n':
		if n := token(b, "ntn_", alnum, 40); n > 0 {
			return n, "a Notion token"
		}
		return token(b, "npm_", alnum, 30), "an npm token"
	case 'r':
		return max(token(b, "rk_live_", alnum, 10), token(b, "rk_test_", alnum, 10)), "a Stripe restricted key"
	case 's':
		return matchSmallS(b)
	case 'w':
		return token(b, "whsec_", base64ish, 10), "a webhook secret"
	case 'x':
		return matchSlack(b), "a Slack token"
	case 'y':
		return token(b, "ya29.", tokenish, 10), "a Google access token"
	}
	return 0, ""
}

func matchCapitalA(b []byte) (int, string) {
	if n := token(b, "AIza", tokenish, 30); n > 0 {
		return n, "a Google API key"
	}
	if n := token(b, "AGE-SECRET-KEY-1", alnum, 30); n > 0 {
		return n, "an age identity"
	}
	if n := token(b, "ATATT3", tokenish, 30); n > 0 {
		return n, "an Atlassian token"
	}
	return matchAWS(b), "an AWS access key"
}

func matchSmallD(b []byte) (int, string) {
	if n := token(b, "dop_v1_", alnum, 40); n > 0 {
		return n, "a DigitalOcean token"
	}
	if n := token(b, "dG9rO", base64ish, 30); n > 0 { // "tok:" in base64
		return n, "an Intercom token"
	}
	return matchDashtray(b), "a Dashtray API key"
}

func matchSmallP(b []byte) (int, string) {
	if n := max(token(b, "pat-na1-", tokenish, 30), token(b, "pat-na2-", tokenish, 30), token(b, "pat-eu1-", tokenish, 30)); n > 0 {
		return n, "a HubSpot token"
	}
	if n := token(b, "phx_", alnum, 30); n > 0 {
		return n, "a PostHog key"
	}
	return matchDashtray(b), "a Dashtray API key"
}

func matchSmallS(b []byte) (int, string) {
	if n := max(token(b, "sk_live_", alnum, 10), token(b, "sk_test_", alnum, 10)); n > 0 {
		return n, "a Stripe secret key"
	}
	if n := max(token(b, "shpat_", alnum, 20), token(b, "shpss_", alnum, 20), token(b, "shpca_", alnum, 20)); n > 0 {
		return n, "a Shopify token"
	}
	if n := max(token(b, "sntrys_", base64ish, 30), token(b, "sntryu_", base64ish, 30)); n > 0 {
		return n, "a Sentry token"
	}
	if n := token(b, "secret_", alnum, 43); n > 0 {
		return n, "a Notion token"
	}
	if n := token(b, "sbp_", alnum, 36); n > 0 {
		return n, "a Supabase token"
	}
	return max(token(b, "sk-", alnum, 20), token(b, "sk-proj-", tokenish, 20), token(b, "sk-ant-", tokenish, 20), token(b, "sk-svcacct-", tokenish, 20)), "an API key"
}

func matchGit(b []byte) (int, string) {
	if n := token(b, "glpat-", tokenish, 20); n > 0 {
		return n, "a GitLab token"
	}
	n := token(b, "github_pat_", tokenish, 20)
	if len(b) > 4 && b[1] == 'h' && bytes.IndexByte([]byte("pousr"), b[2]) >= 0 {
		n = max(n, token(b, "gh"+string(b[2])+"_", alnum, 20))
	}
	return n, "a GitHub token"
}

// matchAWS: four letters and exactly sixteen characters.
func matchAWS(b []byte) int {
	if !bytes.HasPrefix(b, []byte("AKIA")) && !bytes.HasPrefix(b, []byte("ASIA")) {
		return 0
	}
	n := 4
	for n < len(b) && (isUpper(b[n]) || isDigit(b[n])) {
		n++
	}
	if n != 20 || n < len(b) && isLower(b[n]) || !varied(b[4:n]) {
		return 0
	}
	return n
}

// matchSlack: xoxb-, xoxp- and their likes.
func matchSlack(b []byte) int {
	if len(b) < 5 || b[1] != 'o' || b[2] != 'x' || !isLower(b[3]) {
		return token(b, "xapp-", tokenish, 10)
	}
	return token(b, string(b[:4])+"-", tokenish, 10)
}

// matchDashtray: dk_ or pp_, at least 20 characters, and among them a run of
// letters and digits that no name made of words has.
func matchDashtray(b []byte) int {
	if len(b) < 23 || b[2] != '_' || string(b[:2]) != "dk" && string(b[:2]) != "pp" {
		return 0
	}
	n := 3 + run(b[3:min(len(b), 3+maxTail)], tokenish)
	if n < 23 {
		return 0
	}
	for rest := b[3:n]; len(rest) > 0; {
		k := run(rest, alnum)
		if k >= 12 && hasDigit(rest[:k]) && countDigits(rest) < k && varied(rest[:k]) {
			return n
		}
		rest = rest[min(k+1, len(rest)):]
	}
	return 0
}

// matchJWT: two or more parts in base64url with dots between, the first of
// them a JSON object (RFC 7519 section 3: a JWS or a JWE).
func matchJWT(b []byte) int {
	if !bytes.HasPrefix(b, []byte("eyJ")) {
		return 0
	}
	head := run(b, tokenish)
	if head < 13 || head == len(b) || b[head] != '.' {
		return 0
	}
	body := run(b[head+1:], tokenish)
	end := head + 1 + body
	if body < 10 || end == len(b) || b[end] != '.' {
		return 0
	}
	return end + run(b[end:], dotted)
}

// matchPEM: the first line of a private key (RFC 7468 section 10 and the older
// forms), to the end of the text.
func matchPEM(b []byte) int {
	if !bytes.HasPrefix(b, []byte("-----BEGIN ")) {
		return 0
	}
	line := b[:min(len(b), 64)]
	if !bytes.Contains(line, []byte("PRIVATE KEY")) {
		return 0
	}
	return len(b)
}

// matchPackedPEM is matchPEM for what stands in base64, as secrets are handed
// to programs.
func matchPackedPEM(b []byte) int {
	const head, line = "LS0tLS1CRUdJTi", 64 // "-----BEGIN"
	if !bytes.HasPrefix(b, []byte(head)) || len(b) < line {
		return 0
	}
	plain, err := base64.StdEncoding.DecodeString(string(b[:line]))
	if err != nil || matchPEM(plain) == 0 {
		return 0
	}
	return run(b, base64ish)
}

// urlPassword finds the password of "://user:password@" where the colon of
// "://" stands at i (RFC 3986 section 3.2.1). end is 0 if there is none.
func urlPassword(b []byte, i int) (start, end int) {
	if i+2 >= len(b) || b[i+1] != '/' || b[i+2] != '/' {
		return 0, 0
	}
	for j := i + 3; j < len(b); j++ {
		switch c := b[j]; {
		case c == ':' && start == 0:
			start = j + 1
		case c == '@' && start > 0:
			if p := b[start:j]; len(p) < 4 || !varied(p) || isPlaceholder(p) {
				return 0, 0
			}
			return start, j
		case c == '/' || c == '?' || c == '#' || c <= ' ' || c == '"':
			return 0, 0
		}
	}
	return 0, 0
}

// webhook finds what is secret of the URL of an incoming webhook, where the
// colon of "://" stands at i: whoever knows it may post. end is 0 if it is none.
func webhook(b []byte, i int) (start, end int) {
	for _, head := range [...]string{"://hooks.slack.com/services/", "://discord.com/api/webhooks/", "://discordapp.com/api/webhooks/"} {
		if len(b)-i < len(head) || string(b[i:i+len(head)]) != head {
			continue
		}
		rest := b[i+len(head):]
		rest = rest[:min(len(rest), maxTail)]
		tail := rest[bytes.LastIndexByte(rest, '/')+1:]
		tail = tail[:run(tail, tokenish)]
		if len(tail) >= 20 && varied(tail) && !isPlaceholder(tail) {
			start = i + len(head) + bytes.LastIndexByte(rest, '/') + 1
			return start, start + len(tail)
		}
	}
	return 0, 0
}

// maxTail is how many characters of a token are looked at. It keeps the time
// linear for texts made of nothing but heads.
const maxTail = 256

// token gives the length of head and the characters after it, or 0 unless
// there are least of them and a digit: words that follow a head by chance are
// shorter, or have none. In a set that makes no words of words, twice as many
// characters do without.
func token(b []byte, head string, set charset, least int) int {
	if len(b) < len(head)+least || string(b[:len(head)]) != head {
		return 0
	}
	tail := b[len(head):min(len(b), len(head)+maxTail)]
	tail = tail[:run(tail, set)]
	if len(tail) < least || !hasDigit(tail) && (set != alnum || len(tail) < 2*least) {
		return 0
	}
	if !varied(tail) || isPlaceholder(tail) {
		return 0
	}
	return len(head) + len(tail)
}

type charset uint8

const (
	alnum     charset = iota // A-Z a-z 0-9
	tokenish                 // and _ -
	dotted                   // and .
	base64ish                // and + / =
)

// run counts how many characters of the set b begins with.
func run(b []byte, set charset) int {
	for i, c := range b {
		switch {
		case isAlnum(c):
		case c == '_' || c == '-':
			if set < tokenish {
				return i
			}
		case c == '.':
			if set < dotted {
				return i
			}
		case c == '+' || c == '/' || c == '=':
			if set < base64ish {
				return i
			}
		default:
			return i
		}
	}
	return len(b)
}

func hasDigit(b []byte) bool {
	for _, c := range b {
		if isDigit(c) {
			return true
		}
	}
	return false
}

// varied reports whether b has five different characters, as "xxxxxxxx",
// "0000-0000" and other fillers have not.
func varied(b []byte) bool {
	var seen [8]byte
	n := 0
	for _, c := range b {
		if bytes.IndexByte(seen[:n], c) >= 0 {
			continue
		}
		seen[n] = c
		if n++; n == 5 {
			return true
		}
	}
	return false
}
