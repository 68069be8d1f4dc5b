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
	csvRows
	// short is the line of a row that has too few cells, until it is known
	// whether it is the last one; 0 if there is none. Its count is shortCells.
	short      int64
	shortCells int
	rec        record
}

func newCSVParser(c *checker, w window) *csvParser {
	c.repeats.where = func(_ kind, at place) string { return atLine(at.row) }
	return &csvParser{checker: c, csvRows: csvRows{window: w}}
}

// run reads all rows. Its error is of reading, or errStop.
func (p *csvParser) run() error {
	if err := p.header(); err != nil {
		return err
	}
	for {
		for p.short == 0 && p.replay() {
		}
		if err := p.one(); errors.Is(err, io.EOF) {
			return p.last()
		} else if err != nil {
			return p.stop(err)
		}
	}
}

// one reads a row in full.
func (p *csvParser) one() error {
	if err := p.next(); err != nil {
		return err
	}
	p.raggedBefore()
	p.row()
	return nil
}

// last says what is wrong with the last row, after it.
func (p *csvParser) last() error {
	if p.short > 0 {
		p.problem(Truncated, p.short, "the last row has %s of %d: the file ends too early", cellCount(p.shortCells), colCount)
		return errStop
	}
	p.whole = true
	return nil
}

// stop turns what ends the reading of rows into a finding.
func (p *csvParser) stop(err error) error {
	line := p.line
	switch {
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
	if err := p.next(); err != nil {
		return p.stop(err)
	}
	want := csvHeader()
	line := strings.Join(want, ",")
	if raw := p.raw; !p.ended && len(raw) < len(line) && strings.HasPrefix(line, string(raw)) {
		p.problem(Truncated, 1, "the file ends inside its header")
		return errStop
	}
	cells := p.cells
	for i, name := range want {
		if i >= len(cells) || string(cells[i]) != name {
			p.problem(Schema, 1, "the header is not %s", line)
			return errStop
		}
	}
	if p.count != colCount {
		p.problem(Schema, 1, "the header has %d columns, an export has %d", p.count, colCount)
		return errStop
	}
	return nil
}

// raggedBefore names the short row of before: another row followed, so that
// it is no sign of a file that was cut.
func (p *csvParser) raggedBefore() {
	if p.short > 0 {
		p.problem(Syntax, p.short, "the row has %s, the header has %d", cellCount(p.shortCells), colCount)
		p.short = 0
	}
}

// row checks one row.
func (p *csvParser) row() {
	r := &p.csvRows
	told, formulas := p.findings.total, p.formulas
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
	if !r.ended {
		_, whole := parseTime(r.cells[colCreatedAt])
		p.cutClean = !whole // what could follow a whole time is a line end alone
	}
	for _, cell := range r.cells {
		p.cell(cell)
	}
	m := p.record(r.cells)
	if m != nil && told == p.findings.total && formulas == p.formulas {
		m.row = p.shape()
	}
}

// ragged handles a row with too few cells or too many.
func (p *csvParser) ragged() {
	r := &p.csvRows
	p.secret(r.raw)
	if len(r.raw) == 0 {
		p.problem(Syntax, r.line, "the row is empty")
		return
	}
	if r.count > colCount {
		p.problem(Syntax, r.line, "the row has %s, the header has %d", cellCount(r.count), colCount)
		return
	}
	p.short, p.shortCells = r.line, r.count
}

// cell looks at what any cell may hold.
func (p *csvParser) cell(cell []byte) {
	if len(cell) == 0 {
		return
	}
	p.secret(cell)
	if isFormula(cell) {
		if p.formulas++; p.formulas == 1 {
			p.formulaAt = atLine(p.line)
		}
	}
}

func (p *csvParser) secret(cell []byte) {
	if p.memo.clean(cell) {
		return
	}
	if s, ok := findSecret(cell); ok {
		p.problem(Credential, p.line, "a cell looks like %s: %s", s.what, mask(cell[s.start:s.end]))
		return
	}
	p.memo.add(cell)
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

// record checks and counts a row with the right number of cells. It gives the
// series of a metric's row.
func (p *csvParser) record(cells [][]byte) *series {
	k, known := rowKind(cells[colType])
	if !known {
		p.other++
		return nil
	}
	p.counts[k]++
	p.there[k] = true
	line := p.line
	if id := cells[colID]; len(id) == 0 {
		p.problem(Schema, line, "a %s has no ID", k)
	} else {
		p.repeats.add(k, id, place{row: line})
	}
	p.rec.reset()
	p.rec.text[textID], p.rec.text[textName] = cells[colID], cells[colName]
	stamp, stamped := p.time(cells, colTimestamp)
	created, wasCreated := p.time(cells, colCreatedAt)
	if wasCreated {
		p.rec.setTime(timeCreated, created)
	}
	switch k {
	case metric:
		p.value(cells[colValue])
		if len(cells[colTimestamp]) == 0 {
			p.problem(Schema, line, "a metric has no Timestamp")
		} else if stamped {
			p.governed(stamp)
		}
		p.rec.text[textUnit], p.rec.text[textService] = cells[colUnit], cells[colService]
		return p.prof.metric(&p.rec)
	case connection:
		p.rec.text[textService], p.rec.text[textStatus] = cells[colService], cells[colStatus]
		p.prof.connection(&p.rec)
	case auditLog:
		if stamped {
			p.governed(stamp)
		} else if wasCreated {
			p.governed(created)
		} else if len(cells[colTimestamp])+len(cells[colCreatedAt]) == 0 {
			p.problem(Schema, line, "an audit log has no time")
		}
		p.rec.text[textAction] = cells[colName]
		p.prof.auditLog(&p.rec)
	case dashboard:
		p.rec.text[textType] = cells[colStatus]
		p.prof.dashboard(&p.rec, p.widgets(cells[colValue]))
	}
	return nil
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
	if ms, ok = p.clock.parseCell(cell); !ok {
		p.problem(Schema, p.line, "%s is no time: %s", csvHeader()[col], quoted(cell))
	}
	return ms, ok
}

// value checks the value of a metric: a number, or nothing where there was none.
func (p *csvParser) value(cell []byte) {
	if len(cell) == 0 {
		return
	}
	if !isNumber(cell) {
		p.problem(Schema, p.line, "the Value of a metric is no number: %s", quoted(cell))
		return
	}
	p.rec.value, p.rec.hasValue = floatOf(cell)
}

// widgets counts by the value of a dashboard, which is how many widgets it has.
func (p *csvParser) widgets(cell []byte) int64 {
	if len(cell) == 0 {
		return 0
	}
	const most = 1_000_000 // so that no sum overflows
	n, err := strconv.ParseInt(string(cell[:min(len(cell), 20)]), 10, 64)
	if err != nil || n < 0 || n > most {
		p.problem(Schema, p.line, "the Value of a dashboard is no number of widgets: %s", quoted(cell))
		return 0
	}
	p.counts[widget] += n
	return n
}

func (p *csvParser) governed(ms int64) {
	p.rec.setTime(timeMoment, ms)
	if p.moment(ms) {
		p.outsideAt = atLine(p.line)
	}
}

func (p *csvParser) problem(code string, line int64, format string, args ...any) {
	if !p.findings.full(code) {
		p.findings.add(code, atLine(line), format, args...)
	}
}

func cellCount(n int) string { return plural(int64(n), "cell", "cells") }

func atLine(n int64) string { return fmt.Sprintf("line %d", n) }
