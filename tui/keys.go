package tui

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// key sends a key where it belongs: ctrl+c always quits; an overlay takes
// everything else; single letters are text while a field takes text.
func (m *Model) key(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(msg, m.keys.Interrupt):
		return m.quit()
	case m.tooSmall():
		return nil // keys that nobody can see the effect of do nothing
	case key.Matches(msg, m.keys.Suspend):
		return tea.Suspend
	case m.over != nil:
		return m.overKey(msg)
	case key.Matches(msg, m.keys.Palette) && (msg.Text == "" || !m.typing()):
		m.over = palette(m.keys, m.help())
		return nil
	case key.Matches(msg, m.keys.Back) && !m.holdsEsc():
		return m.back()
	}
	if !m.typing() {
		if cmd, ok := m.globalKey(msg); ok {
			return cmd
		}
	}
	if m.top().broken != "" {
		if key.Matches(msg, m.keys.Refresh) {
			return m.reopen()
		}
		return nil
	}
	return m.send(m.top(), msg)
}

// globalKey does what a key does on every screen.
func (m *Model) globalKey(msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, m.keys.Quit):
		return m.askQuit(), true
	case key.Matches(msg, m.keys.Help):
		groups := m.help()
		m.over = newHelp(append(groups, m.elsewhere(groups)))
	case key.Matches(msg, m.keys.Log):
		m.over = &logView{}
	case key.Matches(msg, m.keys.Profiles):
		return m.chooseProfile(), true
	case key.Matches(msg, m.keys.Transfers) && m.cur.Jobs != nil:
		return m.open(nav.Open{Kind: nav.Transfers}), true
	case key.Matches(msg, m.keys.Sessions):
		return m.open(nav.Open{Kind: nav.Sessions}), true
	case key.Matches(msg, m.keys.Mouse):
		m.mouse = !m.mouse
		if m.mouse {
			return m.toast(nav.Info, "Mouse on: click and double click; shift and drag selects text."), true
		}
		return m.toast(nav.Info, "Mouse off: drag selects text."), true
	default:
		return nil, false
	}
	return nil, true
}

// askQuit quits, or asks first if something runs that ends with the console.
func (m *Model) askQuit() tea.Cmd {
	jobs := m.allJobs()
	if m.d.JobsStay || !nav.Running(jobs) {
		return m.quit()
	}
	m.over = newQuit(jobs)
	return nil
}

// screenKeys are the bindings of the top screen that work now.
func (m *Model) screenKeys() []keymap.Group {
	p := m.top()
	if p.broken != "" {
		return []keymap.Group{{Name: "This screen", Bindings: []key.Binding{keymap.Named(m.keys.Refresh, "open it again")}}}
	}
	var groups []keymap.Group
	m.try(p, func() { groups = p.screen.Keys() })
	return groups
}

// globalKeys are the bindings of every screen that work now.
func (m *Model) globalKeys() []keymap.Group {
	var b []key.Binding
	if len(m.stack) > 1 && !m.holdsEsc() {
		b = append(b, m.keys.Back)
	}
	if m.typing() {
		b = append(b, m.keys.Palette, m.keys.Suspend, m.keys.Interrupt)
	} else {
		b = append(b, m.keys.Palette, m.transfersKey(), m.keys.Profiles, m.keys.Sessions, m.keys.Log, m.keys.Mouse, m.keys.Suspend, m.keys.Interrupt, m.keys.Quit, m.keys.Help)
	}
	return []keymap.Group{{Name: "Everywhere", Bindings: b}}
}

// transfersKey is the binding of the transfers, off while there are none to list.
func (m *Model) transfersKey() key.Binding {
	b := m.keys.Transfers
	b.SetEnabled(m.cur.Jobs != nil)
	return b
}

// footerKeys are the bindings of the footer: what the screen can do and how to
// move, then, in a group of their own that is never left out, the way out and
// the help.
func (m *Model) footerKeys() []keymap.Group {
	if m.over != nil {
		rest, out := m.parted(m.over.keys(m.keys))
		return append(rest, keymap.Group{Bindings: out})
	}
	var does, moves []keymap.Group
	for _, g := range m.screenKeys() {
		if g.Name == keymap.Move {
			moves = append(moves, m.steps(g))
		} else {
			does = append(does, g)
		}
	}
	rest, out := m.parted(slices.Concat(does, moves))
	if len(out) == 0 && len(m.stack) > 1 && !m.holdsEsc() {
		out = append(out, m.keys.Back)
	}
	if m.typing() {
		return append(rest, keymap.Group{Bindings: append(out, keymap.Named(m.keys.Interrupt, "quit"))})
	}
	more := []key.Binding{m.transfersKey(), m.keys.Profiles}
	if len(out) == 0 {
		out = append(out, m.keys.Quit)
	} else {
		more = append(more, m.keys.Quit)
	}
	return append(rest, keymap.Group{Bindings: more}, keymap.Group{Bindings: append(out, m.keys.Help)})
}

// parted are the bindings of groups, with up and down as one, and apart from
// them the way back, if there is one.
func (m *Model) parted(groups []keymap.Group) (rest []keymap.Group, back []key.Binding) {
	plain := func(b key.Binding, of key.Binding) bool { return b.Enabled() && b.Help() == of.Help() }
	for _, g := range groups {
		var keep []key.Binding
		for i, b := range g.Bindings {
			switch {
			case len(back) == 0 && b.Enabled() && m.keys.NameOf(b) == "back":
				back = append(back, b)
			case plain(b, m.keys.Up) && i+1 < len(g.Bindings) && plain(g.Bindings[i+1], m.keys.Down):
				keep = append(keep, m.keys.UpDown())
			case plain(b, m.keys.Down) && i > 0 && plain(g.Bindings[i-1], m.keys.Up):
			default:
				keep = append(keep, b)
			}
		}
		rest = append(rest, keymap.Group{Name: g.Name, Bindings: keep})
	}
	return rest, back
}

// steps are the bindings that move one step: who looks for longer ways finds
// them in the help.
func (m *Model) steps(g keymap.Group) keymap.Group {
	long := []string{"page_up", "page_down", "top", "bottom"}
	g.Bindings = slices.DeleteFunc(slices.Clone(g.Bindings), func(b key.Binding) bool {
		return slices.Contains(long, m.keys.NameOf(b))
	})
	return g
}

// help is every binding of this screen and of all.
func (m *Model) help() []keymap.Group { return append(m.screenKeys(), m.globalKeys()...) }

// elsewhere are the actions that are in none of these groups, and where they
// work.
func (m *Model) elsewhere(groups []keymap.Group) keymap.Group {
	here := map[string]bool{}
	for _, g := range groups {
		for _, b := range g.Bindings {
			here[m.keys.NameOf(b)] = true
		}
	}
	other := keymap.Group{Name: "Elsewhere"}
	for _, a := range m.keys.Actions() {
		if !here[a.Name] {
			other.Bindings = append(other.Bindings, keymap.Named(a.Binding, a.Binding.Help().Desc+", "+a.Where))
		}
	}
	return other
}

// paste goes where text goes.
func (m *Model) paste(msg tea.PasteMsg) tea.Cmd {
	if m.tooSmall() {
		return nil
	}
	if m.over != nil {
		if p, ok := m.over.(paster); ok {
			p.paste(msg)
		}
		return nil
	}
	return m.send(m.top(), msg)
}

// mouseEvent gives clicks and the wheel to the overlay or the top screen, in
// its own coordinates.
func (m *Model) mouseEvent(msg tea.MouseMsg) tea.Cmd {
	if m.tooSmall() || !m.mouse {
		return nil
	}
	switch msg := msg.(type) {
	case tea.MouseWheelMsg:
		if m.over != nil {
			m.over.wheel(msg)
			return nil
		}
		msg.Y -= m.headerHeight()
		return m.send(m.top(), msg)
	case tea.MouseClickMsg:
		if m.over != nil {
			return m.overClick(msg)
		}
		msg.Y -= m.headerHeight()
		return m.send(m.top(), msg)
	}
	return nil
}
