package tui

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
)

// paletteView lists every action by its name and key. Those that work on the
// screen below can be chosen; of the others it says where they work.
type paletteView struct {
	all   []entry // those that work first
	shown []entry
	query string
	at    int // the one under the cursor
	top   int // the first one in sight
	h     int // how many are in sight
}

// entry is one action in the palette.
type entry struct {
	name  string // as the settings file has it
	does  string // as the screen calls it, else as it comes
	bind  key.Binding
	works bool
	where string
}

// palette is every action of the keymap; those in groups work now.
func palette(k *keymap.Map, groups []keymap.Group) *paletteView {
	v := &paletteView{}
	seen := map[string]bool{}
	actions := map[string]keymap.Action{}
	for _, a := range k.Actions() {
		actions[a.Name] = a
	}
	for _, g := range groups {
		for _, b := range g.Bindings {
			name := k.NameOf(b)
			if name == "" || seen[name] || !b.Enabled() {
				continue
			}
			seen[name] = true
			v.all = append(v.all, entry{name, b.Help().Desc, b, true, actions[name].Where})
		}
	}
	for _, a := range k.Actions() {
		if !seen[a.Name] {
			v.all = append(v.all, entry{a.Name, a.Binding.Help().Desc, a.Binding, false, a.Where})
		}
	}
	v.search("")
	return v
}

// search shows the actions that fit, the best first.
func (v *paletteView) search(query string) {
	v.query, v.at, v.top = query, 0, 0
	type scored struct {
		entry
		score int
	}
	var fit []scored
	for _, e := range v.all {
		words := e.does + " " + strings.ReplaceAll(e.name, "_", " ")
		if score, ok := fuzzy(query, words); ok {
			if q := strings.TrimSpace(query); strings.EqualFold(q, e.does) || strings.EqualFold(q, strings.ReplaceAll(e.name, "_", " ")) {
				score += 100
			}
			if e.works {
				score += 1000
			}
			fit = append(fit, scored{e, score})
		}
	}
	slices.SortStableFunc(fit, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	v.shown = v.shown[:0]
	for _, s := range fit {
		v.shown = append(v.shown, s.entry)
	}
}

// fuzzy reports whether the letters of a query come in a text in their order,
// whatever lies between them, and how well: letters that begin a word or follow
// one another count more.
func fuzzy(query, in string) (score int, ok bool) {
	text := []rune(strings.ToLower(in))
	at := 0
	for _, q := range strings.ToLower(query) {
		if unicode.IsSpace(q) {
			continue
		}
		found := -1
		for i := at; i < len(text) && found < 0; i++ {
			if text[i] == q {
				found = i
			}
		}
		if found < 0 {
			return 0, false
		}
		switch {
		case found == 0 || text[found-1] == ' ':
			score += 8
		case found == at:
			score += 5
		}
		score -= min(3, found-at)
		at = found + 1
	}
	return score, true
}

const (
	maxQuery   = 40
	maxEntries = 14
)

func (v *paletteView) update(m *Model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	typed := msg.Text != "" // the letters among the keys are text here
	switch {
	case key.Matches(msg, m.keys.Back):
		return nil, true
	case !typed && key.Matches(msg, m.keys.Palette):
		return nil, true
	case key.Matches(msg, m.keys.Open):
		return v.choose(m)
	case !typed && key.Matches(msg, m.keys.Up):
		v.move(-1)
	case !typed && key.Matches(msg, m.keys.Down):
		v.move(1)
	case !typed && key.Matches(msg, m.keys.PageUp):
		v.move(-max(1, v.h-1))
	case !typed && key.Matches(msg, m.keys.PageDown):
		v.move(max(1, v.h-1))
	case msg.String() == "backspace":
		if _, size := utf8.DecodeLastRuneInString(v.query); size > 0 {
			v.search(v.query[:len(v.query)-size])
		}
	case typed && len(v.query)+len(msg.Text) <= maxQuery:
		v.search(v.query + msg.Text)
	}
	return nil, false
}

// choose does the action under the cursor as its key would, once the palette
// is gone.
func (v *paletteView) choose(m *Model) (tea.Cmd, bool) {
	if v.at >= len(v.shown) || !v.shown[v.at].works {
		return nil, false
	}
	press := keymap.Press(v.shown[v.at].bind.Keys()[0])
	m.over = nil
	return m.key(press), true
}

func (v *paletteView) move(by int) { v.at = max(0, min(v.at+by, len(v.shown)-1)) }

func (v *paletteView) paste(msg tea.PasteMsg) {
	text := component.Pasted(msg).Content
	if len(text) <= maxQuery-len(v.query) {
		v.search(v.query + text)
	}
}

func (v *paletteView) wheel(msg tea.MouseWheelMsg) {
	switch msg.Button {
	case tea.MouseWheelUp:
		v.move(-wheelLines)
	case tea.MouseWheelDown:
		v.move(wheelLines)
	}
}

// paletteHead is how many lines of the box stand above the list: its frame, the
// query, and a blank.
const paletteHead = 3

func (v *paletteView) click(m *Model, _, y int, double bool) (tea.Cmd, bool) {
	i := v.top + y - paletteHead
	if y < paletteHead || y >= paletteHead+v.h || i >= len(v.shown) {
		return nil, false
	}
	v.at = i
	if double {
		return v.choose(m)
	}
	return nil, false
}

func (v *paletteView) view(m *Model, w, h int) string {
	th := m.th
	inner := min(w-6, 72)
	v.h = max(1, min(len(v.all), h-paletteHead-4, maxEntries)) // the same height for every query
	v.top = max(min(v.top, v.at), v.at-v.h+1)
	lines := []string{th.Accent.Render(": ") + th.Text.Render(v.query) + th.Accent.Render("_"), ""}
	for i := v.top; i < v.top+v.h; i++ {
		line := ""
		if i < len(v.shown) {
			line = v.line(m, v.shown[i], i == v.at, inner)
		}
		lines = append(lines, line)
	}
	note := ""
	switch {
	case len(v.shown) == 0:
		lines[2] = th.Muted.Render("No action is called so.")
	case !v.shown[v.at].works:
		note = th.Muted.Render("Not now: it works " + v.shown[v.at].where + ".")
	}
	return component.Box(th, "Actions", append(lines, "", component.Cut(th, note, inner)), inner, h)
}

// line is one action: its words, its key, and where it works if that is not here.
func (v *paletteView) line(m *Model, e entry, chosen bool, w int) string {
	th := m.th
	const keyWidth = 10
	does := e.does
	if !e.works {
		does += " (not now)"
	}
	words := "  " + component.Pad(component.Cut(th, does, w-keyWidth-3), w-keyWidth-2)
	sign := component.Cut(th, e.bind.Help().Key, keyWidth)
	if chosen {
		words = th.Glyphs.Cursor + words[1:]
	}
	switch {
	case chosen && e.works:
		return th.Selected.Render(component.Pad(words+sign, w))
	case !e.works:
		return th.Muted.Render(words + sign)
	}
	return th.Text.Render(words) + th.Key.Render(sign)
}

func (v *paletteView) keys(k *keymap.Map) []keymap.Group {
	b := []key.Binding{}
	if v.at < len(v.shown) && v.shown[v.at].works {
		b = append(b, keymap.Named(k.Open, "do it"))
	}
	return []keymap.Group{{Name: "Actions", Bindings: append(b, k.Up, k.Down, keymap.Named(k.Back, "close"))}}
}
