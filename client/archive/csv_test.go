package archive

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

const csvHead = "Type,ID,Name,Value,Unit,Timestamp,Service,Status,Created At\n"

func TestCSVRows(t *testing.T) {
	t.Parallel()
	good := "Metric,m_1,Name,1,USD,2024-03-15T10:30:00Z,stripe,,2024-03-15T10:30:00Z\n"
	for _, tt := range []struct {
		name, rows string
		want       string // codes
		at         string // of the first
	}{
		{"none", "", "", ""},
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), "", ""},
		{"quoted line ends, commas, quotes", strings.Replace(good, "Name", "\"a\r\nb, \"\"c\"\"\"", 1), "", ""},
		{"times in milliseconds", strings.ReplaceAll(good, "2024-03-15T10:30:00Z", "1710498600000"), "", ""},
		{"no value", strings.Replace(good, ",1,", ",,", 1), "", ""},
		{"unknown type", "Goal,,,x,,y,,,z\n", "", ""},
		{"audit logs of any name", "AuditLog,a,,,,,,,2024-03-15T10:30:00Z\naudit_log,b,,,,2024-03-15T10:30:00Z,,,\nAudit log,c,,,,2024-03-15T10:30:00Z,,,\n", "", ""},
		{"dashboard without widgets", "Dashboard,d,Name,,,,,custom,\n", "", ""},

		{"value a word", strings.Replace(good, ",1,", ",one,", 1), Schema, "line 2"},
		{"value a number of Go", strings.Replace(good, ",1,", ",0x1p4,", 1), Schema, "line 2"},
		{"value NaN", strings.Replace(good, ",1,", ",NaN,", 1), Schema, "line 2"},
		{"no ID", strings.Replace(good, "m_1", "", 1), Schema, "line 2"},
		{"no time", strings.Replace(good, "2024-03-15T10:30:00Z", "", 1), Schema, "line 2"},
		{"time of zero bytes", strings.Replace(good, "2024-03-15", strings.Repeat("\x00", 10), 1), Schema, "line 2"},
		{"time a word", strings.Replace(good, "2024-03-15T10:30:00Z", "today", 1), Schema, "line 2"},
		{"created a word", good + strings.Replace(strings.Replace(good, "m_1", "m_2", 1), "15T10:30:00Z\n", "x\n", 1), Schema, "line 3"},
		{"audit log without time", "Audit,a,,,,,,,\n", Schema, "line 2"},
		{"widgets a word", "Dashboard,d,Name,five,,,,custom,\n", Schema, "line 2"},
		{"widgets below zero", "Dashboard,d,Name,-5,,,,custom,\n", Schema, "line 2"},
		{"widgets beyond all bounds", "Dashboard,d,Name,9223372036854775807,,,,custom,\n", Schema, "line 2"},

		{"too few cells", "Metric,m\n" + good, Syntax, "line 2"},
		{"too few cells at the end", good + "Metric,m\n", Truncated, "line 3"},
		{"too many cells", good + strings.Replace(good, "\n", ",\n", 1), Syntax, "line 3"},
		{"empty line", "\n" + good, Syntax, "line 2"},
		{"empty line at the end", good + "\r\n", Syntax, "line 3"},
		{"quote inside a cell", strings.Replace(good, "Name", `5" disk`, 1) + good, Syntax, "line 2"},
		{"text after a quoted cell", strings.Replace(good, "Name", `"Na"me`, 1), Syntax, "line 2"},
		{"open quote", strings.Replace(good, "Name", `"Name`, 1) + good, Truncated, "line 2"},
		{"carriage return alone", strings.Replace(good, "Name", "Na\rme", 1), Syntax, "line 2"},
		{"not UTF-8", strings.Replace(good, "Name", "Na\xffme", 1), Syntax, "line 2"},
		{"line numbers count line ends in cells", strings.Replace(good, "Name", "\"\n\n\"", 1) + "Metric,,,,,,,,\n", Schema + " " + Schema, "line 5"},
		{"secret", strings.Replace(good, "Name", "key: AKIA"+"IOSFODNN7EXAMPLE", 1), Credential, "line 2"},
		{"secret in a cell too many", strings.Replace(good, "\n", ",AKIA"+"IOSFODNN7EXAMPLE\n", 1), Credential + " " + Syntax, "line 2"},
	} {
		r := check(t, csvHead+tt.rows, Expect{})
		if codes(r.Problems) != tt.want || len(r.Warnings) > 0 {
			t.Errorf("%s: problems %v, warnings %v, want %q", tt.name, r.Problems, r.Warnings, tt.want)
		} else if tt.want != "" && r.Problems[0].At != tt.at {
			t.Errorf("%s: at %q, want %q", tt.name, r.Problems[0].At, tt.at)
		}
	}
}

func TestCSVCountsAndTimes(t *testing.T) {
	t.Parallel()
	r := check(t, csvHead+
		"Audit Log,a,dashboard_created,,,,,,2024-01-01T00:00:00.5+01:00\n"+
		"Metric,m,Name,1,USD,1710498600000,stripe,,1990-01-01T00:00:00Z\n"+
		"Dashboard,d,Name,7,widgets,,,,1980-01-01T00:00:00Z\n"+
		"Dashboard,e,Name,2,widgets,,,,\n"+
		"Goal,g,,,,,,,\n", Expect{})
	want := Counts{Metrics: 1, Dashboards: 2, Widgets: 9, AuditLogs: 1}
	if !r.OK || r.Records != want || r.OtherRecords != 1 {
		t.Errorf("%+v", r)
	}
	from, to := time.Date(2023, 12, 31, 23, 0, 0, 5e8, time.UTC), time.UnixMilli(1710498600000).UTC()
	if !r.From.Equal(from) || !r.To.Equal(to) {
		t.Errorf("from %v to %v, want %v to %v", r.From, r.To, from, to)
	}
}

func TestFormulaCells(t *testing.T) {
	t.Parallel()
	for cell, want := range map[string]bool{
		"=1+1": true, "+1+1": true, "-1+1": true, "@SUM(A1)": true, `"=HYPERLINK(""x"")"`: true, "\tx": true, "\"\rx\"": true,
		"-12.5": false, "+3": false, "-1e-7": false, "1=1": false, "": false, `"a
=b"`: false,
	} {
		r := check(t, csvHead+"Goal,g,"+cell+",,,,,,\n", Expect{})
		if got := codes(r.Warnings) == FormulaCell; got != want || !r.OK {
			t.Errorf("%q: %v, problems %v, want %v", cell, r.Warnings, r.Problems, want)
		}
		if want && r.Warnings[0].At != "line 2" {
			t.Errorf("%q: at %q", cell, r.Warnings[0].At)
		}
	}
}

func TestCSVRowLength(t *testing.T) {
	t.Parallel()
	row := func(n int) string { // a row of n bytes
		const around = "Goal,g,\"\",,,,,,\n"
		return "Goal,g,\"" + strings.Repeat("\n", n-len(around)) + "\",,,,,,\n"
	}
	for _, tt := range []struct {
		rows, want string
	}{
		{row(1<<20) + row(1<<20), ""},
		{row(MaxToken), ""},
		{row(MaxToken + 1), Schema},
		{row(MaxToken+1) + row(100), Schema},
		{strings.Repeat("x", 2*MaxToken), Schema},
		{`x"` + strings.Repeat("x", 2*MaxToken), Syntax},
	} {
		if r := check(t, csvHead+tt.rows, Expect{}); codes(r.Problems) != tt.want {
			t.Errorf("%d bytes of rows: %v, want %q", len(tt.rows), r.Problems, tt.want)
		}
	}
}

// newCSVRows reads the rows of a text, as r gives it.
func newCSVRows(t testing.TB, r io.Reader) *csvRows {
	return &csvRows{window: window{feed: newFeed(t.Context(), r, false, nil)}}
}

// readAll gives the cells of all rows, as copies.
func readAll(r *csvRows) (rows [][]string, err error) {
	defer func() { _ = r.feed.drain() }()
	for {
		if err := r.next(); errors.Is(err, io.EOF) {
			return rows, nil
		} else if err != nil {
			return rows, err
		}
		if r.bareCR {
			return rows, errors.New("bare carriage return")
		}
		var row []string
		for _, c := range r.cells {
			row = append(row, string(c))
		}
		if r.count != len(row) && len(row) != maxCells {
			return rows, errors.New("the count of cells is wrong")
		}
		rows = append(rows, row)
	}
}

// FuzzCSVRows compares the reader with encoding/csv: what we take, it takes,
// cell for cell. We are stricter: it lets carriage returns stand alone and
// skips empty lines.
func FuzzCSVRows(f *testing.F) {
	for _, s := range []string{
		"a,b\n", "a,\"b\"\"c\"\r\n,\n", "\"a\nb\",c", "a\"b,c\n", "\"a\"b\n", "\"", "\r\n", "a\r", "\"\"\"\"\n", ",,,\n\n", "a\r\nb\rc\n", "\"a\r\nb\"\r\n",
		strings.Repeat(",", 40) + "\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := readAll(newCSVRows(t, strings.NewReader(s)))
		again, err2 := readAll(newCSVRows(t, iotest.OneByteReader(strings.NewReader(s))))
		if !slices.EqualFunc(got, again, slices.Equal) || (err == nil) != (err2 == nil) {
			t.Fatalf("%q: by the byte %q, %v; at once %q, %v", s, again, err2, got, err)
		}
		if err != nil {
			return
		}
		theirs := csv.NewReader(strings.NewReader(s))
		theirs.FieldsPerRecord = -1
		want, err := theirs.ReadAll()
		if err != nil {
			t.Fatalf("%q: encoding/csv says %v", s, err)
		}
		got = slices.DeleteFunc(got, func(row []string) bool { return len(row) == 1 && row[0] == "" })
		want = slices.DeleteFunc(want, func(row []string) bool { return len(row) == 1 && row[0] == "" })
		for i := range want {
			want[i] = want[i][:min(len(want[i]), maxCells)]
		}
		for _, row := range got {
			for i, cell := range row {
				row[i] = strings.ReplaceAll(cell, "\r\n", "\n") // as encoding/csv does
			}
		}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("%q: %q, encoding/csv has %q", s, got, want)
		}
	})
}
