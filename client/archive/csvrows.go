package archive

import (
	"bytes"
	"errors"
	"io"
)

// csvRows reads RFC 4180 rows as slices of its buffer. It finds the end of a
// row by counting quotes: a line end is a row's end when an even number of
// quotes stands before it. Cells keep their bytes; nothing is trimmed.
type csvRows struct {
	window
	start int // of the row in buf
	// quotes counts the quotes in buf[start:pos].
	quotes int

	line    int64 // where the row begins; 1 is the header's
	lines   int64 // line ends before the next row
	cells   [][]byte
	starts  []int  // of the cells in raw, with their quotes
	count   int    // of cells; only the first maxCells are in cells and starts
	raw     []byte // the row without its line end, whole or half
	ended   bool   // the row has a line end
	bareCR  bool   // a carriage return stands outside of quotes
	scratch []byte // cells without doubled quotes
}

// maxCells bounds what a row of nothing but commas costs.
const maxCells = 16

// Errors of one row. errQuotes and errRowLength leave no way to find the next row.
var (
	errQuotes    = errors.New("a quote stands where none may be")
	errOpenQuote = errors.New("a quoted cell does not end")
	errRowLength = errors.New("the row is too long")
)

// next reads a row; its cells are good until the next call. It returns io.EOF
// after the last row, errQuotes, errOpenQuote or errRowLength for a row that
// cannot be read, or the reader's error.
func (r *csvRows) next() error {
	r.start, r.quotes, r.line = r.pos, 0, r.lines+1
	err := r.findEnd()
	if err != nil && !errors.Is(err, errRowLength) {
		return err
	}
	row := r.buf[r.start:r.pos]
	r.raw, r.ended = bytes.CutSuffix(row, []byte("\n"))
	r.raw = bytes.TrimSuffix(r.raw, []byte("\r"))
	if splitErr := r.split(); splitErr != nil && (err == nil || errors.Is(splitErr, errQuotes)) {
		return splitErr // a stray quote explains a row that never ends
	}
	return err
}

// findEnd puts pos at the end of the row, which at the end of the file is the
// end of buf.
func (r *csvRows) findEnd() error {
	for {
		rest := r.buf[r.pos:]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			r.quotes += bytes.Count(rest[:i], []byte{'"'})
			r.pos += i + 1
			r.lines++
			if r.quotes%2 == 0 {
				return r.limit()
			}
			continue
		}
		r.quotes += bytes.Count(rest, []byte{'"'})
		r.pos = len(r.buf)
		if err := r.limit(); err != nil {
			return err
		}
		switch err := r.more(r.start); {
		case err == nil:
			r.start = 0
		case !errors.Is(err, io.EOF):
			return err
		case r.start == r.pos:
			return io.EOF
		default:
			return nil
		}
	}
}

func (r *csvRows) limit() error {
	if r.pos-r.start > MaxToken {
		return errRowLength
	}
	return nil
}

// split cuts raw into cells.
func (r *csvRows) split() error {
	r.cells, r.starts, r.count, r.scratch = r.cells[:0], r.starts[:0], 0, r.scratch[:0]
	r.bareCR = false
	anyCR := bytes.IndexByte(r.raw, '\r') >= 0
	rest := r.raw
	for {
		var cell []byte
		n := len(rest)
		if n > 0 && rest[0] == '"' {
			var err error
			if cell, n, err = r.quoted(rest); err != nil {
				return err
			}
		} else {
			if i := bytes.IndexByte(rest, ','); i >= 0 {
				n = i
			}
			cell = rest[:n]
			if r.quotes > 0 && bytes.IndexByte(cell, '"') >= 0 {
				return errQuotes
			}
			r.bareCR = r.bareCR || anyCR && bytes.IndexByte(cell, '\r') >= 0
		}
		if r.count < maxCells {
			r.cells = append(r.cells, cell)
			r.starts = append(r.starts, len(r.raw)-len(rest))
		}
		r.count++
		if n == len(rest) {
			return nil
		}
		rest = rest[n+1:]
	}
}

// quoted reads a cell in quotes, and gives its length with them. What follows
// it is the end of the row or a comma.
func (r *csvRows) quoted(b []byte) (cell []byte, n int, err error) {
	first := len(r.scratch)
	doubled := false
	for i := 1; ; {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return nil, 0, errOpenQuote
		}
		end := i + j
		if end+1 < len(b) && b[end+1] == '"' {
			r.scratch = append(r.scratch, b[i:end+1]...)
			doubled = true
			i = end + 2
			continue
		}
		if end+1 < len(b) && b[end+1] != ',' {
			return nil, 0, errQuotes
		}
		if !doubled {
			return b[1:end], end + 1, nil
		}
		r.scratch = append(r.scratch, b[i:end]...)
		return r.scratch[first:], end + 1, nil
	}
}
