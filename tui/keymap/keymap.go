// Package keymap holds every binding of the console. Help, footer and palette
// are made from these, so they cannot lie.
//
// Nothing needs a key that some keyboards lack: arrows, enter and esc always
// suffice to move, and every letter is a plain one. A settings file may give
// an action other keys, see [Parse].
package keymap

import "charm.land/bubbles/v2/key"

// Group is a heading and its bindings, in the order of the help.
type Group struct {
	Name     string
	Bindings []key.Binding
}

// Map is every binding. A screen offers those that work now, and matches keys
// against the same fields. The name of a field is that of its action, see
// [Map.Actions].
type Map struct {
	// Moving.
	Up, Down, PageUp, PageDown, Top, Bottom, Left, Right key.Binding
	// Ways through the program.
	Open, Back, NextField, PrevField key.Binding
	// Lists.
	Filter, Sort, Refresh key.Binding
	// Exports.
	New, Again, Shorter, Fewer, Watch, Start, Download key.Binding
	// Files. Delete is what Stop's key does to a file.
	Inspect, Verify, OpenFolder, Delete key.Binding
	// Transfers. Pause also resumes.
	Pause, Stop key.Binding
	// Copying.
	CopyPath, CopyShell, CopyID key.Binding
	// Profiles and their keys.
	Add, Remove, MakeDefault, ChangeKey, ClearField key.Binding
	// Forms.
	Next, Toggle, All key.Binding
	// Everywhere.
	Palette, Transfers, Profiles, Sessions, Log, Mouse, Help, Quit, Interrupt, Suspend key.Binding
}

// Default is the map as it comes. With ascii the help names keys in ASCII.
func Default(ascii bool) *Map {
	does := func(words string, keys ...string) key.Binding { return bind(ascii, words, keys...) }
	return &Map{
		Up:       does("up", "up", "k"),
		Down:     does("down", "down", "j"),
		PageUp:   does("page up", "pgup"),
		PageDown: does("page down", "pgdown"),
		Top:      does("first", "g", "home"),
		Bottom:   does("last", "G", "end"),
		Left:     does("left", "left"),
		Right:    does("right", "right"),

		Open:      does("open", "enter"),
		Back:      does("back", "esc"),
		NextField: does("next", "tab"),
		PrevField: does("previous", "shift+tab"),

		Filter:  does("filter", "/"),
		Sort:    does("sort", "s"),
		Refresh: does("refresh", "R"),

		New:      does("new export", "n"),
		Again:    does("run again", "r"),
		Shorter:  does("shorter range", "s"),
		Fewer:    does("fewer types", "f"),
		Watch:    does("watch the running one", "w"),
		Start:    does("start", "enter"),
		Download: does("download", "d"),

		Inspect:    does("inspect", "i"),
		Verify:     does("verify", "v"),
		OpenFolder: does("open the folder", "o"),
		Delete:     does("delete the file", "x"),

		Pause: does("pause", "space"),
		Stop:  does("stop", "x"),

		CopyPath:  does("copy path", "y"),
		CopyShell: does("copy shell command", "Y"),
		CopyID:    does("copy id", "c"),

		Next:   does("next", "enter"),
		Toggle: does("choose", "space", "x"),
		All:    does("all or none", "ctrl+a"),

		Add:         does("add", "a"),
		Remove:      does("remove", "x"),
		MakeDefault: does("make it the default", "u"),
		ChangeKey:   does("change the key", "K"),
		ClearField:  does("clear", "ctrl+u"),

		Palette:   does("all actions", ":", "ctrl+p"),
		Transfers: does("transfers", "t"),
		Profiles:  does("profiles", "p"),
		Sessions:  does("sessions", "S"),
		Log:       does("messages", "L"),
		Mouse:     does("mouse on or off", "m"),
		Help:      does("help", "?"),
		Quit:      does("quit", "q"),
		Interrupt: does("quit at once, parts are kept", "ctrl+c"),
		Suspend:   does("suspend", "ctrl+z"),
	}
}

// bind makes a binding of keys, of which the help shows the first.
func bind(ascii bool, does string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(sign(keys[0], ascii), does))
}

// sign is how the help names a key.
func sign(name string, ascii bool) string {
	switch name {
	case "pgdown":
		return "pgdn"
	case "up", "down", "left", "right":
		if !ascii {
			return map[string]string{"up": "↑", "down": "↓", "left": "←", "right": "→"}[name]
		}
	}
	return name
}

// Named is a binding whose help says something else on this screen.
func Named(b key.Binding, does string) key.Binding {
	b.SetHelp(b.Help().Key, does)
	return b
}

// UpDown is Up, named for both ways where room is short: "↑↓ move", "up/down move".
func (m *Map) UpDown() key.Binding {
	up, down := m.Up.Help().Key, m.Down.Help().Key
	part := "/"
	if up == "↑" && down == "↓" {
		part = ""
	}
	b := m.Up
	b.SetHelp(up+part+down, "move")
	return b
}

// Move names the group of bindings that only move. The footer shows it last.
const Move = "Move"

// Moving is the group of a list or a text that can be scrolled.
func (m *Map) Moving() Group {
	return Group{Move, []key.Binding{m.Up, m.Down, m.PageUp, m.PageDown, m.Top, m.Bottom}}
}
