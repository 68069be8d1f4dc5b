// Package apikey is the screen that comes to an API key: it looks for a stored
// one, or takes one that is pasted, has the API check it, and asks where to
// keep it.
//
// A key that is typed is in the field of this screen and nowhere else, and only
// until it is used: no view, message, notice or log line has it. What is shown
// of it is how many characters it has.
package apikey

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// Place is somewhere to keep a key.
type Place struct {
	ID   string // for Keep
	Name string // "keyring of this session"
	What string // what keeping it there means, one sentence
	// Why it cannot be used here, one sentence; "" if it can.
	Unavailable string
}

// Accounts is what the screen needs of the accounts, for one profile. The
// methods may block, and end with their ctx. A message that they give says to
// the root model that an account is open.
type Accounts interface {
	// Find opens the profile with the key that is stored for it. notice is told
	// what is waited for, from another goroutine.
	Find(ctx context.Context, notice func(string)) (tea.Msg, error)
	Demo(ctx context.Context) (tea.Msg, error)
	Check(ctx context.Context, key client.Key) (client.Project, error)
	Places(ctx context.Context) []Place
	Keep(ctx context.Context, place Place, key client.Key) (tea.Msg, error)
}

// Deps of the screen. All are required but Profile.
type Deps struct {
	Ctx      context.Context // of its Cmds; ends with the screen
	Accounts Accounts
	Theme    *theme.Theme
	Keys     *keymap.Map
	Now      func() time.Time
	// Message is what a person reads of an error: what happened, what to do.
	Message func(error) (what, do string)
	// NoKey reports whether an error of Find says that there is none to be had.
	NoKey func(error) bool
	// Profile is the name of the profile that the key is for; "" is not shown.
	Profile string
}

// stage is what the screen does.
type stage int

const (
	finding  stage = iota // a stored key is looked for
	asking                // a key can be typed
	checking              // the API is asked about it
	choosing              // where to keep it
	keeping               // it is brought there
	entering              // the demo is opened
)

// maxTyped is the longest key that the field takes, in bytes. Keys are far
// shorter; what is longer was not meant for this field.
const maxTyped = 4096

// Model is the screen. It implements [nav.TextScreen], [nav.Leaver] and
// [nav.Waiter].
type Model struct {
	d     Deps
	w, h  int
	frame int

	stage  stage
	gen    int // of the work that was begun last
	cancel context.CancelFunc
	notice string // what the finding waits for

	note note
	// typed never grows beyond its capacity, so that no copy of it is left behind.
	typed   []byte
	way     int  // the line under the cursor while asking
	unfound bool // the key was looked for, and that went wrong

	key     client.Key // typed and not refused; until it is kept or given up
	project client.Project
	places  []Place
	place   int // the one under the cursor
	clickAt time.Time
}

// note is what happened, above everything else.
type note struct {
	tone theme.Tone
	text string // safe; "" is none
}

// New makes the screen. With find it looks for a stored key first; why, if not
// empty, says why a key is asked for.
func New(d Deps, find bool, why string) *Model {
	m := &Model{d: d, stage: asking, typed: make([]byte, 0, maxTyped)}
	if find {
		m.stage = finding
	}
	if why != "" {
		m.note = note{theme.Caution, why}
	}
	return m
}

// Init looks for the key, if that was asked for.
func (m *Model) Init() tea.Cmd {
	if m.stage == finding {
		return m.find()
	}
	return nil
}

// Title is the screen's name.
func (m *Model) Title() string { return "Key" }

// SetSize gives the screen w×h cells.
func (m *Model) SetSize(w, h int) { m.w, m.h = w, h }

// Waiting reports whether a spinner is on the screen.
func (m *Model) Waiting() bool { return m.stage != asking && m.stage != choosing }

// Typing reports whether the field takes text.
func (m *Model) Typing() bool { return m.stage == asking && m.way == 0 }

// HoldsEsc reports whether esc ends something on this screen.
func (m *Model) HoldsEsc() bool { return m.stage != asking || len(m.typed) > 0 }

// Update takes keys, pasted text, the time, and the answers to what was begun.
func (m *Model) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case nav.Tick:
		m.frame = msg.Frame
	case noticeMsg:
		return m.noticed(msg)
	case openMsg:
		return m.opened(msg)
	case checkedMsg:
		m.checked(msg)
	case tea.PasteMsg:
		if m.stage == asking {
			m.way = 0
			m.add(msg.Content)
		}
	case tea.KeyPressMsg:
		return m.press(msg)
	case tea.MouseClickMsg:
		return m.click(msg)
	case tea.MouseWheelMsg:
		m.wheel(msg)
	}
	return nil
}

// add appends to the field.
func (m *Model) add(s string) {
	if len(m.typed)+len(s) > maxTyped {
		m.wipe()
		m.note = note{theme.Bad, "That was no key: it is far too long. The field is empty again."}
		return
	}
	m.typed = append(m.typed, s...)
	m.note = note{}
}

// wipe empties the field and what was behind it.
func (m *Model) wipe() {
	clear(m.typed[:cap(m.typed)])
	m.typed = m.typed[:0]
}

// take empties the field into a key. wrong says why it cannot be one.
func (m *Model) take() (k client.Key, wrong string) {
	defer m.wipe()
	s := trimmed(m.typed)
	switch {
	case s == "":
		return client.Key{}, "Paste the key first."
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }):
		return client.Key{}, "That cannot be a key: a key has no blanks and no accents. Copy it again, and nothing else."
	}
	return client.NewKey(s), ""
}

// trimmed is what was typed without what people copy along with a key.
func trimmed(typed []byte) string {
	s := strings.TrimSpace(string(typed))
	if word, rest, ok := strings.Cut(s, " "); ok && strings.EqualFold(word, "Bearer") {
		return strings.TrimSpace(rest)
	}
	return s
}

// safe is text of others as it may be shown, on one line.
func safe(s string) string { return strings.Join(strings.Fields(text.Untrusted(s).Safe()), " ") }

var (
	_ nav.TextScreen = (*Model)(nil)
	_ nav.Leaver     = (*Model)(nil)
	_ nav.Waiter     = (*Model)(nil)
)
