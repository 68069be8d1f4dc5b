// Package keymap holds every binding of the console. Help is made from these,
// so it cannot lie.
package keymap

import "charm.land/bubbles/v2/key"

// Group is a heading and its bindings, in the order of the help.
type Group struct {
	Name     string
	Bindings []key.Binding
}
