package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEncodeJSON(t *testing.T) {
	t.Parallel()
	type doc struct {
		Name Untrusted            `json:"name"`
		Map  map[Untrusted]string `json:"map,omitempty"`
		Raw  json.RawMessage      `json:"raw,omitempty"`
	}
	cases := []struct {
		name string
		in   doc
		want string
	}{
		{"plain, no HTML escaping", doc{Name: "a <b> & ü 日本 ❤\ufe0f"}, "{\n  \"name\": \"a <b> & ü 日本 ❤\ufe0f\"\n}\n"},
		{"controls", doc{Name: "\x1b[2J\x7f\u009b\n"}, `{` + "\n" + `  "name": "\u001b[2J\u007f\u009b\n"` + "\n}\n"},
		{"bidi, zero width, BOM", doc{Name: "\u202e\u200b\u200d\ufeff\u2028"}, "{\n" + `  "name": "\u202e\u200b\u200d\ufeff\u2028"` + "\n}\n"},
		{"beyond the basic plane", doc{Name: "👍\U000e0041"}, "{\n  \"name\": \"👍" + `\udb40\udc41` + "\"\n}\n"},
		{"a key of a map", doc{Map: map[Untrusted]string{"\u202e": "v"}}, "{\n  \"name\": \"\",\n  \"map\": {\n" + `    "\u202e": "v"` + "\n  }\n}\n"},
		{"no UTF-8", doc{Name: "a\x9b", Raw: json.RawMessage("\"b\x9b\"")}, "{\n" + `  "name": "a\ufffd",` + "\n" + `  "raw": "b\ufffd"` + "\n}\n"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := EncodeJSON(&out, c.in); err != nil {
				t.Fatal(err)
			}
			if out.String() != c.want {
				t.Errorf("got  %+q\nwant %+q", out.String(), c.want)
			}
		})
	}
}

func TestEncodeJSONWritesAllOrNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := EncodeJSON(&out, map[string]any{"a": 1, "b": make(chan int)}); err == nil || out.Len() > 0 {
		t.Errorf("error %v, wrote %q", err, out.String())
	}
	full := errors.New("disk full")
	if err := EncodeJSON(failing{full}, 1); !errors.Is(err, full) {
		t.Errorf("error %v, want that of the writer", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func FuzzEncodeJSON(f *testing.F) {
	for _, c := range attacks() {
		f.Add(c.in, "key")
	}
	f.Add(`back\slash"quote`, "\u202e")
	f.Fuzz(func(t *testing.T, s, key string) {
		in := map[string][]Untrusted{key: {Untrusted(s), ""}}
		var out bytes.Buffer
		if err := EncodeJSON(&out, in); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if what := unsafeRune(r); what != "" && r != '\n' {
				t.Errorf("%+q holds a %s, %U", out.String(), what, r)
			}
		}
		if !utf8.Valid(out.Bytes()) {
			t.Errorf("%+q is no UTF-8", out.String())
		}
		var back map[string][]Untrusted
		if err := json.Unmarshal(out.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		// encoding/json has no way to keep bytes that are no UTF-8; each one
		// becomes U+FFFD.
		valid := func(s string) string { return string([]rune(s)) }
		want := map[string][]Untrusted{valid(key): {Untrusted(valid(s)), ""}}
		if !reflect.DeepEqual(back, want) {
			t.Errorf("came back as %+q, want %+q", back, want)
		}
		if !strings.HasSuffix(out.String(), "\n") {
			t.Error("no line feed at the end")
		}
	})
}
