package schedule

import (
	"fmt"
	"strings"
)

// Cron writes the lines of a crontab for a plan: a comment by which they are
// known again, and the entry (crontab(5)).
func Cron(p Plan) (string, error) {
	if err := p.check(); err != nil {
		return "", err
	}
	var words []string
	if len(p.Env) > 0 {
		words = append(words, "env")
	}
	for _, v := range p.Env {
		words = append(words, cronWord(v.Name+"="+v.Value))
	}
	for _, w := range p.Argv {
		words = append(words, cronWord(w))
	}
	return fmt.Sprintf("%s\n%s %s\n", cronMark(p.Profile), cronTime(p.Every, p.At), strings.Join(words, " ")), nil
}

// MaxCronCommand is the longest command, in bytes, that every cron takes: those
// of the BSDs and of Debian refuse a crontab with a longer one (MAX_COMMAND in
// their cron.h, less its end); cronie takes far more.
const MaxCronCommand = 998

// FitsCron reports whether the command of what Cron wrote is short enough for
// every cron.
func FitsCron(text string) bool {
	_, entry, _ := strings.Cut(text, "\n")
	_, _, command, _ := parseCronTime(strings.TrimSuffix(entry, "\n"))
	return len(command) <= MaxCronCommand
}

func cronMark(profile string) string {
	return "# " + Name(profile) + `, made by "dashtray-tui schedule"`
}

func cronTime(every Every, at Clock) string {
	days := "* * *"
	switch every {
	case Weekly:
		days = "* * 1"
	case Monthly:
		days = "1 * *"
	case Daily:
	}
	return fmt.Sprintf("%d %d %s", at.Minute, at.Hour, days)
}

// parseCronTime reads what cronTime writes; ok is false for anything else.
func parseCronTime(line string) (every Every, at Clock, command string, ok bool) {
	f := strings.SplitN(line, " ", 6)
	if len(f) < 6 {
		return "", Clock{}, "", false
	}
	if _, err := fmt.Sscanf(f[0]+" "+f[1], "%d %d", &at.Minute, &at.Hour); err != nil {
		return "", Clock{}, "", false
	}
	for _, every := range []Every{Daily, Weekly, Monthly} {
		if cronTime(every, at) == strings.Join(f[:5], " ") {
			return every, at, f[5], true
		}
	}
	return "", Clock{}, "", false
}

// cronWord quotes a word for a POSIX shell behind cron. A percent sign ends the
// command for most crons, unless a backslash stands before it, which they take
// away; others know nothing of that. Outside of the quotes both readings come
// to the same.
func cronWord(w string) string {
	if w != "" && strings.Trim(w, harmless) == "" && !strings.Contains(w, "%") {
		return w
	}
	return "'" + strings.NewReplacer("'", `'\''`, "%", `'\%'`).Replace(w) + "'"
}

// InCrontab finds the entry that Cron made in the text of a crontab.
func InCrontab(crontab, profile string) (entry Entry, found bool) {
	lines := strings.Split(crontab, "\n")
	for i, line := range lines[:len(lines)-1] {
		if strings.TrimSpace(line) != cronMark(profile) {
			continue
		}
		if every, at, command, ok := parseCronTime(lines[i+1]); ok {
			return Entry{every, at, command}, true
		}
		return Entry{Command: lines[i+1]}, true
	}
	return Entry{}, false
}

// Entry is a schedule as it was found. Every is "" where the person has changed
// it to something that is none of ours.
type Entry struct {
	Every   Every
	At      Clock
	Command string // as it is written there
}
