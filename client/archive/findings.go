package archive

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dashtray/dashtray-tui/client/text"
)

// maxQuote is how many runes of a value from the file a message shows.
const maxQuote = 60

// findings collects what is wrong, so many of a code and no more.
type findings struct {
	list  []Finding
	total int64            // of all codes
	seen  map[string]int64 // all of a code, also those that are not in list
}

// full counts a finding of the code and reports whether it is one too many to
// be named. Every add is preceded by full, so that a file that is wrong a
// million times costs no million messages.
func (f *findings) full(code string) bool {
	if f.seen == nil {
		f.seen = make(map[string]int64)
	}
	f.seen[code]++
	f.total++
	return f.seen[code] > MaxFindings
}

func (f *findings) add(code, at, format string, args ...any) {
	f.list = append(f.list, Finding{Code: code, Message: fmt.Sprintf(format, args...), At: at})
}

// join adds the findings of o after those of f.
func (f *findings) join(o *findings) {
	f.list = append(f.list, o.list...)
	f.total += o.total
	if f.seen == nil {
		f.seen = make(map[string]int64)
	}
	for code, n := range o.seen {
		f.seen[code] += n
	}
}

// forget takes back all findings of a code.
func (f *findings) forget(code string) {
	f.list = slices.DeleteFunc(f.list, func(x Finding) bool { return x.Code == code })
	delete(f.seen, code)
}

// split gives the problems and the warnings, each in the order of the file,
// with what was left out at the end.
func (f *findings) split() (problems, warnings []Finding) {
	problems, warnings = []Finding{}, []Finding{}
	put := func(x Finding) {
		if isProblem(x.Code) {
			problems = append(problems, x)
		} else {
			warnings = append(warnings, x)
		}
	}
	for _, x := range f.list {
		put(x)
	}
	for _, code := range f.cut() {
		put(Finding{Code: code, Message: fmt.Sprintf("and %d more", f.seen[code]-MaxFindings)})
	}
	return problems, warnings
}

// cut lists the codes of which there are more than the report names.
func (f *findings) cut() []string {
	var codes []string
	for code, n := range f.seen {
		if n > MaxFindings {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

func isProblem(code string) bool {
	switch code {
	case Truncated, Syntax, Schema, Credential, ChecksumMismatch:
		return true
	}
	return false
}

// quoted is bytes from the file in a message: safe, short, and masked where
// they hold a secret. It is made a string only if the message is written.
type quoted []byte

// String is the text in quotes.
func (q quoted) String() string { return `"` + q.bare() + `"` }

// bare is the text without quotes.
func (q quoted) bare() string {
	if s, found := findSecret(q); found {
		return mask(q[s.start:s.end])
	}
	const most = maxQuote * 4 // bytes; Safe need not look at more
	return text.Untrusted(q[:min(len(q), most)]).SafeN(maxQuote)
}

// maxMask is the most of a secret that is shown.
const maxMask = 4

// mask shows so little of a secret that it tells which one it is, and is of no
// other use: at most four characters, and no more than a quarter of it.
func mask(secret []byte) string {
	n := min(maxMask, len(secret)/4)
	return text.Untrusted(strings.ToValidUTF8(string(secret[:n]), "")).Safe() + "…"
}
