package tui

import (
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/dashtray/dashtray-tui/client/job"
	"github.com/dashtray/dashtray-tui/client/text"
	"github.com/dashtray/dashtray-tui/tui/theme"
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
	if !m.term.progress || !ok {
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

// terminal is what a terminal is known to do, by its environment. What is not
// known is left alone: others show such sequences as text, or as a notice at
// every change.
type terminal struct {
	progress bool // draws OSC 9;4
	links    bool // shows OSC 8, and opens files of this machine
	notices  bool // shows OSC 9 as a notice of the desktop
}

// terminalOf judges an environment. What lies between (SSH, tmux, screen) does
// not pass these sequences on, and over SSH a path is one of another machine.
func terminalOf(env []string, remote bool) terminal {
	vars := map[string]string{}
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		vars[name] = value
	}
	for _, between := range []string{"SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY", "TMUX", "STY"} {
		if vars[between] != "" {
			return terminal{}
		}
	}
	if remote || vars["TERM"] == "dumb" || vars["TERM"] == "linux" {
		return terminal{}
	}
	switch strings.ToLower(vars["TERM_PROGRAM"]) {
	case "ghostty", "wezterm", "rio":
		return terminal{progress: true, links: true, notices: true}
	case "iterm.app":
		return terminal{links: true, notices: true}
	case "vscode":
		return terminal{links: true}
	}
	vte, _ := strconv.Atoi(vars["VTE_VERSION"])
	switch {
	case vars["WT_SESSION"] != "":
		return terminal{progress: true, links: true}
	case vars["TERM"] == "xterm-kitty":
		return terminal{links: true, notices: true}
	case vars["TERM"] == "foot", vars["TERM"] == "alacritty", vars["KONSOLE_VERSION"] != "", vte >= 5000:
		return terminal{links: true}
	}
	return terminal{}
}

// depthOf is what a profile means for the theme.
func depthOf(p colorprofile.Profile) theme.Depth {
	switch p {
	case colorprofile.TrueColor, colorprofile.ANSI256:
		return theme.AllColors
	case colorprofile.ANSI:
		return theme.SixteenColors
	default:
		return theme.NoColors
	}
}

// ring tells a person who looks elsewhere that something has ended: as a
// notice of the desktop (OSC 9) where the terminal has that, else by the bell.
func (m *Model) ring(what string) tea.Cmd {
	if !m.term.notices {
		return tea.Raw("\a")
	}
	// The words before it keep a text that begins with "4;" from being taken
	// for a progress bar.
	return tea.Raw("\x1b]9;Dashtray: " + text.Untrusted(what).SafeN(120) + "\a")
}
