package tui

import (
	"reflect"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
)

// replies tells what a person types from what the terminal answers, where an
// answer comes in pieces. On a slow line the reader gives up on the first
// piece, and takes the rest for keys: they are dropped here, so that they are
// never text. If that first piece is the ESC alone, the reader makes it the key
// esc; so for as long as answers may come an esc waits a moment for what
// follows it.
type replies struct {
	due   time.Time // until then answers may come
	color bool      // the terminal has not told its colour yet
	esc   *tea.KeyPressMsg
	gen   int       // of the esc that waits
	kind  byte      // of the answer that came in part: ']' OSC, '[' CSI, '\\' the end of an OSC; 0: none
	till  time.Time // when the rest of it is no longer awaited
	left  int       // how many more keys the rest can be
}

const (
	replyTime = 5 * time.Second        // no answer comes later than that
	afterTime = 200 * time.Millisecond // nor than that after the colour, which is asked for last
	escTime   = 500 * time.Millisecond // how long an esc waits
	tornTime  = 2 * time.Second
	tornKeys  = 40
)

// escMsg says that the esc of that generation has waited long enough.
type escMsg int

// ask notes that the terminal is asked for its colour now.
func (r *replies) ask(now time.Time) { r.due, r.color = now.Add(replyTime), true }

// answered notes that the terminal told its colour.
func (r *replies) answered(now time.Time) {
	r.color = false
	if end := now.Add(afterTime); end.Before(r.due) {
		r.due = end
	}
}

// begin hears an event that the reader could not read. It has no type outside
// the library that has a name here, hence the reflection.
func (r *replies) begin(msg tea.Msg, now time.Time) {
	v := reflect.ValueOf(msg)
	if !v.IsValid() || v.Kind() != reflect.String || v.Type().Name() != "UnknownEvent" {
		return
	}
	switch s := v.String(); {
	case strings.HasPrefix(s, "\x1b]") && !strings.HasSuffix(s, "\a"), strings.HasPrefix(s, "\x1b[?"):
		r.await(s[1], now)
	}
}

func (r *replies) await(kind byte, now time.Time) {
	r.kind, r.till, r.left = kind, now.Add(tornTime), tornKeys
}

// introducer is the kind of the answer that a key after an esc begins, or 0.
func introducer(key string) byte {
	switch key {
	case "]", "[":
		return key[0]
	}
	return 0
}

// drops reports whether a key is part of the answer that is awaited.
func (r *replies) drops(key string, now time.Time) bool {
	if r.kind == 0 || r.left == 0 || now.After(r.till) {
		r.kind = 0
		return r.begins(key, now) || r.ends(key, now)
	}
	r.left--
	kind := r.kind
	ends := map[byte][]string{']': {"ctrl+g", "alt+\\"}, '[': {"c", "y", "u", "n", "R"}, '\\': {"\\"}}
	if slices.Contains(ends[kind], key) {
		r.kind = 0
		return true
	}
	if key == "esc" && kind == ']' {
		r.kind = '\\'
		return true
	}
	inside := map[byte]string{']': "0123456789abcdefABCDEFrg:;/", '[': "?0123456789;$"}[kind]
	if len(key) == 1 && strings.Contains(inside, key) {
		return true
	}
	r.kind = 0
	return false
}

// begins reports whether a key is the first two bytes of an answer, which the
// reader takes for alt and a sign.
func (r *replies) begins(key string, now time.Time) bool {
	after, alt := strings.CutPrefix(key, "alt+")
	kind := introducer(after)
	if kind == 0 || !alt || now.After(r.due) {
		return false
	}
	r.await(kind, now)
	return true
}

// ends reports whether a key is the last byte of an OSC. One that lacks only
// this byte is no event at all: the reader leaves it out.
func (r *replies) ends(key string, now time.Time) bool {
	if key != "\\" || !r.color || now.After(r.due) {
		return false
	}
	r.color = false
	return true
}

// typed sends a key where it belongs, unless it is part of an answer.
func (m *Model) typed(msg tea.KeyPressMsg) tea.Cmd {
	r, now := &m.replies, m.d.Now()
	if esc := r.esc; esc != nil {
		r.esc = nil
		if kind := introducer(msg.Text); kind != 0 {
			r.await(kind, now)
			return nil
		}
		return tea.Batch(m.press(*esc), m.typed(msg))
	}
	switch {
	case r.drops(msg.String(), now):
		return nil
	case msg.String() == "esc" && now.Before(r.due):
		r.esc = &msg
		r.gen++
		gen := r.gen
		return after(m.ctx, escTime, func() tea.Msg { return escMsg(gen) })
	}
	return m.press(msg)
}

// escWaited lets an esc be a key after all.
func (m *Model) escWaited(gen int) tea.Cmd {
	esc := m.replies.esc
	if esc == nil || gen != m.replies.gen {
		return nil
	}
	m.replies.esc = nil
	return m.press(*esc)
}
