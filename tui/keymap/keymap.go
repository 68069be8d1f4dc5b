// Package keymap holds every binding of the console. Help is made from these,
// so it cannot lie.
//
// Nothing needs a key that some keyboards lack: arrows, enter and esc always
// suffice to move, and every letter is a plain one.
package keymap

import "charm.land/bubbles/v2/key"

// Group is a heading and its bindings, in the order of the help.
type Group struct {
	Name     string
	Bindings []key.Binding
}

// Map is every binding. A screen offers those that work now, and matches keys
// against the same fields.
type Map struct {
	// Moving.
	Up, Down, PageUp, PageDown, Top, Bottom, Left, Right key.Binding
	// Ways through the program.
	Open, Back, NextField, PrevField key.Binding
	// Lists.
	Filter, Sort, Refresh key.Binding
	// Exports.
	New, Again, Shorter, Fewer, Watch, Start, Download key.Binding
	// Transfers. Pause also resumes.
	Pause, Stop key.Binding
	// Copying.
	CopyPath, CopyShell, CopyID key.Binding
	// Profiles and their keys.
	Add, Remove, MakeDefault, ChangeKey, ClearField key.Binding
	// Forms.
	Next, Toggle, All key.Binding
	// Everywhere.
	Transfers, Profiles, Log, Mouse, Help, Quit, Interrupt, Suspend key.Binding
}

// Default is the map as it comes. With ascii the help names keys in ASCII.
func Default(ascii bool) *Map {
	up, down, left, right := "↑", "↓", "←", "→"
	if ascii {
		up, down, left, right = "up", "down", "left", "right"
	}
	return &Map{
		Up:       bind(up, "up", "up", "k"),
		Down:     bind(down, "down", "down", "j"),
		PageUp:   bind("pgup", "page up", "pgup"),
		PageDown: bind("pgdn", "page down", "pgdown"),
		Top:      bind("g", "first", "g", "home"),
		Bottom:   bind("G", "last", "G", "end"),
		Left:     bind(left, "left", "left"),
		Right:    bind(right, "right", "right"),

		Open:      bind("enter", "open", "enter"),
		Back:      bind("esc", "back", "esc"),
		NextField: bind("tab", "next", "tab"),
		PrevField: bind("shift+tab", "previous", "shift+tab"),

		Filter:  bind("/", "filter", "/"),
		Sort:    bind("s", "sort", "s"),
		Refresh: bind("R", "refresh", "R"),

		New:      bind("n", "new export", "n"),
		Again:    bind("r", "run again", "r"),
		Shorter:  bind("s", "shorter range", "s"),
		Fewer:    bind("f", "fewer types", "f"),
		Watch:    bind("w", "watch the running one", "w"),
		Start:    bind("enter", "start", "enter"),
		Download: bind("d", "download", "d"),

		Pause: bind("space", "pause", "space"),
		Stop:  bind("x", "stop", "x"),

		CopyPath:  bind("y", "copy path", "y"),
		CopyShell: bind("Y", "copy shell command", "Y"),
		CopyID:    bind("c", "copy id", "c"),

		Next:   bind("enter", "next", "enter"),
		Toggle: bind("space", "choose", "space", "x"),
		All:    bind("ctrl+a", "all or none", "ctrl+a"),

		Add:         bind("a", "add", "a"),
		Remove:      bind("x", "remove", "x"),
		MakeDefault: bind("u", "make it the default", "u"),
		ChangeKey:   bind("K", "change the key", "K"),
		ClearField:  bind("ctrl+u", "clear", "ctrl+u"),

		Transfers: bind("t", "transfers", "t"),
		Profiles:  bind("p", "profiles", "p"),
		Log:       bind("L", "messages", "L"),
		Mouse:     bind("m", "mouse on or off", "m"),
		Help:      bind("?", "help", "?"),
		Quit:      bind("q", "quit", "q"),
		Interrupt: bind("ctrl+c", "quit at once, parts are kept", "ctrl+c"),
		Suspend:   bind("ctrl+z", "suspend", "ctrl+z"),
	}
}

// bind makes a binding: how the help names it, what it does, and its keys.
func bind(name, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))
}

// Named is a binding whose help says something else on this screen.
func Named(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// Move names the group of bindings that only move. The footer shows it last.
const Move = "Move"

// Moving is the group of a list or a text that can be scrolled.
func (m *Map) Moving() Group {
	return Group{Move, []key.Binding{m.Up, m.Down, m.PageUp, m.PageDown, m.Top, m.Bottom}}
}
