package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// FileError is a problem of the settings file. The person has to correct the
// file at that place; nothing of it is used before.
type FileError struct {
	Path string
	// Line and Column count from 1, the column in characters; both are 0 when
	// the problem is the file as a whole.
	Line, Column int
	// Key is the setting, as "transfer.connections"; "" when it is none.
	Key string
	// Reason goes on where Key ends: "is no setting". It never repeats a value
	// that may be a secret, and is safe for a terminal.
	Reason string
	// Others are the file's further problems, in its order.
	Others []*FileError
	// Err is the cause where it is one of the file system; may be nil.
	Err error
}

// Error names every problem with its place, as compilers do.
func (e *FileError) Error() string {
	var s strings.Builder
	s.WriteString(e.one())
	for _, o := range e.Others {
		s.WriteString("; ")
		s.WriteString(o.one())
	}
	return s.String()
}

func (e *FileError) one() string {
	place := e.Path
	if e.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", e.Path, e.Line, e.Column)
	}
	return place + ": " + e.Problem()
}

// Problem is this problem alone, without its place.
func (e *FileError) Problem() string {
	if e.Key == "" {
		return e.Reason
	}
	return e.Key + " " + e.Reason
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }

// lines knows where each line of a content begins.
type lines struct {
	data   []byte
	starts []int
}

func newLines(data []byte) lines {
	l := lines{data, []int{0}}
	for i, c := range data {
		if c == '\n' {
			l.starts = append(l.starts, i+1)
		}
	}
	return l
}

// line is the line of an offset, from 1.
func (l lines) line(offset int) int {
	i, found := slices.BinarySearch(l.starts, offset)
	if found {
		return i + 1
	}
	return i
}

// position is the line and the column of an offset, both from 1.
func (l lines) position(offset int) (line, column int) {
	line = l.line(offset)
	return line, utf8.RuneCount(l.data[l.starts[line-1]:offset]) + 1
}

// offset is where a line and a column that counts bytes are.
func (l lines) offset(line, column int) int {
	start := l.starts[min(line, len(l.starts))-1]
	return min(start+column-1, len(l.data))
}
