package config

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/dashtray/dashtray-tui/client/text"
)

// mostProblems is how many problems of one file are told.
const mostProblems = 10

// part is one name of a key, and where it stands.
type part struct {
	name   string
	offset int
}

// walker goes through a file that is valid TOML and takes what is in it. It
// works on the parser's nodes, because they alone know where a value stands.
type walker struct {
	file     *File
	schema   section
	problems []*FileError
}

func (w *walker) walk(data []byte) {
	var parser unstable.Parser
	parser.Reset(data)
	var table []part
	known := true
	for parser.NextExpression() && len(w.problems) < mostProblems {
		e := parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = parts(e.Key())
			known = w.header(table, e.Kind)
		case unstable.KeyValue:
			if known { // else the whole table has been told of already
				w.keyValue(table, e)
			}
		}
	}
}

func parts(keys unstable.Iterator) []part {
	var path []part
	for keys.Next() {
		k := keys.Node()
		path = append(path, part{string(k.Data), int(k.Raw.Offset)})
	}
	return path
}

// header takes [a.table], and reports whether it is one.
func (w *walker) header(path []part, kind unstable.Kind) bool {
	s, ok := w.find(path)
	switch {
	case !ok:
		return false
	case !s.table():
		w.problem(path, len(path)-1, path[len(path)-1].offset, "is a setting and not a table")
		return false
	case kind == unstable.ArrayTable:
		w.problem(path, len(path)-1, path[len(path)-1].offset, "is one table: write it with single brackets")
		return false
	}
	return true
}

func (w *walker) keyValue(table []part, e *unstable.Node) {
	keys := parts(e.Key())
	path := append(table[:len(table):len(table)], keys...)
	s, ok := w.find(path)
	if !ok {
		return
	}
	v := copied(e.Value(), valueOffset(w.file.lines.data, e))
	if s.table() {
		if v.kind != unstable.InlineTable {
			w.problem(path, len(path)-1, v.offset, v.is("a table").reason)
			return
		}
		for items := e.Value().Children(); items.Next(); {
			if items.Node().Kind == unstable.KeyValue {
				w.keyValue(path, items.Node())
			}
		}
		return
	}
	got, wrong := s.check(v)
	if wrong != nil {
		w.problem(path, len(path)-1, wrong.offset, wrong.reason)
		return
	}
	w.file.entries[dotted(path)] = entry{got, path[len(path)-1].offset, v.offset}
}

// find gives what the schema has at path. What it has not is a problem.
func (w *walker) find(path []part) (section, bool) {
	s := w.schema
	for i, p := range path {
		sub, ok := s.sub[p.name]
		switch {
		case !s.table():
			w.problem(path, i-1, path[i-1].offset, "is a setting and not a table")
			return section{}, false
		case s.each != nil && !s.names.MatchString(p.name):
			w.problem(path, i, p.offset, s.unlike)
			return section{}, false
		case s.each != nil:
			sub = *s.each
			if sub.table() {
				w.file.profiles[p.name] = true
			}
		case !ok:
			w.problem(path, i, p.offset, s.unknown(p.name))
			return section{}, false
		}
		s = sub
	}
	return s, true
}

// problem notes what is wrong with the key that ends at path[last].
func (w *walker) problem(path []part, last, offset int, reason string) {
	if len(w.problems) == mostProblems { // one value may have many
		return
	}
	line, column := w.file.lines.position(offset)
	w.problems = append(w.problems, &FileError{
		Path: w.file.Path, Line: line, Column: column, Key: dotted(path[:last+1]), Reason: reason,
	})
}

// valueOffset is where a setting's value begins. Not every node knows that of
// itself, so it is looked for behind the key.
func valueOffset(data []byte, e *unstable.Node) int {
	end := 0
	for keys := e.Key(); keys.Next(); {
		raw := keys.Node().Raw
		end = int(raw.Offset + raw.Length)
	}
	for end < len(data) && strings.IndexByte(" \t=", data[end]) >= 0 {
		end++
	}
	return end
}

// copied takes a value out of a node: it is gone with the next expression.
func copied(n *unstable.Node, offset int) value {
	v := value{kind: n.Kind, text: string(n.Data), offset: offset}
	if n.Kind == unstable.Array {
		for items := n.Children(); items.Next(); {
			item := items.Node()
			at := offset // a list in a list does not know where it is
			if item.Raw.Length > 0 {
				at = int(item.Raw.Offset)
			}
			v.items = append(v.items, value{kind: item.Kind, text: string(item.Data), offset: at})
		}
	}
	return v
}

var bareKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// dotted writes a key as TOML does, safe for a terminal.
func dotted(path []part) string {
	names := make([]string, len(path))
	for i, p := range path {
		names[i] = p.name
		if !bareKey.MatchString(p.name) {
			names[i] = strconv.Quote(text.Untrusted(p.name).SafeN(60))
		}
	}
	return strings.Join(names, ".")
}

// splitKey gives the table and the name in it.
func splitKey(key string) (table, name string) {
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		return key[:i], key[i+1:]
	}
	return "", key
}

// countSettings counts up to where a file stops being TOML.
func countSettings(data []byte) int {
	var parser unstable.Parser
	parser.Reset(data)
	n := 0
	for parser.NextExpression() {
		n += settingsIn(parser.Expression())
	}
	return n
}

// settingsIn counts each name of a dotted key, since each is a table.
func settingsIn(n *unstable.Node) int {
	switch n.Kind {
	case unstable.KeyValue:
		return len(parts(n.Key())) + settingsIn(n.Value())
	case unstable.Table, unstable.ArrayTable:
		return len(parts(n.Key()))
	case unstable.Array, unstable.InlineTable:
		sum := 0
		for items := n.Children(); items.Next(); {
			sum += settingsIn(items.Node())
		}
		return sum
	default:
		return 0
	}
}
