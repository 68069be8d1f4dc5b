package archive

import "bytes"

// named finds a credential by the name that stands before it in a text, where
// the sign between the two is at i: "apiKey":"…" in JSON, api_key=… in the
// query of a URL or among a program's settings, Authorization: … in a header.
func named(b []byte, i int) (secret, bool) {
	name, quoted := nameBefore(b, i)
	if len(name) == 0 {
		return secret{}, false
	}
	class := classify(name)
	if class != tokenName && class != passwordName {
		return secret{}, false
	}
	start := i + 1
	for start < len(b) && (b[start] == ' ' || isQuote(b[start])) {
		quoted = quoted || b[start] != ' '
		start++
	}
	rest := b[start:min(len(b), start+maxTail)]
	v := withoutScheme(rest)
	start += len(rest) - len(v)
	if n := bytes.IndexAny(v, " \t\r\n\"'\\`,;&=<>"); n >= 0 {
		v = v[:n]
	}
	if !looksSecret(class, v) {
		return secret{}, false
	}
	// In a sentence a colon may stand after any word.
	const least = 16
	if b[i] == ':' && !quoted && (class == passwordName || len(v) < least || kinds(v) < 2) {
		return secret{}, false
	}
	return secret{start, start + len(v), "a credential, by the name before it"}, true
}

// nameBefore is the name that ends at i, without quotes and what escapes them.
// A name that ends with a digit is none.
func nameBefore(b []byte, i int) (name []byte, quoted bool) {
	end := i
	for end > 0 && isQuote(b[end-1]) {
		quoted = true
		end--
	}
	start := end
	for start > 0 && end-start < maxName && isNamePart(b[start-1]) {
		start--
	}
	if start == end || isDigit(b[end-1]) || !hasStem(b[start:end]) {
		return nil, false
	}
	return b[start:end], quoted
}

// hasStem reports whether a name has one of the words in it without which
// classify takes none for that of a credential. Most names in texts have not,
// and this is known at once.
func hasStem(name []byte) bool {
	for i := 0; i+3 <= len(name); i++ {
		switch rest := name[i:]; name[i] | 0x20 {
		case 'k':
			if foldPrefix(rest, "key") {
				return true
			}
		case 'p':
			if foldPrefix(rest, "pass") || foldPrefix(rest, "pwd") {
				return true
			}
		case 's':
			if foldPrefix(rest, "secret") {
				return true
			}
		case 't':
			if foldPrefix(rest, "token") {
				return true
			}
		case 'a', 'c', 'j':
			if foldPrefix(rest, "authorization") || foldPrefix(rest, "credential") || foldPrefix(rest, "jwt") {
				return true
			}
		}
	}
	return false
}

// foldPrefix reports whether b begins with the word, which is in lower case.
func foldPrefix(b []byte, word string) bool {
	if len(b) < len(word) {
		return false
	}
	for i := range len(word) {
		if b[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

func isNamePart(c byte) bool { return isAlnum(c) || c == '_' || c == '-' || c == '.' }

// isQuote reports whether c is a quote, or the backslash before one.
func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '\\' || c == '`' }
