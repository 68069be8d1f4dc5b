package tui

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/export"
	"github.com/dashtray/dashtray-tui/tui/screen/exports"
	"github.com/dashtray/dashtray-tui/tui/screen/inspect"
	"github.com/dashtray/dashtray-tui/tui/screen/newexport"
	"github.com/dashtray/dashtray-tui/tui/screen/sessions"
	"github.com/dashtray/dashtray-tui/tui/screen/transfer"
)

// page is a screen on the stack and how it came there.
type page struct {
	open   nav.Open
	screen nav.Screen
	broken string // what the screen panicked with; "" while it works

	ctx  context.Context // of its Cmds; ends when the page leaves the stack
	stop context.CancelFunc
}

func (m *Model) newPage(o nav.Open) *page {
	p := &page{open: o}
	p.ctx, p.stop = context.WithCancel(m.ctx)
	m.try(p, func() { p.screen = m.makeScreen(p.ctx, o) })
	return p
}

// setStack replaces the stack, and ends what the dropped pages wait for.
func (m *Model) setStack(pages ...*page) {
	for _, p := range m.stack {
		if p.stop != nil && !slices.Contains(pages, p) {
			p.stop()
		}
	}
	m.stack = pages
}

func (m *Model) makeScreen(ctx context.Context, o nav.Open) nav.Screen {
	d, s := m.d, m.cur
	switch o.Kind {
	case nav.Key:
		return m.makeKey(ctx, o)
	case nav.NewExport:
		return m.makeNewExport(ctx, o)
	case nav.Export:
		return export.New(export.Deps{
			Jobs: s.Jobs, Theme: m.th, Keys: m.keys, Now: d.Now, Location: d.Location,
			ShellCommand: s.ShellCommand, Message: d.Message,
		}, o.Ref, o.Entry)
	case nav.Transfer, nav.Transfers:
		td := transfer.Deps{
			Jobs: s.Jobs, Theme: m.th, Keys: m.keys, Now: d.Now, Location: d.Location,
			ShellCommand: s.ShellCommand, Fetch: d.Fetch, Message: d.Message,
		}
		if o.Kind == nav.Transfers {
			return transfer.NewList(td)
		}
		return transfer.New(td, o.Ref)
	case nav.Inspect:
		of := inspect.Deps{
			Ctx: ctx, Reader: d.Files, Theme: m.th, Keys: m.keys, Now: d.Now, Location: d.Location,
			ShellCommand: d.InspectCommand, Message: d.Message,
		}
		if o.Of != nil {
			of.Expect = nav.Expected(*o.Of)
		}
		return inspect.New(of, o.File)
	case nav.Sessions:
		return sessions.New(sessions.Deps{
			Ctx: ctx, List: d.Sessions, Theme: m.th, Keys: m.keys, Now: d.Now, Message: d.Message,
		})
	default:
		return exports.New(exports.Deps{
			Ctx: ctx, Jobs: s.Jobs, Theme: m.th, Keys: m.keys, Now: d.Now, Location: d.Location,
			ShellCommand: s.ShellCommand, Message: d.Message, ChangeKey: d.Accounts != nil,
		})
	}
}

// makeNewExport completes folders only where the person sits at the machine
// that saves the files.
func (m *Model) makeNewExport(ctx context.Context, o nav.Open) nav.Screen {
	d := m.d
	nd := newexport.Deps{
		Ctx: ctx, Jobs: m.cur.Jobs, Theme: m.th, Keys: m.keys, Now: d.Now, Location: d.Location,
		ShellCommand: m.cur.ShellCommand, Message: d.Message, Memory: d.Answers, Running: m.cur.running,
	}
	if !d.Remote {
		nd.Folders = folders
		nd.Home = d.Home
	}
	return newexport.New(nd, o.Preset, o.At)
}

// initPage starts a page and tells it what the others know already.
func (m *Model) initPage(p *page) tea.Cmd {
	var first, second tea.Cmd
	m.size(p)
	m.try(p, func() {
		if p.screen != nil {
			first = p.screen.Init()
		}
	})
	if m.cur.jobs.Version > 0 {
		second = m.send(p, m.cur.jobs)
	}
	return tea.Batch(sign(p, first), second)
}

// signed is a wish of a page, or an answer that only it may take.
type signed struct {
	by   *page
	wish tea.Msg
}

// sign notes on the wishes in a page's answer whose they are: by the time they
// come another page may be on top.
func sign(p *page, cmd tea.Cmd) tea.Cmd {
	return through(cmd, func(msg tea.Msg) tea.Msg {
		switch msg.(type) {
		case nav.Open, nav.Back, nav.Listed, opened:
			return signed{p, msg}
		}
		return msg
	})
}

// grant does what a page wishes. A page that others lie upon is left or
// replaced where it lies, so that nothing is pulled from under a person's
// hands; the wishes of one that is gone are void.
func (m *Model) grant(s signed) tea.Cmd {
	at := slices.Index(m.stack, s.by)
	covered := at >= 0 && at < len(m.stack)-1
	switch wish := s.wish.(type) {
	case nav.Back:
		if at > 0 {
			m.setStack(slices.Delete(slices.Clone(m.stack), at, at+1)...)
		}
	case nav.Open:
		if at < 0 {
			return nil
		}
		if covered && wish.Replace && at > 0 {
			stack := slices.Clone(m.stack)
			stack[at] = m.newPage(wish)
			m.setStack(stack...)
			return m.initPage(stack[at])
		}
		return m.open(wish)
	case nav.Listed:
		if at >= 0 {
			return m.listed(s.by, wish)
		}
	case opened:
		if at >= 0 {
			return m.welcome(wish)
		}
	}
	return nil
}

func (m *Model) top() *page { return m.stack[len(m.stack)-1] }

// open pushes a screen, or goes back to it if it is on the stack already.
func (m *Model) open(o nav.Open) tea.Cmd {
	m.over = nil
	for i, p := range m.stack {
		if o.Kind != nav.Key && p.open.Kind == o.Kind && p.open.Ref == o.Ref && p.open.File == o.File && o.Preset == nil && o.Entry == nil && p.open.Entry == nil {
			m.setStack(m.stack[:i+1]...)
			return nil
		}
	}
	stack := slices.Clone(m.stack)
	// Two questions for a key never lie upon one another.
	if (o.Replace && len(stack) > 1) || (o.Kind == nav.Key && m.top().open.Kind == nav.Key) {
		stack = stack[:len(stack)-1]
	}
	p := m.newPage(o)
	m.setStack(append(stack, p)...)
	return m.initPage(p)
}

// back pops a screen. The first one stays.
func (m *Model) back() tea.Cmd {
	if len(m.stack) > 1 {
		m.setStack(m.stack[:len(m.stack)-1]...)
	}
	return nil
}

// reopen makes a broken screen anew.
func (m *Model) reopen() tea.Cmd {
	p := m.newPage(m.top().open)
	m.setStack(append(slices.Clone(m.stack[:len(m.stack)-1]), p)...)
	return m.initPage(p)
}

// send gives a message to one page.
func (m *Model) send(p *page, msg tea.Msg) (cmd tea.Cmd) {
	if p.broken != "" {
		return nil
	}
	m.try(p, func() { cmd = p.screen.Update(msg) })
	return sign(p, cmd)
}

// broadcast gives a message to all live screens.
func (m *Model) broadcast(msg tea.Msg) tea.Cmd {
	cmds := make([]tea.Cmd, 0, len(m.stack))
	for _, p := range m.stack {
		cmds = append(cmds, m.send(p, msg))
	}
	return tea.Batch(cmds...)
}

// size gives a page the body's size. While the terminal is too small a page
// keeps the size it had.
func (m *Model) size(p *page) {
	if m.tooSmall() || p.broken != "" {
		return
	}
	m.try(p, func() { p.screen.SetSize(m.w, m.bodyHeight()) })
}

// typing reports whether the top screen takes text now.
func (m *Model) typing() bool {
	p := m.top()
	if t, ok := p.screen.(nav.TextScreen); ok && p.broken == "" {
		return t.Typing()
	}
	return false
}

// holdsEsc reports whether the top screen wants esc for itself.
func (m *Model) holdsEsc() bool {
	p := m.top()
	if l, ok := p.screen.(nav.Leaver); ok && p.broken == "" {
		return l.HoldsEsc()
	}
	return false
}
