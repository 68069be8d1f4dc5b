package keymap

import (
	"reflect"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
)

// Action is one of the things that the console can do.
type Action struct {
	Name    string // as the settings file has it: "copy_path"
	Binding key.Binding
	Where   string // where it works, in words: "while a file is received"
}

// Actions are those of all fields, in their order.
func (m *Map) Actions() []Action {
	v := reflect.ValueOf(m).Elem()
	about := traits()
	all := make([]Action, v.NumField())
	for i := range all {
		name := snake(v.Type().Field(i).Name)
		all[i] = Action{name, v.Field(i).Interface().(key.Binding), about[name].where}
	}
	return all
}

// NameOf is the name of the action that a binding is of, "" if it is of none. A
// screen may have given the binding other words, and several actions have the
// same key, so that it is known by the slice of its keys, which copies share.
func (m *Map) NameOf(b key.Binding) string {
	keys := b.Keys()
	if len(keys) == 0 {
		return ""
	}
	for _, a := range m.Actions() {
		if own := a.Binding.Keys(); len(own) > 0 && &own[0] == &keys[0] {
			return a.Name
		}
	}
	return ""
}

// snake is a field's name in lower case, its words parted by underscores.
func snake(name string) string {
	var b strings.Builder
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			b.WriteByte('_')
		}
		lower = unicode.IsLower(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// place is a set of the places where an action may work.
type place uint

const (
	onExports place = 1 << iota
	onExport
	onTransfer
	onTransfers
	onForm
	onKey
	onInspect
	onSessions
	inProfiles
	inDialog
	inText // a help, a log, a palette

	onScreens = onExports | onExport | onTransfer | onTransfers | onForm | onKey | onInspect | onSessions
	anywhere  = onScreens | inProfiles | inDialog | inText
	withFile  = onExports | onExport | onTransfer
)

// trait is what else is known of an action.
type trait struct {
	at place
	// typed says that it works while text is typed, too: a character cannot be its key.
	typed bool
	where string
}

// traits are those of all actions, by name.
func traits() map[string]trait {
	everywhere := "on every screen, but not while text is typed"
	return map[string]trait{
		"up": {anywhere, false, "in lists and long texts"}, "down": {anywhere, false, "in lists and long texts"},
		"page_up": {anywhere, false, "in lists and long texts"}, "page_down": {anywhere, false, "in lists and long texts"},
		"top": {anywhere, false, "in lists and long texts"}, "bottom": {anywhere, false, "in lists and long texts"},
		"left": {onInspect | inDialog, false, "in dialogs, tabs and charts"}, "right": {onInspect | inDialog, false, "in dialogs, tabs and charts"},

		"open": {anywhere, true, "on a line of a list"}, "back": {anywhere, true, "where there is a way back"},
		"next_field": {anywhere, true, "in forms, and beside a pane"}, "prev_field": {anywhere, true, "in forms"},

		"filter": {onExports | onInspect | inText, false, "in a list that has lines"}, "sort": {onExports | onInspect, false, "in a list of more than one line"},
		"refresh": {onScreens, false, "on Exports, and where something can be tried again"},

		"new": {onExports | onTransfers, false, "on Exports and Transfers"}, "again": {withFile, false, "on an export"},
		"shorter": {onExport, false, "on an export that was too large"}, "fewer": {onExport, false, "on an export that was too large"},
		"watch": {onForm, false, "in the form, while another export runs"}, "start": {onForm, true, "in the form's summary"},
		"download": {withFile, false, "on an export whose file can be fetched"},

		"inspect": {withFile, false, "on an export whose file is here"}, "verify": {withFile, false, "on an export whose file is here"},
		"open_folder": {withFile, false, "on an export whose file is on this machine"}, "delete": {withFile, false, "on an export whose file is here"},

		"pause": {onTransfer | onTransfers, false, "while a file is received"}, "stop": {withFile | onTransfers, false, "while a job runs"},

		"copy_path": {withFile | onInspect, false, "where a file has a path"}, "copy_shell": {withFile | onForm | onInspect, false, "on an export, and in the form's summary"},
		"copy_id": {withFile | onInspect | onSessions, false, "on an export that has an id"},

		"add": {inProfiles, false, "in the profiles"}, "remove": {inProfiles, false, "in the profiles, on one that is not in use"},
		"make_default": {inProfiles, false, "in the profiles, on one that is not the default"},
		"change_key":   {inProfiles | onExports, false, "in the profiles, and where a key was refused"},
		"clear_field":  {onKey, true, "where a key is typed"},

		"next": {onForm | onKey | inProfiles, true, "in a form"}, "toggle": {onForm, false, "where several answers can be chosen"},
		"all": {onForm, true, "where several answers can be chosen"},

		"palette": {onScreens, false, "on every screen"}, "transfers": {onScreens, false, everywhere},
		"profiles": {onScreens, false, everywhere}, "sessions": {onScreens, false, "in a console that is served over SSH"}, "log": {onScreens, false, everywhere}, "mouse": {onScreens, false, everywhere},
		"help": {onScreens, false, everywhere}, "quit": {onScreens, false, everywhere},
		"interrupt": {anywhere, true, "everywhere"}, "suspend": {anywhere, true, "in a terminal of this machine that can do it"},
	}
}
