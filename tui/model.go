// Package tui is the console: the root model, its router, its overlays, and
// the frame around every screen.
//
// Rules that hold everywhere in it:
//   - Only [Model] is a tea.Model. It alone sets the alt screen, the title, the
//     mouse, the cursor and the terminal's progress bar.
//   - Keys, paste and mouse go to the overlay or the top screen; every other
//     message goes to all live screens. A screen keeps its state while others
//     lie above it.
//   - View is pure, Update does no I/O, a Cmd touches no field.
//   - No timer runs while nothing moves and no countdown is on the screen.
//   - Whatever panics in a screen or a Cmd is caught, told and logged; the rest
//     works on.
package tui

import (
	"context"
	"runtime"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/theme"
)

// The least terminal that the console can be used on.
const (
	MinWidth  = 60
	MinHeight = 16
)

// Model is the root of the console. Make it with [New]; [Run] runs it.
type Model struct {
	d      Deps
	th     *theme.Theme
	keys   *keymap.Map
	ctx    context.Context // of every Cmd; ends with the console
	cancel context.CancelFunc

	w, h  int
	stack []*page
	over  overlay // nil: none

	sessions []*session
	cur      *session // the one on the screen; without Jobs until one is open

	tick    ticker
	notices notices
	mouse   bool
	clicked click // the last one on an overlay
	blurred bool
	replies replies
	ahead   ahead
	term    terminal
}

// New makes a console that shows the exports, with [Deps.Accounts] as soon as
// there is a key. Whoever runs it by other means
// than [Run] has to call [Model.Close] in the end.
func New(d Deps) *Model {
	d = d.withDefaults()
	ascii := theme.ASCIILocale(d.Env)
	m := &Model{d: d, th: theme.New(ascii), mouse: d.Mouse, term: terminalOf(d.Env, d.Remote)}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.th.Choose(theme.Name(d.Theme))
	m.th.SetLinks(m.term.links)
	m.bindKeys(ascii)
	first := nav.Open{Kind: nav.Exports}
	m.cur = &session{Account: Account{Profile: d.Profile, Label: d.Label, Jobs: d.Jobs, ShellCommand: d.ShellCommand}}
	if d.Accounts != nil {
		first = nav.Open{Kind: nav.Key, Profile: d.StartProfile, Find: true}
		m.cur = &session{}
	} else {
		m.sessions = []*session{m.cur}
	}
	m.stack = []*page{m.newPage(first)}
	return m
}

// bindKeys makes the keymap, without what this console cannot do.
func (m *Model) bindKeys(ascii bool) {
	keys, err := keymap.Parse(m.d.Keys, ascii)
	if err != nil {
		m.d.Log.Error("keys", "error", err)
		m.notices.add(m.d.Now(), nav.Warning, "Your keys are left out: "+err.Error())
		keys = keymap.Default(ascii)
	}
	m.keys = keys
	files := m.d.Files != nil
	keys.Inspect.SetEnabled(files)
	keys.Verify.SetEnabled(files)
	keys.Delete.SetEnabled(files)
	keys.OpenFolder.SetEnabled(files && !m.d.Remote)
	keys.Suspend.SetEnabled(!m.d.Remote && runtime.GOOS != "windows")
	keys.Profiles.SetEnabled(m.d.Accounts != nil)
	keys.Sessions.SetEnabled(m.d.Sessions != nil)
}

// Close ends what the console waits for. The jobs go on.
func (m *Model) Close() { m.cancel() }

// Init is the tea.Model's.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.askTerminal(), m.initPage(m.stack[0])}
	for _, s := range m.sessions {
		cmds = append(cmds, m.waitJobs(s, 0), m.askProject(s))
	}
	return guard(tea.Batch(cmds...))
}

// askTerminal asks whether the terminal is light or dark. Bubble Tea asks for
// what it can do at the same time.
func (m *Model) askTerminal() tea.Cmd {
	m.replies.ask(m.d.Now())
	return tea.RequestBackgroundColor
}

// Update is the tea.Model's.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	return m, guard(tea.Batch(cmd, m.retick()))
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		return m.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		return m.typed(msg)
	case tea.PasteMsg:
		return m.paste(msg)
	case tea.MouseMsg:
		return m.mouseEvent(msg)
	case tea.KeyReleaseMsg:
		return nil
	case tea.BackgroundColorMsg:
		m.replies.answered(m.d.Now())
		m.th.Set(msg.IsDark())
		return nil
	case tea.ResumeMsg:
		return m.askTerminal() // it may be another one by now, or have other colours
	case tea.ColorProfileMsg:
		m.th.SetDepth(depthOf(msg.Profile))
		return nil
	case tea.FocusMsg:
		m.blurred = false
		return nil
	case tea.BlurMsg:
		m.blurred = true
		return nil
	}
	m.replies.begin(msg, m.d.Now())
	return m.ours(msg)
}

// ours handles the words of package nav and of this package.
func (m *Model) ours(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case signed:
		return m.grant(msg)
	case nav.Toast:
		return m.toast(msg.Level, msg.Text)
	case nav.Copy:
		return m.copy(msg)
	case nav.Check:
		return m.check(msg)
	case checkedMsg:
		return m.checked(msg)
	case nav.Folder:
		return m.openFolder(msg)
	case nav.Delete:
		return m.askDelete(msg)
	case fileMsg:
		return m.fileDone(msg)
	case jobsMsg:
		return m.jobsChanged(msg)
	case projectMsg:
		msg.of.project = msg.p
		return nil
	case profilesMsg:
		return msg.to.hear(m, msg)
	case tickMsg:
		return m.ticked(msg)
	case keyDone:
		return m.keyDone(msg)
	case escMsg:
		return m.escWaited(int(msg))
	case hideMsg:
		m.notices.hide(int(msg))
		return nil
	case crash:
		return m.crashed(msg)
	}
	return m.broadcast(msg)
}

// resize gives the screens another size. With the first one come the keys that
// were typed while the program started.
func (m *Model) resize(w, h int) tea.Cmd {
	m.w, m.h = max(0, w), max(0, h)
	for _, p := range m.stack {
		m.size(p)
	}
	return m.release()
}

// unsized reports whether the terminal's size is not known.
func (m *Model) unsized() bool { return m.w == 0 || m.h == 0 }

// tooSmall reports whether the screen is too small for anything but a line
// that says so.
func (m *Model) tooSmall() bool { return m.w < MinWidth || m.h < MinHeight }

// quit ends the program.
func (m *Model) quit() tea.Cmd {
	m.cancel()
	return tea.Quit
}

// after is a Cmd that gives msg once d has passed, and nothing if ctx ends first.
func after(ctx context.Context, d time.Duration, msg func() tea.Msg) tea.Cmd {
	return func() tea.Msg {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			return msg()
		}
	}
}
