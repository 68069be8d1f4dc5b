package transfer

import (
	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/tui/nav"
)

func toast(level nav.Level, text string) tea.Cmd {
	return nav.Send(nav.Toast{Level: level, Text: text})
}

func clip(what, text string) tea.Cmd { return nav.Send(nav.Copy{What: what, Text: text}) }

// wheel is how many lines a turn of the wheel moves.
func wheel(msg tea.MouseWheelMsg) int {
	switch msg.Button {
	case tea.MouseWheelUp:
		return -3
	case tea.MouseWheelDown:
		return 3
	}
	return 0
}

func pauseWord(s job.Snapshot) string {
	if s.Paused {
		return "go on"
	}
	return "pause"
}

func pauseOrResume(jobs Jobs, s job.Snapshot) tea.Cmd {
	return func() tea.Msg {
		if s.Paused {
			jobs.Resume(s.Ref)
		} else {
			jobs.Pause(s.Ref)
		}
		return nil
	}
}

// stop ends a job here. Nothing is lost by it, so it does not ask; the notice
// of its end says how to go on.
func stop(jobs Jobs, s job.Snapshot) tea.Cmd {
	return func() tea.Msg {
		jobs.Stop(s.Ref)
		return nil
	}
}

// download goes on with the file of a job that is over.
func download(jobs Jobs, s job.Snapshot) tea.Cmd {
	spec := s.Spec
	spec.ID, spec.New, spec.Detach = s.Export.ID, false, false
	return func() tea.Msg {
		return nav.Open{Kind: nav.Transfer, Ref: jobs.Start(spec), Replace: true}
	}
}
