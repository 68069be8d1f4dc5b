package config

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
)

// value is a value as the file has it.
type value struct {
	kind   unstable.Kind
	text   string // a string's content; of anything else what is written
	items  []value
	offset int
}

// read is what a value means: list is nil unless the setting is a list.
type read struct {
	value string
	list  []string
}

// fault is what is wrong, and at which byte.
type fault struct {
	offset int
	reason string
}

// check makes of a value what it means.
type check func(v value) (read, *fault)

func (v value) faultf(format string, args ...any) *fault {
	return &fault{v.offset, fmt.Sprintf(format, args...)}
}

// is tells the reader what a value should have been and what it is.
func (v value) is(what string) *fault { return v.faultf("is %s, not %s", what, kindName(v.kind)) }

func kindName(k unstable.Kind) string {
	switch k {
	case unstable.String:
		return "a text"
	case unstable.Integer:
		return "a number"
	case unstable.Float:
		return "a number with a fraction"
	case unstable.Bool:
		return "true or false"
	case unstable.Array:
		return "a list"
	case unstable.InlineTable, unstable.Table, unstable.ArrayTable:
		return "a table"
	default:
		return "a date or a time"
	}
}

// longestText is how many bytes a single text may have.
const longestText = 8 << 10

// words is a text that unfit, if it is given, finds no fault with.
func words(what string, unfit func(s string) string) check {
	return func(v value) (read, *fault) {
		switch {
		case v.kind != unstable.String:
			return read{}, v.is(what)
		case strings.TrimSpace(v.text) == "":
			return read{}, v.faultf("is empty")
		case len(v.text) > longestText:
			return read{}, v.faultf("is too long")
		case strings.ContainsFunc(v.text, unicode.IsControl) || !utf8.ValidString(v.text):
			return read{}, v.faultf("has a control character in it")
		}
		if unfit != nil {
			if reason := unfit(v.text); reason != "" {
				return read{}, v.faultf("%s", reason)
			}
		}
		return read{value: v.text}, nil
	}
}

func oneOf(names ...string) check {
	valid := strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	return words(valid, func(s string) string {
		if slices.Contains(names, s) {
			return ""
		}
		return fmt.Sprintf("is %s, not %s", valid, shown(s))
	})
}

// shown quotes what a person wrote, so that a terminal can have it.
func shown(s string) string { return strconv.Quote(text.Untrusted(s).SafeN(60)) }

func number(low, high int64) check {
	what := fmt.Sprintf("a number from %d to %d", low, high)
	return func(v value) (read, *fault) {
		if v.kind != unstable.Integer {
			return read{}, v.is(what)
		}
		n, err := strconv.ParseInt(v.text, 0, 64)
		if err != nil || n < low || n > high {
			return read{}, v.faultf("is %s, not %s", what, v.text)
		}
		return read{value: strconv.FormatInt(n, 10)}, nil
	}
}

func truth(v value) (read, *fault) {
	if v.kind != unstable.Bool {
		return read{}, v.is("true or false")
	}
	return read{value: v.text}, nil
}

// rate takes a plain number of bytes, too.
func rate(v value) (read, *fault) {
	const what = `a number of bytes a second such as "500K", "5M" or "1G"`
	if v.kind == unstable.Integer {
		n, err := strconv.ParseInt(v.text, 0, 64)
		if err != nil || n <= 0 {
			return read{}, v.faultf("is %s, not %s", what, v.text)
		}
		return read{value: FormatRate(n)}, nil
	}
	if v.kind != unstable.String {
		return read{}, v.is(what)
	}
	n, ok := ParseRate(v.text)
	if !ok {
		return read{}, v.faultf("is %s, not %s", what, shown(v.text))
	}
	return read{value: FormatRate(n)}, nil
}

// unfitPath refuses a path that would depend on where the program is started.
func unfitPath(s string) string {
	if filepath.IsAbs(s) || inHome(s) {
		return ""
	}
	return "is neither an absolute path nor one that begins with ~/"
}

func unfitProfile(s string) string {
	if profileName.MatchString(s) {
		return ""
	}
	return notProfile
}

func unfitAPIURL(s string) string {
	_, err := client.ParseBase(s)
	var wrong *client.AddressError
	if errors.As(err, &wrong) {
		return "is not an address of an API: " + wrong.Reason
	}
	return ""
}

// unfitRange asks from the end of time, so that a range is judged by its form
// and is not one that lies in the future.
func unfitRange(s string) string {
	_, err := client.ParseRange(s, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.UTC)
	var wrong *client.RangeError
	if errors.As(err, &wrong) {
		return "is no date range: " + wrong.Problem
	}
	return ""
}

func unfitInclude(s string) string {
	if _, err := client.ParseInclude(s); err != nil {
		return "is all, or some of metrics,connections,dashboards,audit_logs"
	}
	return ""
}

// The two words that are no names of the IANA's data base.
const (
	zoneLocal = "local"
	zoneUTC   = "UTC"
)

func unfitZone(s string) string {
	// LoadLocation takes "" and "Local" for zones, too.
	if _, err := time.LoadLocation(s); s == zoneLocal || err == nil && s != "Local" {
		return ""
	}
	return "is " + zoneLocal + ", " + zoneUTC + " or a name such as Europe/Berlin, not " + shown(s)
}

// unfitRecipient looks at the beginning alone: whether the rest is right is
// for what encrypts to say. A private key is not repeated.
func unfitRecipient(s string) string {
	if strings.HasPrefix(s, "age1") || strings.HasPrefix(s, "ssh-") {
		return ""
	}
	if strings.HasPrefix(strings.ToUpper(s), "AGE-SECRET-KEY-") {
		return "has a private key in it; a recipient is the public one, age1…"
	}
	return "has something in it that is neither an age recipient (age1…) nor an SSH public key (ssh-…)"
}

// longestList is how many items a list may have.
const longestList = 256

// list is a list of texts; alone, a single text is a list of one, too.
func list(what string, alone bool, unfit func(string) string) check {
	return func(v value) (read, *fault) {
		items := v.items
		if alone && v.kind == unstable.String {
			items = []value{v}
		} else if v.kind != unstable.Array {
			return read{}, v.is(what)
		}
		switch {
		case len(items) == 0:
			return read{}, v.faultf("is empty")
		case len(items) > longestList:
			return read{}, v.faultf("has more than %d items", longestList)
		}
		r := read{list: make([]string, 0, len(items))}
		one := words(what, unfit)
		for _, item := range items {
			got, wrong := one(item)
			if wrong != nil {
				return read{}, wrong
			}
			r.list = append(r.list, got.value)
		}
		r.value = strings.Join(r.list, ", ")
		return r, nil
	}
}

// hook is a command as a list of its words, or the address that is called.
func hook(v value) (read, *fault) {
	const what = "a list of a command's words, or an https:// address"
	switch v.kind {
	case unstable.Array:
		if len(v.items) > 0 && v.items[0].kind == unstable.String && v.items[0].text == "" {
			return read{}, v.items[0].faultf("names no command")
		}
		return argv(what, v)
	case unstable.String:
		// The address is often a secret itself and is not repeated.
		u, err := url.Parse(v.text)
		if err != nil || u.Scheme != "https" || u.Hostname() == "" {
			return read{}, v.faultf("is " + what)
		}
		return words(what, nil)(v)
	default:
		return read{}, v.is(what)
	}
}

// argv takes empty words, which a command may well want.
func argv(what string, v value) (read, *fault) {
	if len(v.items) == 0 {
		return read{}, v.faultf("names no command")
	}
	if len(v.items) > longestList {
		return read{}, v.faultf("has more than %d items", longestList)
	}
	r := read{}
	for _, item := range v.items {
		switch {
		case item.kind != unstable.String:
			return read{}, item.is(what)
		case strings.Contains(item.text, "\x00") || len(item.text) > longestText:
			return read{}, item.faultf("has a word in it that no command can be given")
		}
		r.list = append(r.list, item.text)
	}
	r.value = strings.Join(r.list, " ")
	return r, nil
}
