package archive

import (
	"hash/maphash"
	"slices"
)

const (
	// maxNames is how many names of open objects are compared for duplicates.
	maxNames = 1 << 16
	// maxNameLen is the longest name of an object's member, in bytes. The path
	// of up to MaxDepth names is kept, so that a name may be no long text.
	maxNameLen = 64 << 10
	// cacheSize is how many names are remembered with what they mean; a power of two.
	cacheSize = 1 << 8
)

// cachedName is what a name means in an object of some kind. Exports repeat a
// few dozen names millions of times.
type cachedName struct {
	hash   uint64
	object object
	field  field
	class  nameClass
	known  bool
	secret bool // the name itself has the shape of a secret
}

// member reads a name and the colon after it.
func (p *jsonParser) member(c byte, o object) (*cachedName, error) {
	if c != '"' {
		return nil, p.unexpected("the name of a field")
	}
	start, end, escaped, err := p.str()
	if err != nil {
		return nil, err
	}
	if end-start+2 > maxNameLen {
		p.problem(Schema, "the name of a field is longer than %d KiB", maxNameLen>>10)
		return nil, errStop
	}
	p.path.name(start, end)
	n := p.name(o, p.text(p.buf[start:end], escaped))
	if c, err = p.skip(); err != nil {
		return nil, err
	}
	if c != ':' {
		return nil, p.unexpected("a colon")
	}
	p.pos++
	return n, nil
}

// name finds out what the name of a member means in an object, and notes it
// for the comparison of names.
func (p *jsonParser) name(o object, name []byte) *cachedName {
	h := maphash.Bytes(p.seed, name)
	if len(p.names) < maxNames {
		p.names = append(p.names, h)
	}
	c := &p.cache[h&(cacheSize-1)]
	if !c.known || c.hash != h || c.object != o {
		*c = cachedName{hash: h, object: o, field: o.field(name), known: true}
		_, c.secret = findSecret(name)
		if c.field.want == wantAny {
			c.class = classify(name)
		}
	}
	if c.secret && !p.findings.full(Credential) {
		s, _ := findSecret(name)
		p.findings.add(Credential, p.pointer(), "the name of a field looks like %s: %s", s.what, mask(name[s.start:s.end]))
	}
	return c
}

// closeNames looks for duplicates among the names since base. Parsers differ
// in which of two they take, so that such a file has no one meaning (RFC 8259
// section 4).
func (p *jsonParser) closeNames(base int) {
	names := p.names[base:]
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			p.problem(Syntax, "two members of an object have the same name")
			break
		}
	}
	p.names = p.names[:base]
}
