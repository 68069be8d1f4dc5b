package archive

import (
	"fmt"
	"strconv"
	"strings"
)

// path is where in the document the parser is: one step for each object and
// array that is open. Names are kept as places in the window, and copied only
// when the window moves.
type path struct {
	steps []step
}

type step struct {
	index      int64 // of the element, from 0; in an object -1
	start, end int   // of the name in the window, without quotes; 0, 0 is none
	pinned     bool  // the name is in copy
	copy       []byte
}

func (p *path) depth() int { return len(p.steps) }

func (p *path) push() {
	n := len(p.steps)
	if n == cap(p.steps) {
		p.steps = append(p.steps, step{})
	}
	p.steps = p.steps[:n+1]
	s := &p.steps[n]
	*s = step{index: -1, copy: s.copy}
}

func (p *path) pop() { p.steps = p.steps[:len(p.steps)-1] }

// element goes to the next element of the array.
func (p *path) element() { p.steps[len(p.steps)-1].index++ }

// place is where the record is that is open, or is the element at the end.
func (p *path) place() place {
	at := place{row: p.steps[1].index} // of a list of the document
	if len(p.steps) > 3 {
		at.sub = p.steps[3].index // of a list of that record
	}
	return at
}

// idPointer is the JSON pointer of a record's id.
func idPointer(k kind, at place) string {
	switch k {
	case metric:
		return fmt.Sprintf("/metrics/%d/id", at.row)
	case connection:
		return fmt.Sprintf("/connections/%d/id", at.row)
	case dashboard:
		return fmt.Sprintf("/dashboards/%d/id", at.row)
	case widget:
		return fmt.Sprintf("/dashboards/%d/widgets/%d/id", at.row, at.sub)
	}
	return fmt.Sprintf("/auditLogs/%d/id", at.row)
}

// name goes to a member of the object.
func (p *path) name(start, end int) {
	s := &p.steps[len(p.steps)-1]
	s.start, s.end, s.pinned = start, end, false
}

// pin copies the names that are only in the window.
func (p *path) pin(window []byte) {
	for i := range p.steps {
		if s := &p.steps[i]; !s.pinned && s.end > 0 {
			s.copy = append(s.copy[:0], window[s.start:s.end]...)
			s.pinned = true
		}
	}
}

// pointer is the path as a JSON pointer (RFC 6901), with last as a further
// name if it is not empty. Names come from the file: secrets in them are
// masked, and long ones cut.
func (p *path) pointer(window []byte, last string) string {
	const maxParts = 12
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	var b strings.Builder
	for i := range p.steps {
		s := &p.steps[i]
		switch {
		case i == maxParts:
			b.WriteString("/…")
			return b.String()
		case s.index >= 0:
			b.WriteString("/" + strconv.FormatInt(s.index, 10))
		case s.end > 0:
			raw := s.copy
			if !s.pinned {
				raw = window[s.start:s.end]
			}
			name := appendUnescaped(nil, raw)
			b.WriteString("/" + escape.Replace(quoted(name).bare()))
		}
	}
	if last != "" {
		b.WriteString("/" + last)
	}
	return b.String()
}
