package config

import (
	"bytes"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// document is the text of a settings file that is being changed.
type document struct {
	file   *File
	data   []byte // without the byte order mark
	marked bool   // the file begins with one
	eol    string
}

func newDocument(path string, content []byte) (*document, error) {
	f, err := ParseFile(path, content)
	if err != nil {
		return nil, err
	}
	d := &document{file: f, eol: "\n"}
	d.data, d.marked = bytes.CutPrefix(content, []byte(bom))
	if i := bytes.IndexByte(d.data, '\n'); i > 0 && d.data[i-1] == '\r' {
		d.eol = "\r\n"
	}
	return d, nil
}

func (d *document) bytes() []byte {
	if d.marked {
		return append([]byte(bom), d.data...)
	}
	return d.data
}

// statement is a table's header or a setting: TOML has one on a line, though a
// value may go on over several.
type statement struct {
	header     bool
	path       []part
	from, to   int // the whole lines
	valueFrom  int
	valueTo    int
	inlineText bool // the value is an inline table
}

func (s statement) names() []string {
	names := make([]string, len(s.path))
	for i, p := range s.path {
		names[i] = p.name
	}
	return names
}

// below reports whether the statement is about names or something in it.
func (s statement) below(names ...string) bool {
	own := s.names()
	return len(own) >= len(names) && slices.Equal(own[:len(names)], names)
}

// statements are those of the text, in its order, settings with the full path.
func (d *document) statements() []statement {
	var p unstable.Parser
	p.Reset(d.data)
	var all []statement
	var table []part
	for p.NextExpression() {
		e := p.Expression()
		keys := parts(e.Key())
		s := statement{path: keys, from: d.lineOf(keys[0].offset)}
		if e.Kind == unstable.KeyValue {
			s.path = append(table[:len(table):len(table)], keys...)
			s.valueFrom = valueOffset(d.data, e)
			s.valueTo = int(e.Raw.Offset + e.Raw.Length)
			s.to = d.lineAfter(s.valueTo)
			s.inlineText = e.Value().Kind == unstable.InlineTable
		} else {
			s.header = true
			table = keys
			s.to = d.lineAfter(keys[len(keys)-1].offset)
		}
		all = append(all, s)
	}
	return all
}

func (d *document) lineOf(offset int) int { return bytes.LastIndexByte(d.data[:offset], '\n') + 1 }

func (d *document) lineAfter(offset int) int {
	if i := bytes.IndexByte(d.data[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(d.data)
}

// editable refuses all profiles in one value: nothing can be put beside that.
func (d *document) editable() error {
	for _, s := range d.statements() {
		if !s.header && s.inlineText && slices.Equal(s.names(), []string{"profiles"}) {
			line, column := d.file.lines.position(s.valueFrom)
			return &FileError{
				Path: d.file.Path, Line: line, Column: column, Key: "profiles",
				Reason: "has all profiles in one value, which only you can change; with a [profiles.NAME] for each this program can",
			}
		}
	}
	return nil
}

func (d *document) addProfile(name, apiURL string) error {
	if err := d.editable(); err != nil {
		return err
	}
	var s strings.Builder
	if len(d.data) > 0 {
		if !bytes.HasSuffix(d.data, []byte("\n")) {
			s.WriteString(d.eol)
		}
		s.WriteString(d.eol)
	}
	s.WriteString("[profiles." + name + "]" + d.eol)
	if apiURL != "" {
		s.WriteString("api_url = " + quoted(apiURL) + d.eol)
	}
	d.data = append(d.data[:len(d.data):len(d.data)], s.String()...)
	return nil
}

func (d *document) setDefault(name string) error {
	all := d.statements()
	for _, s := range all {
		if slices.Equal(s.names(), []string{keyDefault}) {
			d.data = slices.Concat(d.data[:s.valueFrom], []byte(quoted(name)), d.data[s.valueTo:])
			return nil
		}
	}
	line := keyDefault + " = " + quoted(name) + d.eol
	at := len(d.data)
	switch {
	case len(all) > 0:
		// Above the first statement and the comment that belongs to it: below
		// a table's header the line would be that table's.
		at = d.aboveComment(all[0].from)
		if all[0].header {
			line += d.eol
		}
	case at > 0 && d.data[at-1] != '\n':
		line = d.eol + line
	}
	d.data = slices.Concat(d.data[:at], []byte(line), d.data[at:])
	return nil
}

// aboveComment goes up from the beginning of a line over the comment above it.
func (d *document) aboveComment(at int) int {
	for at > 0 {
		up := d.lineOf(at - 1)
		if !bytes.HasPrefix(bytes.TrimLeft(d.data[up:at], " \t"), []byte("#")) {
			return at
		}
		at = up
	}
	return at
}

func (d *document) removeProfile(name string, wasDefault bool) error {
	if err := d.editable(); err != nil {
		return err
	}
	var cuts [][2]int
	table := -1 // the cut of the table that is being gone through
	for _, s := range d.statements() {
		mine := s.below("profiles", name) || wasDefault && slices.Equal(s.names(), []string{keyDefault})
		switch {
		case s.header && mine:
			cuts = append(cuts, [2]int{s.from, s.to})
			table = len(cuts) - 1
		case s.header:
			table = -1
		case mine && table >= 0:
			cuts[table][1] = s.to // comments between the settings go with them
		case mine:
			cuts = append(cuts, [2]int{s.from, s.to})
		}
	}
	for _, c := range slices.Backward(cuts) {
		d.cut(c[0], c[1])
	}
	return nil
}

// cut takes whole lines out, and one of the blank lines that would meet.
func (d *document) cut(from, to int) {
	blank := func(from, to int) bool { return len(bytes.TrimRight(d.data[from:to], "\r\n")) == 0 }
	above := d.lineOf(max(from-1, 0))
	below := d.lineAfter(to)
	blankAbove, blankBelow := from > 0 && blank(above, from), to < len(d.data) && blank(to, below)
	switch {
	case blankAbove && (blankBelow || to == len(d.data)):
		from = above
	case from == 0 && blankBelow:
		to = below
	}
	d.data = slices.Concat(d.data[:from], d.data[to:])
}

// quoted writes a text as TOML's basic string. What this program writes has no
// control characters: names and addresses were checked.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
