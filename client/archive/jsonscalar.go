package archive

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// str reads a string, of which pos is at the opening quote. Its bytes without
// the quotes are window.buf[start:end], until the window moves.
func (p *jsonParser) str() (start, end int, escaped bool, err error) {
	i := p.pos + 1
	for {
		next, esc, v := scanString(p.buf, i)
		i, escaped = next, escaped || esc
		switch v {
		case good:
			start, end = p.pos+1, i
			if end-start+2 > MaxToken {
				return 0, 0, false, p.tooLong()
			}
			p.pos = i + 1
			return start, end, escaped, nil
		case bad:
			return 0, 0, false, p.badString(i)
		}
		keep := p.pos
		if err := p.extend(keep); err != nil {
			return 0, 0, false, err
		}
		i -= keep
	}
}

func (p *jsonParser) badString(i int) error {
	switch c := p.buf[i]; {
	case c < ' ':
		return p.syntax(i, "a control character stands in a string without an escape")
	case c >= utf8.RuneSelf:
		return p.syntax(i, "the bytes of a string are not UTF-8")
	default:
		return p.syntax(i, "a backslash in a string is not followed by what it can escape")
	}
}

// scalar reads a string, a number or a literal that begins with c.
func (p *jsonParser) scalar(c byte, f field, class nameClass) error {
	switch {
	case c == '"':
		return p.stringValue(f, class)
	case c == '-' || isDigit(c):
		raw, err := p.number()
		if err != nil {
			return err
		}
		p.numberField(raw, f)
		return nil
	case c == 't':
		return p.literal("true", f)
	case c == 'f':
		return p.literal("false", f)
	case c == 'n':
		return p.literal("null", f)
	}
	return p.unexpected("a value")
}

func (p *jsonParser) stringValue(f field, class nameClass) error {
	start, end, escaped, err := p.str()
	if err != nil {
		return err
	}
	raw := p.buf[start:end]
	s := p.text(raw, escaped)
	if !p.cleanText(raw, escaped) || class != plainName {
		p.lookForSecret(s, class)
	}
	p.stringField(s, f)
	return nil
}

// number reads a number; only as the whole document it may end with the file.
func (p *jsonParser) number() ([]byte, error) {
	for {
		end, v, whole := scanNumber(p.buf, p.pos)
		if v == bad {
			return nil, p.syntax(end, fmt.Sprintf("%+q stands where a digit is to be", rune(p.buf[end])))
		}
		if v == more {
			keep := p.pos
			if end-keep > MaxToken {
				return nil, p.tooLong()
			}
			err := p.move(keep)
			switch {
			case err == nil:
				continue
			case !errors.Is(err, io.EOF):
				return nil, err
			case !whole || p.path.depth() > 0:
				return nil, p.truncated()
			}
		}
		raw := p.buf[p.pos:end]
		if len(raw) > MaxToken {
			return nil, p.tooLong()
		}
		p.pos = end
		return raw, nil
	}
}

// literal reads true, false or null.
func (p *jsonParser) literal(word string, f field) error {
	for i := range len(word) {
		if p.pos+i == len(p.buf) {
			if err := p.extend(p.pos); err != nil {
				return err
			}
		}
		if p.buf[p.pos+i] != word[i] {
			return p.syntax(p.pos+i, "a word is not true, false or null")
		}
	}
	p.pos += len(word)
	if word == "null" {
		if f.element || f.need != 0 && f.want != wantNumber {
			p.wrongKind(f, 'n')
		}
	} else if f.want != wantAny {
		p.wrongKind(f, word[0])
	}
	return nil
}

// cleanText reports whether a string holds no secret with a known shape.
func (p *jsonParser) cleanText(raw []byte, escaped bool) bool {
	if p.memo.clean(raw) {
		return true
	}
	if _, found := findSecret(p.text(raw, escaped)); found {
		return false
	}
	p.memo.add(raw)
	return true
}

func (p *jsonParser) lookForSecret(s []byte, class nameClass) {
	if found, ok := findSecret(s); ok {
		p.problem(Credential, "the value looks like %s: %s", found.what, mask(s[found.start:found.end]))
	} else if class != plainName && looksSecret(class, s) {
		p.problem(Credential, "the field is named like a credential, and its value looks like one: %s", mask(s))
	}
}

// stringField holds a string against what its field is to be.
func (p *jsonParser) stringField(s []byte, f field) {
	p.rec.keep(f.text, s)
	switch f.want {
	case wantAny:
	case wantID, wantText:
		if len(s) == 0 {
			p.problem(Schema, "%s is empty", f.name)
		} else if f.want == wantID {
			p.repeats.add(f.object.kind(), s, p.path.place())
		}
	case wantTime, wantMoment:
		ms, ok := p.clock.parse(s)
		if !ok {
			p.problem(Schema, "%s is to be %s, not %s", f.name, f.want, quoted(s))
			return
		}
		p.timeField(ms, f)
	default:
		p.wrongKind(f, '"')
	}
}

// numberField holds a number against what its field is to be.
func (p *jsonParser) numberField(raw []byte, f field) {
	switch f.want {
	case wantAny:
	case wantNumber:
		x, ok := floatOf(raw)
		if !ok {
			p.problem(Schema, "%s is a number out of all bounds: %s", f.name, quoted(raw))
			return
		}
		p.rec.value, p.rec.hasValue = x, true
	case wantTime, wantMoment:
		ms, ok := numberMillis(raw)
		if !ok {
			p.problem(Schema, "%s is to be %s, not %s", f.name, f.want, quoted(raw))
			return
		}
		p.timeField(ms, f)
	default:
		p.wrongKind(f, '0')
	}
}

func (p *jsonParser) timeField(ms int64, f field) {
	p.rec.setTime(f.time, ms)
	if f.want == wantMoment && p.moment(ms) {
		p.outsideAt = p.pointer()
	}
}

// wrongKind says that a field is not of the kind that it has to be: its value
// begins with c. An element of a list has the list's name.
func (p *jsonParser) wrongKind(f field, c byte) {
	if f.element {
		p.problem(Schema, "%s holds %s where %s is to be", f.name, kindOf(c), f.want)
		return
	}
	p.problem(Schema, "%s is to be %s, not %s", f.name, f.want, kindOf(c))
}

// kindOf is how messages call the value that begins with c; "" if none does.
func kindOf(c byte) string {
	switch c {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	}
	if c == '-' || isDigit(c) {
		return "a number"
	}
	return ""
}
