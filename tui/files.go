package tui

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/tui/component"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
	"github.com/dashtray/dashtray-tui/tui/screen/inspect"
	"github.com/dashtray/dashtray-tui/tui/theme"
	"github.com/dashtray/dashtray-tui/tui/verdict"
)

// Files is what the console does with files that are here. Its methods may
// block, so that they are called in Cmds, from any goroutine.
type Files interface {
	inspect.Reader // what is in a file
	// Verify checks a file and changes nothing. progress is told from the same
	// goroutine how many of how many bytes are read. A file that does not
	// verify is no error: the report says so.
	Verify(ctx context.Context, path string, expect archive.Expect, progress func(read, size int64)) (archive.Report, error)
	// OpenFolder shows the folder of a file in the way of the desktop. It is
	// not called on consoles that are Remote.
	OpenFolder(path string) error
	// Remove deletes the file of an export: the whole one, or what has arrived
	// of it, and what this program put beside it.
	Remove(path string) error
}

// checkView shows a check of a file, and what came of it.
type checkView struct {
	file   string
	asked  client.Include
	cancel context.CancelFunc
	meter  *meter
	frame  int

	read, size int64 // as of the last tick
	done       bool
	report     archive.Report
	err        error
	pager      component.Pager
}

// meter is what a check tells while it runs.
type meter struct{ read, size atomic.Int64 }

// checkedMsg is the end of a check.
type checkedMsg struct {
	of     *checkView
	report archive.Report
	err    error
}

// check begins to check a file and shows it over the screen.
func (m *Model) check(c nav.Check) tea.Cmd {
	if m.d.Files == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(m.ctx)
	v := &checkView{file: c.File, cancel: cancel, meter: &meter{}}
	v.asked, _ = client.ParseInclude(strings.Join(c.Expect.Include, ","))
	m.over = v
	files, meter := m.d.Files, v.meter
	return func() tea.Msg {
		defer cancel()
		report, err := files.Verify(ctx, c.File, c.Expect, func(read, size int64) {
			meter.read.Store(read)
			meter.size.Store(size)
		})
		return checkedMsg{v, report, err}
	}
}

// checked takes the end of a check. One that nobody looks at any more is told
// as a notice, if it was not given up.
func (m *Model) checked(msg checkedMsg) tea.Cmd {
	v := msg.of
	v.done, v.report, v.err = true, msg.report, msg.err
	changed := m.broadcast(nav.Changed{File: v.file})
	if m.over == overlay(v) || errors.Is(msg.err, context.Canceled) {
		return changed
	}
	level, text := nav.Success, "Verified: "+v.file
	switch {
	case msg.err != nil:
		what, do := m.d.Message(msg.err)
		level, text = nav.Failure, what+" "+do
	case !msg.report.OK:
		level, text = nav.Failure, "The file does not verify: "+v.file
	}
	return tea.Batch(changed, m.toast(level, safe(text)))
}

func (v *checkView) waiting() bool { return !v.done }

func (v *checkView) ticked(t nav.Tick) {
	v.frame, v.read, v.size = t.Frame, v.meter.read.Load(), v.meter.size.Load()
}

func (v *checkView) update(m *Model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	switch {
	case v.done && v.pager.Update(m.keys, msg):
		return nil, false
	case v.done && key.Matches(msg, m.keys.CopyPath):
		return m.copy(nav.Copy{What: "path", Text: v.file}), false
	case key.Matches(msg, m.keys.Back, m.keys.Quit), v.done && key.Matches(msg, m.keys.Open):
		v.cancel()
		return nil, true
	}
	return nil, false
}

func (v *checkView) wheel(msg tea.MouseWheelMsg) { wheelBy(&v.pager, msg) }

func (v *checkView) view(m *Model, w, h int) string {
	inner := min(w-6, 90)
	th := m.th
	lines := v.lines(m, inner-2)
	v.pager.SetSize(inner, min(len(lines), h-4))
	v.pager.SetLines(lines)
	return component.Box(th, "Check", strings.Split(v.pager.View(th), "\n"), inner, h)
}

// lines are the bar while it reads, and the verdict after that.
func (v *checkView) lines(m *Model, w int) []string {
	th := m.th
	words := verdict.Words{Theme: th, Location: m.d.Location, LabelWidth: 10, Width: w}
	switch {
	case !v.done:
		name := safe(filepath.Base(v.file))
		told, fraction := component.Size(v.read), -1.0
		if v.size > 0 {
			told += " of " + component.Size(v.size)
			fraction = float64(v.read) / float64(v.size)
		}
		return []string{
			component.Cut(th, th.Active.Render(th.Spinner(v.frame)+" Checking "+name), w),
			component.Bar(th, w, fraction, v.frame),
			th.Muted.Render(told),
		}
	case v.err != nil:
		what, do := m.d.Message(v.err)
		return component.Notice(th, theme.Bad, safe(what+" "+do), w)
	}
	var lines []string
	if v.report.OK {
		lines = component.Notice(th, theme.Good, "The file is whole and verified", w)
	} else {
		lines = component.Notice(th, theme.Bad, "The file does not verify", w)
	}
	for _, f := range v.report.Problems {
		lines = append(lines, words.Finding(theme.Bad, f)...)
	}
	lines = append(lines, "")
	lines = append(lines, words.Report(v.file, v.report, v.asked)...)
	for _, f := range v.report.Warnings {
		lines = append(lines, words.Finding(theme.Caution, f)...)
	}
	return lines
}

func (v *checkView) keys(k *keymap.Map) []keymap.Group {
	if !v.done {
		return []keymap.Group{{Name: "Check", Bindings: []key.Binding{keymap.Named(k.Back, "stop the check")}}}
	}
	b := []key.Binding{keymap.Named(k.Back, "close"), k.CopyPath}
	if v.pager.Overflows() {
		b = append(b, k.Up, k.Down)
	}
	return []keymap.Group{{Name: "Check", Bindings: b}}
}

// deleteView asks before a file is deleted.
type deleteView struct {
	dialog component.Dialog
	file   string
}

// askDelete asks whether a file shall be deleted; its name is shown.
func (m *Model) askDelete(d nav.Delete) tea.Cmd {
	if m.d.Files == nil {
		return nil
	}
	what := "Delete this file from the disk?"
	if d.Part {
		what = "Delete what has arrived of this file?"
	}
	m.over = &deleteView{file: d.File, dialog: component.Dialog{
		Title:   "Delete?",
		Text:    []string{what, safe(d.File), "This cannot be undone. The export at the server stays as long as its link works."},
		Answers: []string{"Keep", "Delete"},
	}}
	return nil
}

func (v *deleteView) update(m *Model, msg tea.KeyPressMsg) (tea.Cmd, bool) {
	answer, done := v.dialog.Update(m.keys, msg)
	if !done || answer != 1 {
		return nil, done
	}
	return m.remove(v.file), true
}

func (v *deleteView) wheel(tea.MouseWheelMsg) {}

func (v *deleteView) view(m *Model, w, h int) string { return v.dialog.View(m.th, w, h) }

func (v *deleteView) click(m *Model, x, y int, double bool) (tea.Cmd, bool) {
	if !v.dialog.Click(m.th, m.w, m.h-1, x, y) || !double {
		return nil, false
	}
	return v.update(m, keymap.Press(m.keys.Open.Keys()[0]))
}

func (v *deleteView) keys(k *keymap.Map) []keymap.Group { return dialogKeys(k, "Delete?", "keep it") }

func dialogKeys(k *keymap.Map, name, leave string) []keymap.Group {
	return []keymap.Group{{Name: name, Bindings: []key.Binding{
		k.Left, k.Right, keymap.Named(k.Open, "choose"), keymap.Named(k.Back, leave),
	}}}
}

// fileMsg is what became of a wish about a file.
type fileMsg struct {
	file string
	err  error
	said string // when it went well
	gone bool   // the file is another one now, or none
}

func (m *Model) remove(file string) tea.Cmd {
	files := m.d.Files
	return func() tea.Msg {
		return fileMsg{file, files.Remove(file), "Deleted " + filepath.Base(file) + ".", true}
	}
}

// openFolder shows a file's folder on this machine's desktop.
func (m *Model) openFolder(f nav.Folder) tea.Cmd {
	if m.d.Files == nil || m.d.Remote {
		return nil
	}
	files := m.d.Files
	return func() tea.Msg {
		return fileMsg{f.File, files.OpenFolder(f.File), "Asked the desktop to open " + filepath.Dir(f.File) + ".", false}
	}
}

func (m *Model) fileDone(msg fileMsg) tea.Cmd {
	var changed tea.Cmd
	if msg.gone {
		changed = m.broadcast(nav.Changed{File: msg.file, Gone: msg.err == nil})
	}
	if msg.err != nil {
		what, do := m.d.Message(msg.err)
		return tea.Batch(changed, m.toast(nav.Failure, safe(what+" "+do)))
	}
	return tea.Batch(changed, m.toast(nav.Success, safe(msg.said)))
}
