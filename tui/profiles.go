package tui

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// profilesView lists the profiles, and switches, adds and removes them.
type profilesView struct {
	accounts Accounts
	ctx      context.Context // of its Cmds; ends with the console
	table    component.Table
	list     []Profile
	current  string // name of the profile in use, "" if it is none of them
	working  string // what is under way; "" is nothing
	gen      int    // of the work that was begun last
	trouble  string // what went wrong last; "" is nothing

	adding  *newProfile       // asks for a new one; nil: does not
	confirm *component.Dialog // asks before removing the one under the cursor
}

// profilesMsg is how the profiles stand after something was done with them.
type profilesMsg struct {
	to     *profilesView
	gen    int
	list   []Profile
	err    error
	opened string // the profile that was added, to open it; "" is none
}

// chooseProfile shows the profiles over the screen.
func (m *Model) chooseProfile() tea.Cmd {
	v := &profilesView{accounts: m.d.Accounts, ctx: m.ctx}
	v.table.Columns = []component.Column{
		{Title: "NAME", Width: 14, Grow: 8},
		{Title: "", Width: 17, Grow: 8},
		{Title: "KEY", Width: 14, Grow: 8},
		{Title: "API", Width: 20, Grow: 20, Drop: 1},
	}
	v.table.Row = func(i int) []component.Cell { return v.cells(m, v.list[i]) }
	m.over = v
	return v.do("Asking for the profiles", "", func(context.Context) error { return nil })
}

// do changes the profiles, and asks how they stand then.
func (v *profilesView) do(working, open string, change func(context.Context) error) tea.Cmd {
	v.working, v.trouble = working, ""
	v.gen++
	gen, accounts, ctx := v.gen, v.accounts, v.ctx
	return func() tea.Msg {
		failed := change(ctx)
		list, err := accounts.Profiles(ctx)
		if failed != nil {
			return profilesMsg{to: v, gen: gen, list: list, err: failed}
		}
		return profilesMsg{v, gen, list, err, open}
	}
}

// hear takes the answer to do.
func (v *profilesView) hear(m *Model, msg profilesMsg) tea.Cmd {
	if m.over != overlay(v) || msg.gen != v.gen {
		return nil
	}
	v.working = ""
	if msg.err != nil {
		what, do := m.d.Message(msg.err)
		v.trouble = strings.TrimSpace(what + " " + do)
	} else if v.adding != nil {
		v.adding = nil
	}
	first := v.list == nil
	if msg.list != nil || msg.err == nil {
		v.list = msg.list
	}
	v.current = m.currentProfile(v.list)
	v.table.SetLen(len(v.list))
	if i := slices.IndexFunc(v.list, func(p Profile) bool { return p.Name == v.current }); first && i >= 0 {
		v.table.Select(i)
	}
	if msg.opened != "" && msg.err == nil {
		return m.open(nav.Open{Kind: nav.Key, Profile: msg.opened, Note: "The profile " + msg.opened + " needs a key."})
	}
	return nil
}

// currentProfile is the name of the profile in use. One that was opened without
// a name is the one that the accounts call so.
func (m *Model) currentProfile(list []Profile) string {
	s := m.cur
	if s.Jobs == nil || s.demo {
		return ""
	}
	for _, p := range list {
		if p.Name == s.asked || p.Name == s.Profile || (s.asked == "" && s.Profile == "" && p.Current) {
			return p.Name
		}
	}
	return ""
}

// known reports whether the list is one: where it could not be had, none can be
// added to it either.
func (v *profilesView) known() bool { return len(v.list) > 0 || v.trouble == "" }

// selected is the profile under the cursor.
func (v *profilesView) selected() (Profile, bool) {
	i := v.table.Cursor()
	if i < 0 || i >= len(v.list) {
		return Profile{}, false
	}
	return v.list[i], true
}

func (v *profilesView) update(m *Model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case v.confirm != nil:
		return v.confirmKey(m, msg), false
	case v.adding != nil:
		return v.addKey(m, msg), false
	case key.Matches(msg, m.keys.Back, m.keys.Profiles, m.keys.Quit):
		return nil, true
	case v.working != "" || v.table.Update(m.keys, msg):
		return nil, false
	case key.Matches(msg, m.keys.Add) && v.known():
		v.trouble, v.adding = "", addProfile(m.th, v.list)
		return nil, false
	}
	p, ok := v.selected()
	if !ok {
		return nil, false
	}
	return v.profileKey(m, p, msg)
}

// profileKey is a key that does something with the profile under the cursor.
func (v *profilesView) profileKey(m *Model, p Profile, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case key.Matches(msg, m.keys.Open) && p.Name == v.current:
		return nil, true
	case key.Matches(msg, m.keys.Open):
		return m.open(nav.Open{Kind: nav.Key, Profile: p.Name, Find: true}), true
	case key.Matches(msg, m.keys.ChangeKey):
		return m.open(nav.Open{Kind: nav.Key, Profile: p.Name}), true
	case key.Matches(msg, m.keys.MakeDefault) && !p.Default:
		return v.do("Making it the default", "", func(ctx context.Context) error { return v.accounts.Use(ctx, p.Name) }), false
	case key.Matches(msg, m.keys.Remove) && p.Name == v.current:
		v.trouble = "This profile is in use: switch to another one before removing it."
	case key.Matches(msg, m.keys.Remove):
		v.trouble = ""
		v.confirm = &component.Dialog{
			Title: "Remove?",
			Text: []string{
				"Remove the profile " + safe(p.Name) + "?",
				"Its stored key goes with it. Exports and files stay.",
			},
			Answers: []string{"Keep", "Remove"},
		}
	}
	return nil, false
}

func (v *profilesView) confirmKey(m *Model, msg tea.KeyPressMsg) tea.Cmd {
	answer, done := v.confirm.Update(m.keys, msg)
	if !done {
		return nil
	}
	v.confirm = nil
	p, ok := v.selected()
	if answer != 1 || !ok {
		return nil
	}
	return v.do("Removing "+safe(p.Name), "", func(ctx context.Context) error { return v.accounts.Remove(ctx, p.Name) })
}

func (v *profilesView) addKey(m *Model, msg tea.KeyPressMsg) tea.Cmd {
	if v.working != "" {
		if key.Matches(msg, m.keys.Back) { // nobody has to wait for the end
			v.gen++
			v.working, v.adding = "", nil
		}
		return nil
	}
	v.trouble = ""
	switch v.adding.update(m.keys, msg) {
	case addGivenUp:
		v.adding = nil
	case addAnswered:
		name, url := v.adding.name, v.adding.url
		return v.do("Adding "+name, name, func(ctx context.Context) error { return v.accounts.Add(ctx, name, url) })
	}
	return nil
}

func (v *profilesView) paste(msg tea.PasteMsg) {
	if v.adding != nil && v.working == "" {
		v.adding.form.Update(component.Pasted(msg))
	}
}

func (v *profilesView) wheel(msg tea.MouseWheelMsg) {
	switch msg.Button {
	case tea.MouseWheelUp:
		v.table.Select(v.table.Cursor() - wheelLines)
	case tea.MouseWheelDown:
		v.table.Select(v.table.Cursor() + wheelLines)
	}
}

// click chooses a profile; a double click switches to it.
func (v *profilesView) click(m *Model, x, y int, double bool) (tea.Cmd, bool) {
	switch {
	case v.confirm != nil:
		if v.confirm.Click(m.th, m.w, m.h-1, x, y) && double {
			return v.confirmKey(m, keymap.Press(m.keys.Open.Keys()[0])), false
		}
		return nil, false
	case v.adding != nil || v.working != "":
		return nil, false
	}
	i, ok := v.table.At(y - 1) // under the frame
	if !ok {
		return nil, false
	}
	v.table.Select(i)
	if !double {
		return nil, false
	}
	return v.update(m, keymap.Press(m.keys.Open.Keys()[0]))
}

// cells are one profile in the table.
func (v *profilesView) cells(m *Model, p Profile) []component.Cell {
	var marks []string
	if p.Name == v.current {
		marks = append(marks, "in use")
	}
	if p.Default {
		marks = append(marks, "default")
	}
	if n := m.jobsOf(p.Name, p.Name == v.current); n > 0 {
		marks = append(marks, component.Count(int64(n))+" running")
	}
	known := component.Cell{Text: safe(p.Key)}
	if known.Text == "" {
		known = component.Cell{Text: "not known yet", Tone: theme.Faint}
	}
	return []component.Cell{
		{Text: safe(p.Name), Tone: theme.Accent},
		{Text: strings.Join(marks, ", "), Tone: theme.Active},
		known,
		{Text: hostOf(p.APIURL), Tone: theme.Faint},
	}
}

// hostOf is what tells one API's address from another's. The line under the
// list has the whole of it.
func hostOf(apiURL string) string {
	if u, err := url.Parse(apiURL); err == nil && u.Host != "" {
		return safe(u.Host)
	}
	return safe(apiURL)
}

// jobsOf is how many jobs of a profile run.
func (m *Model) jobsOf(profile string, current bool) int {
	n := 0
	for _, s := range m.sessions {
		if s.demo || (s.asked != profile && s.Profile != profile && (!current || s != m.cur)) {
			continue
		}
		for _, j := range s.jobs.List {
			if !j.Step.Over() {
				n++
			}
		}
	}
	return n
}

func (v *profilesView) view(m *Model, w, h int) string {
	inner := min(w-6, 96)
	switch {
	case v.confirm != nil:
		return v.confirm.View(m.th, w, h)
	case v.adding != nil:
		return component.Box(m.th, "New profile", append(v.adding.view(inner, h-5), v.notes(m, inner)...), inner, h)
	}
	notes := v.notes(m, inner)
	if len(v.list) == 0 {
		none := "There are no profiles yet: " + m.keys.Add.Help().Key + " adds one."
		if len(notes) > 0 { // nobody knows
			return component.Box(m.th, "Profiles", notes[1:], inner, h)
		}
		return component.Box(m.th, "Profiles", []string{m.th.Muted.Render(none)}, inner, h)
	}
	v.table.SetSize(inner, max(2, min(len(v.list)+1, h-2-len(notes))))
	return component.Box(m.th, "Profiles", append(strings.Split(v.table.View(m.th), "\n"), notes...), inner, h)
}

// notes are what is to be said under the list.
func (v *profilesView) notes(m *Model, w int) []string {
	switch {
	case v.working != "":
		return []string{"", m.th.Muted.Render(v.working + m.th.Glyphs.Ellipsis)}
	case v.trouble != "":
		return append([]string{""}, component.Notice(m.th, theme.Bad, v.trouble, w)...)
	}
	if p, ok := v.selected(); ok && v.adding == nil && p.APIURL != "" {
		return append([]string{""}, component.Labelled(m.th, "API", safe(p.APIURL), m.th.Muted, 5, w)...)
	}
	return nil
}

func (v *profilesView) keys(k *keymap.Map) []keymap.Group {
	group := func(b ...key.Binding) []keymap.Group { return []keymap.Group{{Name: "Profiles", Bindings: b}} }
	switch {
	case v.confirm != nil:
		return group(k.Left, k.Right, keymap.Named(k.Open, "choose"), keymap.Named(k.Back, "keep it"))
	case v.adding != nil:
		return group(keymap.Named(k.Next, v.adding.does()), keymap.Named(k.Back, "back"))
	}
	b := []key.Binding{}
	if p, ok := v.selected(); ok {
		if p.Name != v.current {
			b = append(b, keymap.Named(k.Open, "switch to it"))
		}
		b = append(b, k.Add, k.ChangeKey)
		if !p.Default {
			b = append(b, k.MakeDefault)
		}
		if p.Name != v.current {
			b = append(b, k.Remove)
		}
	} else if v.known() {
		b = append(b, k.Add)
	}
	return group(append(b, keymap.Named(k.Back, "close"))...)
}

// safe is text of others as it may be shown, on one line.
func safe(s string) string { return strings.Join(strings.Fields(text.Untrusted(s).Safe()), " ") }
