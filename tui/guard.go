package tui

import (
	"fmt"
	"reflect"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// crash is a panic that was caught.
type crash struct {
	where string
	value any
	stack []byte
}

// Error is the panic's value, safe to show.
func (c crash) Error() string { return text.Untrusted(fmt.Sprint(c.value)).Safe() }

// guard makes a Cmd that turns a panic into a message. Bubble Tea would end
// the program; here one screen loses one answer.
func guard(cmd tea.Cmd) tea.Cmd {
	return through(cmd, func(msg tea.Msg) tea.Msg { return msg })
}

// through makes a Cmd whose messages go through f, those of the Cmds inside a
// tea.Batch or tea.Sequence too, and whose panics become messages.
func through(cmd tea.Cmd, f func(tea.Msg) tea.Msg) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if v := recover(); v != nil {
				msg = crash{where: "the background", value: v, stack: debug.Stack()}
			}
		}()
		msg = cmd()
		// The type of a sequence has no name outside Bubble Tea, hence the reflection.
		v := reflect.ValueOf(msg)
		if !v.IsValid() || v.Kind() != reflect.Slice || v.Type().Elem() != reflect.TypeFor[tea.Cmd]() {
			return f(msg)
		}
		for i := range v.Len() {
			if inner, ok := v.Index(i).Interface().(tea.Cmd); ok && inner != nil {
				v.Index(i).Set(reflect.ValueOf(through(inner, f)))
			}
		}
		return msg
	}
}

// crashed tells of a panic in a Cmd.
func (m *Model) crashed(c crash) tea.Cmd {
	m.d.Log.Error("panic", "in", c.where, "value", c.Error(), "stack", string(c.stack))
	return m.toast(nav.Failure, "A fault in "+c.where+": "+c.Error()+". Nothing is lost; please report it.")
}

// try runs a part of a page. If it panics the page is broken from then on: it
// draws what happened, and can be left or opened anew.
func (m *Model) try(p *page, f func()) {
	defer func() {
		if v := recover(); v != nil {
			c := crash{where: "this screen", value: v, stack: debug.Stack()}
			p.broken = c.Error()
			m.d.Log.Error("panic", "in", c.where, "value", c.Error(), "stack", string(c.stack))
			m.notices.add(m.d.Now(), nav.Failure, "A fault in "+c.where+": "+c.Error())
		}
	}()
	f()
}
