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
	src   io.Reader
	buf   []byte
	start int // of the row in buf
	scan  int // up to here the row was looked at
	// quotes counts the quotes in buf[start:scan].
	quotes int
	eof    bool

	line    int64 // where the row begins; 1 is the header's
	lines   int64 // line ends before the next row
	cells   [][]byte
	count   int    // of cells; only the first maxCells are in cells
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

const firstRowBuffer = 32 << 10

func newCSVRows(src io.Reader) *csvRows {
	return &csvRows{src: src, buf: make([]byte, 0, firstRowBuffer)}
}

// next reads a row; its cells are good until the next call. It returns io.EOF
// after the last row, errQuotes, errOpenQuote or errRowLength for a row that
// cannot be read, or the reader's error.
func (r *csvRows) next() error {
	r.start, r.quotes, r.line = r.scan, 0, r.lines+1
	end, err := r.findEnd()
	if err != nil && !errors.Is(err, errRowLength) {
		return err
	}
	row := r.buf[r.start:end]
	r.raw, r.ended = bytes.CutSuffix(row, []byte("\n"))
	r.raw = bytes.TrimSuffix(r.raw, []byte("\r"))
	if splitErr := r.split(); splitErr != nil && (err == nil || errors.Is(splitErr, errQuotes)) {
		return splitErr // a stray quote explains a row that never ends
	}
	return err
}

// findEnd gives the end of the row in buf. At the end of the file it is the
// end of buf.
func (r *csvRows) findEnd() (int, error) {
	for {
		rest := r.buf[r.scan:]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			r.quotes += bytes.Count(rest[:i], []byte{'"'})
			r.scan += i + 1
			r.lines++
			if r.quotes%2 == 0 {
				return r.scan, r.limit()
			}
			continue
		}
		r.quotes += bytes.Count(rest, []byte{'"'})
		r.scan = len(r.buf)
		if err := r.limit(); err != nil {
			return r.scan, err
		}
		if r.eof {
			if r.start == r.scan {
				return 0, io.EOF
			}
			return r.scan, nil
		}
		if err := r.more(); err != nil {
			return 0, err
		}
	}
}

func (r *csvRows) limit() error {
	if r.scan-r.start > MaxToken {
		return errRowLength
	}
	return nil
}

// more reads into buf behind the row, which it moves to the front.
func (r *csvRows) more() error {
	if r.start > 0 {
		r.buf = r.buf[:copy(r.buf, r.buf[r.start:])]
		r.scan -= r.start
		r.start = 0
	}
	if len(r.buf) == cap(r.buf) {
		r.buf = append(make([]byte, 0, 2*cap(r.buf)), r.buf...)
	}
	n, err := r.src.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	if errors.Is(err, io.EOF) {
		r.eof = true
		return nil
	}
	return err
}

// split cuts raw into cells.
func (r *csvRows) split() error {
	r.cells, r.count, r.scratch = r.cells[:0], 0, r.scratch[:0]
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
