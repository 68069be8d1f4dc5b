package keymap

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Error is a setting of keys that cannot be followed; the person has to
// correct it.
type Error struct {
	Setting string // "keys.refresh"
	Reason  string // what is wrong with it, safe to show
}

func (e *Error) Error() string { return e.Setting + ": " + e.Reason }

// Parse is the default map with other keys for some actions, by their names.
// They take the place of an action's own. Whatever is wrong is told at once:
// errors.Is and As look into a joined error of [*Error], in the order of the
// names. With ascii the help names keys in ASCII.
func Parse(keys map[string][]string, ascii bool) (*Map, error) {
	m := Default(ascii)
	v := reflect.ValueOf(m).Elem()
	fields := map[string]int{}
	for i := range v.NumField() {
		fields[snake(v.Type().Field(i).Name)] = i
	}
	var wrong []error
	blame := func(name, format string, args ...any) {
		wrong = append(wrong, &Error{"keys." + printable(name), fmt.Sprintf(format, args...)})
	}
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		i, ok := fields[name]
		if !ok {
			blame(name, "there is no such action%s", meant(name, slices.Sorted(maps.Keys(fields))))
			continue
		}
		b := v.Field(i).Addr().Interface().(*key.Binding)
		own, why := keysFor(name, keys[name])
		if why != "" {
			blame(name, "%s", why)
			continue
		}
		*b = bind(ascii, b.Help().Desc, own...)
	}
	wrong = append(wrong, clashes(m, Default(ascii), keys)...)
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return m, nil
}

// keysFor are the keys of an action in their usual spelling, or why they
// cannot be that.
func keysFor(name string, keys []string) (own []string, why string) {
	if len(keys) == 0 {
		return nil, "an action needs at least one key"
	}
	for _, k := range keys {
		usual, why := canonical(k)
		switch {
		case why != "":
			return nil, why
		case traits()[name].typed && isCharacter(usual):
			return nil, fmt.Sprintf("%q is a character, and this has to work while text is typed: take a key such as ctrl+g or f5", printable(k))
		case !slices.Contains(own, usual):
			own = append(own, usual)
		}
	}
	return own, ""
}

// clashes are the keys that would do two things in one place. Actions that
// share a key as they come are never asked at the same time.
func clashes(m, usual *Map, given map[string][]string) []error {
	var wrong []error
	all, before, about := m.Actions(), usual.Actions(), traits()
	for i, a := range all {
		for j, b := range all[:i] {
			if about[a.Name].at&about[b.Name].at == 0 || shared(before[i], before[j]) != "" {
				continue
			}
			k := shared(a, b)
			if k == "" {
				continue
			}
			name, other := a.Name, b.Name
			if _, ok := given[name]; !ok {
				name, other = other, name
			}
			wrong = append(wrong, &Error{"keys." + name, fmt.Sprintf("%s is a key of %s already: give one of them another", k, other)})
		}
	}
	return wrong
}

// shared is a key of both actions, "" if there is none.
func shared(a, b Action) string {
	for _, k := range a.Binding.Keys() {
		if slices.Contains(b.Binding.Keys(), k) {
			return k
		}
	}
	return ""
}

// named are the keys that have a name and no character.
func named() map[string]rune {
	keys := map[string]rune{
		"enter": tea.KeyEnter, "tab": tea.KeyTab, "backspace": tea.KeyBackspace, "esc": tea.KeyEscape, "space": tea.KeySpace,
		"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "insert": tea.KeyInsert,
		"delete": tea.KeyDelete, "pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "home": tea.KeyHome, "end": tea.KeyEnd,
	}
	for n := range 20 {
		keys[fmt.Sprintf("f%d", n+1)] = tea.KeyF1 + rune(n)
	}
	return keys
}

// canonical is a key as the terminal's messages name it, or why it is none.
func canonical(name string) (usual, why string) {
	mods, base, ok := split(name)
	if !ok {
		return "", fmt.Sprintf("%q is no key: write it like r, R, f5, ctrl+r, alt+r, shift+tab, enter or space", printable(name))
	}
	if utf8.RuneCountInString(base) == 1 {
		switch {
		case mods == tea.ModShift:
			return strings.ToUpper(base), ""
		case mods&tea.ModCtrl != 0:
			base = strings.ToLower(base)
		}
		if twin := map[string]string{"i": "tab", "m": "enter", "[": "esc", "h": "backspace"}[base]; mods == tea.ModCtrl && twin != "" {
			return "", fmt.Sprintf("%s cannot be told from %s in most terminals", name, twin)
		}
	}
	return written(mods, base), ""
}

// split parts a key into its modifiers and the key itself.
func split(name string) (mods tea.KeyMod, base string, ok bool) {
	base = name
	for {
		word, rest, found := strings.Cut(base, "+")
		if !found || rest == "" { // "+" itself, and "ctrl++"
			break
		}
		mod, known := map[string]tea.KeyMod{"ctrl": tea.ModCtrl, "alt": tea.ModAlt, "shift": tea.ModShift}[strings.ToLower(word)]
		if !known || mods&mod != 0 {
			return 0, "", false
		}
		mods, base = mods|mod, rest
	}
	if r, size := utf8.DecodeRuneInString(base); size == len(base) && r > ' ' && r != 0x7f && r != utf8.RuneError {
		return mods, base, true
	}
	base = strings.ToLower(base)
	if other, ok := map[string]string{"escape": "esc", "return": "enter", "pgdn": "pgdown", "pagedown": "pgdown", "pageup": "pgup", "del": "delete", "ins": "insert", " ": "space"}[base]; ok {
		base = other
	}
	_, known := named()[base]
	return mods, base, known
}

func written(mods tea.KeyMod, base string) string {
	s := ""
	for _, m := range []struct {
		mod  tea.KeyMod
		name string
	}{{tea.ModCtrl, "ctrl+"}, {tea.ModAlt, "alt+"}, {tea.ModShift, "shift+"}} {
		if mods&m.mod != 0 {
			s += m.name
		}
	}
	return s + base
}

// isCharacter reports whether a key types something.
func isCharacter(usual string) bool {
	return usual == "space" || utf8.RuneCountInString(usual) == 1
}

// Press is the message of a key of a binding, for who does an action in
// another way than by its key.
func Press(usual string) tea.KeyPressMsg {
	mods, base, ok := split(usual)
	if !ok {
		return tea.KeyPressMsg{}
	}
	k := tea.KeyPressMsg{Mod: mods}
	if code, ok := named()[base]; ok {
		k.Code = code
		if code == tea.KeySpace && mods == 0 {
			k.Text = " "
		}
		return k
	}
	k.Code, _ = utf8.DecodeRuneInString(base)
	if mods == 0 {
		k.Text = base
	}
	return k
}

// meant names the action that a misspelled name is closest to.
func meant(name string, all []string) string {
	best, least := "", 3
	for _, other := range all {
		if d := distance(name, other); d < least {
			best, least = other, d
		}
	}
	if best == "" {
		return "; the palette (ctrl+p) of the console lists them"
	}
	return ": " + best + " is meant?"
}

// distance is how many letters have to be put in, left out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := last
			if a[i] != b[j] {
				change++
			}
			last = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// printable is a name from a file as it may be shown.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), 60)]
}
