package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The formats, as Expect and Report name them.
const (
	formatJSON = "json"
	formatCSV  = "csv"
)

// kind is a type of record.
type kind uint8

const (
	metric kind = iota
	connection
	dashboard
	widget
	auditLog
	kindCount
)

// String is how messages call the type.
func (k kind) String() string {
	return [...]string{"metric", "connection", "dashboard", "widget", "audit log"}[k]
}

// errStop ends a parser: the problem is among the findings.
var errStop = errors.New("the rest of the file has no meaning")

// checker is what the two formats share: what is expected, what was found.
type checker struct {
	expect   Expect
	findings findings

	damage   *damage // of what packs the file; nil: none
	format   string
	whole    bool // the parser understood the file to its end
	cutClean bool // CSV: the last row has no line end, and may have been cut
	counts   [kindCount]int64
	other    int64
	// there tells of each type whether the file has a place for it: in JSON the
	// list, be it empty, in CSV a row.
	there [kindCount]bool

	fromMs, toMs int64 // of expect; the widest values if not known
	ownFrom      int64 // of the file's dateRange, likewise
	ownTo        int64
	first, last  int64 // of the data
	dated        bool  // first and last are set
	outside      int64
	outsideAt    string

	formulas  int64
	formulaAt string

	repeats *repeats
	memo    memo
	clock   clock
	prof    *profiler
}

func newChecker(e Expect) *checker {
	c := &checker{expect: e, fromMs: minInt64, toMs: maxInt64, ownFrom: minInt64, ownTo: maxInt64, repeats: newRepeats(), prof: newProfiler()}
	if !e.From.IsZero() {
		c.fromMs = e.From.UnixMilli()
	}
	if !e.To.IsZero() {
		c.toMs = e.To.UnixMilli()
	}
	return c
}

const (
	maxInt64 = 1<<63 - 1
	minInt64 = -1 << 63
)

// sniff is how many bytes decide on the format.
const sniff = 4 << 10

// read finds the format and parses the file by it.
func (c *checker) read(f *feed) error {
	defer c.closeIDs()
	w := window{feed: f}
	head, err := w.head(sniff)
	if err != nil {
		return err
	}
	guess := guessFormat(head, c.expect.Format)
	c.format = guess.format
	if guess.code != "" {
		if !c.findings.full(guess.code) {
			c.findings.add(guess.code, "byte 0", "%s", guess.why)
		}
		return nil
	}
	if c.expect.Format != "" && c.expect.Format != c.format && !c.findings.full(Schema) {
		c.findings.add(Schema, "byte 0", "the file is %s, not %s as asked for",
			strings.ToUpper(c.format), strings.ToUpper(quoted(c.expect.Format).bare()))
	}
	marked := bytes.HasPrefix(head, []byte(bom))
	if marked {
		w.pos = len(bom)
	}
	if c.format == formatJSON {
		if marked && !c.findings.full(Syntax) {
			c.findings.add(Syntax, "byte 0", "a byte order mark stands before the document: JSON must not have one")
		}
		err = newJSONParser(c, w).run()
	} else {
		err = newCSVParser(c, w).run()
	}
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// closeIDs ends the comparing of ids and takes over what it found.
func (c *checker) closeIDs() {
	c.repeats.close()
	c.findings.join(&c.repeats.findings)
}

// guess is a format, or why there is none.
type guess struct {
	format    string
	code, why string
}

// guessFormat tells the format by the first bytes of the file.
func guessFormat(head []byte, expected string) guess {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bom)), " \t\r\n")
	switch {
	case len(text) == 0 && len(head) < sniff:
		if expected != formatJSON && expected != formatCSV {
			expected = ""
		}
		return guess{expected, Truncated, "the file is empty"}
	case len(text) == 0 || text[0] == '{' || text[0] == '[':
		return guess{format: formatJSON}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return guess{"", Syntax, "the file is UTF-16, an export is UTF-8: a shell or an editor on Windows wrote it anew, perhaps"}
	case text[0] == '<':
		return guess{"", Syntax, "the file is HTML or XML, neither JSON nor CSV: a server's error page, perhaps"}
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if expected == formatCSV || beginsHeader(line) || expected == "" && isCSVLine(line) {
		return guess{format: formatCSV}
	}
	return guess{"", Syntax, "the file is neither JSON nor CSV"}
}

// bom is the byte order mark in UTF-8. Spreadsheets write one before CSV; JSON
// must not have one (RFC 8259 section 8.1).
const bom = "\ufeff"

// beginsHeader reports whether a first line is the header of an export, or the
// beginning of one.
func beginsHeader(line []byte) bool {
	header := strings.Join(csvHeader(), ",")
	line = bytes.TrimSuffix(line, []byte("\r"))
	return strings.HasPrefix(header, string(line[:min(len(line), len(header)+1)]))
}

// isCSVLine reports whether a first line is that of some CSV: text with commas.
func isCSVLine(line []byte) bool {
	if bytes.IndexByte(line, ',') < 0 {
		return false
	}
	for _, b := range line {
		if b < ' ' && b != '\t' && b != '\r' {
			return false
		}
	}
	return utf8.Valid(line) || len(line) >= sniff/2 // a long line may be cut inside a rune
}

// moment notes a time that the date range governs, and reports whether it is
// the first outside of the range, so that the caller may say where.
func (c *checker) moment(ms int64) (firstOutside bool) {
	if !c.dated {
		c.first, c.last, c.dated = ms, ms, true
	}
	c.first, c.last = min(c.first, ms), max(c.last, ms)
	if ms >= c.fromMs && ms <= c.toMs {
		return false
	}
	c.outside++
	return c.outside == 1
}

// report closes the check: what can be said of the whole file only.
func (c *checker) report(size int64, sum string) Report {
	c.tellDamage()
	c.compareBytes(size, sum)
	c.compareRange()
	if c.whole {
		c.compareTypes()
		c.compareCount()
	}
	if c.formulas > 0 && !c.findings.full(FormulaCell) {
		c.findings.add(FormulaCell, c.formulaAt,
			"%s with = + - @ or a control character, which a spreadsheet may run as a formula", plural(c.formulas, "cell begins", "cells begin"))
	}
	r := Report{
		Format: c.format, Bytes: size, SHA256: sum,
		Records: Counts{
			Metrics: c.counts[metric], Connections: c.counts[connection], Dashboards: c.counts[dashboard],
			Widgets: c.counts[widget], AuditLogs: c.counts[auditLog],
		},
		OtherRecords: c.other,
		Profile:      c.prof.profile(),
	}
	if c.dated {
		r.From, r.To = time.UnixMilli(c.first).UTC(), time.UnixMilli(c.last).UTC()
	}
	r.Problems, r.Warnings = c.findings.split()
	r.OK = len(r.Problems) == 0
	return r
}

// tellDamage says why the bytes of a packed file end. It is then no news that
// the document ends too early.
func (c *checker) tellDamage() {
	if c.damage == nil {
		return
	}
	c.whole, c.cutClean = false, false
	c.findings.forget(Truncated)
	if !c.findings.full(c.damage.code) {
		c.findings.add(c.damage.code, "", "%s", c.damage.message)
	}
}

func (c *checker) compareBytes(size int64, sum string) {
	sameSize := c.expect.Bytes != nil && *c.expect.Bytes == size
	sameSum := c.expect.SHA256 != "" && strings.EqualFold(c.expect.SHA256, sum)
	if c.cutClean && !sameSize && !sameSum && !c.findings.full(Truncated) {
		c.findings.add(Truncated, fmt.Sprintf("byte %d", size), "the last row has no line end: the file ends too early")
	}
	if c.format == formatCSV && c.whole && c.expect.Bytes != nil && size < *c.expect.Bytes && !sameSum && !c.findings.full(Truncated) {
		c.whole = false
		c.findings.add(Truncated, fmt.Sprintf("byte %d", size), "the file ends with a row, but %d bytes too early", *c.expect.Bytes-size)
	}
	if c.expect.Bytes != nil && !sameSize && !c.findings.full(SizeMismatch) {
		c.findings.add(SizeMismatch, "", "the file has %d bytes, the server told %d", size, *c.expect.Bytes)
	}
	if c.expect.SHA256 != "" && !sameSum && !c.findings.full(ChecksumMismatch) {
		c.findings.add(ChecksumMismatch, "", "the SHA-256 of the file is %s, it should be %s", sum, shownSum(c.expect.SHA256))
	}
}

// shownSum is a checksum that somebody told: whole, if it is one.
func shownSum(s string) string {
	if b, err := hex.DecodeString(s); err == nil && len(b) == sha256.Size {
		return strings.ToLower(s)
	}
	return quoted(s).bare()
}

func (c *checker) compareRange() {
	if c.outside > 0 && !c.findings.full(OutOfRange) {
		c.findings.add(OutOfRange, c.outsideAt, "%s outside the date range that was asked for, here is the first",
			plural(c.outside, "record lies", "records lie"))
	}
	first, last, dated := c.prof.span()
	if !dated {
		return
	}
	if first < c.ownFrom && c.expect.From.IsZero() && !c.findings.full(OutOfRange) {
		c.findings.add(OutOfRange, "/dateRange/startDate", "the file's own date range begins %s, its metrics %s", atMillis(c.ownFrom), atMillis(first))
	}
	if last > c.ownTo && c.expect.To.IsZero() && !c.findings.full(OutOfRange) {
		c.findings.add(OutOfRange, "/dateRange/endDate", "the file's own date range ends %s, its metrics %s", atMillis(c.ownTo), atMillis(last))
	}
}

// ownRange takes the date range that the file says it has. It may stand behind the
// metrics, so that it is compared at the end; where it is known what was asked
// for, that counts. Audit logs are not held against it: the page's sample has
// one from before.
func (c *checker) ownRange(r *record) {
	if r.hasTime(timeStart) {
		c.ownFrom = r.time[timeStart]
	}
	if r.hasTime(timeEnd) {
		c.ownTo = r.time[timeEnd]
	}
}

func atMillis(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

// compareTypes holds the file against the types that were asked for. Dashboards
// bring their widgets. In CSV, audit logs may be left out.
func (c *checker) compareTypes() {
	if c.expect.Include == nil {
		return
	}
	for _, t := range []struct {
		kind kind
		name string
	}{{metric, "metrics"}, {connection, "connections"}, {dashboard, "dashboards"}, {auditLog, "audit_logs"}} {
		asked := slices.Contains(c.expect.Include, t.name)
		optional := c.format == formatCSV && t.kind == auditLog
		switch {
		case asked && !c.there[t.kind] && !optional:
			if !c.findings.full(MissingData) {
				c.findings.add(MissingData, "", "%s were asked for, but the file has none", t.name)
			}
		case !asked && c.counts[t.kind] > 0:
			if !c.findings.full(UnrequestedData) {
				c.findings.add(UnrequestedData, "", "%s were not asked for, but the file has %d", t.name, c.counts[t.kind])
			}
		}
	}
}

// compareCount takes the server's count with widgets or without: which it is
// is not documented. A CSV with fewer rows was cut between two of them, unless
// what is missing may be the audit logs, which a CSV may leave out.
func (c *checker) compareCount() {
	if c.expect.Records == nil {
		return
	}
	told, n := *c.expect.Records, c.other
	for k, count := range c.counts {
		if kind(k) != widget {
			n += count
		}
	}
	if told == n || told == n+c.counts[widget] {
		return
	}
	leftOut := !c.there[auditLog] && slices.Contains(c.expect.Include, "audit_logs")
	if c.format == formatCSV && n < told && !leftOut && !c.findings.full(Truncated) {
		c.findings.add(Truncated, "", "the file ends with a row, but the server told of more")
	}
	if !c.findings.full(CountMismatch) {
		c.findings.add(CountMismatch, "", "the file has %s and %s, the server told %d",
			plural(n, "record", "records"), plural(c.counts[widget], "widget", "widgets"), told)
	}
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
