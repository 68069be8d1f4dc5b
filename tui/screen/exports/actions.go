package exports

import (
	"errors"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// Groups of the help, in the order of their use.
const (
	theExports = "Exports"
	theList    = "List"
	theFile    = "File"
	toCopy     = "Copy"
)

// actions are what can be done now; keys, footer and help are made from them.
func (m *Model) actions() nav.Actions {
	k := m.d.Keys
	var a nav.Actions
	add := a.Add
	if m.d.ChangeKey && errors.Is(m.err, client.ErrUnauthorized) {
		add(theExports, k.ChangeKey, func() tea.Cmd { return nav.Send(nav.Open{Kind: nav.Key}) })
	}
	add(theExports, k.New, func() tea.Cmd { return nav.Send(nav.Open{Kind: nav.NewExport}) })
	r, ok := m.current()
	if ok {
		m.rowActions(r, add)
	}
	if !m.detail {
		if len(m.rows) > 0 || m.filter.Value() != "" {
			add(theList, k.Filter, m.startFilter)
		}
		if len(m.rows) > 1 {
			add(theList, k.Sort, m.nextOrder)
		}
	}
	add(theList, k.Refresh, m.refresh)
	if m.paned() && ok {
		b := keymap.Named(k.NextField, "to the details")
		if m.inPane {
			b = keymap.Named(k.NextField, "to the list")
		}
		add(theList, b, m.otherPane)
	}
	if ok {
		a = append(a, m.fileActions(r)...)
		m.copyActions(r, add)
	}
	return a
}

// rowActions are those of the row under the cursor.
func (m *Model) rowActions(r row, add func(string, key.Binding, func() tea.Cmd)) {
	k := m.d.Keys
	switch {
	case r.running():
		add(theExports, keymap.Named(k.Open, "watch"), m.openRow)
	case r.live != nil:
		add(theExports, k.Open, m.openRow)
	case m.paned() && r.entry != nil:
		add(theExports, k.Open, m.openRow)
	case !m.detail && !m.paned():
		add(theExports, keymap.Named(k.Open, "details"), m.openRow)
	}
	if r.fetchable() {
		b := k.Download
		if r.local() == history.LocalPartial {
			b = keymap.Named(b, "resume")
		}
		add(theExports, b, func() tea.Cmd { return m.fetch(r) })
	}
	if r.running() {
		add(theExports, keymap.Named(k.Stop, "stop"), func() tea.Cmd { return m.stop(r) })
	}
	add(theExports, k.Again, func() tea.Cmd {
		spec := r.again(m.d.Location)
		return nav.Send(nav.Open{Kind: nav.NewExport, Preset: &spec})
	})
}

// fileActions are those of the file of the row under the cursor.
func (m *Model) fileActions(r row) nav.Actions {
	if r.running() {
		return nil
	}
	switch r.local() {
	case history.LocalMissing, history.LocalNone:
		return nil
	}
	whole := r.local() == history.LocalVerified || r.local() == history.LocalInvalid
	return nav.LocalFile{Path: r.file(), Of: *r.export(), Whole: whole}.Actions(theFile, m.d.Keys)
}

// copyActions are what can be copied of the row under the cursor.
func (m *Model) copyActions(r row, add func(string, key.Binding, func() tea.Cmd)) {
	k := m.d.Keys
	if f := r.file(); f != "" {
		add(toCopy, k.CopyPath, func() tea.Cmd { return nav.Send(nav.Copy{What: "path", Text: f}) })
	}
	if id := r.id(); id != "" {
		add(toCopy, k.CopyShell, func() tea.Cmd {
			return nav.Send(nav.Copy{What: "shell command", Text: m.d.ShellCommand(r.spec())})
		})
		add(toCopy, k.CopyID, func() tea.Cmd { return nav.Send(nav.Copy{What: "export id", Text: id.Safe()}) })
	}
}

// openRow goes to the screen of a job. Of another export it shows the details, or,
// where they stand beside the list, opens its screen.
func (m *Model) openRow() tea.Cmd {
	r, ok := m.current()
	switch {
	case !ok:
		return nil
	case r.live != nil:
		return nav.Send(nav.Open{Kind: nav.KindOf(*r.live), Ref: r.live.Ref})
	case !m.paned():
		m.detail = true
		m.pager.By(-1 << 20)
	case r.entry != nil:
		entry := *r.entry
		return nav.Send(nav.Open{Kind: nav.Export, Entry: &entry})
	}
	return nil
}

// fetch starts the download of an export and goes to where it is shown.
func (m *Model) fetch(r row) tea.Cmd {
	jobs, spec := m.d.Jobs, r.spec()
	return func() tea.Msg { return nav.Open{Kind: nav.Export, Ref: jobs.Start(spec)} }
}

// stop ends the job here; what arrived is kept, and the server's work goes on.
// The notice of its end says so.
func (m *Model) stop(r row) tea.Cmd {
	jobs, ref := m.d.Jobs, r.live.Ref
	return func() tea.Msg {
		jobs.Stop(ref)
		return nil
	}
}

// otherPane moves between the list and the details beside it.
func (m *Model) otherPane() tea.Cmd {
	m.inPane = !m.inPane
	return nil
}

func (m *Model) startFilter() tea.Cmd {
	// Its command would be a blinking cursor's.
	_ = m.filter.Focus()
	return nil
}

func (m *Model) nextOrder() tea.Cmd {
	m.sort = (m.sort + 1) % orders
	m.arrange()
	m.rebuild()
	return nil
}

// Keys are the bindings that work now.
func (m *Model) Keys() []keymap.Group {
	k := m.d.Keys
	if m.filter.Focused() {
		return []keymap.Group{{Name: "Filter", Bindings: []key.Binding{
			keymap.Named(k.Open, "keep"), keymap.Named(k.Back, "clear"),
		}}}
	}
	var groups []keymap.Group
	if m.HoldsEsc() {
		does := "clear the filter"
		if m.detail || m.inPane {
			does = "back to the list"
		}
		groups = append(groups, keymap.Group{Name: "Way back", Bindings: []key.Binding{keymap.Named(k.Back, does)}})
	}
	groups = append(groups, m.actions().Groups()...)
	if len(m.rows) > 0 {
		groups = append(groups, k.Moving())
	}
	return groups
}
