package newexport

import (
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"
)

// folderMsg is the answer to checkFolder.
type folderMsg struct {
	to   *Model
	gen  int
	dir  string
	free int64
	err  error
}

// checkFolder asks where the file would go, and for the room there.
func (m *Model) checkFolder() tea.Cmd {
	m.folder.gen++
	m.folder.pending = true
	gen, jobs, output := m.folder.gen, m.d.Jobs, m.answers.Output(m.d.Home)
	return func() tea.Msg {
		dir, free, err := jobs.Folder(output)
		return folderMsg{m, gen, dir, free, err}
	}
}

// folderChecked takes the answer, and goes on if enter was pressed meanwhile.
func (m *Model) folderChecked(msg folderMsg) tea.Cmd {
	f := &m.folder
	if msg.to != m || msg.gen != f.gen {
		return nil
	}
	f.pending, f.dir, f.free, f.err = false, msg.dir, msg.free, msg.err
	if m.answers.Folder == "" && msg.err == nil {
		f.usual = msg.dir
	}
	if f.goOn {
		f.goOn = false
		return m.takeFolder()
	}
	return nil
}

// takeFolder goes on to the summary if the folder is known to be good, now or
// as soon as the answer is there.
func (m *Model) takeFolder() tea.Cmd {
	f := &m.folder
	switch {
	case f.pending:
		f.goOn = true
	case f.err != nil:
		what, do := m.d.Message(f.err)
		m.failed = strings.TrimSpace(what + " " + do)
	case m.step == askFolder:
		m.advance(summary)
	}
	return nil
}

// offersMsg is the answer to complete.
type offersMsg struct {
	to     *Model
	typed  string
	offers []string
}

// completeFolder asks which folders begin with what was typed.
func (m *Model) completeFolder() tea.Cmd {
	if m.d.Folders == nil {
		return m.next()
	}
	typed, list := m.form.Text(), m.d.Folders
	prefix := strings.TrimSpace(typed)
	tilde := m.d.Home != "" && strings.HasPrefix(prefix, "~/")
	home := m.d.Home
	return func() tea.Msg {
		if !tilde {
			return offersMsg{m, typed, list(prefix)}
		}
		offers := list(home + prefix[1:])
		for i, o := range offers {
			offers[i] = "~" + strings.TrimPrefix(o, home)
		}
		return offersMsg{m, typed, offers}
	}
}

// offered puts what all offers begin with into the field, and shows them if
// that brings nothing new.
func (m *Model) offered(msg offersMsg) tea.Cmd {
	if msg.to != m || m.step != askFolder || m.form.Text() != msg.typed || len(msg.offers) == 0 {
		return nil
	}
	common := msg.offers[0]
	for _, o := range msg.offers[1:] {
		common = commonPrefix(common, o)
	}
	if len(common) > len(strings.TrimSpace(msg.typed)) {
		m.form.SetText(common)
		m.answers.Folder = common
		return m.checkFolder()
	}
	m.folder.offers = msg.offers
	return nil
}

// commonPrefix is what two strings begin with, in whole characters.
func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) {
		_, size := utf8.DecodeRuneInString(a[n:])
		if !strings.HasPrefix(b[n:], a[n:n+size]) {
			break
		}
		n += size
	}
	return a[:n]
}
