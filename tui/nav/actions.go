package nav

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui/keymap"
)

// Send makes a message a Cmd.
func Send(msg tea.Msg) tea.Cmd { return func() tea.Msg { return msg } }

// Action is a binding that works now, and what it does.
type Action struct {
	Group string // of the help
	Bind  key.Binding
	Do    func() tea.Cmd
}

// Actions are what can be done on a screen now: its keys, its footer and its
// help are made from them.
type Actions []Action

// Add puts an action behind the others.
func (a *Actions) Add(group string, b key.Binding, do func() tea.Cmd) {
	*a = append(*a, Action{group, b, do})
}

// Press does what a key does; ok is false if it does nothing.
func (a Actions) Press(msg tea.KeyPressMsg) (cmd tea.Cmd, ok bool) {
	for _, x := range a {
		if key.Matches(msg, x.Bind) {
			return x.Do(), true
		}
	}
	return nil, false
}

// Groups are the bindings under their headings, in the order of the actions.
func (a Actions) Groups() []keymap.Group {
	var groups []keymap.Group
	at := map[string]int{}
	for _, x := range a {
		i, ok := at[x.Group]
		if !ok {
			i = len(groups)
			at[x.Group] = i
			groups = append(groups, keymap.Group{Name: x.Group})
		}
		groups[i].Bindings = append(groups[i].Bindings, x.Bind)
	}
	return groups
}

// LocalFile is what this machine has of an export's file. The zero value is
// nothing.
type LocalFile struct {
	Path  string
	Of    client.Export
	Whole bool // all of it is here, and not a part
}

// Actions are what can be done with the file.
func (f LocalFile) Actions(group string, k *keymap.Map) Actions {
	var a Actions
	if f.Path == "" {
		return nil
	}
	del := k.Delete
	if f.Whole {
		a.Add(group, k.Inspect, func() tea.Cmd { return Send(Open{Kind: Inspect, File: f.Path, Of: &f.Of}) })
		a.Add(group, k.Verify, func() tea.Cmd { return Send(Check{File: f.Path, Expect: Expected(f.Of)}) })
	} else {
		del = keymap.Named(del, "delete the part")
	}
	a.Add(group, k.OpenFolder, func() tea.Cmd { return Send(Folder{File: f.Path}) })
	a.Add(group, del, func() tea.Cmd { return Send(Delete{File: f.Path, Part: !f.Whole}) })
	return a
}
