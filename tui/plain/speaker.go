package plain

import (
	"fmt"
	"io"
	"strings"

	"github.com/dashtray/dashtray-tui/client/text"
)

// speaker writes lines. It is the only thing here that writes, so that nothing
// but printable text and line feeds can ever come out: every line goes through
// [text.Untrusted.SafeN], also one that was made safe before.
type speaker struct {
	w    io.Writer
	open bool  // a question stands at the end of the output, without a line feed
	err  error // the first one of writing
}

// longestLine is the most runes of a line; a command and a path have to fit.
const longestLine = 8192

// line writes a line of its own.
func (s *speaker) line(words string) {
	s.endLine()
	s.write(plainly(words) + "\n")
}

// ask writes a question; the answer comes on the same line.
func (s *speaker) ask(words string) {
	s.endLine()
	s.write(plainly(words) + " ")
	s.open = true
}

// answered notes that the person has ended the line.
func (s *speaker) answered() { s.open = false }

// endLine ends the line of a question that nobody answered.
func (s *speaker) endLine() {
	if s.open {
		s.open = false
		s.write("\n")
	}
}

func (s *speaker) write(p string) {
	if s.err != nil {
		return
	}
	if _, err := io.WriteString(s.w, p); err != nil {
		s.err = fmt.Errorf("write to the terminal: %w", err)
	}
}

// plainly is one line without anything that acts upon a terminal, and without
// lines, blocks and dots to draw with, which readers spell out or skip.
func plainly(words string) string {
	safe := text.Untrusted(strings.ReplaceAll(words, "\u00a0", " ")).SafeN(longestLine)
	if !strings.ContainsFunc(safe, drawn) {
		return safe
	}
	var b strings.Builder
	for _, r := range safe {
		if drawn(r) {
			fmt.Fprintf(&b, `\u{%x}`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// drawn are the box, block and shape characters and the Braille patterns, that
// programs draw with.
func drawn(r rune) bool { return r >= 0x2500 && r <= 0x25ff || r >= 0x2800 && r <= 0x28ff }

// undrawn leaves drawings out, and the blanks that parted them from the words.
func undrawn(s string) string {
	s = strings.Map(func(r rune) rune {
		if drawn(r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// safe is text of others on one line, as long as a sentence bears.
func safe(s string) string {
	s = strings.Join(strings.Fields(text.Untrusted(s).SafeN(200)), " ")
	return strings.ReplaceAll(s, "…", "...")
}

// safeLong is safe for whole sentences, such as those of an error.
func safeLong(s string) string {
	s = strings.Join(strings.Fields(text.Untrusted(s).SafeN(2000)), " ")
	return strings.ReplaceAll(s, "…", "...")
}

// exact is text that has to stay as it is to be of use: a path, a command, an id.
func exact(s string) string { return text.Untrusted(s).SafeN(longestLine) }
