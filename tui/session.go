package tui

import (
	"cmp"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/history"
	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/message"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

// session is an account that was opened, and what the console knows of it. Its
// jobs are watched until the console ends, whichever account is on the screen.
type session struct {
	Account
	asked   string // the profile's name as it was opened with
	demo    bool   // the sandbox, and no profile
	jobs    nav.Jobs
	project client.Project
	budget  client.Budget
	running []client.Export // at the server, as of the last listing
}

// name is how the person knows a session.
func (s *session) name() string {
	return text.Untrusted(cmp.Or(s.Profile, s.Label, s.asked, s.project.Name.Safe())).Safe()
}

// opened says that an account is open and shall be worked with.
type opened struct {
	asked   string
	account Account
	demo    bool
	said    string // a toast; "" is none
}

// welcome works with an account from now on, and keeps those that were open.
func (m *Model) welcome(o opened) tea.Cmd {
	s, watch := m.sessionOf(o)
	m.cur = s
	m.setStack(m.newPage(nav.Open{Kind: nav.Exports}))
	if _, choosing := m.over.(*profilesView); choosing {
		m.over = nil
	}
	cmds := []tea.Cmd{watch, m.askProject(s), m.initPage(m.stack[0])}
	if o.said != "" {
		cmds = append(cmds, m.toast(nav.Success, o.said))
	}
	return tea.Batch(cmds...)
}

// sessionOf is the session of an account: the one that there is, or a new one,
// whose jobs are watched from now on.
func (m *Model) sessionOf(o opened) (*session, tea.Cmd) {
	for _, s := range m.sessions {
		if s.Jobs == o.account.Jobs {
			s.Account, s.asked = o.account, o.asked
			return s, nil
		}
	}
	s := &session{Account: o.account, asked: o.asked}
	s.demo = o.demo || (s.Profile == "" && s.Label != "")
	if s.ShellCommand == nil {
		s.ShellCommand = m.d.ShellCommand
	}
	m.sessions = append(m.sessions, s)
	return s, m.waitJobs(s, 0)
}

// allJobs are those of every session, those of the one on the screen first.
func (m *Model) allJobs() []job.Snapshot {
	all := append([]job.Snapshot(nil), m.cur.jobs.List...)
	for _, s := range m.sessions {
		if s != m.cur {
			all = append(all, s.jobs.List...)
		}
	}
	return all
}

// projectMsg is the answer to askProject.
type projectMsg struct {
	of *session
	p  client.Project
}

// askProject asks for the project's name. Without an answer the header goes
// without it: the exports screen tells why.
func (m *Model) askProject(s *session) tea.Cmd {
	jobs, ctx := s.Jobs, m.ctx
	return func() tea.Msg {
		p, err := jobs.Project(ctx)
		if err != nil {
			return nil
		}
		return projectMsg{s, p}
	}
}

// listed takes from a listing what the header shows. A key that was refused is
// asked for anew, unless the person is doing something else; the exports
// screen then tells of it.
func (m *Model) listed(p *page, msg nav.Listed) tea.Cmd {
	s := m.cur
	if msg.Listing.Project.ID != "" {
		s.project = msg.Listing.Project
	}
	if msg.Listing.Budget.Known {
		s.budget = msg.Listing.Budget
	}
	if msg.Err == nil && msg.Listing.Offline == nil {
		s.running = runningOf(msg.Listing.Entries)
	}
	cmd := m.send(p, msg)
	if m.d.Accounts == nil || m.over != nil || p != m.top() || m.typing() || message.Of(msg.Err).Code != message.Unauthorized {
		return cmd
	}
	return tea.Batch(cmd, m.open(nav.Open{Kind: nav.Key, Note: m.refused()}))
}

// runningOf are the exports that the server works on.
func runningOf(entries []history.Entry) []client.Export {
	var running []client.Export
	for _, e := range entries {
		switch e.Export.Stage {
		case client.StageQueued, client.StageCollecting, client.StageGenerating, client.StageProcessing:
			running = append(running, e.Export)
		}
	}
	return running
}

// refused tells whose key was refused.
func (m *Model) refused() string {
	from := strings.TrimSpace(text.Untrusted(m.cur.KeyFrom).Safe())
	if from == "" {
		return "The API refused the key."
	}
	return "The API refused the key from " + from + "."
}
