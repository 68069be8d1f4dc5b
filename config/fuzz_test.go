package config_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/dashtray/dashtray-tui/config"
)

// Whatever the file holds, it is read or refused with a place in it and with
// words that a terminal can have. What is read stays, byte for byte, around a
// profile that comes and goes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", full, "\ufeff" + strings.ReplaceAll(full, "\n", "\r\n"), "# only words", "\n\n",
		"profiles = { a = { api_url = \"https://a.example\" } }", "profiles.a.key_command = '''x'''\r\n",
		"[profiles]\na = {}\n[profiles.b]\n", "[[ui]]\n", "[ui]\ntheme = \"\x1b[2J\"\n", "\"\\u001b\" = 1", "a = [[[{b=[1]}]]]",
		"[keys]\nquit = [\n# one\n'q', # two\n]\n", "[profiles.\"\\u202e\"]", "[ui]\ntheme = 2026-13-01T", "ui.theme.x = 1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		const name = "comes-and-goes"
		if _, err := config.ParseFile("c.toml", content); err != nil {
			fitsATerminal(t, content, err)
			return
		}
		if bytes.Contains(content, []byte(name)) {
			return
		}
		with, without, err := config.AddAndRemove(content, name)
		var refused *config.FileError
		if errors.As(err, &refused) && with == nil {
			return // all profiles are one value
		}
		if err != nil {
			t.Fatalf("%v\n%q", err, with)
		}
		if !bytes.HasPrefix(with, content) {
			t.Errorf("adding changed what was there: %q", with)
		}
		if rest, ok := bytes.CutPrefix(without, content); !ok || len(bytes.Trim(rest, "\r\n")) > 0 || bytes.HasSuffix(content, []byte("\n")) && len(rest) > 0 {
			t.Errorf("got  %q\nwant %q", without, content)
		}
	})
}

func fitsATerminal(t *testing.T, content []byte, err error) {
	t.Helper()
	var wrong *config.FileError
	if !errors.As(err, &wrong) {
		t.Fatalf("%T is no *config.FileError", err)
	}
	lines := bytes.Count(content, []byte("\n")) + 1
	for _, p := range append([]*config.FileError{wrong}, wrong.Others...) {
		whole := p.Line == 0 && p.Column == 0 // such as too many settings
		if !whole && (p.Line < 1 || p.Line > lines || p.Column < 1 || p.Column > len(content)+1) {
			t.Errorf("%d:%d is not in the file", p.Line, p.Column)
		}
	}
	for _, r := range err.Error() {
		if unicode.IsControl(r) || r == '\u202e' {
			t.Errorf("%q has %U", err, r)
		}
	}
	if len(err.Error()) > 20_000 {
		t.Errorf("%d bytes of problems", len(err.Error()))
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"theme", "mouse", "time_zone", "reduced_motion", "dir"}
	for word, want := range map[string]string{
		"them": "theme", "Theme": "theme", "theem": "theme", "house": "mouse", "timezone": "time_zone",
		"reducedmotion": "reduced_motion", "dri": "dir", "x": "", "": "", "wallpaper": "", "colour": "",
		strings.Repeat("theme", 20): "",
	} {
		if got := config.Nearest(word, names); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}
