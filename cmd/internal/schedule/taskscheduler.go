package schedule

import (
	"strings"

	"github.com/dashtray/dashtray-tui/assets"
)

// Task writes a task for Windows' Task Scheduler (the Task Scheduler schema,
// version 1.2). It has no XML declaration, so that it may be read from a file
// of any encoding and handed on as a string. A task has the variables of its
// user: Env is left out.
func Task(p Plan) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	var words []string
	for _, w := range p.Argv[1:] {
		words = append(words, windowsWord(w))
	}
	arguments := strings.Join(words, " ")
	for _, s := range []string{p.Argv[0], arguments} {
		// The Task Scheduler replaces %NAME% and $(NAME), and has no way to quote them.
		if strings.Count(s, "%") > 1 || strings.Contains(s, "$(") {
			return "", &WordError{s, "has %NAME% or $(NAME) in it, which the Task Scheduler would replace"}
		}
	}
	return fill(assets.BackupTask(), map[string]any{
		"Marker": xmlText(madeBy), "About": xmlText(p.about()), "At": p.At.String(),
		"Weekly": p.Every == Weekly, "Monthly": p.Every == Monthly,
		"Command": xmlText(p.Argv[0]), "Arguments": xmlText(arguments),
	})
}

// windowsWord quotes a word as CommandLineToArgvW reads it: a backslash is one
// unless it stands before a quote.
func windowsWord(w string) string {
	if w != "" && !strings.ContainsAny(w, " \t\"") {
		return w
	}
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, r := range w {
		switch r {
		case '\\':
			slashes++
		case '"':
			b.WriteString(strings.Repeat(`\`, slashes+1))
			slashes = 0
		default:
			slashes = 0
		}
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(`\`, slashes))
	b.WriteByte('"')
	return b.String()
}
