package schedule_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/dashtray/dashtray-tui/cmd/internal/schedule"
)

// nasty are words that one of the readers would take for something else.
func nasty() []string {
	return []string{
		"", "plain", "a b", `a"b`, `a'b`, `a\b`, `a\`, `\\`, `\"`, "$HOME", "${HOME}", "$$", "%h", "%%", `\%`, `\\%`, "100%",
		";", "#", "-", "@", "--dir=/a b/50% $x", "a=b", "*", "?", "~", "`id`", "$(id)", "&", "|", "é", "日本", "!", "'", `"`, `'\''`,
	}
}

var errUnit = errors.New("systemd would refuse this")

// unitArgv reads a line as systemd.service(5), systemd.syntax(7) and
// systemd.unit(5) say: quotes and escapes, then specifiers, then variables.
func unitArgv(line string) ([]string, error) {
	var argv []string
	for rest := strings.TrimLeft(line, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		word, after, err := unitUnquote(rest)
		if err != nil {
			return nil, err
		}
		if word, err = unitSpecifiers(word); err != nil {
			return nil, err
		}
		if len(argv) > 0 { // not in the program's own path
			if word, err = unitVariables(word); err != nil {
				return nil, err
			}
		}
		argv, rest = append(argv, word), after
	}
	return argv, nil
}

func unitUnquote(s string) (word, rest string, err error) {
	if s == ";" || strings.HasPrefix(s, "; ") {
		return "", "", errUnit
	}
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			if i++; i == len(s) || !strings.ContainsRune(`\"'s`, rune(s[i])) {
				return "", "", errUnit // an escape that we never write
			}
			b.WriteByte(s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && c == ' ':
			return b.String(), s[i:], nil
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", errUnit
	}
	return b.String(), "", nil
}

func unitSpecifiers(w string) (string, error) {
	plain := strings.ReplaceAll(w, "%%", "\x00")
	if strings.Contains(plain, "%") {
		return "", errUnit
	}
	return strings.ReplaceAll(plain, "\x00", "%"), nil
}

func unitVariables(w string) (string, error) {
	plain := strings.ReplaceAll(w, "$$", "\x00")
	if strings.Contains(plain, "$") {
		return "", errUnit
	}
	return strings.ReplaceAll(plain, "\x00", "$"), nil
}

// execLine is the command line of the units that are made for these words.
func execLine(t *testing.T, argv []string) (string, bool) {
	t.Helper()
	units, err := schedule.Units(schedule.Plan{Profile: "p", Argv: argv, Every: schedule.Daily}, 255)
	var wrong *schedule.WordError
	if errors.As(err, &wrong) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(units[0].Content, "\nExecStart=")
	line, _, _ = strings.Cut(line, "\n")
	return line, true
}

func FuzzUnitCommand(f *testing.F) {
	for _, w := range nasty() {
		f.Add("/usr/bin/x"+w, w)
	}
	f.Fuzz(func(t *testing.T, program, word string) {
		if !strings.HasPrefix(program, "/") || len(program)+len(word) > 4096 {
			t.Skip()
		}
		want := []string{program, word, "last"}
		line, taken := execLine(t, want)
		if !taken {
			return
		}
		got, err := unitArgv(line)
		if err != nil || strings.Join(got, "\x00") != strings.Join(want, "\x00") {
			t.Errorf("%q became %q, which is read as %q, %v", want, line, got, err)
		}
	})
}

func FuzzUnitWord(f *testing.F) {
	for _, w := range nasty() {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if strings.Contains(word, "\x00") { // no argument can have it
			t.Skip()
		}
		got, rest, err := unitUnquote(schedule.UnitWord(word) + " next")
		if err == nil {
			got, err = unitSpecifiers(got)
		}
		if err != nil || got != word || rest != " next" {
			t.Errorf("%q is read as %q, then %q, %v", word, got, rest, err)
		}
	})
}

// cronRead is what most crons make of a command: a percent sign ends it, and a
// backslash before one goes.
func cronRead(s string) (string, bool) {
	var b strings.Builder
	escaped := false
	for i := range len(s) {
		c := s[i]
		switch {
		case escaped && c == '%':
			kept := strings.TrimSuffix(b.String(), `\`)
			b.Reset()
			b.WriteString(kept)
			b.WriteByte(c)
			escaped = false
			continue
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '%':
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

// shellRead is one word as a POSIX shell reads it: quotes, and a backslash
// outside of them. Anything else that means something to a shell is refused.
func shellRead(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return "", false
			}
			b.WriteString(s[i+1 : i+1+end])
			i += end + 1
		case c == '\\':
			if i++; i == len(s) {
				return "", false
			}
			b.WriteByte(s[i])
		case strings.IndexByte(" \t\n\"$`;&|<>()*?[]#~!{}", c) >= 0:
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

func FuzzCronWord(f *testing.F) {
	for _, w := range nasty() {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, word string) {
		written := schedule.CronWord(word)
		line, whole := cronRead(written)
		if !whole {
			t.Fatalf("cron cuts %q short", written)
		}
		for _, by := range []string{line, written} { // some crons know of no percent signs
			if got, ok := shellRead(by); !ok || got != word {
				t.Errorf("%q is read as %q", word, got)
			}
		}
	})
}

// The real shell reads the words as our reading of it does.
func TestCronWordsInAShell(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	var line strings.Builder
	line.WriteString(`printf '%s\n'`)
	for _, w := range nasty() {
		through, ok := cronRead(schedule.CronWord(w))
		if !ok {
			t.Fatalf("cron cuts %q short", w)
		}
		line.WriteString(" " + through)
	}
	out, err := exec.CommandContext(t.Context(), sh, "-c", line.String()).Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Join(nasty(), "\n") + "\n"; string(out) != want {
		t.Errorf("the shell has\n%s\nwant\n%s", out, want)
	}
}

// windowsRead is CommandLineToArgvW for a word and what follows it.
func windowsRead(s string) (word, rest string) {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); {
		slashes := 0
		for i < len(s) && s[i] == '\\' {
			slashes++
			i++
		}
		if i < len(s) && s[i] == '"' {
			b.WriteString(strings.Repeat(`\`, slashes/2))
			if slashes%2 == 1 {
				b.WriteByte('"')
			} else {
				quoted = !quoted
			}
			i++
			continue
		}
		b.WriteString(strings.Repeat(`\`, slashes))
		if i == len(s) {
			break
		}
		if !quoted && (s[i] == ' ' || s[i] == '\t') {
			return b.String(), s[i:]
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String(), ""
}

func FuzzWindowsWord(f *testing.F) {
	for _, w := range nasty() {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if !utf8.ValidString(word) || strings.ContainsFunc(word, unicode.IsControl) {
			t.Skip()
		}
		if got, rest := windowsRead(schedule.WindowsWord(word) + " next"); got != word || rest != " next" {
			t.Errorf("%q is read as %q, then %q", word, got, rest)
		}
	})
}
