package archive

import (
	"github.com/go-json-experiment/json/jsontext"
)

// scalar reads a string, a number, a literal, or whatever error comes next.
func (p *jsonParser) scalar(k jsontext.Kind, f field, class nameClass) error {
	raw, err := p.dec.ReadValue()
	if err != nil {
		return err
	}
	if len(raw) > MaxToken {
		p.problem(Schema, "a value is longer than %d MiB", MaxToken>>20)
		return errStop
	}
	switch k {
	case jsontext.KindString:
		s := p.text(raw)
		p.lookForSecret(s, class)
		p.stringField(s, f)
	case jsontext.KindNumber:
		p.numberField(raw, f)
	case jsontext.KindNull:
		if f.element || f.need != 0 && f.want != wantNumber {
			p.wrongKind(f, k)
		}
	default:
		if f.want != wantAny {
			p.wrongKind(f, k)
		}
	}
	return nil
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
	switch f.want {
	case wantAny:
	case wantID, wantText:
		if len(s) == 0 {
			p.problem(Schema, "%s is empty", f.name)
		} else if f.want == wantID && p.isRepeat(f.object.kind(), s) {
			p.problem(DuplicateID, "another %s before it has the id %s", f.object.kind(), quoted(s))
		}
	case wantTime, wantMoment:
		ms, ok := parseTime(s)
		if !ok {
			p.problem(Schema, "%s is to be %s, not %s", f.name, f.want, quoted(s))
		} else if f.want == wantMoment {
			p.momentField(ms)
		}
	default:
		p.wrongKind(f, jsontext.KindString)
	}
}

// numberField holds a number against what its field is to be.
func (p *jsonParser) numberField(raw []byte, f field) {
	switch f.want {
	case wantAny:
	case wantNumber:
		if !isFinite(raw) {
			p.problem(Schema, "%s is a number out of all bounds: %s", f.name, quoted(raw))
		}
	case wantTime, wantMoment:
		ms, ok := parseMillis(raw)
		if !ok {
			p.problem(Schema, "%s is to be %s, not %s", f.name, f.want, quoted(raw))
		} else if f.want == wantMoment {
			p.momentField(ms)
		}
	default:
		p.wrongKind(f, jsontext.KindNumber)
	}
}

func (p *jsonParser) momentField(ms int64) {
	if p.moment(ms) {
		p.outsideAt = p.pointer()
	}
}

// wrongKind says that a field is not of the kind that it has to be. An element
// of a list has the list's name.
func (p *jsonParser) wrongKind(f field, k jsontext.Kind) {
	if f.element {
		p.problem(Schema, "%s holds %s where %s is to be", f.name, kindName(k), f.want)
		return
	}
	p.problem(Schema, "%s is to be %s, not %s", f.name, f.want, kindName(k))
}

func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindBeginArray:
		return "a list"
	}
	return "something else"
}
