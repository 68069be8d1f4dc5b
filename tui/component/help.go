package component

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Footer is one line with the bindings that work now. Those that do not fit
// are left out, with an ellipsis where they would stand; those of the last
// group always stay: they are the way out and the help, which lists them all.
func Footer(th *theme.Theme, groups []keymap.Group, width int) string {
	const gap = "  "
	var items []string
	seen := map[string]bool{}
	stay := 0 // the first of those that stay
	for _, g := range groups {
		stay = len(items)
		for _, b := range g.Bindings {
			if id := b.Help().Key + "\x00" + b.Help().Desc; b.Enabled() && !seen[id] {
				seen[id] = true
				items = append(items, th.Key.Render(b.Help().Key)+" "+th.KeyText.Render(b.Help().Desc))
			}
		}
	}
	if all := strings.Join(items, gap); ansi.StringWidth(all) <= width {
		return all
	}
	cut := th.Muted.Render(th.Glyphs.Ellipsis)
	last := gap + strings.Join(items[stay:], gap)
	if ansi.StringWidth(cut+last) > width {
		last = gap + items[len(items)-1]
	}
	line := ""
	for _, item := range items[:stay] {
		if ansi.StringWidth(line+item+gap+cut+last) > width {
			break
		}
		line += item + gap
	}
	return Cut(th, line+cut+last, width)
}

// Help is the whole help as lines of at most width cells: every enabled
// binding under the name of its group. With a query it lists the bindings whose key,
// words or group contain it, whatever the case.
func Help(th *theme.Theme, groups []keymap.Group, query string, width int) []string {
	query = strings.ToLower(strings.TrimSpace(query))
	keyWidth := 0
	for _, g := range groups {
		for _, b := range g.Bindings {
			keyWidth = max(keyWidth, ansi.StringWidth(keysOf(b)))
		}
	}
	var lines []string
	for _, g := range groups {
		head := false
		for _, b := range g.Bindings {
			if !b.Enabled() || !strings.Contains(strings.ToLower(g.Name+" "+keysOf(b)+" "+b.Help().Desc), query) {
				continue
			}
			if !head {
				if len(lines) > 0 {
					lines = append(lines, "")
				}
				lines = append(lines, Cut(th, th.Title.Render(g.Name), width))
				head = true
			}
			lines = append(lines, Cut(th, "  "+th.Key.Render(Pad(keysOf(b), keyWidth))+"  "+th.Text.Render(b.Help().Desc), width))
		}
	}
	if len(lines) == 0 {
		lines = []string{Cut(th, th.Muted.Render("No key for that."), width)}
	}
	return lines
}

// keysOf names a binding's keys: the one its help names, and the others.
func keysOf(b key.Binding) string {
	names := []string{b.Help().Key}
	for i, k := range b.Keys() {
		// The first key is the one that the help names, as a sign or a word.
		if i > 0 {
			names = append(names, k)
		}
	}
	return strings.Join(names, " ")
}
