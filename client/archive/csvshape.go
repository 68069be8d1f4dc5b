package archive

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// rowShape is what the rows of one metric have in common, byte for byte, taken
// from a row that was checked in full and has no fault.
type rowShape struct {
	name    string // `,Name,`
	unit    string // `,Unit,`
	service string // `,Service,Status,`
}

// shape is that of the row that was read last.
func (p *csvParser) shape() *rowShape {
	const most = 1 << 10
	from := func(first, last int) string { return string(p.raw[p.starts[first]-1 : p.starts[last]]) }
	if len(p.raw) > most || bytes.IndexByte(p.raw, '\n') >= 0 { // lines are counted by rows
		return nil
	}
	return &rowShape{from(colName, colValue), from(colUnit, colTimestamp), from(colService, colCreatedAt)}
}

// replay reads a row of a metric by the shape of its metric. It is false, and
// has done nothing, if there is none, if the row goes on beyond the window, or
// if there is anything about it that is to be looked at.
func (p *csvParser) replay() bool {
	const word = "Metric,"
	b, i := p.buf, p.pos
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return false
	}
	i += len(word)
	end := cellEnd(b, i)
	id := b[i:end]
	if end == len(b) || len(id) == 0 || isFormula(id) || len(id) > maxShapeText {
		return false
	}
	if _, found := findSecret(id); found {
		return false
	}
	s := p.seriesAt(b, end)
	if s == nil || !hasAt(b, end, s.row.name) {
		return false
	}
	i = end + len(s.row.name)
	var at point
	if at.value, end, at.has = plainFloat(b, i); !at.has {
		end = i // no value, or one to be looked at
	}
	if !hasAt(b, end, s.row.unit) {
		return false
	}
	i = end + len(s.row.unit)
	var ok bool
	if at.ms, end, ok = p.timeAt(b, i); !ok || !hasAt(b, end, s.row.service) {
		return false
	}
	stamp := b[i:end]
	i = end + len(s.row.service)
	if end = i; bytes.HasPrefix(b[i:], stamp) {
		end += len(stamp)
	} else if end < len(b) && b[end] > '\r' {
		if _, end, ok = p.timeAt(b, i); !ok {
			return false
		}
	}
	switch {
	case hasAt(b, end, "\n"):
		end++
	case hasAt(b, end, "\r\n"):
		end += 2
	default:
		return false
	}
	p.lines++
	p.line = p.lines
	p.accept(id, s, at)
	p.pos = end
	return true
}

// timeAt reads the time at b[i] and gives its end. What stands there is for the
// caller to look at.
func (p *csvParser) timeAt(b []byte, i int) (ms int64, end int, ok bool) {
	const seconds = len("2024-03-15T10:30:00Z")
	if len(b)-i > seconds {
		if ms, ok = p.clock.sameDay(b[i : i+seconds]); ok {
			return ms, i + seconds, true
		}
	}
	end = cellEnd(b, i)
	ms, ok = p.clock.parseCell(b[i:end])
	return ms, end, ok
}

// accept notes a row of which every cell fits.
func (p *csvParser) accept(id []byte, s *series, at point) {
	p.counts[metric]++
	p.there[metric] = true
	p.repeats.add(metric, id, place{row: p.line})
	if p.moment(at.ms) {
		p.outsideAt = atLine(p.line)
	}
	s.add(at, true, p.prof.buckets)
	p.prof.follow(s)
}

// seriesAt finds the metric that has the name in the cell after the comma
// b[i], if its rows have a shape.
func (p *csvParser) seriesAt(b []byte, i int) *series {
	if last := p.prof.last; last != nil && last.next != nil && last.next.row != nil && hasAt(b, i, last.next.row.name) {
		return last.next
	}
	if b[i] != ',' {
		return nil
	}
	s := p.prof.byKey[string(b[i+1:cellEnd(b, i+1)])]
	if s == nil || s.row == nil {
		return nil
	}
	return s
}

// hasAt reports whether s stands at b[i].
func hasAt(b []byte, i int, s string) bool {
	return len(b)-i >= len(s) && string(b[i:i+len(s)]) == s
}

// cellEnd gives the first index from i on of a byte that ends a cell or needs
// a look: a comma, a quote, a control character, or a byte beyond ASCII. It is
// len(b) if there is none.
func cellEnd(b []byte, i int) int {
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:])
		m := zeroBytes(x^','*ones) | zeroBytes(x^'"'*ones) | (x-' '*ones)&^x&highs | x&highs
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != ',' && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}
