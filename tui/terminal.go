package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/dashtray/dashtray-tui/client/job"
)

// title is the window's: what runs, and how far it is.
func (m *Model) title() string {
	name := m.cur.project.Name.Safe()
	if s, ok := m.shown(); ok {
		if of := s.Project.Name.Safe(); of != "" {
			name = of // it may run for another profile than the one on the screen
		}
		state := string(s.Step)
		if n, ok := percent(s); ok {
			state = strconv.Itoa(n) + "%"
		}
		if name != "" {
			return "dashtray: " + state + " " + m.th.Glyphs.Dash + " " + name
		}
		return "dashtray: " + state
	}
	if name != "" {
		return "dashtray: " + name
	}
	return "dashtray"
}

// shown is the job that the title and the progress bar tell of: the newest
// that runs, those of the profile on the screen first.
func (m *Model) shown() (job.Snapshot, bool) {
	for _, s := range m.allJobs() {
		if !s.Step.Over() {
			return s, true
		}
	}
	return job.Snapshot{}, false
}

// percent is how much of a file has come, in whole percents.
func percent(s job.Snapshot) (int, bool) {
	t := s.Transfer
	if s.Step != job.StepTransferring || t.Size <= 0 {
		return 0, false
	}
	return int(min(max(t.Done, 0), t.Size) * 100 / t.Size), true
}

// progressBar is the terminal's own progress bar (OSC 9;4), where it is known
// to have one.
func (m *Model) progressBar() *tea.ProgressBar {
	s, ok := m.shown()
	if !m.progress || !ok {
		return nil
	}
	n, known := percent(s)
	switch {
	case !known:
		return tea.NewProgressBar(tea.ProgressBarIndeterminate, 0)
	case s.Paused:
		return tea.NewProgressBar(tea.ProgressBarWarning, n)
	default:
		return tea.NewProgressBar(tea.ProgressBarDefault, n)
	}
}

// showsProgress reports whether an environment is that of a terminal known to
// draw OSC 9;4. Others may show it as text or as a notice at every change, and
// what lies between (SSH, tmux, screen) does not pass it on.
func showsProgress(env []string) bool {
	known := false
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		if value == "" {
			continue
		}
		switch name {
		case "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "TMUX", "STY":
			return false
		case "WT_SESSION":
			known = true
		case "TERM_PROGRAM":
			switch strings.ToLower(value) {
			case "ghostty", "wezterm", "rio":
				known = true
			}
		}
	}
	return known
}
