package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func page(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func check(t testing.TB, file string, e Expect) Report {
	t.Helper()
	r, err := Check(t.Context(), strings.NewReader(file), e, nil)
	if err != nil {
		t.Fatalf("Check: %v", err)
	}
	return r
}

// codes lists the codes of findings, each as often as it stands there.
func codes(list []Finding) string {
	var all []string
	for _, f := range list {
		all = append(all, f.Code)
	}
	return strings.Join(all, " ")
}

func ptr(n int64) *int64 { return &n }

func TestPageSamplesVerify(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file string
		want Report
	}{
		{"page.json", Report{
			Format:  "json",
			Records: Counts{Metrics: 1, Connections: 1, Dashboards: 1, Widgets: 1, AuditLogs: 1},
			From:    time.UnixMilli(1670000000000).UTC(), To: time.UnixMilli(1678901234000).UTC(),
		}},
		{"page.csv", Report{
			Format:  "csv",
			Records: Counts{Metrics: 1, Connections: 1, Dashboards: 1, Widgets: 5},
			From:    time.Date(2024, 3, 15, 10, 30, 0, 0, time.UTC), To: time.Date(2024, 3, 15, 10, 30, 0, 0, time.UTC),
		}},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			file := page(t, tt.file)
			sum := sha256.Sum256([]byte(file))
			want := tt.want
			want.Bytes, want.SHA256, want.OK = int64(len(file)), hex.EncodeToString(sum[:]), true
			want.Problems, want.Warnings = []Finding{}, []Finding{}
			for _, e := range []Expect{
				{},
				{
					Format: want.Format, Bytes: ptr(want.Bytes), SHA256: strings.ToUpper(want.SHA256),
					Include: []string{"metrics", "connections", "dashboards", "audit_logs"},
					From:    want.From, To: want.To,
				},
			} {
				got := check(t, file, e)
				if got.Profile = nil; !reflect.DeepEqual(got, want) {
					t.Errorf("Check(%+v)\n got %+v\nwant %+v", e, got, want)
				}
			}
		})
	}
}

// What the reader gives in what pieces makes no difference.
func TestReadersOfAllKinds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"page.json", "page.csv"} {
		file := page(t, name)
		want := check(t, file, Expect{})
		for kind, r := range map[string]io.Reader{
			"one byte":        iotest.OneByteReader(strings.NewReader(file)),
			"data with EOF":   iotest.DataErrReader(strings.NewReader(file)),
			"empty reads too": &stutter{r: strings.NewReader(file)},
		} {
			got, err := Check(t.Context(), r, Expect{}, nil)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %s: %+v, %v; want %+v", name, kind, got, err, want)
			}
		}
	}
}

// stutter gives nothing at every other read, and few bytes else.
type stutter struct {
	r    io.Reader
	flip bool
}

func (s *stutter) Read(p []byte) (int, error) {
	if s.flip = !s.flip; s.flip {
		return 0, nil
	}
	return s.r.Read(p[:min(len(p), 7)])
}

func TestEveryPrefixOfJSONIsTruncated(t *testing.T) {
	t.Parallel()
	files := []string{
		page(t, "page.json"),
		`{"a":"\ud83d\ude00 😀\\ \u00e9","b":[true,false,null,-1.5e+10,0],"metrics":[]}`,
	}
	for _, file := range files {
		end := strings.LastIndexByte(file, '}') + 1
		for n := range end {
			r := check(t, file[:n], Expect{})
			if r.OK || codes(r.Problems) != Truncated {
				t.Fatalf("the first %d bytes: OK=%v, problems %v", n, r.OK, r.Problems)
			}
		}
		for n := end; n <= len(file); n++ {
			if r := check(t, file[:n], Expect{}); !r.OK {
				t.Fatalf("the first %d bytes are the document: problems %v", n, r.Problems)
			}
		}
	}
}

func TestEveryPrefixOfCSV(t *testing.T) {
	t.Parallel()
	quoted := strings.Join(csvHeader(), ",") + "\r\n" +
		"Metric,m_1,\"two\r\nlines, \"\"quoted\"\"\",1,USD,2024-03-15T10:30:00Z,stripe,,2024-03-15T10:30:00Z\r\n"
	for _, file := range []string{page(t, "page.csv"), quoted} {
		rows := rowEnds(file)
		for n := range len(file) {
			r := check(t, file[:n], Expect{})
			if rows[n] {
				if !r.OK {
					t.Errorf("%q ends with a row: %v", file[:n], r.Problems)
				}
				r = check(t, file[:n], Expect{Bytes: ptr(int64(len(file)))})
				if n >= len(csvHead) && codes(r.Problems) != Truncated || codes(r.Warnings) != SizeMismatch {
					t.Errorf("%q is shorter than was told: %v", file[:n], r.Warnings)
				}
				continue
			}
			if rows[n+1] && file[n] == '\n' || rows[n+2] && file[n] == '\r' { // a line end alone is missing
				if !r.OK {
					t.Errorf("%q ends with a whole row: %v", file[:n], r.Problems)
				}
				continue
			}
			if r.OK || !strings.Contains(codes(r.Problems), Truncated) {
				t.Errorf("%q: OK=%v, problems %v", file[:n], r.OK, r.Problems)
			}
		}
	}
}

// rowEnds says at which lengths a file ends with a row, by counting quotes.
func rowEnds(file string) map[int]bool {
	ends := make(map[int]bool)
	inQuotes := false
	for i := range len(file) {
		switch {
		case file[i] == '"':
			inQuotes = !inQuotes
		case file[i] == '\n' && !inQuotes:
			ends[i+1] = true
		}
	}
	return ends
}

// A CSV without a last line end is RFC 4180 still. It is whole if its last row
// ends with a whole time, or the server told that size or that checksum.
func TestCSVWithoutLastLineEnd(t *testing.T) {
	t.Parallel()
	for _, file := range []string{page(t, "page.csv"), strings.ReplaceAll(page(t, "page.csv"), "\n", "\r\n"), csvHead} {
		if r := check(t, strings.TrimRight(file, "\r\n"), Expect{}); !r.OK {
			t.Errorf("%q: problems %v", file, r.Problems)
		}
	}
	file := page(t, "page.csv") + "Connection,conn_2,Stripe,,,,,active,"
	sum := sha256.Sum256([]byte(file))
	for _, tt := range []struct {
		name string
		e    Expect
		want bool
	}{
		{"nothing known", Expect{}, false},
		{"size", Expect{Bytes: ptr(int64(len(file)))}, true},
		{"other size", Expect{Bytes: ptr(int64(len(file) + 1))}, false},
		{"checksum", Expect{SHA256: hex.EncodeToString(sum[:])}, true},
	} {
		if r := check(t, file, tt.e); r.OK != tt.want {
			t.Errorf("%s: OK=%v, problems %v", tt.name, r.OK, r.Problems)
		}
	}
}

func TestReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	for _, err := range []error{broken, io.ErrUnexpectedEOF} {
		for _, name := range []string{"page.json", "page.csv"} {
			for _, n := range []int{0, 1, 40, 200} {
				r := io.MultiReader(strings.NewReader(page(t, name)[:n]), iotest.ErrReader(err))
				if _, got := Check(t.Context(), r, Expect{}, nil); !errors.Is(got, err) {
					t.Errorf("%s, %v after %d bytes: error %v", name, err, n, got)
				}
			}
		}
	}
	if _, err := Check(t.Context(), silent{}, Expect{}, nil); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that never reads: %v", err)
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

// A wrapped io.EOF is a fault of some layer below, not the end of the file.
func TestWrappedEOFIsAnError(t *testing.T) {
	t.Parallel()
	wrapped := errors.Join(errors.New("connection"), io.EOF)
	for _, name := range []string{"page.json", "page.csv"} {
		r := io.MultiReader(strings.NewReader(page(t, name)), iotest.ErrReader(wrapped))
		if _, err := Check(t.Context(), r, Expect{}, nil); !errors.Is(err, wrapped) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"", "}"} {
		ctx, cancel := context.WithCancel(t.Context())
		endless := io.MultiReader(strings.NewReader(`{"metrics":[`+end), &repeat{unit: []byte(`{},`), after: 3 << 20, then: cancel})
		_, err := Check(ctx, endless, Expect{}, nil)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("with %q: %v", end, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Check(ctx, strings.NewReader("{}"), Expect{}, nil); err != context.Canceled { //nolint:errorlint // as the documentation says
		t.Errorf("cancelled before: %v", err)
	}
}

// repeat reads unit for ever, and calls then once after some bytes.
type repeat struct {
	unit  []byte
	n     int
	after int
	then  func()
}

func (r *repeat) Read(p []byte) (int, error) {
	for i := 0; i < len(p); {
		n := copy(p[i:], r.unit[r.n%len(r.unit):])
		r.n += n
		i += n
	}
	if r.then != nil && r.n > r.after {
		r.then()
		r.then = nil
	}
	return len(p), nil
}

func TestProgress(t *testing.T) {
	t.Parallel()
	file := `{"metrics":[],"note":"` + strings.Repeat("x", 5<<20) + `"}`
	var told []int64
	r, err := Check(t.Context(), strings.NewReader(file), Expect{}, func(n int64) { told = append(told, n) })
	if err != nil || !r.OK {
		t.Fatalf("%+v, %v", r, err)
	}
	if len(told) < 4 || told[len(told)-1] != r.Bytes {
		t.Fatalf("progress %v of %d bytes", told, r.Bytes)
	}
	for i := 1; i < len(told)-1; i++ {
		if told[i]-told[i-1] < 1<<20 {
			t.Errorf("progress %v: more often than once a MiB", told)
		}
	}
}

// The size and the checksum are of the whole file, whatever ends the parsing.
func TestChecksumOfBrokenFiles(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"", "<html>", "{\"a\":}", "{} trailing", "a,b\n", strings.Join(csvHeader(), ",") + "\nx\"y\n"} {
		file := []byte(head + strings.Repeat("\x00garbage", 1<<17))
		sum := sha256.Sum256(file)
		r, err := Check(t.Context(), bytes.NewReader(file), Expect{SHA256: "00"}, nil)
		if err != nil || r.OK || r.Bytes != int64(len(file)) || r.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("%q…: %+v, %v", head, r, err)
		}
		if !strings.Contains(codes(r.Problems), ChecksumMismatch) {
			t.Errorf("%q…: the checksum is another: %v", head, r.Problems)
		}
	}
}
