package apikey

import (
	"context"
	"errors"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// noticeMsg says what the finding waits for; next waits for another one.
type noticeMsg struct {
	to   *Model
	gen  int
	text string
	next tea.Cmd
}

// openMsg is the end of finding, keeping, or entering the demo.
type openMsg struct {
	to   *Model
	gen  int
	open tea.Msg // what the root is told
	err  error
}

// checkedMsg is what the API says of a key, and where it could be kept.
type checkedMsg struct {
	to      *Model
	gen     int
	project client.Project
	places  []Place
	err     error
}

// begin ends what was begun before, and is the context of the new work.
func (m *Model) begin(s stage) (context.Context, int) {
	m.halt()
	m.stage, m.notice = s, ""
	ctx, cancel := context.WithCancel(m.d.Ctx)
	m.cancel = cancel
	return ctx, m.gen
}

// halt ends the work; what it still answers is dropped.
func (m *Model) halt() {
	if m.cancel != nil {
		m.cancel()
		m.cancel = nil
	}
	m.gen++
}

// find looks for a stored key.
func (m *Model) find() tea.Cmd {
	ctx, gen := m.begin(finding)
	m.unfound = false
	accounts := m.d.Accounts
	heard := make(chan string, 8)
	notice := func(s string) {
		select {
		case heard <- s:
		default: // nobody reads that fast
		}
	}
	find := func() tea.Msg {
		open, err := accounts.Find(ctx, notice)
		return openMsg{m, gen, open, err}
	}
	var listen tea.Cmd
	listen = func() tea.Msg {
		select {
		case s := <-heard:
			return noticeMsg{m, gen, s, listen}
		case <-ctx.Done():
			return nil
		}
	}
	return tea.Batch(find, listen)
}

func (m *Model) noticed(msg noticeMsg) tea.Cmd {
	if msg.to != m || msg.gen != m.gen {
		return nil
	}
	m.notice = safe(msg.text)
	return msg.next
}

// check asks the API about a key, and this machine for places to keep it.
func (m *Model) check(k client.Key) tea.Cmd {
	ctx, gen := m.begin(checking)
	m.key, m.note = k, note{}
	accounts := m.d.Accounts
	return func() tea.Msg {
		p, err := accounts.Check(ctx, k)
		if err != nil {
			return checkedMsg{to: m, gen: gen, err: err}
		}
		return checkedMsg{m, gen, p, accounts.Places(ctx), nil}
	}
}

func (m *Model) checked(msg checkedMsg) {
	if msg.to != m || msg.gen != m.gen {
		return
	}
	m.halt()
	switch {
	case errors.Is(msg.err, client.ErrUnauthorized):
		m.ask(note{theme.Bad, "The API refused this key: it is mistyped, was deleted, or belongs to another address. Paste it again, or make a new one."})
	case errors.Is(msg.err, client.ErrForbiddenPlan), errors.Is(msg.err, client.ErrForbiddenRole):
		m.ask(m.words(msg.err))
	case msg.err != nil:
		// The key may be right: it can be tried again without pasting it.
		k := m.key
		m.ask(m.words(msg.err))
		m.key, m.way = k, 1
	default:
		m.project, m.places, m.place = msg.project, offered(msg.places), 0
		m.stage, m.note = choosing, note{}
	}
}

// offered are the places in the order of the list: those that can be used, the
// session, and those that cannot.
func offered(places []Place) []Place {
	session := Place{Name: "this session only", What: "It is forgotten when the program ends."}
	var good, bad []Place
	for _, p := range places {
		switch {
		case p.ID == "":
			session = p
		case p.Unavailable == "":
			good = append(good, p)
		default:
			bad = append(bad, p)
		}
	}
	session.Unavailable = ""
	return append(append(good, session), bad...)
}

// usable is how many of the places can be chosen; they are the first.
func (m *Model) usable() int {
	n := 0
	for _, p := range m.places {
		if p.Unavailable == "" {
			n++
		}
	}
	return n
}

// keep brings the key to the place under the cursor.
func (m *Model) keep() tea.Cmd {
	ctx, gen := m.begin(keeping)
	m.note = note{}
	accounts, place, k := m.d.Accounts, m.places[m.place], m.key
	return func() tea.Msg {
		open, err := accounts.Keep(ctx, place, k)
		return openMsg{m, gen, open, err}
	}
}

// demo opens the sandbox.
func (m *Model) demo() tea.Cmd {
	m.wipe()
	ctx, gen := m.begin(entering)
	m.note = note{}
	accounts := m.d.Accounts
	return func() tea.Msg {
		open, err := accounts.Demo(ctx)
		return openMsg{m, gen, open, err}
	}
}

func (m *Model) opened(msg openMsg) tea.Cmd {
	if msg.to != m || msg.gen != m.gen {
		return nil
	}
	m.halt()
	if msg.err == nil {
		m.wipe()
		m.key = client.Key{}
		return func() tea.Msg { return msg.open }
	}
	switch m.stage {
	case keeping:
		m.stage, m.note = choosing, m.words(msg.err)
	case finding:
		m.lookedInVain(msg.err)
	default:
		m.ask(m.words(msg.err))
	}
	return nil
}

// lookedInVain asks for a key. That there is none is no fault; anything else
// may go away when it is tried again.
func (m *Model) lookedInVain(err error) {
	if m.d.NoKey(err) {
		what, _ := m.d.Message(err)
		m.ask(note{theme.Accent, safe(what)})
		return
	}
	m.ask(m.words(err))
	m.unfound = true
	m.way = 1
}

// ask goes back to the field.
func (m *Model) ask(n note) {
	m.wipe()
	m.key = client.Key{}
	m.stage, m.way, m.note, m.unfound = asking, 0, n, false
}

// words is an error as a person reads it.
func (m *Model) words(err error) note {
	what, do := m.d.Message(err)
	return note{theme.Bad, strings.TrimSpace(safe(what) + " " + safe(do))}
}
