package backup

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dashtray/dashtray-tui/client"
	"github.com/dashtray/dashtray-tui/client/archive"
	"github.com/dashtray/dashtray-tui/client/text"
)

const (
	schema = 1
	// maxLine is the longest line, in bytes. One of ours has 1 KB, and 60 bytes
	// more for every recipient.
	maxLine = 64 << 10
	maxText = 4 << 10 // the longest text of a stranger's in a line
	maxName = 255     // the longest file name that systems allow
)

// What a line says of its file.
const (
	opAdd    = "add"
	opRemove = "remove" // it goes, or has gone
)

// line is what every line of the manifest has. One of opRemove also says when.
type line struct {
	Version   int        `json:"v"`
	Op        string     `json:"op"`
	File      string     `json:"file"`
	SHA256    string     `json:"sha256"`
	Bytes     int64      `json:"bytes"`
	RemovedAt *time.Time `json:"removedAt,omitempty"`
}

// addLine is a line of opAdd.
type addLine struct {
	line
	details
}

type details struct {
	Encrypted   bool           `json:"encrypted"`
	PlainSHA256 *string        `json:"plainSha256"`
	Recipients  []string       `json:"recipients"`
	Format      string         `json:"format"`
	Range       lineRange      `json:"range"`
	Include     []string       `json:"include"`
	Records     archive.Counts `json:"records"`
	ExportID    string         `json:"exportJobId"`
	Project     lineProject    `json:"project"`
	Origin      string         `json:"origin"`
	CreatedAt   *time.Time     `json:"createdAt"`
	VerifiedAt  *time.Time     `json:"verifiedAt"`
	ModifiedAt  *time.Time     `json:"modifiedAt"`
}

type lineRange struct {
	Name string     `json:"name"`
	From *time.Time `json:"from"`
	To   *time.Time `json:"to"`
}

type lineProject struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
}

// encodeAdd is the line of an entry, with its line feed. What no line could
// hold is an error: it would not be read again.
func encodeAdd(e Entry) ([]byte, error) {
	d := details{
		Encrypted: e.Encrypted, Recipients: e.Recipients, Format: string(e.Format),
		Range:   lineRange{e.Range.Name, moment(e.Range.From), moment(e.Range.To)},
		Include: e.Include.Names(), Records: e.Records,
		ExportID: e.ExportID.Raw(), Project: lineProject{e.ProjectID.Raw(), e.ProjectSlug.Raw()},
		Origin: e.Origin.Raw(), CreatedAt: moment(e.CreatedAt),
		VerifiedAt: moment(e.VerifiedAt), ModifiedAt: moment(e.ModifiedAt),
	}
	if e.PlainSHA256 != "" {
		d.PlainSHA256 = &e.PlainSHA256
	}
	if d.Recipients == nil {
		d.Recipients = []string{}
	}
	return encode(addLine{line{Version: schema, Op: opAdd, File: e.File, SHA256: e.SHA256, Bytes: e.Bytes}, d})
}

func encodeRemove(e Entry, at time.Time) ([]byte, error) {
	return encode(line{Version: schema, Op: opRemove, File: e.File, SHA256: e.SHA256, Bytes: e.Bytes, RemovedAt: moment(at)})
}

func encode(l any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(l); err != nil {
		return nil, fmt.Errorf("encode the manifest's line: %w: %w", ErrEntry, err)
	}
	out := ascii(b.Bytes())
	if _, err := parseLine(bytes.TrimSuffix(out, []byte("\n"))); err != nil {
		return nil, fmt.Errorf("encode the manifest's line: %w: %w", ErrEntry, err)
	}
	return out, nil
}

// ascii escapes what is not ASCII, and DEL, so that no line can drive a
// terminal (RFC 8259, section 7). Outside of strings JSON is ASCII.
func ascii(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for _, r := range string(doc) {
		switch {
		case r < 0x7f:
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// moment is a time for a line: in UTC, null if it is not known.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Round(0)
	return &t
}

// errNewer marks the line of a version of the program that came later.
var errNewer = errors.New("a newer version of the program wrote it")

// mark is a line that makes sense.
type mark struct {
	op    string
	entry Entry
}

// parseLine reads one line, without its line feed. Whoever can write to the
// folder can write lines, so nothing in one is believed before it was checked.
// The error quotes nothing of it.
func parseLine(b []byte) (mark, error) {
	var l addLine
	if len(b) > maxLine {
		return mark{}, errors.New("it is too long")
	}
	if err := json.Unmarshal(b, &l); err != nil {
		return mark{}, errors.New("it is no JSON object of a manifest") // the error quotes the line
	}
	e := Entry{File: l.File, Bytes: l.Bytes, SHA256: l.SHA256}
	switch {
	case l.Version > schema:
		return mark{}, errNewer
	case l.Version != schema:
		return mark{}, errors.New("its version is unknown")
	case !validName(l.File):
		return mark{}, ErrName
	case !validSum(l.SHA256), l.Bytes < 0:
		return mark{}, errors.New("its size or checksum makes no sense")
	case l.Op == opRemove:
		return mark{opRemove, e}, nil
	case l.Op != opAdd:
		return mark{}, errors.New("it neither adds nor removes a file")
	}
	if err := l.fill(&e); err != nil {
		return mark{}, err
	}
	return mark{opAdd, e}, nil
}

// fill checks the details and moves them into e.
func (d *details) fill(e *Entry) error {
	e.Encrypted, e.Recipients, e.Records = d.Encrypted, d.Recipients, d.Records
	e.Format, e.ExportID = client.Format(d.Format), client.ID(d.ExportID)
	e.ProjectID, e.ProjectSlug = text.Untrusted(d.Project.ID), text.Untrusted(d.Project.Slug)
	e.Origin = text.Untrusted(d.Origin)
	e.Range.Name = d.Range.Name
	if d.PlainSHA256 != nil {
		e.PlainSHA256 = *d.PlainSHA256
		if !validSum(e.PlainSHA256) {
			return errors.New("its checksum makes no sense")
		}
	}
	if len(d.Include) > 0 {
		var err error
		if e.Include, err = client.ParseInclude(strings.Join(d.Include, ",")); err != nil {
			return errors.New("its data types make no sense")
		}
	}
	r := d.Records
	switch {
	case e.Format != client.JSON && e.Format != client.CSV:
		return errors.New("its format makes no sense")
	case !validWord(d.Range.Name):
		return errors.New("its range makes no sense")
	case min(r.Metrics, r.Connections, r.Dashboards, r.Widgets, r.AuditLogs) < 0:
		return errors.New("its counts make no sense")
	case max(len(d.ExportID), len(d.Project.ID), len(d.Project.Slug), len(d.Origin)) > maxText:
		return errors.New("a text in it is too long")
	case d.VerifiedAt == nil:
		return errors.New("it does not say when the file was verified")
	}
	for _, f := range d.Recipients {
		if !validFingerprint(f) {
			return errors.New("its recipients make no sense")
		}
	}
	for from, to := range map[*time.Time]*time.Time{
		d.Range.From: &e.Range.From, d.Range.To: &e.Range.To,
		d.CreatedAt: &e.CreatedAt, d.VerifiedAt: &e.VerifiedAt, d.ModifiedAt: &e.ModifiedAt,
	} {
		if from != nil {
			*to = from.UTC()
		}
	}
	return nil
}

// validName reports whether a name is one that this program gives to a backup:
// dashtray-…, of letters, digits, "-" and "_", then .json or .csv, then perhaps
// .age. No such name leaves the folder, or is a device of some system.
func validName(name string) bool {
	if len(name) > maxName {
		return false
	}
	stem := strings.TrimSuffix(name, ".age")
	stem, isJSON := strings.CutSuffix(stem, ".json")
	stem, isCSV := strings.CutSuffix(stem, ".csv")
	rest, ours := strings.CutPrefix(stem, "dashtray-")
	return ours && isJSON != isCSV && rest != "" && strings.IndexFunc(rest, func(c rune) bool {
		return c != '-' && c != '_' && !alphanumeric(c)
	}) < 0
}

// validWord reports whether a text may be the name of a range: "last_30_days",
// "2026-Q1", "2026-01-01..2026-01-31", or none at all.
func validWord(s string) bool {
	return len(s) <= 64 && strings.IndexFunc(s, func(c rune) bool {
		return !strings.ContainsRune("-_.", c) && !alphanumeric(c)
	}) < 0
}

func alphanumeric(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func validSum(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && len(s) == 64 && s == strings.ToLower(s)
}

func validFingerprint(s string) bool {
	sum, ok := strings.CutPrefix(s, "SHA256:")
	return ok && len(sum) == 43 && strings.IndexFunc(sum, func(c rune) bool {
		return c != '+' && c != '/' && !alphanumeric(c)
	}) < 0
}
