package archive

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
)

// jsonParser reads a document by RFC 8259 and knows at each value which record
// it is in. It keeps one token, the names of the open objects as hashes, and
// the path, whatever the size of the file. Records that are built like one
// before go the short way of shapes.
type jsonParser struct {
	*checker
	window
	path   path
	needs  [objectCount]present
	seed   maphash.Seed // of names
	names  []uint64
	cache  [cacheSize]cachedName
	plain  []byte // a text without its escapes
	shapes [objectCount]*shapes
	rec    *record // of the object that is open
	recs   [kindCount + 1]record
}

func newJSONParser(c *checker, w window) *jsonParser {
	c.repeats.where = idPointer
	p := &jsonParser{checker: c, window: w, seed: maphash.MakeSeed()}
	p.rec = &p.recs[kindCount] // of what is no record: nobody looks at it
	for o := range objectCount {
		p.needs[o] = o.needs()
	}
	p.shapes[metricObject], p.shapes[auditLogObject] = new(shapes), new(shapes)
	return p
}

// run parses the document. Its error is of reading, or errStop.
func (p *jsonParser) run() error {
	err := p.document()
	p.whole = err == nil
	return err
}

func (p *jsonParser) document() error {
	c, err := p.skip()
	if err != nil {
		return err
	}
	if c != '{' {
		if k := kindOf(c); k != "" {
			p.problem(Schema, "the document is not an object, but %s", k)
		}
		if err := p.value(c, field{}, plainName); err != nil {
			return err
		}
		return p.end()
	}
	if err := p.object(field{want: wantObject, object: document}, plainName); err != nil {
		return err
	}
	if p.there == [kindCount]bool{} {
		p.problem(Schema, "there is none of metrics, connections, dashboards and auditLogs: this is not an export")
	}
	return p.end()
}

// end makes sure that nothing but white space follows the document.
func (p *jsonParser) end() error {
	if _, err := p.space(); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	return p.syntax(p.pos, "there are bytes after the end of the document")
}

// space skips white space and gives the byte that follows, which stays unread.
// The error is io.EOF itself at the end of the file.
func (p *jsonParser) space() (byte, error) {
	for skipped := 0; ; {
		for i := p.pos; i < len(p.buf); i++ {
			switch c := p.buf[i]; c {
			case ' ', '\n', '\r', '\t':
			default:
				p.pos = i
				return c, nil
			}
		}
		if skipped += len(p.buf) - p.pos; skipped > MaxToken {
			return 0, p.tooLong()
		}
		p.pos = len(p.buf)
		if err := p.move(p.pos); err != nil {
			return 0, err
		}
	}
}

// skip is space where the document cannot end.
func (p *jsonParser) skip() (byte, error) {
	if p.pos < len(p.buf) && p.buf[p.pos] > ' ' {
		return p.buf[p.pos], nil
	}
	c, err := p.space()
	if errors.Is(err, io.EOF) {
		return 0, p.truncated()
	}
	return c, err
}

// move is window.more for a parser whose path has names in the window.
func (p *jsonParser) move(keep int) error {
	p.path.pin(p.buf)
	return p.more(keep)
}

// extend is move inside of a token, where the document cannot end.
func (p *jsonParser) extend(start int) error {
	if len(p.buf)-start > MaxToken {
		return p.tooLong()
	}
	err := p.move(start)
	if errors.Is(err, io.EOF) {
		return p.truncated()
	}
	return err
}

func (p *jsonParser) truncated() error {
	if !p.findings.full(Truncated) {
		p.findings.add(Truncated, fmt.Sprintf("byte %d", p.at(len(p.buf))), "the file ends inside the document")
	}
	return errStop
}

func (p *jsonParser) tooLong() error {
	p.problem(Schema, "a value, or the white space before it, is longer than %d MiB", MaxToken>>20)
	return errStop
}

// syntax says that window.buf[i] is not what may stand there.
func (p *jsonParser) syntax(i int, why string) error {
	if !p.findings.full(Syntax) {
		p.findings.add(Syntax, fmt.Sprintf("byte %d", p.at(i)), "%s", why)
	}
	return errStop
}

// unexpected is syntax at pos.
func (p *jsonParser) unexpected(instead string) error {
	return p.syntax(p.pos, fmt.Sprintf("%+q stands where %s is to be", rune(p.buf[p.pos]), instead))
}

// value reads the value that begins with c, and is to be what f says; class is
// what its name promises.
func (p *jsonParser) value(c byte, f field, class nameClass) error {
	switch c {
	case '{':
		return p.object(f, class)
	case '[':
		return p.array(f, class)
	default:
		return p.scalar(c, f, class)
	}
}

// open enters an object or an array. If f is to be something else, it says so,
// and what follows has no meaning.
func (p *jsonParser) open(f *field, is want) error {
	if p.path.depth() == MaxDepth {
		p.problem(Schema, "objects and arrays are nested deeper than %d levels", MaxDepth)
		return errStop
	}
	if f.want != is {
		if f.want != wantAny {
			p.wrongKind(*f, p.buf[p.pos])
		}
		*f = field{}
	}
	p.pos++
	p.path.push()
	return nil
}

// array reads an array; its elements are records if f says so.
func (p *jsonParser) array(f field, class nameClass) error {
	if err := p.open(&f, wantArray); err != nil {
		return err
	}
	var element field
	if f.want == wantArray {
		element = field{name: f.name, want: wantObject, object: f.object, element: true}
		p.there[f.object.kind()] = true
	}
	c, err := p.skip()
	if err != nil {
		return err
	}
	if c == ']' {
		return p.leave()
	}
	for {
		p.path.element()
		if err := p.element(c, element, class); err != nil {
			return err
		}
		if c, err = p.skip(); err != nil {
			return err
		}
		switch c {
		case ']':
			return p.leave()
		case ',':
			p.pos++
		default:
			return p.unexpected("a comma or the end of a list")
		}
		if c, err = p.skip(); err != nil {
			return err
		}
	}
}

// element reads one element of an array. A record goes the short way if there
// is one for it, or shows how records like it are built.
func (p *jsonParser) element(c byte, f field, class nameClass) error {
	s := p.shapes[f.object]
	if s == nil || c != '{' || class != plainName {
		return p.value(c, f, class)
	}
	if p.replay(s, f.object) {
		return nil
	}
	start, told := p.at(p.pos), p.findings.total
	if err := p.object(f, class); err != nil {
		return err
	}
	if start >= p.off && told == p.findings.total {
		s.learn(p.buf[start-p.off:p.pos], f.object)
	}
	return nil
}

func (p *jsonParser) leave() error {
	p.pos++
	p.path.pop()
	return nil
}

// object reads an object of a kind that is known, or of any.
func (p *jsonParser) object(f field, class nameClass) error {
	if err := p.open(&f, wantObject); err != nil {
		return err
	}
	o, outer := f.object, p.rec
	if o.isRecord() {
		p.rec = &p.recs[o.kind()]
		p.rec.reset()
	}
	base := len(p.names)
	got, err := p.members(o, class)
	if err != nil {
		return err
	}
	p.closeNames(base)
	p.closeObject(o, got)
	p.rec = outer
	return nil
}

// members reads what is between the braces, and tells which required fields
// were there.
func (p *jsonParser) members(o object, class nameClass) (got present, err error) {
	c, err := p.skip()
	if err != nil {
		return 0, err
	}
	if c == '}' {
		return 0, p.leave()
	}
	for {
		n, err := p.member(c, o)
		if err != nil {
			return 0, err
		}
		got |= n.field.need
		if c, err = p.skip(); err != nil {
			return 0, err
		}
		own := n.class
		if n.field.want == wantAny {
			own = inherit(class, own)
		}
		if err := p.value(c, n.field, own); err != nil {
			return 0, err
		}
		if c, err = p.skip(); err != nil {
			return 0, err
		}
		switch c {
		case '}':
			return got, p.leave()
		case ',':
			p.pos++
		default:
			return 0, p.unexpected("a comma or the end of an object")
		}
		if c, err = p.skip(); err != nil {
			return 0, err
		}
	}
}

// closeObject counts a record and names what it lacks.
func (p *jsonParser) closeObject(o object, got present) {
	if o.isRecord() {
		p.counts[o.kind()]++
		p.gather(o.kind())
	}
	if o == dateRange {
		p.ownRange(p.rec)
	}
	if p.needs[o]&^got == 0 {
		return
	}
	for _, f := range o.fields() {
		if f.need&^got != 0 {
			p.problem(Schema, "%s has no %s", o, f.name)
		}
	}
}

// gather gives the record to the profile.
func (p *jsonParser) gather(k kind) {
	switch k {
	case metric:
		p.prof.metric(p.rec)
	case connection:
		p.prof.connection(p.rec)
	case dashboard:
		p.prof.dashboard(p.rec, 0)
	case widget:
		p.prof.widget(p.rec)
	case auditLog:
		p.prof.auditLog(p.rec)
	}
}

// text is a JSON string without its escapes, until the next call.
func (p *jsonParser) text(raw []byte, escaped bool) []byte {
	if !escaped {
		return raw
	}
	p.plain = appendUnescaped(p.plain[:0], raw)
	return p.plain
}

// problem adds a finding at the value that is being read.
func (p *jsonParser) problem(code, format string, args ...any) {
	if !p.findings.full(code) {
		p.findings.add(code, p.pointer(), format, args...)
	}
}

func (p *jsonParser) pointer() string { return p.path.pointer(p.buf, "") }
