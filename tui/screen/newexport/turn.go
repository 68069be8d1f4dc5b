package newexport

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/keymap"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// turn is whose turn it is while another export of the project runs: a new one
// has to wait for it.
type turn struct {
	ours  *job.Snapshot  // our job, or
	other *client.Export // an export that somebody else made
}

// busy is whose turn it is, and whether it is anybody's. A job of ours that has
// to do with an export of others knows better how that stands.
func (m *Model) busy() (turn, bool) {
	known := map[client.ID]bool{}
	for i := range m.jobs {
		s := &m.jobs[i]
		if s.Step.OnServer() || s.Step == job.StepBusy || s.Step == job.StepCreating {
			return turn{ours: s}, true
		}
		known[s.Export.ID] = true
	}
	for i := range m.d.Running {
		if e := &m.d.Running[i]; !known[e.ID] {
			return turn{other: e}, true
		}
	}
	return turn{}, false
}

// watch goes to where the running export is shown. One of others is watched by
// a job that brings its file here.
func (m *Model) watch() tea.Cmd {
	t, ok := m.busy()
	switch {
	case !ok:
		return nil
	case t.ours != nil:
		return nav.Send(nav.Open{Kind: nav.Export, Ref: t.ours.Ref, Replace: true})
	}
	jobs, id := m.d.Jobs, t.other.ID
	return func() tea.Msg { return nav.Open{Kind: nav.Export, Ref: jobs.Start(job.Spec{ID: id}), Replace: true} }
}

// watchKey is the binding of watch with what it does now.
func (m *Model) watchKey(t turn) key.Binding {
	if t.ours == nil {
		return keymap.Named(m.d.Keys.Watch, "watch and download it")
	}
	return m.d.Keys.Watch
}
