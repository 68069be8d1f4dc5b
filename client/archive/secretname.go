package archive

import (
	"bytes"
	"strings"
)

// nameClass says what the name of a field promises about its value.
type nameClass uint8

const (
	plainName    nameClass = iota
	tokenName              // a token, a key or a secret: made by a machine
	passwordName           // made by a person, and may be short
	aboutName              // about a credential: its id, type, time; never one
)

// maxName is how much of a name is looked at: its end, which says what it names
// however long the path before it is (config.stripe.live.accessToken).
const maxName = 64

// classify reads a field's name in any style: accessToken, access_token,
// ACCESS-TOKEN, accessTokens, apiKey2, accessTokenEncrypted.
func classify(name []byte) nameClass {
	var buf [maxName]byte
	n := 0
	for _, c := range name[max(0, len(name)-maxName):] {
		if isUpper(c) {
			c += 'a' - 'A'
		}
		if isAlnum(c) {
			buf[n] = c
			n++
		}
	}
	s := strings.TrimRight(string(buf[:n]), "0123456789")
	for _, form := range [...]string{s, strings.TrimSuffix(s, "s"), withoutManner(s)} {
		if c := classifyForm(form); c != plainName {
			return c
		}
	}
	if endsAbout(s) {
		return aboutName
	}
	return plainName
}

// withoutManner cuts what a name says last of how a credential is kept, or
// which of several it is.
func withoutManner(s string) string {
	for _, e := range [...]string{
		"v", "live", "test", "prod", "production", "primary", "secondary", "current", "previous",
		"encrypted", "enc", "cipher", "ciphertext", "plain", "plaintext", "raw", "pem", "value", "string",
	} {
		if rest, found := strings.CutSuffix(s, e); found {
			return rest
		}
	}
	return s
}

// classifyForm reads a name in lower case without its separators. A token that
// is called nothing else promises a credential, a pageToken or syncToken does
// not; what is made to be public is left out: publishableKey, clientId.
func classifyForm(s string) nameClass {
	switch s {
	case "token", "jwt", "authorization":
		return tokenName
	}
	for _, e := range [...]string{
		"accesstoken", "refreshtoken", "authtoken", "bearertoken", "oauthtoken", "apitoken", "idtoken",
		"sessiontoken", "bottoken", "usertoken", "clienttoken", "privatetoken", "personaltoken", "securitytoken",
		"servicetoken", "webhooktoken", "verificationtoken", "secrettoken", "secret", "credential",
		"apikey", "secretkey", "privatekey", "encryptionkey", "decryptionkey", "signingkey", "accesskey", "authkey",
		"masterkey", "sessionkey", "sshkey", "servicekey", "serviceaccountkey", "rolekey", "webhookkey", "hmackey", "sharedkey",
	} {
		if strings.HasSuffix(s, e) {
			return tokenName
		}
	}
	for _, e := range [...]string{"password", "passwd", "passphrase", "passcode", "pwd", "passwordhash"} {
		if strings.HasSuffix(s, e) {
			return passwordName
		}
	}
	return plainName
}

// endsAbout reports whether a field stands beside a credential in one object
// and only tells about it.
func endsAbout(s string) bool {
	for _, e := range [...]string{
		"id", "type", "name", "status", "at", "url", "uri", "scope", "hint", "label",
		"provider", "expiry", "expires", "format", "algorithm", "service", "by", "issuer", "audience", "region", "environment",
	} {
		if strings.HasSuffix(s, e) {
			return true
		}
	}
	return false
}

// inherit is the class of a field inside a value of the parent's class:
// whatever stands under "credentials" counts as one, but for what is said
// about it.
func inherit(parent, own nameClass) nameClass {
	if own == plainName && (parent == tokenName || parent == passwordName) {
		return parent
	}
	return own
}

// looksSecret reports whether v, under a name of class c, is a credential:
// neither empty nor masked nor a word nor a sentence. A token has 12
// characters and mixes two of lower-case letters, upper-case letters and
// digits, or has 16 of any kind; a password has 6 and mixes, or has 12.
func looksSecret(c nameClass, v []byte) bool {
	mixedMin, plainMin := 12, 16
	switch c {
	case tokenName:
		v = withoutScheme(v)
	case passwordName:
		mixedMin, plainMin = 6, 12
	default:
		return false
	}
	if len(v) < mixedMin || bytes.ContainsAny(v, " \t\r\n") || !varied(v) || isPlaceholder(v) {
		return false
	}
	if c == tokenName && (isWords(v) || isAbout(v)) {
		return false
	}
	return len(v) >= plainMin && !isConstant(v) || kinds(v) >= 2 && !isCapitalised(v)
}

// isAbout reports whether v is what stands beside a token and is none: a time,
// a number, or somebody's address.
func isAbout(v []byte) bool {
	if _, ok := parseTime(v); ok || countDigits(v) == len(v) {
		return true
	}
	name, host, found := bytes.Cut(v, []byte("@"))
	return found && len(name) > 0 && bytes.IndexByte(host, '.') > 0 && run(host, dotted) == len(host)
}

// isCapitalised reports whether v is one word with a capital letter before the
// small ones, as states are shown: Changed.
func isCapitalised(v []byte) bool {
	for _, c := range v[1:] {
		if !isLower(c) {
			return false
		}
	}
	return true
}

// isWords reports whether v is made of words, as the names of states and ways
// are: revoked_by_owner, oauth2-client-credentials. Each has a vowel, and at
// most a digit at its end or after it; what a machine makes has not.
func isWords(v []byte) bool {
	words := 0
	for len(v) > 0 {
		n := 0
		for n < len(v) && isLower(v[n]) {
			n++
		}
		word := v[:n]
		if n < len(v) && isDigit(v[n]) {
			n++
		}
		switch {
		case n == 1 && len(word) == 0, n == 2 && string(word) == "v": // us-east-1, app-v2
		case len(word) < 2 || len(word) > 15 || !bytes.ContainsAny(word, "aeiouy"):
			return false
		default:
			words++
		}
		switch {
		case n == len(v):
			return words > 1
		case v[n] != '_' && v[n] != '-' && v[n] != '.':
			return false
		}
		v = v[n+1:]
	}
	return false
}

// withoutScheme cuts the scheme of an Authorization header (RFC 9110 section 11.4).
func withoutScheme(v []byte) []byte {
	scheme, rest, found := bytes.Cut(v, []byte(" "))
	if found && len(scheme) <= len("Bearer") {
		switch strings.ToLower(string(scheme)) {
		case "bearer", "basic", "token":
			return rest
		}
	}
	return v
}

// isPlaceholder reports whether v stands for a value that is not shown: masks
// ("sk_****1234", "abcd…"), and words in brackets ("[redacted]", "<secret>",
// "${API_KEY}", "$API_KEY", "{{token}}").
func isPlaceholder(v []byte) bool {
	for _, m := range [...]string{"***", "•••", "●●●", "···", "...", "…", "XXXX", "xxxx", "####", "____", "redacted", "REDACTED", "masked", "MASKED"} {
		if bytes.Contains(v, []byte(m)) {
			return true
		}
	}
	if len(v) == 0 || bytes.HasPrefix(v, []byte("${")) || v[0] == '$' && isConstant(v[1:]) {
		return true
	}
	switch string(v[:1]) + string(v[len(v)-1:]) {
	case "[]", "<>", "{}", "()", "%%":
		return bytes.IndexByte(v, '"') < 0 // else it is JSON in a string
	}
	switch strings.ToLower(string(v[:min(len(v), maxName)])) {
	case "redacted", "encrypted", "configured", "not_configured", "not-configured", "undefined":
		return true
	}
	return false
}

// isConstant reports whether v is the name of something in capitals, as
// environment variables are written: STRIPE_SECRET_KEY.
func isConstant(v []byte) bool {
	score := 0
	for _, c := range v {
		switch {
		case c == '_':
			score++
		case !isUpper(c):
			return false
		}
	}
	return score > 0
}

// kinds counts how many of lower-case letters, upper-case letters and digits v mixes.
func kinds(v []byte) int {
	var lower, upper, digit int
	for _, c := range v {
		switch {
		case isLower(c):
			lower = 1
		case isUpper(c):
			upper = 1
		case isDigit(c):
			digit = 1
		}
	}
	return lower + upper + digit
}
