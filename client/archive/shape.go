package archive

// shapes are the ways in which the records of one type are built: the bytes
// that stand between their values. An export has a handful of them and
// millions of records. A record that has the bytes of a shape where the shape
// has them, and between them values of the kinds that stood there, is as good
// as the record that showed the shape, which was checked in full: nothing but
// the values has to be looked at. Shapes with a common beginning share it.
type shapes struct {
	nodes  []node // nodes[0] is the root, if there is one
	tries  int    // records that had no shape
	misses int    // of them, since the last that had one
	values []span // of the record that is being compared
}

// node is a literal and the value after it.
type node struct {
	lit  string
	slot slot
	alt  int32 // which node to try if the literal is another; 0 is none
	next int32 // the node after the value
}

// slot is what a value between literals has to be.
type slot struct {
	kind slotKind
	text textOf
	time timeOf
}

type slotKind uint8

const (
	slotEnd      slotKind = iota // no value: the record ends with the literal
	slotText                     // any string
	slotFullText                 // a string that is not empty
	slotID                       // such a string, without escapes, that no other record has
	slotNumber                   // any number
	slotValue                    // a number that fits a float64
	slotMillis                   // a time as a number
	slotTime                     // a time as a string
	slotMomentMillis
	slotMomentTime
)

// span is where a value stands in the window.
type span struct {
	slot       slot
	start, end int
	escaped    bool
	ms         int64
}

const (
	maxNodes      = 512
	maxShapeNodes = 128
	maxShape      = 16 << 10 // bytes of a record that may show a shape
	maxShapeDeep  = 16
	maxShapeText  = 64 << 10 // bytes of a string in such a record
)

// replay reads a record by its shape. It is false, and has done nothing, if
// there is none, if the record goes on beyond the window, or if there is
// anything about it that is to be looked at.
func (p *jsonParser) replay(s *shapes, o object) bool {
	// A file whose records are all different is asked only now and then.
	const patience, every = 64, 16
	s.misses++
	if len(s.nodes) == 0 || s.misses > patience && s.misses%every != 0 {
		return false
	}
	b, i := p.buf, p.pos
	s.values = s.values[:0]
	for n := &s.nodes[0]; ; {
		v := span{slot: n.slot, start: i + len(n.lit)}
		switch {
		case len(b)-i < len(n.lit) || string(b[i:v.start]) != n.lit || !p.fits(b, &v):
			if n.alt == 0 {
				return false
			}
			n = &s.nodes[n.alt]
			continue
		case n.slot.kind == slotEnd:
			s.misses = 0
			p.accept(s.values, b, o)
			p.pos = v.start
			return true
		}
		s.values = append(s.values, v)
		i = v.end
		n = &s.nodes[n.next]
	}
}

// fits finds the end of a value and tells whether it is one for its slot.
func (p *jsonParser) fits(b []byte, v *span) bool {
	switch v.slot.kind {
	case slotEnd:
		return true
	case slotText, slotFullText, slotID, slotTime, slotMomentTime:
		return p.fitsString(b, v)
	}
	end, ok := plainNumber(b, v.start)
	if !ok {
		return false
	}
	v.end = end
	switch v.slot.kind {
	case slotMillis, slotMomentMillis:
		v.ms, ok = parseMillis(b[v.start:v.end])
	}
	return ok
}

func (p *jsonParser) fitsString(b []byte, v *span) bool {
	v.end = plainEnd(b, v.start)
	if v.end == len(b) {
		return false
	}
	if b[v.end] != '"' {
		var found verdict
		if v.end, v.escaped, found = scanString(b, v.end); found != good {
			return false
		}
	}
	s := b[v.start:v.end]
	if len(s) > maxShapeText {
		return false
	}
	if v.slot.kind == slotID { // never the same twice, so that there is nothing to remember
		_, found := findSecret(s)
		return !found && len(s) > 0 && !v.escaped
	}
	if !p.cleanText(s, v.escaped) {
		return false
	}
	ok := true
	switch v.slot.kind {
	case slotFullText:
		return len(s) > 0
	case slotTime, slotMomentTime:
		v.ms, ok = p.clock.parse(s)
	}
	return ok
}

// accept notes a record of which every value fits.
func (p *jsonParser) accept(values []span, b []byte, o object) {
	k := o.kind()
	r := &p.recs[k]
	r.reset()
	for i := range values {
		v := &values[i]
		s := b[v.start:v.end]
		if v.slot.text != textNone {
			if v.escaped {
				r.keep(v.slot.text, p.text(s, true))
			} else {
				r.text[v.slot.text] = s
			}
		}
		switch v.slot.kind {
		case slotID:
			p.repeats.add(k, s, p.path.place())
		case slotValue:
			r.value, _ = floatOf(s) // it fits
			r.hasValue = true
		case slotMillis, slotTime:
			r.setTime(v.slot.time, v.ms)
		case slotMomentMillis, slotMomentTime:
			r.setTime(v.slot.time, v.ms)
			if p.moment(v.ms) {
				p.outsideAt = p.path.pointer(b, momentName(o))
			}
		}
	}
	outer := p.rec
	p.rec = r
	p.counts[k]++
	p.gather(k)
	p.rec = outer
}

func momentName(o object) string {
	for _, f := range o.fields() {
		if f.want == wantMoment {
			return f.name
		}
	}
	return ""
}

// learn makes a shape of a record that was checked in full and has no fault.
// When the records go on to have no shape, it does so ever more seldom.
func (s *shapes) learn(raw []byte, o object) {
	const all = 64
	if s.tries++; s.tries > all && s.tries&(s.tries-1) != 0 {
		return
	}
	if len(raw) > maxShape || len(s.nodes) > maxNodes {
		return
	}
	if list, ok := dissect(raw, o); ok && len(list) <= maxShapeNodes {
		s.insert(list)
	}
}

// insert adds the nodes of one record, after the beginning that they share
// with another.
func (s *shapes) insert(list []node) {
	at := int32(-1) // the node of list[i-1]
	for i := 0; i < len(list); i++ {
		first := int32(0)
		if at >= 0 {
			first = s.nodes[at].next
		}
		n, found := s.among(first, at < 0, list[i])
		if !found {
			s.append(at, n, list[i:])
			return
		}
		at = n
	}
}

// among looks for a node like one among first and its alternatives, and gives
// the last of them if there is none; -1 if there are none at all.
func (s *shapes) among(first int32, root bool, like node) (int32, bool) {
	if root && len(s.nodes) == 0 || !root && first == 0 {
		return -1, false
	}
	for n := first; ; n = s.nodes[n].alt {
		if s.nodes[n].lit == like.lit && s.nodes[n].slot == like.slot {
			return n, true
		}
		if s.nodes[n].alt == 0 {
			return n, false
		}
	}
}

// append adds nodes after the value of the node at, as the alternative of the
// node last, if there is one.
func (s *shapes) append(at, last int32, list []node) {
	for i, n := range list {
		here := int32(len(s.nodes))
		s.nodes = append(s.nodes, n)
		switch {
		case i > 0:
			s.nodes[here-1].next = here
		case last >= 0:
			s.nodes[last].alt = here
		case at >= 0:
			s.nodes[at].next = here
		}
	}
}

// dissect cuts a valid record into literals and values. It is not ok if the
// record has a field that is named like a credential: its values are looked at
// one by one.
func dissect(raw []byte, o object) (list []node, ok bool) {
	var inObject [maxShapeDeep + 1]bool
	depth, lit := 0, 0
	name := false // a string is a name here
	var f field
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '{' || c == '[':
			if depth++; depth > maxShapeDeep {
				return nil, false
			}
			inObject[depth] = c == '{'
			name = c == '{'
			f = field{} // is not that of what is inside
		case c == '}' || c == ']':
			depth--
		case c == ',':
			name = inObject[depth]
		case c == '"':
			end, escaped, _ := scanString(raw, i+1)
			s := raw[i+1 : end]
			if name {
				if escaped {
					s = appendUnescaped(nil, s)
				}
				if class := classify(s); class == tokenName || class == passwordName {
					return nil, false
				}
				f = field{}
				if depth == 1 {
					f = o.field(s)
				}
				name = false
			} else {
				list = append(list, node{lit: string(raw[lit : i+1]), slot: stringSlot(f)})
				lit, f = end, field{}
			}
			i = end
		case c == '-' || isDigit(c):
			end, _, _ := scanNumber(raw, i)
			list = append(list, node{lit: string(raw[lit:i]), slot: numberSlot(f)})
			lit, f = end, field{}
			i = end
			continue
		}
		i++
	}
	return append(list, node{lit: string(raw[lit:])}), true
}

func stringSlot(f field) slot {
	switch f.want {
	case wantText:
		return slot{kind: slotFullText, text: f.text}
	case wantID:
		return slot{kind: slotID, text: f.text}
	case wantTime:
		return slot{kind: slotTime, time: f.time}
	case wantMoment:
		return slot{kind: slotMomentTime, time: f.time}
	}
	return slot{kind: slotText, text: f.text}
}

func numberSlot(f field) slot {
	switch f.want {
	case wantNumber:
		return slot{kind: slotValue}
	case wantTime:
		return slot{kind: slotMillis, time: f.time}
	case wantMoment:
		return slot{kind: slotMomentMillis, time: f.time}
	}
	return slot{kind: slotNumber}
}

// plainNumber gives the end of a number without an exponent, which has another
// byte behind it. Such a number with 308 digits or fewer fits a float64.
func plainNumber(b []byte, i int) (end int, ok bool) {
	start := i
	if i < len(b) && b[i] == '-' {
		i++
	}
	first := i
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i == first || b[first] == '0' && i > first+1 {
		return 0, false
	}
	if i < len(b) && b[i] == '.' {
		i++
		first = i
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		if i == first {
			return 0, false
		}
	}
	if i == len(b) || b[i]|0x20 == 'e' || i-start > 300 {
		return 0, false
	}
	return i, true
}
