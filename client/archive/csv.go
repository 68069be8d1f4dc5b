package archive

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// csvHeader is the first row of every CSV export, as Dashtray's page shows it.
func csvHeader() []string {
	return []string{"Type", "ID", "Name", "Value", "Unit", "Timestamp", "Service", "Status", "Created At"}
}

// The columns of csvHeader.
const (
	colType = iota
	colID
	colName
	colValue
	colUnit
	colTimestamp
	colService
	colStatus
	colCreatedAt
	colCount
)

// csvParser checks the rows of a CSV export.
type csvParser struct {
	*checker
	feed *feed
	rows *csvRows
	// short is the line of a row that has too few cells, until it is known
	// whether it is the last one; 0 if there is none. Its count is shortCells.
	short      int64
	shortCells int
}

func newCSVParser(c *checker, f *feed) *csvParser {
	return &csvParser{checker: c, feed: f, rows: newCSVRows(f)}
}

// run reads all rows. Its error is of reading, or errStop.
func (p *csvParser) run() error {
	if err := p.header(); err != nil {
		return err
	}
	for {
		err := p.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return p.stop(err)
		}
		p.raggedBefore()
		p.row()
	}
	if p.short > 0 {
		p.problem(Truncated, p.short, "the last row has %d cells of %d: the file ends too early", p.shortCells, colCount)
		return errStop
	}
	p.whole = true
	return nil
}

// stop turns what ends the reading of rows into a finding.
func (p *csvParser) stop(err error) error {
	line := p.rows.line
	switch {
	case p.feed.err != nil:
		return p.feed.err
	case errors.Is(err, errQuotes):
		p.problem(Syntax, line, "a quote stands where none may be: inside a cell without quotes, or not doubled")
	case errors.Is(err, errOpenQuote):
		p.problem(Truncated, line, "the file ends inside a quoted cell")
	case errors.Is(err, errRowLength):
		p.problem(Schema, line, "the row is longer than %d MiB", MaxToken>>20)
	default:
		return err
	}
	return errStop
}

// header reads the first row, which is the same in every export.
func (p *csvParser) header() error {
	if err := p.rows.next(); err != nil {
		return p.stop(err)
	}
	want := csvHeader()
	line := strings.Join(want, ",")
	if raw := p.rows.raw; !p.rows.ended && len(raw) < len(line) && strings.HasPrefix(line, string(raw)) {
		p.problem(Truncated, 1, "the file ends inside its header")
		return errStop
	}
	cells := p.rows.cells
	for i, name := range want {
		if i >= len(cells) || string(cells[i]) != name {
			p.problem(Schema, 1, "the header is not %s", line)
			return errStop
		}
	}
	if p.rows.count != colCount {
		p.problem(Schema, 1, "the header has %d columns, an export has %d", p.rows.count, colCount)
		return errStop
	}
	p.cutClean = !p.rows.ended
	return nil
}

// raggedBefore names the short row of before: another row followed, so that
// it is no sign of a file that was cut.
func (p *csvParser) raggedBefore() {
	if p.short > 0 {
		p.problem(Syntax, p.short, "the row has %d cells, the header has %d", p.shortCells, colCount)
		p.short = 0
	}
}

// row checks one row.
func (p *csvParser) row() {
	r := p.rows
	if !r.ended {
		p.cutClean = true
	}
	if !utf8.Valid(r.raw) {
		p.problem(Syntax, r.line, "the row is not UTF-8")
	}
	if r.bareCR {
		p.problem(Syntax, r.line, "a carriage return stands alone outside of quotes")
	}
	if r.count != colCount {
		p.ragged()
		return
	}
	for _, cell := range r.cells {
		p.cell(cell)
	}
	p.record(r.cells)
}

// ragged handles a row with too few cells or too many.
func (p *csvParser) ragged() {
	r := p.rows
	p.secret(r.raw)
	if r.count > colCount {
		p.problem(Syntax, r.line, "the row has %d cells, the header has %d", r.count, colCount)
		return
	}
	p.short, p.shortCells = r.line, r.count
	p.cutClean = false // the finding on the cells says it already
}

// cell looks at what any cell may hold.
func (p *csvParser) cell(cell []byte) {
	if len(cell) == 0 {
		return
	}
	p.secret(cell)
	if isFormula(cell) {
		if p.formulas++; p.formulas == 1 {
			p.formulaAt = atLine(p.rows.line)
		}
	}
}

func (p *csvParser) secret(cell []byte) {
	if s, ok := findSecret(cell); ok {
		p.problem(Credential, p.rows.line, "a cell looks like %s: %s", s.what, mask(cell[s.start:s.end]))
	}
}

// isFormula reports whether a spreadsheet may take the cell for a formula:
// https://owasp.org/www-community/attacks/CSV_Injection. A number is none.
func isFormula(cell []byte) bool {
	switch cell[0] {
	case '=', '@', '\t', '\r':
		return true
	case '+':
		return !isNumber(cell[1:])
	case '-':
		return !isNumber(cell)
	}
	return false
}

// record checks and counts a row with the right number of cells.
func (p *csvParser) record(cells [][]byte) {
	k, known := rowKind(cells[colType])
	if !known {
		p.other++
		return
	}
	p.counts[k]++
	p.there[k] = true
	line := p.rows.line
	if id := cells[colID]; len(id) == 0 {
		p.problem(Schema, line, "a %s has no ID", k)
	} else if p.isRepeat(k, id) && !p.findings.full(DuplicateID) {
		p.findings.add(DuplicateID, atLine(line), "another %s before it has the ID %s", k, quoted(id))
	}
	stamp, stamped := p.time(cells, colTimestamp)
	created, wasCreated := p.time(cells, colCreatedAt)
	switch k {
	case metric:
		p.value(cells[colValue])
		if len(cells[colTimestamp]) == 0 {
			p.problem(Schema, line, "a metric has no Timestamp")
		} else if stamped {
			p.governed(stamp)
		}
	case auditLog:
		if stamped {
			p.governed(stamp)
		} else if wasCreated {
			p.governed(created)
		} else if len(cells[colTimestamp])+len(cells[colCreatedAt]) == 0 {
			p.problem(Schema, line, "an audit log has no time")
		}
	case dashboard:
		p.widgets(cells[colValue])
	}
}

// rowKind reads the first cell, in the page's words. The page shows no row of
// an audit log, so that its word is taken in any style.
func rowKind(cell []byte) (_ kind, known bool) {
	switch string(cell) {
	case "Metric":
		return metric, true
	case "Connection":
		return connection, true
	case "Dashboard":
		return dashboard, true
	}
	if len(cell) > maxName {
		return 0, false
	}
	word := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToLower(string(cell)))
	return auditLog, word == "auditlog" || word == "audit" || word == "auditlogs"
}

// time reads a cell that holds a time or nothing.
func (p *csvParser) time(cells [][]byte, col int) (ms int64, ok bool) {
	cell := cells[col]
	if len(cell) == 0 {
		return 0, false
	}
	if ms, ok = parseCellTime(cell); !ok {
		p.problem(Schema, p.rows.line, "%s is no time: %s", csvHeader()[col], quoted(cell))
	}
	return ms, ok
}

// value checks the value of a metric: a number, or nothing where there was none.
func (p *csvParser) value(cell []byte) {
	if len(cell) > 0 && !isNumber(cell) {
		p.problem(Schema, p.rows.line, "the Value of a metric is no number: %s", quoted(cell))
	}
}

// widgets counts by the value of a dashboard, which is how many widgets it has.
func (p *csvParser) widgets(cell []byte) {
	if len(cell) == 0 {
		return
	}
	const most = 1_000_000 // so that no sum overflows
	n, err := strconv.ParseInt(string(cell[:min(len(cell), 20)]), 10, 64)
	if err != nil || n < 0 || n > most {
		p.problem(Schema, p.rows.line, "the Value of a dashboard is no number of widgets: %s", quoted(cell))
		return
	}
	p.counts[widget] += n
}

func (p *csvParser) governed(ms int64) {
	if p.moment(ms) {
		p.outsideAt = atLine(p.rows.line)
	}
}

func (p *csvParser) problem(code string, line int64, format string, args ...any) {
	if !p.findings.full(code) {
		p.findings.add(code, atLine(line), format, args...)
	}
}

func atLine(n int64) string { return fmt.Sprintf("line %d", n) }
