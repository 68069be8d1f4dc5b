package keymap_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"

	"github.com/dashtray/dashtray-tui/tui/keymap"
)

// Every field is an action with keys, words, a place, and a name of its own.
func TestEveryActionIsDescribed(t *testing.T) {
	t.Parallel()
	for _, ascii := range []bool{false, true} {
		m := keymap.Default(ascii)
		actions := m.Actions()
		if n := reflect.TypeOf(*m).NumField(); len(actions) != n {
			t.Fatalf("%d actions for %d fields", len(actions), n)
		}
		seen := map[string]bool{}
		for _, a := range actions {
			switch {
			case seen[a.Name]:
				t.Errorf("%s: twice", a.Name)
			case len(a.Binding.Keys()) == 0 || !a.Binding.Enabled():
				t.Errorf("%s: no keys", a.Name)
			case a.Binding.Help().Key == "" || a.Binding.Help().Desc == "" || a.Where == "":
				t.Errorf("%s: no words: %+v", a.Name, a)
			case m.NameOf(keymap.Named(a.Binding, "other words")) != a.Name:
				t.Errorf("%s: a renamed copy is taken for %q", a.Name, m.NameOf(a.Binding))
			}
			for _, r := range a.Binding.Help().Key {
				if ascii && r > '~' {
					t.Errorf("%s: the help has %q", a.Name, r)
				}
			}
			seen[a.Name] = true
		}
	}
	if name := keymap.Default(false).NameOf(key.NewBinding(key.WithKeys("up"))); name != "" {
		t.Errorf("a stranger is taken for %q", name)
	}
}

// A key of every binding is one that the terminal can send, by the same name.
func TestPressIsTheKey(t *testing.T) {
	t.Parallel()
	for _, a := range keymap.Default(false).Actions() {
		for _, k := range a.Binding.Keys() {
			if got := keymap.Press(k).String(); got != k {
				t.Errorf("%s: pressing %q is %q", a.Name, k, got)
			}
			if !key.Matches(keymap.Press(k), a.Binding) {
				t.Errorf("%s does not match %q", a.Name, k)
			}
		}
	}
	for _, k := range []string{"alt+r", "ctrl+alt+x", "shift+up", "f12", "ctrl++", "+", "ß", "漢"} {
		if got := keymap.Press(k).String(); got != k {
			t.Errorf("pressing %q is %q", k, got)
		}
	}
}

func TestNothingNeedsARareKey(t *testing.T) {
	t.Parallel()
	for _, a := range keymap.Default(false).Actions() {
		plain := slices.ContainsFunc(a.Binding.Keys(), func(k string) bool {
			return !strings.HasPrefix(k, "alt+") && !strings.HasPrefix(k, "f1") && k < "\x7f" && !strings.ContainsAny(k, "[]{}\\@|~`")
		})
		if !plain {
			t.Errorf("%s needs one of %v", a.Name, a.Binding.Keys())
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	m, err := keymap.Parse(map[string][]string{
		"refresh": {"Ctrl+R"}, "quit": {"q", "ctrl+q"}, "page_down": {"PgDn", "shift+j"}, "sort": {"f"}, "down": {"down"},
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		b    key.Binding
		keys string
		sign string
	}{
		{m.Refresh, "ctrl+r", "ctrl+r"},
		{m.Quit, "q ctrl+q", "q"},
		{m.PageDown, "pgdown J", "pgdn"},
		{m.Sort, "f", "f"}, // as "fewer" has it, which is on another screen
		{m.Down, "down", "↓"},
		{m.Up, "up k", "↑"},
	} {
		if got := strings.Join(tt.b.Keys(), " "); got != tt.keys || tt.b.Help().Key != tt.sign {
			t.Errorf("keys %q shown as %q, want %q as %q", got, tt.b.Help().Key, tt.keys, tt.sign)
		}
	}
	if m.Refresh.Help().Desc != "refresh" {
		t.Errorf("the words are %q", m.Refresh.Help().Desc)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		keys map[string][]string
		want []string
	}{
		"unknown action": {map[string][]string{"refesh": {"R"}}, []string{"keys.refesh: there is no such action: refresh is meant?"}},
		"no idea":        {map[string][]string{"make_coffee": {"R"}}, []string{"keys.make_coffee: there is no such action; the palette"}},
		"unknown key":    {map[string][]string{"refresh": {"ctl+r"}}, []string{`keys.refresh: "ctl+r" is no key`}},
		"two letters":    {map[string][]string{"refresh": {"rr"}}, []string{`keys.refresh: "rr" is no key`}},
		"empty key":      {map[string][]string{"refresh": {""}}, []string{`keys.refresh: "" is no key`}},
		"no key":         {map[string][]string{"refresh": {}}, []string{"keys.refresh: an action needs at least one key"}},
		"modifier twice": {map[string][]string{"refresh": {"ctrl+ctrl+r"}}, []string{"is no key"}},
		"hostile":        {map[string][]string{"re\x1b[2Jfresh": {"\x1b"}}, []string{"keys.re?[2Jfresh"}},
		"twin":           {map[string][]string{"refresh": {"ctrl+m"}}, []string{"keys.refresh: ctrl+m cannot be told from enter"}},
		"text":           {map[string][]string{"back": {"b"}}, []string{`keys.back: "b" is a character`}},
		"clash":          {map[string][]string{"refresh": {"n"}}, []string{"keys.refresh: n is a key of new already"}},
		"clash of two":   {map[string][]string{"refresh": {"e"}, "new": {"e"}}, []string{"keys.new: e is a key of refresh already"}},
		"all at once": {
			map[string][]string{"refresh": {"n"}, "a": {"x"}, "quit": {"huh"}},
			[]string{"keys.a: ", "keys.quit: ", "keys.refresh: "},
		},
	} {
		m, err := keymap.Parse(tt.keys, false)
		var e *keymap.Error
		if m != nil || !errors.As(err, &e) {
			t.Errorf("%s: no *Error but %v", name, err)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q lacks %q", name, err, want)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"ctrl+r", "shift+tab", "R", "space", "ctrl++", "", "\x00", "alt+漢", "ctrl+alt+shift+f20"} {
		f.Add("refresh", s)
	}
	f.Add("\x1b[2J", "x")
	f.Fuzz(func(t *testing.T, action, k string) {
		m, err := keymap.Parse(map[string][]string{action: {k}}, true)
		if err != nil {
			if !utf8.ValidString(err.Error()) || strings.ContainsAny(err.Error(), "\x1b\u009b") {
				t.Errorf("the error is %q", err)
			}
			return
		}
		for _, a := range m.Actions() {
			for _, k := range a.Binding.Keys() {
				if a.Name == action && keymap.Press(k).String() != k {
					t.Errorf("pressing %q is %q", k, keymap.Press(k))
				}
			}
		}
	})
}
