package tui

import (
	"reflect"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// torn is an answer of the terminal that came in pieces. On a slow line the
// reader gives up on the first piece, and takes the rest for keys: they are
// dropped here, so that they are never text.
type torn struct {
	kind  byte // ']' for an OSC, '[' for a CSI; 0: nothing is awaited
	until time.Time
	left  int // how many more keys the rest can be
}

const (
	tornTime = 2 * time.Second
	tornKeys = 40
)

// begin hears an event that the reader could not read. It has no type outside
// the library that has a name here, hence the reflection.
func (t *torn) begin(msg tea.Msg, now time.Time) {
	v := reflect.ValueOf(msg)
	if !v.IsValid() || v.Kind() != reflect.String || v.Type().Name() != "UnknownEvent" {
		return
	}
	switch s := v.String(); {
	case strings.HasPrefix(s, "\x1b]") && !strings.HasSuffix(s, "\a"), strings.HasPrefix(s, "\x1b[?"):
		*t = torn{s[1], now.Add(tornTime), tornKeys}
	}
}

// drops reports whether a key is part of the answer that is awaited.
func (t *torn) drops(msg tea.KeyPressMsg, now time.Time) bool {
	if t.kind == 0 || t.left == 0 || now.After(t.until) {
		t.kind = 0
		return false
	}
	t.left--
	s := msg.String()
	ends := map[byte][]string{']': {"ctrl+g", "alt+\\"}, '[': {"c", "y", "u", "n", "R"}}
	for _, end := range ends[t.kind] {
		if s == end {
			t.kind = 0
			return true
		}
	}
	inside := map[byte]string{']': "0123456789abcdefABCDEFrg:;/", '[': "0123456789;$"}[t.kind]
	if len(s) == 1 && strings.Contains(inside, s) {
		return true
	}
	t.kind = 0
	return false
}
