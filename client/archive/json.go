package archive

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/dashtray/dashtray-tui/client/text"
)

const (
	// maxNames is how many names of open objects are compared for duplicates.
	maxNames = 1 << 16
	// maxNameLen is the longest name of an object's member, in bytes. The path
	// of up to MaxDepth names is kept, so that a name may be no long text.
	maxNameLen = 64 << 10
	// cacheSize is how many names are remembered with what they mean; a power of two.
	cacheSize = 1 << 11
)

// jsonParser walks the tokens of a document and knows at each which record it
// is in. It keeps one token, the names of the open objects as hashes, and the
// path, whatever the size of the file.
type jsonParser struct {
	*checker
	dec   *jsontext.Decoder
	in    *jsonInput
	needs [objectCount]present
	names []uint64
	cache [cacheSize]cachedName
	buf   []byte // a text without its escapes
}

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

// jsonInput gives the file to the decoder and stops it when one token grows
// too long: the decoder itself has no bound.
type jsonInput struct {
	feed *feed
	dec  *jsontext.Decoder
	n    int64
	long bool
}

func (in *jsonInput) Read(p []byte) (int, error) {
	const slack = 4 << 10 // for what stands before the token: a comma, white space
	if in.n-in.dec.InputOffset() > MaxToken+slack {
		in.long = true
		return 0, errStop
	}
	n, err := in.feed.Read(p)
	in.n += int64(n)
	return n, err
}

func newJSONParser(c *checker, f *feed) *jsonParser {
	in := &jsonInput{feed: f}
	// Duplicate names are found here, in bounded memory.
	in.dec = jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true))
	p := &jsonParser{checker: c, dec: in.dec, in: in}
	for o := range objectCount {
		p.needs[o] = o.needs()
	}
	return p
}

// run parses the document. Its error is of reading, or errStop.
func (p *jsonParser) run() error {
	err := p.document()
	switch {
	case err == nil:
		p.whole = true
		return nil
	case p.in.feed.err != nil:
		return p.in.feed.err
	case p.in.long:
		p.problem(Schema, "a value, or the white space before it, is longer than %d MiB", MaxToken>>20)
		return errStop
	case errors.Is(err, errStop):
		return err
	}
	p.syntax(err)
	return errStop
}

func (p *jsonParser) document() error {
	if k := p.dec.PeekKind(); k != jsontext.KindBeginObject && k != jsontext.KindInvalid {
		p.problem(Schema, "the document is not an object, but %s", kindName(k))
		if err := p.value(field{}, plainName); err != nil {
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
	at := p.dec.InputOffset()
	_, err := p.dec.ReadToken()
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case p.in.feed.err != nil || p.in.long:
		return err
	}
	if !p.findings.full(Syntax) {
		p.findings.add(Syntax, fmt.Sprintf("byte %d", at), "there are bytes after the end of the document")
	}
	return errStop
}

// syntax tells a document that is cut from one that is wrong.
func (p *jsonParser) syntax(err error) {
	at, why := p.in.n, "the document does not end"
	var se *jsontext.SyntacticError
	if errors.As(err, &se) {
		at, why = se.ByteOffset, se.Err.Error() // not se.Error(): it holds names
	}
	code := Syntax
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		code, at, why = Truncated, p.in.n, "the file ends inside the document"
	}
	if !p.findings.full(code) {
		why = strings.TrimPrefix(why, "jsontext: ")
		p.findings.add(code, fmt.Sprintf("byte %d", at), "%s", text.Untrusted(why).Safe())
	}
}

// value reads the next value, which is to be what f says; class is what its
// name promises.
func (p *jsonParser) value(f field, class nameClass) error {
	switch k := p.dec.PeekKind(); k {
	case jsontext.KindBeginObject:
		return p.object(f, class)
	case jsontext.KindBeginArray:
		return p.array(f, class)
	default:
		return p.scalar(k, f, class)
	}
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
	for p.dec.PeekKind() != jsontext.KindEndArray {
		if err := p.value(element, class); err != nil {
			return err
		}
	}
	_, err := p.dec.ReadToken()
	return err
}

// open enters an object or an array. If f is to be something else, it says so,
// and what follows has no meaning.
func (p *jsonParser) open(f *field, is want) error {
	t, err := p.dec.ReadToken()
	if err != nil {
		return err
	}
	if p.dec.StackDepth() > MaxDepth {
		p.problem(Schema, "objects and arrays are nested deeper than %d levels", MaxDepth)
		return errStop
	}
	if f.want != is {
		if f.want != wantAny {
			p.wrongKind(*f, t.Kind())
		}
		*f = field{}
	}
	return nil
}

// object reads an object of a kind that is known, or of any.
func (p *jsonParser) object(f field, class nameClass) error {
	if err := p.open(&f, wantObject); err != nil {
		return err
	}
	o := f.object
	base := len(p.names)
	var got present
	for p.dec.PeekKind() != jsontext.KindEndObject {
		name, err := p.dec.ReadValue()
		if err != nil {
			return err
		}
		if len(name) > maxNameLen {
			p.problem(Schema, "the name of a field is longer than %d KiB", maxNameLen>>10)
			return errStop
		}
		c := p.name(o, name)
		got |= c.field.need
		if c.field.want != wantAny || class == plainName {
			err = p.value(c.field, c.class)
		} else {
			err = p.value(c.field, inherit(class, c.class))
		}
		if err != nil {
			return err
		}
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	p.closeNames(base)
	p.closeObject(o, got)
	return nil
}

// closeObject counts a record and names what it lacks.
func (p *jsonParser) closeObject(o object, got present) {
	if o.isRecord() {
		p.counts[o.kind()]++
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

// name finds out what the name of a member means in an object, and notes it
// for the comparison of names.
func (p *jsonParser) name(o object, raw jsontext.Value) *cachedName {
	name := p.text(raw)
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

// text is a JSON string without quotes and escapes, until the next call.
func (p *jsonParser) text(raw jsontext.Value) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	p.buf, _ = jsontext.AppendUnquote(p.buf[:0], raw) // the decoder has checked it
	return p.buf
}

// problem adds a finding at the value that was read last.
func (p *jsonParser) problem(code, format string, args ...any) {
	if !p.findings.full(code) {
		p.findings.add(code, p.pointer(), format, args...)
	}
}

// pointer is where the value that was read last stands. Names come from the
// file: secrets in them are masked, and long ones cut.
func (p *jsonParser) pointer() string {
	const maxParts = 12
	var parts []string
	for part := range p.dec.StackPointer().Tokens() {
		if len(parts) == maxParts {
			parts = append(parts, "…")
			break
		}
		parts = append(parts, quoted(part).bare())
	}
	var at jsontext.Pointer
	for _, part := range parts {
		at = at.AppendToken(part)
	}
	return string(at)
}
