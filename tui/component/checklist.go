package component

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/dashtray/dashtray-tui/tui/theme"
)

// StageState is where one line of a Checklist stands.
type StageState int

// States of a stage.
const (
	StagePending StageState = iota
	StageCurrent
	StageDone
	StageFailed
	StageHalted // by the person, in the middle of it
)

// Stage is one line of a Checklist.
type Stage struct {
	Name  string // safe to show
	State StageState
	Time  string // how long it took or has been taking; "" if nobody knows
}

// Checklist draws stages under one another, each with an icon, its name, its
// state as a word and its time. The icon of the current one is spinner, which
// is one cell wide. No line is wider than width.
func Checklist(th *theme.Theme, stages []Stage, width int, spinner string) []string {
	names := 0
	for _, s := range stages {
		names = max(names, ansi.StringWidth(s.Name))
	}
	lines := make([]string, len(stages))
	for i, s := range stages {
		icon, word, tone := s.State.look(th, spinner)
		style := th.Style(tone)
		line := style.Render(icon) + " " + style.Render(s.Name)
		line += strings.Repeat(" ", names-ansi.StringWidth(s.Name)+2) + th.Muted.Render(strings.TrimRight(Pad(word, 9)+s.Time, " "))
		lines[i] = Cut(th, line, width)
	}
	return lines
}

func (s StageState) look(th *theme.Theme, spinner string) (icon, word string, tone theme.Tone) {
	switch s {
	case StageDone:
		return th.Mark(theme.Good), "done", theme.Good
	case StageCurrent:
		return spinner, "running", theme.Active
	case StageFailed:
		return th.Mark(theme.Bad), "failed", theme.Bad
	case StageHalted:
		return th.Glyphs.Pause, "halted", theme.Caution
	default:
		return th.Mark(theme.Faint), "to come", theme.Faint
	}
}
